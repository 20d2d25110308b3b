// SPDX-License-Identifier: EUPL-1.2
/**
 * Repeats: a delivery is handed over at most once, however often its message arrives.
 *
 * A key is entered in one step before the put. It is kept for 24 h; a full table refuses new messages and forgets nothing (threat
 * model P1). The journal makes it survive a restart. A day holds half a million of them, so a row that is through is a digest and a
 * number; only one under way is more.
 * @module
 */
import { createHash } from 'node:crypto'
import { HttpError } from '../errors.js'
import { steadyClock, type Clock } from '../env.js'

/** What the first copy came to; `unknown` while it is under way and after a crash. */
export type RepeatOutcome = 'unknown' | 'delivered' | 'not-delivered'

export interface RepeatEntry {
  /** The key it was found by. */
  readonly key: string
  readonly outcome: RepeatOutcome
  /** Resolves when the first copy is through; at once for entries of an earlier run. */
  readonly settled: Promise<RepeatOutcome>
}

export interface Repeats {
  find(key: string): RepeatEntry | undefined
  /**
   * Enters all keys or none.
   * @param keys the message's own first, then of what it carries: those count as new where nothing of it was ever handed over.
   * @returns undefined when they are new; else the entry of the first that is known.
   * @throws {HttpError} 503 the table is full. Whatever the journal throws; then none is entered.
   */
  enter(keys: readonly string[]): Promise<RepeatEntry | undefined>
  /**
   * @param carried of what the message carries; differs where the message was refused by whoever took it.
   * @throws whatever the journal throws: the outcome holds until the process ends, and is `unknown` afterwards.
   */
  settle(keys: readonly string[], outcome: RepeatOutcome, carried?: RepeatOutcome): Promise<void>
  close(): Promise<void>
}

/** `digest`: 16 octets of SHA-256 over the key, one per character. */
export interface RepeatRow {
  readonly digest: string
  readonly outcome: RepeatOutcome
  /** Wall clock: it must mean the same after a restart. */
  readonly atMs: number
}

/** Durable side of the table. Only digests, outcomes and times are written. */
export interface RepeatJournal {
  load(): Iterable<RepeatRow>
  /** Resolves when it is on the disk. */
  write(rows: readonly RepeatRow[]): Promise<void>
  remove(digests: readonly string[]): Promise<void>
  close(): Promise<void>
}

interface UnderWay {
  readonly entry: RepeatEntry
  readonly settle: (outcome: RepeatOutcome) => void
}

const OUTCOMES: readonly RepeatOutcome[] = ['unknown', 'delivered', 'not-delivered']

/** Outcome and time in one number. */
export const packRow = (outcome: RepeatOutcome, atMs: number): number => Math.floor(atMs) * OUTCOMES.length + OUTCOMES.indexOf(outcome)
export const atMsOf = (packed: number): number => Math.floor(packed / OUTCOMES.length)
export const outcomeOf = (packed: number): RepeatOutcome => OUTCOMES[packed % OUTCOMES.length] ?? 'unknown'

// two keys with one digest would only make the second a repeat; 16 octets make that nobody's plan
const digestOf = (key: string): string => createHash('sha256').update(key).digest().toString('latin1', 0, 16)

export const REPEAT_LIMITS = { maxEntries: 500_000, keepMs: 24 * 3600 * 1000 }

export function repeatTable(clock: Clock, journal?: RepeatJournal, limits = REPEAT_LIMITS): Repeats {
  /** By the steady clock, in order of arrival. */
  const rows = new Map<string, number>()
  const underWay = new Map<string, UnderWay>()
  const now = steadyClock(clock)
  const wallOf = (steadyMs: number): number => clock.now().getTime() - (now() - steadyMs)
  const openedAtMs = now()
  // what an earlier run saw later than now is as old as now: at the end of its time it makes room like any other
  for (const { digest, outcome, atMs } of [...(journal?.load() ?? [])].sort((a, b) => a.atMs - b.atMs))
    rows.set(digest, packRow(outcome, Math.min(atMs, openedAtMs)))
  const sweep = (): void => {
    const old: string[] = []
    for (const [digest, row] of rows) {
      if (atMsOf(row) + limits.keepMs > now()) break
      rows.delete(digest)
      old.push(digest)
    }
    if (old.length > 0) void journal?.remove(old).catch(() => undefined)
  }
  const find = (key: string): RepeatEntry | undefined => {
    const digest = digestOf(key)
    const row = rows.get(digest)
    if (row === undefined) return undefined
    const outcome = outcomeOf(row)
    return underWay.get(digest)?.entry ?? { key, outcome, settled: Promise.resolve(outcome) }
  }
  const begin = (key: string): UnderWay => {
    let settle: (outcome: RepeatOutcome) => void = () => undefined
    const settled = new Promise<RepeatOutcome>((resolve) => (settle = resolve))
    return { entry: { key, outcome: 'unknown', settled }, settle }
  }
  return {
    find,
    async enter(keys) {
      sweep()
      for (const [index, key] of keys.entries()) {
        const known = find(key)
        // "nothing was processed" invites whoever hears it to send his document again, in another message
        if (known && (index === 0 || known.outcome !== 'not-delivered')) return known
      }
      if (rows.size + keys.length > limits.maxEntries)
        throw new HttpError(503, 'gateway.repeat-table-full', 'The table of used ids is full.', { retryAfterSeconds: 60 })
      const atMs = now()
      const entered = keys.map((key): RepeatRow => ({ digest: digestOf(key), outcome: 'unknown', atMs: wallOf(atMs) }))
      for (const key of keys) underWay.set(digestOf(key), begin(key))
      for (const { digest } of entered) {
        // at the end of the line, wherever it stood before
        rows.delete(digest)
        rows.set(digest, packRow('unknown', atMs))
      }
      try {
        await journal?.write(entered)
      } catch (error) {
        // it is not on the disk, so nothing will be put: whoever sends it again may be served, and a copy that waits hears that it was not
        for (const { digest } of entered) {
          rows.delete(digest)
          underWay.get(digest)?.settle('not-delivered')
          underWay.delete(digest)
        }
        throw error
      }
      return undefined
    },
    async settle(keys, ofMessage, carried = ofMessage) {
      const written: RepeatRow[] = []
      for (const [index, digest] of keys.map(digestOf).entries()) {
        const outcome = index === 0 ? ofMessage : carried
        const row = rows.get(digest)
        underWay.get(digest)?.settle(outcome)
        underWay.delete(digest)
        if (row === undefined) continue
        rows.set(digest, packRow(outcome, atMsOf(row)))
        written.push({ digest, outcome, atMs: wallOf(atMsOf(row)) })
      }
      await journal?.write(written)
    },
    async close() {
      await journal?.close()
    },
  }
}
