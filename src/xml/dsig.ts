// SPDX-License-Identifier: EUPL-1.2
/**
 * XML-DSig, the reading side: grammar, SignatureValue, digests. What was signed is decided by the caller, who binds references
 * to nodes and parts (threat model §5 rule 6); whose key counts, by the role. Nothing is ever looked up here.
 *
 *   ds:Signature ─┬─ SignedInfo ─┬─ CanonicalizationMethod
 *                 │              ├─ SignatureMethod
 *                 │              └─ Reference+ (Transforms?, DigestMethod, DigestValue)
 *                 ├─ SignatureValue
 *                 ├─ KeyInfo ── RetrievalMethod URI="#certificate"
 *                 └─ Object? ── QualifyingProperties (author signatures, SigningTime only)
 *
 * Specs: [XMLDSIG §3.2, §4], oscisig.xsd, [RFC9231 §2.3], threat model §4.2, §5.
 * @module
 */
import { constants, createHash, timingSafeEqual, verify, type KeyObject, type X509Certificate } from 'node:crypto'
import { SignatureError } from '../errors.js'
import type { Algorithms, SignatureRow } from './algorithms.js'
import { canonicalize, canonicalPieces, type CanonicalOptions } from './c14n.js'
import { algorithm, attributes, bare, Children, leafOctets, leafText, refuse } from './grammar.js'
import { DS, isNcName, X509_DATA, XADES } from './names.js'
import { placeOf, type XmlElement } from './tree.js'
import type { Turn } from './turns.js'

export type SignatureLayer = 'message-signature' | 'author-signature'

/** More than this many references to elements is no message; the caller adds the attachments to it [threat model G11]. */
export const MAX_REFERENCES = 64

export interface Reference {
  /** `#NCName` or `cid:…`. */
  readonly uri: string
  readonly transforms: readonly string[]
  readonly digestMethod: string
  readonly digestValue: Uint8Array
  readonly element: XmlElement
}

export interface Signature {
  readonly layer: SignatureLayer
  readonly element: XmlElement
  readonly signedInfo: XmlElement
  readonly canonicalizationMethod: string
  readonly signatureMethod: string
  readonly references: readonly Reference[]
  readonly signatureValue: Uint8Array
  /** Id of the certificate element, without `#`. */
  readonly retrievalUri: string
  readonly objects: readonly XmlElement[]
  /** `SignedProperties` of the XAdES form; a reference `#Id` without transforms points to it. */
  readonly signedProperties?: XmlElement
  /** As written; a claim of the signer. */
  readonly unverifiedSigningTime?: string
}

/**
 * Reads a `ds:Signature` by its grammar; nothing is verified.
 *
 * @param layer message signatures have no `Object`; author signatures may have the XAdES form with SigningTime.
 * @throws {StructureError} `<layer>.grammar` (9100); `SignatureError` `<layer>.duplicate-reference` (9602).
 */
export function readSignature(e: XmlElement, layer: SignatureLayer): Signature {
  if (e.uri !== DS || e.local !== 'Signature') refuse(layer, e, 'ds:Signature expected')
  const id = attributes(e, layer, layer === 'author-signature' ? ['Id'] : []).get('Id')
  const children = new Children(e, layer)
  const signedInfo = bare(children.one(DS, 'SignedInfo'), layer)
  const valueElement = bare(children.one(DS, 'SignatureValue'), layer)
  const keyInfo = bare(children.one(DS, 'KeyInfo'), layer)
  const objects = layer === 'author-signature' ? children.many(DS, 'Object') : []
  children.end()
  if (objects.length > 1) refuse(layer, e, 'more than one Object')

  const info = new Children(signedInfo, layer)
  const canonicalization = info.one(DS, 'CanonicalizationMethod')
  const method = info.one(DS, 'SignatureMethod')
  for (const m of [canonicalization, method]) new Children(m, layer).end()
  const references = info.many(DS, 'Reference').map((r) => readReference(r, layer))
  info.end()
  if (references.length === 0) refuse(layer, signedInfo, 'no Reference')
  const seen = new Set<string>()
  for (const { uri, element: r } of references) {
    if (seen.has(uri)) throw new SignatureError('9602', `${layer}.duplicate-reference`, 'two references to the same part', placeOf(r))
    seen.add(uri)
  }
  if (references.filter((r) => r.uri.startsWith('#')).length > MAX_REFERENCES)
    refuse(layer, signedInfo, `more than ${MAX_REFERENCES} references to elements`)

  const keys = new Children(keyInfo, layer)
  const retrieval = keys.one(DS, 'RetrievalMethod')
  keys.end()
  new Children(retrieval, layer).end()

  return {
    layer, element: e, signedInfo, references, objects,
    canonicalizationMethod: algorithm(canonicalization, layer),
    signatureMethod: algorithm(method, layer),
    signatureValue: leafOctets(valueElement, layer),
    retrievalUri: readRetrieval(retrieval, layer),
    ...(objects[0] ? readProperties(objects[0], id, layer) : {}),
  } // prettier-ignore
}

