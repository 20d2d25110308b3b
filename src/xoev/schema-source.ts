// SPDX-License-Identifier: EUPL-1.2
/**
 * Makes one self-contained schema set out of a directory: the entry and all it needs, every reference rewritten to a local name.
 *
 *   entry.xsd ── include ── …        00-entry.xsd ──► 01-… ──► …
 *       └─────── import ─── …   ⇒         └────────► driver-1.xsd (only where one namespace comes in several files)
 *
 * libxml2 loads only the first import of a namespace and skips the others with a warning; a generated driver that includes all
 * files of the namespace is the cure. Files that say the same count as one. What cannot be found is reported and left without location.
 * Specs: xoev.md §2.2 rules 1, 3, 5.
 * @module
 */
import { createHash } from 'node:crypto'
import type { SchemaSource } from '../xml/schema.js'
import type { CatalogResolver } from './catalog.js'
import { XSD, type SchemaDocument, type SchemaReference } from './schema-document.js'

/** A reference that no file answers. */
export interface UnresolvedReference {
  readonly file: string
  readonly namespace: string
  readonly location: string | undefined
}

export interface BuiltSource {
  readonly source: SchemaSource
  readonly unresolved: readonly UnresolvedReference[]
}

type Documents = ReadonlyMap<string, SchemaDocument>

/** All files that `path` includes, itself first. */
export function includeClosure(path: string, documents: Documents, resolver: CatalogResolver): Set<string> {
  const seen = new Set([path])
  for (const one of seen)
    for (const reference of documents.get(one)?.references ?? []) {
      if (reference.kind !== 'include') continue
      const target = resolver.resolve(one, reference.location, undefined)
      if (target !== undefined) seen.add(target)
    }
  return seen
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '_')

const attributeValue = (value: string): string => value.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')

/** End of the tag that begins at `start`: the `>` outside quotes. */
function tagEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const c = text[at]
    if (c === '>') return at
    if (c === '"' || c === "'") at = text.indexOf(c, at + 1)
  }
  return text.length
}

