// SPDX-License-Identifier: EUPL-1.2
/**
 * Throwaway certificates for tests, demonstrations and fixtures. Nothing made here belongs into production.
 *
 * node:crypto signs, but writes no certificates, and node-forge knows no EC keys: so TBSCertificate and TBSCertList are
 * written out here, over any public key and under any issuer's key. Given keys, serial numbers and dates the result is the
 * same each time (for RSA issuers).
 * Specs: [RFC5280 §4.1, §5.1].
 * @module
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { rawSubject } from './certificate.js'
import { TAG, writeInteger, writeOid, writeTlv } from './der.js'
import type { KeyPair } from './keystore.js'

export type TestKey = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ec-p256' | 'ec-p384' | 'ec-p521' | 'ec-brainpool256'

/** Key usages by purpose; `none` leaves the extension out. */
export type TestUsage = 'signature' | 'cipher' | 'both' | 'ca' | 'none'

export interface TestCertificateSpec {
  readonly commonName: string
  readonly usage: TestUsage
  /** Default `rsa-2048`; ignored when `keyPem` is given. */
  readonly key?: TestKey
  /** PKCS#8 PEM of a key made before. */
  readonly keyPem?: string
  /** Default: taken from the public key. */
  readonly serial?: bigint
  readonly notBefore: Date
  readonly notAfter: Date
  /** Basic constraints; default: true for usage `ca`. */
  readonly ca?: boolean
  readonly pathLength?: number
  /** Further extensions, whole `Extension` elements in DER. */
  readonly extensions?: readonly Uint8Array[]
  /** How the issuer signs; `pss` for RSA issuers only. */
  readonly signedWith?: 'default' | 'pss' | 'sha1'
}

export interface TestPkiSpec {
  /** Default `Test`: stands in every name. */
  readonly name?: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Default `rsa-2048`. */
  readonly caKey?: TestKey
  readonly caKeyPem?: string
  /** Dates default to the CA's. */
  readonly leaves: Readonly<Record<string, Partial<TestCertificateSpec> & { readonly usage: TestUsage }>>
}

export interface TestPki {
  readonly ca: KeyPair
  readonly leaves: ReadonlyMap<string, KeyPair>
}

const USAGE_BITS: Readonly<Record<Exclude<TestUsage, 'none'>, readonly [unused: number, bits: number]>> = {
  signature: [6, 0b1100_0000],
  cipher: [4, 0b0011_0000],
  both: [4, 0b1111_0000],
  ca: [1, 0b0000_0110],
}

const CURVES: Readonly<Record<string, string>> = {
  'ec-p256': 'P-256',
  'ec-p384': 'P-384',
  'ec-p521': 'P-521',
  'ec-brainpool256': 'brainpoolP256r1',
}

/** Makes a root CA and, side by side, its leaves. */
export async function makePki(spec: TestPkiSpec): Promise<TestPki> {
  const name = spec.name ?? 'Test'
  const dates = { notBefore: spec.notBefore, notAfter: spec.notAfter }
  const root: TestCertificateSpec = {
    commonName: `${name} Root CA`,
    usage: 'ca',
    ...dates,
    ...given({ key: spec.caKey, keyPem: spec.caKeyPem }),
  }
  const ca = await issueCertificate(root)
  const leaves = await Promise.all(
    Object.entries(spec.leaves).map(async ([id, leaf]) => {
      const pair = await issueCertificate({ commonName: `${name} ${id}`, ...dates, ...leaf }, ca)
      return [id, pair] as const
    }),
  )
  return { ca, leaves: new Map(leaves) }
}

/** Issues one certificate; without `issuer` it signs itself. */
export async function issueCertificate(spec: TestCertificateSpec, issuer?: KeyPair): Promise<KeyPair> {
  const privateKey = spec.keyPem === undefined ? await newKey(spec.key ?? 'rsa-2048') : createPrivateKey(spec.keyPem)
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const signer = issuer?.privateKey ?? privateKey
  const algorithm = signatureAlgorithm(signer, spec.signedWith ?? 'default')
  const subject = nameOf(spec.commonName)
  const issuerName = issuer === undefined ? subject : rawSubject(issuer.certificate)
  const issuerKey = issuer === undefined ? publicKey : createPublicKey(issuer.privateKey).export({ format: 'der', type: 'spki' })
  const serial = spec.serial ?? BigInt('0x' + createHash('sha256').update(publicKey).digest('hex').slice(0, 16)) | 1n
  const tbs = writeTlv(
    TAG.sequence,
    writeTlv(0xa0, writeInteger(2n)),
    writeInteger(serial),
    algorithm.identifier,
    issuerName,
    writeTlv(TAG.sequence, time(spec.notBefore), time(spec.notAfter)),
    subject,
    publicKey,
    writeTlv(0xa3, writeTlv(TAG.sequence, ...extensionsOf(spec, publicKey, issuerKey))),
  )
  const certificate = new X509Certificate(signed(tbs, signer, algorithm))
  return { certificate, privateKey, chain: issuer === undefined ? [] : [issuer.certificate, ...issuer.chain] }
}

/** Whole `Extension` elements in DER: of the list, and of each of its entries. */
export interface TestCrlExtensions {
  readonly list?: readonly Uint8Array[]
  readonly entry?: readonly Uint8Array[]
}

