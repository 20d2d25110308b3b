// SPDX-License-Identifier: EUPL-1.2
/**
 * Looks at every set of a store anew: are the files still those that were added, do they still mean and compile the same.
 * @module
 */
import { sumOfFile } from '../../config/schema-files.js'
import type { SetManifest, StoredSet } from '../../config/schema-store.js'
import { describePackage } from '../../xoev/schema-package.js'
import type { Io, Text } from '../io.js'
import { recordsOf, sourcesOf } from './add.js'
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

const asTexts = (rows: readonly unknown[]): readonly string[] => rows.map((row) => JSON.stringify(row))

/** What the files of today would be recorded as, against the manifest. */
function changedRecords(manifest: SetManifest, today: Pick<SetManifest, 'standards' | 'codeLists'>): Text[] {
  const [then, now] = [new Set(asTexts(manifest.standards)), new Set(asTexts(today.standards))]
  const changed = [
    ...manifest.standards.filter((one) => !now.has(JSON.stringify(one))),
    ...today.standards.filter((one) => !then.has(JSON.stringify(one))),
  ]
  const lists = asTexts(manifest.codeLists).join() === asTexts(today.codeLists).join()
  return [
    ...[...new Set(changed.map(({ namespace }) => namespace))].map((namespace) => ({
      de: `${namespace}: wird heute anders gelesen als bei der Aufnahme`,
      en: `${namespace}: is read differently today than when it was added`,
    })),
    ...(lists
      ? []
      : [
          {
            de: 'Codelisten: werden heute anders gelesen als bei der Aufnahme',
            en: 'code lists: are read differently today than when they were added',
          },
        ]),
  ]
}

/** The sum that names the set, where it alone does not fit. */
const changedSum = ({ manifest, foundSha256 }: StoredSet, others: readonly Text[]): Text[] =>
  others.length > 0 || manifest.sha256 === foundSha256
    ? []
    : [
        {
          de: `set.json: die Prüfsumme des Satzes ist ${foundSha256}, dort steht ${manifest.sha256}`,
          en: `set.json: the sum of the set is ${foundSha256}, there it is ${manifest.sha256}`,
        },
      ]

/** @returns one entry per set, in the order given. */
export async function verifySets(sets: readonly StoredSet[], io: Io): Promise<VerifiedSet[]> {
  const verified: VerifiedSet[] = []
  for (const set of sets) {
    const facts = describePackage(set.files)
    const refused = await compileAll(sourcesOf(facts.standards), io)
    const kept = new Set(set.manifest.standards.map(({ namespace }) => namespace))
    const needed = sourcesOf(facts.standards.filter(({ namespace }) => kept.has(namespace)))
    const files = changedFiles(set)
    verified.push({
      manifest: set.manifest,
      differences: [
        ...files,
        ...changedSum(set, files),
        ...facts.broken.map(({ file, detail }) => same(`${file}: ${detail}`)),
        ...changedRecords(set.manifest, recordsOf(facts, refused)),
        ...refused
          .filter(({ source }) => needed.includes(source))
          .map(({ source, detail }) => ({
            de: `${source.id}: lässt sich nicht übersetzen: ${detail}`,
            en: `${source.id}: does not compile: ${detail}`,
          })),
      ],
    })
  }
  return verified
}
