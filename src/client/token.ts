// SPDX-License-Identifier: EUPL-1.2
/**
 * Proof of possession for one call of the core API: a JWS over method, path with query and body, good for 60 seconds and once.
 * Specs: docs/envelope.md §8; product.md, Decisions, "possession".
 * @module
 */
import { base64url } from 'jose'
import type { SigningKey } from '../envelope/keys.js'
import { operations } from '../envelope/operations.js'

export const TOKEN_TYPE = 'protektor-token+jws'
export const TOKEN_SCHEME = 'Protektor'

/** Members of the token. `htu` is path and query exactly as sent, `bh` the SHA-256 of the body (base64url; of nothing when empty). */
export interface TokenClaims {
  readonly iss: string
  readonly aud: string
  readonly htm: string
  readonly htu: string
  /** Seconds since 1970. */
  readonly iat: number
  readonly jti: string
  readonly bh: string
}

export interface Call {
  readonly method: string
  readonly pathAndQuery: string
  readonly body: Uint8Array
}

export interface TokenIssuer {
  readonly participant: string
  readonly key: SigningKey
  /** The core's public URL as configured there. */
  readonly audience: string
  readonly now: () => Date
  readonly random: (bytes: number) => Uint8Array
}

/** @returns the value of the `Authorization` header for this one call. */
export async function authorization(issuer: TokenIssuer, call: Call): Promise<string> {
  const claims: TokenClaims = {
    iss: issuer.participant,
    aud: issuer.audience,
    htm: call.method,
    htu: call.pathAndQuery,
    iat: Math.floor(issuer.now().getTime() / 1000),
    jti: base64url.encode(issuer.random(18)),
    bh: base64url.encode(await operations.sha256(call.body)),
  }
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  const jws = await operations.sign({ typ: TOKEN_TYPE, kid: issuer.key.kid }, payload, issuer.key)
  return `${TOKEN_SCHEME} ${jws}`
}
