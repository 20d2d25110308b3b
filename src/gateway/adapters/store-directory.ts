// SPDX-License-Identifier: EUPL-1.2
/**
 * A directory for one lmdb store: made for us alone (0700), marked with what lies in it, and looked over before lmdb maps it into memory:
 * a file that is shorter than it says, or of another version, would end the process with a signal, not with an error.
 *
 *   data.mdb ─ two meta pages, at 0 and at the page size: … @24 magic u32, @28 version u32, @48 page size u32, @88 and
 *              @136 roots u64 of free list and tables, @144 last page u64, @152 transaction u64
 * @module
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../errors.js'
import { hasAllPages } from './lmdb-pages.js'

const MARK = 'FORMAT'
const META_BYTES = 160
const MAGIC = 0xbeefc0de
/** Of the files of lmdb 3. */
const VERSION = 2
const MIN_FREE_BYTES = 16 * 1024 * 1024
/**
 * What a store maps from the start: address space, no memory. A map that grows with its file leaves the pages of the smaller one resident
 * (measured: each of them twice). A larger file still gets a larger map.
 */
export const MAP_BYTES = 256 * 1024 * 1024
/** So long a look at the free space counts. */
const LOOK_MS = 100

/** @throws {ConfigError} naming the path. */
export function storeBroken(path: string, de: string, en: string): ConfigError {
  return new ConfigError([{ key: 'dataDirectory', file: path, message: { de, en } }])
}

/**
 * lmdb 3.5 may overwrite foreign memory when a write fails: its error text can be longer than the room it takes for it. So nothing is
 * handed to it while the disk is nearly full.
 * @returns a function that throws then; cheap enough for every commit.
 */
export function diskGuard(path: string, freeBytes: (path: string) => number = freeBytesAt): () => void {
  let lookedAtMs = -Infinity
  let free = 0
  return () => {
    const nowMs = performance.now()
    if (nowMs - lookedAtMs >= LOOK_MS) {
      lookedAtMs = nowMs
      free = freeBytes(path)
    }
    if (free < MIN_FREE_BYTES) throw new Error('the disk is nearly full')
  }
}

function freeBytesAt(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/**
 * @param format one line that says which store it is, in which layout.
 * @throws {ConfigError} the directory cannot be made, holds something else, or its file is damaged.
 */
export function openStoreDirectory(path: string, format: string): void {
  let found: readonly string[]
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    // an older directory may be wider
    chmodSync(path, 0o700)
    found = readdirSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw storeBroken(path, `Verzeichnis nicht benutzbar (${code})`, `the directory cannot be used (${code})`)
  }
  if (found.every((name) => name === MARK)) {
    // new, or ended before anything was written
    writeFileSync(join(path, MARK), format + '\n', { mode: 0o600, flush: true })
    return
  }
  if (!found.includes(MARK) || readFileSync(join(path, MARK), 'utf8').trim() !== format)
    throw storeBroken(path, `kein Speicher „${format}“`, `this is no store "${format}"`)
  for (const name of ['data.mdb', 'lock.mdb']) if (found.includes(name)) checkUsable(join(path, name))
  if (found.includes('data.mdb')) checkFile(join(path, 'data.mdb'))
}

function checkUsable(file: string): void {
  try {
    if (!statSync(file).isFile()) throw storeBroken(file, 'keine Datei', 'this is no file')
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw storeBroken(file, 'nicht les- und schreibbar', 'this file cannot be read and written')
  }
}

function checkFile(path: string): void {
  const damaged = (de: string, en: string) => storeBroken(path, `beschädigt: ${de}`, `damaged: ${en}`)
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    // lmdb begins with an empty file; a process that ended then leaves nothing to lose
    if (size === 0) return
    const first = metaAt(descriptor, 0)
    const second = first && metaAt(descriptor, first.pageBytes)
    if (!first || !second) throw damaged('kein lmdb-Kopf', 'no lmdb header')
    const newest = second.transaction > first.transaction ? second : first
    const file = { descriptor, pageBytes: first.pageBytes, pages: Math.floor(size / first.pageBytes) }
    if (file.pages <= newest.lastPage && !hasAllPages(file, newest.roots))
      throw damaged('die Datei ist abgeschnitten', 'the file is cut off')
  } finally {
    closeSync(descriptor)
  }
}

interface Meta {
  readonly pageBytes: number
  readonly roots: readonly bigint[]
  readonly lastPage: number
  readonly transaction: number
}

function metaAt(descriptor: number, at: number): Meta | undefined {
  const meta = Buffer.alloc(META_BYTES)
  if (readSync(descriptor, meta, 0, META_BYTES, at) < META_BYTES || meta.readUInt32LE(24) !== MAGIC || meta.readUInt32LE(28) !== VERSION)
    return undefined
  const pageBytes = meta.readUInt32LE(48)
  // a power of two that lmdb can use
  if (pageBytes < 256 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined
  return {
    pageBytes,
    roots: [meta.readBigUInt64LE(88), meta.readBigUInt64LE(136)],
    lastPage: Number(meta.readBigUInt64LE(144)),
    transaction: Number(meta.readBigUInt64LE(152)),
  }
}
