// SPDX-License-Identifier: EUPL-1.2
/**
 * Codecs: how a piece of an OSCI message is read from and written to an element. A codec is a pair, `read(write(x))` equals `x`;
 * a struct reads its fields in schema order, refuses what is missing, repeated, unknown or left over.
 * @module
 */
import { OrderError } from '../errors.js'
import { decodeBase64 as strictBase64, encodeBase64 } from '../xml/base64.js'
import {
  attr as attribute,
  element,
  elementsOf,
  textOf,
  xpathOf,
  type ElementSpec,
  type XmlAttribute,
  type XmlElement,
} from '../xml/tree.js'
import { OSCI, PREFIX } from './names.js'

/** `read` throws {@link OrderError} 9300 with the place. `write` gives attributes, namespaces and children of the element. */
export interface Codec<T> {
  read(e: XmlElement): T
  write(value: T): ElementSpec
}

export type Infer<C> = C extends Codec<infer T> ? T : never

/** How often: once, optional, any, at least once, never, two, up to two. */
export type Card = '1' | '?' | '*' | '+' | '0' | '2' | '0..2'

const BOUNDS: Readonly<Record<Card, readonly [number, number]>> = {
  '1': [1, 1],
  '?': [0, 1],
  '*': [0, Infinity],
  '+': [1, Infinity],
  '0': [0, 0],
  '2': [2, 2],
  '0..2': [0, 2],
}

export const boundsOf = (card: Card): readonly [number, number] => BOUNDS[card]

/** A 9300 with the element's place. `rule` is the finding's rule in layer `osci-structure`. */
export function misfit(e: XmlElement, rule: string, why: string): OrderError {
  return new OrderError(`osci-structure.${rule}`, why, { line: e.line, column: e.column, xpath: xpathOf(e) })
}

function onlyText(e: XmlElement): string {
  if (elementsOf(e).length > 0) throw misfit(e, 'unexpected-element', `${e.local} holds text only`)
  return textOf(e)
}

const leaf = <T>(parse: (text: string, e: XmlElement) => T, print: (value: T) => string): Codec<T> => ({
  read: (e) => parse(onlyText(e), e),
  write: (value) => ({ children: [print(value)] }),
})

export const text: Codec<string> = leaf(
  (t) => t,
  (v) => v,
)

/** Non-negative decimal, at most 2³¹−1 (trap T36). */
export const integer: Codec<number> = leaf(
  (t, e) => {
    const digits = t.trim()
    if (!/^\d{1,10}$/.test(digits) || Number(digits) > 0x7fffffff) throw misfit(e, 'bad-value', `${e.local} is not a number`)
    return Number(digits)
  },
  (v) => String(v),
)

/** Strict Base64 of an element's text. @throws {OrderError} 9300 */
export function decodeBase64(t: string, e: XmlElement): Uint8Array {
  const bytes = strictBase64(t)
  if (!bytes) throw misfit(e, 'bad-base64', `${e.local} is not Base64`)
  return bytes
}

/** MessageId: Base64 of the UTF-8 id (wire fact 15). */
export const base64Text: Codec<string> = leaf(
  (t, e) => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeBase64(t, e))
    } catch (cause) {
      if (cause instanceof OrderError) throw cause
      throw misfit(e, 'bad-value', `${e.local} is not UTF-8`)
    }
  },
  (v) => Buffer.from(v, 'utf8').toString('base64'),
)

export const base64: Codec<Uint8Array> = leaf((t, e) => decodeBase64(t, e), encodeBase64)

const DATE_TIME = /^-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?$/

/** xsd:dateTime, kept as written. */
export const dateTime: Codec<string> = leaf(
  (t, e) => {
    const value = t.trim()
    if (!DATE_TIME.test(value)) throw misfit(e, 'bad-value', `${e.local} is not a date and time`)
    return value
  },
  (v) => v,
)

/** An element whose only content is nothing. */
export const empty: Codec<Record<string, never>> = {
  read(e) {
    if (elementsOf(e).length > 0) throw misfit(e, 'unexpected-element', `${e.local} must be empty`)
    return {}
  },
  write: () => ({}),
}

