// SPDX-License-Identifier: EUPL-1.2
/**
 * The documents of an explanation: which bytes a thing is, and which bytes may be seen. A range is visible only when something said so:
 * what nobody looked at stays hidden.
 * @module
 */
import type { XmlAttribute, XmlDocument, XmlElement } from '../../xml/tree.js'
import type { BytePlace, ShownDocument, Words } from './types.js'

const MARK_EVERY = 4096

function utf8Bytes(text: string, from: number, to: number): number {
  let bytes = 0
  for (let at = from; at < to; at++) {
    const sign = text.charCodeAt(at)
    // each half of a pair counts half of its four octets
    bytes += sign < 0x80 ? 1 : sign < 0x800 || (sign >= 0xd800 && sign < 0xe000) ? 2 : 3
  }
  return bytes
}

/** From UTF-16 offsets in a text to offsets in its UTF-8. */
export function byteOffsets(text: string): (index: number) => number {
  const marks = [0]
  return (index) => {
    const mark = Math.floor(index / MARK_EVERY)
    while (marks.length <= mark) {
      const from = (marks.length - 1) * MARK_EVERY
      marks.push((marks.at(-1) ?? 0) + utf8Bytes(text, from, from + MARK_EVERY))
    }
    return (marks[mark] ?? 0) + utf8Bytes(text, mark * MARK_EVERY, index)
  }
}

/** Whether values may be seen. */
export interface Reveals {
  text(e: XmlElement): boolean
  attribute(e: XmlElement, a: XmlAttribute): boolean
}

/** A start tag: where it ends, and its attribute values by position, namespace declarations among them. */
function* tagPieces(text: string, e: XmlElement): Generator<{ readonly name: string; readonly from: number; readonly to: number }, number> {
  let at = e.start
  for (;;) {
    while (at < text.length && text[at] !== '=' && text[at] !== '>') at++
    if (text[at] !== '=') return Math.min(at + 1, text.length)
    const name = /[^\s<>/="']+\s*$/.exec(text.slice(Math.max(e.start, at - 512), at))?.[0].trim() ?? ''
    at++
    while (/\s/.test(text[at] ?? '')) at++
    const from = at + 1
    const to = text.indexOf(text[at] ?? '"', from)
    if (to < 0) return text.length
    yield { name, from, to }
    at = to + 1
  }
}

const isNamespace = (name: string): boolean => name === 'xmlns' || name.startsWith('xmlns:')

/** A document of an explanation while it is being made. */
export class DocumentBytes {
  readonly id: string
  readonly title: Words
  readonly bytes: Uint8Array
  #visible: [number, number][] = []

  constructor(id: string, title: Words, bytes: Uint8Array) {
    this.id = id
    this.title = title
    this.bytes = bytes
  }

  reveal(from: number, to: number): void {
    if (from < to) this.#visible.push([from, to])
  }

  /** Where a view into this document's memory lies; undefined when it is somewhere else. */
  rangeOf(view: Uint8Array): BytePlace | undefined {
    const from = view.byteOffset - this.bytes.byteOffset
    if (view.buffer !== this.bytes.buffer || from < 0 || from + view.byteLength > this.bytes.byteLength) return undefined
    return { document: this.id, from, to: from + view.byteLength }
  }

  shown(all: boolean): ShownDocument {
    const { id, title, bytes } = this
    if (all) return { id, title, bytes, visible: [[0, bytes.byteLength]] }
    const visible: [number, number][] = []
    for (const [from, to] of this.#visible.sort(([a], [b]) => a - b)) {
      const last = visible.at(-1)
      if (last && from <= last[1]) last[1] = Math.max(last[1], to)
      else visible.push([from, to])
    }
    return { id, title, bytes, visible }
  }
}

/** Ranges of more elements than this stay hidden: nobody reads on so far, and each costs. */
const MOST_ELEMENTS = 100_000

/** An XML document whose bytes stand in a document of the explanation. */
export class XmlBytes {
  readonly #home: DocumentBytes
  readonly #document: XmlDocument
  readonly #offset: (index: number) => number
  #left = MOST_ELEMENTS

  /** @param at offset of the XML's first byte in its home. */
  constructor(home: DocumentBytes, document: XmlDocument, at: number) {
    const offsets = byteOffsets(document.text)
    const first = at + (document.byteOrderMark ? 3 : 0)
    this.#home = home
    this.#document = document
    this.#offset = (index) => first + offsets(index)
  }

  placeOf({ start, end }: XmlElement): BytePlace {
    return { document: this.#home.id, from: this.#offset(start), to: this.#offset(end) }
  }

  /** Shows tags, and the values that `reveals` lets be seen. */
  reveal(reveals: Reveals): void {
    const { text, root } = this.#document
    const [declaration] = /^(?:<\?xml [^>]{0,200}\?>)?\s*/.exec(text) ?? ['']
    this.#show(0, declaration.length)
    this.#revealElement(root, reveals)
  }

  #show(from: number, to: number): void {
    if (from < to) this.#home.reveal(this.#offset(from), this.#offset(to))
  }

  #revealElement(e: XmlElement, reveals: Reveals): void {
    if (--this.#left < 0) return
    const { text } = this.#document
    let seen = e.start
    const pieces = tagPieces(text, e)
    let piece = pieces.next()
    for (; piece.done !== true; piece = pieces.next()) {
      const { name, from, to } = piece.value
      const attribute = e.attributes.find((a) => (a.prefix === '' ? a.local : `${a.prefix}:${a.local}`) === name)
      if (isNamespace(name) || (attribute && reveals.attribute(e, attribute))) continue
      this.#show(seen, from)
      seen = to
    }
    this.#show(seen, piece.value)
    let at = piece.value
    // what else may stand between the text, comments above all, is no value of the element
    const shows = reveals.text(e) && e.children.every(({ kind }) => kind === 'text' || kind === 'element')
    const gap = (to: number): void => {
      if (shows || text.slice(at, to).trim() === '') this.#show(at, to)
    }
    for (const child of e.children) {
      if (child.kind !== 'element') continue
      gap(child.start)
      this.#revealElement(child, reveals)
      at = child.end
    }
    const endTag = at === e.end ? e.end : text.lastIndexOf('</', e.end - 1)
    gap(endTag)
    this.#show(endTag, e.end)
  }
}
