// SPDX-License-Identifier: EUPL-1.2
/**
 * The package's version, read from its own package.json.
 * @module
 */
import { readFile } from 'node:fs/promises'

/** Found from the sources as well as from the built files, which lie one folder deeper. */
export async function packageVersion(): Promise<string> {
  for (const up of ['../../package.json', '../../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const found = JSON.parse(text) as { name?: string; version?: string }
    if (found.name === 'protektor' && found.version !== undefined) return found.version
  }
  return '0.0.0'
}
