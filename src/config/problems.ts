// SPDX-License-Identifier: EUPL-1.2
/**
 * From what zod and yaml report to what an operator can act on: key, file, line, text in both languages, example.
 * @module
 */
import { isMap, isNode, isPair, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter } from 'yaml'
import type * as z from 'zod'
import type { ConfigProblem } from '../errors.js'
import { expectation, hasEntries, isText, noteAt, schemaAt, unwrap } from './option.js'
import type { Bilingual, OptionNote } from './option.js'

export type Path = readonly PropertyKey[]

/** `peers[0].name`, `mailboxes["ags:99001000"].ttlSeconds`: as a person would look for it. */
export function keyOf(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${String(step)}]`
      const name = String(step)
      return /^[A-Za-z_][\w-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
    })
    .join('')
    .replace(/^\./, '')
}

/** Line of a key in the file; of the nearest section that is there when the key itself is missing. */
export function lineAt(document: Document, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step))
      if (!pair) break
      if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      if (isNode(node) && node.range) offset = node.range[0]
    } else break
  }
  return offset === undefined ? undefined : lines.linePos(offset).line
}

/** Words the checks of the table and the cross checks bring with them. */
function ownWords(issue: z.core.$ZodIssue): Bilingual | undefined {
  const params = issue.code === 'custom' ? issue.params : undefined
  return params && typeof params['de'] === 'string' && typeof params['en'] === 'string' ? { de: params['de'], en: params['en'] } : undefined
}

function knownKeys(path: Path, options: z.core.$ZodType): string[] {
  const schema = schemaAt(options, path)
  const shape = schema && (unwrap(schema).schema as { def?: { shape?: object } }).def?.shape
  return shape ? Object.keys(shape) : []
}

/** Edit distance, for "did you mean": names are short, so the plain table will do. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function unknownKey(path: Path, name: string, options: z.core.$ZodType): Bilingual {
  const known = knownKeys(path, options)
  const near = known.filter((one) => distance(one.toLowerCase(), name.toLowerCase()) <= 2)[0]
  if (near !== undefined) return { de: `unbekannter Schlüssel; gemeint ist wohl ${near}`, en: `unknown key; did you mean ${near}` }
  return { de: `unbekannter Schlüssel; bekannt: ${known.join(', ')}`, en: `unknown key; known are: ${known.join(', ')}` }
}

const GERMAN_SEPARATOR = '; erwartet: '
const ENGLISH_SEPARATOR = '; expected: '

/** The option whose entry this is; an entry of a list or a section by names has no note of its own. */
const entryOfAt = (path: Path, options: z.core.$ZodType): OptionNote | undefined => {
  const outer = schemaAt(options, path.slice(0, -1))
  const isEntry = path.length > 0 && outer !== undefined && hasEntries(unwrap(outer).schema)
  return isEntry && noteAt(options, path) === undefined ? unwrap(outer).note : undefined
}

/** What a list says of its entries says more than that they are texts. */
function wantedAt(path: Path, options: z.core.$ZodType): Bilingual | undefined {
  const schema = schemaAt(options, path)
  const ofEntries = typeof path.at(-1) === 'number' ? entryOfAt(path, options)?.expects : undefined
  return ofEntries && schema && isText(unwrap(schema).schema) ? ofEntries : schema && expectation(schema)
}

function valueProblem(issue: z.core.$ZodIssue, present: boolean, options: z.core.$ZodType): Bilingual {
  // a name is right or wrong by the section that it stands in
  const wanted = wantedAt(issue.code === 'invalid_key' ? issue.path.slice(0, -1) : issue.path, options)
  const suffix = wanted ? { de: GERMAN_SEPARATOR + wanted.de, en: ENGLISH_SEPARATOR + wanted.en } : { de: '', en: '' }
  if (!present) return { de: `fehlt${suffix.de}`, en: `is missing${suffix.en}` }
  if (issue.code === 'invalid_key') return { de: `ungültiger Name${suffix.de}`, en: `name not allowed${suffix.en}` }
  return { de: `ungültiger Wert${suffix.de}`, en: `value not allowed${suffix.en}` }
}

export interface Place {
  readonly file: string
  /** The table whose notes speak of the file's values. */
  readonly options: z.core.$ZodType
  lineOf(path: Path): number | undefined
}

export function problem(place: Place, path: Path, message: Bilingual, example?: string): ConfigProblem {
  const line = place.lineOf(path)
  const shown = example ?? (noteAt(place.options, path) ?? entryOfAt(path, place.options))?.example
  return {
    key: path.length === 0 ? '(file)' : keyOf(path),
    file: place.file,
    ...(line === undefined ? {} : { line }),
    message,
    ...(shown === undefined ? {} : { example: shown }),
  }
}

/** @param has whether the document holds a value under this path */
export function problemsOf(issue: z.core.$ZodIssue, place: Place, has: (path: Path) => boolean): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => problem(place, [...issue.path, name], unknownKey(issue.path, name, place.options)))
  return [problem(place, issue.path, ownWords(issue) ?? valueProblem(issue, has(issue.path), place.options))]
}
