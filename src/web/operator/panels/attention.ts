// SPDX-License-Identifier: EUPL-1.2
/**
 * What an operator should look at, as a list of rules. The list is spoken when it changes, not once a second.
 * @module
 */
import { card } from '../card.js'
import { badge, element, type Grade } from '../dom.js'
import { GOAL_SECONDS, toldDwell } from '../history.js'
import type { Speech } from '../speech.js'
import { lately, type Panel, type View } from '../view.js'
import { daysLeft, useTitle, WARN_DAYS } from './certificates.js'
import { partTitle } from './parts.js'

interface Remark {
  readonly grade: Grade
  readonly text: string
}

type Rule = (view: View, speech: Speech) => readonly Remark[]

const FULL_SHARE = 0.8
/** Said by step, so that what is said stays the same for a while. */
const LOOP_STEPS_MS = [200, 500, 1000, 2000, 5000, 10_000]

const RULES: readonly Rule[] = [
  ({ figures }, { texts }) => {
    if (figures.state === 'ready') return []
    return [{ grade: figures.state === 'draining' ? 'info' : 'danger', text: texts.warnings[figures.state] }]
  },
  ({ figures }, speech) =>
    figures.parts
      .filter(({ state }) => state !== 'ok')
      .map((one) => ({
        grade: one.state === 'starting' ? 'info' : 'warning',
        text: speech.say(speech.texts.warnings.part, partTitle(one, speech), speech.texts.partStates[one.state] ?? one.state),
      })),
  ({ figures, untilMs }, speech) =>
    figures.certificates
      .map((one) => ({ one, days: daysLeft(one, untilMs) }))
      .filter(({ days }) => days < WARN_DAYS)
      .map(({ one, days }) => {
        const { warnings, keyrings } = speech.texts
        const text = speech.say(
          days < 0 ? warnings.expired : warnings.certificate,
          keyrings[one.keyring] ?? one.keyring,
          useTitle(one.use, speech),
          speech.number(days),
        )
        return { grade: days < 0 ? 'danger' : 'warning', text }
      }),
  ({ figures: { core } }, { texts, say, percent }) => {
    const share = core.maxBytes === 0 ? 0 : core.bytes / core.maxBytes
    return share < FULL_SHARE ? [] : [{ grade: 'danger', text: say(texts.warnings.full, percent(Math.floor(share * 20) / 20)) }]
  },
  (view, { texts, say, seconds }) => {
    const { p95 } = toldDwell(lately(view, 60), view.bounds) ?? { p95: 0 }
    if (p95 <= GOAL_SECONDS) return []
    // the border below: it does not move from second to second as an estimate within the bucket does
    return [{ grade: 'warning', text: say(texts.warnings.slow, seconds(view.bounds.filter((bound) => bound < p95).at(-1) ?? p95)) }]
  },
  (view, { texts, say, seconds }) => {
    const longest = Math.max(0, ...lately(view, 60).map(({ loopDelayMs }) => loopDelayMs))
    const step = LOOP_STEPS_MS.filter((ms) => ms < longest).at(-1)
    return step === undefined ? [] : [{ grade: 'warning', text: say(texts.warnings.loop, seconds(step / 1000)) }]
  },
]

export function attentionPanel(speech: Speech): Panel {
  const list = element('ul', { class: 'remarks' })
  const box = element('div', { role: 'status' }, list)
  let said = ''
  return {
    element: card(speech.texts.attention, box),
    update(view) {
      const found = RULES.flatMap((rule) => rule(view, speech))
      const remarks: readonly Remark[] = found.length > 0 ? found : [{ grade: 'success', text: speech.texts.nothing }]
      const key = JSON.stringify(remarks)
      if (key === said) return
      said = key
      list.replaceChildren(
        ...remarks.map(({ grade, text }) => {
          const mark = badge()
          mark.set(grade, text)
          return element('li', {}, mark.element)
        }),
      )
    },
  }
}
