// SPDX-License-Identifier: EUPL-1.2
/**
 * Code lists: reads genericode, keeps lists by URI and version, and looks up the codes of a document.
 *
 *   <x listURI="urn:…" listVersionID="1"><code>01</code></x>      absent attributes: the values the schema fixes, or its defaults
 *
 * Outcomes: `ok`, `unknown-code` (of a known version), `unknown-version`, `unknown-list`. Column names differ from list to list, so
 * the Key of the list says which column holds the code.
 * Specs: [genericode 1.0], xoev.md §4 (code types 1–4 and policy).
 * @module
 */
import { createHash } from 'node:crypto'
import { CHECK_LIMITS } from '../env.js'
import { ProtektorError } from '../errors.js'
import { parseXmlText } from '../xml/gate.js'
import { attributeOf, childOf, elementsOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { trustedXml } from './schema-document.js'
import type { SchemaTypes } from './schema-types.js'

const GENERICODE = 'http://docs.oasis-open.org/codelist/ns/genericode/1.0/'

export const AGS = 'urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags'
export const DVDV_PREFIXES = 'urn:xoev-de:bund:bmi:bit:codeliste:dvdv.praefix'

export interface CodeList {
  readonly uri: string
  readonly version: string
  readonly name: string
  readonly codes: ReadonlySet<string>
  /** First and last day on which the version is valid, `YYYY-MM-DD`, where the publisher says so. */
  readonly validFrom?: string
  readonly validUntil?: string
  /** Of the file, hex. */
  readonly sha256: string
}

const VALID_FROM = /^(?:validFrom|datumGueltigkeitAb)$/i
const VALID_UNTIL = /^(?:validTo|validUntil|datumGueltigkeitBis)$/i

/**
 * Value of a `code`, an xs:token: the schema collapses white space, so do we, in documents and in lists. Other blanks are part of it: with a
 * no-break space at its end it is another code.
 */
export const codeOf = (code: XmlElement): string =>
  textOf(code)
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/^ | $/g, '')

const under = (e: XmlElement, local: string): XmlElement[] => elementsOf(e).filter((c) => c.local === local)

const columnsIn = (columns: XmlElement): (string | undefined)[] =>
  elementsOf(columns).flatMap((e) => (e.local === 'Column' || e.local === 'ColumnRef' ? [attributeOf(e, 'Id')] : []))

/** Column that holds the code: the recommended key, else the first key, else the first required column, else the first. */
function codeColumn(columns: XmlElement): string | undefined {
  const keys = under(columns, 'Key')
  const recommended = keys.find((key) =>
    under(key, 'Annotation').some((annotation) =>
      under(annotation, 'AppInfo').some((info) => elementsOf(info).some((e) => e.local === 'recommendedKeyColumn')),
    ),
  )
  for (const key of [...(recommended ? [recommended] : []), ...keys]) {
    const [reference] = under(key, 'ColumnRef')
    const column = reference && attributeOf(reference, 'Ref')
    if (column !== undefined) return column
  }
  const all = under(columns, 'Column')
  const column = all.find((one) => attributeOf(one, 'Use') === 'required') ?? all[0]
  return column && attributeOf(column, 'Id')
}

/** A day from the annotations of the list; their names changed from one handbook to the next. */
function annotatedDay(root: XmlElement, name: RegExp): string | undefined {
  const descriptions = under(root, 'Annotation').flatMap((annotation) => elementsOf(annotation))
  const found = descriptions.flatMap(elementsOf).find((e) => name.test(e.local))
  return found && /^\d{4}-\d\d-\d\d/.exec(textOf(found).trim())?.[0]
}

/**
 * Reads one genericode file.
 * @returns undefined when the file is XML but no code list, or a list without URI, version or a column for its codes.
 * @throws {StructureError | TypeError | RangeError} when it is not XML.
 */
export function readCodeList(bytes: Uint8Array): CodeList | undefined {
  const list = readList(bytes)
  return typeof list === 'string' ? undefined : list
}

