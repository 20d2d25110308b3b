// SPDX-License-Identifier: EUPL-1.2
/**
 * The core API over HTTP. The only file of the client that touches network, clock and chance.
 *
 * `node:http` and not `fetch`: a third of the work per call, and its errors tell whether a connection stood.
 * @module
 */
import { webcrypto } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { TLS_CIPHERS, type Clock } from '../env.js'
import type { SigningKey } from '../envelope/keys.js'
import type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, TakeWish, Transport } from './ports.js'
import { TransportError } from './ports.js'
import { authorization } from './token.js'

const MEDIA_TYPE = 'application/vnd.protektor.envelope'
const MAX_ENVELOPE_BYTES = 33 * 1024 * 1024
/** Hand-overs under way of which the node is remembered. */
const MAX_HOMES = 10_000
/** Codes of errors that happen before a connection stands. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])
/** A core that says nothing for so long, beyond what it was asked to wait, says nothing any more. */
const SILENCE_MS = 30_000
/** Connections rest below what the gateway grants (5 s), so that we seldom meet a closing one. */
const AGENT = { keepAlive: true, noDelay: true, timeout: 4000 } as const

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
  readonly tls?: TlsOptions
  readonly clock?: Clock
  readonly random?: (bytes: number) => Uint8Array
  /** A call on whose connection nothing moves for so long, beyond what the core is asked to wait, has failed. Default 30 s. */
  readonly silenceMs?: number
}

/** Roots of the core's own, and a certificate for mutual TLS. */
export type TlsOptions = Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'minVersion'>

export function httpTransport(options: HttpTransportOptions): Transport {
  return new HttpTransport(options)
}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Uint8Array
  readonly mediaType?: string
  readonly signal?: AbortSignal | undefined
  /** So long the core may be silent because it was asked to. */
  readonly waitSeconds?: number
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

interface Answer extends Reply {
  /** The node that gave it. */
  readonly index: number
}

