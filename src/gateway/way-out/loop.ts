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

async function serve(house: WayOutHouse): Promise<void> {
  const { way, own, ports } = house
  const { stopping } = ports
  while (!stopping.aborted) {
    try {
      const claim = await ports.core.take(way.mailbox, POLL_MS, stopping, { leaseMs: leaseMs(way, house) })
      if (claim) await leave(claim, house)
    } catch (error) {
      if (stopping.aborted) return
      ports.log.write('error', 'way-out-failed', {
        role: 'wayOut',
        endpoint: way.mailbox,
        findings: [findingOf(error)],
        error: errorCodeOf(error),
      })
      await own.sleep(PAUSE_MS, stopping)
    }
  }
}

/** Begins to take. */
export function startWaysOut(ways: readonly WayOut[], own: WayOutPorts, ports: GatewayPorts): RunningWaysOut {
  const ending = new AbortController()
  // as many as there are envelopes under way; each takes its own away
  setMaxListeners(0, ending.signal)
  const takers = ways.flatMap((way) => Array.from({ length: own.atOnce }, () => serve({ way, own, ports, ending: ending.signal })))
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
