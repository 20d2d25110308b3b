// SPDX-License-Identifier: EUPL-1.2
/**
 * OSCI over HTTP: one POST, one answer. The only file of the OSCI client that touches network and timers.
 *
 *   connecting ──error──► not-sent        the peer cannot have seen the request
 *   connected  ──error──► no-answer       it may have seen it, and may have acted on it
 *   answered, any status ──► status, Content-Type, body
 *
 * `node:http` and not `fetch`: less work per call, and it tells when the connection stood. Nothing is ever repeated.
 * Specs: osci-1.2 §7.7; osci-in-the-field §3 rows 7, 22, 28, 37.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from 'node:https'
import type { Socket } from 'node:net'
import { TLS_CIPHERS } from '../../env.js'
import { OsciCallError, type OsciHttp } from './ports.js'

export interface OsciHttpOptions {
  /** Until the connection stands, TLS included. Default 10 s. */
  readonly connectTimeoutMs?: number
  /** A connection that rests this long is closed. Below what servers grant (5 s and more), so that we seldom meet a closing one. */
  readonly idleTimeoutMs?: number
  /** Roots, client certificate and the like for https. */
  readonly tls?: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'minVersion' | 'checkServerIdentity'>
}

/** An {@link OsciHttp} with connections of its own. */
export interface OsciHttpConnections extends OsciHttp {
  /** Closes resting connections; a running call ends as `no-answer`. */
  close(): void
}

const CONNECT_TIMEOUT_MS = 10_000
const IDLE_TIMEOUT_MS = 4_000
/** What `setTimeout` can count (osci-in-the-field §3 row 22). */
const MAX_TIMEOUT_MS = 0x7fffffff

type Post = Parameters<OsciHttp['post']>[2]

/** Keeps connections open between calls. */
export function osciHttp(options: OsciHttpOptions = {}): OsciHttpConnections {
  const agentOptions = { keepAlive: true, noDelay: true, timeout: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS }
  const http = new HttpAgent(agentOptions)
  const https = new HttpsAgent({ ...agentOptions, ciphers: TLS_CIPHERS, ...options.tls })
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  return {
    post(url, body, post) {
      return new Promise((resolve, reject) => {
        const target = targetOf(url)
        assertTimeout(post.timeoutMs)
        if (post.signal?.aborted === true) throw notSent('client.aborted', 'The call was given up before it began.', post.signal.reason)
        const requestOptions: RequestOptions = {
          method: 'POST',
          headers: headersFor(body, post.contentType),
          agent: target.protocol === 'https:' ? https : http,
        }
        const request = target.protocol === 'https:' ? httpsRequest(target, requestOptions) : httpRequest(target, requestOptions)
        new Call(request, post, connectTimeoutMs, resolve, reject).start(body)
      })
    },
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

/** Parsed as the connector parses it; credentials in a URL would travel and be logged (osci-in-the-field §3 row 28). */
function targetOf(text: string): URL {
  if (!URL.canParse(text)) throw notSent('client.url', 'The address of the peer is no URL.')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw notSent('client.url', 'OSCI goes over http and https only.')
  if (url.username !== '' || url.password !== '') throw notSent('client.url', 'The address of the peer must not hold credentials.')
  return url
}

function assertTimeout(timeoutMs: number): void {
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS))
    throw notSent('client.timeout', 'The time limit of a call must be positive and finite.')
}

const headersFor = (body: Uint8Array, contentType = 'text/xml; charset=UTF-8') => ({
  'Content-Type': contentType,
  'Content-Length': body.byteLength,
  SOAPAction: '""',
  'Accept-Encoding': 'identity',
})

const notSent = (finding: string, message: string, cause?: unknown): OsciCallError =>
  new OsciCallError('not-sent', finding, message, cause === undefined ? {} : { cause })

type Answer = Awaited<ReturnType<OsciHttp['post']>>

/** One call from the first packet to the last. Ends exactly once; whatever comes later is dropped with the connection. */
class Call {
  readonly #request: ClientRequest
  readonly #post: Post
  readonly #connectTimeoutMs: number
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: OsciCallError) => void
  #connected = false
  #over = false
  #connectTimer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  readonly #onAbort = (): void => this.#fail('client.aborted', 'The call was given up.', this.#post.signal?.reason)

  constructor(
    request: ClientRequest,
    post: Post,
    connectTimeoutMs: number,
    resolve: (answer: Answer) => void,
    reject: (error: OsciCallError) => void,
  ) {
    this.#request = request
    this.#post = post
    this.#connectTimeoutMs = connectTimeoutMs
    this.#resolve = resolve
    this.#reject = reject
  }

  start(body: Uint8Array): void {
    const { timeoutMs, signal } = this.#post
    this.#deadline = setTimeout(() => this.#fail('client.timeout', 'The peer did not answer in time.'), timeoutMs)
    this.#connectTimer = setTimeout(
      () => this.#fail('client.connect-timeout', 'No connection to the peer in time.'),
      Math.min(this.#connectTimeoutMs, timeoutMs),
    )
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#request.once('socket', (socket) => this.#watch(socket))
    this.#request.once('response', (response) => this.#read(response))
    this.#request.on('error', (cause) => this.#fail('client.connection', 'The connection to the peer failed.', cause))
    this.#request.end(body)
  }

  /** A kept connection stands already; a fresh one stands once its handshake is over: only then does the request leave. */
  #watch(socket: Socket): void {
    const stands = (): void => {
      this.#connected = true
      clearTimeout(this.#connectTimer)
    }
    if (!socket.connecting && this.#request.reusedSocket) return stands()
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stands)
  }

  #read(response: IncomingMessage): void {
    const announced = Number(response.headers['content-length'] ?? 0)
    if (announced > this.#post.maxBytes) return this.#failTooLarge(response)
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes > this.#post.maxBytes) return this.#failTooLarge(response)
      chunks.push(chunk)
    })
    response.once('error', (cause) => this.#fail('client.answer-broken-off', 'The answer of the peer broke off.', cause))
    response.once('end', () => {
      if (!response.complete) return this.#fail('client.answer-broken-off', 'The answer of the peer broke off.')
      if (!this.#end()) return
      const [only] = chunks
      this.#resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        body: only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, bytes),
      })
    })
  }

  #failTooLarge(response: IncomingMessage): void {
    if (!this.#end()) return
    this.#request.destroy()
    this.#reject(
      new OsciCallError('answered-wrongly', 'client.answer-too-large', `The answer is larger than ${this.#post.maxBytes} bytes.`, {
        ...(response.statusCode === undefined ? {} : { httpStatus: response.statusCode }),
      }),
    )
  }

  #fail(finding: string, message: string, cause?: unknown): void {
    if (!this.#end()) return
    this.#request.destroy()
    const stage = this.#connected ? 'no-answer' : 'not-sent'
    this.#reject(new OsciCallError(stage, finding, message, cause === undefined ? {} : { cause }))
  }

  /** @returns false when the call is over already. */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#connectTimer)
    this.#post.signal?.removeEventListener('abort', this.#onAbort)
    return true
  }
}
