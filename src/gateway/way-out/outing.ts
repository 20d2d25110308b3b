// SPDX-License-Identifier: EUPL-1.2
/**
 * One envelope's way over the OSCI wire: its deadlines, its one permitted repetition, and how far it came.
 *
 *   take ──► leave until (life of the envelope) ──► answer until (answerWithinSeconds)
 *              nothing leaves after it                 then the call is given up
 *
 * Repeated is the first step alone, once, and only where the connection never stood: there nobody can have seen anything.
 * Specs: osci-in-the-field §3 rows 8–10, 22; product.md, Decisions, "deadlines".
 * @module
 */
import { OsciCallError } from '../../client/osci/ports.js'
import { DeliveryRefused, NOT_TAKEN } from '../recipient/verdict.js'
import type { WayOutHouse } from './ports.js'

const PAUSE_MS = 250
const NEVER_CONNECTED = /^client\.(connection|connect-timeout)$/

export interface Outing {
  /** Aborted at the deadline, or when the house closes. */
  readonly signal: AbortSignal
  /** Until the deadline of the answer. */
  leftMs(): number
  /** What comes before the first step: nobody waits for it longer than the envelope lives. @throws {DeliveryRefused} 9809 */
  before<T>(work: Promise<T>): Promise<T>
  /** The first step. @throws {DeliveryRefused} 9809 the envelope's life is over. */
  first<T>(step: () => Promise<T>): Promise<T>
  /** The step that hands the delivery over: from here on it may have been processed. */
  deliver<T>(step: () => Promise<T>): Promise<T>
  readonly delivering: boolean
  /** What may go on after the answer, e.g. the end of a dialog. Never rejects. */
  afterwards(work: Promise<void>): void
  /** Ends timers and waits for what goes on. */
  end(): Promise<void>
}

/**
 * @param leaveUntilMs monotonic time at which the envelope's life ends.
 * @param answerUntilMs monotonic time until which its answer is waited for.
 */
export function beginOuting(leaveUntilMs: number, answerUntilMs: number, { own, ports, ending }: WayOutHouse): Outing {
  const { clock } = ports
  const late = new AbortController()
  const over = new AbortController()
  const { signal } = late
  // not AbortSignal.any: `ending` lives as long as the house, and Node 20 keeps a trace of every signal that was ever made from it
  const onEnding = (): void => late.abort()
  if (ending.aborted) onEnding()
  else ending.addEventListener('abort', onEnding)
  const leftMs = (): number => Math.max(1, answerUntilMs - clock.monotonicMs())
  void own.sleep(leftMs(), over.signal).then(() => {
    if (!over.signal.aborted) late.abort()
  })
  const rest: Promise<void>[] = []
  let delivering = false
  const expired = (): DeliveryRefused => {
    const text = 'the envelope expired before it could leave'
    return new DeliveryRefused('policy.expired-envelope', text, { codes: NOT_TAKEN, reasons: [{ code: '9809', text }] })
  }
  const assertAlive = (): void => {
    if (clock.monotonicMs() >= leaveUntilMs || signal.aborted) throw expired()
  }
  return {
    signal,
    leftMs,
    get delivering() {
      return delivering
    },
    async before(work) {
      const enough = new AbortController()
      const giveUp = (): void => enough.abort()
      if (signal.aborted) giveUp()
      else signal.addEventListener('abort', giveUp)
      const tooLate = own.sleep(Math.max(0, leaveUntilMs - clock.monotonicMs()), enough.signal).then(() => Promise.reject(expired()))
      try {
        return await Promise.race([work, tooLate])
      } finally {
        giveUp()
        signal.removeEventListener('abort', giveUp)
      }
    },
    async first(step) {
      assertAlive()
      try {
        return await step()
      } catch (error) {
        const again = error instanceof OsciCallError && error.stage === 'not-sent' && NEVER_CONNECTED.test(error.finding)
        if (!again) throw error
        await own.sleep(PAUSE_MS, signal)
        assertAlive()
        return step()
      }
    },
    async deliver(step) {
      assertAlive()
      delivering = true
      return step()
    },
    afterwards: (work) => void rest.push(work),
    async end() {
      await Promise.all(rest)
      over.abort()
      ending.removeEventListener('abort', onEnding)
    },
  }
}
