// SPDX-License-Identifier: EUPL-1.2
/*
 * Finds the program for the launcher and for its threads: the built one when `dist/` is there, otherwise the sources, translated once and
 * kept (from-sources.js), or through tsx where nothing can be kept.
 */
'use strict'
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

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

/** Its exports. @param use names what will run of it: code is kept by that. */
exports.loadProgram = async (use) => {
  let whole = existsSync(program) ? program : undefined
  if (whole === undefined && !existsSync(compiled)) whole = await require('./from-sources.js').programFromSources(root)
  return whole === undefined ? inFiles() : require('./whole-program.js').load(whole, use)
}
