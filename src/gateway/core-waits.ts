// SPDX-License-Identifier: EUPL-1.2
/**
 * Long polls: how many calls may wait, and the end of those that can wait elsewhere as well when this node stops.
 *
 *   target        a mailbox, or the outcome of one envelope: few, since more than one waiting call there wins nothing
 *   participant   an online service waits for many citizens at a time, each at targets of their own
 *   node          every waiting call holds a connection
 *
 * Specs: threat model H1; docs/adr/0012-long-polls.md.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'
import { connectionEnd } from './turn.js'

export interface LongPollLimits {
  readonly maxSeconds: number
  readonly perTarget: number
  readonly perParticipant: number
  readonly total: number
}

export const LONG_POLL_LIMITS: LongPollLimits = { maxSeconds: 30, perTarget: 4, perParticipant: 256, total: 1024 }

export interface LongPoll {
  readonly participant: string
  readonly target: string
  readonly endsWithNode: boolean
}

export class LongPolls {
  readonly #limits: LongPollLimits
  readonly #counts = new Map<string, number>()
  /** Each with what ends it: true, also the end of this node. */
  readonly #waiting = new Map<AbortController, boolean>()

  constructor(limits: LongPollLimits) {
    this.#limits = limits
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Holds a place for as long as `wait` runs; its signal says that the caller has gone, or that {@link LongPolls.end} was called.
   * @param poll who waits for what, and whether {@link LongPolls.end} ends it
   * @throws {HttpError} 429 of the participant's own making, 503 the node's
   */
  async run<T>(poll: LongPoll, request: IncomingMessage, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { participant, target, endsWithNode } = poll
    const own = `${participant} ${target}`
    const { perTarget, perParticipant, total } = this.#limits
    if (this.#count(own) >= perTarget || this.#count(participant) >= perParticipant)
      throw new HttpError(429, 'core.too-many-waits', 'Too many calls are waiting.', { retryAfterSeconds: 1 })
    if (this.#waiting.size >= total)
      throw new HttpError(503, 'core.too-many-waits', 'Too many calls are waiting.', { retryAfterSeconds: 1 })
    const over = new AbortController()
    const gone = connectionEnd(request)
    const onGone = () => over.abort()
    if (gone.aborted) onGone()
    else gone.addEventListener('abort', onGone)
    this.#waiting.set(over, endsWithNode)
    for (const key of [own, participant]) this.#counts.set(key, this.#count(key) + 1)
    try {
      return await wait(over.signal)
    } finally {
      gone.removeEventListener('abort', onGone)
      this.#waiting.delete(over)
      for (const key of [own, participant]) this.#leave(key)
    }
  }

  /** This node is about to stop. */
  end(): void {
    for (const [over, endsWithNode] of this.#waiting) if (endsWithNode) over.abort()
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #leave(key: string): void {
    const left = this.#count(key) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}
