// SPDX-License-Identifier: EUPL-1.2
/**
 * Messages per second, by role.
 * @module
 */
import { chart } from '../chart.js'
import { rateOf, rowsOf } from '../history.js'
import { OSCI_ROLES, ROLE_INKS } from '../paint.js'
import type { Speech } from '../speech.js'
import { card } from '../card.js'
import { inWindow, type Panel } from '../view.js'

export function messagesPanel(speech: Speech): Panel {
  const { texts, say, number, clock } = speech
  const roles = Object.keys(ROLE_INKS)
  const titleOf = (role: string): string => texts.roles[role] ?? role
  const drawn = chart({
    name: texts.messages,
    unit: texts.units.messages,
    speech,
    series: Object.entries(ROLE_INKS).map(([role, ink]) => ({ label: titleOf(role), ink })),
    axisText: (value) => number(value, 2),
    columns: [{ title: texts.from }, ...roles.map((role) => ({ title: titleOf(role), numeric: true }))],
  })
  return {
    element: card(texts.messages, drawn.element),
    update(view) {
      const { bins, windowSeconds } = view
      const [mean, osci] = [rateOf(inWindow(view), ['core']) ?? 0, rateOf(inWindow(view), OSCI_ROLES) ?? 0]
      const most = Math.max(0, ...bins.map(({ samples }) => rateOf(samples, ['core']) ?? 0))
      drawn.set({
        bins,
        values: roles.map((role) => bins.map(({ samples }) => rateOf(samples, [role]) ?? null)),
        summary: say(texts.messagesSummary, texts.windows[windowSeconds] ?? '', number(mean, 1), number(most, 1), number(osci, 1)),
        rows: () =>
          rowsOf(bins).map((row) => [
            { text: clock(new Date(row.at * 1000)) },
            ...roles.map((role) => {
              const value = rateOf(row.samples, [role])
              return { text: value === undefined ? texts.none : number(value, 2) }
            }),
          ]),
      })
    },
  }
}
