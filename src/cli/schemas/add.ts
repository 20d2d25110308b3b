// SPDX-License-Identifier: EUPL-1.2
/**
 * Takes packages into a schema store: read, looked at, compiled, compared with what is there, and only then written.
 * @module
 */
import { sumOfFile, sumOfFiles } from '../../config/schema-files.js'
import { SchemaPackageError } from '../../config/schema-problem.js'
import { isStore, readStore, writeManifest, writeSet, type SetManifest, type StoredSet } from '../../config/schema-store.js'
import { describePackage, type PackageFacts, type PackageStandard, type Rivals } from '../../xoev/schema-package.js'
import { usualOrigin } from '../../xoev/schema-origins.js'
import type { InForce } from '../../xoev/schema-sets.js'
import type { UnresolvedReference } from '../../xoev/schema-source.js'
import type { Io, Text } from '../io.js'
import { packageVersion } from '../version.js'
import { compileAll, type NotCompiled } from './compile.js'
import { readPackages } from './packages.js'

export interface Adding extends InForce {
  readonly paths: readonly string[]
  readonly store: string
  readonly now: Date
}

export interface Added {
  readonly manifest: SetManifest
  /** `dated`: the set was there, only its dates are new. */
  readonly outcome: 'stored' | 'there' | 'dated'
  readonly passedOver: number
  /** What may be missing one day: asked for and not needed so far, or packed away. */
  readonly remarks: readonly Text[]
}

const MOST_LINES = 20
const DETAIL_CHARACTERS = 600

const both = (texts: readonly Text[]): Text => {
  const more = texts.length > MOST_LINES ? `\n  … ${texts.length - MOST_LINES}` : ''
  const lines = (lang: 'de' | 'en'): string =>
    texts
      .slice(0, MOST_LINES)
      .map((text) => `\n  ${text[lang]}`)
      .join('') + more
  return { de: lines('de'), en: lines('en') }
}

/** The first of each kind, with a word about how many more there are. */
function firstOfEach<T>(all: readonly T[], kindOf: (one: T) => string): (readonly [T, string])[] {
  const kinds = new Map<string, { readonly first: T; more: number }>()
  for (const one of all) {
    const known = kinds.get(kindOf(one))
    if (known) known.more++
    else kinds.set(kindOf(one), { first: one, more: 0 })
  }
  return [...kinds.values()].map(({ first, more }) => [first, more === 0 ? '' : ` (+${more})`])
}

/** One text per thing that is missing, with where it usually comes from. */
function missingTexts(unresolved: readonly UnresolvedReference[]): Text[] {
  return firstOfEach(unresolved, ({ location = '', namespace }) => `${location} ${namespace}`).map(
    ([{ location = '', namespace, file }, more]) => {
      const origin = usualOrigin(namespace, location)
      const of = namespace === '' ? { de: '', en: '' } : { de: ` (Namensraum ${namespace})`, en: ` (namespace ${namespace})` }
      return {
        de: `${file}${more} verlangt ${location}${of.de}: fehlt${origin ? `; üblicherweise in: ${origin.de}` : ''}`,
        en: `${file}${more} asks for ${location}${of.en}: missing${origin ? `; usually in: ${origin.en}` : ''}`,
      }
    },
  )
}

const REMEDY: Text = {
  de: 'Abhilfe: alle Pakete in einem Aufruf nennen (protektor schemas add A.zip B.zip), oder die fehlende Datei samt einem OASIS-Katalog, der ihre Adresse nennt, in den Ordner legen. Geholt wird nichts.',
  en: 'Remedy: name all packages in one call (protektor schemas add A.zip B.zip), or put the missing file into the folder with an OASIS catalog that names its address. Nothing is ever fetched.',
}

function refuseUnreadable({ broken, standards, codeLists }: PackageFacts): void {
  if (broken.length > 0) {
    const { de, en } = both(broken.map(({ file, detail }) => ({ de: `${file}: ${detail}`, en: `${file}: ${detail}` })))
    throw new SchemaPackageError(`Dateien des Pakets sind nicht lesbar:${de}`, `files of the package cannot be read:${en}`)
  }
  if (standards.length === 0 && codeLists.length === 0)
    throw new SchemaPackageError(
      'kein Schema des Pakets deklariert ein Wurzelelement, und eine Codeliste ist nicht darin: damit lässt sich nichts prüfen',
      'no schema of the package declares a root element, and there is no code list in it: nothing can be checked with it',
    )
}