/** @returns what is wrong with a list that cannot be used, in words. */
function readList(bytes: Uint8Array): CodeList | string | undefined {
  const { root } = parseXmlText(trustedXml(bytes), { limits: CHECK_LIMITS, frame: 'content' })
  if (root.uri !== GENERICODE || root.local !== 'CodeList') return undefined
  const [identification] = under(root, 'Identification')
  const [columns] = under(root, 'ColumnSet')
  const [rows] = under(root, 'SimpleCodeList')
  const text = (local: string): string | undefined => {
    const [e] = identification ? under(identification, local) : []
    return e && textOf(e).trim()
  }
  const uri = text('CanonicalUri')
  const version = text('Version')
  const column = columns && codeColumn(columns)
  const order = columns ? columnsIn(columns) : []
  if (uri === undefined || version === undefined || !rows) return 'a code list without CanonicalUri, Version or SimpleCodeList'
  // of a list whose column nobody finds every code would be unknown
  if (column === undefined || !order.includes(column)) return 'a code list without the column that its key names'
  const codes = new Set<string>()
  for (const row of under(rows, 'Row')) {
    let at = -1
    for (const value of under(row, 'Value')) {
      const named = attributeOf(value, 'ColumnRef')
      // a value that names no column is of the one behind the column of the value before it
      at = named === undefined ? at + 1 : order.indexOf(named)
      if ((named ?? order[at]) !== column) continue
      const [simple] = under(value, 'SimpleValue')
      if (simple) codes.add(codeOf(simple))
    }
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const validFrom = annotatedDay(root, VALID_FROM)
  const validUntil = annotatedDay(root, VALID_UNTIL)
  return {
    uri,
    version,
    name: text('LongName') ?? text('ShortName') ?? uri,
    codes,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
    sha256,
  }
}

/** A look at name and first bytes (of UTF-16, too), which spares the parsing of everything else that ends in .xml or .gc. */
export function mayBeCodeList(path: string, bytes: Uint8Array): boolean {
  if (!/\.(?:xml|gc)$/i.test(path)) return false
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096))
  // without its last letter the bytes are the same in both orders
  return head.includes('genericode') || head.includes(Buffer.from('genericod', 'utf16le'))
}

export type CodeOutcome = 'ok' | 'unknown-code' | 'unknown-version' | 'unknown-list'

/** A file that should have been a code list and cannot be used; `set` is its place among the directories. */
export interface BrokenList {
  readonly set: number
  readonly file: string
  readonly detail: string
}

/** Lists by URI and version. */
export class CodeListStore {
  readonly broken: BrokenList[] = []
  private readonly lists = new Map<string, Map<string, CodeList>>()

  add(list: CodeList): void {
    const versions = this.lists.get(list.uri) ?? new Map<string, CodeList>()
    this.lists.set(list.uri, versions.set(list.version, list))
  }

  static of(lists: Iterable<CodeList>): CodeListStore {
    const store = new CodeListStore()
    for (const list of lists) store.add(list)
    return store
  }

  /** Takes every genericode file of a directory; what is no code list is passed over, what is a broken one kept in `broken`. */
  static from(directories: Iterable<ReadonlyMap<string, Uint8Array>>): CodeListStore {
    const store = new CodeListStore()
    for (const [set, files] of [...directories].entries())
      for (const [file, bytes] of files) {
        if (!mayBeCodeList(file, bytes)) continue
        // a broken file is no list: codes that need it are reported as `unknown-list`
        const broken = (detail: string): void => void store.broken.push({ set, file, detail })
        try {
          const list = readList(bytes)
          if (typeof list === 'string') broken(list)
          else if (list) store.add(list)
        } catch (cause) {
          broken(cause instanceof ProtektorError ? (cause.detail ?? cause.message) : String(cause))
        }
      }
    return store
  }

  lookUp(uri: string, version: string | undefined, code: string): CodeOutcome {
    const versions = this.lists.get(uri)
    if (!versions) return 'unknown-list'
    const list = version === undefined ? undefined : versions.get(version)
    if (!list) return 'unknown-version'
    return list.codes.has(code) ? 'ok' : 'unknown-code'
  }

  /** Whether a version is valid on a day (`YYYY-MM-DD`); undefined when it is, or when nobody says anything else. */
  validity(uri: string, version: string | undefined, day: string): 'not-yet-valid' | 'no-longer-valid' | 'newer-version' | undefined {
    const versions = this.lists.get(uri)
    const list = version === undefined ? undefined : versions?.get(version)
    if (!versions || !list) return undefined
    const { validFrom: from, validUntil: until } = list
    if (from !== undefined && from > day) return 'not-yet-valid'
    if (until !== undefined && until < day) return 'no-longer-valid'
    const isNewer = (other: string | undefined): boolean => from !== undefined && other !== undefined && other > from && other <= day
    return [...versions.values()].some((other) => isNewer(other.validFrom)) ? 'newer-version' : undefined
  }

