// SPDX-License-Identifier: EUPL-1.2
/**
 * A folder that something of a command's is kept in.
 * @module
 */
import { access, constants } from 'node:fs/promises'
import { makeFolder } from '../config/folder.js'
import { UsageError } from './arguments.js'

/** Makes the folder, before there is anything to keep. @throws {UsageError} */
export async function openFolder(directory: string, mode = 0o700): Promise<string> {
  try {
    await makeFolder(directory, mode)
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
    throw new UsageError({
      de: `in ${directory} kann nichts abgelegt werden (${code})`,
      en: `nothing can be kept in ${directory} (${code})`,
    })
  }
  return directory
}
