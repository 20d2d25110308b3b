// SPDX-License-Identifier: EUPL-1.2
/**
 * The texts of one result side by side: the file as it is, the message inside its encryption, what it carries. Findings are marked where
 * they lie.
 * @module
 */
import { el } from '../dom.js'
import type { Finding, Result } from '../report/model.js'
import type { SourceView } from '../report/result.js'
import type { Opened } from './call.js'
import { linesOf, piecesOf } from './lines.js'
import type { Words } from './texts.js'

/** Lines shown at a time. */
const WINDOW_LINES = 120
const BEFORE_LINES = 20

interface SourceText {
  readonly title: string
  readonly text: string | null
  readonly cut: boolean
  readonly holds: (finding: Finding) => boolean
}

let panels = 0

/** One text: a window of its lines, moved by buttons and by findings. */
class TextPanel {
  readonly element: HTMLElement
  readonly #lines: readonly string[]
  readonly #marked: ReadonlyMap<number, readonly Finding[]>
  readonly #words: Words
  readonly #list = el('div', { class: 'code', tabindex: 0, role: 'group' })
  readonly #where = el('span', { class: 'quiet' })
  readonly #earlier = el('button', { type: 'button' })
  readonly #later = el('button', { type: 'button' })
  #from = 0

  constructor(source: SourceText, findings: readonly Finding[], words: Words) {
    this.#words = words
    this.#lines = source.text === null ? [] : linesOf(source.text)
    const marked = new Map<number, Finding[]>()
    for (const finding of findings) {
      const line = finding.line ?? 0
      marked.set(line, [...(marked.get(line) ?? []), finding])
    }
    this.#marked = marked
    const id = `source-${++panels}`
    this.#list.setAttribute('aria-labelledby', id)
    this.#earlier.textContent = words.earlier
    this.#later.textContent = words.later
    this.#earlier.addEventListener('click', () => this.#show(this.#from - WINDOW_LINES))
    this.#later.addEventListener('click', () => this.#show(this.#from + WINDOW_LINES))
    const moves = this.#lines.length > WINDOW_LINES && el('p', { class: 'moves' }, this.#earlier, this.#where, this.#later)
    this.element = el(
      'section',
      { class: 'text' },
      el('h4', { id }, source.title),
      source.text === null ? el('p', { class: 'quiet' }, words.noText) : this.#list,
      moves,
      source.cut && el('p', { class: 'quiet' }, words.cut),
    )
    const [first] = [...marked.keys()].sort((a, b) => a - b)
    this.#show((first ?? 1) - 1 - BEFORE_LINES)
  }

  reveal({ line }: Finding): void {
    if (line === null) return
    if (line <= this.#from || line > this.#from + WINDOW_LINES) this.#show(line - 1 - BEFORE_LINES)
    for (const shown of this.#list.querySelectorAll('.current')) shown.classList.remove('current')
    const row = this.#list.children[line - 1 - this.#from]
    row?.classList.add('current')
    this.element.scrollIntoView({ block: 'nearest' })
    const mark = row?.querySelector('mark') ?? row
    mark?.scrollIntoView({ block: 'center', inline: 'nearest' })
    this.#list.focus({ preventScroll: true })
  }

  #show(from: number): void {
    const last = Math.max(0, this.#lines.length - WINDOW_LINES)
    this.#from = Math.min(Math.max(0, from), last)
    const shown = this.#lines.slice(this.#from, this.#from + WINDOW_LINES)
    this.#list.replaceChildren(...shown.map((line, index) => this.#row(line, this.#from + index + 1)))
    this.#where.textContent = this.#words.lines(this.#from + 1, this.#from + shown.length, this.#lines.length)
    this.#earlier.disabled = this.#from === 0
    this.#later.disabled = this.#from >= last
  }

  #row(line: string, number: number): HTMLElement {
    const findings = this.#marked.get(number) ?? []
    const pieces = piecesOf(line, findings).map(({ text, severity }) =>
      severity === undefined ? text : el('mark', { class: severity, title: findings.map(({ id }) => id).join(' ') }, text),
    )
    return el('div', { class: 'row' }, el('span', { class: 'number', 'aria-hidden': 'true' }, String(number)), el('code', {}, ...pieces))
  }
}

/** @param text of the file, or null where it is none. */
export function sourceView(
  result: Result & { readonly opened: readonly Opened[] },
  file: SourceText['text'],
  cut: boolean,
  words: Words,
): SourceView {
  const sources: SourceText[] = [
    { title: words.file, text: file, cut, holds: ({ document }) => document === 'file' },
    ...result.opened.map((one): SourceText => ({
      title: one.document === 'content' ? `${words.content} ${one.content ?? ''}` : words[one.document],
      text: one.text,
      cut: one.cut,
      holds: ({ document, content }) => document === one.document && (one.document !== 'content' || content === one.content),
    })),
  ]
  const placed = result.findings.filter(({ line }) => line !== null)
  const shown = sources.map((source) => ({ source, panel: new TextPanel(source, placed.filter(source.holds), words) }))
  return {
    element: el(
      'div',
      { class: 'source' },
      el('h3', {}, words.source),
      el('div', { class: 'texts' }, ...shown.map(({ panel }) => panel.element)),
    ),
    wayTo(finding) {
      const there = finding.line === null ? undefined : shown.find(({ source }) => source.text !== null && source.holds(finding))
      return there && (() => there.panel.reveal(finding))
    },
  }
}
