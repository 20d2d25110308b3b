// SPDX-License-Identifier: EUPL-1.2
/**
 * The schema store: a directory that holds schema sets by the sum of their content, several versions side by side.
 *
 *   STORE/schemas-store.json          marks the directory as a store
 *   STORE/sets/SHA-256/set.json       what the set is, from when until when it is in force
 *   STORE/sets/SHA-256/files/…        schemas, catalogs, code lists, as the publisher named them
 *   STORE/.adding-…                   a set on its way in; it appears under its sum with one rename, or not at all
 *
 * What judges messages must be what was added: whoever reads sets to judge with them gets them only when the sum still fits.
 * @module
 */
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { makeFolder } from './folder.js'
import { readSchemaDirectory, sumOfFiles } from './schema-files.js'
import { SchemaPackageError } from './schema-problem.js'

const MARK = 'schemas-store.json'
const SETS = 'sets'
const MANIFEST = 'set.json'
const FILES = 'files'
const ADDING = '.adding-'
// everybody may read schemas; who could write them would decide over verdicts
const FOLDER_MODE = 0o755
const FILE_MODE = 0o644

const SUM = z.string().regex(/^[0-9a-f]{64}$/)
// calendars of JavaScript take the years below 100 for those of the last century, and days are compared as texts
const DAY = z.iso.date().refine((day) => day >= '0100', 'a day of the years 0100 to 9999, YYYY-MM-DD')

/** Whether a set can be in force from or until this day. */
export const isSetDay = (day: string): boolean => DAY.safeParse(day).success

const MANIFEST_SHAPE = z.strictObject({
  format: z.literal(1),
  /** Of all files, as `sumOfFiles` has it. */
  sha256: SUM,
  /** Names of the packages it came in. */
  packages: z.array(z.string()),
  /** UTC. */
  addedAt: z.iso.datetime(),
  /** Version of Protektor that compiled it. */
  addedBy: z.string(),
  /** First and last day on which it is in force; absent: no bound. */
  validFrom: DAY.optional(),
  validUntil: DAY.optional(),
  /** One per namespace with root elements. */
  standards: z.array(
    z.strictObject({
      namespace: z.string(),
      standard: z.string().optional(),
      version: z.string().optional(),
      /** Path of the schema document that judges most of its roots. */
      entry: z.string(),
      /** Local names of its root elements. */
      roots: z.array(z.string()),
      /** Another standard of the package builds on it. */
      imported: z.boolean(),
      /** Of the schemas without what does not matter; equal sums judge alike. */
      content: SUM,
    }),
  ),
  codeLists: z.array(z.strictObject({ uri: z.string(), version: z.string(), name: z.string(), sha256: SUM })),
  files: z.array(z.strictObject({ path: z.string(), sha256: SUM })),
})

export type SetManifest = z.output<typeof MANIFEST_SHAPE>

/** One set of a store as it lies there. */
export interface StoredSet {
  readonly folder: string
  readonly manifest: SetManifest
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Sum of the files as they are now. */
  readonly foundSha256: string
}

/** A schema set to judge with: one plain directory, or one set of a store. */
export interface NamedSchemaSet {
  readonly name: string
  readonly version: string | null
  readonly sha256: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly validFrom?: string | undefined
  readonly validUntil?: string | undefined
  /** Namespaces with root elements; absent: nobody looked yet. */
  readonly namespaces?: ReadonlySet<string>
}

const json = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'

/** Whether a directory is a store. */
export const isStore = (dir: string): Promise<boolean> =>
  stat(join(dir, MARK)).then(
    (facts) => facts.isFile(),
    () => false,
  )

/**
 * Whether a set can be added: `dir` is a store, is empty, or is not there yet.
 * @throws {SchemaPackageError} something else lies there.
 */
export async function mayBeStore(dir: string): Promise<void> {
  if (await isStore(dir)) return
  const there = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new SchemaPackageError(`${dir}: nicht lesbar (${cause.message})`, `${dir}: cannot be read (${cause.message})`, cause)
  })
  if (there.length > 0)
    throw new SchemaPackageError(
      `${dir} ist kein Schemaspeicher und nicht leer: ein anderes Verzeichnis nennen (--store)`,
      `${dir} is no schema store and not empty: name another directory (--store)`,
    )
}

async function openStore(dir: string): Promise<void> {
  await mayBeStore(dir)
  await makeFolder(join(dir, SETS), FOLDER_MODE)
  if (!(await isStore(dir))) await writeFile(join(dir, MARK), json({ format: 1 }), { mode: FILE_MODE })
}

