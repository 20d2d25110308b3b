// SPDX-License-Identifier: EUPL-1.2
/**
 * Long polls: how many calls may wait, and their common end when this node stops.
 *
 *   target        a mailbox, or the outcome of one envelope: few, since more than one waiting call there wins nothing
 *   participant   an online service waits for many citizens at a time, each at targets of their own
 *   node          every waiting call holds a connection
 *
 * Specs: threat model H1; docs/adr/0012-long-polls.md.
 * @module
 */
import type { ServerResponse } from 'node:http'
import { HttpError } from '../errors.js'

export interface LongPollLimits {
  readonly maxSeconds: number
  readonly perTarget: number
  readonly perParticipant: number
  readonly total: number
}

export const LONG_POLL_LIMITS: LongPollLimits = { maxSeconds: 30, perTarget: 4, perParticipant: 256, total: 1024 }

export class LongPolls {
  readonly #limits: LongPollLimits
  readonly #counts = new Map<string, number>()
  readonly #waiting = new Set<AbortController>()
  #ended = false

  constructor(limits: LongPollLimits) {
    this.#limits = limits
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Nobody waits here any more. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Holds a place for as long as `wait` runs; its signal says that the caller has gone, or that this node is about to stop.
   * @throws {HttpError} 429 of the participant's own making, 503 the node's
   */
  async run<T>(participant: string, target: string, response: ServerResponse, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const own = `${participant} ${target}`
    const { perTarget, perParticipant, total } = this.#limits
    if (this.#count(own) >= perTarget || this.#count(participant) >= perParticipant)
      throw new HttpError(429, 'core.too-many-waits', 'Too many calls are waiting.', { retryAfterSeconds: 1 })
    if (this.#waiting.size >= total)
      throw new HttpError(503, 'core.too-many-waits', 'Too many calls are waiting.', { retryAfterSeconds: 1 })
    const over = new AbortController()
    const onClose = () => over.abort()
    response.once('close', onClose)
    this.#waiting.add(over)
    for (const key of [own, participant]) this.#counts.set(key, this.#count(key) + 1)
    try {
      return await wait(over.signal)
    } finally {
      response.off('close', onClose)
      this.#waiting.delete(over)
      for (const key of [own, participant]) this.#leave(key)
    }
  }

  /** Ends all waits, for good. */
  end(): void {
    this.#ended = true
    for (const over of this.#waiting) over.abort()
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
