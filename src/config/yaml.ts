// SPDX-License-Identifier: EUPL-1.2
/**
 * YAML that a person wrote by hand: what cannot be read is told with its place, all of it at once.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { LineCounter, isCollection, isNode, isScalar, parseDocument, visit } from 'yaml'
import type { Node } from 'yaml'
import type * as z from 'zod'
import { ConfigError } from '../errors.js'
import type { ConfigProblem } from '../errors.js'
import type { Bilingual } from './option.js'
import { lineAt, problemsOf } from './problems.js'
import type { Path, Place } from './problems.js'

export interface ReadYaml {
  readonly place: Place
  /** An empty file is an empty section. */
  readonly value: unknown
}

/** @throws {ConfigError} bytes that are no UTF-8, which would be read as other letters without a word; told with the line of the first. */
function textOf(file: string, bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  if (isUtf8(bytes)) return text
  const read = new TextEncoder().encode(text)
  const at = bytes.findIndex((byte, index) => byte !== read[index])
  const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1
  throw new ConfigError([{ key: '(file)', file, line, message: { de: 'kein gültiges UTF-8', en: 'not valid UTF-8' } }])
}

/**
 * @param source the bytes as they lie, or a text.
 * @param options whose notes find the words for what is wrong with a value.
 * @throws {ConfigError} no YAML, or a way of writing that is not for files like these.
 */
export function readYaml(file: string, source: string | Uint8Array, options: z.core.$ZodType): ReadYaml {
  const text = typeof source === 'string' ? source : textOf(file, source)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, strict: true, prettyErrors: false })
  const problems = [...document.errors, ...document.warnings].map((error): ConfigProblem => ({
    key: '(file)',
    file,
    line: lines.linePos(error.pos[0]).line,
    message: { de: `kein gültiges YAML: ${error.message}`, en: `not valid YAML: ${error.message}` },
  }))
  const refuse = (key: string, node: unknown, message: Bilingual): void => {
    const line = isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
    problems.push({ key, file, line, message })
  }
  visit(document, {
    // `1` and `'1'` are one name to whoever asks for it; the library takes the square of so many names to find out
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const name = isScalar<unknown>(key) ? String(key.value) : undefined
        if (name !== undefined && seen.has(name)) refuse(name, key, { de: 'kommt schon einmal vor', en: 'occurs before' })
        if (name !== undefined) seen.add(name)
      }
    },
    Pair(_key, { key }) {
      // Checks drop this name silently, so that it would be the one unknown key without an error.
      if (isScalar(key) && key.value === '__proto__') refuse('__proto__', key, { de: 'unbekannter Schlüssel', en: 'unknown key' })
      if (isCollection(key)) refuse('(file)', key, { de: 'ein Name ist ein Text', en: 'a name is a text' })
      const read = misread(key)
      if (read !== undefined)
        refuse(read.source, key, {
          de: `so geschrieben ist der Name »${read.as}«; er gehört in Anführungszeichen`,
          en: `written so, the name is "${read.as}"; it belongs into quotes`,
        })
    },
    // Aliases could blow up a small file; what is written by hand needs none.
    Alias(_key, node: Node) {
      refuse('(file)', node, { de: 'Verweise (&, *) sind nicht erlaubt', en: 'aliases (&, *) are not allowed' })
    },
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    place: { file, options, lineOf: (path) => lineAt(document, lines, path) },
    value: document.toJS({ maxAliasCount: 0 }) ?? {},
  }
}

/** YAML reads `01001000` as a number, which as a name is another one than what was written. */
function misread(key: unknown): { readonly source: string; readonly as: string } | undefined {
  if (!isScalar<unknown>(key) || typeof key.value === 'string') return undefined
  const { value } = key
  const as = typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  const { source = as } = key
  return source === as ? undefined : { source, as }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner !== null && typeof inner === 'object' ? (inner as Record<PropertyKey, unknown>)[step] : undefined),
    value,
  )
}

/** The part of a path that was written: where a text stands for a section (`host:port`), what is wrong inside is wrong with the text. */
function written(value: unknown, path: Path): Path {
  const text = path.findIndex((_step, index) => typeof at(value, path.slice(0, index)) === 'string')
  return text < 0 ? path : path.slice(0, text)
}

/** Holds what was read against its check. @throws {ConfigError} every value that does not fit. */
export function checkYaml<S extends z.ZodType>(options: S, { place, value }: ReadYaml): z.output<S> {
  const checked = options.safeParse(value)
  if (checked.success) return checked.data
  const issues = checked.error.issues.map((issue) => ({ ...issue, path: [...written(value, issue.path)] }))
  const problems = issues.flatMap((issue) => problemsOf(issue, place, (path) => at(value, path) !== undefined))
  // neither whole nor in its range is one thing to whoever reads it
  throw new ConfigError(problems.filter((one, index) => problems.findIndex((other) => isDeepStrictEqual(one, other)) === index))
}
