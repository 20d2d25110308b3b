// SPDX-License-Identifier: EUPL-1.2
/**
 * Makes folders, the ones above included. Node 20 does the same by an option of `mkdir`, and never ends where a file system says of a folder
 * that is there that it is not, when something is to be made in it (`/proc`).
 * @module
 */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() === true

/** @throws {Error} what the file system says. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path), mode)
  try {
    await mkdir(path, { mode })
  } catch (error) {
    // another process may have been quicker
    if (!(await isFolder(path))) throw error
  }
}
