// SPDX-License-Identifier: EUPL-1.2
/**
 * The authority's document: to read, to print, to keep.
 * @module
 */
import type { App, View } from './app.js'
import { bytesOf } from './base64.js'
import { button, el } from '../dom.js'
import { dateOf, fill, momentOf, type Language } from './language.js'
import { birthDate, type Order } from './order.js'
import { actions, alert, descriptions, heading, paragraph } from './pieces.js'
import { save } from '../save.js'
import { standalone } from './saving.js'
import type { Sheet } from './sheet.js'
import { FORM, FIELD_NAMES } from './texts.js'
import { NO_INFORMATION, NO_INFORMATION_ELSE, RESULT, RIDE } from './texts-ride.js'
import { stepList } from './view-progress.js'

/** The document as elements, without anything of the page around it. */
function paper(app: App, sheet: Sheet, order: Order): HTMLElement {
  const { language } = app.state
  const data = sheet.sections.flatMap(({ heading: title, rows }) => [
    el('h3', { class: 'kern-heading-small' }, app.t(title)),
    descriptions(rows.map(([label, value]) => [app.t(label), value(language)])),
  ])
  return el(
    'article',
    { class: 'paper', 'aria-labelledby': 'paper-title' },
    el(
      'header',
      {},
      el('p', { class: 'kern-body paper-author' }, sheet.author),
      el('h2', { class: 'kern-heading-medium', id: 'paper-title' }, app.t(sheet.title)),
      sheet.isTest && el('p', { class: 'paper-demo' }, app.t(RESULT.demo)),
    ),
    ...data,
    ...(sheet.refusal === undefined ? [] : noInformation(app, sheet.refusal, order, language)),
    ...(sheet.byPost ? [el('h3', { class: 'kern-heading-small' }, app.t(RESULT.postTitle)), paragraph(app.t(RESULT.postText))] : []),
    el('h3', { class: 'kern-heading-small' }, app.t(RESULT.paper)),
    descriptions([
      [app.t(RESULT.author), sheet.author],
      [app.t(RESULT.created), momentOf(sheet.createdAt, language)],
      [app.t(RESULT.number), sheet.uuid],
    ]),
  )
}

/** Why nothing is given, what to do, and for which details: a misspelt name is seen here. */
function noInformation(app: App, code: string, { form }: Order, language: Language): HTMLElement[] {
  const { why, what } = NO_INFORMATION[code] ?? NO_INFORMATION_ELSE
  return [
    alert('warning', app.t(RESULT.refusedTitle), paragraph(fill(app.t(why), { code })), paragraph(app.t(what))),
    descriptions([
      [app.t(FIELD_NAMES.familienname), form.familienname],
      [app.t(FIELD_NAMES.vornamen), form.vornamen],
      [app.t(FORM.birth), dateOf(birthDate(form) ?? '', language)],
      [app.t(FIELD_NAMES.strasse), `${form.strasse}, ${form.postleitzahl}`],
    ]),
  ]
}

export const result: View = (app, place) => {
  const { trip } = app.state
  const ending = trip?.ending
  if (!trip || ending?.kind !== 'sheet') return
  const { sheet, bytes } = ending
  const shown = paper(app, sheet, trip.order)
  const name = `${trip.order.kind === 'certificate' ? 'meldebescheinigung' : 'selbstauskunft'}-demo-${sheet.createdAt.toISOString().slice(0, 10)}`
  const { pdf } = sheet
  const secondary = { class: 'kern-btn kern-btn--secondary' }
  place.append(
    heading(app.t(sheet.refusal === undefined ? RESULT.title : RESULT.refusedTitle)),
    trip.foreign ? alert('danger', app.t(RIDE.foreignTitle), paragraph(app.t(RIDE.foreignText))) : '',
    alert('success', app.t(RESULT.verifiedTitle), paragraph(app.t(RESULT.verified))),
    shown,
    el('p', { class: 'kern-body muted' }, app.t(RESULT.keepHint)),
    actions(
      button({ class: 'kern-btn kern-btn--primary', id: 'print' }, app.t(RESULT.print), () => print()),
      pdf &&
        button({ ...secondary, id: 'save-pdf' }, app.t(RESULT.savePdf), () => save(`${name}.pdf`, 'application/pdf', bytesOf(pdf.inhalt))),
      button({ ...secondary, id: 'save-html' }, app.t(RESULT.saveHtml), () =>
        save(`${name}.html`, 'text/html', standalone(shown, app.t(sheet.title), app.state.language)),
      ),
      button({ ...secondary, id: 'save-xml' }, app.t(RESULT.saveXml), () => save(`${name}.xml`, 'application/xml', bytes)),
      button({ class: 'kern-btn kern-btn--tertiary', id: 'another' }, app.t(RESULT.another), () => app.show('choice')),
    ),
    el('details', { class: 'history' }, el('summary', { class: 'kern-label' }, app.t(RIDE.steps)), stepList(app, trip, true)),
  )
}
