// SPDX-License-Identifier: EUPL-1.2
/**
 * Sizes of a core in Redis: the sum over its partitions.
 * @module
 */
import type { CoreFigures, MailboxAddress } from '../ports.js'
import type { Calls } from './redis-calls.js'

export type RedisSums = Pick<CoreFigures, 'bytes' | 'envelopes' | 'outcomes' | 'waiting'>

export const NO_SUMS: RedisSums = { bytes: 0, envelopes: 0, outcomes: 0, waiting: {} }

/** @throws {CoreError} full: the server is away */
export async function sumsOf(calls: Calls, tags: readonly string[]): Promise<RedisSums> {
  const sums = { bytes: 0, envelopes: 0, outcomes: 0 }
  const waiting: Record<MailboxAddress, number> = {}
  for (const [bytes, envelopes, outcomes, replies, boxes] of await Promise.all(tags.map((tag) => calls.run('figures', tag, [])))) {
    sums.bytes += Number(bytes)
    sums.envelopes += Number(envelopes)
    sums.outcomes += Number(outcomes) + Number(envelopes)
    Object.assign(waiting, boxes)
    if (Number(replies) >= 0) waiting.reply = (waiting.reply ?? 0) + Number(replies)
  }
  return { ...sums, waiting }
}
