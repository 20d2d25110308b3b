// SPDX-License-Identifier: EUPL-1.2
/**
 * One trusted schema file: what namespace it speaks for, which root elements it declares, and which other files it asks for.
 *
 * Schema files are configuration, not messages: a document type is dropped (the W3C signature schema has one) and old encodings are
 * brought to UTF-8. Everything else goes through the same gate as a message. Line numbers stay as in the file.
 * Specs: [XSD1 §4.2 "Layer 2: Schema Documents, Namespaces and Composition"], xoev.md §2.2.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { parseXmlText } from '../xml/gate.js'
import { attributeOf, elementsOf, isElement, textOf, type XmlElement } from '../xml/tree.js'

export const XSD = 'http://www.w3.org/2001/XMLSchema'

/** `xsi:schemaLocation` on a schema itself is a hint to editors and never a reference. */
const HINT = /\s[\w.-]+:(?:noNamespaceS|s)chemaLocation\s*=\s*(?:"[^"]*"|'[^']*')/g

/** An `xs:include`, `xs:import`, `xs:redefine` or `xs:override`. `start` is the offset of its `<` in {@link SchemaDocument.text}. */
export interface SchemaReference {
  readonly kind: 'include' | 'import'
  /** Of an import; '' where the attribute is missing. */
  readonly namespace: string
  readonly location: string | undefined
  readonly start: number
}

export interface SchemaDocument {
  readonly path: string
  /** '' for a schema without target namespace. */
  readonly targetNamespace: string
  /** `schema/@version`, as written. */
  readonly version: string | undefined
  /** Short name of the standard from `xs:appinfo`, where the publisher put one. */
  readonly standard: string | undefined
  /** Local names of the global elements. */
  readonly elements: ReadonlySet<string>
  readonly references: readonly SchemaReference[]
  /** UTF-8 text without document type, annotations and comments; line numbers are those of the file. */
  readonly text: string
}

/** Reads the text of an XML file whatever encoding it declares. @throws {TypeError | RangeError} undecodable, unknown encoding. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be', { fatal: true }).decode(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200))
  const label = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]{0,120}?\sencoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._-]{1,40})["']/.exec(head)?.[1]
  return new TextDecoder(label ?? 'utf-8', { fatal: true }).decode(bytes)
}

/** Takes the document type away but leaves its line breaks. Internal subsets with quoted values and comments are skipped whole. */
export function withoutDocumentType(text: string): string {
  const start = text.indexOf('<!DOCTYPE')
  if (start < 0) return text
  let depth = 0
  let at = start + 9
  for (; at < text.length; at++) {
    const c = text[at]
    if (c === '"' || c === "'") {
      const close = text.indexOf(c, at + 1)
      if (close < 0) return text
      at = close
    } else if (text.startsWith('<!--', at)) {
      const close = text.indexOf('-->', at)
      if (close < 0) return text
      at = close + 2
    } else if (c === '[') depth++
    else if (c === ']') depth--
    else if (c === '>' && depth <= 0) break
  }
  const lines = text.slice(start, at + 1).replace(/[^\n]/g, '')
  return text.slice(0, start) + lines + text.slice(at + 1)
}

function standardOf(root: XmlElement): string | undefined {
  for (const annotation of elementsOf(root))
    for (const appinfo of elementsOf(annotation))
      for (const standard of elementsOf(appinfo)) {
        if (!isElement(appinfo, XSD, 'appinfo') || standard.local !== 'standard') continue
        const short = elementsOf(standard).find((e) => e.local === 'nameKurz')
        const name = textOf(short ?? standard).trim()
        if (name !== '') return name
      }
  return undefined
}

