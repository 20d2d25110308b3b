// SPDX-License-Identifier: EUPL-1.2
/**
 * From the text of a directory file to its checked entries, each with its place, and to everything that is wrong with them.
 * JSON is read as what it is: YAML in flow style.
 * @module
 */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type * as z from 'zod'
import {
  CERTIFICATE,
  ELEMENT,
  HEAD,
  noteOf,
  ORGANIZATION,
  SERVICE,
  type CertificateEntry,
  type ElementEntry,
  type OrganizationEntry,
  type ServiceRow,
  type Shape,
  type Words,
} from './format.js'

export type Path = readonly (string | number)[]

/** Something to say about a place of the file. A warning has the finding that it is about. */
export interface Remark {
  readonly path: Path
  readonly words: Words
  readonly example?: string
  /** Set: the file holds nevertheless. */
  readonly finding?: string
}

export type Placed<T> = T & { readonly path: Path }
export type ServiceAt = Placed<ServiceRow> & { readonly found: readonly Placed<ElementEntry>[] }
export type OrganizationAt = Placed<OrganizationEntry> & { readonly found: readonly ServiceAt[] }

/** Entries that are as they should be; broken ones are missing, and named among the remarks. */
export interface Entries {
  readonly validFrom: Date | undefined
  readonly organizations: readonly OrganizationAt[]
  readonly certificates: readonly Placed<CertificateEntry>[]
  /** Every certificate file named anywhere, also in broken entries. */
  readonly files: readonly { readonly path: Path; readonly file: string }[]
}

export interface ReadDocument extends Entries {
  readonly remarks: readonly Remark[]
  /** From 1; of the nearest entry around it when the place itself is missing. */
  lineOf(path: Path): number | undefined
}

const MANY_REMARKS = 200

/** @param content whole text of the file. Never throws. */
export function readDocument(content: string): ReadDocument {
  const lines = new LineCounter()
  const document = parseDocument(content, { lineCounter: lines, uniqueKeys: true, strict: true, prettyErrors: false })
  const lineOf = (path: Path): number | undefined => lineAt(document, lines, path)
  const syntax = [...document.errors, ...document.warnings]
  const nothing = { validFrom: undefined, organizations: [], certificates: [], files: [] }
  if (syntax.length > 0) {
    const remarks = syntax.slice(0, MANY_REMARKS).map(({ message, pos }): Remark => {
      const line = lines.linePos(pos[0]).line
      return {
        path: [],
        words: { de: `kein gültiges YAML oder JSON (Zeile ${line}): ${message}`, en: `not valid YAML or JSON (line ${line}): ${message}` },
      }
    })
    const line = lines.linePos(syntax[0]?.pos[0] ?? 0).line
    return { ...nothing, remarks, lineOf: () => line }
  }
  let value: unknown
  try {
    // Aliases could blow up a small file; a directory needs none.
    value = document.toJS({ maxAliasCount: 0 })
  } catch {
    return {
      ...nothing,
      remarks: [{ path: [], words: { de: 'Verweise (&, *) sind nicht erlaubt', en: 'aliases (&, *) are not allowed' } }],
      lineOf,
    }
  }
  return { ...walk(value), lineOf }
}

