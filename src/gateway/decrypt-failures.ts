// SPDX-License-Identifier: EUPL-1.2
/**
 * Counts failed decryptions per sender and hour: an oracle attack needs thousands (threat model §6 rules 5 and 7).
 * After 10 in an hour a sender's legacy modes (CBC, RSA 1.5) are refused; after 20 the log raises its voice.
 * @module
 */
import type { Clock } from '../env.js'
import type { GatewayLog } from './log.js'
import type { GatewayMetrics } from './metrics.js'

const HOUR_MS = 3_600_000
export const LEGACY_FAILURES_PER_HOUR = 10
export const ALERT_FAILURES_PER_HOUR = 20

export interface DecryptFailures {
  count(sender: string): void
  /** The sender's legacy modes are closed for now. */
  legacyClosed(sender: string): boolean
}

export function decryptFailures(clock: Clock, log: GatewayLog, metrics: GatewayMetrics): DecryptFailures {
  const failures = new Map<string, number[]>()
  const recent = (sender: string): number[] => (failures.get(sender) ?? []).filter((at) => at > clock.monotonicMs() - HOUR_MS)
  return {
    count(sender) {
      const times = [...recent(sender), clock.monotonicMs()].slice(-1000)
      failures.set(sender, times)
      metrics.undecryptable(sender)
      if (times.length > ALERT_FAILURES_PER_HOUR) log.write('error', 'many-decryption-failures', { peer: sender })
    },
    legacyClosed: (sender) => recent(sender).length >= LEGACY_FAILURES_PER_HOUR,
  }
}
