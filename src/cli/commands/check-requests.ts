// SPDX-License-Identifier: EUPL-1.2
/**
 * Finds the request of an answer among the other files of the same run. Looked for only when an answer asks: then the beginnings of all
 * files are read once, and of the one file that fits, the whole.
 * @module
 */
import { open, readFile, stat } from 'node:fs/promises'
import { CHECK_LIMITS } from '../../env.js'
import { parseXml } from '../../xml/gate.js'
import type { XmlDocument } from '../../xml/tree.js'

/** A head stands at the beginning of its message. */
const HEAD_BYTES = 16 * 1024
const UUID = /[:<]nachrichtenUUID>\s{0,20}([0-9a-fA-F-]{36})\s{0,20}</

async function uuidOf(file: string): Promise<string | undefined> {
  if (file === '-') return undefined
  try {
    const handle = await open(file, 'r')
    try {
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

/** @returns finds a plain XÖV document by its nachrichtenUUID in lower case. Where several files bear it, nobody can say which is meant: none. */
export function requestsAmong(files: readonly string[]): (nachrichtenUUID: string) => Promise<XmlDocument | undefined> {
  let index: Promise<ReadonlyMap<string, string | undefined>> | undefined
  const build = async (): Promise<ReadonlyMap<string, string | undefined>> => {
    const found = new Map<string, string | undefined>()
    for (const file of files) {
      const uuid = await uuidOf(file)
      if (uuid !== undefined) found.set(uuid, found.has(uuid) ? undefined : file)
    }
    return found
  }
  return async (nachrichtenUUID) => {
    const file = (await (index ??= build())).get(nachrichtenUUID)
    try {
      if (file === undefined || (await stat(file)).size > CHECK_LIMITS.xmlBytes) return undefined
      return parseXml(await readFile(file), { limits: CHECK_LIMITS, frame: 'content' })
    } catch {
      return undefined
    }
  }
}