/** Ranges of the text that say nothing to a validator: annotations (most of an official schema) and comments. */
function silent(root: XmlElement, text: string): [number, number][] {
  const annotations: [number, number][] = []
  const stack = [root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    if (isElement(e, XSD, 'annotation')) annotations.push([e.start, e.end])
    else for (const child of elementsOf(e).reverse()) stack.push(child)
  }
  const out: [number, number][] = []
  let next = 0
  for (let at = text.indexOf('<!--'); at >= 0;) {
    for (; next < annotations.length && (annotations[next]?.[0] ?? 0) < at; next++) out.push(annotations[next] ?? [0, 0])
    const inside = out.at(-1)
    if (inside && at < inside[1]) at = text.indexOf('<!--', inside[1])
    else {
      const end = text.indexOf('-->', at) + 3
      out.push([at, end])
      at = text.indexOf('<!--', end)
    }
  }
  return [...out, ...annotations.slice(next)]
}

/** The text of a trusted XML file (schema, catalog, code list), fit for the gate. @throws {RangeError} larger than any of them is. */
export function trustedXml(bytes: Uint8Array): string {
  if (bytes.length > CHECK_LIMITS.xmlBytes) throw new RangeError(`a file of ${bytes.length} bytes, allowed are ${CHECK_LIMITS.xmlBytes}`)
  const text = decode(bytes)
    .replace(/^\ufeff/, '')
    .replace(/^<\?xml[^>]{0,200}\?>/, '<?xml version="1.0" encoding="UTF-8"?>')
  return withoutDocumentType(text)
}

/** Comments and sections hide tags; annotations, most of an official schema, are prose. */
const PROSE = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<((?:[\w.-]+:)?)annotation(?:\s(?:[^<>]*[^/<>])?)?>[\s\S]*?<\/\1annotation\s*>/g
const NAMES_THE_STANDARD = /<(?:[\w.-]+:)?standard[\s>]/

/**
 * The file without the annotations that say nothing to us, before it costs a tree. A cut in the wrong place leaves an end tag over, and the
 * gate refuses what is left.
 */
const withoutProse = (text: string): string =>
  text.replace(PROSE, (found, prefix: string | undefined) => {
    if (prefix === undefined || NAMES_THE_STANDARD.test(found)) return found
    return found.replace(/[^\n]+/g, '')
  })

/**
 * @returns undefined when the file is XML but no schema.
 * @throws {StructureError | TypeError | RangeError} when it cannot be read as XML at all.
 */
export function readSchemaDocument(path: string, bytes: Uint8Array): SchemaDocument | undefined {
  const { root, text } = parseXmlText(withoutProse(trustedXml(bytes)), { limits: CHECK_LIMITS, frame: 'content' })
  if (!isElement(root, XSD, 'schema')) return undefined
  let kept = ''
  let done = 0
  let removed = 0
  const gone: { readonly from: number; readonly removed: number }[] = []
  for (const [from, to] of silent(root, text)) {
    const lines = text.slice(from, to).replace(/[^\n]/g, '')
    kept += text.slice(done, from) + lines
    done = to
    removed += to - from - lines.length
    gone.push({ from, removed })
  }
  kept += text.slice(done)
  const shifted = (offset: number): number => offset - (gone.findLast((one) => one.from < offset)?.removed ?? 0)
  const elements = new Set<string>()
  const references: SchemaReference[] = []
  for (const e of elementsOf(root)) {
    if (e.uri !== XSD) continue
    const name = attributeOf(e, 'name')
    if (e.local === 'element' && name !== undefined) elements.add(name)
    else if (e.local === 'import' || e.local === 'include' || e.local === 'redefine' || e.local === 'override') {
      const location = attributeOf(e, 'schemaLocation')?.trim()
      references.push({
        kind: e.local === 'import' ? 'import' : 'include',
        namespace: attributeOf(e, 'namespace') ?? '',
        location,
        start: shifted(e.start),
      })
    }
  }
  return {
    path,
    targetNamespace: attributeOf(root, 'targetNamespace') ?? '',
    version: attributeOf(root, 'version'),
    standard: standardOf(root),
    elements,
    references,
    text: kept.replace(HINT, (hint) => hint.replace(/[^\n]/g, ' ')),
  }
}
