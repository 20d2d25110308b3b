// SPDX-License-Identifier: EUPL-1.2
/**
 * Signature values as CMS, revocation lists and OCSP answers carry them: what an AlgorithmIdentifier asks of node:crypto, which knows every
 * curve of the field (brainpool too).
 *
 *   AlgorithmIdentifier ─┬─ OID ── key type, hash
 *                        └─ RSASSA-PSS only: hash, mask over the same hash, length of the salt
 *
 * Specs: [RFC3279 §2.2], [RFC5754 §3], [RFC5758 §3.2], [RFC4055 §3.1].
 * @module
 */
import { constants, type KeyObject, type VerifyKeyObjectInput, type X509Certificate } from 'node:crypto'
import { publicKeyFacts } from './certificate.js'
import { expectTag, readAll, readOid, TAG, type Tlv } from './der.js'

const PSS = '1.2.840.113549.1.1.10'

/** Hashes that stand alone, as in CMS: SHA-1 is none of them. */
export const HASHES: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

type KeyType = 'rsa' | 'ec'

/** Key type and hash; without a hash the context says which. */
const SIGNATURES: ReadonlyMap<string, readonly [key: KeyType, hash?: string]> = new Map([
  ['1.2.840.113549.1.1.1', ['rsa']],
  ['1.2.840.113549.1.1.5', ['rsa', 'sha1']],
  ['1.2.840.113549.1.1.11', ['rsa', 'sha256']],
  ['1.2.840.113549.1.1.12', ['rsa', 'sha384']],
  ['1.2.840.113549.1.1.13', ['rsa', 'sha512']],
  ['1.2.840.10045.4.1', ['ec', 'sha1']],
  ['1.2.840.10045.4.3.2', ['ec', 'sha256']],
  ['1.2.840.10045.4.3.3', ['ec', 'sha384']],
  ['1.2.840.10045.4.3.4', ['ec', 'sha512']],
])

/** Arguments of node's `verify`. */
export interface Verification {
  readonly hash: string
  readonly key: KeyObject | VerifyKeyObjectInput
}

/**
 * How a value of this signer is verified.
 * @param algorithm the fields of its AlgorithmIdentifier.
 * @param digest the hash that the context names; another one counts as wrong.
 * @returns undefined: an unknown algorithm, one that is not of this key, or a weak key. @throws RangeError no DER.
 */
export function verificationOf(algorithm: readonly Tlv[], signer: X509Certificate, digest?: string): Verification | undefined {
  const oid = readOid(expectTag(algorithm[0], TAG.oid))
  const pss = oid === PSS ? pssOf(algorithm[1]) : undefined
  const [keyType, named] = pss === undefined ? (SIGNATURES.get(oid) ?? []) : (['rsa', pss.hash] as const)
  const hash = named ?? digest
  const { type, bits } = publicKeyFacts(signer)
  if (hash === undefined || hash !== (digest ?? hash) || type !== keyType || bits < (keyType === 'rsa' ? 2048 : 250)) return undefined
  const key = signer.publicKey
  return { hash, key: pss === undefined ? key : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltLength } }
}

/** undefined: hash and mask differ, or are left to the default, which is SHA-1. */
function pssOf(parameters: Tlv | undefined): { readonly hash: string; readonly saltLength: number } | undefined {
  const fields = readAll(expectTag(parameters, TAG.sequence))
  const inside = (tag: number) => readAll(fields.find((field) => field.tag === tag)?.value ?? Buffer.alloc(0))[0]
  const [hashField, mask, salt] = [inside(0xa0), inside(0xa1), inside(0xa2)]
  if (hashField === undefined || mask === undefined) return undefined
  const hash = HASHES.get(oidOf(hashField))
  if (hash === undefined || HASHES.get(oidOf(readAll(expectTag(mask, TAG.sequence))[1])) !== hash) return undefined
  const value = salt === undefined ? Buffer.from([20]) : expectTag(salt, TAG.integer)
  return value.length > 2 ? undefined : { hash, saltLength: value.readIntBE(0, value.length) }
}

/** OID of an AlgorithmIdentifier. @throws RangeError no DER. */
export function oidOf(algorithm: Tlv | undefined): string {
  return readOid(expectTag(readAll(expectTag(algorithm, TAG.sequence))[0], TAG.oid))
}
