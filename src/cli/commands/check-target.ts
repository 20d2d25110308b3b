// SPDX-License-Identifier: EUPL-1.2
/**
 * Where a report goes while files are being checked.
 * @module
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Io } from '../io.js'
import { openFolder } from '../output-folder.js'

/** Characters; a way to the disk for every short file would cost more than some layers. */
const WRITTEN_AT_ONCE = 64 * 1024

/** Where the report goes: standard output, or a file in the folder of `--out`. */
export interface Target {
  readonly file: string | undefined
  write(text: string): Promise<void>
  close(): Promise<void>
}

/** @param out folder, made where it is missing; undefined: standard output. @throws {UsageError} it cannot be one. */
export async function targetOf(out: string | undefined, fileName: string, io: Io): Promise<Target> {
  if (out === undefined) return { file: undefined, write: async (text) => void io.out.write(text), close: async () => undefined }
  await openFolder(out, 0o777)
  const file = join(out, fileName)
  const handle = await open(file, 'w')
  let unwritten = ''
  const flush = async (): Promise<void> => {
    const text = unwritten
    unwritten = ''
    await handle.appendFile(text)
  }
  return {
    file,
    write: async (text) => {
      unwritten += text
      if (unwritten.length >= WRITTEN_AT_ONCE) await flush()
    },
    close: async () => {
      try {
        await flush()
      } finally {
        await handle.close()
      }
    },
  }
}
