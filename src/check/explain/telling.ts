// SPDX-License-Identifier: EUPL-1.2
/**
 * What all parts of one explanation share: what may be shown, which documents are at hand, where an element lies, what an Id means, and
 * how much may still be told.
 * @module
 */
import { attributeOf, type XmlDocument, type XmlElement } from '../../xml/tree.js'
import { Discretion } from './discretion.js'
import { DocumentBytes, XmlBytes } from './documents.js'
import type { LinePlace, Place, ShownDocument, Words } from './types.js'

/** Elements that one explanation tells of; behind it nobody reads on, and memory is finite. */
const MOST_ELEMENTS = 2_000

const rootOf = (e: XmlElement): XmlElement => {
  let root = e
  while (root.parent) root = root.parent
  return root
}

export class Telling {
  readonly discretion: Discretion
  readonly #documents: DocumentBytes[] = []
  readonly #bytes = new Map<XmlElement, XmlBytes>()
  readonly #insides = new Map<XmlElement, Words>()
  readonly #ids = new Map<XmlElement, ReadonlyMap<string, XmlElement>>()
  #left = MOST_ELEMENTS

  constructor(showsValues: boolean) {
    this.discretion = new Discretion(showsValues)
  }

  /** Takes one element of what may still be told; false when there is none left. */
  mayTell(): boolean {
    return this.#left-- > 0
  }

  /** @param id what two documents have in common gets a number. */
  document(id: string, title: Words, bytes: Uint8Array): DocumentBytes {
    const isTaken = this.#documents.some((one) => one.id === id)
    const made = new DocumentBytes(isTaken ? `${id}:${this.#documents.length}` : id, title, bytes)
    this.#documents.push(made)
    return made
  }

  /** A parsed document whose bytes begin at `at` of one that is at hand. */
  xml(home: DocumentBytes, document: XmlDocument, at: number): XmlBytes {
    const made = new XmlBytes(home, document, at)
    this.#bytes.set(document.root, made)
    return made
  }

  /** A tree of which only lines and columns are known. */
  inside(root: XmlElement, where: Words): void {
    this.#insides.set(root, where)
  }

  placeOf(e: XmlElement): Place | undefined {
    if (e.line === 0) return undefined
    const root = rootOf(e)
    const bytes = this.#bytes.get(root)
    if (bytes) return bytes.placeOf(e)
    const inside = this.#insides.get(root)
    return inside && ({ inside, line: e.line, column: e.column } satisfies LinePlace)
  }

  /** The element that `#id` means, seen from `e`. */
  target(e: XmlElement, id: string): XmlElement | undefined {
    const root = rootOf(e)
    const known = this.#ids.get(root) ?? idsBelow(root)
    this.#ids.set(root, known)
    return known.get(id)
  }

  shown(): readonly ShownDocument[] {
    return this.#documents.map((one) => one.shown(this.discretion.shows))
  }
}

function idsBelow(root: XmlElement): ReadonlyMap<string, XmlElement> {
  const ids = new Map<string, XmlElement>()
  const open = [root]
  for (let e = open.pop(); e; e = open.pop()) {
    const id = attributeOf(e, 'Id')
    if (id !== undefined && !ids.has(id)) ids.set(id, e)
    for (const child of e.children) if (child.kind === 'element') open.push(child)
  }
  return ids
}
