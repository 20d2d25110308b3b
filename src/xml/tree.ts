// SPDX-License-Identifier: EUPL-1.2
/**
 * The tree that everything downstream reads: one parse, namespaces resolved, source positions kept.
 *
 * Nodes made by the gate are never changed afterwards; evidence refers to them by identity (threat model §5 rule 6).
 * @module
 */

export interface XmlAttribute {
  readonly prefix: string
  readonly local: string
  /** Namespace URI, '' for an unprefixed attribute. */
  readonly uri: string
  readonly value: string
}

/** `xmlns="uri"` has prefix ''; `xmlns:p="uri"` prefix `p`; an undeclaration has uri ''. */
export interface NamespaceDeclaration {
  readonly prefix: string
  readonly uri: string
}

export interface XmlText {
  readonly kind: 'text'
  readonly value: string
  /** At least a part of the text came from a CDATA section. */
  readonly cdata: boolean
}

export interface XmlComment {
  readonly kind: 'comment'
  readonly value: string
}

export interface XmlInstruction {
  readonly kind: 'instruction'
  readonly target: string
  readonly value: string
}

export interface XmlElement {
  readonly kind: 'element'
  readonly uri: string
  readonly local: string
  readonly prefix: string
  /** Without namespace declarations, in document order. */
  readonly attributes: readonly XmlAttribute[]
  /** Declared on this very element, in document order. */
  readonly namespaces: readonly NamespaceDeclaration[]
  readonly children: readonly XmlNode[]
  parent: XmlElement | undefined
  /** Place of `<` in the original text, from 1; 0 for elements that we built. */
  readonly line: number
  readonly column: number
  /** UTF-16 offsets in the decoded text: of `<`, and just after the end tag's `>`; 0 for elements that we built. */
  readonly start: number
  readonly end: number
}

export type XmlNode = XmlElement | XmlText | XmlComment | XmlInstruction

export interface XmlDocument {
  readonly root: XmlElement
  /** The decoded text that offsets and lines refer to (without a byte order mark). */
  readonly text: string
  readonly byteOrderMark: boolean
  /** Comments and instructions before and after the root. */
  readonly prolog: readonly XmlNode[]
  readonly epilog: readonly XmlNode[]
}

/** The child elements, in order. */
export function elementsOf(e: XmlElement): XmlElement[] {
  return e.children.filter((c): c is XmlElement => c.kind === 'element')
}

/** The first child element with this name. */
export function childOf(e: XmlElement, uri: string, local: string): XmlElement | undefined {
  return e.children.find((c): c is XmlElement => c.kind === 'element' && c.local === local && c.uri === uri)
}

export function isElement(e: XmlElement, uri: string, local: string): boolean {
  return e.local === local && e.uri === uri
}

/** Value of an attribute; without `uri` an unprefixed one. */
export function attributeOf(e: XmlElement, local: string, uri = ''): string | undefined {
  return e.attributes.find((a) => a.local === local && a.uri === uri)?.value
}

/** Text of the direct text children. Child elements are not entered. */
export function textOf(e: XmlElement): string {
  let out = ''
  for (const c of e.children) if (c.kind === 'text') out += c.value
  return out
}

/** All namespaces in scope at `e`, prefix → URI; `xml` is left out, '' only when it is not undeclared. */
export function namespacesInScope(e: XmlElement): Map<string, string> {
  const chain: XmlElement[] = []
  for (let n: XmlElement | undefined = e; n; n = n.parent) chain.push(n)
  const scope = new Map<string, string>()
  for (const n of chain.reverse())
    for (const d of n.namespaces) {
      if (d.uri === '') scope.delete(d.prefix)
      else scope.set(d.prefix, d.uri)
    }
  return scope
}

/** Path of an element with prefixes as written and 1-based positions, e.g. `/soap:Envelope/soap:Body/osci:X[2]`. */
export function xpathOf(e: XmlElement): string {
  return xpathWriter()(e)
}

/** Where a finding points to; what we built has no line. */
export function placeOf(e: XmlElement): { readonly xpath: string; readonly line?: number; readonly column?: number } {
  return { ...(e.line === 0 ? {} : { line: e.line, column: e.column }), xpath: xpathOf(e) }
}

/** As {@link xpathOf}, for many elements of one tree that does not change meanwhile: siblings are counted once per parent. */
export function xpathWriter(): (e: XmlElement) => string {
  const seen = new Map<XmlElement, ReadonlyMap<XmlElement, string>>()
  const stepsIn = (parent: XmlElement): ReadonlyMap<XmlElement, string> => {
    const known = seen.get(parent) ?? stepsOf(parent)
    seen.set(parent, known)
    return known
  }
  return (e) => {
    const steps: string[] = []
    for (let n: XmlElement | undefined = e; n; n = n.parent) steps.push(nameOf(n) + (n.parent ? (stepsIn(n.parent).get(n) ?? '') : ''))
    return '/' + steps.reverse().join('/')
  }
}

const nameOf = (e: XmlElement): string => (e.prefix ? `${e.prefix}:${e.local}` : e.local)

/** `[n]` for each child element that has siblings of its name. */
function stepsOf(parent: XmlElement): ReadonlyMap<XmlElement, string> {
  const named = new Map<string, XmlElement[]>()
  for (const child of elementsOf(parent)) {
    const name = `{${child.uri}}${child.local}`
    const same = named.get(name)
    if (same) same.push(child)
    else named.set(name, [child])
  }
  const steps = new Map<XmlElement, string>()
  for (const same of named.values()) if (same.length > 1) for (const [i, child] of same.entries()) steps.set(child, `[${i + 1}]`)
  return steps
}

/** Name, attributes and children for {@link element}. */
export interface ElementSpec {
  readonly attributes?: readonly XmlAttribute[]
  readonly namespaces?: readonly NamespaceDeclaration[]
  readonly children?: readonly (XmlNode | string)[]
}

/** Builds an element; strings become text nodes; children get their parent. Prefixes must be declared by whoever assembles the tree. */
export function element(uri: string, prefix: string, local: string, spec: ElementSpec = {}): XmlElement {
  const children: XmlNode[] = []
  for (const c of spec.children ?? []) {
    if (typeof c !== 'string') children.push(c)
    else if (c !== '') children.push({ kind: 'text', value: c, cdata: false })
  }
  const e: XmlElement = {
    kind: 'element',
    uri,
    local,
    prefix,
    attributes: spec.attributes ?? [],
    namespaces: spec.namespaces ?? [],
    children,
    parent: undefined,
    line: 0,
    column: 0,
    start: 0,
    end: 0,
  }
  for (const c of children) if (c.kind === 'element') c.parent = e
  return e
}

/** An unprefixed attribute. */
export const attr = (local: string, value: string): XmlAttribute => ({ prefix: '', local, uri: '', value })