function relocated(tag: string, location: string | undefined): string {
  const bare = tag.replace(/\sschemaLocation\s*=\s*(?:"[^"]*"|'[^']*')/, '')
  return location === undefined ? bare : bare.replace(/^<[^\s/>]+/, (name) => `${name} schemaLocation="${location}"`)
}

const bareTexts = new WeakMap<SchemaDocument, string>()

/** What a document says, but for white space between its tags and the places of others: packages hold copies of the parts they share. */
function bareText(document: SchemaDocument): string {
  let bare = bareTexts.get(document)
  if (bare === undefined) {
    bare = document.text
      .replace(/^<\?xml[^>]*\?>/, '')
      .replace(/\sschemaLocation\s*=\s*(?:"[^"]*"|'[^']*')/g, '')
      .replace(/(^|>)\s+(?=<)/g, '$1')
      .trim()
    bareTexts.set(document, bare)
  }
  return bare
}

class Builder {
  private readonly documents: Documents
  private readonly resolver: CatalogResolver
  private entry: string
  /** Path → the path that stands for it (the first of those that say the same). */
  private readonly same = new Map<string, string>()
  private readonly texts = new Map<string, string>()
  private readonly names = new Map<string, string>()
  private readonly reached = new Set<string>()
  private readonly unresolved: UnresolvedReference[] = []
  /** Namespace → files imported for it. */
  private readonly imported = new Map<string, Set<string>>()
  /** Namespace → local name of what an import of it shall load. */
  private readonly importNames = new Map<string, string>()
  private readonly drivers = new Map<string, string>()

  constructor(entry: string, documents: Documents, resolver: CatalogResolver) {
    this.entry = entry
    this.documents = documents
    this.resolver = resolver
  }

  build(): BuiltSource {
    this.entry = this.standIn(this.entry)
    this.collect()
    for (const path of this.reached) this.names.set(path, `${String(this.names.size).padStart(2, '0')}-${fileName(path)}`)
    for (const [namespace, paths] of this.imported) this.chooseImport(namespace, paths)
    const files = new Map<string, Uint8Array>()
    const encoder = new TextEncoder()
    for (const path of this.reached) files.set(this.names.get(path) ?? path, encoder.encode(this.rewritten(path)))
    for (const [name, text] of this.drivers) files.set(name, encoder.encode(text))
    const entry = this.importNames.get(this.documents.get(this.entry)?.targetNamespace ?? '') ?? this.names.get(this.entry) ?? this.entry
    return { source: { id: this.entry, entry, files }, unresolved: this.unresolved }
  }

  private standIn(path: string): string {
    const known = this.same.get(path)
    if (known !== undefined) return known
    // of files that refer to each other in a circle each stands for itself
    this.same.set(path, path)
    const document = this.documents.get(path)
    // relative references mean something else in another folder
    const targets = document?.references.map((reference) => this.target(path, reference) ?? '') ?? []
    const key = document ? [bareText(document), ...targets].join('\n') : path
    const first = this.texts.get(key) ?? path
    this.texts.set(key, first)
    this.same.set(path, first)
    return first
  }

  private target(from: string, reference: SchemaReference): string | undefined {
    const namespace = reference.kind === 'import' ? reference.namespace : undefined
    const found = this.resolver.resolve(from, reference.location, namespace)
    return found === undefined ? undefined : this.standIn(found)
  }

  private collect(): void {
    this.reached.add(this.entry)
    for (const path of this.reached)
      for (const reference of this.documents.get(path)?.references ?? []) {
        const target = this.target(path, reference)
        if (target === undefined) {
          // an import that names no place may stay as it is: nothing of that namespace may be needed
          if (reference.location !== undefined)
            this.unresolved.push({ file: path, namespace: reference.namespace, location: reference.location })
          continue
        }
        this.reached.add(target)
        if (reference.kind !== 'import') continue
        const paths = this.imported.get(reference.namespace) ?? new Set()
        this.imported.set(reference.namespace, paths.add(target))
      }
  }

  private chooseImport(namespace: string, paths: Set<string>): void {
    if (this.documents.get(this.entry)?.targetNamespace === namespace) paths.add(this.entry)
    const closures = new Map<string, Set<string>>()
    for (const path of paths)
      closures.set(path, new Set([...includeClosure(path, this.documents, this.resolver)].map((one) => this.standIn(one))))
    // of files that include each other, the first stands for all
    const covers = (other: string, path: string): boolean => closures.get(other)?.has(path) === true
    const roots = [...paths].filter(
      (path) => ![...paths].some((other) => other !== path && covers(other, path) && !(covers(path, other) && path < other)),
    )
    const [only] = roots
    if (roots.length === 1 && only !== undefined) {
      this.importNames.set(namespace, this.names.get(only) ?? only)
      return
    }
    const name = `driver-${this.drivers.size + 1}.xsd`
    const includes = roots.map((path) => `<xs:include schemaLocation="${this.names.get(path) ?? path}"/>`).join('')
    const target = namespace === '' ? '' : ` targetNamespace="${attributeValue(namespace)}"`
    this.drivers.set(name, `<xs:schema xmlns:xs="${XSD}"${target}>${includes}</xs:schema>`)
    this.importNames.set(namespace, name)
  }

  private rewritten(path: string): string {
    const document = this.documents.get(path)
    if (!document) return ''
    let out = ''
    let done = 0
    for (const reference of document.references) {
      const end = tagEnd(document.text, reference.start)
      const target = this.target(path, reference)
      const location =
        target === undefined ? undefined : reference.kind === 'import' ? this.importNames.get(reference.namespace) : this.names.get(target)
      const tag = document.text.slice(reference.start, end)
      // an include that leads nowhere stays: the validator refuses the set, as it should, for a part of the standard is missing
      out +=
        document.text.slice(done, reference.start) +
        (reference.kind === 'include' && location === undefined ? tag : relocated(tag, location))
      done = end
    }
    return out + document.text.slice(done)
  }
}

/**
 * @param entry path of the schema document to validate with.
 * @param documents all schema documents of the directory, by path.
 */
export function buildSource(entry: string, documents: Documents, resolver: CatalogResolver): BuiltSource {
  return new Builder(entry, documents, resolver).build()
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** SHA-256 of what schemas say, wherever they lie and however they name each other. */
export function contentOf(sources: readonly SchemaSource[]): string {
  const decoder = new TextDecoder()
  const texts = sources.flatMap(({ files }) =>
    [...files].filter(([name]) => !/^driver-\d+\.xsd$/.test(name)).map(([, bytes]) => decoder.decode(bytes)),
  )
  const bare = texts.map((text) =>
    text
      .replace(/\sschemaLocation\s*=\s*(?:"[^"]*"|'[^']*')/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  )
  return sha256([...new Set(bare.map(sha256))].sort().join('\n'))
}
