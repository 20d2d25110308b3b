// SPDX-License-Identifier: EUPL-1.2
/**
 * After `tsc`: the program as one bundle, for the launcher, and the pages of `web/`. `node --import tsx tools/bundle.ts [FOLDER]`, default `dist`.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePage, WEB_PAGES } from '../src/cli/compose/web-assets.js'

const { bundleBuilt } = createRequire(import.meta.url)('../bin/from-sources.js') as {
  bundleBuilt: (root: string, dist: string) => Promise<void>
}

const root = fileURLToPath(new URL('../', import.meta.url)).replace(/[\\/]$/, '')
const dist = resolve(process.argv[2] ?? 'dist')
await bundleBuilt(root, dist)
await rm(join(dist, 'web'), { recursive: true, force: true })
for (const page of WEB_PAGES) {
  if (!existsSync(join(root, 'src', 'web', page))) continue
  await mkdir(join(dist, 'web', page), { recursive: true })
  for (const [name, { bytes }] of await bundlePage(page)) await writeFile(join(dist, 'web', page, name), bytes)
}
