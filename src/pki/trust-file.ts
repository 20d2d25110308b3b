// SPDX-License-Identifier: EUPL-1.2
/**
 * Files that say whom to believe: trust anchors, and revocation lists, which take belief away again.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError } from '../errors.js'
import { readPemCertificates } from './keystore.js'

export interface TrustFile {
  readonly roots: readonly X509Certificate[]
  /** DER. */
  readonly crls: readonly Uint8Array[]
}

export const isPem = (bytes: Buffer): boolean => bytes.includes('-----BEGIN ')

/** Whole blocks of a PEM text that hold a revocation list, as DER. */
export const pemRevocationLists = (pem: string): Buffer[] =>
  (pem.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? []).map((block) =>
    Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64'),
  )

/**
 * PEM with certificates, revocation lists or both; or one revocation list in DER, as authorities hand them out.
 * @throws {ProtektorError} `keystore.unreadable`: there is none of them, or a list that cannot be read or was cut off.
 */
export async function readTrustFile(bytes: Buffer): Promise<TrustFile> {
  const pem = bytes.toString('latin1')
  const crls = isPem(bytes) ? pemRevocationLists(pem) : [bytes]
  const named = isPem(bytes) ? pem.split('-----BEGIN X509 CRL-----').length - 1 : 1
  // what reads lists is large; a file of certificates needs none of it
  const areLists = named === 0 || (named === crls.length && crls.every((await import('./revocation-list.js')).isCrl))
  if (!areLists)
    throw new ProtektorError('keystore.unreadable', `it holds ${isPem(bytes) ? '' : 'no certificate and '}no whole revocation list`)
  const hasLists = crls.length > 0 && !pem.includes('-----BEGIN CERTIFICATE-----')
  return { roots: hasLists ? [] : readPemCertificates(pem), crls }
}
