// SPDX-License-Identifier: EUPL-1.2
/**
 * Room at the core for a message that is still coming, and what the core's errors mean.
 * Specs: threat model C4, H1; product.md, Decisions, "limits".
 * @module
 */
import type { Reservation } from '../../core/ports.js'
import { HttpError } from '../../errors.js'
import { FIRST_BYTES } from '../overload.js'
import type { GatewayPorts } from '../ports.js'

/** `CoreError` by shape: this room sees the core's ports only. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'finding' in error && String(error.finding).startsWith('core.') && 'status' in error
    ? Number(error.status)
    : undefined

/** Full core or quota: nothing was processed, try again. */
export const isCoreBusy = (error: unknown): boolean => [429, 503].includes(statusOf(error) ?? 0)

/** 503 where the core has no room; any other error as it is. */
const noRoom = (error: unknown): unknown =>
  isCoreBusy(error) ? new HttpError(503, 'core.full', 'There is no room at the moment.', { retryAfterSeconds: 1, cause: error }) : error

/**
 * Room at the core before the body is read (threat model C4): for all that was announced, or nothing is read. Held is what has come, see
 * {@link growRoom}: the sender is a stranger yet.
 * @throws {HttpError} 503
 */
export async function reserveRoom(mailbox: string | undefined, announced: number, ports: GatewayPorts): Promise<Reservation | undefined> {
  if (mailbox === undefined) return undefined
  const hold = (bytes: number): Promise<Reservation> => ports.core.reserve(mailbox, ports.identity.participant, bytes)
  try {
    if (announced <= FIRST_BYTES) return await hold(announced)
    const whole = await hold(announced)
    whole.release()
    return await hold(FIRST_BYTES)
  } catch (error) {
    // a mailbox that nobody opened: the routing says so in OSCI's own words
    if (statusOf(error) === 404) return undefined
    throw noRoom(error)
  }
}

/** More of the body has come. @throws {HttpError} 503 */
export function growRoom(reservation: Reservation | undefined, toBytes: number): void {
  try {
    reservation?.grow(toBytes)
  } catch (error) {
    throw noRoom(error)
  }
}
