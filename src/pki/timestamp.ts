// SPDX-License-Identifier: EUPL-1.2
/**
 * RFC 3161 from the asking side: the question, and what must hold of the answer before its token may stand in a process card.
 *
 *   TimeStampReq   SHA-256 of what is stamped · nonce · certReq
 *   TimeStampResp  status ─ token: SignedData over TSTInfo (imprint, nonce, genTime)
 *
 * The token is kept byte for byte: who reads the card years later verifies the authority's octets, not ours.
 * Specs: [RFC3161 §2.3, §2.4], [RFC5816 §2].
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { TrustStore, TrustVerdict } from '../env.js'
import { ProtektorError } from '../errors.js'
import { extensions, sha256Hex } from './certificate.js'
import { namedSigner, readSignedData, signatureHolds, type CmsContent } from './cms-signature.js'
import { expectTag, readAll, readOid, readTlv, TAG, writeInteger, writeOid, writeTlv, type Tlv } from './der.js'
import { trustStore } from './path.js'

export const MAX_TIMESTAMP_BYTES = 64 * 1024
/** Ours and the authority's clock may differ by this much, the way through the network included. */
const MAX_DIFFERENCE_MS = 5 * 60_000
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const SHA256 = '2.16.840.1.101.3.4.2.1'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/** What is asked. `nonce`: at least 8 bytes of chance, used once. */
export interface TimestampQuestion {
  readonly sha256: Uint8Array
  readonly nonce: Uint8Array
}

export interface TimestampTrust {
  /** Certificates of the authority, or roots above them. */
  readonly certificates: readonly X509Certificate[]
  /** Revocation lists, DER. */
  readonly crls?: readonly Uint8Array[]
}

export interface Timestamp {
  /** TimeStampToken, DER, as received. */
  readonly token: Uint8Array
  readonly genTime: Date
}

/** TimeStampReq, DER. */
export function timestampRequest(question: TimestampQuestion): Uint8Array {
  const imprint = writeTlv(
    TAG.sequence,
    writeTlv(TAG.sequence, writeOid(SHA256), writeTlv(0x05)),
    writeTlv(TAG.octetString, Buffer.from(question.sha256)),
  )
  return writeTlv(TAG.sequence, writeInteger(1n), imprint, nonceOf(question), writeTlv(TAG.boolean, Buffer.from([0xff])))
}

/**
 * Accepts an answer only when everything about it holds: granted, imprint, nonce, signature, signer, purpose, time.
 * @param at our clock: the signer must be valid then, and genTime near it.
 * @throws {ProtektorError} `timestamp.…`, one finding per cause (`pki/findings.ts`); nothing else.
 */
export type TimestampVerifier = (answer: Uint8Array, question: TimestampQuestion, at: Date) => Promise<Timestamp>

/** The verifier for one authority. */
export function timestampVerifier(trust: TimestampTrust): TimestampVerifier {
  const storeFor = storesOf(trust)
  return async (answer, question, at) => {
    try {
      const { token, cms, info } = readAnswer(Buffer.from(answer))
      if (!info.imprint.equals(imprintOf(question))) throw refused('wrong-imprint', 'The time stamp is not about what was to be stamped.')
      if (info.nonce?.raw.equals(nonceOf(question)) !== true) throw refused('wrong-nonce', 'The time stamp answers another request.')
      const signer = namedSigner(cms, trust.certificates)
      if (signer === undefined || !signatureHolds(cms, signer))
        throw refused('bad-signature', 'The signature of the time stamp is wrong, or does not name its certificate.')
      await assertTrusted(signer, storeFor(cms.unverifiedCertificates), at)
      const { genTime } = info
      if (!(Math.abs(genTime.getTime() - at.getTime()) <= MAX_DIFFERENCE_MS))
        throw refused('implausible-time', 'The time stamp is too far from our clock.', genTime.toISOString())
      return { token: new Uint8Array(token), genTime }
    } catch (cause) {
      if (cause instanceof ProtektorError && cause.finding.startsWith('timestamp.')) throw cause
      throw refused('unreadable', 'The answer is no time stamp.', undefined, cause)
    }
  }
}

/** An authority sends the same certificates each time, and reading revocation lists anew for every stamp would cost more than the stamp. */
function storesOf({ certificates, crls = [] }: TimestampTrust): (intermediates: readonly X509Certificate[]) => TrustStore {
  let kept: { readonly key: string; readonly store: TrustStore } | undefined
  return (intermediates) => {
    const key = intermediates.map(sha256Hex).join()
    if (kept?.key !== key) kept = { key, store: trustStore({ roots: certificates, intermediates, crls }) }
    return kept.store
  }
}

