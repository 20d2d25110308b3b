// SPDX-License-Identifier: EUPL-1.2
/**
 * How an option is written down: a zod check and, beside it, unit, texts and example in one record. Validation, the typed
 * {@link Config}, `docs/config.md` and the error texts all come from that one place.
 * @module
 */
import * as z from 'zod'

export interface Bilingual {
  readonly de: string
  readonly en: string
}

/** What stands beside the check of one option. */
export interface OptionNote extends Bilingual {
  readonly unit?: 'bytes' | 'seconds' | 'minutes' | 'hours' | 'days' | 'kilobytes' | 'megabytes' | 'path' | 'bits'
  /** As it would stand in the file. */
  readonly example: string
  /** What a value must look like, where the check alone does not say it. */
  readonly expects?: Bilingual
  /** Must be there when the configuration is loaded; `secret`: a file that its owner alone can read (threat model K1). */
  readonly file?: 'file' | 'folder' | 'secret'
  /** Default in words, where it is derived from other options. */
  readonly derived?: Bilingual
}

/** One line of the documentation. */
export interface OptionRow {
  /** `peers[].legacy.cbcContent`; `*` stands for a name of your own. */
  readonly key: string
  readonly kind: string
  readonly required: boolean
  /** undefined: none. */
  readonly default: unknown
  readonly note: OptionNote
}

const notes = z.registry<OptionNote>()

/** Binds a check and its note; the schema that goes into the tree. */
export function option<S extends z.ZodType>(check: S, note: OptionNote): S {
  // several options may share a check, never its note
  const own = z.core.clone(check)
  notes.add(own, note)
  return own
}

interface Unwrapped {
  readonly schema: z.core.$ZodType
  readonly note: OptionNote | undefined
  readonly default: unknown
  readonly required: boolean
}

/** Takes off `default`, `optional` and shorthand (`pipe`); keeps the note of the outermost layer that has one. */
export function unwrap(outer: z.core.$ZodType): Unwrapped {
  let schema = outer
  let note = notes.get(schema)
  let fallback: unknown
  let required = true
  for (;;) {
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
      if (fallback === undefined) fallback = schema.def.defaultValue
      required = false
      schema = schema.def.innerType
    } else if (schema instanceof z.ZodOptional) {
      required = false
      schema = schema.def.innerType
    } else if (schema instanceof z.ZodPipe) {
      // Either `preprocess` (shorthand first, real shape behind) or `transform` (the shape first).
      schema = schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in
    } else {
      return { schema, note, default: fallback, required }
    }
    note ??= notes.get(schema)
  }
}

export const hasEntries = (schema: z.core.$ZodType): boolean =>
  schema instanceof z.ZodArray || schema instanceof z.ZodTuple || schema instanceof z.ZodRecord

export const isText = (schema: z.core.$ZodType): boolean => schema instanceof z.ZodString

/** Words for what a check accepts. */
export function expectation(outer: z.core.$ZodType): Bilingual {
  const { schema, note } = unwrap(outer)
  if (note?.expects) return note.expects
  if (schema instanceof z.ZodEnum) {
    const values = schema.options.join(' | ')
    return { de: values, en: values }
  }
  if (schema instanceof z.ZodLiteral) {
    const values = [...schema.def.values].map(String).join(' | ')
    return { de: values, en: values }
  }
  if (schema instanceof z.ZodBoolean) return { de: 'true | false', en: 'true | false' }
  if (schema instanceof z.ZodNumber) {
    const range = `${String(schema.minValue)} … ${String(schema.maxValue)}`
    return { de: `ganze Zahl ${range}`, en: `whole number ${range}` }
  }
  if (schema instanceof z.ZodArray || schema instanceof z.ZodTuple) return { de: 'Liste', en: 'list' }
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return { de: 'Abschnitt mit Schlüsseln', en: 'section with keys' }
  return { de: 'Text', en: 'text' }
}

/** The schema under a path of a document, or undefined where there is none. Numbers are list positions. */
export function schemaAt(root: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = root
  for (const step of path) {
    if (at === undefined) return undefined
    const { schema } = unwrap(at)
    if (schema instanceof z.ZodObject) at = (schema.def.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[step]
    else if (schema instanceof z.ZodRecord) at = schema.def.valueType
    else if (schema instanceof z.ZodArray) at = schema.def.element
    else if (schema instanceof z.ZodTuple) at = schema.def.items[Number(step)]
    else return undefined
  }
  return at
}

export function noteAt(root: z.core.$ZodType, path: readonly PropertyKey[]): OptionNote | undefined {
  const schema = schemaAt(root, path)
  return schema && unwrap(schema).note
}

/** Every option of a tree, in its order: sections are walked, leaves become rows. */
export function describe(root: z.core.$ZodType, key = ''): OptionRow[] {
  const { schema, note, default: fallback, required } = unwrap(root)
  const own: OptionRow[] = note ? [{ key, kind: expectation(root).en, required, default: fallback, note }] : []
  if (schema instanceof z.ZodObject) {
    const shape = schema.def.shape as Record<string, z.core.$ZodType>
    return [...own, ...Object.entries(shape).flatMap(([name, inner]) => describe(inner, key === '' ? name : `${key}.${name}`))]
  }
  if (schema instanceof z.ZodRecord) return [...own, ...describe(schema.def.valueType, `${key}.*`)]
  if (schema instanceof z.ZodArray) return [...own, ...describe(schema.def.element, `${key}[]`)]
  return own
}

/** Calls `visit` for every text value whose option has a note with a path; its result takes the value's place. */
export function mapPaths(
  root: z.core.$ZodType,
  value: unknown,
  visit: (value: string, path: readonly PropertyKey[], note: OptionNote) => string,
  path: readonly PropertyKey[] = [],
  outerNote?: OptionNote,
): unknown {
  const { schema, note: own } = unwrap(root)
  const note = own ?? outerNote
  if (typeof value === 'string') return note?.unit === 'path' ? visit(value, path, note) : value
  if (Array.isArray(value) && schema instanceof z.ZodArray) {
    return value.map((item, index) => mapPaths(schema.def.element, item, visit, [...path, index], note))
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const shape = schema instanceof z.ZodObject ? (schema.def.shape as Record<string, z.core.$ZodType | undefined>) : undefined
  const each = schema instanceof z.ZodRecord ? schema.def.valueType : undefined
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const inner = shape?.[name] ?? each
      return [name, inner ? mapPaths(inner, item, visit, [...path, name]) : (item as unknown)]
    }),
  )
}
