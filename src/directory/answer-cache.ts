// SPDX-License-Identifier: EUPL-1.2
/**
 * Answers of a directory that may be away.
 *
 *   fresh? ──► the answer kept
 *   else   ──► asked once, however many wait ──┬─ answered: kept (a miss for less long than a hit)
 *                                              └─ away: the last hit, as long as it may be stale; else the error
 * Specs: xoev §10.2 "result + cache time; misses cached shorter"; osci-in-the-field §4 "Cache".
 * @module
 */
import type { Clock } from '../env.js'
import { DirectoryError } from './errors.js'

/** A hit, or a miss with what the directory said about it. */
export type Answer<V> = { readonly hit: V } | { readonly miss: string | undefined }

export interface CacheTimes {
  readonly hitSeconds: number
  readonly missSeconds: number
  /** Beyond `hitSeconds`, and only while the directory is away. */
  readonly staleSeconds: number
}

export interface CacheOptions extends CacheTimes {
  readonly clock: Clock
  /** The answer unused for longest goes first. */
  readonly maxEntries: number
  /** Questions under way at a time; more are not asked at all. */
  readonly maxWaiting: number
}

interface Kept<V> {
  readonly answer: Answer<V>
  readonly atMs: number
}

export class AnswerCache<V> {
  readonly #options: CacheOptions
  readonly #kept = new Map<string, Kept<V>>()
  readonly #waiting = new Map<string, Promise<Answer<V>>>()

  constructor(options: CacheOptions) {
    this.#options = options
  }

  /** @throws whatever `ask` throws, unless it is `away` and an old hit may stand in. */
  async get(key: string, ask: () => Promise<Answer<V>>): Promise<Answer<V>> {
    const kept = this.#touch(key)
    if (kept && this.#age(kept) < this.#lifeMs(kept.answer)) return kept.answer
    try {
      return await this.#once(key, ask)
    } catch (error) {
      const old = error instanceof DirectoryError && error.kind === 'away' ? kept : undefined
      if (old && 'hit' in old.answer && this.#age(old) < (this.#options.hitSeconds + this.#options.staleSeconds) * 1000) return old.answer
      throw error
    }
  }

  get size(): number {
    return this.#kept.size
  }

  #age(kept: Kept<V>): number {
    return this.#options.clock.monotonicMs() - kept.atMs
  }

  #lifeMs(answer: Answer<V>): number {
    return ('hit' in answer ? this.#options.hitSeconds : this.#options.missSeconds) * 1000
  }

  /** Moves it behind the others, so that it is dropped last. */
  #touch(key: string): Kept<V> | undefined {
    const kept = this.#kept.get(key)
    if (kept) {
      this.#kept.delete(key)
      this.#kept.set(key, kept)
    }
    return kept
  }

  #once(key: string, ask: () => Promise<Answer<V>>): Promise<Answer<V>> {
    const under = this.#waiting.get(key)
    if (under) return under
    if (this.#waiting.size >= this.#options.maxWaiting)
      return Promise.reject(new DirectoryError('away', 'Too many questions to the directory are waiting.'))
    const asked = ask()
      .then((answer) => {
        this.#keep(key, answer)
        return answer
      })
      .finally(() => this.#waiting.delete(key))
    this.#waiting.set(key, asked)
    return asked
  }

  #keep(key: string, answer: Answer<V>): void {
    this.#kept.delete(key)
    this.#kept.set(key, { answer, atMs: this.#options.clock.monotonicMs() })
    const oldest = this.#kept.size > this.#options.maxEntries ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
  }
}
