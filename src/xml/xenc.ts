// SPDX-License-Identifier: EUPL-1.2
/**
 * XML-Enc, the reading side: grammar and public checks first, then one outcome for everything that touches a private key.
 *
 *   xenc:EncryptedData ─┬─ EncryptionMethod (IvLength?)
 *                       ├─ ds:KeyInfo ─┬─ EncryptedKey+  (transport: exactly one, certificate inline)
 *                       │              └─ or MgmtData    (attachment keys inside encrypted content)
 *                       └─ CipherData ──── CipherValue | CipherReference cid:
 *
 * Padding, tag, IV, length and key failures are one {@link DecryptionError} [threat model §6 rule 2].
 * Specs: [XMLENC11 §3, §5], oscienc.xsd, order_zusatz.xsd (IvLength), wire facts 43–53.
 * @module
 */
import { createDecipheriv, type CipherGCMTypes } from 'node:crypto'
import { ContentError, ProtektorError, TransportEncryptionError } from '../errors.js'
import type { Decrypter, KeyTransport } from '../env.js'
import type { Algorithms, CipherRow } from './algorithms.js'
import { readRetrieval } from './dsig.js'
import { algorithm, attributes, bare, Children, leafOctets, refuse } from './grammar.js'
import { DS, OSCI128, XENC, XENC11 } from './names.js'
import type { XmlElement } from './tree.js'

export type EncryptionLayer = 'transport-encryption' | 'content-encryption'

/** A key for one reader: `certificate` is DER as it stands in the message, `retrievalUri` an Id without `#`. Exactly one of both. */
export interface EncryptedKey {
  readonly layer: EncryptionLayer
  readonly keyTransport: KeyTransport
  readonly retrievalUri?: string
  readonly certificate?: Uint8Array
  readonly wrapped: Uint8Array
}

export interface EncryptedData {
  readonly layer: EncryptionLayer
  readonly element: XmlElement
  readonly id?: string
  readonly mimeType?: string
  /** URI. */
  readonly cipher: string
  /** `osci128:IvLength` as written; says nothing for CBC (wire fact 45). */
  readonly ivLength?: number
  readonly keys: readonly EncryptedKey[]
  /** The content key itself, for attachments described inside encrypted content (wire fact 48). */
  readonly mgmtData?: Uint8Array
  readonly cipherValue?: Uint8Array
  readonly cipherReference?: { readonly uri: string; readonly transforms: readonly string[] }
}

/** The one failure of decryption. Without cause, place or detail: it must look the same for every reason. */
export class DecryptionError extends ProtektorError {
  constructor() {
    super('transport-encryption.undecryptable', 'not decryptable')
  }
}

/** A certificate larger than this is not looked at [threat model G10]. */
const MAX_CERTIFICATE_BYTES = 16 * 1024
const MAX_KEYS = 64

/**
 * Reads an `xenc:EncryptedData` by its grammar.
 * @throws {StructureError} `<layer>.grammar` (9100).
 */
export function readEncryptedData(e: XmlElement, layer: EncryptionLayer): EncryptedData {
  if (e.uri !== XENC || e.local !== 'EncryptedData') refuse(layer, e, 'xenc:EncryptedData expected')
  const found = attributes(e, layer, ['Id', 'MimeType'])
  const children = new Children(e, layer)
  const method = children.one(XENC, 'EncryptionMethod')
  const keyInfo = bare(children.one(DS, 'KeyInfo'), layer)
  const cipherData = bare(children.one(XENC, 'CipherData'), layer)
  children.end()

  const transport = layer === 'transport-encryption'
  const info = new Children(keyInfo, layer)
  const mgmt = transport ? undefined : info.optional(DS, 'MgmtData')
  const keys = mgmt ? [] : info.many(XENC, 'EncryptedKey')
  info.end()
  if (!mgmt && (keys.length === 0 || keys.length > (transport ? 1 : MAX_KEYS))) refuse(layer, keyInfo, 'wrong number of EncryptedKey')

  const inMethod = new Children(method, layer)
  const iv = inMethod.optional(OSCI128, 'IvLength')
  inMethod.end()

  const data = new Children(cipherData, layer)
  const value = transport ? undefined : data.optional(XENC, 'CipherValue')
  const reference = value ? undefined : data.one(XENC, 'CipherReference')
  data.end()

  const id = found.get('Id')
  const mimeType = found.get('MimeType')
  return {
    layer, element: e,
    cipher: algorithm(method, layer),
    keys: keys.map((k) => readKey(k, layer)),
    ...(id === undefined ? {} : { id }),
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(iv ? { ivLength: readIvLength(iv, layer) } : {}),
    ...(mgmt ? { mgmtData: leafOctets(bare(mgmt, layer), layer) } : {}),
    ...(value ? { cipherValue: leafOctets(bare(value, layer), layer) } : {}),
    ...(reference ? { cipherReference: readCipherReference(reference, layer) } : {}),
  } // prettier-ignore
}

