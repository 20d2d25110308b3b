// SPDX-License-Identifier: EUPL-1.2
/**
 * The one signature of a CMS SignedData, as time-stamping authorities make it: over signed attributes, by a certificate they name.
 *
 *   ContentInfo ─ SignedData ─┬─ encapContentInfo: type, octets ◄── messageDigest, contentType ──┐
 *                             ├─ certificates                   ◄── signing-certificate(-v2) ────┤ signed attributes ◄── signature
 *                             └─ signerInfos: exactly one ───────────────────────────────────────┘
 *
 * DER only, read with our own reader, verified with node:crypto (brainpool too). The signer's certificate is the one that the *signed*
 * attribute names by hash; `sid`, which nobody signed, must say the same. Whether the signer may be trusted is not asked here.
 * Specs: [RFC5652 §5], [RFC5035 §3], [RFC5816 §2.2.1].
 * @module
 */
import { createHash, verify, type X509Certificate } from 'node:crypto'
import { extensions, issuerAndSerial, readCertificate } from './certificate.js'
import { expectTag, readAll, readOid, readTlv, TAG, type Tlv } from './der.js'
import { HASHES, oidOf, verificationOf } from './signature-value.js'

export interface CmsContent {
  /** OID of the content. */
  readonly type: string
  readonly content: Buffer
  /** Everything else that the message carries; unverified. */
  readonly unverifiedCertificates: readonly X509Certificate[]
  readonly signerInfo: SignerInfo
}

interface SignerInfo {
  readonly sid: Tlv
  readonly digest: string
  /** By OID; each has exactly one value. */
  readonly attributes: ReadonlyMap<string, Tlv>
  /** The octets that were signed: the attributes as SET OF. */
  readonly signedOctets: Buffer
  readonly algorithm: readonly Tlv[]
  readonly signature: Buffer
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
const SUBJECT_KEY_ID = '2.5.29.14'
/** Takes a SignedData apart. @throws RangeError, CertificateError: it is none, or not of this shape. */
export function readSignedData(contentInfo: Buffer): CmsContent {
  const [type, wrapped] = readAll(expectTag(readTlv(contentInfo), TAG.sequence))
  if (readOid(expectTag(type, TAG.oid)) !== SIGNED_DATA) throw new RangeError('CMS: no SignedData')
  const [, , encapsulated, ...rest] = readAll(expectTag(readTlv(expectTag(wrapped, 0xa0)), TAG.sequence))
  const [contentType, content] = readAll(expectTag(encapsulated, TAG.sequence))
  const [signer, second] = readAll(expectTag(rest.at(-1), TAG.set))
  if (signer === undefined || second !== undefined) throw new RangeError('CMS: one signature is expected')
  const certificates = readAll(rest.find(({ tag }) => tag === 0xa0)?.value ?? Buffer.alloc(0))
  return {
    type: readOid(expectTag(contentType, TAG.oid)),
    content: expectTag(readTlv(expectTag(content, 0xa0)), TAG.octetString),
    unverifiedCertificates: certificates.filter(({ tag }) => tag === TAG.sequence).map(({ raw }) => readCertificate(raw)),
    signerInfo: readSignerInfo(signer),
  }
}

function readSignerInfo(signer: Tlv): SignerInfo {
  const [, sid, digest, signed, algorithm, signature] = readAll(expectTag(signer, TAG.sequence))
  const octets = expectTag(signed, 0xa0)
  const hash = HASHES.get(oidOf(digest))
  if (sid === undefined || signed === undefined || hash === undefined) throw new RangeError('CMS: signer')
  const attributes = new Map<string, Tlv>()
  for (const attribute of readAll(octets)) {
    const [id, values] = readAll(expectTag(attribute, TAG.sequence))
    const name = readOid(expectTag(id, TAG.oid))
    const [value, more] = readAll(expectTag(values, TAG.set))
    if (value === undefined || more !== undefined || attributes.has(name)) throw new RangeError('CMS: attribute')
    attributes.set(name, value)
  }
  return {
    sid,
    digest: hash,
    attributes,
    // hashed under the tag of SET OF, although it travels under [0]
    signedOctets: Buffer.concat([Buffer.from([TAG.set]), signed.raw.subarray(1)]),
    algorithm: readAll(expectTag(algorithm, TAG.sequence)),
    signature: expectTag(signature, TAG.octetString),
  }
}

/**
 * Whose signature it is, by the certificates that came along and those we know.
 * @returns undefined when none of them is the one that the signed attributes name, or none is named.
 */
export function namedSigner(
  { signerInfo, unverifiedCertificates }: CmsContent,
  known: readonly X509Certificate[],
): X509Certificate | undefined {
  const names = [signingCertificate(signerInfo, SIGNING_CERTIFICATE), signingCertificate(signerInfo, SIGNING_CERTIFICATE_V2)].flat()
  if (names.length === 0) return undefined
  return [...known, ...unverifiedCertificates].find(
    (one) => names.every(({ hash, value }) => createHash(hash).update(one.raw).digest().equals(value)) && isSid(signerInfo.sid, one),
  )
}

/** The first certificate identifier of the attribute: the signer's [RFC5035 §5.4.1]. */
function signingCertificate({ attributes }: SignerInfo, oid: string): readonly { readonly hash: string; readonly value: Buffer }[] {
  const attribute = attributes.get(oid)
  if (attribute === undefined) return []
  const [list] = readAll(expectTag(attribute, TAG.sequence))
  const fields = readAll(expectTag(readAll(expectTag(list, TAG.sequence))[0], TAG.sequence))
  const algorithm = fields[0]?.tag === TAG.sequence ? HASHES.get(oidOf(fields[0])) : oid === SIGNING_CERTIFICATE ? 'sha1' : 'sha256'
  if (algorithm === undefined) throw new RangeError('CMS: hash of a certificate identifier')
  return [{ hash: algorithm, value: expectTag(fields[fields[0]?.tag === TAG.sequence ? 1 : 0], TAG.octetString) }]
}

function isSid(sid: Tlv, certificate: X509Certificate): boolean {
  if (sid.tag === TAG.sequence) return sid.raw.equals(issuerAndSerial(certificate))
  const keyId = extensions(certificate).get(SUBJECT_KEY_ID)?.value
  return sid.tag === 0x80 && keyId !== undefined && expectTag(readTlv(keyId), TAG.octetString).equals(sid.value)
}

/** Whether the signer signed just this content. Weak keys, hashes and mixed hashes count as wrong. @throws RangeError no DER. */
export function signatureHolds({ type, content, signerInfo }: CmsContent, signer: X509Certificate): boolean {
  const { attributes, digest, algorithm, signedOctets, signature } = signerInfo
  if (readOid(expectTag(attributes.get(CONTENT_TYPE), TAG.oid)) !== type) return false
  if (
    !createHash(digest)
      .update(content)
      .digest()
      .equals(expectTag(attributes.get(MESSAGE_DIGEST), TAG.octetString))
  )
    return false
  const how = verificationOf(algorithm, signer, digest)
  return how !== undefined && verify(how.hash, signedOctets, how.key, signature)
}
