// SPDX-License-Identifier: EUPL-1.2
/**
 * A schema set as the engine wants it: one flat tree of files in memory, every reference rewritten to the one absolute name of its
 * target. libxml2 takes `order.xsd` and `./order.xsd` for two files and then complains of double declarations; absolute URLs must
 * never reach a network; a document type in a W3C schema is of no use to us. Nothing is ever fetched.
 * @module
 */
import { ProtektorError } from '../errors.js'

/** A schema set. `files` maps names to bytes: relative paths (nested folders allowed), or the absolute URL by which others import it. */
export interface SchemaSource {
  /** Names the set in messages, e.g. `osci12`. */
  readonly id: string
  /** Key in `files` of the schema document to validate with. */
  readonly entry: string
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What goes into the engine's memory file system. Names begin without a slash. */
export interface PreparedSet {
  readonly id: string
  readonly entry: string
  readonly files: readonly { readonly fileName: string; readonly contents: Uint8Array }[]
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i
// a comment, or a tag that refers to another file; locations in documentation and xsi:schemaLocation are left alone
const REFERENCE = /<!--[\s\S]*?-->|<(?:[\w.-]+:)?(?:import|include|redefine)\s(?:[^>"']|"[^"]*"|'[^']*')*>/g
const LOCATION = /(\sschemaLocation\s*=\s*)(?:"([^"]*)"|'([^']*)')/
const DOCTYPE = /<!DOCTYPE[^[>]*(?:\[[^\]]*\]\s*)?>/
const SCHEMA_START = /<(?:[\w.-]+:)?schema[\s>]/

/** `a/./b/../c.xsd` → `a/c.xsd`. A path above the top stays there. */
function normalise(path: string): string {
  const out: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') out.pop()
    else if (step !== '.' && step !== '') out.push(step)
  }
  return out.join('/')
}

const broken = (source: SchemaSource, why: string): ProtektorError =>
  new ProtektorError('xoev-schema.set-broken', `schema set ${source.id}: ${why}`)

/**
 * @throws {ProtektorError} `xoev-schema.set-broken`: the entry or a referenced file is missing, or a file is not UTF-8.
 */
export function prepareSet(source: SchemaSource): PreparedSet {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const key of source.files.keys()) {
    // libxml2 takes names for URIs: nothing that would be escaped may stand in them
    const plain = (path: string): string => path.replace(/[^A-Za-z0-9._/-]/g, (c) => `_${c.codePointAt(0) ?? 0}_`)
    let name = ABSOLUTE.test(key) ? `url/${plain(key).replaceAll('/', '_')}` : `set/${plain(normalise(key))}`
    if (taken.has(name)) name = name.replace(/[^/]*$/, (last) => `${taken.size}-${last}`)
    taken.add(name)
    names.set(ABSOLUTE.test(key) ? key : normalise(key), name)
  }
  const entry = names.get(ABSOLUTE.test(source.entry) ? source.entry : normalise(source.entry))
  if (entry === undefined) throw broken(source, `the entry ${source.entry} is not among the files`)
  const missing = new Set<string>()
  const files = [...source.files].map(([key, bytes]) => {
    const folder = ABSOLUTE.test(key) ? '' : normalise(key).split('/').slice(0, -1).join('/')
    const locate = (location: string): string => {
      const target = ABSOLUTE.test(location)
        ? location
        : ABSOLUTE.test(key)
          ? new URL(location, key).href
          : normalise(`${folder}/${location}`)
      const name = names.get(target)
      if (name === undefined) missing.add(`${key} → ${location}`)
      return `/${name ?? 'missing'}`
    }
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch (cause) {
      throw broken(source, `${key} is not UTF-8 (${String(cause)})`)
    }
    const start = SCHEMA_START.exec(text)?.index ?? 0
    const prolog = text.slice(0, start).replace(DOCTYPE, (found) => found.replace(/[^\n]/g, ''))
    const body = text
      .slice(start)
      .replace(REFERENCE, (tag) =>
        tag.startsWith('<!--')
          ? tag
          : tag.replace(
              LOCATION,
              (_all, equals: string, double?: string, single?: string) => `${equals}"${locate((double ?? single ?? '').trim())}"`,
            ),
      )
    const fileName = names.get(ABSOLUTE.test(key) ? key : normalise(key)) ?? ''
    return { fileName, contents: new TextEncoder().encode(prolog + body) }
  })
  if (missing.size > 0) throw broken(source, `files that are referenced and not there: ${[...missing].join(', ')}`)
  return { id: source.id, entry, files }
}
