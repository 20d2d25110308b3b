// SPDX-License-Identifier: EUPL-1.2
/**
 * Offline answers to `schemaLocation`: OASIS XML catalogs over files in memory. Nothing is ever fetched, and a location that no file
 * answers is reported, never guessed from the network [threat model X4].
 *
 * Entries: `system`, `uri`, `rewriteSystem`, `rewriteURI`, and `group` with `xml:base`. libxml2 asks with system or URI
 * entries alike, so do we. `http` and `https` are different strings. Without a catalog a published location is answered by the file
 * of that name which speaks for that namespace: the usual state of a folder into which somebody unpacked a standard.
 * Specs: [OASIS XML Catalogs 1.1 §4.2, §7], xoev.md §2.2.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import { parseXmlText } from '../xml/gate.js'
import { attributeOf, elementsOf, type XmlElement } from '../xml/tree.js'
import { trustedXml } from './schema-document.js'

const CATALOG = 'urn:oasis:names:tc:entity:xmlns:xml:catalog'
const XML = 'http://www.w3.org/XML/1998/namespace'
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:/

/** `target` is a path among the files, or an absolute URI for which the other catalogs are asked in turn. */
interface Entry {
  readonly kind: 'exact' | 'prefix'
  readonly from: string
  readonly target: string
}

/** One catalog file. `folder` is where it lies ('' at the top). */
export interface Catalog {
  readonly path: string
  readonly folder: string
  readonly entries: readonly Entry[]
}

export const isAbsolute = (location: string): boolean => ABSOLUTE.test(location)

/** Folder of a path, '' at the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** Joins and cleans a relative path: `a/b` + `./../c.xsd` → `a/c.xsd`; undefined when it leaves the directory. */
export function joinPath(folder: string, relative: string): string | undefined {
  const out: string[] = []
  for (const step of `${relative.startsWith('/') ? '' : folder}/${relative}`.split('/')) {
    if (step === '' || step === '.') continue
    if (step !== '..') out.push(step)
    else if (out.pop() === undefined) return undefined
  }
  return out.join('/')
}

/** `%20` and the like, which catalogs write and file names do not. Malformed escapes are left alone. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/**
 * Reads one catalog.
 * @returns undefined when the file is no catalog.
 * @throws {StructureError | TypeError | RangeError} when it is not XML.
 */
export function readCatalog(path: string, bytes: Uint8Array): Catalog | undefined {
  const { root } = parseXmlText(trustedXml(bytes), { limits: CHECK_LIMITS, frame: 'content' })
  if (root.uri !== CATALOG || root.local !== 'catalog') return undefined
  const entries: Entry[] = []
  const walk = (e: XmlElement, outer: string): void => {
    const given = attributeOf(e, 'base', XML)
    const base = given === undefined ? outer : isAbsolute(given) ? given : (joinPath(outer, given) ?? outer)
    const add = (kind: Entry['kind'], from: string | undefined, to: string | undefined): void => {
      if (from === undefined || to === undefined) return
      const inside = isAbsolute(to) ? to : isAbsolute(base) ? base + to : joinPath(base, unescaped(to))
      if (inside === undefined) return
      // joinPath drops the final slash, which a prefix needs
      entries.push({
        kind,
        from,
        target: kind === 'prefix' && to.endsWith('/') && !inside.endsWith('/') && inside !== '' ? inside + '/' : inside,
      })
    }
    for (const child of elementsOf(e)) {
      if (child.uri !== CATALOG) continue
      const uri = attributeOf(child, 'uri')
      if (child.local === 'system') add('exact', attributeOf(child, 'systemId'), uri)
      else if (child.local === 'uri') add('exact', attributeOf(child, 'name'), uri)
      else if (child.local === 'rewriteSystem')
        add('prefix', attributeOf(child, 'systemIdStartString'), attributeOf(child, 'rewritePrefix'))
      else if (child.local === 'rewriteURI') add('prefix', attributeOf(child, 'uriStartString'), attributeOf(child, 'rewritePrefix'))
      else if (child.local === 'group') walk(child, base)
    }
  }
  walk(root, folderOf(path))
  return { path, folder: folderOf(path), entries }
}

