// SPDX-License-Identifier: EUPL-1.2
/**
 * What path building and inspection ask of a certificate's DER: where revocation is told, how it was signed, whether it claims to
 * be qualified.
 * Specs: [RFC5280 §4.2.1.13, §4.2.2.1], [RFC4055 §3.1], [RFC3739 §3.2.6], [EN319412-5 §4.2.1].
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { extensions } from './certificate.js'
import { expectTag, readAll, readOid, readTlv, TAG, type Tlv } from './der.js'

const URI = 0x86
const OCSP = '1.3.6.1.5.5.7.48.1'
const PSS = '1.2.840.113549.1.1.10'
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3'
const QC_COMPLIANCE = '0.4.0.1862.1.1'
/** MD2, MD4, MD5 and SHA-1 with RSA, DSA and ECDSA. */
const WEAK: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.3',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.3.14.3.2.29',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
])

/** Addresses from CRL distribution points and authority information access; http(s) only. */
export function revocationAddresses(certificate: X509Certificate): { readonly crl: readonly string[]; readonly ocsp: readonly string[] } {
  const found = extensions(certificate)
  const points = found.get('2.5.29.31')?.value
  const access = found.get('1.3.6.1.5.5.7.1.1')?.value
  return {
    crl: points === undefined ? [] : uris(readAll(points)),
    ocsp: access === undefined ? [] : readAll(expectTag(readTlv(access), TAG.sequence)).flatMap(ocspAddress),
  }
}

function ocspAddress(description: Tlv): readonly string[] {
  const [method, location] = readAll(expectTag(description, TAG.sequence))
  return location !== undefined && readOid(expectTag(method, TAG.oid)) === OCSP ? uris([location]) : []
}

/** URIs at any depth of distribution points; the depth is bounded by the size of a certificate. */
function uris(elements: readonly Tlv[]): readonly string[] {
  return elements.flatMap((element) => {
    if (element.tag === URI) return /^https?:\/\//i.test(element.value.toString('latin1')) ? [element.value.toString('latin1')] : []
    return (element.tag & 0x20) === 0 ? [] : uris(readAll(element.value))
  })
}

/** Whether the certificate says of itself that it is a qualified one. A claim: worth as much as who signed it. */
export function claimsQualified(certificate: X509Certificate): boolean {
  const statements = extensions(certificate).get(QC_STATEMENTS)?.value
  if (statements === undefined) return false
  return readAll(expectTag(readTlv(statements), TAG.sequence)).some((statement) => {
    const [id] = readAll(expectTag(statement, TAG.sequence))
    return readOid(expectTag(id, TAG.oid)) === QC_COMPLIANCE
  })
}

/** Whether the certificate is signed over a hash that can be made to collide. */
export function hasWeakSignature(certificate: X509Certificate): boolean {
  const algorithm = readAll(expectTag(readTlv(certificate.raw), TAG.sequence))[1]
  const [type, parameters] = readAll(expectTag(algorithm, TAG.sequence))
  const oid = readOid(expectTag(type, TAG.oid))
  if (oid !== PSS) return WEAK.has(oid)
  // PSS without a named hash means SHA-1.
  return parameters === undefined || readAll(parameters.value)[0]?.tag !== 0xa0
}
