// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be used once, shared by all nodes of a core. Bounded: when the table is full, or its owner's share of it, nothing is let in unseen.
 *
 * A server that was lost takes its table along. Each node therefore teaches the next one what it has let in itself and what still counts.
 * @module
 */
import type { Clock } from '../../env.js'
import type { Entered, Once } from '../ports.js'
import { ONCE_LIMITS, OnceTable, type OnceLimits } from './memory-once.js'
import { text, type Calls, type Places } from './redis-calls.js'

/** Of each partition, so that all together hold what one node may. */
export const onceLimits = (partitions: number): OnceLimits => ({
  maxKeys: Math.ceil(ONCE_LIMITS.maxKeys / partitions),
  maxKeysPerOwner: Math.ceil(ONCE_LIMITS.maxKeysPerOwner / partitions),
})

export class RedisOnce implements Once {
  readonly #calls: Calls
  readonly #places: Places
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Let in here, and until when that counts. */
  readonly #own: OnceTable

  constructor(calls: Calls, places: Places, clock: Pick<Clock, 'monotonicMs'>) {
    this.#calls = calls
    this.#places = places
    this.#clock = clock
    this.#own = new OnceTable(clock, ONCE_LIMITS)
  }

  async enter(key: string, forMs: number, owner: string): Promise<Entered> {
    const here = this.#own.enter(key, forMs, owner)
    return here === 'new' ? (text((await this.#enter(key, forMs, owner))[0]) as Entered) : here
  }

  /** To a server that may know nothing. */
  async teach(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    await Promise.all([...this.#own.live()].map(({ key, untilMs, owner }) => this.#enter(key, Math.ceil(untilMs - nowMs), owner)))
  }

  #enter(key: string, forMs: number, owner: string): Promise<readonly unknown[]> {
    return this.#calls.run('once', this.#places.tagOf(key), [key, forMs, owner])
  }
}