function readIvLength(e: XmlElement, layer: EncryptionLayer): number {
  new Children(e, layer).end()
  const value = attributes(e, layer, ['Value']).get('Value') ?? ''
  return /^[0-9]{1,3}$/.test(value) ? Number(value) : refuse(layer, e, 'Value is no number')
}

function readCipherReference(e: XmlElement, layer: EncryptionLayer): { uri: string; transforms: readonly string[] } {
  const uri = attributes(e, layer, ['URI']).get('URI') ?? ''
  // Nothing but a part of this very message is ever read [threat model E7].
  if (!uri.startsWith('cid:') || uri.length === 4 || uri.length > 1024) refuse(layer, e, 'URI is no cid:')
  const children = new Children(e, layer)
  const list = children.optional(XENC, 'Transforms')
  children.end()
  if (!list) return { uri, transforms: [] }
  const inner = new Children(bare(list, layer), layer)
  const transform = inner.one(DS, 'Transform')
  inner.end()
  new Children(transform, layer).end()
  const base64 = algorithm(transform, layer)
  if (base64 !== DS + 'base64') refuse(layer, transform, 'only base64 is expected here')
  return { uri, transforms: [base64] }
}

function readKey(e: XmlElement, layer: EncryptionLayer): EncryptedKey {
  attributes(e, layer, ['Id'])
  const children = new Children(e, layer)
  const method = children.one(XENC, 'EncryptionMethod')
  const keyInfo = bare(children.one(DS, 'KeyInfo'), layer)
  const cipherData = bare(children.one(XENC, 'CipherData'), layer)
  children.end()
  const data = new Children(cipherData, layer)
  const value = bare(data.one(XENC, 'CipherValue'), layer)
  data.end()
  return { layer, keyTransport: readKeyTransport(method, layer), ...readKeyName(keyInfo, layer), wrapped: leafOctets(value, layer) }
}

/** MGF and DigestMethod in either order, each at most once; no OAEPparams: the label is empty (digest §7.1). */
function readKeyTransport(e: XmlElement, layer: EncryptionLayer): KeyTransport {
  const children = new Children(e, layer)
  let mgf = children.optional(XENC11, 'MGF')
  const digest = children.optional(DS, 'DigestMethod')
  mgf ??= children.optional(XENC11, 'MGF')
  children.end()
  for (const child of [mgf, digest]) if (child) new Children(child, layer).end()
  return {
    algorithm: algorithm(e, layer),
    ...(digest ? { digest: algorithm(digest, layer) } : {}),
    ...(mgf ? { mgf: algorithm(mgf, layer) } : {}),
  }
}

function readKeyName(keyInfo: XmlElement, layer: EncryptionLayer): Pick<EncryptedKey, 'retrievalUri' | 'certificate'> {
  const children = new Children(keyInfo, layer)
  const retrieval = layer === 'content-encryption' ? children.optional(DS, 'RetrievalMethod') : undefined
  if (retrieval) {
    children.end()
    new Children(retrieval, layer).end()
    return { retrievalUri: readRetrieval(retrieval, layer) }
  }
  const data = bare(children.one(DS, 'X509Data'), layer)
  children.end()
  const inData = new Children(data, layer)
  const certificate = leafOctets(bare(inData.one(DS, 'X509Certificate'), layer), layer)
  inData.end()
  if (certificate.length > MAX_CERTIFICATE_BYTES) refuse(layer, data, 'certificate is too large')
  return { certificate }
}

/** Before the private key: says what is wrong with public data. */
function publicRefusal(layer: EncryptionLayer, rule: string, message: string): never {
  if (layer === 'transport-encryption') throw new TransportEncryptionError('9202', `${layer}.${rule}`, message)
  throw new ContentError('T020', `${layer}.${rule}`, message)
}

