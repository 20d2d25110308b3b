// SPDX-License-Identifier: EUPL-1.2
/**
 * Deadlines: a heap in order of expiry and one timer for the nearest. Time is monotonic milliseconds; the timer is only a help, who
 * hands something out looks at the clock himself (threat model C3).
 * @module
 */

/** Timers as a port: `core` starts none itself. @returns a function that cancels. */
export type StartTimer = (delayMs: number, run: () => void) => () => void

/** A deadline that has been set; opaque to its holder. */
export interface Deadline {
  readonly atMs: number
  readonly run: () => void
  /** Place in the heap; -1 when it is over or cancelled. */
  index: number
}

/** Timers count in 32 bit; longer waits are made of several. */
const MAX_DELAY_MS = 2 ** 31 - 1

export class Deadlines {
  readonly #heap: Deadline[] = []
  readonly #monotonicMs: () => number
  readonly #startTimer: StartTimer
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  #closed = false

  constructor(monotonicMs: () => number, startTimer: StartTimer) {
    this.#monotonicMs = monotonicMs
    this.#startTimer = startTimer
  }

  get size(): number {
    return this.#heap.length
  }

  set(atMs: number, run: () => void): Deadline {
    const deadline: Deadline = { atMs, run, index: this.#heap.length }
    this.#heap.push(deadline)
    this.#up(deadline.index)
    this.#arm()
    return deadline
  }

  /** Harmless when the deadline is over. */
  cancel(deadline: Deadline | undefined): void {
    if (deadline === undefined || deadline.index < 0) return
    const at = deadline.index
    const last = this.#heap.pop()
    deadline.index = -1
    if (last === undefined || last === deadline) return
    this.#heap[at] = last
    last.index = at
    this.#up(at)
    this.#down(last.index)
  }

  /** Runs everything that is due. Called by the timer, and by whoever wants to be sure before reading. */
  sweep(): void {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= this.#monotonicMs(); first = this.#heap[0]) {
      this.cancel(first)
      first.run()
    }
    this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const deadline of this.#heap) deadline.index = -1
    this.#heap.length = 0
  }

  #arm(): void {
    const first = this.#heap[0]
    if (this.#closed || first === undefined) return
    // An earlier wake-up than needed is harmless, a later one is not.
    if (this.#timer !== undefined && this.#timer.atMs <= first.atMs) return
    this.#timer?.cancel()
    const delayMs = Math.min(Math.max(Math.ceil(first.atMs - this.#monotonicMs()), 0), MAX_DELAY_MS)
    const cancel = this.#startTimer(delayMs, () => {
      this.#timer = undefined
      this.sweep()
    })
    this.#timer = { atMs: first.atMs, cancel }
  }

  #up(from: number): void {
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1
      if (!this.#swapIfEarlier(i, parent)) return
      i = parent
    }
  }

  #down(from: number): void {
    for (let i = from; ;) {
      const left = 2 * i + 1
      const right = left + 1
      const child = this.#earlier(right, left) ? right : left
      if (!this.#swapIfEarlier(child, i)) return
      i = child
    }
  }

  #earlier(a: number, b: number): boolean {
    const x = this.#heap[a]
    const y = this.#heap[b]
    return x !== undefined && y !== undefined && x.atMs < y.atMs
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const x = this.#heap[child]
    const y = this.#heap[parent]
    if (x === undefined || y === undefined || x.atMs >= y.atMs) return false
    this.#heap[child] = y
    this.#heap[parent] = x
    y.index = child
    x.index = parent
    return true
  }
}
