// SPDX-License-Identifier: EUPL-1.2
/*
 * Loads the program that is one file, with what V8 made of it at an earlier start: compiling its 2 MB anew, function by function as they
 * are called, is a third of a start.
 *
 *   NAME.cjs           the program, a function as Node makes one of every CommonJS module, with `import` as well
 *   NAME-COMMAND.code  what it was made of and for ‖ digest of the code ‖ code
 *
 * V8 looks at the length of the source alone and trusts the rest, so all this is compared first. Whoever may write code here may write
 * the program as well. Where nothing can be kept everything works without.
 */
'use strict'
const { hash } = require('node:crypto')
const { readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const { Script } = require('node:vm')

const DIGEST_BYTES = 32
const digestOf = (bytes) => hash('sha256', bytes, 'buffer')

/** The very file, as it was written, and who reads it. */
function origin(file) {
  const { size, mtimeMs, ino } = statSync(file)
  return digestOf(`${file} ${size} ${mtimeMs} ${ino} ${process.version} ${process.arch}`)
}

function codeOf(codeFile, from) {
  try {
    const bytes = readFileSync(codeFile)
    const code = bytes.subarray(2 * DIGEST_BYTES)
    return bytes.subarray(0, 2 * DIGEST_BYTES).equals(Buffer.concat([from, digestOf(code)])) ? code : undefined
  } catch {
    return undefined
  }
}

/** In one step: another start may do the same. */
function keep(codeFile, from, script) {
  const made = `${codeFile}.${process.pid}`
  try {
    const code = script.createCachedData()
    writeFileSync(made, Buffer.concat([from, digestOf(code), code]))
    renameSync(made, codeFile)
  } catch {
    rmSync(made, { force: true })
  }
}

/**
 * Its exports. Code is kept by command, for each runs other functions, and at the end of a run that went well: by then V8 has compiled
 * what such a run needs.
 */
exports.load = (file, command = '') => {
  const from = origin(file)
  const codeFile = `${file.slice(0, -'.cjs'.length)}-${/^[a-z]{1,20}$/.test(command) ? command : 'none'}.code`
  const cachedData = codeOf(codeFile, from)
  // the bundler writes ASCII
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData ? { cachedData } : {}),
  })
  if (cachedData === undefined || script.cachedDataRejected)
    process.once('exit', (code) => {
      // 1 and 3 are answers of `check`, 2 and 4 are runs that came to nothing
      if ([0, 1, 3].includes(code)) keep(codeFile, from, script)
    })
  const module = { exports: {} }
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, dirname(file), (name) => import(name))
  return module.exports
}