/** The cipher's row, or the public refusal. @throws `<layer>.algorithm` as for {@link unwrapKey}. */
export function cipherOf(data: EncryptedData, algorithms: Algorithms): CipherRow {
  return algorithms.cipher(data.cipher) ?? publicRefusal(data.layer, 'algorithm', 'cipher is not allowed')
}

/**
 * Unwraps a content key. From the call of `decrypter.unwrap` on there is one outcome: a failure, or a key of the wrong length,
 * yields a random key of the right length, and the tag says no later [threat model §6 rule 2, E2].
 *
 * @param random octets nobody can guess.
 * @throws {TransportEncryptionError} 9202, or {ContentError} for content: `<layer>.algorithm`, `<layer>.wrapped-length`,
 * both about public data and both before the private key is touched.
 */
export async function unwrapKey(
  decrypter: Decrypter,
  key: EncryptedKey,
  cipher: CipherRow,
  algorithms: Algorithms,
  random: (bytes: number) => Uint8Array,
): Promise<Uint8Array> {
  if (!algorithms.keyTransport(key.keyTransport)) publicRefusal(key.layer, 'algorithm', 'key transport is not allowed')
  const { asymmetricKeyType, asymmetricKeyDetails } = decrypter.certificate.publicKey
  const modulusBytes = Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  if (asymmetricKeyType !== 'rsa' || key.wrapped.length !== modulusBytes)
    publicRefusal(key.layer, 'wrapped-length', 'encrypted key does not fit the certificate')
  const decoy = random(cipher.keyBytes)
  try {
    const unwrapped = await decrypter.unwrap(key.keyTransport, key.wrapped)
    return unwrapped.length === cipher.keyBytes ? unwrapped : decoy
  } catch {
    return decoy
  }
}

/** Least length of the octets of a transport encryption: IV, one octet, tag or block [threat model §6 rule 1]. */
export function leastOctets(cipher: CipherRow, ivLength?: number): number {
  return cipher.mode === 'gcm' ? (ivLength ?? 16) + 1 + cipher.tagBytes : (cipher.ivBytes[0] ?? 0) + cipher.blockBytes
}

/**
 * Decrypts IV ‖ ciphertext (‖ tag). No octet leaves before the tag has held.
 *
 * @param ivLength from `IvLength`; GCM without it means 16 (wire fact 45), CBC ignores it.
 * @throws {DecryptionError} always this, whatever was wrong.
 */
export function decryptOctets(cipher: CipherRow, key: Uint8Array, octets: Uint8Array, ivLength?: number): Uint8Array {
  if (key.length !== cipher.keyBytes) throw new DecryptionError()
  return cipher.mode === 'gcm' ? decryptGcm(cipher, key, octets, ivLength ?? 16) : decryptCbc(cipher, key, octets)
}

function decryptGcm(cipher: CipherRow, key: Uint8Array, octets: Uint8Array, ivBytes: number): Uint8Array {
  const end = octets.length - cipher.tagBytes
  if (!cipher.ivBytes.includes(ivBytes) || end < ivBytes) throw new DecryptionError()
  let plain: Buffer | undefined
  try {
    const decipher = createDecipheriv(cipher.cipher as CipherGCMTypes, key, octets.subarray(0, ivBytes), { authTagLength: cipher.tagBytes })
    decipher.setAuthTag(octets.subarray(end))
    plain = decipher.update(octets.subarray(ivBytes, end))
    decipher.final()
    return plain
  } catch {
    plain?.fill(0)
    throw new DecryptionError()
  }
}

function decryptCbc(cipher: CipherRow, key: Uint8Array, octets: Uint8Array): Uint8Array {
  const ivBytes = cipher.ivBytes[0] ?? 0
  const length = octets.length - ivBytes
  if (length < cipher.blockBytes || length % cipher.blockBytes !== 0) throw new DecryptionError()
  let plain: Buffer
  try {
    const decipher = createDecipheriv(cipher.cipher, key, octets.subarray(0, ivBytes)).setAutoPadding(false)
    plain = Buffer.concat([decipher.update(octets.subarray(ivBytes)), decipher.final()])
  } catch {
    throw new DecryptionError()
  }
  // XML-Enc pads with any octets, only the last one counts [XMLENC11 §5.2.1].
  const padding = plain[plain.length - 1] ?? 0
  if (padding < 1 || padding > cipher.blockBytes) {
    plain.fill(0)
    throw new DecryptionError()
  }
  return plain.subarray(0, plain.length - padding)
}
