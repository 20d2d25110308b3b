// SPDX-License-Identifier: EUPL-1.2
/**
 * What became of something sent, in words that tell whether it may be sent again.
 * @module
 */
import type { EnvelopeOutcome } from '../../client/ports.js'
import type { Text } from '../io.js'
import { reasonLine, type Progress } from './progress.js'

const SENT: Text = { de: 'versiegelt und abgelegt', en: 'sealed and put' }
const WAITING: Text = { de: 'wartet auf Abholung', en: 'waiting to be taken' }

export const FATES = {
  delivered: { de: 'zugestellt', en: 'delivered' },
  expired: { de: 'nicht rechtzeitig abgeholt; nichts wurde bearbeitet', en: 'not taken in time; nothing was processed' },
  refused: { de: 'vom Empfänger zurückgegeben; nichts wurde bearbeitet', en: 'given back by the recipient; nothing was processed' },
  waiting: { de: 'noch nicht abgeholt; es kann noch geschehen', en: 'not taken yet; it still may be' },
  unknown: {
    de: 'UNBEKANNT, ob es bearbeitet wurde: erst klären, dann erneut senden',
    en: 'NOT KNOWN whether it was processed: clear up before sending again',
  },
} as const satisfies Record<EnvelopeOutcome['outcome'], Text>

export const withMore = (text: Text, more: string): Text => (more === '' ? text : { de: `${text.de}: ${more}`, en: `${text.en}: ${more}` })

export function tellSent(id: string, { to, ttlSeconds }: { readonly to: string; readonly ttlSeconds: number }, told: Progress): void {
  told.step(withMore(SENT, id), { event: 'sent', id, to, ttlSeconds })
  told.wait(WAITING, ttlSeconds)
}

/** The last word on it. @returns the exit code */
export function tellFate(
  fate: EnvelopeOutcome['outcome'],
  record: { readonly claimed: boolean; readonly reason?: string } | undefined,
  told: Progress,
): number {
  const { claimed = false, reason } = record ?? {}
  // waiting again, or still, for the word of somebody who has taken it
  const known = fate === 'waiting' && claimed ? 'unknown' : fate
  const reasons = reason === undefined ? [] : [{ code: reason }]
  told.end()
  told.step(withMore(FATES[known], reasonLine(reasons)), {
    event: 'outcome',
    outcome: known,
    claimed,
    ...(reason === undefined ? {} : { reason }),
  })
  return fate === 'delivered' ? 0 : 1
}
