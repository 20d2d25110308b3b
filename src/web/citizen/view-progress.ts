// SPDX-License-Identifier: EUPL-1.2
/**
 * While a request is under way: the steps as they happen, and the time that is left. Nothing moves; places are filled.
 * @module
 */
import type { App, Trip, View } from './app.js'
import { el } from '../dom.js'
import { timeOf, type Text } from './language.js'
import { alert, heading, paragraph, section } from './pieces.js'
import { STEPS } from './ride.js'
import { RIDE, STEP_NAMES } from './texts-ride.js'

const TICK_MS = 250
const ANNOUNCED_SECONDS = 5

/** The steps so far; with `isOver` the open ones are not waited for any more. */
export function stepList(app: App, trip: Trip, isOver: boolean): HTMLOListElement {
  const next = STEPS.find((step, index) => !trip.steps.has(step) && !STEPS.slice(index).some((later) => trip.steps.has(later)))
  const items = STEPS.map((step) => {
    const at = trip.steps.get(step)
    const isPassed = STEPS.slice(STEPS.indexOf(step)).some((later) => trip.steps.has(later))
    const isCurrent = !isOver && step === next
    const mark = at ? 'done' : isCurrent ? 'current' : 'open'
    const state = at ? timeOf(at, app.state.language) : app.t(wordOf(isCurrent, isPassed, isOver))
    return el(
      'li',
      { class: `step step--${mark}`, 'aria-current': isCurrent ? 'step' : undefined },
      el('span', { class: 'step-mark', 'aria-hidden': 'true' }, at ? '✓' : ''),
      el('span', { class: 'kern-body step-name' }, app.t(STEP_NAMES[step])),
      el('span', { class: 'kern-body step-state' }, state),
    )
  })
  return el('ol', { class: 'steps' }, ...items)
}

const wordOf = (isCurrent: boolean, isPassed: boolean, isOver: boolean): Text => {
  if (isPassed) return RIDE.skipped
  if (isOver) return RIDE.missed
  return isCurrent ? RIDE.current : RIDE.pending
}

export const progress: View = (app, place) => {
  const { trip } = app.state
  if (!trip) return
  const startMs = performance.now()
  const steps = el('div', {})
  const text = el('p', { class: 'kern-body time-left' })
  const bar = el('progress', { id: 'time-left', max: 1, value: 1, 'aria-label': app.t(RIDE.left) })
  const notes = el('div', { class: 'notes' })
  let announced = false

  const tick = (): void => {
    const isTaken = trip.steps.has('taken')
    const untilMs = isTaken ? trip.answerUntilMs : trip.takeUntilMs
    const leftMs = Math.max(0, untilMs - performance.now())
    const n = Math.ceil(leftMs / 1000)
    text.textContent = app.t(isTaken ? RIDE.answerLeft : RIDE.takeLeft, { n })
    bar.value = leftMs / Math.max(1, untilMs - startMs)
    if (n <= ANNOUNCED_SECONDS && !announced) app.say(app.t(RIDE.fiveLeft))
    announced = n <= ANNOUNCED_SECONDS
  }
  const update = (): void => {
    steps.replaceChildren(stepList(app, trip, false))
    notes.replaceChildren(
      trip.foreign ? alert('danger', app.t(RIDE.foreignTitle), paragraph(app.t(RIDE.foreignText))) : '',
      trip.connected ? '' : el('p', { class: 'kern-body' }, app.t(RIDE.lost)),
    )
    tick()
  }
  place.append(
    heading(app.t(RIDE.title)),
    paragraph(app.t(RIDE.lead)),
    section(app.t(RIDE.steps)),
    steps,
    el('div', { class: 'kern-progress time' }, text, bar),
    notes,
  )
  update()
  const timer = setInterval(tick, TICK_MS)
  return { update, leave: () => clearInterval(timer) }
}
