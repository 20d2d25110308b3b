// SPDX-License-Identifier: EUPL-1.2
/**
 * Metrics of the gateway, with bounded label values only: roles, outcomes, OSCI codes and configured names.
 * @module
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface GatewayMetrics {
  delivery(role: string, outcome: string): void
  refusal(code: string): void
  /** Seconds between put and hand-over. */
  dwell(seconds: number): void
  /** A decryption that failed, per sender (threat model §6 rule 7). */
  undecryptable(peer: string): void
  /** A mailbox whose envelopes may lie longer than a minute: named, so that nobody overlooks it. */
  slowPoller(mailbox: string, ttlSeconds: number): void
  text(): Promise<{ readonly contentType: string; readonly body: string }>
}

export function gatewayMetrics(): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const deliveries = new Counter({
    name: 'protektor_deliveries_total',
    help: 'Deliveries by role and outcome',
    labelNames: ['role', 'outcome'],
    registers,
  })
  const refusals = new Counter({
    name: 'protektor_refusals_total',
    help: 'Refused requests by OSCI code or HTTP status',
    labelNames: ['code'],
    registers,
  })
  const dwell = new Histogram({
    name: 'protektor_dwell_seconds',
    help: 'Time of an envelope in the core',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  })
  const undecryptable = new Counter({
    name: 'protektor_undecryptable_total',
    help: 'Failed decryptions by sender',
    labelNames: ['peer'],
    registers,
  })
  const slowPollers = new Gauge({
    name: 'protektor_slow_poller_ttl_seconds',
    help: 'Life of envelopes in mailboxes marked slowPoller (configured names)',
    labelNames: ['mailbox'],
    registers,
  })
  return {
    delivery: (role, outcome) => deliveries.inc({ role, outcome }),
    refusal: (code) => refusals.inc({ code }),
    dwell: (seconds) => dwell.observe(seconds),
    undecryptable: (peer) => undecryptable.inc({ peer }),
    slowPoller: (mailbox, ttlSeconds) => slowPollers.set({ mailbox }, ttlSeconds),
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}
