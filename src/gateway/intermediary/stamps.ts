// SPDX-License-Identifier: EUPL-1.2
/**
 * The time stamps of a process card, in the quality that the sender wished for.
 *
 *   plain           the intermediary's clock, UTC with milliseconds
 *   cryptographic   a token of the time-stamping authority over the SHA-256 of the message's bytes
 *
 * Creation: without the token that was wished for, the request is refused (9811) before anything is stored. Reception: the delivery has
 * been received whatever the authority does, so the stamp falls back to plain, and the log says so.
 * Specs: osci-1.2 §6.4, §6.5.
 * @module
 */
import { ProtektorError, type FeedbackCode } from '../../errors.js'
import type { TimeStamp } from '../../osci/parts.js'
import type { TimestampWish } from '../../osci/types.js'
import type { GatewayLog, LogFields } from '../log.js'
import type { TimeStamper } from './ports.js'

export interface StampPorts {
  /** Absent: there is no authority. */
  readonly timeStamper?: TimeStamper
  readonly log: GatewayLog
}

export interface StampOccasion {
  /** The moment that is stamped; what a plain stamp says. */
  readonly at: Date
  /** SHA-256 of the message's bytes. */
  readonly sha256: Uint8Array
  /** What the log says beside the failure. */
  readonly fields?: LogFields
}

export type CreationStamp = { readonly stamp: TimeStamp } | { readonly refusal: FeedbackCode }

/** Forwarding and inspection have no wish: always plain (osci-1.2 §6.5). */
export const plainStamp = (at: Date): TimeStamp => ({ plain: at.toISOString() })

/** What the sender wished for a service; plain where it said nothing. */
export function wishedQuality(wishes: readonly TimestampWish[] | undefined, service: TimestampWish['service']): TimestampWish['quality'] {
  return wishes?.find((wish) => wish.service === service)?.quality ?? 'plain'
}

/** @param wishes of the request. @returns never rejects; a refusal means that nothing may be stored or sent. */
export async function creationStamp(
  wishes: readonly TimestampWish[] | undefined,
  occasion: StampOccasion,
  ports: StampPorts,
): Promise<CreationStamp> {
  if (wishedQuality(wishes, 'creation') === 'plain') return { stamp: plainStamp(occasion.at) }
  const stamp = await token('creation', occasion, ports)
  return stamp === undefined ? { refusal: '9811' } : { stamp }
}

/** @param wishes of the request that brought the delivery. @returns never rejects. */
export async function receptionStamp(
  wishes: readonly TimestampWish[] | undefined,
  occasion: StampOccasion,
  ports: StampPorts,
): Promise<TimeStamp> {
  if (wishedQuality(wishes, 'reception') === 'plain') return plainStamp(occasion.at)
  return (await token('reception', occasion, ports)) ?? plainStamp(occasion.at)
}

async function token(service: TimestampWish['service'], { sha256, fields = {} }: StampOccasion, { timeStamper, log }: StampPorts) {
  const failed = (error: string) =>
    log.write('warn', 'time-stamp-failed', { ...fields, error, outcome: service === 'creation' ? 'refused' : 'plain' })
  if (timeStamper === undefined) {
    failed('ERR_TIMESTAMP_NO_AUTHORITY')
    return undefined
  }
  try {
    return await timeStamper.stamp(sha256)
  } catch (cause) {
    failed(cause instanceof ProtektorError ? cause.code : 'ERR_INTERNAL')
    return undefined
  }
}
