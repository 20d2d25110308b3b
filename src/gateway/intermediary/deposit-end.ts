// SPDX-License-Identifier: EUPL-1.2
/**
 * Waits for the end of a deposit, however long the core cannot say.
 *
 *   ask the core ─┬─ settled, or no longer known ─► that
 *                 ├─ still waiting ───────────────► ask again
 *                 └─ it failed ─► pause ──────────► ask again          the gateway ends ─► nothing is known
 * @module
 */
import type { OutcomeRecord } from '../../core/ports.js'
import type { GatewayPorts } from '../ports.js'

/** Before a core that could not say what became of a deposit is asked again. */
const ASK_AGAIN_MS = 5000

export type DepositEnd = (envelopeId: string, waitMs: number) => Promise<OutcomeRecord | undefined>

/**
 * @param closed the mailroom is closed: the core has ended before.
 * @returns never rejects; undefined: the core does not know it any more, or could not say until the gateway ended.
 */
export function depositEnd({ core, startTimer, stopping }: GatewayPorts, closed: AbortSignal): DepositEnd {
  const over = AbortSignal.any([stopping, closed])
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel()
        over.removeEventListener('abort', end)
        resolve()
      }
      const cancel = startTimer(ASK_AGAIN_MS, end)
      over.addEventListener('abort', end)
    })
  return async (envelopeId, waitMs) => {
    for (;;) {
      try {
        const record = await core.settled(envelopeId, waitMs)
        if (record?.outcome !== 'waiting') return record
        if (closed.aborted) return undefined
      } catch {
        // it lies in the core all the same: its end must not be missed, or its card would never tell and the spool never be let go
        if (over.aborted) return undefined
        await pause()
      }
    }
  }
}
