// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor schemas add|list|verify`: official schema packages in a store that `check --schemas` and `schemas.directories` read.
 * Exit codes: 0 done · 1 the package was refused, or a set is not what it was · 2 usage · 4 failed.
 * @module
 */
import { SchemaPackageError } from '../../config/schema-problem.js'
import { isSetDay, mayBeStore, readStore, type SetManifest, type StoreContents, type StoredSet } from '../../config/schema-store.js'
import type { InForce } from '../../xoev/schema-sets.js'
import { parseCommand, UsageError } from '../arguments.js'
import type { Io, Language, Text } from '../io.js'
import { addPackages } from '../schemas/add.js'
import { verifySets } from '../schemas/verify.js'

const DEFAULT_STORE = './schemas-store'

const OPTIONS = {
  store: { type: 'string', default: DEFAULT_STORE },
  'valid-from': { type: 'string' },
  'valid-until': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const HELP: Text = {
  de: `Aufruf: protektor schemas add PAKET.zip|VERZEICHNIS… [--valid-from TAG] [--valid-until TAG] [--store VERZEICHNIS] [--json]
        protektor schemas list   [--store VERZEICHNIS] [--json]
        protektor schemas verify [--store VERZEICHNIS] [--json]

add     nimmt ein Schemapaket auf, wie es das XRepository ausgibt; mehrere Pakete in einem Aufruf werden ein Satz. Es wird ohne Netz
        übersetzt und erst dann, als Ganzes, unter der Prüfsumme seines Inhalts abgelegt. Mehrere Fassungen liegen nebeneinander.
list    zeigt Sätze, Standards, Fassungen, Codelisten, Gültigkeit
verify  prüft die Prüfsummen nach und übersetzt alles neu

  --valid-from, --valid-until TAG   erster und letzter Tag der Gültigkeit, JJJJ-MM-TT
  --store VERZEICHNIS               der Speicher (sonst ${DEFAULT_STORE}); zu nennen bei check --schemas und in schemas.directories
  --json                            für Programme

Ende mit: 0 getan · 1 Paket abgelehnt, oder ein Satz ist nicht mehr, was er war · 2 Aufruf · 4 gescheitert
`,
  en: `Usage: protektor schemas add PACKAGE.zip|DIRECTORY… [--valid-from DAY] [--valid-until DAY] [--store DIRECTORY] [--json]
       protektor schemas list   [--store DIRECTORY] [--json]
       protektor schemas verify [--store DIRECTORY] [--json]

add     takes a schema package as XRepository hands it out; several packages in one call become one set. It is compiled without any
        network and only then stored, as a whole, under the sum of its content. Several versions lie side by side.
list    shows sets, standards, versions, code lists, validity
verify  checks the sums again and compiles everything anew

  --valid-from, --valid-until DAY   first and last day on which it is in force, YYYY-MM-DD
  --store DIRECTORY                 the store (else ${DEFAULT_STORE}); to be named in check --schemas and in schemas.directories
  --json                            for programs

Exit codes: 0 done · 1 package refused, or a set is no longer what it was · 2 usage · 4 failed
`,
}

const WORDS = {
  stored: { de: 'aufgenommen', en: 'stored' },
  there: { de: 'ist schon aufgenommen', en: 'is stored already' },
  dated: { de: 'war aufgenommen; die Gültigkeit ist neu', en: 'was stored; its validity is new' },
  passedOver: { de: 'Dateien, die nicht in einen Satz gehören, blieben draußen', en: 'files that do not belong into a set were left out' },
  remark: { de: 'Hinweis', en: 'note' },
  always: { de: 'gültig: immer', en: 'in force: always' },
  inForce: { de: 'gültig', en: 'in force' },
  roots: { de: 'Wurzelelemente', en: 'root elements' },
  lists: { de: 'Codelisten', en: 'code lists' },
  changed: { de: 'VERÄNDERT', en: 'CHANGED' },
  intact: { de: 'unverändert, übersetzt', en: 'as it was, compiles' },
  compiled: { de: 'übersetzt bei der Aufnahme, unverändert', en: 'compiled when added, unchanged' },
  part: { de: 'Teil', en: 'part' },
  empty: { de: 'Der Speicher ist leer.', en: 'The store is empty.' },
  remains: { de: 'Rest einer abgebrochenen Aufnahme, darf gelöscht werden', en: 'remains of an interrupted add, may be deleted' },
} as const satisfies Readonly<Record<string, Text>>

function dayOf(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (!isSetDay(value))
    throw new UsageError({
      de: `--${option} erwartet einen Tag der Jahre 0100 bis 9999, z. B. 2025-11-01`,
      en: `--${option} wants a day of the years 0100 to 9999, e.g. 2025-11-01`,
    })
  return value
}

/** A store that does not do is a wrong call; a package that does not do is an answer. */
async function usable<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    throw cause instanceof SchemaPackageError ? new UsageError(cause.text) : cause
  }
}

const short = (sha256: string): string => sha256.slice(0, 12)

function period({ validFrom, validUntil }: InForce, lang: Language): string {
  return validFrom === undefined && validUntil === undefined
    ? WORDS.always[lang]
    : `${WORDS.inForce[lang]}: ${validFrom ?? '…'} – ${validUntil ?? '…'}`
}

