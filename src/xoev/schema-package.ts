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
import type { SchemaSource } from '../xml/schema.js'
import { CodeListStore, mayBeCodeList, type CodeList } from './codelists.js'
import { mayBeOfSchemaSet, SchemaDirectory, type BrokenFile, type ChosenEntry, type SchemaFiles } from './schema-directory.js'
import { contentOf, type UnresolvedReference } from './schema-source.js'
import { schemaTypesOf } from './schema-types.js'

/** One namespace with root elements, in one version. */
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

/** Editions of one root that differ, though no message says which of them it follows: the first judges. */
export interface Rivals {
  readonly namespace: string
  readonly root: string
  readonly entries: readonly string[]
}

export interface PackageFacts {
  readonly standards: readonly PackageStandard[]
  readonly rivals: readonly Rivals[]
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

/** What judges some roots of a namespace. */
interface Judge {
  readonly entry: ChosenEntry
  readonly roots: string[]
}

const fixedAttribute = ({ source }: ChosenEntry, namespace: string, roots: readonly string[], name: string): string | undefined =>
  roots.map((root) => schemaTypesOf(source).fixedRootAttribute(namespace, root, name)).find((value) => value !== undefined)

const standardOf = ({ entry, roots }: Judge, namespace: string): string | undefined =>
  fixedAttribute(entry, namespace, roots, 'standard') ?? entry.standard
const versionOf = ({ entry, roots }: Judge, namespace: string): string | undefined =>
  fixedAttribute(entry, namespace, roots, 'version') ?? entry.version

function recordOf(namespace: string, judges: readonly Judge[], imported: boolean): PackageStandard[] {
  const [main] = [...judges].sort((a, b) => b.roots.length - a.roots.length)
  if (!main) return []
  const standard = standardOf(main, namespace)
  const version = versionOf(main, namespace)
  const sources = judges.map(({ entry }) => entry.source)
  return [
    {
      namespace,
      ...(standard === undefined ? {} : { standard }),
      ...(version === undefined ? {} : { version }),
      entry: main.entry.source.id,
      roots: judges.flatMap(({ roots }) => roots).sort(),
      imported,
      content: contentOf(sources),
      sources,
    },
  ]
}

/** The standard of a namespace; several, one for each version, where a root is declared more than once. */
function standardsOf(directory: SchemaDirectory, namespace: string, imported: boolean): { standards: PackageStandard[]; rivals: Rivals[] } {
  const judges = new Map<ChosenEntry['source'], Judge>()
  const rivals: Rivals[] = []
  let areEditions = false
  for (const root of [...directory.rootsOf(namespace)].sort()) {
    const editions = directory.editions(namespace, root)
    for (const entry of editions) {
      const judge = judges.get(entry.source) ?? { entry, roots: [] }
      judge.roots.push(root)
      judges.set(entry.source, judge)
    }
    if (editions.length < 2) continue
    areEditions = true
    const versions = editions.flatMap((entry) => fixedAttribute(entry, namespace, [root], 'version') ?? [])
    if (new Set(versions).size < editions.length) rivals.push({ namespace, root, entries: editions.map(({ source }) => source.id) })
  }
  const byVersion = new Map<string | undefined, Judge[]>()
  for (const judge of judges.values()) {
    const version = areEditions ? versionOf(judge, namespace) : undefined
    byVersion.set(version, [...(byVersion.get(version) ?? []), judge])
  }
  return { standards: [...byVersion.values()].flatMap((those) => recordOf(namespace, those, imported)), rivals }
}

/** Looks at a package as a whole. Nothing is compiled yet. */
export function describePackage(files: SchemaFiles): PackageFacts {
  const directory = new SchemaDirectory(files)
  const parts = directory.partNamespaces()
  const namespaces = [...new Set([...directory.documents.values()].map((one) => one.targetNamespace))].sort()
  const found = namespaces.map((namespace) => standardsOf(directory, namespace, parts.has(namespace)))
  const standards = found.flatMap((one) => one.standards)
  // standards that import each other in a circle are all what the package is about
  const all = standards.every(({ imported }) => imported) ? standards.map((one) => ({ ...one, imported: false })) : standards
  const lists = CodeListStore.from([files])
  return {
    standards: all,
    rivals: found.flatMap(({ rivals }) => rivals).filter((one) => all.some((main) => main.namespace === one.namespace && !main.imported)),
    codeLists: lists.all(),
    brokenLists: lists.broken,
    unresolved: directory.unresolved(),
    broken: directory.broken,
    unusableRules: directory.unusableRules(),
  }
}
