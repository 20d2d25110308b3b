// SPDX-License-Identifier: EUPL-1.2
/**
 * The files of a page of `web/`: bundled when first asked for where the program runs from its sources, read from `dist/web/` where it was
 * built. What comes from the sources is kept in memory only, so it can be neither stale nor unwritable.
 *
 *   src/web/PAGE/  index.html, *.svg   as they are
 *                  main.ts         ─► main.js
 *                  main.css        ─► main.css, with the fonts it names
 *   packages       LICENSE         ─► licences.txt, of all that went in
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WebAsset, WebAssets } from '../../gateway/web-page.js'

export const WEB_PAGES = ['citizen', 'operator', 'tester', 'report', 'explain'] as const
export type WebPage = (typeof WEB_PAGES)[number]

/** What a page may consist of; other files of its folder are sources. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Browsers in use with WebCrypto and `:has`; older ones get what they can. */
const TARGET = ['es2022', 'chrome110', 'firefox121', 'safari16']

const SOURCES = new URL('../../web/', import.meta.url)
const BUILT = import.meta.url.includes('/dist/src/') ? new URL('../../../web/', import.meta.url) : undefined

const assetOf = (name: string, bytes: Uint8Array): [string, WebAsset] => [
  name,
  { contentType: CONTENT_TYPES[extname(name)] ?? 'application/octet-stream', bytes },
]

async function readFolder(folder: string, accept: (extension: string) => boolean): Promise<Map<string, WebAsset>> {
  const names = (await readdir(folder)).filter((name) => accept(extname(name)))
  return new Map(await Promise.all(names.map(async (name) => assetOf(name, await readFile(join(folder, name))))))
}

const PACKAGE = /^(.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/

/** Licence texts of the packages that went in: they ask to travel with every copy. */
async function licencesOf(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((path) => PACKAGE.exec(path)?.[1] ?? []))
  const texts = [...folders].sort().map(async (folder) => {
    const file = (await readdir(folder)).find((name) => /^licen[cs]e(\.|$)/i.test(name))
    const text = file === undefined ? 'No licence text in the package.' : await readFile(join(folder, file), 'utf8')
    return `${folder.split(/node_modules[\\/]/).at(-1)}\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join('\n----\n\n')
}

/** Bundles a page from its sources. */
export async function bundlePage(page: WebPage): Promise<WebAssets> {
  const { build } = await import('esbuild')
  const folder = fileURLToPath(new URL(`${page}/`, SOURCES))
  const { outputFiles, metafile } = await build({
    absWorkingDir: folder,
    entryPoints: [join(folder, 'main.ts'), join(folder, 'main.css')],
    outdir: folder,
    assetNames: '[name]',
    loader: { '.woff2': 'file' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const inputs = Object.keys(metafile.inputs).map((path) => resolve(folder, path))
  const plain = await readFolder(folder, (extension) => extension === '.html' || extension === '.svg')
  return new Map([
    ...plain,
    ...outputFiles.map(({ path, contents }) => assetOf(basename(path), contents)),
    assetOf('licences.txt', new TextEncoder().encode(await licencesOf(inputs))),
  ])
}

/** The page as it is to be served; `index.html` is the page itself. */
export function webAssets(page: WebPage): Promise<WebAssets> {
  if (BUILT === undefined) return bundlePage(page)
  return readFolder(fileURLToPath(new URL(`${page}/`, BUILT)), (extension) => extension in CONTENT_TYPES)
}
