// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be used once, shared by all nodes of a core. Bounded: when the table is full, nothing is let in unseen.
 *
 * A server that was lost takes its table along. Each node therefore teaches the next one what it has let in itself and what still counts.
 * @module
 */
import type { Clock } from '../../env.js'
import { CoreError } from '../errors.js'
import type { Once } from '../ports.js'
import { text, type Calls, type Places } from './redis-calls.js'

/** In all partitions together, and at each node. */
export const MAX_ONCE = 500_000

export class RedisOnce implements Once {
  readonly #calls: Calls
  readonly #places: Places
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Let in here, and until when that counts. */
  readonly #own = new Map<string, number>()

  constructor(calls: Calls, places: Places, clock: Pick<Clock, 'monotonicMs'>) {
    this.#calls = calls
    this.#places = places
    this.#clock = clock
  }

  async enter(key: string, forMs: number): Promise<'new' | 'seen' | 'full'> {
    const nowMs = this.#clock.monotonicMs()
    for (const [old, untilMs] of this.#own) {
      if (untilMs > nowMs) break
      this.#own.delete(old)
    }
    if ((this.#own.get(key) ?? 0) > nowMs) return 'seen'
    if (this.#own.size >= MAX_ONCE) return 'full'
    this.#own.delete(key)
    this.#own.set(key, nowMs + forMs)
    try {
      return text((await this.#enter(key, forMs))[0]) as 'new' | 'seen' | 'full'
    } catch (error) {
      if (error instanceof CoreError && error.kind === 'full') return 'full'
      throw error
    }
  }

  /** To a server that may know nothing. */
  async teach(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const left = [...this.#own].filter(([, untilMs]) => untilMs > nowMs)
    await Promise.all(left.map(([key, untilMs]) => this.#enter(key, Math.ceil(untilMs - nowMs))))
  }

  #enter(key: string, forMs: number): Promise<readonly unknown[]> {
    return this.#calls.run('once', this.#places.tagOf(key), [key, forMs])
  }
}
