// SPDX-License-Identifier: EUPL-1.2
/**
 * The schema sets of this package. A file of its own, so that `serve` starts its schema threads without loading what else `check` needs.
 * @module
 */
import { fileURLToPath } from 'node:url'
import { readSchemaDirectory } from '../../config/schema-files.js'

/** Own schema sets lie beside the sources and beside the built files. @throws {Error} the set is not in the package */
export async function ownSchemas(name: string): Promise<ReadonlyMap<string, Uint8Array>> {
  for (const up of ['../../../schemas/', '../../../../schemas/']) {
    const files = await readSchemaDirectory(fileURLToPath(new URL(`${up}${name}`, import.meta.url))).catch(() => undefined)
    if (files && files.size > 0) return files
  }
  throw new Error(`the schema set ${name} is missing from the package`)
}
