// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a configured schema directory: every `.xsd`, `.xml` and `.sch` file below it, nested as deeply as the publisher likes.
 *
 * Symbolic links to files are followed, links to folders are not: a circle must not hang the start. Bounds keep a mistaken path (`/`)
 * from filling the memory.
 * @module
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

const MAX_FILES = 20_000
const MAX_BYTES = 512 * 1024 * 1024
const MAX_DEPTH = 32

/**
 * @returns path relative to `dir` (with `/`) → bytes, in order of the paths.
 * @throws {Error} `ENOENT` and the like when the directory cannot be read; a RangeError beyond 20 000 files, 512 MiB or 32 levels.
 */
export async function readSchemaDirectory(dir: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  let bytes = 0
  const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new RangeError(`schema directory ${dir}: more than ${MAX_DEPTH} levels of folders`)
    const entries = await readdir(folder, { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !(entry.name.startsWith('.') && entry.name.length > 1))
          await walk(path, `${prefix}${entry.name}/`, depth + 1)
        continue
      }
      if (!/\.(xsd|xml|sch)$/i.test(entry.name)) continue
      if (entry.isSymbolicLink() && !(await stat(path).catch(() => undefined))?.isFile()) continue
      if (!entry.isFile() && !entry.isSymbolicLink()) continue
      const contents = await readFile(path)
      bytes += contents.length
      if (found.size >= MAX_FILES || bytes > MAX_BYTES)
        throw new RangeError(`schema directory ${dir}: more than ${MAX_FILES} files or ${MAX_BYTES} bytes`)
      found.set(prefix + entry.name, contents)
    }
  }
  await walk(dir, '', 0)
  return found
}
