// SPDX-License-Identifier: EUPL-1.2
/**
 * What became of deliveries: four classes over time, and every outcome by role.
 * @module
 */
import { card } from '../card.js'
import { chart } from '../chart.js'
import { element, setText, type Grade } from '../dom.js'
import { addUp, outcomesOf, rowsOf, total, type Counts } from '../history.js'
import { CLASS_INKS, ROLE_INKS } from '../paint.js'
import type { Sample } from '../feed.js'
import type { Speech } from '../speech.js'
import { table } from '../table.js'
import { inWindow, type Panel } from '../view.js'

type OutcomeClass = 'done' | 'not-taken' | 'refused' | 'failed'

/** Outcomes of all roles; what is not listed counts as failed, so that nothing new goes unnoticed. */
const CLASS_OF: Readonly<Record<string, OutcomeClass>> = {
  delivered: 'done',
  done: 'done',
  expired: 'not-taken',
  'not-taken': 'not-taken',
  refused: 'refused',
  denied: 'refused',
  unknown: 'failed',
  failed: 'failed',
}
const GRADE_OF: Readonly<Record<OutcomeClass, Grade>> = { done: 'success', 'not-taken': 'warning', refused: 'info', failed: 'danger' }
const CLASSES = Object.keys(GRADE_OF) as OutcomeClass[]
const ROLES = Object.keys(ROLE_INKS)

const classOf = (outcome: string): OutcomeClass => CLASS_OF[outcome] ?? 'failed'

function byClass(samples: readonly Sample[]): Counts {
  const all = addUp(samples.flatMap(({ deliveries }) => Object.values(deliveries)))
  return addUp(Object.entries(all).map(([outcome, count]) => ({ [classOf(outcome)]: count })))
}

export function outcomesPanel(speech: Speech): Panel {
  const { texts, say, number, percent, clock } = speech
  const drawn = chart({
    name: texts.outcomes,
    unit: texts.units.outcomes,
    speech,
    stacked: true,
    series: CLASSES.map((one) => ({ label: texts.classes[one] ?? one, ink: CLASS_INKS[one] ?? { color: '--ink-text' } })),
    axisText: (value) => number(value, 2),
    columns: [{ title: texts.from }, ...CLASSES.map((one) => ({ title: texts.classes[one] ?? one, numeric: true }))],
  })
  const ends = table(texts.outcomes, [
    { title: texts.role },
    { title: texts.outcome },
    { title: texts.count, numeric: true },
    { title: texts.share, numeric: true },
  ])
  const none = element('p', { class: 'kern-body kern-body--small' })
  return {
    element: card(texts.outcomes, drawn.element, none, ends.element),
    update(view) {
      const { bins, windowSeconds } = view
      const samples = inWindow(view)
      const counts = bins.map((bin) => byClass(bin.samples))
      const sums = byClass(samples)
      drawn.set({
        bins,
        values: CLASSES.map((one) => bins.map((bin, index) => (bin.seconds === 0 ? null : (counts[index]?.[one] ?? 0) / bin.seconds))),
        summary: say(
          texts.outcomesSummary,
          texts.windows[windowSeconds] ?? '',
          ...[total(sums), ...CLASSES.map((one) => sums[one] ?? 0)].map((n) => number(n)),
        ),
        rows: () =>
          rowsOf(bins).map((row) => {
            const group = byClass(row.samples)
            return [
              { text: clock(new Date(row.at * 1000)) },
              ...CLASSES.map((one) => ({ text: row.seconds === 0 ? texts.none : number(group[one] ?? 0) })),
            ]
          }),
      })
      const rows = ROLES.flatMap((role) => {
        const outcomes = outcomesOf(samples, role)
        const all = total(outcomes)
        return Object.entries(outcomes)
          .sort(([, a], [, b]) => b - a)
          .map(([outcome, count]) => [
            { text: texts.roles[role] ?? role },
            { text: texts.outcomeNames[outcome] ?? outcome, grade: GRADE_OF[classOf(outcome)] },
            { text: number(count) },
            { text: percent(count / all), bar: count / all },
          ])
      })
      ends.element.hidden = rows.length === 0
      ends.set(rows)
      setText(none, rows.length === 0 ? texts.noOutcomes : '')
      none.hidden = rows.length > 0
    },
  }
}
