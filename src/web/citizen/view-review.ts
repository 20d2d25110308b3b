// SPDX-License-Identifier: EUPL-1.2
/**
 * Step 3: everything once more, the authority with its fingerprint, and the sending.
 * @module
 */
import type { View } from './app.js'
import { changedKeys } from './changed-keys.js'
import { depart, prepare } from './departure.js'
import { button, el } from '../dom.js'
import { dateOf } from './language.js'
import { birthDate } from './order.js'
import { actions, descriptions, fingerprint, heading, paragraph, preline, section } from './pieces.js'
import { hold } from './pinning.js'
import { EXTENTS, FIELD_NAMES, FORM, KINDS, PAGE, REVIEW } from './texts.js'

export const review: View = (app, place) => {
  const { state, house } = app
  if (!house) return
  prepare(app)
  const { about, pinned } = house
  const extent = [...state.extent].map((one) => app.t(EXTENTS[one])).join(', ')
  const address = `${state.form.strasse}, ${state.form.postleitzahl} ${about.municipality.name}`
  const isHeldUp = pinned.earlier !== undefined
  const send = button({ class: 'kern-btn kern-btn--primary', id: 'send', disabled: isHeldUp }, app.t(REVIEW.send), () => {
    hold(about.authority, pinned)
    depart(app, { kind: state.kind, form: state.form, extent: new Set(state.extent), uuid: crypto.randomUUID() })
  })
  place.append(
    preline(app.t(PAGE.stepOf, { n: 3 })),
    heading(app.t(REVIEW.title)),
    paragraph(app.t(REVIEW.lead)),
    changedKeys(app) ?? '',
    section(app.t(REVIEW.request)),
    descriptions([
      [app.t(REVIEW.wanted), app.t(KINDS[state.kind].name)],
      ...(state.kind === 'certificate' ? [[app.t(REVIEW.extent), extent || app.t(REVIEW.none)] as const] : []),
      [app.t(FIELD_NAMES.familienname), state.form.familienname],
      [app.t(FIELD_NAMES.vornamen), state.form.vornamen],
      [app.t(FORM.birth), dateOf(birthDate(state.form) ?? '', state.language)],
      [app.t(REVIEW.address), address],
    ]),
    section(app.t(REVIEW.recipient)),
    descriptions([
      [app.t(REVIEW.authority), about.authority.name],
      [app.t(REVIEW.fingerprint), fingerprint(pinned.fingerprint)],
    ]),
    el('p', { class: 'kern-body muted' }, app.t(REVIEW.fingerprintHint)),
    actions(
      send,
      button({ class: 'kern-btn kern-btn--secondary' }, app.t(PAGE.back), () => app.show('form')),
    ),
  )
}