/** xsd:anyURI without blanks and delimiters that no URI holds. */
export const uri: Codec<string> = leaf(
  (t, e) => {
    if (/[\s<>"{}|\\^`]/.test(t)) throw misfit(e, 'bad-value', `${e.local} is not a URI`)
    return t
  },
  (v) => v,
)

/** One of a list of words. */
export const word = <W extends string>(...words: readonly W[]): Codec<W> =>
  leaf(
    (t, e) => {
      const found = words.find((w) => w === t)
      if (found === undefined) throw misfit(e, 'bad-value', `${e.local} must be one of ${words.join(', ')}`)
      return found
    },
    (v) => v,
  )

export const boolean: Codec<boolean> = leaf(
  (t, e) => {
    if (!['true', 'false', '1', '0'].includes(t)) throw misfit(e, 'bad-value', `${e.local} is not a boolean`)
    return t === 'true' || t === '1'
  },
  (v) => String(v),
)

/** A field of a struct: a child element or an attribute. */
export interface Field<T> {
  readonly kind: 'element' | 'attribute'
  readonly uri: string
  readonly name: string
  /** Another spelling that is read, never written (wire facts §15). */
  readonly alsoReads: string | undefined
  readonly card: Card
  readonly codec: Codec<unknown>
  readonly type?: T
}

interface FieldOptions {
  readonly uri?: string
  readonly alsoReads?: string
}

const field = <T>(kind: Field<T>['kind'], name: string, card: Card, codec: Codec<unknown>, o: FieldOptions = {}): Field<T> => ({
  kind,
  uri: kind === 'attribute' ? '' : (o.uri ?? OSCI),
  name,
  alsoReads: o.alsoReads,
  card,
  codec,
})
export const one = <T>(name: string, c: Codec<T>, o?: FieldOptions): Field<T> => field('element', name, '1', c as Codec<unknown>, o)
export const opt = <T>(name: string, c: Codec<T>, o?: FieldOptions): Field<T | undefined> =>
  field('element', name, '?', c as Codec<unknown>, o)
export const many = <T>(name: string, c: Codec<T>, o?: FieldOptions): Field<readonly T[]> =>
  field('element', name, '*', c as Codec<unknown>, o)
export const some = <T>(name: string, c: Codec<T>, o?: FieldOptions): Field<readonly T[]> =>
  field('element', name, '+', c as Codec<unknown>, o)
export const attr = <T>(name: string, c: Codec<T>): Field<T> => field('attribute', name, '1', c as Codec<unknown>)
export const optAttr = <T>(name: string, c: Codec<T>, o?: FieldOptions): Field<T | undefined> =>
  field('attribute', name, '?', c as Codec<unknown>, o)

type ValueOf<F> = F extends Field<infer T> ? T : never
type FieldsOf<F> = { readonly [K in keyof F as undefined extends ValueOf<F[K]> ? never : K]: ValueOf<F[K]> } & {
  readonly [K in keyof F as undefined extends ValueOf<F[K]> ? K : never]?: Exclude<ValueOf<F[K]>, undefined>
}

export interface Struct<T> extends Codec<T> {
  /** For documents and tests that read the table. */
  readonly fields: Readonly<Record<string, Field<unknown>>>
  /** What is wrong with the fields together, in words; undefined: nothing. */
  readonly problem: (value: Readonly<Record<string, unknown>>) => string | undefined
}

/** A rule over the fields of a struct: `a` may be there only when `b` is. */
export const needs =
  (a: string, b: string) =>
  (value: Readonly<Record<string, unknown>>): string | undefined =>
    value[a] !== undefined && value[b] === undefined ? `${a} needs ${b}` : undefined

/** Exactly one of the fields must be there. */
export const exactlyOne =
  (...names: readonly string[]) =>
  (value: Readonly<Record<string, unknown>>): string | undefined =>
    names.filter((n) => value[n] !== undefined).length === 1 ? undefined : `exactly one of ${names.join(', ')} must be there`

/** What codecs read an attribute from: its text in an element that stands where the attribute does. */
const attributeElement = (of: XmlElement, { local, value }: XmlAttribute): XmlElement => ({
  ...element('', '', `@${local}`, { children: [value] }),
  parent: of,
  line: of.line,
  column: of.column,
})

function readAttributes(e: XmlElement, entries: readonly (readonly [string, Field<unknown>])[], out: Record<string, unknown>): void {
  for (const [key, f] of entries) {
    const spellings = e.attributes.filter((a) => a.uri === '' && (a.local === f.name || a.local === f.alsoReads))
    if (spellings.length > 1) throw misfit(e, 'two-spellings', `${e.local} has ${f.name} in two spellings`)
    const found = spellings[0]
    if (found) out[key] = f.codec.read(attributeElement(e, found))
    else if (f.card === '1') throw misfit(e, 'missing-attribute', `${e.local} lacks the attribute ${f.name}`)
  }
}

/**
 * A struct of attributes and child elements in schema order. The header block attributes (`Id`, actor, mustUnderstand) belong to the
 * envelope, not to the struct.
 */
export function struct<F extends Record<string, Field<unknown>>>(
  fields: F,
  problem: Struct<unknown>['problem'] = () => undefined,
): Struct<FieldsOf<F>> {
  const entries = Object.entries(fields)
  const attributes = entries.filter(([, f]) => f.kind === 'attribute')
  const elements = entries.filter(([, f]) => f.kind === 'element')
  return {
    fields,
    problem,
    read(e) {
      const out: Record<string, unknown> = {}
      readAttributes(e, attributes, out)
      const kids = elementsOf(e)
      let at = 0
      for (const [key, f] of elements) {
        const [min, max] = BOUNDS[f.card]
        const got: unknown[] = []
        for (let kid = kids[at]; kid && got.length < max; kid = kids[++at]) {
          if (kid.uri !== f.uri || (kid.local !== f.name && kid.local !== f.alsoReads)) break
          got.push(f.codec.read(kid))
        }
        if (got.length < min) throw misfit(kids[at] ?? e, 'missing-element', `${e.local} lacks ${f.name}`)
        if (max > 1) out[key] = got
        else if (got.length > 0) out[key] = got[0]
      }
      const left = kids[at]
      if (left) throw misfit(left, 'unexpected-element', `${left.local} does not belong at this place in ${e.local}`)
      const wrong = problem(out)
      if (wrong !== undefined) throw misfit(e, 'combination', `${e.local}: ${wrong}`)
      return out as FieldsOf<F>
    },
    write(value) {
      const attributesOut: XmlAttribute[] = []
      const children: XmlElement[] = []
      for (const [key, f] of entries) {
        const v = (value as Record<string, unknown>)[key]
        if (v === undefined) continue
        for (const item of BOUNDS[f.card][1] > 1 ? (v as readonly unknown[]) : [v]) {
          const spec = f.codec.write(item)
          if (f.kind === 'element') children.push(element(f.uri, PREFIX[f.uri] ?? '', f.name, spec))
          else {
            const [value] = spec.children ?? []
            attributesOut.push(attribute(f.name, typeof value === 'string' ? value : ''))
          }
        }
      }
      return { attributes: attributesOut, children }
    },
  }
}
