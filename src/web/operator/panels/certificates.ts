// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificates of our own, the one that expires first on top.
 * @module
 */
import { card } from '../card.js'
import { element, type Grade } from '../dom.js'
import type { Figures } from '../feed.js'
import type { Speech } from '../speech.js'
import { table } from '../table.js'
import type { Panel } from '../view.js'

export const WARN_DAYS = 30
const DAY_MS = 86_400_000

export const daysLeft = ({ notAfter }: Figures['certificates'][number], nowMs: number): number =>
  Math.floor((Date.parse(notAfter) - nowMs) / DAY_MS)

/** `reader-2` is the second reader key. */
export function useTitle(use: string, { texts }: Speech): string {
  const [name = use, which] = use.split('-')
  return (texts.uses[name] ?? name) + (which === undefined ? '' : ` ${which}`)
}

function stateOf(days: number, { texts }: Speech): { readonly grade: Grade; readonly text: string } {
  if (days < 0) return { grade: 'danger', text: texts.expired }
  return days < WARN_DAYS ? { grade: 'warning', text: texts.soon } : { grade: 'success', text: texts.valid }
}

export function certificatesPanel(speech: Speech): Panel {
  const { texts, number, date } = speech
  const rows = table(texts.certificates, [
    { title: texts.certificate },
    { title: texts.state },
    { title: texts.days, numeric: true },
    { title: texts.until },
  ])
  const none = element('p', { class: 'kern-body kern-body--small' }, texts.noCertificates)
  return {
    element: card(texts.certificates, rows.element, none),
    update({ figures, untilMs }) {
      const sorted = [...figures.certificates].sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))
      rows.set(
        sorted.map((one) => {
          const days = daysLeft(one, untilMs)
          return [
            { text: `${texts.keyrings[one.keyring] ?? one.keyring}: ${useTitle(one.use, speech)}` },
            stateOf(days, speech),
            { text: number(days) },
            { text: date(new Date(one.notAfter)) },
          ]
        }),
      )
      rows.element.hidden = sorted.length === 0
      none.hidden = sorted.length > 0
    },
  }
}
