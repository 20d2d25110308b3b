// SPDX-License-Identifier: EUPL-1.2
/**
 * Metrics of the gateway: the rows of `metrics-table.ts` in a Prometheus registry, and what was counted so far for the operator page.
 * @module
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ReadFigures } from './figures.js'
import { COUNTED, DWELL_BUCKETS, READ, type CountedRow } from './metrics-table.js'

export type DwellKind = 'synchronous' | 'slowPoller'

/** What was counted since the start; it never goes down. */
export interface MetricCounts {
  /** By role, then outcome. */
  readonly deliveries: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refusals: Readonly<Record<string, number>>
  /** Per bucket of {@link DWELL_BUCKETS} and one for what is above; not cumulative. */
  readonly dwell: readonly number[]
}

export interface GatewayMetrics {
  delivery(role: string, outcome: string): void
  refusal(code: string): void
  /** Time of an envelope in the core. */
  dwell(seconds: number, kind: DwellKind): void
  /** A decryption that failed, per sender (threat model §6 rule 7). */
  undecryptable(peer: string): void
  /** A mailbox whose envelopes may lie longer than a minute: named, so that nobody overlooks it. */
  slowPoller(mailbox: string, ttlSeconds: number): void
  /** Where the figures come from that are read at each scrape. Without it there are none of those. */
  watch(read: ReadFigures): void
  counts(): Promise<MetricCounts>
  text(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** More values than a label can have by the rules; whatever comes beyond is counted as `other`, so that a mistake cannot fill the memory. */
const MAX_VALUES = 256

function bounded(): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    if (known.size < MAX_VALUES) known.add(value)
    return known.has(value) ? value : 'other'
  }
}

const shape = ({ name, en, labels }: Pick<CountedRow, 'name' | 'en' | 'labels'>) => ({ name, help: en, labelNames: [...labels] })

/** @param now for what is counted in seconds until a date. */
export function gatewayMetrics(now: () => Date = () => new Date()): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = (row: CountedRow) => new Counter({ ...shape(row), registers })
  const histogram = (row: CountedRow) => new Histogram({ ...shape(row), buckets: [...(row.buckets ?? [])], registers })
  const deliveries = counter(COUNTED.deliveries)
  const refusals = counter(COUNTED.refusals)
  const undecryptable = counter(COUNTED.undecryptable)
  const dwell: Readonly<Record<DwellKind, Histogram>> = { synchronous: histogram(COUNTED.dwell), slowPoller: histogram(COUNTED.slowDwell) }
  const slowPollers = new Gauge({ ...shape(COUNTED.slowPollers), registers })
  const gauges = READ.map((row) => ({ row, gauge: new Gauge({ ...shape(row), registers }) }))
  const [outcomes, codes, peers] = [bounded(), bounded(), bounded()]
  let figures: ReadFigures | undefined

  const readGauges = async (): Promise<void> => {
    const found = await figures?.()
    if (found === undefined) return
    for (const { row, gauge } of gauges) {
      // a mailbox or a state that is gone must not stay at its last value
      gauge.reset()
      for (const { labels, value } of row.read(found, now())) gauge.set(labels, value)
    }
  }

  return {
    delivery: (role, outcome) => deliveries.inc({ role, outcome: outcomes(outcome) }),
    refusal: (code) => refusals.inc({ code: codes(code) }),
    dwell: (seconds, kind) => dwell[kind].observe(seconds),
    undecryptable: (peer) => undecryptable.inc({ peer: peers(peer) }),
    slowPoller: (mailbox, ttlSeconds) => slowPollers.set({ mailbox }, ttlSeconds),
    watch: (read) => void (figures = read),
    async counts() {
      const byRole: Record<string, Record<string, number>> = {}
      for (const { labels, value } of (await deliveries.get()).values) (byRole[String(labels.role)] ??= {})[String(labels.outcome)] = value
      const cumulative = (await dwell.synchronous.get()).values
        .filter(({ metricName }) => metricName === `${COUNTED.dwell.name}_bucket`)
        .map(({ value }) => value)
      // nothing was observed yet: the registry lists no bucket
      const upTo = cumulative.length === 0 ? Array.from({ length: DWELL_BUCKETS.length + 1 }, () => 0) : cumulative
      return {
        deliveries: byRole,
        refusals: Object.fromEntries((await refusals.get()).values.map(({ labels, value }) => [String(labels.code), value])),
        dwell: upTo.map((count, index) => count - (upTo[index - 1] ?? 0)),
      }
    },
    async text() {
      await readGauges()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}
