// SPDX-License-Identifier: EUPL-1.2
/**
 * `npm run prove:oracle [-- --samples N --per-second N --report FILE]`: can causes of failed decryptions be told apart by their answers
 * or the time of them? Exit code 0 only when they cannot, and the controls were found.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../generated.js'
import { page, passed, verdicts } from './report.js'
import { measure } from './run.js'
import { isSeparable } from './statistics.js'

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '2000' },
    'per-second': { type: 'string', default: '30' },
    report: { type: 'string', default: 'docs/oracle.md' },
  },
})
const [samples, perSecond] = [Number(values.samples), Number(values['per-second'])]
if (!(samples >= 20) || !(perSecond >= 1 && perSecond <= 200)) {
  console.error('prove:oracle --samples N (20 or more) --per-second N (1 to 200) --report FILE')
  process.exit(2)
}

const load = (): string => (loadavg()[0] ?? 0).toFixed(1)
const loadBefore = load()
const measured = await measure({
  samples,
  perSecond,
  onProgress: (what, done, of) => console.error(`${what}: ${done} of ${of}`),
})
const all = verdicts(measured)
for (const verdict of all) {
  const { layer, comparison, controls } = verdict
  console.log(`${layer}: ${passed(verdict) ? 'not separable' : 'FAILED'}`)
  for (const { names, t, difference } of [...comparison.pairs, ...comparison.halves, ...controls])
    console.log(`  ${t.toFixed(2).padStart(8)}  ${(difference * 1000).toFixed(0).padStart(7)} µs  ${names.join(' | ')}`)
  for (const control of controls.filter((one) => !isSeparable(one))) console.log(`  not found: ${control.names.join(' | ')}`)
}
const facts = {
  date: new Date().toISOString().slice(0, 16) + 'Z',
  commit: existsSync(resolve(ROOT, '.git'))
    ? execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
    : 'unknown',
  cores: cpus().length,
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  load: `${loadBefore} to ${load()}`,
  command: `npm run prove:oracle -- --samples ${samples} --per-second ${perSecond}`,
}
writeFileSync(resolve(ROOT, values.report), page(all, measured, facts))
console.log(`written: ${values.report}`)
process.exitCode = all.every(passed) ? 0 : 1
