// SPDX-License-Identifier: EUPL-1.2
/**
 * When an answer leaves whose time of work must not be seen (threat model E1, §6 rule 5).
 *
 *   arrival ├──────── slot ────────┤──────── slot ────────┤ … deadline
 *           work ends ─ ─ ─ ─ ─ ─ ►│ leaves
 *
 * Slots count from the last byte of the request, which its sender knows. One holds the work of any message within the limits on a
 * machine that is not overloaded, and leaves an answer within the two seconds that a hostile message may take (threat model §8).
 * @module
 */
import type { GatewayPorts } from './ports.js'

export const SLOT_MS = 1500

/** Monotonic time of the next end of a slot. Never after the deadline, at which the caller stops listening. */
export function slotEndMs(receivedAtMs: number, nowMs: number, deadlineMs: number): number {
  const slots = Math.max(1, Math.ceil((nowMs - receivedAtMs) / SLOT_MS))
  return Math.min(receivedAtMs + slots * SLOT_MS, deadlineMs)
}

/** Timers may be early by a fraction of a millisecond, and that fraction is not to be seen either. */
export async function waitUntil(atMs: number, { clock, startTimer }: Pick<GatewayPorts, 'clock' | 'startTimer'>): Promise<void> {
  for (let left = atMs - clock.monotonicMs(); left > 0; left = atMs - clock.monotonicMs()) {
    const delayMs = Math.ceil(left)
    await new Promise<void>((resolve) => void startTimer(delayMs, resolve))
  }
}
