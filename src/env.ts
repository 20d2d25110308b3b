// SPDX-License-Identifier: EUPL-1.2
/**
 * Ground floor: the only door from the pure rooms to the world. Whoever composes the system hands in clock, chance, keys,
 * trust, limits and workers; nothing below `cli/` and the adapters asks for them elsewhere.
 * @module
 */
import type { X509Certificate } from 'node:crypto'

/** An RSA key pair that opens what was encrypted for its certificate. Private-key work runs off the event loop. */
export interface Decrypter {
  readonly certificate: X509Certificate
  /**
   * Unwraps a content key.
   * @param keyTransport the XML-Enc URI, its digest and MGF where it is OAEP.
   * @throws anything: the caller treats every failure alike (threat model §6 rule 2).
   */
  unwrap(keyTransport: KeyTransport, wrapped: Uint8Array): Promise<Uint8Array>
}

/** `digest` and `mgf` are URIs, present for `xmlenc11#rsa-oaep` only. */
export interface KeyTransport {
  readonly algorithm: string
  readonly digest?: string
  readonly mgf?: string
}

/** A key pair that signs. */
export interface Signer {
  readonly certificate: X509Certificate
  /** @param algorithm an XML-DSig signature URI that fits the key. @returns the SignatureValue's octets (ECDSA as r‖s). */
  sign(algorithm: string, data: Uint8Array): Promise<Uint8Array>
}

export interface KeyRing {
  /** The pair whose certificate equals `certificateDer` byte for byte (threat model E8), or undefined. */
  decrypter(certificateDer: Uint8Array): Decrypter | undefined
}

/** What a trust store says of one certificate at one moment. `unknown`: no path to a configured root, nothing else wrong. */
export interface TrustVerdict {
  readonly verdict: 'valid' | 'expired' | 'not-yet-valid' | 'revoked' | 'unknown' | 'wrong-usage' | 'bad-signature' | 'unchecked'
  readonly path: readonly X509Certificate[]
  /** The facts behind it; absent where a store cannot tell them apart. */
  readonly details?: TrustDetails
}

/** Each fact by itself: a verdict names only the worst of them. */
export interface TrustDetails {
  /** Of the whole path. `corrupted`: an issuer is known, and did not sign this; `indeterminate`: an issuer is not known, or its hash proves nothing. */
  readonly issuerSignature: 'ok' | 'corrupted' | 'indeterminate'
  /** The whole path where there is one, else the certificate alone. */
  readonly inTime: boolean
  /** No CA's certificate, and its key usage allows the use asked for. */
  readonly fitsUse: boolean
  /** Every check could be made to its end, revocation included where it was demanded or its list was given. */
  readonly isComplete: boolean
  /** Only when revocation data that hold were consulted. */
  readonly revocation?: RevocationFact
}

/** What a list or an answer says, and when it was made. */
export interface RevocationFact {
  readonly status: 'good' | 'revoked'
  readonly source: 'crl' | 'ocsp'
  readonly at: Date
  /** The OCSP response, DER. */
  readonly response?: Uint8Array
}

export interface TrustStore {
  check(certificate: X509Certificate, usage: 'signature' | 'cipher', at: Date): Promise<TrustVerdict>
}

/** Threat model X5 and `product.md` "limits". Sizes in bytes. */
export interface Limits {
  readonly messageBytes: number
  readonly xmlBytes: number
  readonly xmlDepth: number
  readonly xmlAttributes: number
  readonly xmlNamespaces: number
  readonly xmlNamespacesInScope: number
  readonly xmlElements: number
  readonly xmlNameBytes: number
  readonly xmlAttributeBytes: number
  readonly mimeParts: number
  readonly mimeHeaders: number
  readonly mimeLineBytes: number
}

/**
 * What may protect a connection: authenticated encryption under a key that nobody can make again later. Node's own list has much more, static
 * RSA included, which lets whoever gets the TLS key read what was recorded. Threat model §7, row TLS.
 */
export const TLS_CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
].join(':')

export const GATEWAY_LIMITS: Limits = {
  messageBytes: 32 * 1024 * 1024,
  xmlBytes: 8 * 1024 * 1024,
  xmlDepth: 100,
  xmlAttributes: 64,
  xmlNamespaces: 32,
  xmlNamespacesInScope: 256,
  xmlElements: 200_000,
  xmlNameBytes: 1024,
  xmlAttributeBytes: 64 * 1024,
  mimeParts: 256,
  mimeHeaders: 32,
  mimeLineBytes: 8 * 1024,
}

/** `check` on a user's own files (product.md, "limits"). */
export const CHECK_LIMITS: Limits = {
  ...GATEWAY_LIMITS,
  messageBytes: 128 * 1024 * 1024,
  xmlBytes: 64 * 1024 * 1024,
  xmlElements: 5_000_000,
}

/** Clock and chance. `monotonicMs` never jumps; `now` is for display and certificates. */
export interface Clock {
  now(): Date
  monotonicMs(): number
}

/**
 * What tables age by: the wall clock of this moment, counted on by the monotonic one. A wall clock that jumps, even for a moment, removes
 * nothing early; what is written down for another run bears the wall clock all the same, which alone means something then.
 * @returns milliseconds since 1970
 */
export function steadyClock(clock: Clock): () => number {
  const startedAtMs = clock.now().getTime() - clock.monotonicMs()
  return () => startedAtMs + clock.monotonicMs()
}

export interface Env extends Clock {
  random(bytes: number): Uint8Array
  readonly keys: KeyRing
  readonly trust: TrustStore
  readonly limits: Limits
}