/** One text per complaint: what one file lacks, all complain of that build on it. */
function complaintTexts(refused: readonly NotCompiled[]): Text[] {
  return firstOfEach(refused, ({ detail }) => detail).map(([{ source, detail }, more]) => {
    const text = `${source.id}${more}: ${detail.slice(0, DETAIL_CHARACTERS)}`
    return { de: text, en: text }
  })
}

function refuseUncompiled(refused: readonly NotCompiled[], { standards, unresolved }: PackageFacts): void {
  const main = standards.filter(({ imported }) => !imported).flatMap(({ sources }) => sources)
  const fatal = refused.filter(({ source }) => main.includes(source))
  if (fatal.length === 0) return
  const complaints = both(complaintTexts(fatal))
  const missing = both(missingTexts(unresolved))
  // what is missing is the cause, and what the engine says of it the consequence
  const cause = (lang: 'de' | 'en', words: string): string => (unresolved.length === 0 ? '' : `${words}${missing[lang]}\n${REMEDY[lang]}\n`)
  throw new SchemaPackageError(
    `${cause('de', 'dem Paket fehlt:')}das Schema lässt sich nicht übersetzen:${complaints.de}`,
    `${cause('en', 'the package lacks:')}the schema does not compile:${complaints.en}`,
  )
}

/** One text per set of files that declare the same roots, and not alike. */
function rivalTexts(rivals: readonly Rivals[]): Text[] {
  return firstOfEach(rivals, ({ entries }) => entries.join(', ')).map(([{ root, namespace, entries }, more]) => {
    const what = `${root}${more} (${namespace})`
    return {
      de: `${what} ist mehrmals und verschieden deklariert: ${entries.join(', ')}. Welche Fassung gilt, sagt keine Nachricht: es urteilt die erste. Jede Fassung für sich aufnehmen, mit --valid-from und --valid-until.`,
      en: `${what} is declared several times, and not the same: ${entries.join(', ')}. No message says which version counts: the first judges. Add each version by itself, with --valid-from and --valid-until.`,
    }
  })
}

const overlap = (a: InForce, b: InForce): boolean =>
  (a.validFrom ?? '') <= (b.validUntil ?? '9999-12-31') && (b.validFrom ?? '') <= (a.validUntil ?? '9999-12-31')

/** Two sets that speak for one version of one standard, differ, and are in force on the same day: nobody could say which one judges. */
function refuseRival(manifest: SetManifest, stored: readonly StoredSet[]): void {
  const mine = manifest.standards.filter(({ imported }) => !imported)
  for (const other of stored) {
    if (other.manifest.sha256 === manifest.sha256 || !overlap(manifest, other.manifest)) continue
    const rival = mine.find((one) =>
      other.manifest.standards.some(
        (theirs) =>
          !theirs.imported && theirs.namespace === one.namespace && theirs.version === one.version && theirs.content !== one.content,
      ),
    )
    if (!rival) continue
    const what = [rival.standard, rival.version, `(${rival.namespace})`].filter((word) => word !== undefined).join(' ')
    const where = `${other.manifest.sha256.slice(0, 12)}, ${other.manifest.packages.join(' + ')}`
    throw new SchemaPackageError(
      `${what} liegt schon im Speicher, mit anderem Inhalt (${where}). Welcher gilt wann? Mit --valid-from und --valid-until Zeiträume nennen, die sich nicht überschneiden; die eines aufgenommenen Satzes ändert, wer sein Paket mit neuen Angaben noch einmal aufnimmt.`,
      `${what} is in the store already, with other content (${where}). Which one counts when? Give periods that do not overlap, with --valid-from and --valid-until; those of a stored set change when its package is added again with new ones.`,
    )
  }
}

/** What the manifest says of a standard. */
const recorded = ({
  namespace,
  standard,
  version,
  entry,
  roots,
  imported,
  content,
}: PackageStandard): SetManifest['standards'][number] => ({
  namespace,
  ...(standard === undefined ? {} : { standard }),
  ...(version === undefined ? {} : { version }),
  entry,
  roots: [...roots],
  imported,
  content,
})

