// SPDX-License-Identifier: EUPL-1.2
/*
 * The sources as a program that Node starts without a loader: translated once by esbuild, kept below `node_modules/.cache/protektor/`.
 * A loader translates and resolves file by file, at each start anew; that is a third of what a start through tsx takes.
 *
 * What is kept can be neither stale nor broken: the folder's name is a digest of everything that goes in (every source, the place,
 * Node, esbuild, this file), and each file is compared with the digest that was noted when it was written. Only our own sources go
 * in; libraries stay where they are. Whoever may write to that folder may write to `node_modules` as well.
 */
'use strict'
const { createHash, hash } = require('node:crypto')
const { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const { join, relative, sep } = require('node:path')
const { pathToFileURL } = require('node:url')

const NOTES = 'digests.json'
/** Other states of the sources that stay, for who goes back and forth between branches. */
const KEPT = 4

const digestOf = (bytes) => hash('sha256', bytes)

/** The bytes of every source, read once: what is named is what is translated, even if somebody saves a file meanwhile. */
function readSources(root) {
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name))
  return new Map(paths.sort().map((path) => [path, readFileSync(path)]))
}

/** Names the program by all that it is made of. */
function nameOf(root, sources) {
  const all = createHash('sha256')
  const add = (name, bytes) => all.update(`${name}\0${bytes.length}\0`).update(bytes)
  add(`${root} ${process.version} ${require('esbuild/package.json').version}`, readFileSync(__filename))
  add('package.json', readFileSync(join(root, 'package.json')))
  for (const [path, bytes] of sources) add(path, bytes)
  return all.digest('hex').slice(0, 32)
}

/** Whether the folder is there and holds what was written into it. */
function isThere(folder) {
  try {
    const noted = Object.entries(JSON.parse(readFileSync(join(folder, NOTES), 'utf8')))
    return noted.length > 0 && noted.every(([name, digest]) => digestOf(readFileSync(join(folder, name))) === digest)
  } catch {
    return false
  }
}

/** `import.meta.url` stays that of the source (or of what stands for it): schemas, package.json and threads are found from there. */
const inPlace = (sources, urlOf) => ({
  name: 'in-place',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: sources.get(path).toString('utf8').replaceAll('import.meta.url', urlOf(path)),
      loader: 'ts',
    }))
  },
})

/** One program of all sources, as files in memory; `urlOf`: expression for `import.meta.url` of a source. */
async function translate(root, sources, outdir, target, urlOf) {
  const { outputFiles } = await require('esbuild').build({
    absWorkingDir: root,
    entryPoints: [join(root, 'src', 'cli', 'main.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target,
    keepNames: true,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [inPlace(sources, urlOf)],
    write: false,
    logLevel: 'silent',
  })
  return outputFiles
}

/** Translates into a folder of its own and moves it to its place in one step: another start may do the same. */
async function make(root, sources, cache, folder) {
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'making-'))
  try {
    const urlOf = (path) => JSON.stringify(pathToFileURL(path).href)
    const outputFiles = await translate(root, sources, made, `node${process.versions.node}`, urlOf)
    const notes = {}
    for (const { path, contents } of outputFiles) {
      writeFileSync(path, contents)
      notes[path.slice(made.length + 1)] = digestOf(contents)
    }
    writeFileSync(join(made, NOTES), JSON.stringify(notes))
    if (!isThere(folder)) rmSync(folder, { recursive: true, force: true })
    renameSync(made, folder)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

function forgetOld(cache, folder) {
  const others = readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((one) => one !== folder)
  const byAge = others.map((one) => ({ one, at: statSync(one).mtimeMs })).sort((a, b) => b.at - a.at)
  for (const { one } of byAge.slice(KEPT)) rmSync(one, { recursive: true, force: true })
}

/**
 * The same program for a package, below `dist/program/`: one bundle starts faster than some hundred files. It may be moved together with
 * `dist/src/`, which threads and importers use.
 */
exports.bundleBuilt = async (root, dist) => {
  const outdir = join(dist, 'program')
  const urlOf = (path) => {
    const compiled = relative(root, path).split(sep).join('/').replace(/\.ts$/, '.js')
    return `new URL(${JSON.stringify(`../${compiled}`)}, import.meta.url).href`
  }
  const outputFiles = await translate(root, readSources(root), outdir, 'node20', urlOf)
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  for (const { path, contents } of outputFiles) writeFileSync(path, contents)
}

/** Path of the program's first file, or undefined where it can be neither found nor made (read-only installation, no esbuild). */
exports.programFromSources = async (root) => {
  try {
    const cache = join(root, 'node_modules', '.cache', 'protektor')
    const sources = readSources(root)
    const folder = join(cache, nameOf(root, sources))
    if (!isThere(folder)) {
      // who loses a race against another start finds that one's work
      await make(root, sources, cache, folder).catch(() => undefined)
      if (!isThere(folder)) return undefined
      forgetOld(cache, folder)
    }
    return join(folder, 'main.mjs')
  } catch {
    return undefined
  }
}
