// SPDX-License-Identifier: EUPL-1.2
/**
 * Who calls the core API, and the proof: a client certificate that the TLS layer saw, or a signed token for exactly this call.
 * Every failure looks alike; the caller learns only that he is not known.
 * Specs: product.md, Decisions, "possession"; threat model C2; [RFC 8725].
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { JWK } from 'jose'
import { base64url, compactVerify, decodeProtectedHeader } from 'jose'
import { z } from 'zod'
import { TOKEN_SCHEME, TOKEN_TYPE } from '../client/token.js'
import type { Clock } from '../env.js'
import type { SenderLookup } from '../envelope/keys.js'
import { importVerifyingKey, trustedSenders } from '../envelope/keys.js'
import { HttpError } from '../errors.js'

export interface Participant {
  readonly id: string
  /** Public keys; those without `use: 'enc'` sign. */
  readonly jwks: readonly JWK[]
  /** Mailboxes it may take from. */
  readonly mailboxes: readonly string[]
  /** Client certificates, DER: compared as a whole, never by name. */
  readonly tls?: readonly Uint8Array[]
}

/** A caller whose possession is proven for everything but the body. */
export interface Caller {
  readonly participant: Participant
  /** @throws {HttpError} 401 when the token was made for another body */
  assertBody(body: Uint8Array): void
}

export interface PossessionOptions {
  readonly publicUrl: string
  readonly participants: readonly Participant[]
  readonly clock: Clock
  readonly tokenSkewSeconds: number
  readonly maxTokens: number
}

const MAX_TOKEN_CHARS = 8192

const claimsSchema = z.strictObject({
  iss: z.string().max(120),
  aud: z.string().max(2000),
  htm: z.string().max(20),
  htu: z.string().max(2000),
  iat: z.number(),
  jti: z.string().min(16).max(100),
  bh: z.string().length(43),
})

/** @returns a function that names the caller of a request or throws {HttpError} 401, 429. */
export function possession(options: PossessionOptions): (request: IncomingMessage) => Promise<Caller> {
  const byId = new Map(options.participants.map((participant) => [participant.id, participant]))
  const keys = trustedSenders(options.participants)
  const used = new UsedTokens(options)
  return async (request) => {
    const header = request.headers.authorization
    if (header !== undefined) return byToken(header, request, options, byId, keys, used)
    const participant = byCertificate(request, options.participants)
    if (participant === undefined) throw unknownCaller()
    return { participant, assertBody: () => undefined }
  }
}

function byCertificate(request: IncomingMessage, participants: readonly Participant[]): Participant | undefined {
  const socket = request.socket as Partial<TLSSocket>
  const der = socket.encrypted === true ? socket.getPeerCertificate?.(false)?.raw : undefined
  if (der === undefined) return undefined
  return participants.find((participant) => participant.tls?.some((own) => own.length === der.length && timingSafeEqual(own, der)))
}

async function byToken(
  header: string,
  request: IncomingMessage,
  options: PossessionOptions,
  byId: ReadonlyMap<string, Participant>,
  keys: SenderLookup,
  used: UsedTokens,
): Promise<Caller> {
  const jws = header.startsWith(TOKEN_SCHEME + ' ') ? header.slice(TOKEN_SCHEME.length + 1) : ''
  if (jws === '' || jws.length > MAX_TOKEN_CHARS) throw unknownCaller()
  const claims = await verifiedClaims(jws, keys)
  const participant = byId.get(claims.iss)
  const ageSeconds = options.clock.now().getTime() / 1000 - claims.iat
  const fits =
    claims.aud === options.publicUrl &&
    claims.htm === request.method &&
    claims.htu === request.url &&
    Math.abs(ageSeconds) <= options.tokenSkewSeconds
  if (participant === undefined || !fits) throw unknownCaller()
  used.enter(claims.iss, claims.jti)
  const assertBody = (body: Uint8Array) => {
    if (createHash('sha256').update(body).digest('base64url') !== claims.bh) throw unknownCaller()
  }
  return { participant, assertBody }
}

async function verifiedClaims(jws: string, keys: SenderLookup): Promise<z.infer<typeof claimsSchema>> {
  try {
    const { alg, kid, typ, ...others } = decodeProtectedHeader(jws)
    if (typ !== TOKEN_TYPE || typeof kid !== 'string' || Object.keys(others).length > 0) throw unknownCaller()
    const unverified = claimsSchema.parse(parsed(base64url.decode(jws.split('.')[1] ?? '')))
    const jwk = await keys(kid, unverified.iss)
    if (jwk === undefined) throw unknownCaller()
    const key = await importVerifyingKey(jwk)
    if (key.alg !== alg) throw unknownCaller()
    const { payload } = await compactVerify(jws, key.publicKey, { algorithms: [key.alg] })
    return claimsSchema.parse(parsed(payload))
  } catch (cause) {
    if (cause instanceof HttpError) throw cause
    throw unknownCaller(cause)
  }
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

/**
 * Tokens seen, in order of arrival, for as long as they could be accepted. When the table is full nobody is let in unseen: 429.
 * Twice the skew covers a token dated as far ahead as allowed; time is monotonic, so a jump of the wall clock empties nothing.
 */
class UsedTokens {
  readonly #seen = new Map<string, number>()
  readonly #options: PossessionOptions

  constructor(options: PossessionOptions) {
    this.#options = options
  }

  enter(participant: string, jti: string): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [key, untilMs] of this.#seen) {
      if (untilMs > nowMs) break
      this.#seen.delete(key)
    }
    const key = `${participant} ${jti}`
    if (this.#seen.has(key)) throw unknownCaller()
    if (this.#seen.size >= this.#options.maxTokens)
      throw new HttpError(429, 'core.too-many-calls', 'Too many calls.', { retryAfterSeconds: 5 })
    this.#seen.set(key, nowMs + 2000 * this.#options.tokenSkewSeconds + 1000)
  }
}

function unknownCaller(cause?: unknown): HttpError {
  return new HttpError(401, 'core.unknown-caller', 'The caller is not known.', cause === undefined ? {} : { cause })
}
