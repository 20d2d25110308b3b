// SPDX-License-Identifier: EUPL-1.2
/**
 * The bytes of a message in rows: a window that is moved by buttons and by the things of the explanation, whose bytes it marks.
 * @module
 */
import { el } from '../dom.js'
import { BYTES_PER_ROW, rowRuns, visibility, type BytePlace, type Language, type ShownDocument } from './model.js'
import type { PageWords } from './texts.js'
import { goTo, type Placed } from './things.js'

const WINDOW_ROWS = 48
const ROWS_BEFORE = 3
/** Of things that lie in one row, the innermost. */
const MOST_NAMED = 5

/** Rows that a key moves the cursor by. */
const KEYS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -16, PageDown: 16 }

interface Loaded {
  readonly shown: ShownDocument
  readonly bytes: Uint8Array
  readonly isVisible: (at: number) => boolean
}

const load = (shown: ShownDocument): Loaded => ({
  shown,
  bytes: Uint8Array.from(atob(shown.bytes), (sign) => sign.charCodeAt(0)),
  isVisible: visibility(shown.visible),
})

const inner = (runs: readonly { readonly text: string; readonly marked: boolean }[]): (Node | string)[] =>
  runs.map(({ text, marked }) => (marked ? el('mark', {}, text) : text))

export class ByteView {
  readonly element: HTMLElement
  readonly #documents: readonly Loaded[]
  readonly #language: Language
  readonly #words: PageWords
  readonly #choice = el('select', { id: 'document' })
  readonly #rows = el('div', { class: 'rows', tabindex: 0, role: 'group', 'aria-labelledby': 'bytes' })
  readonly #status = el('p', { class: 'quiet', role: 'status' })
  readonly #where = el('p', { class: 'quiet' })
  readonly #here = el('p', { class: 'here', 'aria-live': 'polite' })
  readonly #earlier = el('button', { type: 'button' })
  readonly #later = el('button', { type: 'button' })
  #current: Loaded
  #from = 0
  #mark: BytePlace | undefined
  #cursor: number | undefined
  readonly #placed: readonly Placed[]

  /** @param placed grows while the things are told. */
  constructor(documents: readonly [ShownDocument, ...ShownDocument[]], placed: readonly Placed[], language: Language, words: PageWords) {
    this.#placed = placed
    this.#language = language
    this.#words = words
    const [first, ...more] = documents
    this.#current = load(first)
    this.#documents = [this.#current, ...more.map(load)]
    this.#choice.append(...documents.map(({ id, title }) => el('option', { value: id }, title[language])))
    this.#choice.addEventListener('change', () => {
      this.#mark = undefined
      this.#cursor = undefined
      this.#show(this.#choice.value, 0)
    })
    this.#earlier.textContent = words.earlier
    this.#later.textContent = words.later
    this.#earlier.addEventListener('click', () => this.#show(this.#current.shown.id, this.#from - WINDOW_ROWS))
    this.#later.addEventListener('click', () => this.#show(this.#current.shown.id, this.#from + WINDOW_ROWS))
    this.#rows.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest('.row') : null
      if (row) this.#point(this.#from + [...this.#rows.children].indexOf(row))
    })
    this.#rows.addEventListener('keydown', (event) => {
      const by = KEYS[event.key]
      if (by === undefined) return
      event.preventDefault()
      this.#point((this.#cursor ?? this.#from - Math.sign(by)) + by)
    })
    this.#status.textContent = words.hint
    this.element = el(
      'section',
      { class: 'bytes', 'aria-labelledby': 'bytes' },
      el('h2', { id: 'bytes' }, words.bytes),
      el('p', { class: 'choice' }, el('label', { for: 'document' }, words.document), this.#choice),
      this.#status,
      this.#rows,
      this.#here,
      el('p', { class: 'moves' }, this.#earlier, this.#where, this.#later),
    )
    this.#show(first.id, 0)
  }

  /** Marks the bytes of a thing and says so. */
  reveal(what: string, place: BytePlace): void {
    this.#mark = place
    this.#cursor = undefined
    this.#choice.value = place.document
    this.#show(place.document, Math.floor(place.from / BYTES_PER_ROW) - ROWS_BEFORE)
    const { bytes, shown } = this.#current
    const last = Math.max(place.from, place.to - 1)
    this.#status.textContent =
      place.from < bytes.length ? this.#words.shown(what, place.from, last, shown.title[this.#language]) : this.#words.beyond(what)
    this.#rows.scrollTop = 0
  }

  /** Moves the cursor to a row, and names what lies in it. */
  #point(row: number): void {
    const { bytes, shown } = this.#current
    const last = Math.max(0, Math.ceil(bytes.length / BYTES_PER_ROW) - 1)
    const at = Math.min(Math.max(0, row), last)
    this.#cursor = at
    const isOut = at < this.#from || at >= this.#from + WINDOW_ROWS
    this.#show(shown.id, isOut ? at - ROWS_BEFORE : this.#from)
    this.#rows.querySelector('.cursor')?.scrollIntoView({ block: 'nearest' })
  }

  /** The innermost things of the cursor's row, outer ones first. */
  #nameRow(): void {
    const from = (this.#cursor ?? -1) * BYTES_PER_ROW
    const here = this.#placed
      .filter(({ place }) => place.document === this.#current.shown.id && place.from < from + BYTES_PER_ROW && place.to > from)
      .sort((a, b) => b.place.to - b.place.from - (a.place.to - a.place.from))
      .slice(-MOST_NAMED)
    const buttons = here.flatMap((one) => {
      const button = el('button', { type: 'button' }, one.title)
      button.addEventListener('click', () => goTo(one))
      return [' ', button]
    })
    this.#here.replaceChildren(...(this.#cursor === undefined ? [] : [`${this.#words.here}:`, ...buttons]))
  }

  #show(id: string, from: number): void {
    this.#current = this.#documents.find(({ shown }) => shown.id === id) ?? this.#current
    const { bytes, shown } = this.#current
    const all = Math.ceil(bytes.length / BYTES_PER_ROW)
    this.#from = Math.min(Math.max(0, from), Math.max(0, all - WINDOW_ROWS))
    const until = Math.min(this.#from + WINDOW_ROWS, all)
    this.#rows.replaceChildren(...Array.from({ length: until - this.#from }, (_, index) => this.#row((this.#from + index) * BYTES_PER_ROW)))
    const last = Math.min(until * BYTES_PER_ROW, bytes.length) - 1
    const cut = bytes.length < shown.size ? ` ${this.#words.cut(bytes.length, shown.size)}` : ''
    this.#where.textContent = this.#words.rows(this.#from * BYTES_PER_ROW, Math.max(0, last), shown.size) + cut
    this.#earlier.disabled = this.#from === 0
    this.#later.disabled = until >= all
    this.#nameRow()
  }

  #row(at: number): HTMLElement {
    const { bytes, isVisible, shown } = this.#current
    const mark = this.#mark?.document === shown.id ? this.#mark : undefined
    const runs = rowRuns(bytes, at, isVisible, mark)
    const hex = runs.flatMap(({ hex: text, marked }, index) => [...(index === 0 ? [] : [' ']), ...inner([{ text, marked }])])
    return el(
      'div',
      { class: at === (this.#cursor ?? -1) * BYTES_PER_ROW ? 'row cursor' : 'row' },
      el('span', { class: 'offset' }, at.toString(16).padStart(6, '0')),
      el('code', { class: 'hex' }, ...hex),
      el('code', { class: 'signs' }, ...inner(runs)),
    )
  }
}