function walk(root: unknown): Entries & { readonly remarks: readonly Remark[] } {
  const remarks: Remark[] = []
  const files: { path: Path; file: string }[] = []
  const listAt = (raw: unknown, name: string): readonly unknown[] => {
    const inner = raw !== null && typeof raw === 'object' ? (raw as Record<string, unknown>)[name] : undefined
    return Array.isArray(inner) ? inner : []
  }
  const take = <S extends Shape>(shape: S, raw: unknown, path: Path): z.output<S> | undefined => {
    const found = checked(shape, raw, path)
    files.push(...filesOf(shape, raw, path))
    remarks.push(...found.remarks)
    return found.value
  }
  const head = take(HEAD, root, [])
  const organizations = listAt(root, 'organizations').flatMap((raw, i): OrganizationAt[] => {
    const path = ['organizations', i]
    const organization = take(ORGANIZATION, raw, path)
    const services = listAt(raw, 'services').flatMap((inner, j): ServiceAt[] => {
      const at = [...path, 'services', j]
      const service = take(SERVICE, inner, at)
      const elements = listAt(inner, 'elements').flatMap((one, k): Placed<ElementEntry>[] => {
        const place = [...at, 'elements', k]
        const element = take(ELEMENT, one, place)
        return element ? [{ ...element, path: place }] : []
      })
      return service ? [{ ...service, path: at, found: elements }] : []
    })
    return organization ? [{ ...organization, path, found: services }] : []
  })
  const certificates = listAt(root, 'certificates').flatMap((raw, i): Placed<CertificateEntry>[] => {
    const path = ['certificates', i]
    const certificate = take(CERTIFICATE, raw, path)
    return certificate ? [{ ...certificate, path }] : []
  })
  const validFrom = head?.validFrom === undefined ? undefined : new Date(head.validFrom)
  return { validFrom, organizations, certificates, files, remarks: remarks.slice(0, MANY_REMARKS) }
}

/** The checks of one entry. A key that is not known is an error, but hides none of the others. */
function checked<S extends Shape>(
  shape: S,
  raw: unknown,
  path: Path,
): { readonly value?: z.output<S>; readonly remarks: readonly Remark[] } {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
    return { remarks: [{ path, words: { de: 'Abschnitt mit Schlüsseln erwartet', en: 'section with keys expected' } }] }
  const shapeKeys = Object.keys(shape.shape)
  const remarks: Remark[] = Object.keys(raw)
    .filter((name) => !shapeKeys.includes(name))
    .map((name) => ({
      path: [...path, name],
      words: { de: `unbekannter Schlüssel; bekannt: ${shapeKeys.join(', ')}`, en: `unknown key; known are: ${shapeKeys.join(', ')}` },
    }))
  const result = shape.safeParse(raw)
  if (result.success) return remarks.length === 0 ? { value: result.data as z.output<S>, remarks } : { remarks }
  for (const issue of result.error.issues) {
    const inner = issue.path.filter((step) => typeof step !== 'symbol')
    const name = String(inner[0])
    const check = (shape.shape as Record<string, z.core.$ZodType | undefined>)[name]
    const note = check && noteOf(check)
    const missing = (raw as Record<string, unknown>)[name] === undefined
    const [de, en] = missing ? ['fehlt', 'is missing'] : ['ungültiger Wert', 'value not allowed']
    remarks.push({
      path: [...path, ...inner],
      words: { de: `${de}; erwartet: ${note?.expects.de ?? '–'}`, en: `${en}; expected: ${note?.expects.en ?? '–'}` },
      ...(note ? { example: note.example } : {}),
    })
  }
  return { remarks }
}

function filesOf(shape: Shape, raw: unknown, path: Path): { path: Path; file: string }[] {
  if (raw === null || typeof raw !== 'object') return []
  return Object.entries(shape.shape as Record<string, z.core.$ZodType>).flatMap(([name, check]) => {
    if (noteOf(check)?.certificate !== true) return []
    const value = (raw as Record<string, unknown>)[name]
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.flatMap((one, at) => {
      const file = typeof one === 'string' ? one.trim() : ''
      return file === '' ? [] : [{ path: Array.isArray(value) ? [...path, name, at] : [...path, name], file }]
    })
  })
}

function lineAt(document: Document, lines: LineCounter, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const step = path[length - 1]
    const around = document.getIn(path.slice(0, length - 1), true)
    const inside = isMap(around)
      ? around.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))?.key
      : isSeq(around) && typeof step === 'number'
        ? around.items[step]
        : undefined
    if (isNode(inside) && inside.range) return lines.linePos(inside.range[0]).line
  }
  return undefined
}

/** `organizations[0].services[1].uri`: as a person would look for it. */
export function keyOf(path: Path): string {
  if (path.length === 0) return '(file)'
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('')
}
