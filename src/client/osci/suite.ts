// SPDX-License-Identifier: EUPL-1.2
/**
 * How a request is protected: identity and peer → the sealing of one call, and the certificates that the other side needs for it.
 * Specs: osci-1.2 §5.3, §7.1; wire facts 26–29.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { certificateEntry } from '../../osci/certificates.js'
import type { CertificateRole } from '../../osci/messages.js'
import { AES_256_GCM, OAEP_SHA256, signingMethods } from '../../osci/suite.js'
import type { CertificateEntry, Sealing } from '../../osci/types.js'
import { OsciCallError, type OsciIdentity, type OsciPeer } from './ports.js'

/** Whether requests to this peer are signed. */
export const signs = (identity: OsciIdentity, peer: OsciPeer): boolean => peer.sign ?? identity.signer !== undefined

/** @throws {OsciCallError} not-sent: a signature is wanted and there is no key. */
export function sealingFor(identity: OsciIdentity, peer: OsciPeer): Sealing {
  const { signer } = identity
  const sign = signs(identity, peer)
  if (sign && !signer) throw new OsciCallError('not-sent', 'client.no-signer', 'Requests are to be signed, and there is no key for it.')
  return {
    ...(sign && signer ? { sign: { signer, ...signingMethods(signer, peer) } } : {}),
    ...(peer.cipherCertificate
      ? {
          encryptFor: {
            certificate: peer.cipherCertificate,
            cipher: peer.cipher ?? AES_256_GCM,
            keyTransport: OAEP_SHA256,
            ivBytes: peer.ivBytes ?? 12,
          },
        }
      : {}),
  }
}

const entries = new WeakMap<X509Certificate, Map<CertificateRole, CertificateEntry>>()

/** The header entry of a certificate that we name again and again, made once: its Id is a digest. */
export function ownEntry(role: CertificateRole, certificate: X509Certificate): CertificateEntry {
  const known = entries.get(certificate) ?? new Map<CertificateRole, CertificateEntry>()
  entries.set(certificate, known)
  const entry = known.get(role) ?? certificateEntry(role, certificate)
  known.set(role, entry)
  return entry
}
