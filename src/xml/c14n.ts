// SPDX-License-Identifier: EUPL-1.2
/**
 * Inclusive Canonical XML 1.0 without comments, of one element in its document: the only canonical form of the profile
 * (oscisig.xsd), and the form in which we write.
 *
 * All namespaces in scope reach the apex, needed or not, and inherited `xml:*` attributes with them. Iterative: depth costs
 * memory, never the stack. It throws where the form is not defined and has no empty result [threat model G6].
 * Specs: [C14N10 §2.3 Processing Model, §2.4 Document Subsets].
 * @module
 */
import { StructureError } from '../errors.js'
import { XML } from './names.js'
import type { XmlAttribute, XmlElement } from './tree.js'
import type { Turn } from './turns.js'

export interface CanonicalOptions {
  /** Elements left out with everything in them (the enveloped-signature transform of XÖV documents). */
  readonly omit?: ReadonlySet<XmlElement>
  /**
   * Namespaces that the apex does not declare although they are in scope. What comes out is no canonical form any more; it says the same
   * only to a reader for whom these prefixes mean nothing else. A prefix that means something else is declared.
   */
  readonly implied?: readonly { readonly prefix: string; readonly uri: string }[]
}

type Scope = Map<string, string>

/** What a prefix meant before it was declared; undefined: nothing. */
type Undo = readonly (readonly [prefix: string, before: string | undefined])[]

interface Frame {
  readonly e: XmlElement
  readonly undo: Undo
  readonly name: string
  next: number
}

const NOTHING: Undo = []

/** Nodes written in one go where the loop gets its turn in between: a few milliseconds. */
const NODES_PER_TURN = 4096
/** Source text from which on an element is written in turns. */
const LARGE_CHARACTERS = 64 * 1024

/** UTF-8 octets of the canonical form. @throws {StructureError} where it does not exist, see {@link canonicalText}. */
export function canonicalize(e: XmlElement, options?: CanonicalOptions): Uint8Array {
  return Buffer.from(canonicalText(e, options), 'utf8')
}

/**
 * The canonical form as text.
 * @throws {StructureError} `xml.relative-namespace`, `xml.unbound-prefix` (a tree of our own making), `xml.empty-canonical-form`.
 */
export function canonicalText(apex: XmlElement, options: CanonicalOptions = {}): string {
  const writing = new Writing(apex, options)
  writing.go(Infinity)
  return writing.take()
}

/**
 * The canonical form of a received element in pieces that follow each other; a large one with a turn between them.
 * @param piece gets whole characters only.
 * @throws as {@link canonicalText}, and whatever `turn` throws.
 */
export async function canonicalPieces(
  apex: XmlElement,
  turn: Turn | undefined,
  piece: (text: string) => void,
  options: CanonicalOptions = {},
): Promise<void> {
  const writing = new Writing(apex, options)
  const isLarge = turn !== undefined && apex.end - apex.start > LARGE_CHARACTERS
  while (!writing.go(isLarge ? NODES_PER_TURN : Infinity)) {
    piece(writing.take())
    await turn?.()
  }
  piece(writing.take())
}

/** UTF-8 octets of the canonical form of a received element, see {@link canonicalPieces}. */
export async function canonicalizeInTurns(e: XmlElement, turn: Turn | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  await canonicalPieces(e, turn, (text) => pieces.push(Buffer.from(text, 'utf8')))
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
}

/** One canonical form being written. */
class Writing {
  private out = ''
  private readonly stack: Frame[] = []
  /** One map for the whole walk, undone at end tags: a copy per declaring element would cost their product (threat model X5). */
  private readonly scope: Scope
  private readonly omit: ReadonlySet<XmlElement> | undefined

  constructor(apex: XmlElement, { omit, implied = [] }: CanonicalOptions) {
    if (omit?.has(apex)) throw new StructureError('signature', 'xml.empty-canonical-form', 'the canonical form would be empty')
    this.omit = omit
    const inherited = apex.parent ? ancestry(apex.parent) : undefined
    this.scope = inherited?.scope ?? new Map<string, string>()
    const undo = declare(this.scope, apex)
    let declarations = ''
    for (const prefix of sorted([...this.scope.keys()], byCodePoint)) {
      const uri = this.scope.get(prefix) ?? ''
      if (!implied.some((one) => one.prefix === prefix && one.uri === uri)) declarations += declaration(prefix, uri)
    }
    const above = inherited?.attributes.filter((a) => !apex.attributes.some((own) => own.uri === XML && own.local === a.local)) ?? []
    this.open(apex, undo, declarations, above.length > 0 ? [...above, ...apex.attributes] : apex.attributes)
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.out
    this.out = ''
    return text
  }

  /** Writes on, `nodes` at most. @returns true when everything is written. */
  go(nodes: number): boolean {
    const { stack, omit } = this
    for (let left = nodes, frame = stack[stack.length - 1]; frame; frame = stack[stack.length - 1]) {
      if (left-- <= 0) return false
      const child = frame.e.children[frame.next++]
      if (child === undefined) this.close(frame)
      else if (child.kind === 'text') this.out += escapeText(child.value)
      else if (child.kind === 'element') {
        if (!omit?.has(child)) this.openChild(child)
      } else if (child.kind === 'instruction')
        this.out += child.value === '' ? `<?${child.target}?>` : `<?${child.target} ${child.value.replace(/\r/g, '&#xD;')}?>`
    }
    return true
  }

