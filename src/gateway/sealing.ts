// SPDX-License-Identifier: EUPL-1.2
/**
 * How the gateway protects what it sends: one cipher, one key transport, the signature that the peer's entry and our key allow.
 * Specs: threat model §6 rule 8, §7; product.md, Decisions, "peers".
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { Signer } from '../env.js'
import type { SoapEnvelope, TransportEncryption } from '../osci/types.js'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

export const DEFAULT_SIGNATURE = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
export const OAEP_SHA256 = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` }
export const AES_256_GCM = `${ENC11}aes256-gcm`

/** Algorithm for one of our keys: the peer's wish for RSA, ecdsa of the curve's size for EC. */
export function signatureMethodFor(signer: Signer, wished: string): { signatureMethod: string; digestMethod: string } {
  const key = signer.certificate.publicKey
  if (key.asymmetricKeyType === 'ec') {
    const large = /512|521/.test(key.asymmetricKeyDetails?.namedCurve ?? '')
    return { signatureMethod: `${MORE}ecdsa-sha${large ? 512 : 256}`, digestMethod: `${ENC}sha${large ? 512 : 256}` }
  }
  return { signatureMethod: wished, digestMethod: wished.includes('512') ? `${ENC}sha512` : `${ENC}sha256` }
}

/** A request's IV length is answered in kind: who wrote 16 bytes may not read 12 (osci-1.2 §7.2). */
export const answerEncryption = (certificate: X509Certificate, request: SoapEnvelope): TransportEncryption => ({
  certificate,
  cipher: AES_256_GCM,
  keyTransport: OAEP_SHA256,
  ivBytes: request.evidence.transport?.ivBytes === 16 ? 16 : 12,
})
