// SPDX-License-Identifier: EUPL-1.2
/**
 * One directory of schema files as a whole: its documents, its catalogs, and which file is the entry for a root element.
 *
 * A root element is looked up in every file; of the files that contain its declaration (themselves or through includes) the one that
 * includes most is the entry, so that the publisher's driver is found and one compiled set serves a whole standard. A driver with
 * references that nobody answers is passed over. Files that declare a root each for itself, and not the same, are editions of it: which of
 * them judges is for the message to say.
 * Specs: xoev.md §2.2.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { SchemaSource } from '../xml/schema.js'
import { CatalogResolver, readCatalog, type Catalog } from './catalog.js'
import { readSchemaDocument, type SchemaDocument } from './schema-document.js'
import { readSchematron, schematronFor, unusableSchematron, type SchematronSchema } from './schematron.js'
import { buildSource, contentOf, includeClosure, type BuiltSource, type UnresolvedReference } from './schema-source.js'

/** The files of one configured directory, by path relative to it. */
export type SchemaFiles = ReadonlyMap<string, Uint8Array>

/** Whether a file is read as a schema. */
const isSchema = (path: string): boolean => /\.xsd$/i.test(path)

/** Whether a file is read as an OASIS catalog, should it be one. */
const mayBeCatalog = (path: string): boolean => /(^|\/)[^/]*catalog[^/]*\.xml$/i.test(path)

/** Whether a file is read as rules that come with the schemas. */
const mayBeSchematron = (path: string): boolean => /\.sch$/i.test(path)

/** Whether a file of a directory can have a say in schema validation at all. */
export const mayBeOfSchemaSet = (path: string): boolean => isSchema(path) || mayBeCatalog(path) || mayBeSchematron(path)

/** A file that should have been a schema, catalog or rules and cannot be read. */
export interface BrokenFile {
  readonly file: string
  readonly detail: string
}

/** An entry with all it needs. `standard` and `version` are those of the schema documents. */
export interface ChosenEntry extends BuiltSource {
  readonly standard: string | undefined
  readonly version: string | undefined
  /** Rules that come with the schemas. */
  readonly schematron: readonly SchematronSchema[]
}

export class SchemaDirectory {
  readonly documents = new Map<string, SchemaDocument>()
  readonly broken: BrokenFile[] = []
  private readonly schematron: SchematronSchema[] = []
  private readonly resolver: CatalogResolver
  private readonly closures = new Map<string, Set<string>>()
  private readonly built = new Map<string, BuiltSource>()
  private readonly contents = new Map<SchemaSource, string>()

  constructor(files: SchemaFiles) {
    const catalogs: Catalog[] = []
    for (const path of [...files.keys()].sort()) {
      const bytes = files.get(path)
      if (!bytes) continue
      try {
        if (isSchema(path)) {
          const document = readSchemaDocument(path, bytes)
          if (document) this.documents.set(path, document)
        } else if (mayBeCatalog(path)) {
          const catalog = readCatalog(path, bytes)
          if (catalog) catalogs.push(catalog)
        } else if (mayBeSchematron(path)) {
          const rules = readSchematron(path, bytes)
          if (rules) this.schematron.push(rules)
        }
      } catch (cause) {
        const detail = cause instanceof ProtektorError ? (cause.detail ?? cause.message) : String(cause)
        this.broken.push({ file: path, detail })
        if (mayBeSchematron(path)) this.schematron.push(unusableSchematron(path, detail))
      }
    }
    this.resolver = new CatalogResolver(catalogs, this.documents.values())
  }

  /** Rules that were read and cannot be run as they are. */
  unusableRules(): BrokenFile[] {
    const broken = new Set(this.broken.map(({ file }) => file))
    return this.schematron.flatMap(({ file, unusable }) => (unusable === undefined || broken.has(file) ? [] : [{ file, detail: unusable }]))
  }

  private closure(path: string): Set<string> {
    let known = this.closures.get(path)
    if (!known) this.closures.set(path, (known = includeClosure(path, this.documents, this.resolver)))
    return known
  }

  private build(path: string): BuiltSource {
    let known = this.built.get(path)
    if (!known) this.built.set(path, (known = buildSource(path, this.documents, this.resolver)))
    return known
  }

  private content(source: SchemaSource): string {
    let known = this.contents.get(source)
    if (known === undefined) this.contents.set(source, (known = contentOf([source])))
    return known
  }

