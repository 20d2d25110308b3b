// SPDX-License-Identifier: EUPL-1.2
/**
 * From samples to what is drawn: bins of equal length over a window, sums over it, quantiles of a histogram. Pure.
 * @module
 */
import type { Sample } from './feed.js'

export type Counts = Readonly<Record<string, number>>

/** Length of a bin in each window, seconds. A bin of the length of a sample would now be empty, now hold two. */
const BIN_SECONDS: Readonly<Record<number, number>> = { 60: 2, 300: 5, 900: 15 }
/** A row of a table is this many bins. */
const ROW_BINS = 5
const KEPT = 15 * 60

/** A stretch of time. What is not known about it (no sample) has no seconds. */
export interface Bin {
  /** Its begin, seconds since 1970. */
  readonly at: number
  readonly seconds: number
  readonly samples: readonly Sample[]
}

/** Adds what came, without doubles: after a broken connection the gateway tells its whole past again. */
export function remember(known: readonly Sample[], news: readonly Sample[]): readonly Sample[] {
  const last = known.at(-1)?.at ?? 0
  // the gateway's clock was set back: what is known no longer fits
  if ((news.at(-1)?.at ?? last) < last) return news.slice(-KEPT)
  return [...known, ...news.filter(({ at }) => at > last)].slice(-KEPT)
}

export const binSeconds = (windowSeconds: number): number => BIN_SECONDS[windowSeconds] ?? windowSeconds / 60

/** Bins that end with the one of `untilMs`. Their borders are multiples of their length, so that a bin does not change once it is over. */
export function binsOf(samples: readonly Sample[], windowSeconds: number, untilMs: number): readonly Bin[] {
  const length = binSeconds(windowSeconds)
  const bins = Math.ceil(windowSeconds / length)
  // a sample stands at its end
  const indexOf = (ms: number): number => Math.floor((ms - 1) / 1000 / length)
  const first = indexOf(untilMs) - bins + 1
  const groups = new Map<number, Sample[]>()
  for (const sample of samples) {
    const index = indexOf(sample.at)
    if (index < first || sample.at > untilMs) continue
    const group = groups.get(index)
    if (group) group.push(sample)
    else groups.set(index, [sample])
  }
  return Array.from({ length: bins }, (_, offset) => {
    const group = groups.get(first + offset) ?? []
    return { at: (first + offset) * length, seconds: group.reduce((sum, { seconds }) => sum + seconds, 0), samples: group }
  })
}

/** Several bins as one. */
function joined(bins: readonly Bin[]): Bin {
  return {
    at: bins[0]?.at ?? 0,
    seconds: bins.reduce((sum, { seconds }) => sum + seconds, 0),
    samples: bins.flatMap(({ samples }) => samples),
  }
}

/** Bins as rows of a table. */
export const rowsOf = (bins: readonly Bin[]): readonly Bin[] =>
  Array.from({ length: Math.ceil(bins.length / ROW_BINS) }, (_, row) => joined(bins.slice(row * ROW_BINS, (row + 1) * ROW_BINS)))

export const total = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

export function addUp(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {}
  for (const counts of all) for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count
  return sum
}

/** Outcomes of a role over samples. */
export const outcomesOf = (samples: readonly Sample[], role: string): Counts =>
  addUp(samples.map(({ deliveries }) => deliveries[role] ?? {}))

/** What ended per second in some roles; undefined when nothing is known. */
export function rateOf(samples: readonly Sample[], roles: readonly string[]): number | undefined {
  const elapsed = samples.reduce((sum, { seconds }) => sum + seconds, 0)
  const ended = roles.reduce((sum, role) => sum + total(outcomesOf(samples, role)), 0)
  return elapsed === 0 ? undefined : ended / elapsed
}

/** Histogram over samples, bucket by bucket. */
export function dwellOf(samples: readonly Sample[], buckets: number): readonly number[] {
  const sum = Array.from({ length: buckets + 1 }, () => 0)
  for (const { dwell } of samples) dwell.forEach((count, index) => (sum[index] = (sum[index] ?? 0) + count))
  return sum
}

/**
 * Quantile of a histogram, straight between the borders of a bucket; what lies above the last border counts as that border.
 * @param bounds upper bounds, rising
 * @returns seconds, or undefined when there is nothing
 */
export function quantile(counts: readonly number[], bounds: readonly number[], q: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return undefined
  const wanted = q * all
  let passed = 0
  for (const [index, count] of counts.entries()) {
    if (count > 0 && passed + count >= wanted) {
      const lower = bounds[index - 1] ?? 0
      const upper = bounds[index] ?? lower
      return lower + ((wanted - passed) / count) * (upper - lower)
    }
    passed += count
  }
  return bounds.at(-1)
}

/** The promise: an envelope for a waiting taker is gone before. A border of the histogram. */
export const GOAL_SECONDS = 0.5

export interface DwellTold {
  readonly count: number
  readonly p50: number
  readonly p95: number
  /** Share at or below the goal, 0 to 1. */
  readonly within: number
}

/** A histogram in four numbers; undefined when there was no hand-over. */
export function toldDwell(samples: readonly Sample[], bounds: readonly number[]): DwellTold | undefined {
  const counts = dwellOf(samples, bounds.length)
  const count = counts.reduce((sum, one) => sum + one, 0)
  const [p50, p95] = [quantile(counts, bounds, 0.5), quantile(counts, bounds, 0.95)]
  if (p50 === undefined || p95 === undefined) return undefined
  const fast = counts.reduce((sum, one, index) => ((bounds[index] ?? Infinity) <= GOAL_SECONDS ? sum + one : sum), 0)
  return { count, p50, p95, within: fast / count }
}
