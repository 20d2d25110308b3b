// SPDX-License-Identifier: EUPL-1.2
/**
 * Repeats: a delivery is handed over at most once, however often its message arrives.
 *
 * A key is entered in one step before the put. It is kept for 24 h; a full table refuses new messages and forgets nothing (threat
 * model P1). The journal makes it survive a restart.
 * @module
 */
import { HttpError } from '../errors.js'
import type { Clock } from '../env.js'

/** What the first copy came to; `unknown` while it is under way and after a crash. */
export type RepeatOutcome = 'unknown' | 'delivered' | 'not-delivered'

export interface RepeatEntry {
  readonly outcome: RepeatOutcome
  /** Resolves when the first copy is through; at once for entries of an earlier run. */
  readonly settled: Promise<RepeatOutcome>
}

export interface Repeats {
  find(key: string): RepeatEntry | undefined
  /**
   * Enters all keys or none.
   * @returns undefined when they are new; else the entry of the first that is known.
   * @throws {HttpError} 503 the table is full.
   */
  enter(keys: readonly string[]): Promise<RepeatEntry | undefined>
  settle(keys: readonly string[], outcome: RepeatOutcome): Promise<void>
  close(): Promise<void>
}

/** Durable side of the table. Only digests, outcomes and times are written. */
export interface RepeatJournal {
  load(): Iterable<{ readonly key: string; readonly outcome: RepeatOutcome; readonly atMs: number }>
  /** Resolves when it is on the disk. */
  write(rows: readonly { readonly key: string; readonly outcome: RepeatOutcome; readonly atMs: number }[]): Promise<void>
  remove(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}

interface Row {
  outcome: RepeatOutcome
  /** Wall clock: it must mean the same after a restart. */
  readonly atMs: number
  readonly settled: Promise<RepeatOutcome>
  readonly settle: (outcome: RepeatOutcome) => void
}

export const REPEAT_LIMITS = { maxEntries: 500_000, keepMs: 24 * 3600 * 1000 }

export function repeatTable(clock: Clock, journal?: RepeatJournal, limits = REPEAT_LIMITS): Repeats {
  const rows = new Map<string, Row>()
  const makeRow = (outcome: RepeatOutcome, atMs: number): Row => {
    let settle: (outcome: RepeatOutcome) => void = () => undefined
    const settled = new Promise<RepeatOutcome>((resolve) => (settle = resolve))
    return { outcome, atMs, settled, settle }
  }
  const now = () => clock.now().getTime()
  for (const { key, outcome, atMs } of [...(journal?.load() ?? [])].sort((a, b) => a.atMs - b.atMs)) {
    const row = makeRow(outcome, atMs)
    row.settle(outcome)
    rows.set(key, row)
  }
  /** Rows stand in order of arrival; a clock that jumped back only keeps them longer. */
  const sweep = (): void => {
    const old: string[] = []
    for (const [key, row] of rows) {
      if (row.atMs + limits.keepMs > now()) break
      rows.delete(key)
      old.push(key)
    }
    if (old.length > 0) void journal?.remove(old).catch(() => undefined)
  }
  return {
    find: (key) => rows.get(key),
    async enter(keys) {
      sweep()
      for (const key of keys) {
        const known = rows.get(key)
        if (known) return known
      }
      if (rows.size + keys.length > limits.maxEntries)
        throw new HttpError(503, 'gateway.repeat-table-full', 'The table of used ids is full.', { retryAfterSeconds: 60 })
      const atMs = now()
      for (const key of keys) rows.set(key, makeRow('unknown', atMs))
      await journal?.write(keys.map((key) => ({ key, outcome: 'unknown' as const, atMs })))
      return undefined
    },
    async settle(keys, outcome) {
      const written = []
      for (const key of keys) {
        const row = rows.get(key)
        if (!row) continue
        row.outcome = outcome
        row.settle(outcome)
        written.push({ key, outcome, atMs: row.atMs })
      }
      await journal?.write(written)
    },
    async close() {
      await journal?.close()
    },
  }
}
