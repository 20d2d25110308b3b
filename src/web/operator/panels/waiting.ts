// SPDX-License-Identifier: EUPL-1.2
/**
 * Envelopes that wait, by mailbox: those where something waits now or did in the window, and how many are quiet.
 * @module
 */
import { card } from '../card.js'
import { element, setText } from '../dom.js'
import type { Speech } from '../speech.js'
import { table } from '../table.js'
import { inWindow, type Panel } from '../view.js'

export function waitingPanel({ texts, number, say }: Speech): Panel {
  const boxes = table(texts.waiting, [
    { title: texts.mailbox },
    { title: texts.now, numeric: true },
    { title: texts.peak, numeric: true },
    { title: texts.course },
  ])
  const note = element('p', { class: 'kern-body kern-body--small' })
  return {
    element: card(texts.waiting, boxes.element, note),
    update(view) {
      const { bins, figures } = view
      const now = figures.core.waiting
      const seen = new Set(inWindow(view).flatMap(({ waiting }) => Object.keys(waiting)))
      const busy = [...new Set([...seen, ...Object.keys(now).filter((mailbox) => (now[mailbox] ?? 0) > 0)])]
      const rows = busy
        .map((mailbox) => {
          const course = bins.map(({ samples }) => Math.max(0, ...samples.map(({ waiting }) => waiting[mailbox] ?? 0)))
          return { mailbox, course, now: now[mailbox] ?? 0, peak: Math.max(now[mailbox] ?? 0, ...course) }
        })
        .sort((a, b) => b.now - a.now || b.peak - a.peak || a.mailbox.localeCompare(b.mailbox))
      boxes.set(
        rows.map(({ mailbox, course, now: count, peak }) => [
          { text: texts.mailboxNames[mailbox] ?? mailbox },
          { text: number(count) },
          { text: number(peak) },
          { text: '', spark: course },
        ]),
      )
      boxes.element.hidden = rows.length === 0
      const quiet = Object.keys(now).filter((mailbox) => !busy.includes(mailbox)).length
      setText(note, [...(rows.length === 0 ? [texts.nothingWaits] : []), ...(quiet > 0 ? [say(texts.quiet, number(quiet))] : [])].join(' '))
    },
  }
}
