// SPDX-License-Identifier: EUPL-1.2
/**
 * The JSON reading of an XÖV document: one way, for convenience, beside the exact bytes. The head for every standard with a profile,
 * the whole message for XProtektor-Demo. Nothing is ever built back from it for forwarding.
 *
 * Sole user of fast-xml-parser, and that sees nothing but our own canonical text of a document that the gate has parsed: no document
 * type, no comment, no CDATA section, five kinds of reference [dependencies "Differential rule", threat model §4.1]. Names are looked
 * up in the table of the standard only, so that `__proto__` is a stranger like any other [X7].
 * Specs: xoev.md §14.
 * @module
 */
import { XMLParser } from 'fast-xml-parser'
import { canonicalText } from '../xml/c14n.js'
import { element, elementsOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { readHead, type XoevHead } from './header.js'
import { XPROTEKTOR_NAMESPACE } from './standards.js'
import { isXprotektorMessageType, XPROTEKTOR_ATTRIBUTES, XPROTEKTOR_SHAPES, type Member, type Shape } from './xprotektor-shape.js'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** `message` only for standards that are read whole. */
export interface XoevReading {
  readonly format: 'protektor-reading/1'
  readonly namespace: string
  readonly messageType: string
  readonly head?: XoevHead
  readonly message?: { readonly [key: string]: Json }
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
})

/** A node as the parser gives it with `preserveOrder`. */
interface Node {
  readonly uri: string
  readonly local: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Node[]
  readonly text: string
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x9;': '\t',
  '&#xA;': '\n',
  '&#xD;': '\r',
}

