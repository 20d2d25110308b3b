// SPDX-License-Identifier: EUPL-1.2
/**
 * Whose directory it is that the demo is asked to write into, and with `--fresh` to remove: its own, or a new one. Never somebody's.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../arguments.js'
import { servedBy } from './data-directory.js'

/** How every configuration of the demo begins. */
export const DEMO_MARK = '# Demo of Protektor'
/** Its data directory, within. */
export const DEMO_DATA = 'data'

/** undefined: it is not there. */
async function there<T>(look: Promise<T>): Promise<T | undefined> {
  return look.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/**
 * @throws {UsageError} a demo runs with it, or it holds a configuration that is not the demo's; with `fresh` also: it holds anything, but no
 * demo.
 */
export async function assertDemoDirectory(directory: string, fresh: boolean): Promise<void> {
  const configuration = await there(readFile(join(directory, 'gateway.yaml'), 'utf8'))
  if (configuration?.startsWith(DEMO_MARK)) {
    const pid = servedBy(join(directory, DEMO_DATA))
    if (pid === undefined) return
    throw new UsageError({
      de: `mit ${directory} läuft schon eine Demo (Prozess ${pid}); --directory nimmt ein anderes Verzeichnis`,
      en: `a demo runs with ${directory} already (process ${pid}); --directory takes another directory`,
    })
  }
  if (configuration !== undefined)
    throw new UsageError({
      de: `${directory}: die gateway.yaml darin ist nicht die der Demo und würde überschrieben; --directory nimmt ein anderes Verzeichnis`,
      en: `${directory}: its gateway.yaml is not the demo's and would be overwritten; --directory takes another directory`,
    })
  if (fresh && ((await there(readdir(directory))) ?? []).length > 0)
    throw new UsageError({
      de: `${directory} enthält keine Demo: --fresh löscht es nicht`,
      en: `${directory} holds no demo: --fresh does not remove it`,
    })
}
