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

/** A head stands at the beginning of its message. */
const HEAD_BYTES = 16 * 1024
const UUID = /[:<]nachrichtenUUID>\s{0,20}([0-9a-fA-F-]{36})\s{0,20}</

/** Of files whose beginnings bear one UUID; more than these are not all read to find the one that is meant. */
const MOST_CANDIDATES = 16

async function uuidOf(file: string): Promise<string | undefined> {
  if (file === '-') return undefined
  try {
    // a pipe may never speak
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!(await handle.stat()).isFile()) return undefined
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
      return UUID.exec(buffer.toString('latin1', 0, bytesRead))?.[1]?.toLowerCase()
    } finally {
      await handle.close()
    }
  } catch {
    // the check of the file itself says that it cannot be read
    return undefined
  }
}

/** The document, if this is its UUID: what the beginning of the file seemed to say may be a comment, or the UUID of something else. */
async function documentOf(file: string, nachrichtenUUID: string): Promise<XmlDocument | undefined> {
  try {
    if ((await stat(file)).size > CHECK_LIMITS.xmlBytes) return undefined
    const document = parseXml(await readFile(file), { limits: CHECK_LIMITS, frame: 'content' })
    return readHead(document)?.nachrichtenUUID === nachrichtenUUID ? document : undefined
  } catch {
    return undefined
  }
}

/** @returns finds a plain XÖV document by its nachrichtenUUID. Where several files bear it, nobody can say which is meant: none. */
export function requestsAmong(files: readonly string[]): (nachrichtenUUID: string) => Promise<XmlDocument | undefined> {
  let index: Promise<ReadonlyMap<string, readonly string[]>> | undefined
  const build = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const found = new Map<string, string[]>()
    for (const file of files) {
      const uuid = await uuidOf(file)
      if (uuid === undefined) continue
      const known = found.get(uuid)
      if (known) known.push(file)
      else found.set(uuid, [file])
    }
    return found
  }
  return async (named) => {
    const nachrichtenUUID = named.toLowerCase()
    const candidates = (await (index ??= build())).get(nachrichtenUUID) ?? []
    if (candidates.length > MOST_CANDIDATES) return undefined
    let found: XmlDocument | undefined
    for (const file of candidates) {
      const document = await documentOf(file, nachrichtenUUID)
      if (document && found) return undefined
      found ??= document
    }
    return found
  }
}
