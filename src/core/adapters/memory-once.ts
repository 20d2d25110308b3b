// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be used once, remembered in this process: enough for one node. When the table is full, or its owner's share of it, nothing is let
 * in unseen.
 * @module
 */
import type { Clock } from '../../env.js'
import type { Entered, Once } from '../ports.js'

export interface OnceLimits {
  readonly maxKeys: number
  /** Whoever uses up his share keeps nobody else out. */
  readonly maxKeysPerOwner: number
}

/** In all: more tokens than one processor core verifies in the two minutes that each is remembered. */
export const ONCE_LIMITS: OnceLimits = { maxKeys: 500_000, maxKeysPerOwner: 200_000 }

export interface Remembered {
  readonly owner: string
  readonly key: string
  readonly untilMs: number
}

/** Time is monotonic, so that a jump of the wall clock empties nothing. */
export class OnceTable {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #limits: OnceLimits
  /** By owner, in order of entry; with one `forMs` for all, as here, also in order of expiry. */
  readonly #owners = new Map<string, Map<string, number>>()
  #size = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>, limits: OnceLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  enter(key: string, forMs: number, owner: string): Entered {
    const nowMs = this.#clock.monotonicMs()
    const own = this.#owners.get(owner) ?? new Map<string, number>()
    this.#owners.set(owner, own)
    this.#sweep(own, nowMs)
    const untilMs = own.get(key)
    if (untilMs !== undefined && untilMs > nowMs) return 'seen'
    // those of owners that no longer come lie here until room is wanted
    if (this.#size >= this.#limits.maxKeys) for (const keys of this.#owners.values()) this.#sweep(keys, nowMs)
    if (this.#size >= this.#limits.maxKeys || own.size >= this.#limits.maxKeysPerOwner) return 'full'
    if (!own.delete(key)) this.#size += 1
    own.set(key, nowMs + forMs)
    return 'new'
  }

  /** What still counts. */
  *live(): Generator<Remembered> {
    const nowMs = this.#clock.monotonicMs()
    for (const [owner, keys] of this.#owners) for (const [key, untilMs] of keys) if (untilMs > nowMs) yield { owner, key, untilMs }
  }

  #sweep(keys: Map<string, number>, nowMs: number): void {
    for (const [key, untilMs] of keys) {
      if (untilMs > nowMs) return
      keys.delete(key)
      this.#size -= 1
    }
  }
}

export interface MemoryOnceOptions extends Partial<OnceLimits> {
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export function memoryOnce({ clock, ...limits }: MemoryOnceOptions): Once {
  const table = new OnceTable(clock, { ...ONCE_LIMITS, ...limits })
  return { enter: (key, forMs, owner) => Promise.resolve(table.enter(key, forMs, owner)) }
}
