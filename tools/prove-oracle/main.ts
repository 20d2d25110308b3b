// SPDX-License-Identifier: EUPL-1.2
/**
 * `npm run prove:oracle [-- --layer transport|content|both --samples N --per-second N --report FILE]`: can causes of failed decryptions be told apart by their answers
 * or the time of them? Exit code 0 only when they cannot, and the controls were found.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../generated.js'
import { judge, page, passed, wordOf } from './report.js'
import { measure, type Layer } from './run.js'
import { isSeparable } from './statistics.js'

const LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  transport: ['transport'],
  content: ['content'],
  both: ['transport', 'content'],
}

const { values } = parseArgs({
  options: {
    layer: { type: 'string', default: 'both' },
    samples: { type: 'string', default: '2000' },
    'per-second': { type: 'string', default: '30' },
    report: { type: 'string', default: 'docs/oracle.md' },
  },
})
const [samples, perSecond] = [Number(values.samples), Number(values['per-second'])]
const layers = LAYERS[values.layer]
if (layers === undefined || !(samples >= 20) || !(perSecond >= 1 && perSecond <= 200)) {
  console.error('prove:oracle --layer transport|content|both --samples N (20 or more) --per-second N (1 to 200) --report FILE')
  process.exit(2)
}

const load = (): string => (loadavg()[0] ?? 0).toFixed(1)
const report = resolve(ROOT, values.report)
const commit = existsSync(resolve(ROOT, '.git'))
  ? execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  : 'unknown'

for (const layer of layers) {
  const loadBefore = load()
  const onProgress = (done: number, of: number): void => console.error(`${layer}: ${done} of ${of}`)
  const verdict = judge(layer, await measure(layer, { samples, perSecond, onProgress }))
  const { comparison, controls } = verdict
  console.log(`${layer}: ${wordOf(verdict)}`)
  for (const { names, t, difference } of [...comparison.pairs, ...comparison.halves, ...controls])
    console.log(`  ${t.toFixed(2).padStart(8)}  ${(difference * 1000).toFixed(0).padStart(7)} µs  ${names.join(' | ')}`)
  for (const control of controls.filter((one) => !isSeparable(one))) console.log(`  not found: ${control.names.join(' | ')}`)
  const facts = {
    date: new Date().toISOString().slice(0, 16) + 'Z',
    commit,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    load: `${loadBefore} to ${load()}`,
    command: `npm run prove:oracle -- --layer ${layer} --samples ${samples} --per-second ${perSecond}`,
  }
  writeFileSync(report, page(verdict, facts, existsSync(report) ? readFileSync(report, 'utf8') : ''))
  console.log(`written: ${values.report}`)
  if (!passed(verdict)) process.exitCode = 1
}
