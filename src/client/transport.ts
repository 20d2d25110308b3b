// SPDX-License-Identifier: EUPL-1.2
/**
 * The core API over `fetch`. The only file of the client that touches network, clock and chance.
 * @module
 */
import { webcrypto } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../env.js'
import type { SigningKey } from '../envelope/keys.js'
import type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, TakeWish, Transport } from './ports.js'
import { TransportError } from './ports.js'
import { authorization } from './token.js'

const MEDIA_TYPE = 'application/vnd.protektor.envelope'
const MAX_ENVELOPE_BYTES = 33 * 1024 * 1024
/** Hand-overs under way of which the node is remembered. */
const MAX_HOMES = 10_000
/** Codes of errors that happen before a connection stands. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() }

export function systemRandom(bytes: number): Uint8Array {
  return webcrypto.getRandomValues(new Uint8Array(bytes))
}

/** Ends early, without an error, when `signal` is aborted. */
export async function systemSleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}

export interface HttpTransportOptions {
  /** Base URL of the core, e.g. `http://127.0.0.1:8080`; several: its nodes, the next one is asked when one is away or about to stop. */
  readonly url: string | readonly [string, ...string[]]
  /** The core's `publicUrl` when it is reached under another one. Default: the URL of the node that is asked. */
  readonly audience?: string
  readonly participant: string
  readonly key: SigningKey
  readonly clock?: Clock
  readonly random?: (bytes: number) => Uint8Array
  readonly fetch?: typeof fetch
}

export function httpTransport(options: HttpTransportOptions): Transport {
  return new HttpTransport(options)
}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Uint8Array
  readonly mediaType?: string
  readonly signal?: AbortSignal | undefined
}

interface Answer {
  readonly response: Response
  /** The node that gave it. */
  readonly index: number
}