/** A set in lines: what it is, then one line per standard. */
function setLines(manifest: SetManifest, state: string, lang: Language): string {
  const { sha256, packages, standards, codeLists } = manifest
  const rows = [...standards].sort((a, b) => Number(a.imported) - Number(b.imported))
  return [
    `${short(sha256)}  ${packages.join(' + ')}  ${period(manifest, lang)}  ${state}\n`,
    ...rows.map(({ namespace, standard, version, entry, roots, imported }) => {
      const name = [standard, version].filter((word) => word !== undefined).join(' ')
      return `  ${imported ? `(${WORDS.part[lang]}) ` : ''}${name === '' ? '' : `${name}  `}${namespace}  ${roots.length} ${WORDS.roots[lang]}  ${entry}\n`
    }),
    ...(codeLists.length === 0 ? [] : [`  ${codeLists.length} ${WORDS.lists[lang]}\n`]),
  ].join('')
}

interface Call extends InForce {
  readonly store: string
  readonly paths: readonly string[]
  readonly json: boolean
}

const json = (io: Io, value: unknown): void => io.out.write(JSON.stringify(value, null, 2) + '\n')

async function add({ paths, store, json: machine, ...inForce }: Call, io: Io): Promise<number> {
  if (paths.length === 0) throw new UsageError({ de: 'schemas add verlangt ein Paket', en: 'schemas add wants a package' })
  await usable(() => mayBeStore(store))
  const { manifest, outcome, passedOver, remarks } = await addPackages({ paths, store, now: new Date(), ...inForce }, io)
  if (machine) {
    json(io, { outcome, set: manifest, passedOver, remarks })
    return 0
  }
  io.out.write(setLines(manifest, WORDS[outcome][io.lang], io.lang))
  if (passedOver > 0) io.out.write(`  ${passedOver} ${WORDS.passedOver[io.lang]}\n`)
  for (const text of remarks) io.err.write(`${WORDS.remark[io.lang]}: ${text[io.lang]}\n`)
  return 0
}

/** What cannot be shown as a set. */
function tellTrouble({ damaged, remains }: StoreContents, io: Io): void {
  for (const { text } of damaged) io.err.write(`${text[io.lang]}\n`)
  for (const path of remains) io.err.write(`${path}: ${WORDS.remains[io.lang]}\n`)
}

const isIntact = ({ manifest, foundSha256 }: StoredSet): boolean => manifest.sha256 === foundSha256

async function list({ store, json: machine }: Call, io: Io): Promise<number> {
  const contents = await usable(() => readStore(store))
  tellTrouble(contents, io)
  if (machine) json(io, { store, sets: contents.sets.map((set) => ({ ...set.manifest, intact: isIntact(set) })) })
  else if (contents.sets.length === 0 && contents.damaged.length === 0) io.out.write(`${WORDS.empty[io.lang]}\n`)
  else
    for (const set of contents.sets)
      io.out.write(setLines(set.manifest, (isIntact(set) ? WORDS.compiled : WORDS.changed)[io.lang], io.lang))
  return contents.damaged.length > 0 || !contents.sets.every(isIntact) ? 1 : 0
}

async function verify({ store, json: machine }: Call, io: Io): Promise<number> {
  const contents = await usable(() => readStore(store))
  tellTrouble(contents, io)
  const verified = await verifySets(contents.sets, io)
  if (machine)
    json(io, {
      store,
      sets: verified.map(({ manifest, differences }) => ({ sha256: manifest.sha256, packages: manifest.packages, differences })),
      damaged: contents.damaged.map(({ text }) => text),
    })
  else
    for (const { manifest, differences } of verified) {
      io.out.write(
        `${short(manifest.sha256)}  ${manifest.packages.join(' + ')}  ${(differences.length === 0 ? WORDS.intact : WORDS.changed)[io.lang]}\n`,
      )
      for (const text of differences) io.out.write(`  ${text[io.lang]}\n`)
    }
  return contents.damaged.length > 0 || verified.some(({ differences }) => differences.length > 0) ? 1 : 0
}

const ACTIONS: Readonly<Record<string, (call: Call, io: Io) => Promise<number>>> = { add, list, verify }

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseCommand(argv, OPTIONS, true)
  if (values.help === true) {
    io.out.write(HELP[io.lang])
    return 0
  }
  const [name = '', ...paths] = positionals
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new UsageError({ de: 'schemas verlangt add, list oder verify', en: 'schemas wants add, list or verify' })
  const validFrom = dayOf('valid-from', values['valid-from'])
  const validUntil = dayOf('valid-until', values['valid-until'])
  if (action !== add && (paths.length > 0 || validFrom !== undefined || validUntil !== undefined))
    throw new UsageError({ de: `schemas ${name} nimmt weder Pakete noch Tage`, en: `schemas ${name} takes neither packages nor days` })
  try {
    return await action({ store: values.store, paths, json: values.json === true, validFrom, validUntil }, io)
  } catch (error) {
    if (!(error instanceof SchemaPackageError)) throw error
    io.err.write(`protektor: ${error.text[io.lang]}\n`)
    return 1
  }
}
