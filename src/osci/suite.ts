// SPDX-License-Identifier: EUPL-1.2
/**
 * How we protect what we send, unless a peer's entry says otherwise: one cipher, one key transport, the signature that fits our key.
 * Specs: threat model §6 rule 8, §7; osci-1.2 §7.1; product.md, Decisions, "peers".
 * @module
 */
import type { Signer } from '../env.js'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'

/** RSA-PSS with SHA-256. */
export const DEFAULT_SIGNATURE = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
export const AES_256_GCM = `${ENC11}aes256-gcm`
export const OAEP_SHA256 = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` } as const

/**
 * Algorithms (XML-DSig URIs) for one of our keys: the wish for RSA, ecdsa of the curve's size for EC. The digest follows unless it is
 * wished for.
 */
export function signingMethods(
  signer: Signer,
  wished: { readonly signatureMethod?: string; readonly digestMethod?: string } = {},
): { readonly signatureMethod: string; readonly digestMethod: string } {
  const key = signer.certificate.publicKey
  const isEc = key.asymmetricKeyType === 'ec'
  const large = isEc ? /512|521/.test(key.asymmetricKeyDetails?.namedCurve ?? '') : (wished.signatureMethod ?? '').includes('512')
  return {
    signatureMethod: isEc ? `${MORE}ecdsa-sha${large ? 512 : 256}` : (wished.signatureMethod ?? DEFAULT_SIGNATURE),
    digestMethod: wished.digestMethod ?? `${ENC}sha${large ? 512 : 256}`,
  }
}