/** What the manifest says of a package. A part that does not stand on its own judges nothing by itself. */
export const recordsOf = (
  { standards, codeLists }: PackageFacts,
  refused: readonly NotCompiled[],
): Pick<SetManifest, 'standards' | 'codeLists'> => ({
  standards: standards.filter(({ sources }) => !refused.some(({ source }) => sources.includes(source))).map(recorded),
  codeLists: codeLists.map(({ uri, version, name, sha256 }) => ({ uri, version, name, sha256 })),
})

/** All that the standards are judged with, each once. */
export const sourcesOf = (standards: readonly PackageStandard[]): PackageStandard['sources'] => [
  ...new Set(standards.flatMap(({ sources }) => sources)),
]

const dates = (given: InForce, known: InForce = {}): InForce => {
  const validFrom = given.validFrom ?? known.validFrom
  const validUntil = given.validUntil ?? known.validUntil
  if (validFrom !== undefined && validUntil !== undefined && validFrom > validUntil)
    throw new SchemaPackageError(
      `gültig ab ${validFrom} liegt hinter gültig bis ${validUntil}`,
      `valid from ${validFrom} is later than valid until ${validUntil}`,
    )
  return { validFrom, validUntil }
}

async function changeDates(known: StoredSet, adding: Adding, stored: readonly StoredSet[]): Promise<Added> {
  const manifest = { ...known.manifest, ...dates(adding, known.manifest) }
  const same = manifest.validFrom === known.manifest.validFrom && manifest.validUntil === known.manifest.validUntil
  if (!same) {
    refuseRival(manifest, stored)
    await writeManifest(known.folder, manifest)
  }
  return { manifest, outcome: same ? 'there' : 'dated', passedOver: 0, remarks: [] }
}

/**
 * @throws {SchemaPackageError} the packages are refused; the store is as it was.
 * @throws {UsageError} a path that is not there, or two packages of one name.
 */
export async function addPackages(adding: Adding, io: Io): Promise<Added> {
  const period = dates(adding)
  const { names, files, passedOver, archives } = await readPackages(adding.paths)
  const sum = sumOfFiles(files)
  const stored = (await isStore(adding.store)) ? (await readStore(adding.store)).sets : []
  const known = stored.find(({ manifest, foundSha256 }) => manifest.sha256 === sum && foundSha256 === sum)
  if (known) return changeDates(known, adding, stored)

  const facts = describePackage(files)
  refuseUnreadable(facts)
  const refused = await compileAll(sourcesOf(facts.standards), io)
  refuseUncompiled(refused, facts)
  const manifest: SetManifest = {
    format: 1,
    sha256: sum,
    packages: [...names],
    addedAt: adding.now.toISOString(),
    addedBy: await packageVersion(),
    ...period,
    ...recordsOf(facts, refused),
    files: [...files].map(([path, bytes]) => ({ path, sha256: sumOfFile(bytes) })),
  }
  refuseRival(manifest, stored)
  await writeSet(adding.store, manifest, files)
  const alone = refused.map(({ source }) => ({
    de: `${source.id} steht nicht für sich und prüft nur als Teil der anderen`,
    en: `${source.id} does not stand on its own and judges only as a part of the others`,
  }))
  const dead = facts.unusableRules.map(({ file, detail }) => ({
    de: `${file}: diese Regeln (Schematron) lassen sich nicht auswerten (${detail}); wer nach ihnen prüft, bekommt „Prüfung gescheitert“`,
    en: `${file}: these rules (Schematron) cannot be evaluated (${detail}); whoever checks by them gets an error`,
  }))
  const unread = facts.brokenLists.map(({ file, detail }) => ({
    de: `${file}: diese Codeliste ist nicht brauchbar (${detail}); ihre Codes werden nicht geprüft`,
    en: `${file}: this code list cannot be used (${detail}); its codes are not checked`,
  }))
  const closed = archives.map((name) => ({
    de: `${name}: ein Archiv im Archiv wird nicht geöffnet`,
    en: `${name}: an archive inside is not opened`,
  }))
  return {
    manifest,
    outcome: 'stored',
    passedOver,
    remarks: [...missingTexts(facts.unresolved), ...alone, ...rivalTexts(facts.rivals), ...dead, ...unread, ...closed],
  }
}
