// SPDX-License-Identifier: EUPL-1.2
/**
 * The calls to the online service that serves this page. What leaves here is sealed, a public key, or an address made of chance.
 * @module
 */
import type { JWK } from 'jose'
import type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, Transport } from '../../client/ports.js'
import { TransportError } from '../../client/ports.js'
import type { XPerson } from '../../xoev/xprotektor-types.js'
import { Told } from './told.js'

const ENVELOPE = 'application/vnd.protektor.envelope'

export interface Authority {
  readonly participant: string
  readonly mailbox: string
  readonly kennung: string
  readonly name: string
  /** One seals (`use: enc`), one signs. Believed only as far as the pinned fingerprint goes. */
  readonly jwks: readonly JWK[]
}

export interface About {
  readonly portal: { readonly participant: string; readonly kennung: string; readonly name: string }
  readonly authority: Authority
  readonly municipality: { readonly code: string; readonly name: string }
  /** Invented persons that the demo's register knows. */
  readonly residents: readonly XPerson[]
  readonly ttlSeconds: number
  readonly answerWithinSeconds: number
}

/** Told what goes on below the calls. */
export interface Watch {
  /** The envelope is complete and about to leave. */
  sealed(): void
  /** Whether the online service and the core could be reached, at the latest call. */
  reached(yes: boolean): void
}

const urlOf = (path: string): URL => new URL(`api/${path}`, document.baseURI)

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(urlOf(path), { cache: 'no-store', credentials: 'omit', redirect: 'error', ...init })
  } catch (cause) {
    throw new TransportError('online.no-answer', 'The online service did not answer.', { cause })
  }
}

/** `online.core-away` proves that nothing went on; `online.core-broken` proves nothing. */
async function refusal(response: Response): Promise<TransportError> {
  const { code } = (await response.json().catch(() => ({}))) as { code?: unknown }
  const finding = typeof code === 'string' ? code : 'online.refused'
  const unclear = finding === 'online.core-away' || finding === 'online.core-broken'
  return new TransportError(finding, `The online service answered ${response.status}.`, {
    nothingSent: finding === 'online.core-away',
    ...(unclear ? {} : { status: response.status }),
  })
}

/** @throws {TransportError} */
export async function about(): Promise<About> {
  const response = await call('about')
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as About
}

/** A voucher for the session's public key, and the online service's time. @throws {TransportError} */
export async function askVoucher(jwk: JWK): Promise<{ readonly voucher: string; readonly now: string }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jwk }) }
  const response = await call('vouchers', init)
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as { voucher: string; now: string }
}

/**
 * The core as the online service passes it on, for one request.
 * @param tellSeconds how long the answer to the put goes on telling what becomes of it; afterwards, or when it breaks off, calls ask
 */
export function portalTransport(watch: Watch, tellSeconds: number): Transport {
  return new PortalTransport(watch, tellSeconds)
}

class PortalTransport implements Transport {
  readonly #watch: Watch
  readonly #tellSeconds: number
  #told: Told | undefined

  constructor(watch: Watch, tellSeconds: number) {
    this.#watch = watch
    this.#tellSeconds = tellSeconds
  }

  async put({ replyTo = '', body }: OutgoingEnvelope): Promise<void> {
    this.#watch.sealed()
    const init = { method: 'POST', headers: { 'content-type': ENVELOPE }, body: new Uint8Array(body) }
    const response = await this.#call(`envelopes?replyTo=${replyTo}&waitSeconds=${this.#tellSeconds}`, init)
    await this.#answer(response, [200])
    if (response.body) this.#told = new Told(response.body)
  }

  async take(mailbox: string, waitSeconds: number, signal?: AbortSignal): Promise<TakenEnvelope | undefined> {
    const told = this.#listen(signal)
    if (told?.replies.isRead === false) return told.replies.next()
    const response = await this.#call(`replies/${mailbox}?waitSeconds=${waitSeconds}`, { method: 'POST' }, signal)
    await this.#answer(response, [200, 204])
    if (response.status === 204) return undefined
    const id = response.headers.get('protektor-envelope-id') ?? ''
    return { id, body: new Uint8Array(await response.arrayBuffer()), remainingMs: 0 }
  }

  async outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal?: AbortSignal): Promise<EnvelopeOutcome | undefined> {
    const told = this.#listen(signal)
    if (waitSeconds > 0 && told?.records.isRead === false) return told.records.next()
    const response = await this.#call(`envelopes/${id}?waitSeconds=${waitSeconds}&until=${until}`, {}, signal)
    await this.#answer(response, [200, 404])
    return response.status === 404 ? undefined : ((await response.json()) as EnvelopeOutcome)
  }

  confirm(): Promise<void> {
    throw new TransportError('online.no-lease', 'Reply mailboxes have no leases.')
  }

  refuse(): Promise<void> {
    return this.confirm()
  }

  giveBack(): Promise<void> {
    return this.confirm()
  }

  withdraw(): Promise<boolean> {
    throw new TransportError('online.no-withdrawal', 'The online service takes nothing back.')
  }

  /** What is being told, for as long as somebody waits for it. */
  #listen(signal?: AbortSignal): Told | undefined {
    const told = this.#told
    signal?.addEventListener('abort', () => told?.close(), { once: true })
    return told
  }

  /** With `signal` a wait ends when nobody needs it any more: a browser has few connections to one place. */
  async #call(path: string, init: RequestInit = {}, signal?: AbortSignal): Promise<Response> {
    try {
      return await call(path, signal === undefined ? init : { ...init, signal })
    } catch (error) {
      if (signal?.aborted !== true) this.#watch.reached(false)
      throw error
    }
  }

  async #answer(response: Response, expected: readonly number[]): Promise<void> {
    const refused = expected.includes(response.status) ? undefined : await refusal(response)
    this.#watch.reached(refused === undefined || !refused.transient)
    if (refused) throw refused
  }
}
