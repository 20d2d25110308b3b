// SPDX-License-Identifier: EUPL-1.2
/**
 * Outcome records: what became of an envelope, without a byte of it, for 24 h and bounded. When a sender exceeds its share its own oldest
 * settled record goes; when all together exceed the whole, the oldest settled one.
 * @module
 */
import type { Outcome, OutcomeRecord } from './ports.js'

export interface OutcomeLimits {
  readonly maxOutcomes: number
  readonly maxOutcomesPerSender: number
  readonly outcomeSeconds: number
}

/** What is kept of an envelope for a day: numbers, and texts that all rows share. The id is the key. */
interface Row {
  readonly outcome: Outcome
  readonly claimed: boolean
  readonly sender: string
  readonly reason: string | undefined
  /** Wall clock, milliseconds. */
  readonly atMs: number
  /** Monotonic, whole milliseconds; 0 while it waits. */
  readonly settledAtMs: number
}

/** Ids in the order of settling. What was taken from the front stays until it is half of all, so that taking is cheap. */
class Line {
  #ids: string[] = []
  #from = 0

  get size(): number {
    return this.#ids.length - this.#from
  }

  push(id: string): void {
    this.#ids.push(id)
  }

  shift(): string | undefined {
    const id = this.#ids[this.#from]
    if (id !== undefined) this.#from++
    if (this.#from * 2 > this.#ids.length) {
      this.#ids = this.#ids.slice(this.#from)
      this.#from = 0
    }
    return id
  }
}

export class Outcomes {
  readonly #limits: OutcomeLimits
  readonly #monotonicMs: () => number
  readonly #waiting = new Map<string, Row>()
  /** In order of settling: the first is the oldest of all, and of its sender. */
  readonly #settled = new Map<string, Row>()
  readonly #bySender = new Map<string, Line>()
  readonly #listeners = new Map<string, Set<() => void>>()

  constructor(limits: OutcomeLimits, monotonicMs: () => number) {
    this.#limits = limits
    this.#monotonicMs = monotonicMs
  }

  get size(): number {
    return this.#waiting.size + this.#settled.size
  }

  get(id: string): OutcomeRecord | undefined {
    this.#dropOld()
    const row = this.#settled.get(id) ?? this.#waiting.get(id)
    if (row === undefined) return undefined
    const { outcome, claimed, sender, reason, atMs } = row
    return { id, outcome, claimed, at: new Date(atMs).toISOString(), sender, ...(reason === undefined ? {} : { reason }) }
  }

  /** An id settles once; nothing is written of it after that. @param at wall clock. */
  write(id: string, sender: string, outcome: Outcome, claimed: boolean, at: Date, reason?: string): void {
    const waits = outcome === 'waiting'
    const row: Row = { outcome, claimed, sender, reason, atMs: at.getTime(), settledAtMs: waits ? 0 : Math.ceil(this.#monotonicMs()) }
    if (waits) this.#waiting.set(id, row)
    else this.#settle(id, row)
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener()
  }

  /** @returns a function that ends the listening. */
  listen(id: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id)
    }
  }

  #settle(id: string, row: Row): void {
    this.#waiting.delete(id)
    this.#settled.set(id, row)
    const own = this.#bySender.get(row.sender) ?? new Line()
    this.#bySender.set(row.sender, own)
    own.push(id)
    if (own.size > this.#limits.maxOutcomesPerSender) this.#dropFirst(row.sender)
    const [oldest] = this.#settled.values()
    if (oldest && this.#settled.size > this.#limits.maxOutcomes) this.#dropFirst(oldest.sender)
    this.#dropOld()
  }

  #dropOld(): void {
    const before = this.#monotonicMs() - this.#limits.outcomeSeconds * 1000
    for (const { settledAtMs, sender } of this.#settled.values()) {
      if (settledAtMs > before) return
      this.#dropFirst(sender)
    }
  }

  /** The oldest settled record of a sender goes. */
  #dropFirst(sender: string): void {
    const own = this.#bySender.get(sender)
    const id = own?.shift()
    if (id !== undefined) this.#settled.delete(id)
    if (own?.size === 0) this.#bySender.delete(sender)
  }
}
