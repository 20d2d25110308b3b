// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a configuration file. The only file of this room that touches the disk. Every problem is reported at once.
 * @module
 */
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { ConfigError } from '../errors.js'
import type { ConfigProblem } from '../errors.js'
import { crossCheck } from './cross-checks.js'
import type { Values } from './remarks.js'
import { mapPaths } from './option.js'
import type { Bilingual, OptionNote } from './option.js'
import { OPTIONS } from './options.js'
import { keyOf, problem } from './problems.js'
import type { Path, Place } from './problems.js'
import type { Config } from './types.js'
import { checkYaml, readYaml } from './yaml.js'

/** A configuration is small; anything larger is the wrong file. */
const MAX_FILE_BYTES = 1024 * 1024

const canBeOpened = (path: string): Promise<boolean> =>
  open(path, 'r')
    .then((handle) => handle.close())
    .then(
      () => true,
      () => false,
    )

/** What is wrong with a named file; undefined: nothing. [threat model K1] */
export async function fileTrouble(path: string, kind: NonNullable<OptionNote['file']>): Promise<Bilingual | undefined> {
  const found = await stat(path).catch(() => undefined)
  // a pipe would be used up by looking
  const opens = found?.isFile() === true || found?.isDirectory() === true ? await canBeOpened(path) : true
  if (!found || !opens) return { de: `${path} gibt es nicht oder ist nicht lesbar`, en: `${path} is not there or cannot be read` }
  if (kind === 'folder') return found.isDirectory() ? undefined : { de: `${path} ist kein Verzeichnis`, en: `${path} is not a directory` }
  if (kind === 'file' && !found.isDirectory()) return undefined
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

/** Of the nearest section that is there, where the key itself is not. */
function nearest(paths: ReadonlyMap<string, Path>, key: string): Path | undefined {
  const found = paths.get(key)
  if (found) return found
  const section = key.replace(/(^|\.)[^.[\]]*$|\[[^[\]]*\]$/, '')
  return section === key ? undefined : nearest(paths, section)
}

/**
 * Reads, checks and completes a configuration.
 * @param file path of the YAML file; paths inside it are relative to it.
 * @returns defaults filled in, paths absolute, weak values listed in `warnings`.
 * @throws {ConfigError} all problems, each with key, file, line, text in German and English, and an example.
 */
export async function loadConfig(file: string): Promise<Config> {
  const absolute = resolve(file)
  const whole: Place = { file: absolute, options: OPTIONS, lineOf: () => undefined }
  const bytes = await readFile(absolute).catch((error: NodeJS.ErrnoException) => {
    const code = error.code ?? 'ERROR'
    throw new ConfigError([problem(whole, [], { de: `nicht lesbar (${code})`, en: `cannot be read (${code})` })])
  })
  if (bytes.length > MAX_FILE_BYTES) throw new ConfigError([problem(whole, [], { de: 'größer als 1 MiB', en: 'larger than 1 MiB' })])
  const read = readYaml(absolute, bytes, OPTIONS)
  const checked = checkYaml(OPTIONS, read)
  const { place, value } = read
  const folder = dirname(absolute)
  const values = mapPaths(OPTIONS, checked, (path) => (isAbsolute(path) ? path : resolve(folder, path))) as Values
  const remarks = crossCheck(values)
  const said = (severity: 'problem' | 'warning') =>
    remarks.filter((remark) => remark.severity === severity).map((remark) => problem(place, remark.path, remark.words))
  const problems = [...said('problem'), ...(await checkFiles(values, place))]
  if (problems.length > 0) throw new ConfigError(problems)
  const known = new Map<string, Path>()
  // lines are looked for when somebody asks: each one is a walk through its section
  const remember = (inner: unknown, path: Path): void => {
    known.set(keyOf(path), path)
    if (Array.isArray(inner)) inner.forEach((item, index) => remember(item, [...path, index]))
    else if (inner !== null && typeof inner === 'object') for (const [name, item] of Object.entries(inner)) remember(item, [...path, name])
  }
  remember(value, [])
  return {
    ...values,
    file: absolute,
    publicUrl: publicUrlOf(values),
    warnings: said('warning'),
    lineOf: (key) => place.lineOf(nearest(known, key) ?? []),
  }
}
