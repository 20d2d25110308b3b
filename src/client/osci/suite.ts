// SPDX-License-Identifier: EUPL-1.2
/**
 * How a request is protected: identity and peer → the sealing of one call, and the certificates that the other side needs for it.
 * Specs: osci-1.2 §5.3, §7.1; wire facts 26–29.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { Signer } from '../../env.js'
import { certificateEntry } from '../../osci/certificates.js'
import type { CertificateRole } from '../../osci/messages.js'
import type { CertificateEntry, Sealing } from '../../osci/types.js'
import { OsciCallError, type OsciIdentity, type OsciPeer } from './ports.js'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

export const DEFAULT_SIGNATURE = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
export const DEFAULT_CIPHER = `${ENC11}aes256-gcm`
export const DEFAULT_KEY_TRANSPORT = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` } as const

/** The wish holds for RSA keys; an EC key signs with the ecdsa of its curve's size. Digests follow unless they are wished for. */
export function signingMethods(
  signer: Signer,
  wished: { readonly signatureMethod?: string; readonly digestMethod?: string },
): { readonly signatureMethod: string; readonly digestMethod: string } {
  const key = signer.certificate.publicKey
  const isEc = key.asymmetricKeyType === 'ec'
  const large = isEc ? /512|521/.test(key.asymmetricKeyDetails?.namedCurve ?? '') : (wished.signatureMethod ?? '').includes('512')
  return {
    signatureMethod: isEc ? `${MORE}ecdsa-sha${large ? 512 : 256}` : (wished.signatureMethod ?? DEFAULT_SIGNATURE),
    digestMethod: wished.digestMethod ?? `${ENC}sha${large ? 512 : 256}`,
  }
}

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
            cipher: peer.cipher ?? DEFAULT_CIPHER,
            keyTransport: DEFAULT_KEY_TRANSPORT,
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
