// SPDX-License-Identifier: EUPL-1.2
/**
 * Which pages of an lmdb file are in use: a file may rightly be shorter than its header says, when its last pages were freed before they
 * were ever written; cut off it is only if a page in use is missing. Reading that one through lmdb would end the process.
 *
 *   page  ─ @0 number u64, @8 transaction u64, @18 kind u16 (1 branch, 2 leaf), @20 lower u16, @24 offsets of nodes u16 … (from @24)
 *   node  ─ @0 low u16, high u16, flags u16, key size u16, key, data
 *   branch: low, high, flags are the number of the page below;  leaf: low, high are the size of the data
 *   data  ─ flag 1: u64 first of its overflow pages;  flag 2: a table, its root u64 @40
 * @module
 */
import { readSync } from 'node:fs'

const PAGE_HEADER = 24
const NODE_HEADER = 8
const BRANCH = 1
const LEAF = 2
const OVERFLOW = 1
const TABLE = 2
const NO_PAGE = 2n ** 64n - 1n

export interface LmdbFile {
  readonly descriptor: number
  readonly pageBytes: number
  /** Whole pages in the file. */
  readonly pages: number
}

/**
 * Walks from the roots through every page in use.
 * @param roots of the free list and of the table of tables.
 * @returns false: a page in use is missing, or is no page.
 */
export function hasAllPages(file: LmdbFile, roots: readonly bigint[]): boolean {
  const waiting = roots.filter((root) => root !== NO_PAGE)
  const page = Buffer.alloc(file.pageBytes)
  // a tree has no page twice: more steps than pages is a circle
  for (let steps = 0; waiting.length > 0; steps++) {
    const number = waiting.pop()
    if (number === undefined || number >= BigInt(file.pages) || steps > file.pages) return false
    if (readSync(file.descriptor, page, 0, file.pageBytes, Number(number) * file.pageBytes) < file.pageBytes) return false
    const below = pagesBelow(page, file)
    if (!below) return false
    waiting.push(...below)
  }
  return true
}

/** undefined: it is no page of a tree, or one whose data is missing. */
function pagesBelow(page: Buffer, file: LmdbFile): bigint[] | undefined {
  const kind = page.readUInt16LE(18) & (BRANCH | LEAF)
  const count = page.readUInt16LE(20) >> 1
  if (kind !== BRANCH && kind !== LEAF) return undefined
  const below: bigint[] = []
  for (let index = 0; index < count; index++) {
    const pointer = PAGE_HEADER + 2 * index
    const at = pointer + 2 > page.length ? page.length : PAGE_HEADER + page.readUInt16LE(pointer)
    if (at + NODE_HEADER > page.length) return undefined
    const size = page.readUInt32LE(at)
    const flags = page.readUInt16LE(at + 4)
    const data = at + NODE_HEADER + page.readUInt16LE(at + 6)
    if (kind === BRANCH) below.push(BigInt(size) + (BigInt(flags) << 32n))
    else if ((flags & TABLE) !== 0) {
      if (data + 48 > page.length) return undefined
      const root = page.readBigUInt64LE(data + 40)
      if (root !== NO_PAGE) below.push(root)
    } else if ((flags & OVERFLOW) !== 0) {
      const pages = Math.ceil((PAGE_HEADER + size) / file.pageBytes)
      if (data + 8 > page.length || page.readBigUInt64LE(data) + BigInt(pages) > BigInt(file.pages)) return undefined
    }
  }
  return below
}
