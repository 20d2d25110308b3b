// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads the body of a call into memory that its caller accounts for (threat model C4), for as long as it comes fast enough (H1).
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clearTimeout, setTimeout } from 'node:timers'
import { HttpError } from '../errors.js'
import { announcedBytes } from './body.js'

/** How slow a peer may be, in both directions. */
export interface TransferLimits {
  /** After `graceMs` at least this much must have passed per second; a body that comes may never be silent for so long. */
  readonly minBytesPerSecond: number
  readonly graceMs: number
}

export const TRANSFER_LIMITS: TransferLimits = { minBytesPerSecond: 16 * 1024, graceMs: 5_000 }

/**
 * Cuts the socket of a peer that has not taken a body of so many bytes in time; after `atMostMs` in any case. While this process was stopped it
 * has written nothing either: then the time begins anew.
 */
export function cutWhenSlow(response: ServerResponse, bytes: number, limits: TransferLimits, atMostMs: number): void {
  const { socket } = response
  const endMs = performance.now() + atMostMs
  let late: NodeJS.Timeout
  const arm = (): void => {
    const nowMs = performance.now()
    const dueMs = Math.min(nowMs + limits.graceMs + (bytes / limits.minBytesPerSecond) * 1000, endMs)
    late = setTimeout(() => {
      const stalled = performance.now() - dueMs >= STALLED_MS
      if (stalled && performance.now() < endMs) arm()
      else socket?.destroy()
    }, dueMs - nowMs)
  }
  arm()
  response.once('close', () => clearTimeout(late))
}

export interface BodyRules extends TransferLimits {
  readonly maxBytes: number
  /** Whose codes a refusal bears: `core.too-large`. */
  readonly codes?: 'core' | 'check' | 'http'
  /** Told the running count; what it throws ends the reading. */
  readonly grow?: (toBytes: number) => void
  /** Told once, when the body was not there after {@link SHORT_MS}. */
  readonly onSlow?: () => void
}

/** A body that takes longer than this waits for its sender, not for us. */
export const SHORT_MS = 100
const LOOK_MS = 1000
/** A look that comes so late was held up by this process, which has not read either what may lie there by now: it measures anew. */
const STALLED_MS = 250
const NOTHING = new Uint8Array(0)

/**
 * The bytes belong to the caller.
 * @throws {HttpError} 413 too large, 408 too slow, 400 the upload broke; what `grow` throws
 */
export function readBody(request: IncomingMessage, rules: BodyRules): Promise<Uint8Array> {
  const announced = announcedBytes(request)
  if (announced !== undefined && announced > rules.maxBytes) return Promise.reject(tooLarge(rules))
  if (announced === 0 || (announced === undefined && request.headers['transfer-encoding'] === undefined)) return Promise.resolve(NOTHING)
  return new Promise((resolve, reject) => new Reader(request, rules, announced, resolve, reject))
}

/** One body on its way. Events, since an iterator over the request costs more than the rest of a small call. */
class Reader {
  readonly #request: IncomingMessage
  readonly #rules: BodyRules
  readonly #announced: number | undefined
  readonly #resolve: (body: Uint8Array) => void
  readonly #reject: (error: Error) => void
  readonly #chunks: Buffer[] = []
  #beganMs = performance.now()
  #count = 0
  #heardMs = this.#beganMs
  #lookMs = 0
  #timer: NodeJS.Timeout

  constructor(
    request: IncomingMessage,
    rules: BodyRules,
    announced: number | undefined,
    resolve: (body: Uint8Array) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request
    this.#rules = rules
    this.#announced = announced
    this.#resolve = resolve
    this.#reject = reject
    request.on('data', this.#onData).once('end', this.#onEnd).once('error', this.#onBroken).once('close', this.#onBroken)
    this.#timer = setTimeout(this.#onShort, SHORT_MS)
    if (request.destroyed) this.#onBroken()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#count += chunk.length
    this.#heardMs = performance.now()
    this.#chunks.push(chunk)
    if (this.#count > this.#rules.maxBytes) return this.#fail(tooLarge(this.#rules))
    try {
      this.#rules.grow?.(this.#count)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  readonly #onEnd = (): void => {
    if (this.#announced !== undefined && this.#announced !== this.#count) return this.#onBroken()
    this.#stop()
    this.#resolve(joined(this.#chunks, this.#count))
  }

  readonly #onBroken = (): void => this.#fail(refusal(this.#rules, 400, 'upload-broken', 'The upload broke.'))

  readonly #onShort = (): void => {
    this.#rules.onSlow?.()
    this.#lookIn(Math.max(this.#rules.graceMs - SHORT_MS, 0))
  }

  #lookIn(ms: number): void {
    this.#lookMs = performance.now() + ms
    this.#timer = setTimeout(this.#onLook, ms)
  }

  readonly #onLook = (): void => {
    const nowMs = performance.now()
    if (nowMs - this.#lookMs >= STALLED_MS) {
      this.#beganMs = this.#heardMs = nowMs
      return this.#lookIn(this.#rules.graceMs)
    }
    const expected = (this.#rules.minBytesPerSecond * (nowMs - this.#beganMs)) / 1000
    if (this.#count < expected || nowMs - this.#heardMs > this.#rules.graceMs)
      this.#fail(refusal(this.#rules, 408, 'too-slow', 'The body came too slowly.'))
    else this.#lookIn(LOOK_MS)
  }

  #fail(error: Error): void {
    this.#stop()
    this.#request.pause()
    for (const chunk of this.#chunks) chunk.fill(0)
    this.#reject(error)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onBroken).off('close', this.#onBroken)
    // A request that breaks later says so by an error event, which must not go unheard.
    this.#request.on('error', ignore)
  }
}

const ignore = (): void => undefined

/**
 * A chunk that has its memory to itself is taken as it is. The rest is copied into memory of the exact size and wiped: it is a part of
 * what the socket was read into, which nobody overwrites before it is used again (C5).
 */
function joined(chunks: readonly Buffer[], count: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only?.buffer.byteLength === count) return only
  const bytes = Buffer.allocUnsafeSlow(count)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
    chunk.fill(0)
  }
  return bytes
}

function refusal({ codes = 'core' }: BodyRules, status: number, rule: string, message: string): HttpError {
  return new HttpError(status, `${codes}.${rule}`, message)
}

const tooLarge = (rules: BodyRules): HttpError => refusal(rules, 413, 'too-large', 'The body is too large.')
