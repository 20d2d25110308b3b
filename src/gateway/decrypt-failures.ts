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
  /**
   * Opens content of a sender who has legacy modes. No more is under way at a time than may still fail in this hour, and the rest waits:
   * whoever sends fifty messages at once learns no more than from one after another.
   * @param open told whether the legacy modes are closed; it counts its failure itself.
   */
  inTurn<T>(sender: string, open: (legacyClosed: boolean) => Promise<T>): Promise<T>
}

/** Openings of one sender: how many are under way, and who waits for one of them to end. */
interface Openings {
  underWay: number
  waiting: (() => void)[]
}

export function decryptFailures(clock: Clock, log: GatewayLog, metrics: GatewayMetrics): DecryptFailures {
  const failures = new Map<string, number[]>()
  const recent = (sender: string): number[] => (failures.get(sender) ?? []).filter((at) => at > clock.monotonicMs() - HOUR_MS)
  const openings = new Map<string, Openings>()
  const leftFor = (sender: string): number => LEGACY_FAILURES_PER_HOUR - recent(sender).length
  return {
    count(sender) {
      const times = [...recent(sender), clock.monotonicMs()].slice(-1000)
      failures.set(sender, times)
      metrics.undecryptable(sender)
      if (times.length > ALERT_FAILURES_PER_HOUR) log.write('error', 'many-decryption-failures', { peer: sender })
    },
    legacyClosed: (sender) => leftFor(sender) <= 0,
    async inTurn(sender, open) {
      for (let of = openings.get(sender); of && leftFor(sender) > 0 && of.underWay >= leftFor(sender); of = openings.get(sender)) {
        const { waiting } = of
        await new Promise<void>((resolve) => void waiting.push(resolve))
      }
      if (leftFor(sender) <= 0) return open(true)
      const own = openings.get(sender) ?? { underWay: 0, waiting: [] }
      openings.set(sender, own)
      own.underWay++
      try {
        return await open(false)
      } finally {
        own.underWay--
        if (own.underWay === 0) openings.delete(sender)
        for (const wake of own.waiting.splice(0)) wake()
      }
    },
  }
}
