// SPDX-License-Identifier: EUPL-1.2
/**
 * Counts what the core does, as role `core`.
 * @module
 */
import type { CoreObserver } from '../core/ports.js'
import type { GatewayMetrics } from './metrics.js'

/** @param slowPollers mailboxes whose envelopes may lie for an hour: their times would bury those that are held against the half second. */
export function coreCounter(metrics: GatewayMetrics, slowPollers: ReadonlySet<string>): CoreObserver {
  return (event) => {
    if (event.kind === 'settled') metrics.delivery('core', event.outcome)
    // an envelope that nobody took has dwelt for its whole life
    if (event.kind === 'claimed' || (event.kind === 'settled' && event.outcome === 'expired'))
      metrics.dwell(event.dwellMs / 1000, slowPollers.has(event.mailbox) ? 'slowPoller' : 'synchronous')
  }
}
