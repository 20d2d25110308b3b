// SPDX-License-Identifier: EUPL-1.2
/**
 * What `protektor check` reads: files, directories (recursively, sorted) and standard input.
 * @module
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export const STANDARD_INPUT = '-'

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const found: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    // links to folders are not followed: a circle must not hang the run
    if (entry.isDirectory()) found.push(...(await filesBelow(path)))
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isFile() === true)) found.push(path)
  }
  return found
}

/** The files that the words of the command line mean, in order. What is not there stays in the list, to be reported. */
export async function listInputs(words: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const word of words) {
    const facts = word === STANDARD_INPUT ? undefined : await stat(word).catch(() => undefined)
    if (facts?.isDirectory() === true) files.push(...(await filesBelow(word).catch(() => [word])))
    else files.push(word)
  }
  return files
}

/**
 * All of standard input, or undefined as soon as it is more than the limit: the rest is not read.
 * @throws {Error} there is none, or it breaks.
 */
export async function readStandardInput(stdin: Readable | undefined, maxBytes: number): Promise<Uint8Array | undefined> {
  if (!stdin) throw new Error('there is no standard input')
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stdin as AsyncIterable<Buffer | string>) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece
    size += bytes.byteLength
    if (size > maxBytes) return undefined
    pieces.push(bytes)
  }
  return Buffer.concat(pieces)
}
