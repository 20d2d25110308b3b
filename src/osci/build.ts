// SPDX-License-Identifier: EUPL-1.2
/**
 * Trees that we write: documents around built roots, header blocks, and elements taken over from a received message.
 * @module
 */
import {
  element,
  namespacesInScope,
  type ElementSpec,
  type NamespaceDeclaration,
  type XmlDocument,
  type XmlElement,
  type XmlNode,
} from '../xml/tree.js'
import { canonicalText } from '../xml/c14n.js'
import { ACTOR_NEXT, ENVELOPE_NAMESPACES, PREFIX, SOAP } from './names.js'

/** A document around a built root; it has no source text. */
export const builtDocument = (root: XmlElement): XmlDocument => ({ root, text: '', byteOrderMark: false, prolog: [], epilog: [] })

/** Every Id at and below these elements. */
export function idsIn(elements: readonly XmlElement[]): Set<string> {
  const ids = new Set<string>()
  const open = [...elements]
  for (let e = open.pop(); e; e = open.pop()) {
    for (const a of e.attributes) if (a.local === 'Id' && a.uri === '') ids.add(a.value)
    for (const c of e.children) if (c.kind === 'element') open.push(c)
  }
  return ids
}

/**
 * The Id that something of ours gets beside what others made: theirs stay, for signatures refer to them, and every reader refuses an
 * Id that is there twice. Else a delivery named like one of our blocks could never be fetched, nor anything behind it.
 */
export function freeId(wished: string, taken: ReadonlySet<string>): string {
  let id = wished
  for (let n = 2; taken.has(id); n++) id = `${wished}-${n}`
  return id
}

/** A header block with Id, actor and mustUnderstand as the field writes them (wire fact 14). `actor` null leaves both out. */
export function headerBlock(uri: string, local: string, id: string, spec: ElementSpec, actor: string | null = ACTOR_NEXT): XmlElement {
  const soapAttribute = (name: string, value: string) => ({ prefix: 'soap', local: name, uri: SOAP, value })
  const prefix = PREFIX[uri] ?? ''
  const own: NamespaceDeclaration[] = ENVELOPE_NAMESPACES.some((n) => n.uri === uri) ? [] : [{ prefix, uri }]
  return element(uri, prefix, local, {
    ...spec,
    namespaces: [...own, ...(spec.namespaces ?? [])],
    attributes: [
      ...(spec.attributes ?? []),
      { prefix: '', local: 'Id', uri: '', value: id },
      ...(actor === null ? [] : [soapAttribute('actor', actor), soapAttribute('mustUnderstand', '1')]),
    ],
  })
}

/** A copy without its surroundings. `scope` is what the copy declares itself, beyond what it declared already. */
function copy(e: XmlElement, extra: readonly NamespaceDeclaration[]): XmlElement {
  const children: XmlNode[] = e.children.map((c) => (c.kind === 'element' ? copy(c, []) : c))
  return element(e.uri, e.prefix, e.local, { attributes: e.attributes, namespaces: [...extra, ...e.namespaces], children })
}

/**
 * Takes an element of a received message over into one that we write: what was in scope there beyond the five names of every
 * Envelope is declared on the copy, so that its canonical form, and the author signatures in it, stay what they were (wire fact 41).
 */
export function takeOver(e: XmlElement): XmlElement {
  const declared = new Set(e.namespaces.map((n) => n.prefix))
  const extra: NamespaceDeclaration[] = []
  for (const [prefix, uri] of namespacesInScope(e)) {
    if (declared.has(prefix)) continue
    if (ENVELOPE_NAMESPACES.some((n) => n.prefix === prefix && n.uri === uri)) continue
    extra.push({ prefix, uri })
  }
  return copy(e, extra)
}

const canonical = new WeakMap<XmlElement, string>()

/**
 * Canonical form of an element that we built, once: it is digested for the signature and sent as it is. Only for elements that stand
 * in their envelope and do not change any more.
 */
export function canonicalOnce(e: XmlElement): string {
  const known = canonical.get(e)
  if (known !== undefined) return known
  const made = canonicalText(e)
  canonical.set(e, made)
  return made
}
