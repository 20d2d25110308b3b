// SPDX-License-Identifier: EUPL-1.2
/**
 * A clock that stands still until told, and timers that run only with it (or never, when they are "late").
 * @module
 */
import type { Clock } from '../../src/env.js'
import type { StartTimer } from '../../src/core/ttl.js'

export class FakeTime implements Clock {
  wallMs = Date.UTC(2026, 10, 23, 9, 15, 30)
  ms = 1000
  timersRun = true
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  now(): Date {
    return new Date(this.wallMs)
  }

  monotonicMs(): number {
    return this.ms
  }

  readonly startTimer: StartTimer = (delayMs, run) => {
    const timer = { atMs: this.ms + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** When the next timer is due. */
  get nextMs(): number {
    return Math.min(...[...this.#timers].map(({ atMs }) => atMs))
  }

  /** Moves both clocks and runs what is due, in order. */
  pass(ms: number): void {
    const end = this.ms + ms
    for (;;) {
      const due = this.timersRun ? [...this.#timers].filter((t) => t.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0] : undefined
      if (due === undefined) break
      this.#timers.delete(due)
      this.wallMs += Math.max(due.atMs - this.ms, 0)
      this.ms = Math.max(due.atMs, this.ms)
      due.run()
    }
    this.wallMs += end - this.ms
    this.ms = end
  }
}
