// SPDX-License-Identifier: EUPL-1.2
/**
 * What a package of schemas is: its standards with their entries and roots, its code lists, and what it asks for without holding it.
 *
 *   files ── namespaces with root elements ── per root the entry that judges it ── distinct sources, ready to compile
 *
 * A namespace that another of the package imports is a part (signatures, base messages); the others are what the package is about.
 * Specs: xoev.md §2.2, §5.
 * @module
 */
import { createHash } from 'node:crypto'
import type { SchemaSource } from '../xml/schema.js'
import { CodeListStore, mayBeCodeList, type CodeList } from './codelists.js'
import { mayBeOfSchemaSet, SchemaDirectory, type BrokenFile, type ChosenEntry, type SchemaFiles } from './schema-directory.js'
import type { UnresolvedReference } from './schema-source.js'
import { schemaTypesOf } from './schema-types.js'

/** One namespace with root elements. */
export interface PackageStandard {
  readonly namespace: string
  /** As the roots demand it, or as the schemas say of themselves. */
  readonly standard?: string
  readonly version?: string
  /** Path of the schema document that judges most of the roots. */
  readonly entry: string
  readonly roots: readonly string[]
  /** Another namespace of the package builds on it. */
  readonly imported: boolean
  /** SHA-256 of what its schemas say, wherever they lie and however they name each other. */
  readonly content: string
  /** What judges its roots, most often one. */
  readonly sources: readonly SchemaSource[]
}

export interface PackageFacts {
  readonly standards: readonly PackageStandard[]
  readonly codeLists: readonly CodeList[]
  readonly unresolved: readonly UnresolvedReference[]
  readonly broken: readonly BrokenFile[]
  /** Code lists that cannot be used: their codes are not looked up. */
  readonly brokenLists: readonly BrokenFile[]
  /** Schematron that cannot be run: every check by these schemas will be an error. */
  readonly unusableRules: readonly BrokenFile[]
}

/** What of a package belongs into a set: schemas, catalogs, Schematron rules and code lists. Samples and the like do not judge messages. */
export function partsOfSet(files: SchemaFiles): Map<string, Uint8Array> {
  return new Map([...files].filter(([path, bytes]) => mayBeOfSchemaSet(path) || mayBeCodeList(path, bytes)))
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function contentOf(sources: readonly SchemaSource[]): string {
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

function standardOf(directory: SchemaDirectory, namespace: string, imported: boolean): PackageStandard | undefined {
  const judges = new Map<ChosenEntry['source'], { readonly entry: ChosenEntry; readonly roots: string[] }>()
  for (const root of [...directory.rootsOf(namespace)].sort()) {
    const entry = directory.choose(namespace, ({ elements }) => elements.has(root))
    if (!entry) continue
    const judge = judges.get(entry.source) ?? { entry, roots: [] }
    judge.roots.push(root)
    judges.set(entry.source, judge)
  }
  const [main] = [...judges.values()].sort((a, b) => b.roots.length - a.roots.length)
  if (!main) return undefined
  const fixed = (name: string): string | undefined =>
    main.roots
      .map((root) => schemaTypesOf(main.entry.source).fixedRootAttribute(namespace, root, name))
      .find((value) => value !== undefined)
  const standard = fixed('standard') ?? main.entry.standard
  const version = fixed('version') ?? main.entry.version
  const sources = [...judges.keys()]
  return {
    namespace,
    ...(standard === undefined ? {} : { standard }),
    ...(version === undefined ? {} : { version }),
    entry: main.entry.source.id,
    roots: [...judges.values()].flatMap(({ roots }) => roots).sort(),
    imported,
    content: contentOf(sources),
    sources,
  }
}

/** Looks at a package as a whole. Nothing is compiled yet. */
export function describePackage(files: SchemaFiles): PackageFacts {
  const directory = new SchemaDirectory(files)
  const parts = directory.partNamespaces()
  const namespaces = [...new Set([...directory.documents.values()].map((one) => one.targetNamespace))].sort()
  const standards = namespaces.flatMap((namespace) => standardOf(directory, namespace, parts.has(namespace)) ?? [])
  // standards that import each other in a circle are all what the package is about
  const all = standards.every(({ imported }) => imported) ? standards.map((one) => ({ ...one, imported: false })) : standards
  const lists = CodeListStore.from([files])
  return {
    standards: all,
    codeLists: lists.all(),
    brokenLists: lists.broken,
    unresolved: directory.unresolved(),
    broken: directory.broken,
    unusableRules: directory.unusableRules(),
  }
}