/** Number of leading folders that two paths share. */
function nearness(a: string, b: string): number {
  const left = a.split('/')
  const right = b.split('/')
  let shared = 0
  while (shared < left.length - 1 && left[shared] === right[shared]) shared++
  return shared
}

/** What the resolver must know of a schema file. */
export interface NamedSchema {
  readonly path: string
  readonly targetNamespace: string
}

/** Answers locations for a whole directory with any number of standards, versions and catalogs side by side. */
export class CatalogResolver {
  private readonly catalogs: readonly Catalog[]
  private readonly namespaces: ReadonlyMap<string, string>
  private readonly byNamespace = new Map<string, string[]>()

  constructor(catalogs: readonly Catalog[], schemas: Iterable<NamedSchema>) {
    this.catalogs = catalogs
    const namespaces = new Map<string, string>()
    for (const { path, targetNamespace } of schemas) {
      namespaces.set(path, targetNamespace)
      const known = this.byNamespace.get(targetNamespace)
      if (known) known.push(path)
      else this.byNamespace.set(targetNamespace, [path])
    }
    this.namespaces = namespaces
  }

  /**
   * @param from path of the schema file that asks.
   * @param namespace of the import; undefined for an include.
   * @returns the path of a file that is there, or undefined.
   */
  resolve(from: string, location: string | undefined, namespace: string | undefined): string | undefined {
    const asked = [location, namespace === '' ? undefined : namespace].filter((one) => one !== undefined)
    for (const catalog of this.catalogsFor(from))
      for (const one of asked) {
        const found = this.lookUp(catalog, one, 8)
        if (found !== undefined) return found
      }
    if (location !== undefined && !isAbsolute(location)) {
      const path = joinPath(folderOf(from), unescaped(location))
      if (path !== undefined && this.namespaces.has(path)) return path
    }
    if (location === undefined) return undefined
    if (namespace !== undefined) return this.byName(from, location, namespace)
    // a published address; the relative place of a part is where its publisher has it
    const own = isAbsolute(location) ? (this.namespaces.get(from) ?? '') : undefined
    return own === undefined ? undefined : (this.byName(from, location, own) ?? this.byName(from, location, ''))
  }

  /** Those in the folders above `from`, nearest first, then all others in order of their path. */
  private catalogsFor(from: string): Catalog[] {
    const above = (c: Catalog): boolean => c.folder === '' || from.startsWith(c.folder + '/')
    return [...this.catalogs].sort((a, b) => {
      if (above(a) !== above(b)) return above(a) ? -1 : 1
      if (above(a) && a.folder.length !== b.folder.length) return b.folder.length - a.folder.length
      return nearness(from, b.path) - nearness(from, a.path) || (a.path < b.path ? -1 : 1)
    })
  }

  private lookUp(catalog: Catalog, asked: string, hops: number): string | undefined {
    const exact = catalog.entries.find((e) => e.kind === 'exact' && e.from === asked)
    let target = exact?.target
    if (target === undefined) {
      let longest = ''
      for (const e of catalog.entries) {
        if (e.kind !== 'prefix' || !asked.startsWith(e.from) || e.from.length <= longest.length) continue
        longest = e.from
        target = e.target + unescaped(asked.slice(e.from.length))
      }
    }
    if (target === undefined) return undefined
    if (isAbsolute(target)) return hops > 0 && target !== asked ? this.lookUp(catalog, target, hops - 1) : undefined
    const path = joinPath('', target)
    return path !== undefined && this.namespaces.has(path) ? path : undefined
  }

  private byName(from: string, location: string, namespace: string): string | undefined {
    const name = unescaped(location.slice(location.lastIndexOf('/') + 1))
    const candidates = (this.byNamespace.get(namespace) ?? []).filter(
      (path) => path !== from && path.slice(path.lastIndexOf('/') + 1) === name,
    )
    return candidates.sort((a, b) => nearness(from, b) - nearness(from, a) || (a < b ? -1 : 1))[0]
  }
}
