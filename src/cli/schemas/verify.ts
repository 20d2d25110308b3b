// SPDX-License-Identifier: EUPL-1.2
/**
 * Looks at every set of a store anew: are the files still those that were added, do they still mean and compile the same.
 * @module
 */
import { sumOfFile } from '../../config/schema-files.js'
import type { SetManifest, StoredSet } from '../../config/schema-store.js'
import { describePackage } from '../../xoev/schema-package.js'
import type { Io, Text } from '../io.js'
import { recorded, sourcesOf } from './add.js'
import { compileAll } from './compile.js'

export interface VerifiedSet {
  readonly manifest: SetManifest
  /** Empty: everything is as it was added. */
  readonly differences: readonly Text[]
}

const same = (text: string): Text => ({ de: text, en: text })

function changedFiles({ manifest, files }: StoredSet): Text[] {
  const known = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]))
  const changed = [...files].filter(([path, bytes]) => known.has(path) && known.get(path) !== sumOfFile(bytes))
  return [
    ...changed.map(([path]) => ({ de: `${path}: geändert`, en: `${path}: changed` })),
    ...[...known.keys()].filter((path) => !files.has(path)).map((path) => ({ de: `${path}: fehlt`, en: `${path}: missing` })),
    ...[...files.keys()].filter((path) => !known.has(path)).map((path) => ({ de: `${path}: hinzugekommen`, en: `${path}: added` })),
  ]
}

/** Standards that the files of today would be recorded as, against the manifest. */
function changedStandards(manifest: SetManifest, today: SetManifest['standards']): Text[] {
  const byNamespace = new Map(today.map((one) => [one.namespace, one]))
  return manifest.standards
    .filter((one) => JSON.stringify(byNamespace.get(one.namespace)) !== JSON.stringify(one))
    .map(({ namespace }) => ({
      de: `${namespace}: wird heute anders gelesen als bei der Aufnahme`,
      en: `${namespace}: is read differently today than when it was added`,
    }))
}

/** @returns one entry per set, in the order given. */
export async function verifySets(sets: readonly StoredSet[], io: Io): Promise<VerifiedSet[]> {
  const verified: VerifiedSet[] = []
  for (const set of sets) {
    const facts = describePackage(set.files)
    const kept = new Set(set.manifest.standards.map(({ namespace }) => namespace))
    const standards = facts.standards.filter(({ namespace }) => kept.has(namespace))
    const refused = await compileAll(sourcesOf(standards), io)
    verified.push({
      manifest: set.manifest,
      differences: [
        ...changedFiles(set),
        ...facts.broken.map(({ file, detail }) => same(`${file}: ${detail}`)),
        ...changedStandards(set.manifest, standards.map(recorded)),
        ...refused.map(({ source, detail }) => ({
          de: `${source.id}: lässt sich nicht übersetzen: ${detail}`,
          en: `${source.id}: does not compile: ${detail}`,
        })),
      ],
    })
  }
  return verified
}
