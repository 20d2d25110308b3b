// SPDX-License-Identifier: EUPL-1.2
/*
 * The sources as a program that Node starts without a loader: translated once by esbuild, kept below `node_modules/.cache/protektor/`.
 * A loader translates and resolves file by file, at each start anew; that is a third of what a start through tsx takes.
 *
 * What is kept can be neither stale nor broken: the folder's name is a digest of everything that goes in (every source, the place, the
 * libraries' versions, Node, esbuild, this file), and each file is compared with the digest that was noted when it was written. Sources
 * are read only when the file system says that somebody may have written to one since. Libraries that go in are named by what npm noted
 * of its last installation: who changes files of one by hand removes the cache. Whoever may write to that folder may write to
 * `node_modules` as well.
 */
'use strict'
const { createHash, hash } = require('node:crypto')
const { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const { join, relative, sep } = require('node:path')
const { pathToFileURL } = require('node:url')

const NOTES = 'digests.json'
/** Other states of the sources that stay, for who goes back and forth between branches. */
const KEPT = 4

const digestOf = (bytes) => hash('sha256', bytes)

const SEEN = 'seen.json'
/** A file that was changed this short a time ago may be changed again without looking different. */
const UNSETTLED_MS = 2000

function sourcePaths(root) {
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  return entries
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name))
    .sort()
}

/** The bytes of every source, read once: what is named is what is translated, even if somebody saves a file meanwhile. */
const readSources = (root) => new Map(sourcePaths(root).map((path) => [path, readFileSync(path)]))

const versionsOf = (root) => `${root} ${process.version} ${require('esbuild/package.json').version}`

/** Libraries that become part of the program change with this file only, however they are installed. */
const librariesOf = (root) => join(root, 'node_modules', '.package-lock.json')

/** What the file system says of all that goes in: as long as it says the same, nobody has written to any of it. */
function looksOf(root, now) {
  const all = createHash('sha256').update(versionsOf(root))
  let newestMs = 0n
  for (const path of [__filename, join(root, 'package.json'), ...[librariesOf(root)].filter(existsSync), ...sourcePaths(root)]) {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(path, { bigint: true })
    all.update(`\0${path}\0${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`)
    if (ctimeMs > newestMs) newestMs = ctimeMs
  }
  return { looks: all.digest('hex'), isSettled: now() - Number(newestMs) > UNSETTLED_MS }
}

/** The folder of what looked like this; undefined: never seen. */
function seenAs(cache, looks) {
  try {
    const seen = JSON.parse(readFileSync(join(cache, SEEN), 'utf8'))
    return seen.looks === looks && /^[0-9a-f]{32}$/.test(seen.name) ? join(cache, seen.name) : undefined
  } catch {
    return undefined
  }
}

function noteSeen(cache, seen) {
  const made = join(cache, `${SEEN}.${process.pid}`)
  try {
    writeFileSync(made, JSON.stringify(seen))
    renameSync(made, join(cache, SEEN))
  } catch {
    rmSync(made, { force: true })
  }
}

/** Names the program by all that it is made of. */
function nameOf(root, sources) {
  const all = createHash('sha256')
  const add = (name, bytes) => all.update(`${name}\0${bytes.length}\0`).update(bytes)
  add(versionsOf(root), readFileSync(__filename))
  add('package.json', readFileSync(join(root, 'package.json')))
  if (existsSync(librariesOf(root))) add('libraries', readFileSync(librariesOf(root)))
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

/**
 * Libraries that go in: JavaScript alone, needed at nearly every start. Looking for their some hundred files and reading them took most
 * of a start. Others stay where they are: they bring machine code, threads or files of their own, or are seldom asked for.
 */
const INSIDE = new Set(
  'asn1js fast-xml-parser jose koa koa-helmet koa-router node-forge pino pkijs prom-client saxes xml-crypto yaml zod'.split(' '),
)

/** Where the program may be moved: the URL of what lies beside it. */
const BESIDE = 'const __beside = (path) => new URL(path, require("node:url").pathToFileURL(__filename)).href'

/** A script that is no module of Node's own cannot import; whole-program.js does it for it. */
const PACKAGE_IMPORTED_LATE = /\b(await )import\((['"][^.'"])/g

const packageOf = (specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)[0]

/** `import.meta.url` stays that of the source (or of what stands for it): schemas, package.json and threads are found from there. */
const inPlace = (sources, urlOf) => ({
  name: 'in-place',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      const asks = sources.has(importer)
      return asks && !INSIDE.has(packageOf(path)) ? { path, external: true } : undefined
    })
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const bytes = sources.get(path)
      if (bytes === undefined) return undefined
      const text = bytes.toString('utf8').replaceAll('import.meta.url', urlOf(path))
      return { contents: text.replace(PACKAGE_IMPORTED_LATE, '$1__import($2'), loader: 'ts' }
    })
  },
})

