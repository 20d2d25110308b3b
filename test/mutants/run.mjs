// SPDX-License-Identifier: EUPL-1.2
/**
 * One process, all mutants: loads the tests once and runs, for each mutant, those that must notice. Prints a JSON line for each:
 * `{ id, ran, failed }`. The run without any mutant comes first, under the id ''.
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import Mocha from 'mocha'

const { files, runs } = JSON.parse(readFileSync(process.env.PROTEKTOR_MUTANTS ?? '', 'utf8'))
const mocha = new Mocha({ bail: true, timeout: 30_000, reporter: class {} })
mocha.cleanReferencesAfterRun(false)
// mocha would `require` the files, past the hooks of modules
for (const file of files) {
  mocha.suite.emit('pre-require', globalThis, file, mocha)
  await import(pathToFileURL(file).href)
}

for (const { id, grep } of runs) {
  globalThis.PROTEKTOR_MUTANT = id
  mocha.grep(new RegExp(grep))
  const counted = { id, ran: 0, failed: [] }
  await new Promise((resolve) => {
    const runner = mocha.run(resolve)
    runner.on('test end', () => counted.ran++)
    runner.on('fail', (test) => counted.failed.push(test.fullTitle()))
  })
  console.log(JSON.stringify(counted))
}
process.exit(0)
