// SPDX-License-Identifier: EUPL-1.2
/**
 * The page of an explanation: layers on the left, bytes on the right. Everything it shows stands in the page itself, nothing is fetched.
 * @module
 */
import { el } from '../dom.js'
import { ByteView } from './bytes.js'
import type { Explanation, Language, ShownDocument } from './model.js'
import { WORDS } from './texts.js'
import { layerSection, verdictMark, type Placed, type Teller } from './things.js'

const explanation = JSON.parse(document.getElementById('explanation')?.textContent ?? 'null') as Explanation

const folds = (): NodeListOf<HTMLDetailsElement> => document.querySelectorAll('details')

function foldButton(label: string, open: boolean): HTMLElement {
  const button = el('button', { type: 'button' }, label)
  button.addEventListener('click', () => folds().forEach((one) => (one.open = open)))
  return button
}

function show(language: Language): void {
  const words = WORDS[language]
  document.documentElement.lang = language
  document.title = `${words.title} · Protektor`
  const [file, ...more] = explanation.documents
  const placed: Placed[] = []
  const view = new ByteView([file as ShownDocument, ...more], placed, language, words)
  const teller: Teller = { placed, explanation, language, words, reveal: (what, place) => view.reveal(what, place) }
  const other = el('button', { type: 'button', lang: language === 'de' ? 'en' : 'de' }, words.other)
  other.addEventListener('click', () => show(language === 'de' ? 'en' : 'de'))
  const { stops } = explanation
  document.body.replaceChildren(
    el('header', {}, el('h1', {}, words.title), other),
    el(
      'main',
      {},
      el('p', { class: 'file' }, explanation.file, ' ', verdictMark(explanation.verdict, teller)),
      !explanation.showsValues && el('p', { class: 'quiet' }, words.masked),
      stops.length > 0 &&
        el(
          'section',
          { class: 'stops', 'aria-labelledby': 'stops' },
          el('h2', { id: 'stops' }, words.stops),
          el('ul', {}, ...stops.map((stop) => el('li', {}, stop[language]))),
        ),
      el(
        'div',
        { class: 'panes' },
        el(
          'section',
          { class: 'told', 'aria-labelledby': 'layers' },
          el('h2', { id: 'layers' }, words.layers),
          el('p', { class: 'folds' }, foldButton(words.open, true), ' ', foldButton(words.close, false)),
          ...explanation.things.map((one) => layerSection(one, teller)),
        ),
        view.element,
      ),
    ),
  )
}

let opened: readonly HTMLDetailsElement[] = []
window.onbeforeprint = () => {
  opened = [...folds()].filter((one) => !one.open)
  for (const one of opened) one.open = true
}
window.onafterprint = () => {
  for (const one of opened) one.open = false
}

show(document.documentElement.lang === 'en' ? 'en' : 'de')