let translating = 0

/** One program of all sources and of {@link INSIDE}, as files in memory; `urlOf`: expression for `import.meta.url` of a source. */
async function translate(root, sources, outdir, target, urlOf) {
  const esbuild = require('esbuild')
  translating++
  try {
    return await esbuild.build({
      absWorkingDir: root,
      entryPoints: [join(root, 'src', 'cli', 'main.ts')],
      outdir,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target,
      // names stay, for stacks; the rest is only read and digested at each start
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: 'none',
      metafile: true,
      // for whole-program.js, so that the text need not be put together at each start
      banner: { js: `(function (exports, require, module, __filename, __dirname, __import) {${BESIDE}` },
      footer: { js: '})' },
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      plugins: [inPlace(sources, urlOf)],
      write: false,
      logLevel: 'silent',
    })
  } finally {
    // its service is a process of its own, and would stay as long as we do
    if (--translating === 0) await esbuild.stop()
  }
}

/** Translates into a folder of its own and moves it to its place in one step: another start may do the same. */
async function make(root, sources, cache, folder) {
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'making-'))
  try {
    const urlOf = (path) => JSON.stringify(pathToFileURL(path).href)
    const { outputFiles } = await translate(root, sources, made, `node${process.versions.node}`, urlOf)
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
    .filter((name) => !name.startsWith(SEEN))
    .map((name) => join(cache, name))
    .filter((one) => one !== folder)
  const byAge = others.map((one) => ({ one, at: statSync(one).mtimeMs })).sort((a, b) => b.at - a.at)
  for (const { one } of byAge.slice(KEPT)) rmSync(one, { recursive: true, force: true })
}

/** Licence texts of the packages that went in: they ask to travel with every copy. */
function licencesOf(root, inputs) {
  const folders = new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))
  const texts = [...folders].sort().map((folder) => {
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e(\.|$)/i.test(name))
    const text = file === undefined ? 'No licence text in the package.' : readFileSync(join(root, folder, file), 'utf8')
    return `${folder.split('node_modules/').at(-1)}\n\n${text.trim()}\n`
  })
  return texts.join('\n----\n\n')
}

/**
 * The same program for a package, below `dist/program/`. It may be moved together with `dist/src/`, which threads and importers use.
 */
exports.bundleBuilt = async (root, dist) => {
  const outdir = join(dist, 'program')
  const urlOf = (path) => {
    const compiled = relative(root, path).split(sep).join('/').replace(/\.ts$/, '.js')
    return `__beside(${JSON.stringify(`../${compiled}`)})`
  }
  const { outputFiles, metafile } = await translate(root, readSources(root), outdir, 'node20', urlOf)
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  for (const { path, contents } of outputFiles) writeFileSync(path, contents)
  writeFileSync(join(outdir, 'licences.txt'), licencesOf(root, Object.keys(metafile.inputs)))
}

/** Path of the program's first file, or undefined where it can be neither found nor made (read-only installation, no esbuild). */
exports.programFromSources = async (root, now = Date.now) => {
  try {
    const cache = join(root, 'node_modules', '.cache', 'protektor')
    // before the sources are read: what is written from now on looks different
    const { looks, isSettled } = looksOf(root, now)
    const seen = seenAs(cache, looks)
    if (seen !== undefined && isThere(seen)) return join(seen, 'main.cjs')
    const sources = readSources(root)
    const name = nameOf(root, sources)
    const folder = join(cache, name)
    if (!isThere(folder)) {
      // who loses a race against another start finds that one's work
      await make(root, sources, cache, folder).catch(() => undefined)
      if (!isThere(folder)) return undefined
      forgetOld(cache, folder)
    }
    if (isSettled) noteSeen(cache, { looks, name })
    return join(folder, 'main.cjs')
  } catch {
    return undefined
  }
}