  private openChild(e: XmlElement): void {
    const undo = e.namespaces.length > 0 ? declare(this.scope, e) : NOTHING
    let declarations = ''
    for (const [prefix] of sorted(undo, byPrefix)) declarations += declaration(prefix, this.scope.get(prefix) ?? '')
    this.open(e, undo, declarations, e.attributes)
  }

  private open(e: XmlElement, undo: Undo, declarations: string, attributes: readonly XmlAttribute[]): void {
    // Parsed names are bound, or the gate had refused them; line 0 marks what we built ourselves.
    if (e.line === 0) assertBound(e, this.scope)
    const name = e.prefix === '' ? e.local : `${e.prefix}:${e.local}`
    let tag = `<${name}${declarations}`
    for (const a of sorted(attributes, byName))
      tag += a.prefix === '' ? ` ${a.local}="${escapeAttribute(a.value)}"` : ` ${a.prefix}:${a.local}="${escapeAttribute(a.value)}"`
    this.out += tag + '>'
    this.stack.push({ e, undo, name, next: 0 })
  }

  private close({ name, undo }: Frame): void {
    this.out += `</${name}>`
    this.stack.pop()
    for (const [prefix, before] of undo) {
      if (before === undefined) this.scope.delete(prefix)
      else this.scope.set(prefix, before)
    }
  }
}

/** What the apex takes over from above it: namespaces, and `xml:*` attributes, the nearest first [C14N10 §2.4]. */
function ancestry(parent: XmlElement): { scope: Scope; attributes: XmlAttribute[] } {
  const chain: XmlElement[] = []
  for (let n: XmlElement | undefined = parent; n; n = n.parent) chain.push(n)
  const attributes = new Map<string, XmlAttribute>()
  const scope: Scope = new Map()
  for (const e of chain.reverse()) {
    declare(scope, e)
    for (const a of e.attributes) if (a.uri === XML) attributes.set(a.local, a)
  }
  return { scope, attributes: [...attributes.values()] }
}

/** Declares the namespaces of `e` in the scope. @returns what changed, each prefix once. */
function declare(scope: Scope, e: XmlElement): Undo {
  const undo: (readonly [string, string | undefined])[] = []
  for (const { prefix, uri } of e.namespaces) {
    const before = scope.get(prefix)
    if (prefix === 'xml' || (before ?? '') === uri) continue
    // [C14N10 §1.3]: implementations must report failure on relative namespace URIs.
    if (uri !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri))
      throw new StructureError('signature', 'xml.relative-namespace', 'relative namespace name: there is no canonical form', place(e))
    undo.push([prefix, before])
    if (uri === '') scope.delete(prefix)
    else scope.set(prefix, uri)
  }
  return undo
}

function assertBound(e: XmlElement, scope: Scope): void {
  if ((scope.get(e.prefix) ?? '') !== e.uri)
    throw new StructureError('signature', 'xml.unbound-prefix', `prefix of ${e.local} is not bound to its namespace`)
  for (const a of e.attributes) {
    const bound = a.prefix === 'xml' ? XML : a.prefix === '' ? '' : scope.get(a.prefix)
    if (bound !== a.uri)
      throw new StructureError('signature', 'xml.unbound-prefix', `prefix of attribute ${a.local} is not bound to its namespace`)
  }
}

const place = (e: XmlElement): { line?: number; column?: number } => (e.line === 0 ? {} : { line: e.line, column: e.column })

const declaration = (prefix: string, uri: string): string =>
  prefix === '' ? ` xmlns="${escapeAttribute(uri)}"` : ` xmlns:${prefix}="${escapeAttribute(uri)}"`

const byPrefix = (a: Undo[number], b: Undo[number]): number => byCodePoint(a[0], b[0])

const byName = (a: XmlAttribute, b: XmlAttribute): number => (a.uri === b.uri ? byCodePoint(a.local, b.local) : byCodePoint(a.uri, b.uri))

/** Order of UCS code points; UTF-16 order differs above the surrogates. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(x) ? (y >= 0xe000 ? 1 : x - y) : x >= 0xe000 ? -1 : x - y
    return x - y
  }
  return a.length - b.length
}

const isSurrogate = (c: number): boolean => c >= 0xd800 && c <= 0xdfff

/** Lists of attributes are short and mostly in order already. */
function sorted<T>(list: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  for (let i = 1; i < list.length; i++) if (compare(list[i - 1] as T, list[i] as T) > 0) return [...list].sort(compare)
  return list
}

const TEXT: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' }
const ATTRIBUTE: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

/** Four searches for one character each: thirty times as fast as one for a class, and text here is mostly long base64. */
function escapeText(s: string): string {
  const hasNone = !s.includes('&') && !s.includes('<') && !s.includes('>') && !s.includes('\r')
  return hasNone ? s : s.replace(/[&<>\r]/g, (c) => TEXT[c] ?? c)
}

function escapeAttribute(s: string): string {
  return /[&<"\t\n\r]/.test(s) ? s.replace(/[&<"\t\n\r]/g, (c) => ATTRIBUTE[c] ?? c) : s
}
