// SPDX-License-Identifier: EUPL-1.2
/**
 * Which schema set judges which root element: any number of standards and versions side by side, chosen by namespace and local name
 * of the root and by nothing the message says about schemas [threat model X4].
 *
 *   namespace, local name ── sets that declare the root ── `version` attribute of the root ── in force on the day ── the set
 *
 * Of several sets those come first whose schema demands the message's version, then those in force on the day of the message, then the
 * one that came into force last, then the order of configuration. Work is done when first asked, once.
 * Specs: xoev.md §2.2.
 * @module
 */
import type { SchemaSource } from '../xml/schema.js'
import { SchemaDirectory, type BrokenFile, type SchemaFiles } from './schema-directory.js'
import type { UnresolvedReference } from './schema-source.js'
import { schemaTypesOf } from './schema-types.js'
import type { SchematronSchema } from './schematron.js'

export type { BrokenFile, SchemaFiles }

/** Days are `YYYY-MM-DD` in the time zone of the authorities, both included; absent: no bound. */
export interface InForce {
  readonly validFrom?: string | undefined
  readonly validUntil?: string | undefined
}

/** A directory with what is known of it as a whole. */
export interface SchemaSet extends InForce {
  readonly files: SchemaFiles
  /** The namespaces whose roots it judges; absent: find out. Spares the parsing of sets that nobody asks for. */
  readonly namespaces?: ReadonlySet<string>
}

export interface SchemaChoice extends InForce {
  /** One object per schema set: fit as a key for compiled validators. */
  readonly source: SchemaSource
  readonly standard: string | undefined
  readonly version: string | undefined
  readonly unresolved: readonly UnresolvedReference[]
  /** Rules that come with the set. */
  readonly schematron: readonly SchematronSchema[]
}

/** What the message says that tells sets apart which declare the same root. */
export interface Asking {
  /** Its `version` attribute. */
  readonly version?: string | undefined
  /** The day that counts; absent: any. */
  readonly day?: string | undefined
}

export interface SchemaSets {
  /** The set that declares this root element, or undefined. */
  forRoot(uri: string, local: string, asking?: Asking): SchemaChoice | undefined
  /** Some schema speaks for this namespace (then an unknown root is invalid, not unknown). */
  knowsNamespace(uri: string, asking?: Asking): SchemaChoice | undefined
  /** Target namespaces that declare root elements. */
  namespaces(): readonly string[]
  /** `set`: place among those that were configured. */
  broken(): readonly (BrokenFile & { readonly set: number })[]
}

/** Whether a set is in force on the day that counts; without bounds nobody asks for it. */
export function isInForce({ validFrom, validUntil }: InForce, asking: Pick<Asking, 'day'>): boolean {
  if (validFrom === undefined && validUntil === undefined) return true
  const { day } = asking
  return day === undefined || ((validFrom === undefined || validFrom <= day) && (validUntil === undefined || day <= validUntil))
}

class LazySet {
  readonly set: SchemaSet
  private read: SchemaDirectory | undefined

  constructor(given: SchemaFiles | SchemaSet) {
    this.set = 'files' in given ? given : { files: given }
  }

  get directory(): SchemaDirectory {
    return (this.read ??= new SchemaDirectory(this.set.files))
  }

  /** @param local of the root; undefined: any of the namespace. */
  choose(uri: string, local: string | undefined): SchemaChoice[] {
    const { namespaces, validFrom, validUntil } = this.set
    if (namespaces?.has(uri) === false) return []
    const found = local === undefined ? [this.directory.choose(uri)] : this.directory.editions(uri, local)
    return found.flatMap((one) => (one ? [{ ...one, validFrom, validUntil }] : []))
  }
}

/** Those that `fits`, or all when none does: the schema itself will say what is wrong. */
function narrowed<T>(all: readonly T[], fits: (one: T) => boolean): readonly T[] {
  const some = all.filter(fits)
  return some.length === 0 ? all : some
}

function best(choices: readonly SchemaChoice[], uri: string, local: string | undefined, asking: Asking): SchemaChoice | undefined {
  if (choices.length < 2) return choices[0]
  const { version } = asking
  const ofVersion = narrowed(
    choices,
    ({ source }) =>
      local !== undefined && version !== undefined && schemaTypesOf(source).fixedRootAttribute(uri, local, 'version') === version,
  )
  const current = narrowed(ofVersion, (choice) => isInForce(choice, asking))
  return [...current].sort((a, b) =>
    (a.validFrom ?? '') < (b.validFrom ?? '') ? 1 : (a.validFrom ?? '') > (b.validFrom ?? '') ? -1 : 0,
  )[0]
}

/**
 * @param sets what was configured, in order of preference; a bare directory is in force at all times.
 */
export function schemaSets(sets: readonly (SchemaFiles | SchemaSet)[]): SchemaSets {
  const all = sets.map((one) => new LazySet(one))
  const known = new Map<string, readonly SchemaChoice[]>()
  const search = (uri: string, local: string | undefined): readonly SchemaChoice[] => {
    const key = `{${uri}}${local ?? ''}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const found = all.flatMap((one) => one.choose(uri, local))
    // names from messages are not worth remembering without bound; a copy, since the key holds slices that would keep their document alive
    if (found.length > 0) known.set(Buffer.from(key, 'utf8').toString('utf8'), found)
    return found
  }
  return {
    forRoot: (uri, local, asking = {}) => best(search(uri, local), uri, local, asking),
    knowsNamespace: (uri, asking = {}) => best(search(uri, undefined), uri, undefined, asking),
    namespaces: () => [...new Set(all.flatMap((one) => [...(one.set.namespaces ?? one.directory.namespaces())]))],
    // a set whose namespaces are known was read as a whole before
    broken: () => all.flatMap((one, set) => (one.set.namespaces ? [] : one.directory.broken.map((file) => ({ ...file, set })))),
  }
}