/** A CRL of `issuer` that revokes these serial numbers. */
export function issueCrl(
  issuer: KeyPair,
  serials: readonly bigint[],
  thisUpdate: Date,
  nextUpdate: Date,
  { list = [], entry = [] }: TestCrlExtensions = {},
): Uint8Array {
  const algorithm = signatureAlgorithm(issuer.privateKey, 'default')
  const about = entry.length === 0 ? [] : [writeTlv(TAG.sequence, ...entry.map((one) => Buffer.from(one)))]
  const revoked = serials.map((serial) => writeTlv(TAG.sequence, writeInteger(serial), time(thisUpdate), ...about))
  const tbs = writeTlv(
    TAG.sequence,
    writeInteger(1n),
    algorithm.identifier,
    rawSubject(issuer.certificate),
    time(thisUpdate),
    time(nextUpdate),
    ...(revoked.length === 0 ? [] : [writeTlv(TAG.sequence, ...revoked)]),
    ...(list.length === 0 ? [] : [writeTlv(0xa0, writeTlv(TAG.sequence, ...list.map((one) => Buffer.from(one))))]),
  )
  return signed(tbs, issuer.privateKey, algorithm)
}

/** One `Extension` element. */
export function writeExtension(oid: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [writeTlv(TAG.boolean, Buffer.from([0xff]))] : []
  return writeTlv(TAG.sequence, writeOid(oid), ...flag, writeTlv(TAG.octetString, value))
}

/** Never the generated object itself: what may happen to it is told at `generateEnvelopeKey` (envelope/keys.ts). */
const AS_BYTES = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const

function newKey(kind: TestKey): Promise<KeyObject> {
  const curve = CURVES[kind]
  return new Promise((resolve, reject) => {
    const made = (error: Error | null, _publicKey: Buffer, key: Buffer): void =>
      error ? reject(error) : resolve(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
    if (curve === undefined) generateKeyPair('rsa', { modulusLength: Number(kind.slice(4)), ...AS_BYTES }, made)
    else generateKeyPair('ec', { namedCurve: curve, ...AS_BYTES }, made)
  })
}

function extensionsOf(spec: TestCertificateSpec, publicKey: Buffer, issuerKey: Buffer): readonly Buffer[] {
  const ca = spec.ca ?? spec.usage === 'ca'
  const limit = spec.pathLength === undefined ? [] : [writeInteger(BigInt(spec.pathLength))]
  const constraints = ca ? [writeTlv(TAG.boolean, Buffer.from([0xff])), ...limit] : []
  const found = [
    writeExtension('2.5.29.19', ca, writeTlv(TAG.sequence, ...constraints)),
    writeExtension('2.5.29.14', false, writeTlv(TAG.octetString, keyIdentifier(publicKey))),
    writeExtension('2.5.29.35', false, writeTlv(TAG.sequence, writeTlv(0x80, keyIdentifier(issuerKey)))),
  ]
  if (spec.usage !== 'none') found.push(writeExtension('2.5.29.15', true, writeTlv(TAG.bitString, Buffer.from(USAGE_BITS[spec.usage]))))
  return [...found, ...(spec.extensions ?? []).map((extension) => Buffer.from(extension))]
}

interface Algorithm {
  readonly identifier: Buffer
  readonly hash: string
  readonly isPss: boolean
}

function signatureAlgorithm(key: KeyObject, how: 'default' | 'pss' | 'sha1'): Algorithm {
  const hash = how === 'sha1' ? 'sha1' : 'sha256'
  if (key.asymmetricKeyType === 'ec')
    return {
      identifier: writeTlv(TAG.sequence, writeOid(how === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2')),
      hash,
      isPss: false,
    }
  if (how === 'pss') return { identifier: pssIdentifier(), hash, isPss: true }
  const oid = how === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'
  return { identifier: writeTlv(TAG.sequence, writeOid(oid), writeTlv(0x05)), hash, isPss: false }
}

/** RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 32 octets [RFC4055 §3.1]. */
function pssIdentifier(): Buffer {
  const sha256 = writeTlv(TAG.sequence, writeOid('2.16.840.1.101.3.4.2.1'), writeTlv(0x05))
  const mgf1 = writeTlv(TAG.sequence, writeOid('1.2.840.113549.1.1.8'), sha256)
  const parameters = writeTlv(TAG.sequence, writeTlv(0xa0, sha256), writeTlv(0xa1, mgf1), writeTlv(0xa2, writeInteger(32n)))
  return writeTlv(TAG.sequence, writeOid('1.2.840.113549.1.1.10'), parameters)
}

function signed(tbs: Buffer, key: KeyObject, { identifier, hash, isPss }: Algorithm): Buffer {
  const signature = sign(hash, tbs, isPss ? { key, padding: 6, saltLength: 32 } : key)
  return writeTlv(TAG.sequence, tbs, identifier, writeTlv(TAG.bitString, Buffer.from([0]), signature))
}

function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest()
}

function nameOf(commonName: string): Buffer {
  const attribute = (oid: string, tag: number, value: string): Buffer =>
    writeTlv(TAG.set, writeTlv(TAG.sequence, writeOid(oid), writeTlv(tag, Buffer.from(value, 'utf8'))))
  return writeTlv(
    TAG.sequence,
    attribute('2.5.4.6', 0x13, 'DE'),
    attribute('2.5.4.10', 0x0c, 'Protektor Test'),
    attribute('2.5.4.3', 0x0c, commonName),
  )
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? writeTlv(0x17, Buffer.from(digits.slice(2))) : writeTlv(0x18, Buffer.from(digits))
}

/** Leaves out what is undefined, as optional properties must not hold it. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