class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions
  readonly #nodes: readonly string[]
  /** Nodes that handed out what is to be confirmed: they know of it first. */
  readonly #homes = new Map<string, number>()
  #current = 0

  constructor(options: HttpTransportOptions) {
    this.#options = options
    this.#nodes = typeof options.url === 'string' ? [options.url] : options.url
  }

  async put(envelope: OutgoingEnvelope): Promise<void> {
    const query = envelope.replyTo === undefined ? '' : `?replyTo=${envelope.replyTo}`
    const path = `/core/v1/mailboxes/${envelope.to}/envelopes${query}`
    await this.#call({ method: 'POST', path, body: envelope.body, mediaType: MEDIA_TYPE }, [201])
  }

  async take(mailbox: string, waitSeconds: number, signal?: AbortSignal, wish: TakeWish = {}): Promise<TakenEnvelope | undefined> {
    const asked = Object.entries({ waitSeconds, ...wish }).map(([name, value]) => `${name}=${value}`)
    const path = `/core/v1/mailboxes/${mailbox}/take?${asked.join('&')}`
    const { response, index } = await this.#call({ method: 'POST', path, signal }, [200, 204])
    if (response.status === 204) return undefined
    const { headers } = response
    const announced = Number(headers.get('content-length') ?? 0)
    if (announced > MAX_ENVELOPE_BYTES) throw new TransportError('client.too-large', 'The core sent too much.')
    const body = await this.#read(response)
    const id = headers.get('protektor-envelope-id') ?? ''
    const leaseMs = headers.get('protektor-lease-ms')
    const sender = headers.get('protektor-sender')
    const replyTo = headers.get('protektor-reply-to')
    if (leaseMs !== null || wish.confirm === true) this.#remember(id, index)
    return {
      id,
      body,
      remainingMs: Number(headers.get('protektor-remaining-ms') ?? 0),
      ...(leaseMs === null ? {} : { leaseMs: Number(leaseMs) }),
      ...(sender === null ? {} : { sender }),
      ...(replyTo === null ? {} : { replyTo }),
    }
  }

  async confirm(id: string): Promise<void> {
    await this.#end(id, 'confirm')
  }

  async refuse(id: string, code: string): Promise<void> {
    await this.#end(id, 'refuse', { body: new TextEncoder().encode(JSON.stringify({ code })), mediaType: 'application/json' })
  }

  async giveBack(id: string): Promise<void> {
    await this.#end(id, 'return')
  }

  async withdraw(id: string): Promise<boolean> {
    const { response } = await this.#call({ method: 'POST', path: `/core/v1/envelopes/${id}/withdraw` }, [204, 404, 409])
    return response.status === 204
  }

  async outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal?: AbortSignal): Promise<EnvelopeOutcome | undefined> {
    const path = `/core/v1/envelopes/${id}/outcome?waitSeconds=${waitSeconds}&until=${until}`
    const { response } = await this.#call({ method: 'GET', path, signal }, [200, 404])
    if (response.status === 404) return undefined
    return JSON.parse(new TextDecoder().decode(await this.#read(response))) as EnvelopeOutcome
  }

  async #end(id: string, how: string, more: Pick<Request, 'body' | 'mediaType'> = {}): Promise<void> {
    await this.#call({ method: 'POST', path: `/core/v1/envelopes/${id}/${how}`, ...more }, [204], this.#homes.get(id))
    this.#homes.delete(id)
  }

  #remember(id: string, index: number): void {
    this.#homes.set(id, index)
    if (this.#homes.size <= MAX_HOMES) return
    for (const oldest of this.#homes.keys()) {
      this.#homes.delete(oldest)
      return
    }
  }

  /** Asks one node after the other, and goes on to the next only where nothing was done: what is put is never put twice. */
  async #call(request: Request, expected: readonly number[], first = this.#current): Promise<Answer> {
    for (let tried = 1; ; tried += 1) {
      const index = (first + tried - 1) % this.#nodes.length
      try {
        const response = await this.#ask(this.#nodes[index] ?? '', request, expected)
        this.#current = index
        return { response, index }
      } catch (error) {
        if (!(error instanceof TransportError) || !error.nothingDone || tried >= this.#nodes.length) throw error
      }
    }
  }

  async #ask(node: string, request: Request, expected: readonly number[]): Promise<Response> {
    const base = new URL(node)
    const url = new URL(base.pathname.replace(/\/$/, '') + request.path, base)
    const body = request.body ?? new Uint8Array(0)
    const issuer = {
      participant: this.#options.participant,
      key: this.#options.key,
      audience: this.#options.audience ?? node,
      now: () => (this.#options.clock ?? systemClock).now(),
      random: this.#options.random ?? systemRandom,
    }
    const headers: Record<string, string> = {
      authorization: await authorization(issuer, { method: request.method, pathAndQuery: url.pathname + url.search, body }),
      ...(request.mediaType === undefined ? {} : { 'content-type': request.mediaType }),
    }
    let response: Response
    try {
      response = await (this.#options.fetch ?? fetch)(url, {
        method: request.method,
        headers,
        redirect: 'error',
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
    } catch (cause) {
      throw new TransportError('client.no-answer', 'The core did not answer.', { cause, nothingSent: notConnected(cause) })
    }
    if (expected.includes(response.status)) {
      // an answer without content would keep its connection until it is collected
      if (response.status !== 200) await response.body?.cancel()
      return response
    }
    throw await refusal(response)
  }

  async #read(response: Response): Promise<Uint8Array> {
    try {
      return new Uint8Array(await response.arrayBuffer())
    } catch (cause) {
      throw new TransportError('client.broken-answer', 'The answer of the core broke.', { cause })
    }
  }
}

function notConnected(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  const errors = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause]
  return errors.length > 0 && errors.every((one) => one instanceof Error && 'code' in one && NOT_CONNECTED.has(String(one.code)))
}

async function refusal(response: Response): Promise<TransportError> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; title?: unknown }
  const retryAfter = Number(response.headers.get('retry-after') ?? NaN)
  return new TransportError(
    typeof problem.code === 'string' ? problem.code : 'client.refused',
    typeof problem.title === 'string' ? problem.title : `The core answered ${response.status}.`,
    { status: response.status, nothingSent: false, ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}) },
  )
}
