// SPDX-License-Identifier: EUPL-1.2
/**
 * The gate: the only way from bytes to a tree, and the sole user of the XML parser.
 *
 *   bytes ── size ── strict UTF-8 ── no DOCTYPE ── tokens, counted one by one ── tree
 *
 * Everything is refused before it costs: limits hold while tokenising, not on a finished tree [threat model X1–X6]. There is
 * no loader and no entity but the five of XML 1.0. What this returns is parsed once and never again (§5 rule 2).
 * Specs: [XML10 fifth edition], [XMLNS10], threat model §4.1.
 * @module
 */
import { SaxesParser } from 'saxes'
import { StructureError, type StageName } from '../errors.js'
import type { Limits } from '../env.js'
import { isBase64Lines } from './base64.js'
import { complaintOf, endOfUtf8, Lines, wideEncoding } from './lines.js'
import { DS } from './names.js'
import type { NamespaceDeclaration, XmlAttribute, XmlDocument, XmlElement, XmlNode } from './tree.js'
import { atOnce, inTurns, type Stops, type Turn } from './turns.js'

export interface GateOptions {
  readonly limits: Limits
  /** `osci`: the frame of a message, no PI, comment or byte order mark. `content`: XÖV documents and what else is carried. */
  readonly frame: 'osci' | 'content'
  /** Who is asking; default `soap`. */
  readonly stage?: StageName
}

type Growing<T> = { -readonly [K in keyof T]: T[K] }
interface GrowingElement extends Growing<Omit<XmlElement, 'children'>> {
  children: XmlNode[]
}
interface GrowingText {
  kind: 'text'
  value: string
  cdata: boolean
}

/** Most elements have neither attributes nor declarations: they share one empty list. */
const NONE: readonly never[] = Object.freeze([])