  /** The code in any version of the list; undefined when the list is not there. */
  anyVersionHas(uri: string, code: string): boolean | undefined {
    const versions = this.lists.get(uri)
    return versions && [...versions.values()].some((list) => list.codes.has(code))
  }

  /** Every list, by URI and version. */
  all(): CodeList[] {
    return [...this.lists.values()].flatMap((versions) => [...versions.values()])
  }

  get size(): number {
    return this.all().length
  }
}

/** Severity per list of a code that a known version does not have. Everything else is an error [xoev.md §4]. */
export interface CodePolicy {
  readonly warnOnly: ReadonlySet<string>
}

export const DEFAULT_CODE_POLICY: CodePolicy = { warnOnly: new Set([AGS]) }

export interface CodeFinding {
  readonly id:
    | 'code-lists.unknown-code'
    | 'code-lists.doubtful-code'
    | 'code-lists.unknown-version'
    | 'code-lists.unknown-list'
    | 'code-lists.not-yet-valid'
    | 'code-lists.no-longer-valid'
    | 'code-lists.newer-version'
  readonly element: XmlElement
  readonly listUri: string
  readonly version: string | undefined
}

function wordOf(policy: CodePolicy, uri: string, outcome: Exclude<CodeOutcome, 'ok'>): CodeFinding['id'] {
  return outcome === 'unknown-code' && policy.warnOnly.has(uri) ? 'code-lists.doubtful-code' : `code-lists.${outcome}`
}

/**
 * Looks up every code of a document. A missing list or version, and one that is not valid, is reported once, at its first place; each
 * unknown code at its own.
 * @param day on which lists must be valid, `YYYY-MM-DD` in the time zone of the authorities; absent: validity is not looked at.
 * @param types tells the list of codes whose attributes the schema fixes; without it only codes that name their list are checked.
 */
export function checkCodes(
  document: XmlDocument,
  store: CodeListStore,
  policy: CodePolicy = DEFAULT_CODE_POLICY,
  types?: SchemaTypes,
  day?: string,
): CodeFinding[] {
  const found: CodeFinding[] = []
  const reported = new Set<string>()
  const validity = (element: XmlElement, listUri: string, version: string | undefined): void => {
    const word = day === undefined ? undefined : store.validity(listUri, version, day)
    if (word === undefined || reported.has(`valid ${listUri} ${version ?? ''}`)) return
    reported.add(`valid ${listUri} ${version ?? ''}`)
    found.push({ id: `code-lists.${word}`, element, listUri, version })
  }
  const check = (element: XmlElement, fixedUri: string | undefined, fixedVersion: string | undefined): void => {
    const code = childOf(element, '', 'code')
    const listUri = attributeOf(element, 'listURI') ?? fixedUri
    // an empty list name says nothing (xdomea samples)
    if (!code || listUri === undefined || listUri === '') return
    const version = attributeOf(element, 'listVersionID') ?? fixedVersion
    const outcome = store.lookUp(listUri, version, codeOf(code))
    validity(element, listUri, version)
    if (outcome === 'ok') return
    const key = outcome === 'unknown-list' ? listUri : `${listUri} ${version ?? ''}`
    if (outcome !== 'unknown-code') {
      if (reported.has(key)) return
      reported.add(key)
    }
    found.push({ id: wordOf(policy, listUri, outcome), element, listUri, version })
  }
  const declared = new Set<XmlElement>()
  types?.visit(document.root, (e, declaration) => {
    if (!childOf(e, '', 'code')) return
    declared.add(e)
    const fixed = types.fixedCode(declaration)
    // the values of type 1 stand in the schema, which has judged them
    if (!(fixed.enumerated && fixed.listUri !== undefined && fixed.version !== undefined)) check(e, fixed.listUri, fixed.version)
  })
  const stack = [document.root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    if (!declared.has(e)) check(e, undefined, undefined)
    for (const child of elementsOf(e).reverse()) stack.push(child)
  }
  return found
}
