#!/usr/bin/env node
// SPDX-License-Identifier: EUPL-1.2
/*
 * Launcher. Needs no build and no install script.
 *
 * It is CommonJS (bin/package.json) on purpose: Node reads a first ES module through the thread pool, and the pool takes
 * its size from UV_THREADPOOL_SIZE the moment it is first used. Private-key work runs there, so it must be set before.
 */
'use strict'
const { availableParallelism } = require('node:os')
const { loadProgram } = require('./program.js')

if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(availableParallelism())

async function launch() {
  const { main } = await loadProgram(process.argv[2])
  process.exitCode = await main(process.argv.slice(2))
}

launch().catch((error) => {
  console.error(error)
  process.exitCode = 4
})
