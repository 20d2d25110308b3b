// SPDX-License-Identifier: EUPL-1.2
/**
 * After `tsc`: the program as one bundle, for the launcher. `node --import tsx tools/bundle.ts [FOLDER]`, default `dist`.
 * @module
 */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const { bundleBuilt } = createRequire(import.meta.url)('../bin/from-sources.js') as {
  bundleBuilt: (root: string, dist: string) => Promise<void>
}

await bundleBuilt(fileURLToPath(new URL('../', import.meta.url)).replace(/[\\/]$/, ''), resolve(process.argv[2] ?? 'dist'))
