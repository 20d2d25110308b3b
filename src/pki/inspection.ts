// SPDX-License-Identifier: EUPL-1.2
/**
 * What a file with keys or certificates holds, told without secrets: PEM, DER or PKCS#12, recognised by content.
 * @module
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { ProtektorError } from '../errors.js'
import {
  basicConstraints,
  issuerRfc2253,
  keyUsage,
  publicKeyFacts,
  readCertificate,
  serialDecimal,
  sha256Hex,
  subjectRfc2253,
} from './certificate.js'
import { readPemCertificates, readPkcs12 } from './keystore.js'

/** Dates are ISO 8601. `usage` is absent when the certificate does not limit it. */
export interface CertificateReport {
  readonly kind: 'certificate'
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
  readonly key: string
  readonly usage?: readonly string[]
  readonly ca: boolean
  readonly sha256: string
  /** The file holds the private key as well. */
  readonly hasPrivateKey: boolean
}

export interface KeyReport {
  readonly kind: 'private-key'
  readonly key: string
}

export type FileReport = CertificateReport | KeyReport

/**
 * Looks into a file.
 * @throws ProtektorError `keystore.*`, CertificateError; `keystore.wrong-pin` also where a PIN is needed and none given.
 */
export function inspectKeyFile(bytes: Uint8Array, pin?: string): readonly FileReport[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (text.includes('-----BEGIN ')) return inspectPem(text, pin)
  if (!isPkcs12(bytes)) return [report(readCertificate(bytes), false)]
  const pairs = readPkcs12(bytes, pin ?? '')
  const owned = new Set(pairs.map(({ certificate }) => sha256Hex(certificate)))
  const all = new Map(pairs.flatMap(({ certificate, chain }) => [certificate, ...chain]).map((one) => [sha256Hex(one), one]))
  return [...all].map(([hash, certificate]) => report(certificate, owned.has(hash)))
}

/** PFX begins with version 3, a certificate with another sequence. */
function isPkcs12(bytes: Uint8Array): boolean {
  const first = bytes[1] ?? 0
  const at = first > 0x80 ? 2 + (first & 0x7f) : 2
  return bytes[0] === 0x30 && bytes[at] === 2 && bytes[at + 1] === 1 && bytes[at + 2] === 3
}

function inspectPem(text: string, pin: string | undefined): readonly FileReport[] {
  // keys encrypted in the old way have headers with hyphens (DEK-Info)
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[^-]|-(?!----))*-----END [A-Z0-9 ]*PRIVATE KEY-----/g) ?? []
  const keys = blocks.map((block) => readKey(block, pin))
  if (keys.length > 0 && !text.includes('BEGIN CERTIFICATE')) return keys.map((key) => ({ kind: 'private-key', key: describeKey(key) }))
  return readPemCertificates(text).map((certificate) =>
    report(
      certificate,
      keys.some((key) => certificate.checkPrivateKey(key)),
    ),
  )
}

function readKey(pem: string, pin: string | undefined): KeyObject {
  try {
    return createPrivateKey(pin === undefined ? pem : { key: pem, passphrase: pin })
  } catch (cause) {
    throw /ENCRYPTED/.test(pem)
      ? new ProtektorError('keystore.wrong-pin', 'The PIN does not open the key.', { cause })
      : new ProtektorError('keystore.unreadable', 'The private key cannot be read.', { cause })
  }
}

function describeKey(key: KeyObject): string {
  const details = key.asymmetricKeyDetails
  return details?.namedCurve === undefined
    ? `${(key.asymmetricKeyType ?? '').toUpperCase()} ${details?.modulusLength ?? ''}`
    : `EC ${details.namedCurve}`
}

function report(certificate: X509Certificate, hasPrivateKey: boolean): CertificateReport {
  const { type, bits, curve } = publicKeyFacts(certificate)
  const usage = keyUsage(certificate)
  return {
    kind: 'certificate',
    subject: subjectRfc2253(certificate),
    issuer: issuerRfc2253(certificate),
    serial: serialDecimal(certificate),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    key: type === 'ec' ? `EC ${curve ?? ''}` : `${type.toUpperCase()} ${bits}`,
    ...(usage === undefined ? {} : { usage: [...usage] }),
    ca: basicConstraints(certificate)?.ca === true,
    sha256: sha256Hex(certificate),
    hasPrivateKey,
  }
}
