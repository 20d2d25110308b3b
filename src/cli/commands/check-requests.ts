// SPDX-License-Identifier: EUPL-1.2
/**
 * Finds the request of an answer among the other files of the same run. Looked for only when an answer asks: then the beginnings of all
 * files are read once, and of those that may fit, the whole.
 * @module
 */
import { constants, open, readFile, stat } from 'node:fs/promises'
import { CHECK_LIMITS } from '../../env.js'
import { parseXml } from '../../xml/gate.js'
import type { XmlDocument } from '../../xml/tree.js'
import { readHead } from '../../xoev/header.js'
import { pathOf } from './check-inputs.js'

/** A head stands at the beginning of its message. */
const HEAD_BYTES = 16 * 1024
const UUID = /[:<]nachrichtenUUID>\s{0,20}([0-9a-fA-F-]{36})\s{0,20}</

/** Of files whose beginnings bear one UUID; more than these are not all read to find the one that is meant. */
const MOST_CANDIDATES = 16

/** Requests that were found and are kept: many answers to one stand together, and a large one takes hundreds of megabytes as a tree. */
const KEPT = 2

/** How files of some kind are read; undefined: not at all, and the check of the file itself says so. */
interface Reading<File> {
  /** At least {@link HEAD_BYTES} of it, where it has so many. */
  beginning(file: File): Promise<Uint8Array | undefined>
  whole(file: File): Promise<Uint8Array | undefined>
}

const FROM_DISK: Reading<string> = {
  async beginning(file) {
    if (file === '-') return undefined
    try {
      // a pipe may never speak
      const handle = await open(pathOf(file), constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        if (!(await handle.stat()).isFile()) return undefined
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
        return buffer.subarray(0, bytesRead)
      } finally {
        await handle.close()
      }
    } catch {
      return undefined
    }
  },
  async whole(file) {
    try {
      return (await stat(pathOf(file))).size > CHECK_LIMITS.xmlBytes ? undefined : await readFile(pathOf(file))
    } catch {
      return undefined
    }
  },
}

const IN_MEMORY: Reading<Uint8Array> = {
  beginning: (bytes) => Promise.resolve(bytes),
  whole: (bytes) => Promise.resolve(bytes),
}

function uuidIn(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
  return UUID.exec(head)?.[1]?.toLowerCase()
}

/** The document, if this is its UUID: what the beginning of the file seemed to say may be a comment, or the UUID of something else. */
function documentIn(bytes: Uint8Array, nachrichtenUUID: string): XmlDocument | undefined {
  try {
    const document = parseXml(bytes, { limits: CHECK_LIMITS, frame: 'content' })
    return readHead(document)?.nachrichtenUUID === nachrichtenUUID ? document : undefined
  } catch {
    return undefined
  }
}

/** One request is read at a time, and once for all answers that ask meanwhile. @returns finds a plain XÖV document by its nachrichtenUUID. Where different files bear it, nobody can say which is meant: none; copies of one are one. */
function among<File>(files: readonly File[], reading: Reading<File>): (nachrichtenUUID: string) => Promise<XmlDocument | undefined> {
  let index: Promise<ReadonlyMap<string, readonly File[]>> | undefined
  const build = async (): Promise<ReadonlyMap<string, readonly File[]>> => {
    const found = new Map<string, File[]>()
    for (const file of files) {
      const beginning = await reading.beginning(file)
      const uuid = beginning && uuidIn(beginning)
      if (uuid === undefined) continue
      const known = found.get(uuid)
      if (known) known.push(file)
      else found.set(uuid, [file])
    }
    return found
  }
  const find = async (nachrichtenUUID: string): Promise<XmlDocument | undefined> => {
    const candidates = (await (index ??= build())).get(nachrichtenUUID) ?? []
    if (candidates.length > MOST_CANDIDATES) return undefined
    let found: { readonly bytes: Uint8Array; readonly document: XmlDocument } | undefined
    for (const file of candidates) {
      const bytes = await reading.whole(file)
      if (!bytes || (found && Buffer.from(found.bytes).equals(bytes))) continue
      const document = documentIn(bytes, nachrichtenUUID)
      if (document && found) return undefined
      if (document) found = { bytes, document }
    }
    return found?.document
  }
  const underway = new Map<string, Promise<XmlDocument | undefined>>()
  const done: string[] = []
  let last: Promise<unknown> = Promise.resolve()
  return (named) => {
    const nachrichtenUUID = named.toLowerCase()
    const known = underway.get(nachrichtenUUID)
    if (known) return known
    const found = last.then(() => find(nachrichtenUUID))
    const over = (): void => {
      done.push(nachrichtenUUID)
      for (const old of done.splice(0, Math.max(0, done.length - KEPT))) underway.delete(old)
    }
    last = found.then(over, over)
    underway.set(nachrichtenUUID, found)
    return found
  }
}

/** Among files on disk, by name. */
export const requestsAmong = (files: readonly string[]): ReturnType<typeof among> => among(files, FROM_DISK)

/** Among the files of one call. */
export const requestsAmongBytes = (files: readonly Uint8Array[]): ReturnType<typeof among> => among(files, IN_MEMORY)
