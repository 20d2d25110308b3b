// SPDX-License-Identifier: EUPL-1.2
/**
 * The ways out at work: a bounded number of takers per mailbox, until the house stops.
 *
 *   take (long poll) ─► leave ─► take …          stopping: no more takes; what is under way ends, or is ended and reported
 *
 * Specs: product.md, "The core"; threat model H6 (bounds).
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { GatewayPorts } from '../ports.js'
import { errorCodeOf, findingOf } from '../render-error.js'
import { leave } from './leave.js'
import type { WayOut, WayOutHouse, WayOutPorts } from './ports.js'
import { leaseMs } from './receipt.js'

const POLL_MS = 30_000
/** After a core that cannot be asked. */
const PAUSE_MS = 1000

export interface RunningWaysOut {
  /** After `ports.stopping` was aborted, before the core is closed. Envelopes under way have so long to end by themselves. */
  close(withinMs: number): Promise<void>
}

/** What stands in the log of a core that does not hand out: one line when it begins, one when it is over, however many takers meet it. */
interface Outages {
  failed(error: unknown): void
  /** @param beganMs of a take that did not fail. */
  worked(beganMs: number): void
}

function outagesOf({ mailbox }: WayOut, { clock, log }: GatewayPorts): Outages {
  const about = { role: 'wayOut', endpoint: mailbox }
  let outage: { readonly finding: string; readonly sinceMs: number } | undefined
  return {
    failed(error) {
      const finding = findingOf(error)
      if (outage?.finding === finding) return
      outage = { finding, sinceMs: clock.monotonicMs() }
      log.write('error', 'way-out-failed', { ...about, findings: [finding], error: errorCodeOf(error) })
    },
    worked(beganMs) {
      // who waited before it began may have waited to the end of his time
      if (outage === undefined || beganMs <= outage.sinceMs) return
      outage = undefined
      log.write('info', 'way-out-back', about)
    },
  }
}

async function serve(house: WayOutHouse, outages: Outages): Promise<void> {
  const { way, own, ports } = house
  const { stopping, clock } = ports
  while (!stopping.aborted) {
    try {
      const beganMs = clock.monotonicMs()
      const claim = await ports.core.take(way.mailbox, POLL_MS, stopping, { leaseMs: leaseMs(way, house) })
      if (!stopping.aborted) outages.worked(beganMs)
      if (claim) await leave(claim, house)
    } catch (error) {
      if (stopping.aborted) return
      outages.failed(error)
      await own.sleep(PAUSE_MS, stopping)
    }
  }
}

/** Begins to take. */
export function startWaysOut(ways: readonly WayOut[], own: WayOutPorts, ports: GatewayPorts): RunningWaysOut {
  const ending = new AbortController()
  // as many as there are envelopes under way; each takes its own away
  setMaxListeners(0, ending.signal)
  const takers = ways.flatMap((way) => {
    const outages = outagesOf(way, ports)
    return Array.from({ length: own.atOnce }, () => serve({ way, own, ports, ending: ending.signal }, outages))
  })
  return {
    async close(withinMs) {
      const all = Promise.all(takers).then(() => undefined)
      const enough = new AbortController()
      await Promise.race([all, own.sleep(withinMs, enough.signal)])
      enough.abort()
      ending.abort()
      await all
    },
  }
}
