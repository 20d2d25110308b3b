// SPDX-License-Identifier: EUPL-1.2
/**
 * Things of an explanation as nested lists: each with a button that shows its bytes, and what is inside behind a fold.
 * @module
 */
import { el, type Child } from '../dom.js'
import type { BytePlace, Explanation, Finding, Language, LinePlace, Thing, Verdict } from './model.js'
import type { PageWords } from './texts.js'

/** A thing whose bytes are at hand, and the button that stands for it. */
export interface Placed {
  readonly title: string
  readonly place: BytePlace
  readonly button: HTMLElement
}

/** What all things are told with. */
export interface Teller {
  /** Grows while things are told. */
  readonly placed: Placed[]
  readonly explanation: Explanation
  readonly language: Language
  readonly words: PageWords
  reveal(what: string, place: BytePlace): void
}

const MARKS: Readonly<Record<Verdict, string>> = { valid: '✓', invalid: '✗', unchecked: '?', error: '!' }

export const verdictMark = (verdict: Verdict, { explanation, language }: Teller): HTMLElement =>
  el('span', { class: `verdict ${verdict}` }, `${MARKS[verdict]} ${explanation.names.verdicts[verdict][language]}`)

function placeText(place: BytePlace | LinePlace | undefined, { explanation, language, words }: Teller): string {
  if (place === undefined) return ''
  if ('inside' in place) return `${words.line} ${place.line}, ${words.column} ${place.column}, ${place.inside[language]}`
  const home = place.document === 'file' ? undefined : explanation.documents.find(({ id }) => id === place.document)
  return `${words.bytes} ${place.from}–${Math.max(place.from, place.to - 1)}${home ? `, ${home.title[language]}` : ''}`
}

function findingItem(finding: Finding, { language, words }: Teller): HTMLElement {
  const { line, column } = finding
  const place = [
    ...(line === null ? [] : [`${words.line} ${line}`]),
    ...(column === null ? [] : [`${words.column} ${column}`]),
    ...(finding.xpath === null ? [] : [finding.xpath]),
  ].join(', ')
  return el(
    'li',
    { class: 'finding' },
    `${words.severities[finding.severity]}: ${finding.message[language]} `,
    el('code', {}, finding.id),
    finding.detail !== null && el('p', {}, finding.detail),
    place !== '' && el('p', { class: 'place' }, place),
    finding.reference !== '' && el('p', { class: 'rule' }, `§ ${finding.reference}`),
  )
}

function judgement({ judged }: Thing, teller: Teller): Child[] {
  return judged.flatMap(({ layer, verdict, findings }): Child[] => [
    el('p', { class: 'judged' }, `${teller.explanation.names.layers[layer]?.[teller.language] ?? layer}: `, verdictMark(verdict, teller)),
    findings.length > 0 && el('ul', {}, ...findings.map((one) => findingItem(one, teller))),
  ])
}

function head(one: Thing, teller: Teller): HTMLElement {
  const title = one.title[teller.language]
  const { place } = one
  const name = one.name !== undefined && one.name !== title && el('code', {}, one.name)
  if (place === undefined || 'inside' in place) return el('span', { class: 'title' }, title, ' ', name)
  const go = el('button', { type: 'button', class: 'go' }, title)
  teller.placed.push({ title, place, button: go })
  go.addEventListener('click', () => {
    for (const before of document.querySelectorAll('.go[aria-current]')) before.removeAttribute('aria-current')
    go.setAttribute('aria-current', 'true')
    teller.reveal(title, place)
  })
  return el('span', { class: 'title' }, go, ' ', name)
}

function about(one: Thing, teller: Teller): Child[] {
  const { language, words } = teller
  const facts = one.facts.filter(({ value }) => value !== '')
  return [
    one.meaning &&
      el(
        'p',
        { class: 'meaning' },
        one.meaning[language],
        one.reference !== undefined && el('span', { class: 'rule' }, ` ${words.see} ${one.reference}`),
      ),
    ...one.says.map((said) => el('p', {}, said[language])),
    facts.length > 0 &&
      el(
        'dl',
        {},
        ...facts.flatMap(({ label, value }) => [
          el('dt', {}, label[language]),
          el('dd', {}, typeof value === 'string' ? value : value[language]),
        ]),
      ),
    ...judgement(one, teller),
  ]
}

function inside({ parts }: Thing, teller: Teller): HTMLElement | false {
  if (parts.length === 0) return false
  return el(
    'details',
    {},
    el('summary', {}, teller.words.parts(parts.length)),
    el('ul', { class: 'things' }, ...parts.map((part) => thingItem(part, teller))),
  )
}

const placeLine = (one: Thing, teller: Teller): HTMLElement | false => {
  const text = placeText(one.place, teller)
  return text !== '' && el('span', { class: 'place' }, text)
}

const thingItem = (one: Thing, teller: Teller): HTMLElement =>
  el('li', { class: 'thing' }, head(one, teller), placeLine(one, teller), ...about(one, teller), inside(one, teller))

/** Goes to the button of a thing, whatever it is folded into. */
export function goTo({ button }: Placed): void {
  for (let fold = button.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null) fold.open = true
  button.focus()
  button.scrollIntoView({ block: 'center' })
}

/** A layer of the message. */
export const layerSection = (one: Thing, teller: Teller): HTMLElement =>
  el(
    'section',
    { class: 'layer-of-message' },
    el('h3', {}, head(one, teller)),
    placeLine(one, teller),
    ...about(one, teller),
    inside(one, teller),
  )