/** Id of the certificate element a `ds:RetrievalMethod` points to. */
export function readRetrieval(e: XmlElement, layer: Parameters<typeof refuse>[0]): string {
  const found = attributes(e, layer, ['URI', 'Type'])
  const uri = found.get('URI') ?? refuse(layer, e, 'URI is missing')
  if (!uri.startsWith('#') || !isNcName(uri.slice(1))) refuse(layer, e, 'URI is no #Id')
  const type = found.get('Type')
  if (type !== undefined && type !== X509_DATA) refuse(layer, e, 'Type is not X509Data')
  return uri.slice(1)
}

function readReference(e: XmlElement, layer: SignatureLayer): Reference {
  const found = attributes(e, layer, ['URI', 'Type', 'Id'])
  const uri = found.get('URI') ?? refuse(layer, e, 'URI is missing')
  const fragment = uri.startsWith('#')
  if (fragment ? !isNcName(uri.slice(1)) : !uri.startsWith('cid:') || uri.length === 4 || uri.length > 1024)
    refuse(layer, e, 'URI is neither #Id nor cid:')
  const children = new Children(e, layer)
  const list = children.optional(DS, 'Transforms')
  const digestMethod = children.one(DS, 'DigestMethod')
  const digestValue = bare(children.one(DS, 'DigestValue'), layer)
  children.end()
  new Children(digestMethod, layer).end()
  const transforms: string[] = []
  if (list) {
    const inner = new Children(bare(list, layer), layer)
    for (const t of inner.many(DS, 'Transform')) {
      const name = algorithm(t, layer)
      // Old authors transform decoded content further, with a stylesheet in it: never executed, "not verifiable" (trap T44).
      const further = layer === 'author-signature' && transforms[0] === DS + 'base64'
      if (!further) new Children(t, layer).end()
      if (transforms.length > 0 && !further) refuse(layer, e, 'more than one Transform')
      transforms.push(name)
    }
    inner.end()
    // One C14N or one base64; a part in MIME is digested as it is [threat model G11].
    if (transforms.length === 0 || !fragment) refuse(layer, e, 'exactly one Transform for #Id, none for cid:')
  }
  return { uri, transforms, digestMethod: algorithm(digestMethod, layer), digestValue: leafOctets(digestValue, layer), element: e }
}

/** The one Object of the profile: XAdES SignedProperties with nothing but a SigningTime. */
function readProperties(
  object: XmlElement,
  signatureId: string | undefined,
  layer: SignatureLayer,
): Pick<Signature, 'signedProperties' | 'unverifiedSigningTime'> {
  attributes(object, layer, ['Id'])
  const inObject = new Children(object, layer)
  const qualifying = inObject.one(XADES, 'QualifyingProperties')
  inObject.end()
  const target = attributes(qualifying, layer, ['Target', 'Id']).get('Target')
  if (target !== undefined && target !== '' && target !== `#${signatureId ?? ''}`) refuse(layer, qualifying, 'Target is another signature')
  const inQualifying = new Children(qualifying, layer)
  const signedProperties = inQualifying.one(XADES, 'SignedProperties')
  inQualifying.end()
  const id = attributes(signedProperties, layer, ['Id']).get('Id')
  if (id === undefined || !isNcName(id)) refuse(layer, signedProperties, 'Id is missing')
  const inSigned = new Children(signedProperties, layer)
  const ofSignature = inSigned.one(XADES, 'SignedSignatureProperties')
  inSigned.end()
  attributes(ofSignature, layer, ['Id'])
  const inOfSignature = new Children(ofSignature, layer)
  const time = bare(inOfSignature.one(XADES, 'SigningTime'), layer)
  inOfSignature.end()
  return { signedProperties, unverifiedSigningTime: leafText(time, layer).trim() }
}

/**
 * Checks SignatureValue over the canonical SignedInfo.
 *
 * @returns false for a wrong value: other octets, wrong length, ECDSA values out of range.
 * @throws {SignatureError} 9601 `<layer>.algorithm`, `<layer>.key-type`, `<layer>.key-size`: refused before any mathematics.
 */
export function verifyValue(signature: Signature, certificate: X509Certificate, algorithms: Algorithms): boolean {
  const { layer, element: e } = signature
  const place = placeOf(e)
  const forbid = (rule: string, message: string): never => {
    throw new SignatureError('9601', `${layer}.${rule}`, message, place)
  }
  if (!algorithms.canonicalization(signature.canonicalizationMethod)) forbid('algorithm', 'canonicalization method is not allowed')
  const row = algorithms.signature(signature.signatureMethod)
  if (!row) return forbid('algorithm', 'signature method is not allowed')
  const key = certificate.publicKey
  const reason = unfit(row, key, algorithms)
  if (reason) return forbid(reason.rule, reason.message)
  if (signature.signatureValue.length !== valueBytes(row, key)) return false
  if (row.scheme === 'ecdsa' && halves(signature.signatureValue).some((half) => half.every((octet) => octet === 0))) return false
  try {
    return verify(row.hash, canonicalize(signature.signedInfo), { key, ...paddingOf(row) }, signature.signatureValue)
  } catch {
    return false
  }
}