async function readManifest(folder: string): Promise<SetManifest> {
  const file = join(folder, MANIFEST)
  const broken = (why: string, cause: unknown): SchemaPackageError =>
    new SchemaPackageError(`${file}: beschädigt (${why})`, `${file}: damaged (${why})`, cause)
  try {
    const read = MANIFEST_SHAPE.safeParse(JSON.parse(await readFile(file, 'utf8')))
    if (!read.success) throw broken(z.prettifyError(read.error), read.error)
    return read.data
  } catch (cause) {
    throw cause instanceof SchemaPackageError ? cause : broken(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

async function readSet(folder: string): Promise<StoredSet> {
  const manifest = await readManifest(folder)
  const place = join(folder, FILES)
  const files = await readSchemaDirectory(place).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaPackageError(`${place}: nicht lesbar (${why})`, `${place}: cannot be read (${why})`, cause)
  })
  return { folder, manifest, files, foundSha256: sumOfFiles(files) }
}

/** What is in a store: sets that can be read, oldest first, and what stops the others. */
export interface StoreContents {
  readonly sets: readonly StoredSet[]
  readonly damaged: readonly SchemaPackageError[]
  /** Remains of an `add` that was interrupted; nothing reads them. */
  readonly remains: readonly string[]
}

/**
 * @throws {SchemaPackageError} `dir` is no store.
 * @throws {Error} what the file system says of the store itself.
 */
export async function readStore(dir: string): Promise<StoreContents> {
  if (!(await isStore(dir)))
    throw new SchemaPackageError(
      `${dir} ist kein Schemaspeicher: protektor schemas add PAKET --store ${dir} legt ihn an`,
      `${dir} is no schema store: protektor schemas add PACKAGE --store ${dir} makes it one`,
    )
  const names = (await readdir(join(dir, SETS))).sort()
  const read = await Promise.allSettled(names.map((name) => readSet(join(dir, SETS, name))))
  const sets = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const damaged = read.flatMap((one) => {
    if (one.status === 'fulfilled') return []
    if (one.reason instanceof SchemaPackageError) return [one.reason]
    throw one.reason
  })
  const remains = (await readdir(dir)).filter((name) => name.startsWith(ADDING)).map((name) => join(dir, name))
  return { sets: sets.sort((a, b) => (a.manifest.addedAt < b.manifest.addedAt ? -1 : 1)), damaged, remains }
}

/** Moves a set to where its sum belongs. */
async function putInPlace(adding: string, place: string, sha256: string): Promise<void> {
  try {
    await rename(adding, place)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw cause
    const there = await readSet(place).catch(() => undefined)
    // somebody else added the same at the same time
    if (there?.foundSha256 === sha256 && there.manifest.sha256 === sha256) return
    // what lies there under this sum no longer has it: this is how a damaged set is mended
    await rm(place, { recursive: true, force: true })
    await rename(adding, place)
  }
}

/**
 * Puts a set into the store, whole or not at all; a directory that is none yet becomes one.
 * @throws {SchemaPackageError} something else lies in `dir`.
 * @throws {Error} what the file system says.
 */
export async function writeSet(dir: string, manifest: SetManifest, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await openStore(dir)
  const adding = await mkdtemp(join(dir, ADDING))
  try {
    for (const [path, bytes] of files) {
      const file = join(adding, FILES, path)
      await makeFolder(dirname(file), FOLDER_MODE)
      await writeFile(file, bytes, { mode: FILE_MODE, flag: 'wx' })
    }
    await writeFile(join(adding, MANIFEST), json(manifest), { mode: FILE_MODE })
    await chmod(adding, FOLDER_MODE)
    await putInPlace(adding, join(dir, SETS, manifest.sha256), manifest.sha256)
  } finally {
    await rm(adding, { recursive: true, force: true })
  }
}

/** Replaces what is said of a stored set, in one step. */
export async function writeManifest(folder: string, manifest: SetManifest): Promise<void> {
  const next = join(folder, `${MANIFEST}.next`)
  await writeFile(next, json(manifest), { mode: FILE_MODE })
  await rename(next, join(folder, MANIFEST))
}

function named({ manifest, files, foundSha256 }: StoredSet, dir: string): NamedSchemaSet {
  const { sha256, standards, packages, validFrom, validUntil } = manifest
  if (foundSha256 !== sha256)
    throw new SchemaPackageError(
      `${dir}: der Schemasatz ${sha256.slice(0, 12)} ist nicht mehr, was aufgenommen wurde: protektor schemas verify --store ${dir}`,
      `${dir}: the schema set ${sha256.slice(0, 12)} is no longer what was added: protektor schemas verify --store ${dir}`,
    )
  const main = standards.find(({ imported, standard }) => !imported && standard !== undefined)
  return {
    name: main?.standard ?? packages.join(' + '),
    version: main?.version ?? null,
    sha256,
    files,
    validFrom,
    validUntil,
    namespaces: new Set(standards.map(({ namespace }) => namespace)),
  }
}

/**
 * The sets of a configured directory: of a store all that it holds, of any other directory that one.
 * @throws {SchemaPackageError} a set of the store was changed or damaged.
 * @throws {Error} as {@link readSchemaDirectory}.
 */
export async function readSchemaSets(dir: string): Promise<readonly NamedSchemaSet[]> {
  if (!(await isStore(dir))) {
    const files = await readSchemaDirectory(dir)
    return [{ name: basename(resolve(dir)), version: null, sha256: sumOfFiles(files), files }]
  }
  const { sets, damaged } = await readStore(dir)
  const [first] = damaged
  if (first) throw first
  return sets.map((set) => named(set, dir))
}
