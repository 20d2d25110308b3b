// SPDX-License-Identifier: EUPL-1.2
/**
 * SHA-256 as the gateway writes it: lower-case hex; octets where a time stamp is made over them.
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const digestOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

const certificates = new WeakMap<X509Certificate, string>()

/** SHA-256 of a whole certificate, made once for each that is kept. */
export function certificateSha256(certificate: X509Certificate): string {
  let known = certificates.get(certificate)
  if (known === undefined) certificates.set(certificate, (known = sha256Hex(certificate.raw)))
  return known
}
