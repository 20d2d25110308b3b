#!/usr/bin/env node
// SPDX-License-Identifier: EUPL-1.2
/*
 * Launcher: the built program when `dist/` is there, otherwise the sources: translated once and kept (from-sources.js), or through
 * tsx where nothing can be kept. Needs no build and no install script.
 *
 * It is CommonJS (bin/package.json) on purpose: Node reads a first ES module through the thread pool, and the pool takes
 * its size from UV_THREADPOOL_SIZE the moment it is first used. Private-key work runs there, so it must be set before.
 */
'use strict'
const { existsSync } = require('node:fs')
const { availableParallelism } = require('node:os')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(availableParallelism())

const root = join(__dirname, '..')
const program = join(root, 'dist', 'program', 'main.cjs')
const compiled = join(root, 'dist', 'src', 'cli', 'main.js')
const source = join(root, 'src', 'cli', 'main.ts')

/** The program as files, where there is no single one. */
async function inFiles() {
  const first = existsSync(compiled) ? compiled : source
  if (first === source) (await import('tsx/esm/api')).register()
  return import(pathToFileURL(first).href)
}

async function launch() {
  const [command] = process.argv.slice(2)
  let whole = existsSync(program) ? program : undefined
  if (whole === undefined && !existsSync(compiled)) whole = await require('./from-sources.js').programFromSources(root)
  const { main } = whole === undefined ? await inFiles() : require('./whole-program.js').load(whole, command)
  process.exitCode = await main(process.argv.slice(2))
}

launch().catch((error) => {
  console.error(error)
  process.exitCode = 4
})
