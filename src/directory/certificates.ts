// SPDX-License-Identifier: EUPL-1.2
/**
 * A certificate in whatever form a directory holds it, and whether it holds now.
 * Specs: osci-in-the-field §3, lesson 29.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError } from '../errors.js'
import { readCertificate } from '../pki/certificate.js'

/** Room for a PEM file with text around its certificate. */
export const MAX_CERTIFICATE_FILE_BYTES = 64 * 1024

const PEM = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/**
 * Reads exactly one certificate: DER, PEM, or the base64 of either.
 * @throws {ProtektorError} `directory.certificate-unreadable`; `directory.certificate-ambiguous`: a PEM text with several.
 */
export function certificateOf(bytes: Uint8Array): X509Certificate {
  const unreadable = (cause?: unknown): ProtektorError =>
    new ProtektorError('directory.certificate-unreadable', 'This is no certificate in DER or PEM.', cause === undefined ? {} : { cause })
  if (bytes.byteLength === 0 || bytes.byteLength > MAX_CERTIFICATE_FILE_BYTES) throw unreadable()
  // every certificate is a SEQUENCE; no PEM and no base64 begins with 0x30 0x8…
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return read(bytes, unreadable)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const blocks = [...text.matchAll(PEM)]
  if (blocks.length > 1) throw new ProtektorError('directory.certificate-ambiguous', 'Several certificates where one is expected.')
  const packed = (blocks[0]?.[1] ?? text).replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) throw unreadable()
  const inner = Buffer.from(packed, 'base64')
  return blocks.length === 0 && inner[0] === 0x2d ? certificateOf(inner) : read(inner, unreadable)
}

function read(der: Uint8Array, unreadable: (cause: unknown) => ProtektorError): X509Certificate {
  try {
    return readCertificate(der)
  } catch (cause) {
    throw unreadable(cause)
  }
}

export function holdsAt(certificate: X509Certificate, at: Date): boolean {
  return new Date(certificate.validFrom) <= at && at <= new Date(certificate.validTo)
}
