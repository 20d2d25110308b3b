// SPDX-License-Identifier: EUPL-1.2
/**
 * Where a schema problem is, in the bytes the user knows. The engine says only lines, and an OSCI message is one line. So an invalid
 * document is judged a second time in a form in which every start tag holds a line break (white space inside a tag means nothing):
 * each element then has a line of its own, the line leads to the element, and the element to XPath, line and column of the original.
 * @module
 */
import type { SchemaValidator, SchemaVerdict } from './schema.js'
import { xpathWriter, type XmlDocument, type XmlElement } from './tree.js'

/** Replaces `[start, end)` of a document's text (UTF-16 offsets) by `insert`. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly insert: string
}

/** `line` and `column` of the element's `<` in the original text, from 1. */
export interface PlacedProblem {
  readonly message: string
  readonly xpath?: string
  readonly line: number
  readonly column: number
}

export interface PlacedVerdict {
  readonly verdict: SchemaVerdict['verdict']
  readonly problems: readonly PlacedProblem[]
}

/** The engine counts no further. */
const LAST_LINE = 65_534

/** Applies edits that do not overlap; those at the same place in the order given. */
export function editText(text: string, edits: readonly TextEdit[]): string {
  let out = ''
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    out += text.slice(at, edit.start) + edit.insert
    at = edit.end
  }
  return out + text.slice(at)
}

/** Offset just after the qualified name in the element's start tag. */
export const afterName = (e: XmlElement): number => e.start + 1 + (e.prefix === '' ? 0 : e.prefix.length + 1) + e.local.length

function startTagEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const c = text[at]
    if (c === '>') return at
    if (c === '"' || c === "'") at = text.indexOf(c, at + 1)
  }
  return text.length
}

/** All elements in document order, but for those inside removed ranges. */
function visibleElements(document: XmlDocument, edits: readonly TextEdit[]): XmlElement[] {
  const removed = edits.filter((edit) => edit.end > edit.start)
  const found: XmlElement[] = []
  const open: XmlElement[] = [document.root]
  for (let e = open.pop(); e; e = open.pop()) {
    const { start } = e
    if (removed.some((range) => start >= range.start && start < range.end)) continue
    found.push(e)
    for (let i = e.children.length - 1; i >= 0; i--) {
      const c = e.children[i]
      if (c?.kind === 'element') open.push(c)
    }
  }
  return found
}

/** Elements that get a line of their own: those from `first` on, `count` of them. */
interface Window {
  readonly first: number
  readonly count: number
  /** Line breaks of the document itself become spaces, so that they do not count. */
  readonly flat: boolean
}

/** The document with one line break per start tag of the window, and the element on each line. */
function oneLinePerElement(
  document: XmlDocument,
  edits: readonly TextEdit[],
  elements: readonly XmlElement[],
  window: Window,
): { text: string; at: ReadonlyMap<number, XmlElement> } {
  const last = window.first + window.count
  // one more behind the window ends the line of its last element
  const breaks = elements.slice(window.first, last + 1).map((e): TextEdit => ({ start: afterName(e), end: afterName(e), insert: '\n' }))
  const all = [...edits, ...breaks].sort((a, b) => a.start - b.start)
  const source = window.flat ? document.text.replace(/[\r\n]/g, ' ') : document.text
  const at = new Map<number, XmlElement>()
  let text = ''
  let from = 0
  let line = 1
  let next = 0
  const take = (piece: string): void => {
    for (let i = piece.indexOf('\n'); i >= 0; i = piece.indexOf('\n', i + 1)) line++
    text += piece
  }
  // the engine gives an element the line on which its start tag ends
  for (const e of elements.slice(window.first, last)) {
    const end = startTagEnd(document.text, e.start)
    for (let edit = all[next]; edit && edit.start <= end; edit = all[++next]) {
      take(source.slice(from, edit.start) + edit.insert)
      from = edit.end
    }
    take(source.slice(from, end))
    from = end
    at.set(line, e)
  }
  for (let edit = all[next]; edit; edit = all[++next]) {
    take(source.slice(from, edit.start) + edit.insert)
    from = edit.end
  }
  take(source.slice(from))
  return { text, at }
}

/** More looks than these are worth nobody's while; beyond them a place is the root's. */
const MOST_LOOKS = 8
const LINES_PER_LOOK = 60_000

/**
 * How to look: once, or, where the document would have more lines than the engine counts, window by window. There the engine gives a
 * node behind its last line the line of some neighbour, so that none of its lines can be trusted.
 */
function windowsOf(document: XmlDocument, elements: readonly XmlElement[]): readonly Window[] {
  const lines = document.text.split('\n').length + elements.length
  if (lines < LAST_LINE) return [{ first: 0, count: elements.length, flat: false }]
  const looks = Math.min(MOST_LOOKS, Math.ceil(elements.length / LINES_PER_LOOK))
  return Array.from({ length: looks }, (_, i) => ({ first: i * LINES_PER_LOOK, count: LINES_PER_LOOK, flat: true }))
}

/**
 * Judges a parsed document and says where its problems are.
 * @param edits changes to the text that the engine gets (osci/schema-input.ts); places are those of the unchanged text.
 */
export async function validateWithPlaces(
  validator: SchemaValidator,
  document: XmlDocument,
  edits: readonly TextEdit[] = [],
  timeoutMs?: number,
): Promise<PlacedVerdict> {
  const encoder = new TextEncoder()
  const first = await validator.validate(encoder.encode(editText(document.text, edits)), timeoutMs)
  const unplaced = (): PlacedVerdict => ({
    verdict: first.verdict,
    problems: first.problems.map((p) => ({ message: p.message, line: p.line, column: p.line === 0 ? 0 : 1 })),
  })
  if (first.verdict !== 'invalid') return unplaced()
  const elements = visibleElements(document, edits)
  const places: (XmlElement | undefined)[] = []
  let problems: SchemaVerdict['problems'] = []
  for (const window of windowsOf(document, elements)) {
    const { text, at } = oneLinePerElement(document, edits, elements, window)
    const again = await validator.validate(encoder.encode(text), timeoutMs)
    // another look only explains; the verdict stands
    if (again.verdict !== 'invalid' || (window.first > 0 && again.problems.length !== problems.length)) break
    problems = again.problems
    for (const [index, { line }] of problems.entries()) places[index] ??= at.get(line)
  }
  if (problems.length === 0) return unplaced()
  const pathOf = xpathWriter()
  return {
    verdict: 'invalid',
    problems: problems.map(({ message }, index) => {
      const e = places[index] ?? document.root
      return { message, line: e.line, column: e.column, xpath: pathOf(e) }
    }),
  }
}
