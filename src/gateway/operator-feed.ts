// SPDX-License-Identifier: EUPL-1.2
/**
 * The picture that the operator page draws: one sample a second, the last 15 minutes in memory, so that a page opened now has a past.
 *
 *   counters (MetricCounts) ─ difference ─► sample ─► ring ─► a page that opens gets all of it, then one a second
 *   figures of now ──────────────────────────┘
 *
 * A sample holds counts and configured names only (threat model L1). Ring, mailboxes in a sample and listeners are bounded.
 * @module
 */
import { clearInterval, setInterval } from 'node:timers'
import type { Clock } from '../env.js'
import { feedbackRow } from '../osci/feedback.js'
import type { GatewayFigures, ReadFigures } from './figures.js'
import type { MetricCounts } from './metrics.js'
import { DWELL_BUCKETS } from './metrics-table.js'

export interface FeedSample {
  /** Milliseconds since 1970, at its end. */
  readonly at: number
  /** Its length; more than one when the process had no time. */
  readonly seconds: number
  /** What ended in it, by role and outcome, and by code; what is zero is absent. */
  readonly deliveries: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refusals: Readonly<Record<string, number>>
  /** Hand-overs per bucket of `dwellBuckets`, and one above; empty when there was none. */
  readonly dwell: readonly number[]
  /** At its end; mailboxes where nothing waits are absent, and beyond {@link MAX_MAILBOXES} those where least does. */
  readonly waiting: Readonly<Record<string, number>>
  readonly bytes: number
  readonly envelopes: number
  readonly waiters: number
  /** Longest delay of the event loop in it, milliseconds. */
  readonly loopDelayMs: number
}

export interface FeedMessage {
  readonly figures: GatewayFigures
  /** Upper bounds in seconds. */
  readonly dwellBuckets: readonly number[]
  /** Words for the OSCI codes that occur. */
  readonly meanings: Readonly<Record<string, { readonly de: string; readonly en: string }>>
  /** Oldest first: all that is kept for whoever begins to listen, then one at a time. */
  readonly samples: readonly FeedSample[]
}

export interface OperatorFeed {
  /** All that is kept, with the figures of the last second. */
  snapshot(): FeedMessage
  /**
   * Calls `send` with JSON of a {@link FeedMessage}: at once with all that is kept, then with every sample. undefined: too many listen.
   * @returns ends the listening
   */
  listen(send: (json: string) => void): (() => void) | undefined
  close(): void
}

export interface OperatorFeedOptions {
  readonly clock: Clock
  readonly figures: ReadFigures
  readonly counts: () => Promise<MetricCounts>
  /** Longest delay since it was last asked, milliseconds. */
  readonly loopDelayMs: () => number
  /** Calls `tick` once a second, until what it returns is called. */
  readonly startTicker?: (tick: () => Promise<void>) => () => void
}

const HISTORY_SAMPLES = 15 * 60
export const MAX_LISTENERS = 16
export const MAX_MAILBOXES = 50

function everySecond(tick: () => Promise<void>): () => void {
  // what cannot be read leaves a gap in the picture, and that is what the page shows
  const ticker = setInterval(() => void tick().catch(() => undefined), 1000)
  ticker.unref()
  return () => clearInterval(ticker)
}

type Counts = Readonly<Record<string, number>>

/** What was added since; a key that did not grow is absent. */
function grown(now: Counts, before: Counts = {}): Counts {
  return Object.fromEntries(Object.entries(now).flatMap(([key, n]) => (n > (before[key] ?? 0) ? [[key, n - (before[key] ?? 0)]] : [])))
}

function grownByRole(now: MetricCounts, before: MetricCounts): FeedSample['deliveries'] {
  const roles = Object.entries(now.deliveries).map(([role, outcomes]) => [role, grown(outcomes, before.deliveries[role])] as const)
  return Object.fromEntries(roles.filter(([, outcomes]) => Object.keys(outcomes).length > 0))
}

function fullest(waiting: Counts): Counts {
  const some = Object.entries(waiting).filter(([, count]) => count > 0)
  return Object.fromEntries(some.sort(([, a], [, b]) => b - a).slice(0, MAX_MAILBOXES))
}

/** One sample: what happened between two readings. */
export function sampleOf(
  figures: GatewayFigures,
  now: MetricCounts,
  before: MetricCounts,
  moment: Pick<FeedSample, 'at' | 'seconds' | 'loopDelayMs'>,
): FeedSample {
  const dwell = now.dwell.map((count, index) => count - (before.dwell[index] ?? 0))
  const { bytes, envelopes, waiters, waiting } = figures.core
  return {
    ...moment,
    deliveries: grownByRole(now, before),
    refusals: grown(now.refusals, before.refusals),
    dwell: dwell.some((count) => count > 0) ? dwell : [],
    waiting: fullest(waiting),
    bytes,
    envelopes,
    waiters,
  }
}

export async function operatorFeed(options: OperatorFeedOptions): Promise<OperatorFeed> {
  const { clock, loopDelayMs } = options
  const ring: FeedSample[] = []
  const listeners = new Set<(json: string) => void>()
  let figures = await options.figures()
  let counts = await options.counts()
  let readMs = clock.monotonicMs()
  let reading = false

  const message = (samples: readonly FeedSample[]): FeedMessage => {
    const codes = new Set(samples.flatMap((sample) => Object.keys(sample.refusals)))
    const rows = [...codes].flatMap((code) => feedbackRow(code) ?? [])
    const meanings = Object.fromEntries(rows.map(({ code, de, en }) => [code, { de, en }]))
    return { figures, dwellBuckets: DWELL_BUCKETS, meanings, samples }
  }

  const sample = async (): Promise<void> => {
    // a core whose server is slow to answer is asked once at a time; the sample is then longer
    if (reading) return
    reading = true
    try {
      const [nextFigures, nextCounts] = await Promise.all([options.figures(), options.counts()])
      const nowMs = clock.monotonicMs()
      const moment = { at: clock.now().getTime(), seconds: (nowMs - readMs) / 1000, loopDelayMs: loopDelayMs() }
      const next = sampleOf(nextFigures, nextCounts, counts, moment)
      ;[figures, counts, readMs] = [nextFigures, nextCounts, nowMs]
      ring.push(next)
      if (ring.length > HISTORY_SAMPLES) ring.shift()
      if (listeners.size === 0) return
      const json = JSON.stringify(message([next]))
      for (const send of listeners) send(json)
    } finally {
      reading = false
    }
  }

  const stop = (options.startTicker ?? everySecond)(sample)
  return {
    snapshot: () => message(ring),
    listen(send) {
      if (listeners.size >= MAX_LISTENERS) return undefined
      send(JSON.stringify(message(ring)))
      listeners.add(send)
      return () => void listeners.delete(send)
    },
    close() {
      stop()
      listeners.clear()
    },
  }
}