/** Why a value does not verify, as far as its length tells: made with another key, or in another form. */
export function whyWrongValue(
  { signatureMethod, signatureValue }: Signature,
  { publicKey }: X509Certificate,
  algorithms: Algorithms,
): string {
  const row = algorithms.signature(signatureMethod)
  const wanted = row ? valueBytes(row, publicKey) : NaN
  const found = signatureValue.length
  if (!row || found === wanted) return 'the signature value is wrong'
  const isAsn1 = row.scheme === 'ecdsa' && signatureValue[0] === 0x30
  return `SignatureValue has ${found} bytes, with this key it has ${wanted}${isAsn1 ? ' (r and s, not ASN.1)' : ''}`
}

/** Padding and encoding as `node:crypto` wants them, for signing and verifying. */
export function paddingOf(row: SignatureRow): { dsaEncoding: 'ieee-p1363' } | { padding: number; saltLength?: number } {
  if (row.scheme === 'ecdsa') return { dsaEncoding: 'ieee-p1363' }
  if (row.scheme === 'rsa-pkcs1') return { padding: constants.RSA_PKCS1_PADDING }
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: row.saltBytes ?? 0 }
}

/** Why a key may not be used under this row; undefined when it may. The URI alone never chooses the key [threat model G7]. */
export function unfit(
  row: SignatureRow,
  key: KeyObject,
  algorithms: Algorithms,
): { rule: 'key-type' | 'key-size'; message: string } | undefined {
  const type = key.asymmetricKeyType
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (row.scheme === 'ecdsa') {
    if (type !== 'ec') return { rule: 'key-type', message: 'signature method and key do not fit' }
    const { curves } = algorithms.keys
    return curves && !curves.has(namedCurve) ? { rule: 'key-size', message: 'curve is not allowed' } : undefined
  }
  if (type !== 'rsa' && !(type === 'rsa-pss' && row.scheme === 'rsa-pss'))
    return { rule: 'key-type', message: 'signature method and key do not fit' }
  return modulusLength < algorithms.keys.minimumRsaBits || modulusLength > 16_384
    ? { rule: 'key-size', message: `RSA key of ${modulusLength} bits` }
    : undefined
}

/** Field bytes per curve; r‖s has twice as many [RFC9231 §2.3.6]. */
const FIELD_BYTES: Readonly<Record<string, number>> = {
  prime256v1: 32, secp384r1: 48, secp521r1: 66, brainpoolP256r1: 32, brainpoolP384r1: 48, brainpoolP512r1: 64, secp256k1: 32, secp224r1: 28, prime192v1: 24,
} // prettier-ignore

function valueBytes(row: SignatureRow, key: KeyObject): number {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  return row.scheme === 'ecdsa' ? 2 * (FIELD_BYTES[namedCurve] ?? NaN) : Math.ceil(modulusLength / 8)
}

function halves(value: Uint8Array): [Uint8Array, Uint8Array] {
  return [value.subarray(0, value.length / 2), value.subarray(value.length / 2)]
}

/**
 * Digest of octets, or of a text's UTF-8 octets, under a method of the message.
 * @throws {SignatureError} 9601 `<layer>.algorithm` when the method is not allowed.
 */
export function digest(
  algorithms: Algorithms,
  uri: string,
  octets: Uint8Array | string,
  layer: SignatureLayer = 'message-signature',
): Uint8Array {
  return createHash(hashOf(algorithms, uri, layer))
    .update(octets)
    .digest()
}

/** Digest of the canonical form of a received element, a large one in turns. @throws as {@link digest}, and as the canonical form. */
export async function digestElement(
  algorithms: Algorithms,
  uri: string,
  e: XmlElement,
  layer: SignatureLayer,
  turn: Turn | undefined,
  options?: CanonicalOptions,
): Promise<Uint8Array> {
  const hash = createHash(hashOf(algorithms, uri, layer))
  await canonicalPieces(e, turn, (text) => hash.update(text, 'utf8'), options)
  return hash.digest()
}

function hashOf(algorithms: Algorithms, uri: string, layer: SignatureLayer): string {
  const row = algorithms.digest(uri)
  if (!row) throw new SignatureError('9601', `${layer}.algorithm`, 'digest method is not allowed')
  return row.hash
}

/** Why a digest is another than what was digested; undefined: that was changed, or not digested in this form. */
export const whyWrongDigest = (digested: Uint8Array, { digestValue }: Reference): string | undefined =>
  digested.length === digestValue.length ? undefined : `DigestValue has ${digestValue.length} bytes, its method makes ${digested.length}`

/** Equality in time that depends on the lengths only. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
