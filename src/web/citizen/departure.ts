// SPDX-License-Identifier: EUPL-1.2
/**
 * Sends an order on its way and follows it through the views.
 * @module
 */
import type { App, Ending, House, Trip } from './app.js'
import { fill } from './language.js'
import type { Order } from './order.js'
import type { End, Step, Teller } from './ride.js'
import { openSession, ride } from './ride.js'
import { sheetOf } from './sheet.js'
import { RIDE, STEP_NAMES } from './texts-ride.js'

/** Before the citizen decides to send: then nothing is left to wait for but the sealing. It tells the online service no more than that somebody is here. */
export function prepare(app: App): void {
  app.state.session ??= openSession().catch(() => undefined)
}

/** Also for an order that was on its way before: it keeps its number, all else is new. */
export function depart(app: App, order: Order): void {
  const { house } = app
  if (!house) return
  const now = performance.now()
  const trip: Trip = {
    order,
    steps: new Map(),
    connected: true,
    foreign: false,
    takeUntilMs: now + house.about.ttlSeconds * 1000,
    answerUntilMs: now + house.about.answerWithinSeconds * 1000,
    ending: undefined,
  }
  const { session } = app.state
  app.state.trip = trip
  app.state.session = undefined
  app.show('progress')
  // the page would lose the only key that opens the answer
  addEventListener('beforeunload', stay)
  void ride(order, house.about, house.pinned, session, tellerOf(app, trip))
    .catch((): End => ({ kind: 'not-sent', code: 'page.failed', certain: !trip.steps.has('sealed') }))
    .then((end) => {
      removeEventListener('beforeunload', stay)
      trip.ending = endingOf(end, trip, house)
      app.show(trip.ending.kind === 'sheet' ? 'result' : 'ended')
    })
}

const stay = (event: Event): void => event.preventDefault()

function tellerOf(app: App, trip: Trip): Teller {
  const say = (text: Parameters<App['t']>[0]) => app.say(app.t(text))
  return {
    step(step: Step) {
      if (trip.steps.has(step)) return
      trip.steps.set(step, new Date())
      say(STEP_NAMES[step])
    },
    connection(up) {
      if (trip.connected === up) return
      trip.connected = up
      if (!up) say(RIDE.lost)
      else app.update()
    },
    foreign() {
      trip.foreign = true
      app.say(fill('{title}. {text}', { title: app.t(RIDE.foreignTitle), text: app.t(RIDE.foreignText) }))
    },
  }
}

/** Reads the document. What is genuine and cannot be read, or answers something else, is not shown. */
function endingOf(end: End, { order }: Trip, { about }: House): Ending {
  if (end.kind !== 'answered') return end
  const bytes = end.content.parts.find((part) => part.role === 'document')?.bytes
  try {
    if (bytes === undefined) return { kind: 'unreadable' }
    return { kind: 'sheet', sheet: sheetOf(bytes, order, about.authority), bytes }
  } catch {
    return { kind: 'unreadable' }
  }
}
