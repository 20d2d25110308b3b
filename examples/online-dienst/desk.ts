// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: what an online service does for a browser. It vouches for the browser's key, puts the sealed bytes into the core in its own name,
 * and hands back sealed answers. It holds no key that opens any of it.
 *
 *   browser ──key──► voucher ──►        browser ──sealed──► core ──► register
 *           ◄────── sealed notice, sealed result ────── core ◄──┘
 * @module
 */
import type { JWK } from 'jose'
import { httpTransport } from '../../src/client/transport.js'
import type { EnvelopeOutcome, TakenEnvelope, Transport } from '../../src/client/ports.js'
import { readHeader } from '../../src/envelope/header.js'
import { importSigningKey, publicJwkOf, type SigningKey } from '../../src/envelope/keys.js'
import { ENVELOPE_ID, REPLY_MAILBOX } from '../../src/envelope/metadata.js'
import { writeVoucher } from '../../src/envelope/voucher.js'
import { HttpError } from '../../src/errors.js'
import { MUNICIPALITY, RESIDENTS } from '../musterstadt/residents.js'

export interface DeskOptions {
  /** The online service as a participant of the core. */
  readonly portal: { readonly participant: string; readonly kennung: string; readonly name: string; readonly sign: JWK }
  /** The authority that it asks, with its public keys: one that seals (`use: enc`), one that signs. They are shown and pinned. */
  readonly authority: {
    readonly participant: string
    readonly mailbox: string
    readonly kennung: string
    readonly name: string
    readonly jwks: readonly JWK[]
  }
  readonly core: { readonly url: string; readonly audience?: string }
  /** Default 10 and 20 seconds. */
  readonly patience?: Patience
}

/** How long a request waits to be taken, and the page for the result. */
export interface Patience {
  readonly ttlSeconds: number
  readonly answerWithinSeconds: number
}

const PATIENCE: Patience = { ttlSeconds: 10, answerWithinSeconds: 20 }

/** An envelope that the core has, and where its answers come. */
export interface Put {
  readonly id: string
  readonly replyTo: string
}

export interface Desk {
  /** What the page needs to know before it can seal anything. Public. */
  about(): object
  /** @throws {HttpError} 400 */
  voucher(body: unknown): Promise<{ readonly voucher: string; readonly now: string }>
  /** @throws {HttpError} 400; {TransportError} */
  put(envelope: Uint8Array, replyTo: unknown): Promise<Put>
  take(replyTo: string, waitSeconds: number, signal: AbortSignal): Promise<TakenEnvelope | undefined>
  outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal: AbortSignal): Promise<EnvelopeOutcome | undefined>
}

const malformed = (): HttpError => new HttpError(400, 'online.malformed', 'The call is malformed.')

export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { portal, core } = options
  const key = await importSigningKey(portal.sign)
  return new OnlineDesk(
    options,
    key,
    httpTransport({ url: core.url, audience: core.audience ?? core.url, participant: portal.participant, key }),
  )
}

class OnlineDesk implements Desk {
  readonly #options: DeskOptions
  readonly #key: SigningKey
  readonly #core: Transport
  readonly #patience: Patience

  constructor(options: DeskOptions, key: SigningKey, core: Transport) {
    this.#options = options
    this.#key = key
    this.#core = core
    this.#patience = options.patience ?? PATIENCE
  }

  about(): object {
    const { participant, kennung, name } = this.#options.portal
    const { jwks, ...authority } = this.#options.authority
    return {
      portal: { participant, kennung, name },
      authority: { ...authority, jwks: jwks.map(publicJwkOf) },
      municipality: { code: MUNICIPALITY, name: 'Musterstadt' },
      residents: RESIDENTS.map(({ person }) => person),
      ...this.#patience,
    }
  }

  async voucher(body: unknown): Promise<{ voucher: string; now: string }> {
    const { jwk } = (body ?? {}) as { jwk?: JWK }
    if (typeof jwk !== 'object') throw malformed()
    const now = new Date()
    const order = { participant: this.#options.portal.participant, key: this.#key, jwk, to: this.#options.authority.mailbox, now }
    try {
      return { voucher: await writeVoucher(order), now: now.toISOString() }
    } catch {
      throw malformed()
    }
  }

  async put(envelope: Uint8Array, replyTo: unknown): Promise<Put> {
    if (typeof replyTo !== 'string' || !REPLY_MAILBOX.test(replyTo)) throw malformed()
    const header = this.#headerOf(envelope)
    // our name opens the mailbox of this authority only, and nobody's for longer than the page waits
    if (header.to !== this.#options.authority.mailbox || header.ttlSeconds > this.#patience.ttlSeconds) throw malformed()
    await this.#core.put({ ...header, replyTo, body: envelope })
    return { id: header.id, replyTo }
  }

  #headerOf(envelope: Uint8Array) {
    try {
      return readHeader(envelope)
    } catch {
      throw malformed()
    }
  }

  async take(replyTo: string, waitSeconds: number, signal: AbortSignal): Promise<TakenEnvelope | undefined> {
    if (!REPLY_MAILBOX.test(replyTo)) throw malformed()
    return this.#core.take(replyTo, waitSeconds, signal)
  }

  async outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal: AbortSignal): Promise<EnvelopeOutcome | undefined> {
    if (!ENVELOPE_ID.test(id)) throw malformed()
    return this.#core.outcome(id, waitSeconds, until, signal)
  }
}
