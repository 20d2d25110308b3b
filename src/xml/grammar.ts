// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads `ds:*` and `xenc:*` elements by their exact grammar: the child list must be spent, leaves hold text and nothing else.
 *
 * What the grammar does not name is refused, not skipped: a second SignedInfo, a comment inside DigestValue, a CDATA section,
 * stray text [threat model G4, §5 rule 3]. A cursor per element; `end()` is "leftover is an error".
 * @module
 */
import { StructureError, type StageName } from '../errors.js'
import { decodeBase64 } from './base64.js'
import { placeOf, type XmlElement } from './tree.js'

/** Layers whose findings this grammar raises. */
export type GrammarLayer = 'message-signature' | 'author-signature' | 'transport-encryption' | 'content-encryption'

const STAGE: Readonly<Record<GrammarLayer, StageName>> = {
  'message-signature': 'signature',
  'author-signature': 'content',
  'transport-encryption': 'transport',
  'content-encryption': 'content',
}

/** @throws {StructureError} `<layer>.grammar` (9100). */
export function refuse(layer: GrammarLayer, e: XmlElement, message: string): never {
  throw new StructureError(STAGE[layer], `${layer}.grammar`, `${e.local}: ${message}`, placeOf(e))
}

/** Walks the child elements of one element in order. */
export class Children {
  private readonly elements: XmlElement[] = []
  private readonly of: XmlElement
  private readonly layer: GrammarLayer
  private next = 0

  constructor(of: XmlElement, layer: GrammarLayer) {
    this.of = of
    this.layer = layer
    for (const c of of.children) {
      if (c.kind === 'element') this.elements.push(c)
      else if (c.kind !== 'text') refuse(layer, of, 'comment or processing instruction')
      else if (c.cdata || !/^[\t\n\r ]*$/.test(c.value)) refuse(layer, of, 'text between elements')
    }
  }

  optional(uri: string, local: string): XmlElement | undefined {
    const e = this.elements[this.next]
    if (!e || e.uri !== uri || e.local !== local) return undefined
    this.next++
    return e
  }

  one(uri: string, local: string): XmlElement {
    return this.optional(uri, local) ?? refuse(this.layer, this.of, `${local} is missing`)
  }

  many(uri: string, local: string): XmlElement[] {
    const found: XmlElement[] = []
    for (let e = this.optional(uri, local); e; e = this.optional(uri, local)) found.push(e)
    return found
  }

  /** Leftover is an error. */
  end(): void {
    const left = this.elements[this.next]
    if (left) refuse(this.layer, this.of, `${left.local} is not expected here`)
  }
}

/** The attributes of an element, all of them: unprefixed and named in `allowed`. */
export function attributes(e: XmlElement, layer: GrammarLayer, allowed: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const a of e.attributes) {
    if (a.uri !== '' || !allowed.includes(a.local)) refuse(layer, e, `attribute ${a.local} is not expected here`)
    found.set(a.local, a.value)
  }
  return found
}

/** `Algorithm` of a method element. */
export function algorithm(e: XmlElement, layer: GrammarLayer): string {
  return attributes(e, layer, ['Algorithm']).get('Algorithm') ?? refuse(layer, e, 'Algorithm is missing')
}

/** Text of a leaf: no child elements, comments, instructions or CDATA sections. */
export function leafText(e: XmlElement, layer: GrammarLayer): string {
  let text = ''
  for (const c of e.children) {
    if (c.kind !== 'text' || c.cdata) refuse(layer, e, 'only text is expected here')
    text += c.value
  }
  return text
}

/** Strict base64 of a leaf, at least one octet. */
export function leafOctets(e: XmlElement, layer: GrammarLayer): Uint8Array {
  const octets = decodeBase64(leafText(e, layer)) ?? refuse(layer, e, 'no strict base64')
  return octets.length === 0 ? refuse(layer, e, 'empty value') : octets
}

/** An element without attributes of any kind but namespace declarations. */
export function bare(e: XmlElement, layer: GrammarLayer): XmlElement {
  attributes(e, layer, [])
  return e
}