interface TstInfo {
  /** AlgorithmIdentifier's OID and the hash, as one comparable value. */
  readonly imprint: Buffer
  readonly nonce: Tlv | undefined
  readonly genTime: Date
}

function readAnswer(answer: Buffer): { readonly token: Buffer; readonly cms: CmsContent; readonly info: TstInfo } {
  const response = readTlv(answer)
  if (response.raw.length !== answer.length) throw new RangeError('DER: bytes behind the answer')
  const [statusInfo, token] = readAll(expectTag(response, TAG.sequence))
  const [status, ...about] = readAll(expectTag(statusInfo, TAG.sequence))
  const code = expectTag(status, TAG.integer).toString('hex')
  // granted, or granted with changes: all that could be changed is compared below [RFC3161 §2.4.2]
  if (code !== '00' && code !== '01') {
    const failure = about.find(({ tag }) => tag === 0x03)?.value.toString('hex')
    throw refused('not-granted', 'The time-stamping authority refused.', `status ${code}, failInfo ${failure ?? '-'}`)
  }
  if (token === undefined) throw new RangeError('no token')
  const cms = readSignedData(token.raw)
  if (cms.type !== TST_INFO) throw new RangeError('no TSTInfo')
  return { token: token.raw, cms, info: readTstInfo(cms.content) }
}

/** TSTInfo ::= version, policy, imprint, serial, genTime, accuracy?, ordering?, nonce?, [0] tsa?, [1] extensions? */
function readTstInfo(content: Buffer): TstInfo {
  const [version, , imprint, , genTime, ...rest] = readAll(expectTag(readTlv(content), TAG.sequence))
  if (expectTag(version, TAG.integer).toString('hex') !== '01') throw new RangeError('TSTInfo: version')
  const [algorithm, hash] = readAll(expectTag(imprint, TAG.sequence))
  const oid = readAll(expectTag(algorithm, TAG.sequence))[0]
  const added = readAll(rest.find(({ tag }) => tag === 0xa1)?.value ?? Buffer.alloc(0))
  if (added.some((extension) => readAll(extension.value)[1]?.tag === TAG.boolean)) throw new RangeError('TSTInfo: critical extension')
  return {
    imprint: Buffer.concat([expectTag(oid, TAG.oid), expectTag(hash, TAG.octetString)]),
    nonce: rest.find(({ tag }) => tag === TAG.integer),
    genTime: readGenTime(expectTag(genTime, 0x18).toString('latin1')),
  }
}

function readGenTime(text: string): Date {
  const [, year, month, day, hour, minute, second, fraction = ''] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(text) ?? []
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`)
}

/** The key may do nothing but stamp [RFC3161 §2.3], and somebody we were told of answers for it. */
async function assertTrusted(signer: X509Certificate, store: TrustStore, at: Date): Promise<void> {
  const usage = extensions(signer).get(EXTENDED_KEY_USAGE)
  const purposes = usage === undefined ? [] : readAll(expectTag(readTlv(usage.value), TAG.sequence)).map(({ value }) => readOid(value))
  if (usage?.critical !== true || purposes.length !== 1 || purposes[0] !== TIME_STAMPING) throw refused(...SIGNER_REFUSED['wrong-usage'])
  const { verdict } = await store.check(signer, 'signature', at)
  if (verdict !== 'valid') throw refused(...SIGNER_REFUSED[verdict])
}

const FOREIGN = ['foreign-signer', 'The time stamp is not signed by a configured authority.'] as const
const OUT_OF_TIME = ['signer-out-of-time', 'The certificate of the time-stamping authority is outside its validity period.'] as const

const SIGNER_REFUSED: Readonly<Record<Exclude<TrustVerdict['verdict'], 'valid'>, readonly [rule: string, message: string]>> = {
  unknown: FOREIGN,
  'bad-signature': FOREIGN,
  expired: OUT_OF_TIME,
  'not-yet-valid': OUT_OF_TIME,
  revoked: ['signer-revoked', 'The certificate of the time-stamping authority has been revoked.'],
  'wrong-usage': ['signer-purpose', 'The certificate of the time stamp is not for time stamping alone.'],
  unchecked: ['signer-unchecked', 'The revocation list for the time-stamping authority is too old.'],
}

function imprintOf({ sha256 }: TimestampQuestion): Buffer {
  return Buffer.concat([readTlv(writeOid(SHA256)).value, sha256])
}

function nonceOf({ nonce }: TimestampQuestion): Buffer {
  return writeInteger(BigInt('0x' + Buffer.from(nonce).toString('hex')))
}

function refused(rule: string, message: string, detail?: string, cause?: unknown): ProtektorError {
  return new ProtektorError(`timestamp.${rule}`, message, {
    ...(detail === undefined ? {} : { detail }),
    ...(cause === undefined ? {} : { cause }),
  })
}
