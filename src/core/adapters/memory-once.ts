// SPDX-License-Identifier: EUPL-1.2
/**
 * What may be used once, remembered in this process: enough for one node. When the table is full nothing is let in unseen.
 * @module
 */
import type { Clock } from '../../env.js'
import type { Once } from '../ports.js'

export interface MemoryOnceOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly maxKeys?: number
}

/** More tokens than one processor core verifies in the two minutes that each is remembered. */
const MAX_KEYS = 500_000

/** Time is monotonic, so that a jump of the wall clock empties nothing. */
export function memoryOnce({ clock, maxKeys = MAX_KEYS }: MemoryOnceOptions): Once {
  /** In order of entry; with one `forMs` for all, as here, also in order of expiry. */
  const seen = new Map<string, number>()
  const sweep = (nowMs: number): void => {
    for (const [key, untilMs] of seen) {
      if (untilMs > nowMs) return
      seen.delete(key)
    }
  }
  return {
    enter: (key, forMs) => {
      const nowMs = clock.monotonicMs()
      sweep(nowMs)
      const untilMs = seen.get(key)
      if (untilMs !== undefined && untilMs > nowMs) return Promise.resolve('seen')
      if (seen.size >= maxKeys) return Promise.resolve('full')
      seen.delete(key)
      seen.set(key, nowMs + forMs)
      return Promise.resolve('new')
    },
  }
}
