// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a schema package that came as a zip file, into memory and never past its bounds: what the directory of the archive announces
 * is added up before anything is unpacked, and no entry may yield more than it announced (zip bombs, overlapping entries). Names that
 * lead out of the package, links, encrypted and repeated entries are refused with the whole package. Archives inside are not opened.
 * Specs: [APPNOTE §4.3, §4.4].
 * @module
 */
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { isArchive, isSchemaFile, type SchemaContents } from './schema-files.js'
import { SchemaPackageError } from './schema-problem.js'

const MAX_ENTRIES = 20_000
const MAX_FILE_BYTES = 64 * 1024 * 1024
const MAX_BYTES = 256 * 1024 * 1024
const UNIX_TYPE = 0o170000
const UNIX_LINK = 0o120000

/** Folders that the reader of folders passes over, too, and resource forks. */
const isHidden = (path: string): boolean =>
  path
    .split('/')
    .slice(0, -1)
    .some((step) => /^(\.|__MACOSX$|node_modules$)/.test(step))

/** `./a//b` is `a/b` on every file system. */
const cleaned = (path: string): string => {
  const steps = path.split('/').filter((step) => step !== '' && step !== '.')
  return steps.join('/') + (path.endsWith('/') ? '/' : '')
}

/** Bytes of one step of a path that any file system takes. */
const MAX_STEP_BYTES = 255

function refusal(entry: Entry, seen: ReadonlySet<string>): readonly [de: string, en: string] | undefined {
  if (/\p{Cc}/u.test(entry.fileName) || entry.fileName.split('/').some((step) => Buffer.byteLength(step) > MAX_STEP_BYTES))
    return ['hat einen Namen, den kein Dateisystem trägt', 'has a name that no file system takes']
  if (((entry.externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK) return ['ist ein Verweis (Link)', 'is a link']
  if (seen.has(entry.fileName)) return ['steht zweimal im Archiv', 'stands twice in the archive']
  return undefined
}

async function unpacked(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  // the library ends the stream with an error as soon as it is longer or shorter than announced
  for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  if (crc32(bytes) !== entry.crc32) throw new Error(`${entry.fileName}: checksum does not fit`)
  return bytes
}

async function listed(zip: ZipFile, file: string): Promise<Entry[]> {
  if (zip.entryCount > MAX_ENTRIES)
    throw new SchemaPackageError(`${file}: mehr als ${MAX_ENTRIES} Einträge`, `${file}: more than ${MAX_ENTRIES} entries`)
  const entries: Entry[] = []
  const seen = new Set<string>()
  for await (const entry of zip.eachEntry()) {
    entry.fileName = cleaned(entry.fileName)
    const why = refusal(entry, seen)
    if (why)
      throw new SchemaPackageError(`${file}: der Eintrag ${entry.fileName} ${why[0]}`, `${file}: the entry ${entry.fileName} ${why[1]}`)
    seen.add(entry.fileName)
    if (!entry.fileName.endsWith('/')) entries.push(entry)
  }
  const folders = new Set(entries.flatMap(({ fileName }) => [...fileName.matchAll(/\//g)].map(({ index }) => fileName.slice(0, index))))
  const both = entries.find(({ fileName }) => folders.has(fileName))?.fileName
  if (both !== undefined)
    throw new SchemaPackageError(`${file}: der Eintrag ${both} ist Datei und Ordner`, `${file}: the entry ${both} is a file and a folder`)
  return entries
}

/**
 * @param file path of the archive; also names it in complaints.
 * @throws {SchemaPackageError} no zip file, broken, or one of the refusals above.
 */
export async function readSchemaZip(file: string): Promise<SchemaContents> {
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false })
    const all = await listed(zip, file)
    const wanted = all.filter(({ fileName }) => isSchemaFile(fileName) && !isHidden(fileName))
    const large = wanted.find(({ uncompressedSize }) => uncompressedSize > MAX_FILE_BYTES)
    if (large || wanted.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0) > MAX_BYTES) {
      const limit = large ? `${large.fileName} > ${MAX_FILE_BYTES}` : `> ${MAX_BYTES}`
      throw new SchemaPackageError(`${file}: entpackt zu groß (${limit} Byte)`, `${file}: too large when unpacked (${limit} bytes)`)
    }
    const files = new Map<string, Uint8Array>()
    for (const entry of wanted) files.set(entry.fileName, await unpacked(zip, entry))
    const archives = all.map(({ fileName }) => fileName).filter(isArchive)
    return { files, passedOver: all.length - wanted.length, archives }
  } catch (cause) {
    if (cause instanceof SchemaPackageError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaPackageError(
      `${file}: als Zip-Archiv nicht lesbar (${why})`,
      `${file}: cannot be read as a zip archive (${why})`,
      cause,
    )
  } finally {
    zip?.close()
  }
}
