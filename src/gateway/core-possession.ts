// SPDX-License-Identifier: EUPL-1.2
/**
 * Who calls the core API, and the proof: a client certificate that the TLS layer saw, or a signed token for exactly this call.
 * Every failure looks alike; the caller learns only that he is not known.
 * Specs: product.md, Decisions, "possession"; threat model C2; [RFC 8725].
 * @module
 */
import { hash, timingSafeEqual, X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { JWK } from 'jose'
import { z } from 'zod'
import { TOKEN_SCHEME } from '../client/token.js'
import type { Once } from '../core/ports.js'
import type { Clock } from '../env.js'
import { HttpError } from '../errors.js'
import { tokenVerifier } from './core-token.js'
import { isOfForeignPage } from './foreign-page.js'

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
  /** Tokens seen; shared by all nodes that share a core. */
  readonly once: Once
}

export type Possession = (request: IncomingMessage) => Promise<Caller>

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
export function possession(options: PossessionOptions): Possession {
  const byToken = tokenPossession(options)
  const byCertificate = certificatePossession(options)
  return async (request) => {
    const header = request.headers.authorization
    const caller = header === undefined ? byCertificate(request) : await byToken(header, request)
    if (caller === undefined) throw unknownCaller()
    return caller
  }
}

interface Pinned {
  readonly der: Uint8Array
  readonly validFromMs: number
  readonly validToMs: number
  readonly caller: Caller
}

/**
 * The TLS layer checked that the caller holds the key of the certificate; whose it is, and whether it holds today, is decided here. A
 * connection keeps its certificate for life (the server refuses renegotiation), so the table is searched once per connection.
 */
function certificatePossession({ participants, clock }: PossessionOptions): (request: IncomingMessage) => Caller | undefined {
  const pins = participants.flatMap((participant) =>
    (participant.tls ?? []).map((der): Pinned => {
      const { validFrom, validTo } = new X509Certificate(der)
      return {
        der,
        validFromMs: Date.parse(validFrom),
        validToMs: Date.parse(validTo),
        caller: { participant, assertBody: () => undefined },
      }
    }),
  )
  const known = new WeakMap<object, Pinned | 'nobody'>()
  const look = (socket: Partial<TLSSocket>): Pinned | 'nobody' => {
    const der = socket.encrypted === true ? socket.getPeerX509Certificate?.()?.raw : undefined
    if (der === undefined) return 'nobody'
    return pins.find((pin) => pin.der.length === der.length && timingSafeEqual(pin.der, der)) ?? 'nobody'
  }
  return ({ socket, headers }) => {
    // the certificate would be the user's, the call is not: a take is at most once, whoever reads the answer
    if (isOfForeignPage(headers)) return undefined
    const pin = known.get(socket) ?? look(socket as Partial<TLSSocket>)
    known.set(socket, pin)
    if (pin === 'nobody') return undefined
    const nowMs = clock.now().getTime()
    return pin.validFromMs <= nowMs && nowMs <= pin.validToMs ? pin.caller : undefined
  }
}

function tokenPossession(options: PossessionOptions): (header: string, request: IncomingMessage) => Promise<Caller | undefined> {
  const { publicUrl, participants, clock, tokenSkewSeconds, once } = options
  const byId = new Map(participants.map((participant) => [participant.id, participant]))
  const verifier = tokenVerifier(participants)
  // Twice the skew covers a token dated as far ahead as allowed.
  const rememberMs = 2000 * tokenSkewSeconds + 1000
  // in any case of letters [RFC 9110 §11.1]
  const prefix = new RegExp(`^${TOKEN_SCHEME} `, 'i')
  return async (header, request) => {
    const payload = prefix.test(header) ? (await verifier)(header.slice(TOKEN_SCHEME.length + 1)) : undefined
    const { data: claims } = claimsSchema.safeParse(payload)
    const participant = claims && byId.get(claims.iss)
    if (claims === undefined || participant === undefined) return undefined
    const ageSeconds = clock.now().getTime() / 1000 - claims.iat
    const fits =
      claims.aud === publicUrl && claims.htm === request.method && claims.htu === request.url && Math.abs(ageSeconds) <= tokenSkewSeconds
    if (!fits) return undefined
    const used = await once.enter(`${claims.iss} ${claims.jti}`, rememberMs, claims.iss)
    if (used === 'full') throw new HttpError(429, 'core.too-many-calls', 'Too many calls.', { retryAfterSeconds: 5 })
    if (used === 'seen') return undefined
    const assertBody = (body: Uint8Array) => {
      if (hash('sha256', body, 'base64url') !== claims.bh) throw unknownCaller()
    }
    return { participant, assertBody }
  }
}

function unknownCaller(): HttpError {
  return new HttpError(401, 'core.unknown-caller', 'The caller is not known.')
}