  /** The documents that `path` is made of; an included file without target namespace takes that of the including one. */
  private partsOf(path: string, uri: string): SchemaDocument[] {
    return [...this.closure(path)]
      .flatMap((one) => this.documents.get(one) ?? [])
      .filter((part) => part.targetNamespace === uri || part.targetNamespace === '')
  }

  /** Entries of a namespace that contain a declaration accepted by `declares`, the most including first. */
  private entries(uri: string, declares: (document: SchemaDocument) => boolean): string[] {
    const fits = [...this.documents.values()]
      .filter(({ path, targetNamespace }) => targetNamespace === uri && this.partsOf(path, uri).some(declares))
      .map(({ path }) => path)
    return fits.sort((a, b) => this.closure(b).size - this.closure(a).size || a.length - b.length || (a < b ? -1 : 1))
  }

  /** Every reference of every document that no file answers. An import that names no place asks for nothing. */
  unresolved(): UnresolvedReference[] {
    return [...this.documents.values()].flatMap(({ path, references }) =>
      references
        .filter(({ kind, namespace, location }) => {
          const asked = kind === 'import' ? namespace : undefined
          return location !== undefined && this.resolver.resolve(path, location, asked) === undefined
        })
        .map(({ namespace, location }) => ({ file: path, namespace, location })),
    )
  }

  /** Target namespaces of documents that declare root elements. */
  namespaces(): string[] {
    return [...new Set([...this.documents.values()].filter(({ elements }) => elements.size > 0).map((one) => one.targetNamespace))]
  }

  /** Namespaces that documents of another one import, or include as if they were of theirs: parts, not what the directory is about. */
  partNamespaces(): Set<string> {
    const parts = new Set<string>()
    for (const { path, targetNamespace, references } of this.documents.values()) {
      for (const { kind, namespace } of references) if (kind === 'import' && namespace !== targetNamespace) parts.add(namespace)
      for (const part of this.partsOf(path, targetNamespace)) if (part.targetNamespace !== targetNamespace) parts.add(part.targetNamespace)
    }
    return parts
  }

  /** Local names of the root elements of a namespace. */
  rootsOf(uri: string): Set<string> {
    const documents = [...this.documents.values()].filter(({ targetNamespace }) => targetNamespace === uri)
    return new Set(documents.flatMap(({ path }) => this.partsOf(path, uri).flatMap(({ elements }) => [...elements])))
  }

  /** The entry that includes most of a namespace. */
  choose(uri: string): ChosenEntry | undefined {
    const [first] = this.chosen(
      uri,
      this.entries(uri, ({ elements }) => elements.size > 0),
    )
    return first
  }

  /** The entries for a root element, one for each edition of it, those first that lack nothing. */
  editions(uri: string, local: string): ChosenEntry[] {
    const declares = ({ elements }: SchemaDocument): boolean => elements.has(local)
    const entries = this.entries(uri, declares)
    const byDeclaration = new Map<string, string[]>()
    for (const path of entries) {
      const declaring = this.partsOf(path, uri).filter(declares)
      const key = declaring
        .map((part) => part.path)
        .sort()
        .join('\n')
      byDeclaration.set(key, [...(byDeclaration.get(key) ?? []), path])
    }
    const found = this.chosen(uri, ...byDeclaration.values())
    if (found.length < 2) return found
    const kept = new Map<string, ChosenEntry>()
    for (const one of found) {
      const content = this.content(one.source)
      if (!kept.has(content)) kept.set(content, one)
    }
    return [...kept.values()]
  }

  /** Of each group, most including first, the entry that is whole; whole ones first, then those that include most. */
  private chosen(uri: string, ...groups: readonly (readonly string[])[]): ChosenEntry[] {
    const isWhole = (path: string): boolean => this.build(path).unresolved.length === 0
    return groups
      .flatMap((paths) => paths.find(isWhole) ?? paths.slice(0, 1))
      .sort((a, b) => Number(isWhole(b)) - Number(isWhole(a)) || this.closure(b).size - this.closure(a).size)
      .map((path) => this.described(path, uri))
  }

  private described(path: string, uri: string): ChosenEntry {
    const parts = [...this.closure(path)].flatMap((one) => this.documents.get(one) ?? [])
    const said = (pick: (document: SchemaDocument) => string | undefined): string | undefined =>
      parts.map(pick).find((value) => value !== undefined)
    return {
      ...this.build(path),
      standard: said((d) => d.standard),
      version: said((d) => d.version),
      schematron:
        this.schematron.length === 0 ? [] : schematronFor(this.schematron, uri, [...this.documents.values()], this.partNamespaces()),
    }
  }
}
