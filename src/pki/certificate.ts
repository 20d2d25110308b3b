// SPDX-License-Identifier: EUPL-1.2
/**
 * Reading certificates and the facts we say about them.
 *
 * node:crypto parses and verifies; names, serial number and extensions are read from the DER because node shows them in a
 * form made for people. Facts are kept per certificate object, and recently read certificates are kept by their bytes.
 * Specs: [RFC5280 §4], [RFC2253 §2]; names are written as Java's X500Principal writes them (peers compare strings).
 * Threat model G10: size before parsing, whole-certificate comparison.
 * @module
 */
import { createHash, X509Certificate } from 'node:crypto'
import { CertificateError } from '../errors.js'
import { expectTag, readAll, readOid, readTlv, TAG, writeTlv, type Tlv } from './der.js'
import { nameRfc2253 } from './name.js'

export const MAX_CERTIFICATE_BYTES = 16 * 1024
const MAX_KEPT = 512

export type KeyUsageName =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

const KEY_USAGES: readonly KeyUsageName[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

export interface Extension {
  readonly critical: boolean
  readonly value: Buffer
}

interface Facts {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly sha256: string
  readonly extensions: ReadonlyMap<string, Extension>
}

const recent = new Map<string, X509Certificate>()
const factsOf = new WeakMap<X509Certificate, Facts>()

/**
 * Reads one DER certificate.
 * @throws CertificateError `certificates.size`, `certificates.unreadable`.
 */
export function readCertificate(der: Uint8Array): X509Certificate {
  if (der.byteLength > MAX_CERTIFICATE_BYTES)
    throw new CertificateError('9100', 'certificates.size', `A certificate is larger than ${MAX_CERTIFICATE_BYTES} bytes.`)
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const key = bytes.toString('latin1')
  const known = recent.get(key)
  if (known !== undefined) {
    recent.delete(key)
    recent.set(key, known)
    return known
  }
  let certificate: X509Certificate
  try {
    if (readTlv(bytes).raw.length !== bytes.length) throw new RangeError('DER: bytes behind the certificate')
    certificate = new X509Certificate(Buffer.from(bytes))
    facts(certificate)
    // OpenSSL reads the key when it is first asked for, and would throw there
    publicKeyFacts(certificate)
  } catch (cause) {
    throw new CertificateError('9100', 'certificates.unreadable', 'A certificate cannot be read.', { cause })
  }
  recent.set(key, certificate)
  const oldest = recent.size > MAX_KEPT ? recent.keys().next().value : undefined
  if (oldest !== undefined) recent.delete(oldest)
  return certificate
}

/** Subject as RFC 2253 string, most specific part first. */
export function subjectRfc2253(certificate: X509Certificate): string {
  return facts(certificate).subject
}

/** Issuer as RFC 2253 string. */
export function issuerRfc2253(certificate: X509Certificate): string {
  return facts(certificate).issuer
}

/** Serial number, decimal. */
export function serialDecimal(certificate: X509Certificate): string {
  return facts(certificate).serial
}

/** SHA-256 of the whole certificate, lower-case hex. */
export function sha256Hex(certificate: X509Certificate): string {
  return facts(certificate).sha256
}

/** What the key may be used for; undefined when the certificate does not say. */
export function keyUsage(certificate: X509Certificate): ReadonlySet<KeyUsageName> | undefined {
  const extension = facts(certificate).extensions.get('2.5.29.15')
  if (extension === undefined) return undefined
  const bits = expectTag(readTlv(extension.value), TAG.bitString)
  return new Set(KEY_USAGES.filter((_, i) => (((bits[1 + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1) === 1))
}

/** Basic constraints: undefined when absent; `pathLength` when limited. */
export function basicConstraints(certificate: X509Certificate): { readonly ca: boolean; readonly pathLength?: number } | undefined {
  const extension = facts(certificate).extensions.get('2.5.29.19')
  if (extension === undefined) return undefined
  const fields = readAll(expectTag(readTlv(extension.value), TAG.sequence))
  const ca = fields.some((field) => field.tag === TAG.boolean && field.value[0] !== 0)
  const limit = fields.find((field) => field.tag === TAG.integer)?.value
  return limit === undefined ? { ca } : { ca, pathLength: limit.length > 4 ? Infinity : limit.readUIntBE(0, limit.length) }
}

/** Whether the certificate says of itself that it is a CA's. */
export function isCa(certificate: X509Certificate): boolean {
  return basicConstraints(certificate)?.ca === true
}

/** Algorithm with which the issuer signed, as OID [RFC5280 §4.1.1.2]. */
export function signatureAlgorithmOid(certificate: X509Certificate): string {
  const [, algorithm] = readAll(expectTag(readTlv(certificate.raw), TAG.sequence))
  return readOid(expectTag(readAll(expectTag(algorithm, TAG.sequence))[0], TAG.oid))
}

/** The subject's Name element as it stands, for issuing in its name and for exact comparison. */
export function rawSubject(certificate: X509Certificate): Buffer {
  const { fields, at } = tbsFields(certificate)
  return fields[at + 4]?.raw ?? Buffer.alloc(0)
}

/** The serial number's octets as they stand; some authorities forgot the zero that makes it positive. */
export function serialOctets(certificate: X509Certificate): Buffer {
  const { fields, at } = tbsFields(certificate)
  return expectTag(fields[at], TAG.integer)
}

/** IssuerAndSerialNumber, DER: how CMS names a certificate [RFC5652 §10.2.4]. */
export function issuerAndSerial(certificate: X509Certificate): Buffer {
  const { fields, at } = tbsFields(certificate)
  return writeTlv(TAG.sequence, fields[at + 2]?.raw ?? Buffer.alloc(0), fields[at]?.raw ?? Buffer.alloc(0))
}

/** Extensions by OID. */
export function extensions(certificate: X509Certificate): ReadonlyMap<string, Extension> {
  return facts(certificate).extensions
}

export interface PublicKeyFacts {
  readonly type: 'rsa' | 'ec' | 'other'
  readonly bits: number
  /** OpenSSL's name, e.g. `prime256v1`, `brainpoolP256r1`. */
  readonly curve?: string
}

export function publicKeyFacts(certificate: X509Certificate): PublicKeyFacts {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey
  if (type === 'rsa' || type === 'rsa-pss') return { type: 'rsa', bits: details?.modulusLength ?? 0 }
  const curve = details?.namedCurve
  if (type === 'ec' && curve !== undefined) return { type: 'ec', bits: Number(/\d{3}/.exec(curve)?.[0] ?? 0), curve }
  return { type: 'other', bits: 0 }
}

function facts(certificate: X509Certificate): Facts {
  const known = factsOf.get(certificate)
  if (known !== undefined) return known
  const { fields, at } = tbsFields(certificate)
  const serial = expectTag(fields[at], TAG.integer)
  const made: Facts = {
    serial: BigInt.asIntN(serial.length * 8, BigInt('0x' + (serial.toString('hex') || '0'))).toString(),
    issuer: nameRfc2253(expectTag(fields[at + 2], TAG.sequence)),
    subject: nameRfc2253(expectTag(fields[at + 4], TAG.sequence)),
    sha256: createHash('sha256').update(certificate.raw).digest('hex'),
    extensions: readExtensions(fields.find((field) => field.tag === 0xa3)),
  }
  factsOf.set(certificate, made)
  return made
}

/** TBSCertificate ::= [0] version?, serial, signature, issuer, validity, subject, key, [1]?, [2]?, [3] extensions? */
function tbsFields(certificate: X509Certificate): { readonly fields: readonly Tlv[]; readonly at: number } {
  const fields = readAll(expectTag(readAll(expectTag(readTlv(certificate.raw), TAG.sequence))[0], TAG.sequence))
  return { fields, at: fields[0]?.tag === 0xa0 ? 1 : 0 }
}

function readExtensions(field: Tlv | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>()
  if (field === undefined) return found
  for (const extension of readAll(expectTag(readTlv(field.value), TAG.sequence))) {
    const [oid, ...rest] = readAll(expectTag(extension, TAG.sequence))
    const name = readOid(expectTag(oid, TAG.oid))
    if (found.has(name)) throw new RangeError('an extension is given twice')
    found.set(name, {
      critical: rest[0]?.tag === TAG.boolean && rest[0].value[0] !== 0,
      value: expectTag(rest.at(-1), TAG.octetString),
    })
  }
  return found
}
