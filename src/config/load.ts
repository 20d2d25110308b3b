// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a configuration file. The only file of this room that touches the disk. Every problem is reported at once.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { LineCounter, isNode, isScalar, parseDocument, visit } from 'yaml'
import { ConfigError } from '../errors.js'
import type { ConfigProblem } from '../errors.js'
import { crossCheck } from './cross-checks.js'
import type { Values } from './remarks.js'
import { mapPaths } from './option.js'
import type { Bilingual, OptionNote } from './option.js'
import { OPTIONS } from './options.js'
import { keyOf, lineAt, problem, problemsOf } from './problems.js'
import type { Path, Place } from './problems.js'
import type { Config } from './types.js'

/** A configuration is small; anything larger is the wrong file. */
const MAX_FILE_BYTES = 1024 * 1024

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner !== null && typeof inner === 'object' ? (inner as Record<PropertyKey, unknown>)[step] : undefined),
    value,
  )
}

interface Parsed {
  readonly place: Place
  readonly value: unknown
}

function parse(file: string, text: string): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true, prettyErrors: false })
  const syntax = [...document.errors, ...document.warnings].map((error): ConfigProblem => ({
    key: '(file)',
    file,
    line: lines.linePos(error.pos[0]).line,
    message: { de: `kein gültiges YAML: ${error.message}`, en: `not valid YAML: ${error.message}` },
  }))
  // Checks drop this name silently, so that it would be the one unknown key without an error.
  visit(document, {
    Pair(_key, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return
      const line = isNode(key) && key.range ? lines.linePos(key.range[0]).line : 1
      syntax.push({ key: '__proto__', file, line, message: { de: 'unbekannter Schlüssel', en: 'unknown key' } })
    },
  })
  if (syntax.length > 0) throw new ConfigError(syntax)
  return {
    place: { file, lineOf: (path) => lineAt(document, lines, path) },
    // Aliases could blow up a small file; a configuration needs none.
    value: document.toJS({ maxAliasCount: 0 }) ?? {},
  }
}

/** What is wrong with a named file; undefined: nothing. [threat model K1] */
export async function fileTrouble(path: string, kind: NonNullable<OptionNote['file']>): Promise<Bilingual | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return { de: `${path} gibt es nicht oder ist nicht lesbar`, en: `${path} is not there or cannot be read` }
  if (kind === 'exists') return undefined
  if (!found.isFile()) return { de: `${path} ist keine Datei`, en: `${path} is not a file` }
  const mode = found.mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const shown = mode.toString(8).padStart(4, '0')
    return {
      de: `${path} ist für andere lesbar (${shown}); verlangt: chmod 600`,
      en: `${path} can be read by others (${shown}); demanded: chmod 600`,
    }
  }
  return undefined
}

async function checkFiles(values: Values, place: Place): Promise<ConfigProblem[]> {
  const asked: { readonly path: Path; readonly file: string; readonly kind: NonNullable<OptionNote['file']> }[] = []
  mapPaths(OPTIONS, values, (value, path, note) => {
    if (note.file) asked.push({ path, file: value, kind: note.file })
    return value
  })
  const found = await Promise.all(
    asked.map(async ({ path, file, kind }) => {
      const trouble = await fileTrouble(file, kind)
      return trouble ? [problem(place, path, trouble)] : []
    }),
  )
  return found.flat()
}

function publicUrlOf(values: Values): string {
  if (values.publicUrl !== undefined) return values.publicUrl
  const { address, tls } = values.listen.public
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${(tls ?? values.listen.tls) ? 'https' : 'http'}://${host}:${String(address.port)}`
}

/**
 * Reads, checks and completes a configuration.
 * @param file path of the YAML file; paths inside it are relative to it.
 * @returns defaults filled in, paths absolute, weak values listed in `warnings`.
 * @throws {ConfigError} all problems, each with key, file, line, text in German and English, and an example.
 */
export async function loadConfig(file: string): Promise<Config> {
  const absolute = resolve(file)
  const whole: Place = { file: absolute, lineOf: () => undefined }
  const bytes = await readFile(absolute).catch((error: NodeJS.ErrnoException) => {
    const code = error.code ?? 'ERROR'
    throw new ConfigError([problem(whole, [], { de: `nicht lesbar (${code})`, en: `cannot be read (${code})` })])
  })
  if (bytes.length > MAX_FILE_BYTES) throw new ConfigError([problem(whole, [], { de: 'größer als 1 MiB', en: 'larger than 1 MiB' })])
  const { place, value } = parse(absolute, bytes.toString('utf8'))
  const checked = OPTIONS.safeParse(value)
  if (!checked.success) {
    throw new ConfigError(checked.error.issues.flatMap((issue) => problemsOf(issue, place, (path) => at(value, path) !== undefined)))
  }
  const folder = dirname(absolute)
  const values = mapPaths(OPTIONS, checked.data, (path) => (isAbsolute(path) ? path : resolve(folder, path))) as Values
  const remarks = crossCheck(values)
  const said = (severity: 'problem' | 'warning') =>
    remarks.filter((remark) => remark.severity === severity).map((remark) => problem(place, remark.path, remark.words))
  const problems = [...said('problem'), ...(await checkFiles(values, place))]
  if (problems.length > 0) throw new ConfigError(problems)
  const known = new Map<string, number | undefined>()
  const remember = (inner: unknown, path: Path): void => {
    known.set(keyOf(path), place.lineOf(path))
    if (Array.isArray(inner)) inner.forEach((item, index) => remember(item, [...path, index]))
    else if (inner !== null && typeof inner === 'object') for (const [name, item] of Object.entries(inner)) remember(item, [...path, name])
  }
  remember(value, [])
  return { ...values, file: absolute, publicUrl: publicUrlOf(values), warnings: said('warning'), lineOf: (key) => known.get(key) }
}
