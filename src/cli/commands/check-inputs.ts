// SPDX-License-Identifier: EUPL-1.2
/**
 * What `protektor check` reads: files, directories (recursively, sorted) and standard input, never more than the limit into memory.
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A file to check. `bytes` is undefined when it is larger than the limit; then only its digest is known. */
export interface Input {
  readonly bytes?: Uint8Array
  readonly sha256?: string
}

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

/** Bytes of a file; of standard input nobody knows, so 0. */
export async function sizeOf(file: string): Promise<number> {
  return file === STANDARD_INPUT ? 0 : ((await stat(file).catch(() => undefined))?.size ?? 0)
}

async function readStream(stream: Readable, maxBytes: number): Promise<Input> {
  const hash = createHash('sha256')
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece
    size += bytes.byteLength
    hash.update(bytes)
    if (size <= maxBytes) pieces.push(bytes)
    else pieces.length = 0
  }
  return size <= maxBytes ? { bytes: Buffer.concat(pieces) } : { sha256: hash.digest('hex') }
}

/**
 * Reads one input.
 * @throws {Error} what the file system says, when it cannot be read.
 */
export async function readInput(file: string, stdin: Readable | undefined, maxBytes: number): Promise<Input> {
  if (file === STANDARD_INPUT) {
    if (!stdin) throw new Error('there is no standard input')
    return readStream(stdin, maxBytes)
  }
  const { size } = await stat(file)
  if (size <= maxBytes) return { bytes: await readFile(file) }
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return { sha256: hash.digest('hex') }
}