class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions
  readonly #nodes: readonly string[]
  /** Nodes that handed out what is to be confirmed: they know of it first. */
  readonly #homes = new Map<string, number>()
  readonly #http = new HttpAgent(AGENT)
  readonly #https: HttpsAgent
  #current = 0

  constructor(options: HttpTransportOptions) {
    this.#options = options
    this.#https = new HttpsAgent({ ...AGENT, ciphers: TLS_CIPHERS, ...options.tls })
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
    const { status, headers, body, index } = await this.#call({ method: 'POST', path, signal, waitSeconds }, [200, 204])
    if (status === 204) return undefined
    const value = (name: string): string | undefined => headers[`protektor-${name}`]?.toString()
    const [id, leaseMs, sender, replyTo] = ['envelope-id', 'lease-ms', 'sender', 'reply-to'].map(value)
    if (id === undefined) throw notACore()
    if (leaseMs !== undefined || wish.confirm === true) this.#remember(id, index)
    return {
      id,
      body,
      remainingMs: Number(value('remaining-ms') ?? 0),
      ...(leaseMs === undefined ? {} : { leaseMs: Number(leaseMs) }),
      ...(sender === undefined ? {} : { sender }),
      ...(replyTo === undefined ? {} : { replyTo }),
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
    const { status } = await this.#call({ method: 'POST', path: `/core/v1/envelopes/${id}/withdraw` }, [204, 404, 409])
    return status === 204
  }

  async outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal?: AbortSignal): Promise<EnvelopeOutcome | undefined> {
    const path = `/core/v1/envelopes/${id}/outcome?waitSeconds=${waitSeconds}&until=${until}`
    const { status, body } = await this.#call({ method: 'GET', path, signal, waitSeconds }, [200, 404])
    return status === 404 ? undefined : recordIn(body)
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
        const reply = await this.#ask(this.#nodes[index] ?? '', request, expected)
        this.#current = index
        return { ...reply, index }
      } catch (error) {
        if (!(error instanceof TransportError) || !error.nothingDone || tried >= this.#nodes.length) throw error
      }
    }
  }

  async #ask(node: string, request: Request, expected: readonly number[]): Promise<Reply> {
    const base = new URL(node)
    const url = new URL(base.pathname.replace(/\/$/, '') + request.path, base)
    const body = request.body ?? new Uint8Array(0)
    const issuer = {
      participant: this.#options.participant,
      key: this.#options.key,
      // a publicUrl has no path
      audience: this.#options.audience ?? node.replace(/\/+$/, ''),
      now: () => (this.#options.clock ?? systemClock).now(),
      random: this.#options.random ?? systemRandom,
    }
    const headers: Record<string, string> = {
      authorization: await authorization(issuer, { method: request.method, pathAndQuery: url.pathname + url.search, body }),
      ...(request.mediaType === undefined ? {} : { 'content-type': request.mediaType }),
    }
    const reply = await this.#exchange(url, headers, request)
    if (expected.includes(reply.status)) return reply
    throw refusal(reply)
  }

  #exchange(url: URL, headers: Readonly<Record<string, string>>, { method, body, signal, waitSeconds = 0 }: Request): Promise<Reply> {
    const [send, agent] = url.protocol === 'https:' ? ([httpsRequest, this.#https] as const) : ([httpRequest, this.#http] as const)
    const how = { method, headers: { ...headers, 'content-length': body?.length ?? 0 }, agent, ...(signal ? { signal } : {}) }
    const timeout = waitSeconds * 1000 + (this.#options.silenceMs ?? SILENCE_MS)
    return new Promise((resolve, reject) => {
      const call = send(url, { ...how, timeout })
      let neverStood = false
      let shaking = false
      // until the other side has proven who it is, nothing of the call is sent
      call.once('socket', (socket) => {
        shaking = socket instanceof TLSSocket && !call.reusedSocket
        // a connection that is kept has long done so, and would only gather listeners
        if (shaking) socket.once('secureConnect', () => (shaking = false))
      })
      call.once('timeout', () => {
        neverStood = call.socket?.connecting === true
        call.destroy(new Error('Nothing moved on the connection.'))
      })
      call.once('response', (response) => resolve(readReply(response)))
      const fail = (cause?: unknown): void => {
        const nothingSent = neverStood || shaking || notConnected(cause)
        reject(new TransportError('client.no-answer', 'The core did not answer.', { cause, nothingSent }))
      }
      call.on('error', fail)
      // an answer that wants to speak another protocol (101) ends the connection without an error
      call.once('close', fail)
      call.end(body)
    })
  }
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > MAX_ENVELOPE_BYTES) throw new TransportError('client.too-large', 'The core sent too much.')
      pieces.push(piece)
    }
  } catch (cause) {
    throw cause instanceof TransportError ? cause : new TransportError('client.broken-answer', 'The answer of the core broke.', { cause })
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces, bytes) }
}

/** Somebody else answered in the place of a core. */
const notACore = (): TransportError => new TransportError('client.broken-answer', 'The answer of the core is none.')

/** @throws {TransportError} it is none. */
function recordIn(body: Uint8Array): EnvelopeOutcome {
  try {
    const record = JSON.parse(new TextDecoder().decode(body)) as EnvelopeOutcome | null
    if (typeof record?.outcome === 'string') return record
  } catch {
    // no JSON
  }
  throw notACore()
}

function notConnected(error: unknown): boolean {
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  return errors.length > 0 && errors.every((one) => one instanceof Error && 'code' in one && NOT_CONNECTED.has(String(one.code)))
}

function refusal({ status, headers, body }: Reply): TransportError {
  const { code, title, detail = title } = problemOf(body)
  const retryAfter = Number(headers['retry-after'] ?? NaN)
  return new TransportError(
    typeof code === 'string' ? code : 'client.refused',
    typeof detail === 'string' ? detail : `The core answered ${status}.`,
    { status, nothingSent: false, ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}) },
  )
}

function problemOf(body: Uint8Array): { readonly code?: unknown; readonly title?: unknown; readonly detail?: unknown } {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) ?? {}) as object
  } catch {
    return {}
  }
}
