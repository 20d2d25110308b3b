// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificates in words: whose, whose word for it, which key, how long.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import {
  issuerRfc2253,
  keyUsage,
  publicKeyFacts,
  readCertificate,
  serialDecimal,
  sha256Hex,
  subjectRfc2253,
} from '../../pki/certificate.js'
import { certificateElements } from '../../osci/certificates.js'
import type { CertificateEntry, SoapEnvelope } from '../../osci/types.js'
import type { Discretion } from './discretion.js'
import { fact, words, type Fact } from './types.js'

/** What OpenSSL cannot read as a moment it tells in its own words. */
function day(date: string): string {
  const moment = new Date(date)
  return Number.isNaN(moment.getTime()) ? date : moment.toISOString().slice(0, 10)
}

/** What the header claims; none where it is not built as required, which the check says. */
export function certificatesOf({ header }: Pick<SoapEnvelope, 'header'>): readonly CertificateEntry[] {
  try {
    return certificateElements(header)
  } catch {
    return []
  }
}

export const subjectOf = (certificate: X509Certificate, discretion: Discretion): string => discretion.name(subjectRfc2253(certificate))

export function certificateFacts(certificate: X509Certificate, discretion: Discretion): Fact[] {
  const { type, bits, curve } = publicKeyFacts(certificate)
  const usage = keyUsage(certificate)
  return [
    fact('Inhaber', 'subject', subjectOf(certificate, discretion)),
    fact('Aussteller', 'issuer', discretion.name(issuerRfc2253(certificate))),
    fact('Seriennummer', 'serial number', serialDecimal(certificate)),
    fact(
      'gültig',
      'valid',
      words(
        `${day(certificate.validFrom)} bis ${day(certificate.validTo)}`,
        `${day(certificate.validFrom)} to ${day(certificate.validTo)}`,
      ),
    ),
    fact('Schlüssel', 'key', `${type.toUpperCase()} ${curve ?? `${bits} bit`}`),
    ...(usage ? [fact('Verwendung', 'usage', [...usage].join(', '))] : []),
    fact('SHA-256', 'SHA-256', sha256Hex(certificate)),
  ]
}

/** The same of DER that may be anything. */
export function factsOfDer(der: Uint8Array | undefined, discretion: Discretion): Fact[] {
  try {
    if (der) return certificateFacts(readCertificate(der), discretion)
  } catch {
    // the layer `certificates` says what is wrong with it
  }
  return [fact('Zertifikat', 'certificate', words('nicht lesbar', 'cannot be read'))]
}

/** undefined where it cannot be read. */
export function subjectOfDer(der: Uint8Array, discretion: Discretion): string | undefined {
  try {
    return subjectOf(readCertificate(der), discretion)
  } catch {
    return undefined
  }
}

/** Whether the bytes of a certificate may be seen. */
export function mayShowDer(der: Uint8Array | undefined, discretion: Discretion): boolean {
  if (discretion.shows) return true
  try {
    if (!der) return false
    const certificate = readCertificate(der)
    return !discretion.hidesName(subjectRfc2253(certificate)) && !discretion.hidesName(issuerRfc2253(certificate))
  } catch {
    return false
  }
}