/** Undoes exactly what canonical XML escapes [C14N10 §2.3]. */
const plain = (value: string): string => value.replace(/&(?:amp|lt|gt|quot|#x9|#xA|#xD);/g, (found) => REFERENCES[found] ?? found)

class Stranger extends Error {}

/** Texts from this length on (documents in Base64) go round the parser: it builds texts character by character. */
const LONG_TEXT = 4096

/** A word that occurs in no text of the tree as the parser will see it: texts may be written with references, or in pieces. */
function markFor(root: XmlElement): string {
  let dashes = -1
  const stack = [root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    for (const { 0: found } of textOf(e).matchAll(/long-*/g)) dashes = Math.max(dashes, found.length - 4)
    for (const child of elementsOf(e)) stack.push(child)
  }
  return `long${'-'.repeat(dashes + 1)}`
}

/** A copy of the tree with marks in place of long texts; no mark occurs in the document itself. */
function abridge(root: XmlElement): { readonly root: XmlElement; readonly long: ReadonlyMap<string, string> } {
  const mark = markFor(root)
  const long = new Map<string, string>()
  const copy = (e: XmlElement): XmlElement => {
    const text = textOf(e)
    const name = `${mark}${long.size}`
    if (text.length >= LONG_TEXT) long.set(name, text)
    const { attributes, namespaces } = e
    // comments and sections cut texts into pieces: a mark stands for the whole
    const children =
      text.length < LONG_TEXT ? e.children.map((c) => (c.kind === 'element' ? copy(c) : c)) : [name, ...elementsOf(e).map(copy)]
    return element(e.uri, e.prefix, e.local, { attributes, namespaces, children })
  }
  return { root: copy(root), long }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Brings one element of the parser's output into our form, with its namespace. `undefined` for text. */
function nodeOf(raw: unknown, outer: ReadonlyMap<string, string>, long: ReadonlyMap<string, string>): Node | string {
  if (!isRecord(raw)) throw new Stranger('no node')
  if (typeof raw['#text'] === 'string') return long.get(raw['#text']) ?? plain(raw['#text'])
  const name = Object.keys(raw).find((key) => key !== ':@')
  const content = name === undefined ? undefined : raw[name]
  if (name === undefined || !Array.isArray(content)) throw new Stranger('no element')
  const scope = new Map(outer)
  const attributes = new Map<string, string>()
  for (const [key, value] of Object.entries(isRecord(raw[':@']) ? raw[':@'] : {})) {
    if (typeof value !== 'string') continue
    if (key === 'xmlns') scope.set('', plain(value))
    else if (key.startsWith('xmlns:')) scope.set(key.slice(6), plain(value))
    else attributes.set(key, plain(value))
  }
  const colon = name.indexOf(':')
  const children: Node[] = []
  let text = ''
  for (const item of content) {
    const child = nodeOf(item, scope, long)
    if (typeof child === 'string') text += child
    else children.push(child)
  }
  return { uri: scope.get(colon < 0 ? '' : name.slice(0, colon)) ?? '', local: name.slice(colon + 1), attributes, children, text }
}

function code(node: Node): Json {
  const out = new Map<string, Json>()
  const child = (local: string): Node | undefined => node.children.find((c) => c.uri === '' && c.local === local)
  const value = child('code')
  if (!value) throw new Stranger(node.local)
  out.set('code', value.text)
  for (const name of ['listURI', 'listVersionID']) {
    const given = node.attributes.get(name)
    if (given !== undefined) out.set(name, given)
  }
  const name = child('name')
  if (name) out.set('name', name.text)
  return Object.fromEntries(out)
}

function value(node: Node, shape: Shape): Json {
  if (shape === 'code') return code(node)
  if (shape === 'text') return node.text
  if (shape === 'base64') return node.text.replace(/[ \t\r\n]+/g, '')
  if (shape === 'boolean') return ['true', '1'].includes(node.text.trim())
  return Object.fromEntries(members(node, shape))
}

function members(node: Node, shape: readonly Member[]): Map<string, Json> {
  const lists = new Map<string, Json[]>()
  const out = new Map<string, Json>()
  for (const child of node.children) {
    const member = shape.find((one) => one.name === child.local)
    if (!member || child.uri !== XPROTEKTOR_NAMESPACE) throw new Stranger(child.local)
    if (!member.many) {
      if (out.has(member.name)) throw new Stranger(child.local)
      out.set(member.name, value(child, member.shape))
      continue
    }
    const list = lists.get(member.name) ?? []
    list.push(value(child, member.shape))
    lists.set(member.name, list)
    out.set(member.name, list)
  }
  return out
}

/** The whole message, or undefined when it holds what the standard does not have (the schema says so, too). */
function messageOf(document: XmlDocument): { readonly [key: string]: Json } | undefined {
  const { root } = document
  if (root.uri !== XPROTEKTOR_NAMESPACE || !isXprotektorMessageType(root.local)) return undefined
  try {
    const { root: short, long } = abridge(root)
    const parsed: unknown = parser.parse(canonicalText(short))
    const [only] = Array.isArray(parsed) ? (parsed as unknown[]) : []
    const node = nodeOf(only, new Map(), long)
    if (typeof node === 'string' || node.local !== root.local || node.uri !== root.uri) return undefined
    const attributes = XPROTEKTOR_ATTRIBUTES.flatMap((name): [string, Json][] => {
      const given = node.attributes.get(name)
      return given === undefined ? [] : [[name, given]]
    })
    return Object.fromEntries([['messageType', root.local], ...attributes, ...members(node, XPROTEKTOR_SHAPES[root.local])])
  } catch {
    // names such as `constructor` make the parser throw; the bytes travel in any case
    return undefined
  }
}

/**
 * Reads a document that was verified and validated. Never throws: what cannot be read is left out.
 * @returns plain JSON; keys are element names, codes `{code, listURI?, listVersionID?, name?}`, times and dates verbatim.
 */
export function readingOf(document: XmlDocument): XoevReading {
  const head = readHead(document)
  const message = messageOf(document)
  return {
    format: 'protektor-reading/1',
    namespace: document.root.uri,
    messageType: document.root.local,
    ...(head ? { head } : {}),
    ...(message ? { message } : {}),
  }
}
