// SPDX-License-Identifier: EUPL-1.2
/**
 * Which schema set judges which root element: any number of standards and versions side by side, chosen by namespace and local name
 * of the root and by nothing the message says about schemas [threat model X4].
 *
 * A root element is looked up in every file; of the files that contain its declaration (themselves or through includes) the one that
 * includes most is the entry, so that the publisher's driver is found and one compiled set serves a whole standard. A driver with
 * references that nobody answers is passed over. Work is done when first asked, once.
 * Specs: xoev.md §2.2.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { SchemaSource } from '../xml/schema.js'
import { CatalogResolver, readCatalog, type Catalog } from './catalog.js'
import { readSchemaDocument, type SchemaDocument } from './schema-document.js'
import { readSchematron, schematronFor, type SchematronSchema } from './schematron.js'
import { buildSource, includeClosure, type BuiltSource, type UnresolvedReference } from './schema-source.js'

/** The files of one configured directory, by path relative to it. */
export type SchemaFiles = ReadonlyMap<string, Uint8Array>

export interface SchemaChoice {
  /** One object per schema set: fit as a key for compiled validators. */
  readonly source: SchemaSource
  readonly standard: string | undefined
  readonly version: string | undefined
  readonly unresolved: readonly UnresolvedReference[]
  /** Rules that come with the set. */
  readonly schematron: readonly SchematronSchema[]
}

/** A file that should have been a schema or catalog and cannot be read. */
export interface BrokenFile {
  readonly file: string
  readonly detail: string
}

export interface SchemaSets {
  /** The set that declares this root element, or undefined. */
  forRoot(uri: string, local: string): SchemaChoice | undefined
  /** Some schema speaks for this namespace (then an unknown root is invalid, not unknown). */
  knowsNamespace(uri: string): SchemaChoice | undefined
  /** Target namespaces that declare root elements. */
  namespaces(): readonly string[]
  broken(): readonly BrokenFile[]
}

class Directory {
  readonly documents = new Map<string, SchemaDocument>()
  readonly broken: BrokenFile[] = []
  readonly schematron: SchematronSchema[] = []
  readonly resolver: CatalogResolver
  private readonly closures = new Map<string, Set<string>>()
  private readonly built = new Map<string, BuiltSource>()

  constructor(files: SchemaFiles) {
    const catalogs: Catalog[] = []
    for (const path of [...files.keys()].sort()) {
      const bytes = files.get(path)
      if (!bytes) continue
      try {
        if (/\.xsd$/i.test(path)) {
          const document = readSchemaDocument(path, bytes)
          if (document) this.documents.set(path, document)
        } else if (/(^|\/)[^/]*catalog[^/]*\.xml$/i.test(path)) {
          const catalog = readCatalog(path, bytes)
          if (catalog) catalogs.push(catalog)
        } else if (/\.sch$/i.test(path)) {
          const rules = readSchematron(path, bytes)
          if (rules) this.schematron.push(rules)
        }
      } catch (cause) {
        this.broken.push({ file: path, detail: cause instanceof ProtektorError ? (cause.detail ?? cause.message) : String(cause) })
      }
    }
    this.resolver = new CatalogResolver(catalogs, this.documents.values())
  }

  closure(path: string): Set<string> {
    let known = this.closures.get(path)
    if (!known) this.closures.set(path, (known = includeClosure(path, this.documents, this.resolver)))
    return known
  }

  build(path: string): BuiltSource {
    let known = this.built.get(path)
    if (!known) this.built.set(path, (known = buildSource(path, this.documents, this.resolver)))
    return known
  }

  /** Entries of a namespace that contain a declaration accepted by `declares`, the most including first. */
  entries(uri: string, declares: (document: SchemaDocument) => boolean): string[] {
    const fits: string[] = []
    for (const { path, targetNamespace } of this.documents.values()) {
      if (targetNamespace !== uri) continue
      const parts = [...this.closure(path)].map((one) => this.documents.get(one))
      // an included file without target namespace takes that of the including one
      if (parts.some((part) => part !== undefined && (part.targetNamespace === uri || part.targetNamespace === '') && declares(part)))
        fits.push(path)
    }
    return fits.sort((a, b) => this.closure(b).size - this.closure(a).size || a.length - b.length || (a < b ? -1 : 1))
  }
}

function choose(directory: Directory, entries: readonly string[]): SchemaChoice | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  const namespace = directory.documents.get(first)?.targetNamespace ?? ''
  const schematron = schematronFor(directory.schematron, namespace)
  const whole = entries.find((path) => directory.build(path).unresolved.length === 0) ?? first
  const { source, unresolved } = directory.build(whole)
  const parts = [...directory.closure(whole)].flatMap((path) => directory.documents.get(path) ?? [])
  const named = (pick: (document: SchemaDocument) => string | undefined): string | undefined =>
    parts.map(pick).find((value) => value !== undefined)
  return { source, unresolved, schematron, standard: named((d) => d.standard), version: named((d) => d.version) }
}

/**
 * @param directories what was configured, in order of preference: the first that declares a root element judges it.
 */
export function schemaSets(directories: readonly SchemaFiles[]): SchemaSets {
  let read: Directory[] | undefined
  const all = (): Directory[] => (read ??= directories.map((files) => new Directory(files)))
  const known = new Map<string, SchemaChoice | undefined>()
  const remember = (key: string, find: () => SchemaChoice | undefined): SchemaChoice | undefined => {
    if (known.has(key)) return known.get(key)
    const found = find()
    // names from messages are not worth remembering without bound; a copy, since the key holds slices that would keep their document alive
    if (found !== undefined) known.set(Buffer.from(key, 'utf8').toString('utf8'), found)
    return found
  }
  const search = (uri: string, declares: (document: SchemaDocument) => boolean): SchemaChoice | undefined => {
    for (const directory of all()) {
      const found = choose(directory, directory.entries(uri, declares))
      if (found) return found
    }
    return undefined
  }
  return {
    forRoot: (uri, local) => remember(`{${uri}}${local}`, () => search(uri, (document) => document.elements.has(local))),
    knowsNamespace: (uri) => remember(`{${uri}}`, () => search(uri, (document) => document.elements.size > 0)),
    namespaces: () => [
      ...new Set(all().flatMap((one) => [...one.documents.values()].filter((d) => d.elements.size > 0).map((d) => d.targetNamespace))),
    ],
    broken: () => all().flatMap((one) => one.broken),
  }
}
