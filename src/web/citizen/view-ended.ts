// SPDX-License-Identifier: EUPL-1.2
/**
 * An end without a document: what is known, why, and what to do.
 * @module
 */
import type { App, Ending, View } from './app.js'
import { depart } from './departure.js'
import { button, el } from '../dom.js'
import type { Text } from './language.js'
import type { Mood } from './pieces.js'
import { actions, alert, descriptions, heading, paragraph, section } from './pieces.js'
import { adviceOn, END, ENDINGS } from './texts-end.js'
import { RESULT, RIDE } from './texts-ride.js'
import { stepList } from './view-progress.js'

type Kind = Exclude<Ending['kind'], 'sheet'>

/** What is known, in what mood. */
const CERTAINTY: Readonly<Record<Kind, { readonly mood: Mood; readonly certainty: Text }>> = {
  expired: { mood: 'info', certainty: END.certain },
  refused: { mood: 'info', certainty: END.certain },
  rejected: { mood: 'info', certainty: END.certain },
  'not-sent': { mood: 'info', certainty: END.certain },
  unknown: { mood: 'warning', certainty: END.uncertain },
  unreadable: { mood: 'danger', certainty: END.unread },
}

/** Whether asking again with the very same request is of use. */
const AGAIN: ReadonlySet<Kind> = new Set(['expired', 'refused', 'unknown', 'not-sent'])

const TOO_OFTEN: ReadonlySet<string> = new Set(['online.too-often', 'core.quota', 'core.too-many-waits'])

/** Reasons with what to do about each. */
function adviceOf(ending: Ending): { readonly code: string; readonly why: Text; readonly what: Text; readonly hint?: string }[] {
  if (ending.kind === 'rejected')
    return (ending.content.outcome?.reasons ?? []).map(({ code, text }) => ({ code, ...adviceOn(code), ...(text ? { hint: text } : {}) }))
  if (ending.kind === 'refused' && ending.code !== undefined) return [{ code: ending.code, ...adviceOn(ending.code) }]
  return []
}

/** The title and words that fit what is known: a loss in the middle is *unknown*, whatever it is called. */
const wordsOf = (ending: Exclude<Ending, { kind: 'sheet' }>): Kind => ('certain' in ending && !ending.certain ? 'unknown' : ending.kind)

export const ended: View = (app, place) => {
  const { trip } = app.state
  const ending = trip?.ending
  if (!trip || !ending || ending.kind === 'sheet') return
  const kind = wordsOf(ending)
  const { title, text } = ENDINGS[kind]
  const { mood, certainty } = CERTAINTY[kind]
  const hint = ending.kind === 'not-sent' ? paragraph(app.t(TOO_OFTEN.has(ending.code) ? END.often : END.later)) : undefined
  const again = button({ class: 'kern-btn kern-btn--primary', id: 'again' }, app.t(END.again), () => depart(app, trip.order))
  place.append(
    heading(app.t(title)),
    trip.foreign ? alert('danger', app.t(RIDE.foreignTitle), paragraph(app.t(RIDE.foreignText))) : '',
    alert(mood, app.t(certainty), paragraph(app.t(text)), hint),
    ...reasons(app, ending),
    section(app.t(RIDE.steps)),
    stepList(app, trip, true),
    descriptions([[app.t(END.number), trip.order.uuid]]),
    actions(
      AGAIN.has(kind) && again,
      button({ class: `kern-btn kern-btn--${AGAIN.has(kind) ? 'secondary' : 'primary'}` }, app.t(END.change), () => app.show('form')),
      button({ class: 'kern-btn kern-btn--secondary' }, app.t(RESULT.another), () => app.show('choice')),
    ),
  )
}

function reasons(app: App, ending: Ending): HTMLElement[] {
  return adviceOf(ending).flatMap(({ code, why, what, hint }) => [
    descriptions([
      [app.t(END.why), el('span', {}, app.t(why), hint === undefined ? '' : ` ${hint}`, ` (${code})`)],
      [app.t(END.what), app.t(what)],
    ]),
  ])
}
