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

interface Entry {
  record: OutcomeRecord
  settledAtMs: number | undefined
  readonly listeners: Set<() => void>
}

export class Outcomes {
  readonly #limits: OutcomeLimits
  readonly #monotonicMs: () => number
  readonly #entries = new Map<string, Entry>()
  /** Settled ids in order of settling; per sender likewise. */
  readonly #settled = new Set<string>()
  readonly #settledBySender = new Map<string, Set<string>>()

  constructor(limits: OutcomeLimits, monotonicMs: () => number) {
    this.#limits = limits
    this.#monotonicMs = monotonicMs
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): OutcomeRecord | undefined {
    this.#dropOld()
    return this.#entries.get(id)?.record
  }

  write(id: string, sender: string, outcome: Outcome, claimed: boolean, at: string, reason?: string): void {
    const record: OutcomeRecord = { id, outcome, claimed, at, sender, ...(reason === undefined ? {} : { reason }) }
    const entry = this.#entries.get(id) ?? { record, settledAtMs: undefined, listeners: new Set<() => void>() }
    entry.record = record
    this.#entries.set(id, entry)
    if (outcome !== 'waiting') this.#settle(id, sender, entry)
    for (const listener of [...entry.listeners]) listener()
  }

  /** @returns a function that ends the listening. */
  listen(id: string, listener: () => void): () => void {
    const entry = this.#entries.get(id)
    entry?.listeners.add(listener)
    return () => void entry?.listeners.delete(listener)
  }

  #settle(id: string, sender: string, entry: Entry): void {
    entry.settledAtMs = this.#monotonicMs()
    this.#settled.add(id)
    const own = this.#settledBySender.get(sender) ?? new Set<string>()
    this.#settledBySender.set(sender, own.add(id))
    if (own.size > this.#limits.maxOutcomesPerSender) this.#drop(first(own))
    if (this.#settled.size > this.#limits.maxOutcomes) this.#drop(first(this.#settled))
    this.#dropOld()
  }

  #dropOld(): void {
    const before = this.#monotonicMs() - this.#limits.outcomeSeconds * 1000
    for (let id = first(this.#settled); id !== undefined; id = first(this.#settled)) {
      if ((this.#entries.get(id)?.settledAtMs ?? 0) > before) return
      this.#drop(id)
    }
  }

  #drop(id: string | undefined): void {
    const entry = id === undefined ? undefined : this.#entries.get(id)
    if (id === undefined || entry === undefined) return
    this.#entries.delete(id)
    this.#settled.delete(id)
    const own = this.#settledBySender.get(entry.record.sender)
    own?.delete(id)
    if (own?.size === 0) this.#settledBySender.delete(entry.record.sender)
  }
}

function first(ids: ReadonlySet<string>): string | undefined {
  const { value, done } = ids.values().next()
  return done === true ? undefined : value
}
