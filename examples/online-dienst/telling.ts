// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: tells what becomes of an envelope as it happens, in the answer to its put, so that the page need not call again for every step.
 *
 *   put ──►  "\n"   {"record": outcome}"\n"   {"reply": {"id", "body": base64}}"\n"   …   end
 *
 * An end says only that nothing more is told here: the time is over, or the core is away. What comes then is asked for by calls.
 * @module
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Desk, Put } from './desk.js'

/** One line of JSON each. */
export const TELLING_TYPE = 'application/x-ndjson'

/** An answer that comes within tells by itself that the envelope was taken; only later ones are worth a call of their own. */
const RECORDS_AFTER_MS = 100

/**
 * Writes until `seconds` are over, nobody listens, or something fails; a line is written when the one before has been read. Never rejects.
 * @param signal aborted when the listener is gone: an answer can be taken once
 */
export async function tell(
  desk: Pick<Desk, 'take' | 'outcome'>,
  { id, replyTo }: Put,
  seconds: number,
  lines: Writable,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const untilMs = performance.now() + seconds * 1000
  const leftSeconds = (): number => Math.max(0, Math.ceil((untilMs - performance.now()) / 1000))
  const ended = AbortSignal.any([signal, over.signal])
  const line = async (told: object): Promise<void> => {
    if (!lines.write(`${JSON.stringify(told)}\n`)) await once(lines, 'drain', { signal: ended })
  }
  const replies = async (): Promise<void> => {
    while (leftSeconds() > 0) {
      const taken = await desk.take(replyTo, leftSeconds(), ended)
      if (taken === undefined) return
      await line({ reply: { id: taken.id, body: Buffer.from(taken.body).toString('base64') } })
    }
  }
  const records = async (): Promise<void> => {
    let isClaimed = false
    await delay(RECORDS_AFTER_MS, undefined, { signal: ended })
    while (leftSeconds() > 0) {
      const record = await desk.outcome(id, leftSeconds(), isClaimed ? 'settled' : 'claimed', ended)
      if (record === undefined) throw new TypeError('The envelope is not known any more.')
      await line({ record })
      if (record.outcome !== 'waiting') return
      isClaimed = record.claimed
    }
  }
  // with it go the headers: the envelope is put
  lines.write('\n')
  await Promise.all([replies(), records()]).catch(() => over.abort())
}
