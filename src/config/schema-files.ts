// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a configured schema directory: every `.xsd`, `.xml`, `.gc` and `.sch` file below it, nested as deeply as the publisher likes.
 *
 * Symbolic links to files are followed, links to folders are not: a circle must not hang the start. Bounds keep a mistaken path (`/`)
 * from filling the memory.
 * @module
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

const MAX_FILES = 20_000
const MAX_BYTES = 512 * 1024 * 1024
const MAX_DEPTH = 32

/** Whether a file with this name can be part of a schema set. */
export const isSchemaFile = (name: string): boolean => /\.(xsd|xml|gc|sch)$/i.test(name)

const ARCHIVE = /\.(zip|jar|7z|rar|tar|t?gz|t?xz|bz2)$/i

/** Whether a file with this name holds others, which nobody looks into. */
export const isArchive = (name: string): boolean => ARCHIVE.test(name)

/** What a package or directory holds. */
export interface SchemaContents {
  /** Path → bytes of what may belong to a schema set. */
  readonly files: Map<string, Uint8Array>
  /** Other files, not read. */
  readonly passedOver: number
  /** Paths of archives among them. */
  readonly archives: readonly string[]
}

/** SHA-256 in hex. */
export const sumOfFile = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A set of files as a whole, SHA-256 in hex: the same names with the same bytes give the same sum, wherever the folder lies. */
export function sumOfFiles(files: ReadonlyMap<string, Uint8Array>): string {
  const whole = createHash('sha256')
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) ?? new Uint8Array(0)
    whole.update(`${sumOfFile(bytes)}  ${path}\n`)
  }
  return whole.digest('hex')
}

/**
 * @returns paths relative to `dir` (with `/`), in their order.
 * @throws {Error} `ENOENT` and the like when the directory cannot be read; a RangeError beyond 20 000 files, 512 MiB or 32 levels.
 */
export async function readSchemaContents(dir: string): Promise<SchemaContents> {
  const archives: string[] = []
  let passedOver = 0
  const found = new Map<string, Uint8Array>()
  let bytes = 0
  const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new RangeError(`schema directory ${dir}: more than ${MAX_DEPTH} levels of folders`)
    // in one go, at a start: the way through the thread pool takes longer than these files
    const entries = readdirSync(folder, { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !(entry.name.startsWith('.') && entry.name.length > 1))
          await walk(path, `${prefix}${entry.name}/`, depth + 1)
        continue
      }
      if (!isSchemaFile(entry.name)) {
        passedOver += 1
        if (isArchive(entry.name)) archives.push(prefix + entry.name)
        continue
      }
      if (entry.isSymbolicLink() && !(await stat(path).catch(() => undefined))?.isFile()) continue
      if (!entry.isFile() && !entry.isSymbolicLink()) continue
      const contents = readFileSync(path)
      bytes += contents.length
      if (found.size >= MAX_FILES || bytes > MAX_BYTES)
        throw new RangeError(`schema directory ${dir}: more than ${MAX_FILES} files or ${MAX_BYTES} bytes`)
      found.set(prefix + entry.name, contents)
    }
  }
  await walk(dir, '', 0)
  return { files: found, passedOver, archives }
}

/** The files alone. @throws {Error} as {@link readSchemaContents}. */
export const readSchemaDirectory = async (dir: string): Promise<Map<string, Uint8Array>> => (await readSchemaContents(dir)).files