/** Text runs from this length on are taken over whole when they hold nothing that the tokenizer would have to look at. */
const LONG_TEXT = 1024
/** What sends a long text through the tokenizer after all: markup, `]`, CR, controls, everything from the surrogates on. */
const NEEDS_TOKENIZER = /[^\t\n\x20-%'-\\^-\ud7ff]/

/** Characters that the tokenizer gets in one go; of the densest markup a few milliseconds. */
const CHARACTERS_PER_TURN = 32 * 1024

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses one document.
 *
 * @param bytes the document, at most `limits.xmlBytes`; never changed, never kept.
 * @throws {StructureError} `xml.<rule>` (9100) with line and column where there is a place.
 */
export function parseXml(bytes: Uint8Array, options: GateOptions): XmlDocument {
  return atOnce(parsing(bytes, options))
}

/** As {@link parseXml}, a large document in turns of the event loop. */
export async function parseXmlInTurns(bytes: Uint8Array, options: GateOptions, turn: Turn | undefined): Promise<XmlDocument> {
  return inTurns(parsing(bytes, options), turn)
}

/** As {@link parseXml}, what somebody has decoded already: files of configuration, which may declare other encodings. Its byte order mark is gone. */
export function parseXmlText(text: string, options: GateOptions): XmlDocument {
  return atOnce(reading(text, options).read(false))
}

function reading(text: string, options: GateOptions): Reading {
  // The tokenizer would swallow it without a word.
  if (text.charCodeAt(0) === 0xfeff)
    throw new StructureError(options.stage ?? 'soap', 'xml.not-well-formed', 'two byte order marks', { line: 1, column: 1 })
  return new Reading(text, options)
}

function parsing(bytes: Uint8Array, options: GateOptions): Stops<XmlDocument> {
  const { limits, frame } = options
  const stage = options.stage ?? 'soap'
  if (bytes.length > limits.xmlBytes)
    throw new StructureError(stage, 'xml.too-large', `XML of ${bytes.length} bytes, allowed are ${limits.xmlBytes}`)
  // without a mark it decodes, to a text full of zeros
  const wide = wideEncoding(bytes)
  if (wide !== undefined) throw new StructureError(stage, 'xml.encoding', `${wide}, not UTF-8`, { line: 1, column: 1 })
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch (cause) {
    const good = decoder.decode(bytes.subarray(0, endOfUtf8(bytes))).replace(/^\ufeff/, '')
    throw new StructureError(stage, 'xml.encoding', 'not UTF-8', { ...new Lines(good).at(good.length), cause })
  }
  const byteOrderMark = text.charCodeAt(0) === 0xfeff
  if (byteOrderMark) {
    if (frame === 'osci')
      throw new StructureError(stage, 'xml.byte-order-mark', 'byte order mark in an OSCI message', { line: 1, column: 1 })
    text = text.slice(1)
  }
  return reading(text, options).read(byteOrderMark)
}

/**
 * The tokenizer keeps its handlers under computed names; V8 turns an object with more than six such additions into a slow
 * dictionary (measured: five times the time). Naming the slots first avoids that, and does nothing else.
 */
function tokenizer(): SaxesParser<{ xmlns: true; position: false }> {
  const parser = new SaxesParser({ xmlns: true, position: false })
  const slots = parser as unknown as Record<string, undefined>
  slots['errorHandler'] = undefined
  slots['doctypeHandler'] = undefined
  slots['xmldeclHandler'] = undefined
  slots['piHandler'] = undefined
  slots['commentHandler'] = undefined
  slots['cdataHandler'] = undefined
  slots['textHandler'] = undefined
  slots['openTagStartHandler'] = undefined
  slots['attributeHandler'] = undefined
  slots['openTagHandler'] = undefined
  slots['closeTagHandler'] = undefined
  return parser
}

class Reading {
  private readonly parser = tokenizer()
  private readonly lines: Lines
  private readonly text: string
  private readonly limits: Limits
  private readonly frame: 'osci' | 'content'
  private readonly stage: StageName
  private readonly prolog: XmlNode[] = []
  private readonly epilog: XmlNode[] = []
  private root: GrowingElement | undefined
  private current: GrowingElement | undefined
  /** Offset up to which the text has been given to the tokenizer, or taken over whole. */
  private given = 0
  /** Characters that did not pass through the tokenizer. */
  private skipped = 0
  /** Offset just after the last complete tag. */
  private lastTag = -1
  private depth = 0
  private elements = 0
  private insideSignature = 0
  private tagAttributes = 0
  private tagNamespaces = 0
  private readonly pending: { name: string; prefix: string; local: string; value: string; uri?: string }[] = []
  private readonly inScope = new Map<string, number>()

  constructor(text: string, { limits, frame, stage = 'soap' }: GateOptions) {
    this.text = text
    this.limits = limits
    this.frame = frame
    this.stage = stage
    this.lines = new Lines(text)
  }

  *read(byteOrderMark: boolean): Stops<XmlDocument> {
    this.scan()
    this.listen()
    yield* this.feed()
    // `end` has run every check by now; a document without root has been refused there.
    return { root: this.root as XmlElement, text: this.text, byteOrderMark, prolog: this.prolog, epilog: this.epilog }
  }

  private offset(): number {
    return this.skipped + this.parser.position
  }

  private refuse(rule: string, message: string, offset: number, detail?: string): never {
    const place = new Lines(this.text).at(Math.max(0, Math.min(offset, this.text.length)))
    throw new StructureError(this.stage, 'xml.' + rule, message, detail === undefined ? place : { ...place, detail })
  }

  /** What a look at the raw text can refuse before a token is read. */
  private scan(): void {
    for (let i = this.text.indexOf('<!'); i >= 0; i = this.text.indexOf('<!', i + 1))
      if (this.text.slice(i + 2, i + 9).toLowerCase() === 'doctype') this.refuse('doctype', 'document type declaration', i)
    let references = 0
    for (let i = this.text.indexOf('&'); i >= 0; i = this.text.indexOf('&', i + 1)) {
      if (++references > this.limits.xmlElements) this.refuse('references', `more than ${this.limits.xmlElements} references`, i)
    }
  }

  /**
   * Gives the text to the tokenizer, but for long plain runs between two tags, which become text as they are. The tokenizer
   * itself says that it stands behind a tag, so that a `>` in an attribute, comment or CDATA section cannot deceive us.
   */
  private *feed(): Stops<void> {
    const { text } = this
    for (let open = text.indexOf('<'); open >= 0;) {
      const next = text.indexOf('<', open + 1)
      if (open - this.given > CHARACTERS_PER_TURN) {
        yield* this.give(open)
        yield
      }
      if (next - open > LONG_TEXT) {
        const from = text.indexOf('>', open) + 1
        if (next - from > LONG_TEXT && from > this.given) {
          yield* this.give(from)
          if (this.lastTag === from && this.current) {
            const run = text.slice(from, next)
            if (isBase64Lines(run) || !NEEDS_TOKENIZER.test(run)) {
              this.onText(run, false)
              this.skipped += run.length
              this.given = next
            }
          }
        }
      }
      open = next
    }
    yield* this.give(text.length)
    this.parser.close()
  }

  /** Gives the text up to `to`; what is very long stops on its way. */
  private *give(to: number): Stops<void> {
    for (; to - this.given > 2 * CHARACTERS_PER_TURN; yield) {
      const end = this.given + CHARACTERS_PER_TURN
      this.parser.write(this.text.slice(this.given, end))
      this.given = end
    }
    this.parser.write(this.text.slice(this.given, to))
    this.given = to
  }

  private listen(): void {
    const { parser } = this
    parser.on('error', (e) => {
      const { reason, offset } = complaintOf(e.message, this.text, Math.max(this.lastTag, 0), this.offset() - 1)
      this.refuse('not-well-formed', `not well-formed: ${reason}`, offset, e.message)
    })
    parser.on('doctype', () => this.refuse('doctype', 'document type declaration', this.offset()))
    parser.on('xmldecl', (declaration) => {
      if (declaration.version !== '1.0') this.refuse('version', 'XML 1.0 only', 0)
      if (declaration.encoding !== undefined && declaration.encoding.toLowerCase() !== 'utf-8')
        this.refuse('encoding', 'the declaration names another encoding than UTF-8', 0)
    })
    parser.on('processinginstruction', (pi) => {
      const start = this.text.lastIndexOf('<?', this.offset())
      if (this.frame === 'osci') this.refuse('instruction', 'processing instruction in an OSCI message', start)
      this.add({ kind: 'instruction', target: pi.target, value: pi.body })
    })
    parser.on('comment', (value) => {
      if (this.frame === 'osci') this.refuse('comment', 'comment in an OSCI message', this.text.lastIndexOf('<!--', this.offset()))
      this.add({ kind: 'comment', value })
    })
    parser.on('cdata', (value) => {
      if (this.frame === 'osci' && this.insideSignature > 0)
        this.refuse('cdata', 'CDATA section inside a signature', this.text.lastIndexOf('<![CDATA[', this.offset()))
      this.onText(value, true)
    })
    parser.on('text', (value) => this.onText(value, false))
    parser.on('opentagstart', (tag) => {
      if (++this.depth > this.limits.xmlDepth) this.refuse('depth', `more than ${this.limits.xmlDepth} levels`, this.offset())
      if (++this.elements > this.limits.xmlElements) this.refuse('elements', `more than ${this.limits.xmlElements} elements`, this.offset())
      this.checkName(tag.name)
      this.tagAttributes = 0
      this.tagNamespaces = 0
      this.pending.length = 0
      this.startOfTag = this.text.lastIndexOf('<', this.offset() - 2)
    })
    parser.on('attribute', (a) => {
      if (a.prefix === 'xmlns' || a.name === 'xmlns') {
        if (++this.tagNamespaces > this.limits.xmlNamespaces)
          this.refuse('namespaces', `more than ${this.limits.xmlNamespaces} namespace declarations`, this.offset())
      } else if (++this.tagAttributes > this.limits.xmlAttributes)
        this.refuse('attributes', `more than ${this.limits.xmlAttributes} attributes`, this.offset())
      this.checkName(a.name)
      if (tooLong(a.value, this.limits.xmlAttributeBytes))
        this.refuse('attribute-size', `attribute value of more than ${this.limits.xmlAttributeBytes} bytes`, this.offset())
      this.pending.push(a)
    })
    parser.on('opentag', (tag) => this.onOpen(tag.uri, tag.local, tag.prefix))
    parser.on('closetag', () => this.onClose())
  }

  private startOfTag = 0

  private onOpen(uri: string, local: string, prefix: string): void {
    const start = this.startOfTag
    const { line, column } = this.lines.at(start)
    const attributes: XmlAttribute[] = []
    const namespaces: NamespaceDeclaration[] = []
    for (const a of this.pending) {
      if (a.prefix === 'xmlns') namespaces.push(this.declare(a.local, a.value))
      else if (a.name === 'xmlns') namespaces.push(this.declare('', a.value))
      else attributes.push({ prefix: a.prefix, local: a.local, uri: a.uri ?? '', value: a.value })
    }
    const e: GrowingElement = {
      kind: 'element', uri, local, prefix, children: [], parent: this.current, line, column, start, end: 0,
      attributes: attributes.length === 0 ? NONE : attributes,
      namespaces: namespaces.length === 0 ? NONE : namespaces,
    } // prettier-ignore
    if (this.inScope.size > this.limits.xmlNamespacesInScope)
      this.refuse('namespaces-in-scope', `more than ${this.limits.xmlNamespacesInScope} namespaces in scope`, start)
    if (uri === DS || this.insideSignature > 0) this.insideSignature++
    if (this.current) this.current.children.push(e)
    else this.root ??= e
    this.current = e
    this.lastTag = this.offset()
  }

  private declare(prefix: string, uri: string): NamespaceDeclaration {
    // The tokenizer trims before it compares, C14N and other parsers do not: the name would mean two things.
    if (uri.trim() !== uri) this.refuse('namespace', 'namespace name with white space around it', this.startOfTag)
    this.inScope.set(prefix, (this.inScope.get(prefix) ?? 0) + 1)
    return { prefix, uri }
  }

  private onClose(): void {
    const e = this.current
    if (!e) return
    e.end = this.offset()
    for (const d of e.namespaces) {
      const left = (this.inScope.get(d.prefix) ?? 1) - 1
      if (left > 0) this.inScope.set(d.prefix, left)
      else this.inScope.delete(d.prefix)
    }
    if (this.insideSignature > 0) this.insideSignature--
    this.depth--
    this.current = e.parent as GrowingElement | undefined
    this.lastTag = e.end
  }

  private onText(value: string, cdata: boolean): void {
    const e = this.current
    if (!e) return // white space around the root; anything else the parser has refused
    const last = e.children[e.children.length - 1] as GrowingText | XmlNode | undefined
    if (last?.kind === 'text') {
      const text = last as GrowingText
      text.value += value
      text.cdata ||= cdata
    } else e.children.push({ kind: 'text', value, cdata })
  }

  private add(node: XmlNode): void {
    if (++this.elements > this.limits.xmlElements) this.refuse('elements', `more than ${this.limits.xmlElements} nodes`, this.offset())
    if (this.current) this.current.children.push(node)
    else if (this.root) this.epilog.push(node)
    else this.prolog.push(node)
  }

  private checkName(name: string): void {
    if (tooLong(name, this.limits.xmlNameBytes))
      this.refuse('name-size', `name of more than ${this.limits.xmlNameBytes} bytes`, this.offset())
    const colon = name.indexOf(':')
    // Both halves of a qualified name are NCNames; the tokenizer looks at the first character of the whole only [XMLNS10 §3].
    if (colon >= 0 && /[-.0-9\u00b7\u0300-\u036f\u203f\u2040]/.test(name.charAt(colon + 1)))
      this.refuse('not-well-formed', 'malformed name', this.offset())
  }
}

function tooLong(value: string, maxBytes: number): boolean {
  if (value.length * 3 <= maxBytes) return false
  return value.length > maxBytes || new TextEncoder().encode(value).length > maxBytes
}
