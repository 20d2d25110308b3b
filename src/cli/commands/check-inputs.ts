// SPDX-License-Identifier: EUPL-1.2
/**
 * What `protektor check` reads: files, directories (recursively, sorted) and standard input. Files are strings throughout; names that are
 * no UTF-8 are carried in them so that the file system gets back the bytes it gave.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export const STANDARD_INPUT = '-'

/** Stands for one byte that is no UTF-8: the half of a surrogate pair, which no name of Unicode holds. `u`: whole pairs stay together. */
const BYTE = /([\udc80-\udcff])/u

const nameOf = (bytes: Buffer): string =>
  isUtf8(bytes)
    ? bytes.toString('utf8')
    : bytes.toString('latin1').replace(/[\u0080-\u00ff]/g, (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)))

/** What the file system knows a listed file by. */
export const pathOf = (file: string): string | Buffer =>
  BYTE.test(file)
    ? Buffer.concat(file.split(BYTE).map((part) => (BYTE.test(part) ? Buffer.from([part.charCodeAt(0) & 0xff]) : Buffer.from(part))))
    : file

/** A listed file as it can be shown. */
export const shownName = (file: string): string => file.replace(new RegExp(BYTE, 'gu'), '\ufffd')

const leadsTo = (path: string) => stat(pathOf(path)).catch(() => undefined)

/** Adds the files below a folder. One that cannot be read is in the list itself, for its check to tell; what lies beside it is read all the same. */
async function addFilesBelow(folder: string, found: string[]): Promise<void> {
  const listed = await readdir(pathOf(folder), { withFileTypes: true, encoding: 'buffer' }).catch(() => undefined)
  if (listed === undefined) {
    found.push(folder)
    return
  }
  const entries = listed.map((entry) => ({ entry, name: nameOf(entry.name) }))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { entry, name } of entries) {
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    if (entry.isDirectory()) await addFilesBelow(path, found)
    else if (entry.isFile()) found.push(path)
    // links to folders are not followed: a circle must not hang the run; one that leads nowhere is told by its check
    else if (entry.isSymbolicLink() && (await leadsTo(path))?.isDirectory() !== true) found.push(path)
  }
}

/** The files that the words of the command line mean, in order. What is not there stays in the list, to be reported. */
export async function listInputs(words: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const word of words) {
    const facts = word === STANDARD_INPUT ? undefined : await stat(word).catch(() => undefined)
    if (facts?.isDirectory() === true) await addFilesBelow(word, files)
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
