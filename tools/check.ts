// SPDX-License-Identifier: EUPL-1.2
/**
 * `npm run check`: types, rules, format, and whether what is generated is current. Two lanes, one for each of two cores; every step runs,
 * whatever the others found. Exit code 0 only when each found nothing.
 * @module
 */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { ROOT } from './generated.js'

const TSX = ['node', '--import', 'tsx'] as const
const eslint = (cache: string, ...what: readonly string[]) =>
  ['eslint', '--cache', '--cache-location', `node_modules/.cache/${cache}/`, ...what] as const
// what a linter asks of the compiler for the tests and for all else overlaps little: two of them take less time than one
const LANES: readonly (readonly (readonly string[])[])[] = [
  [eslint('eslint', '.', '--ignore-pattern', 'test/'), ['prettier', '--check', '--log-level', 'warn', '.']],
  [
    eslint('eslint-test', 'test'),
    ['tsc', '--noEmit'],
    ['tsc', '-p', 'src/web'],
    [...TSX, 'tools/docs.ts', '--check'],
    [...TSX, 'tools/fixtures.ts', '--check'],
  ],
]

const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}` }

/** What a step says is printed at its end, so that lanes do not mix. */
function step([command = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said: Buffer[] = []
    child.stdout.on('data', (text: Buffer) => said.push(text))
    child.stderr.on('data', (text: Buffer) => said.push(text))
    child.once('error', (error) => said.push(Buffer.from(error.message + '\n')))
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      if (code !== 0) console.log(`check: ${command} ${args.join(' ')}: ${code ?? 'ended by a signal'}`)
      resolve(code === 0)
    })
  })
}

async function lane(steps: readonly (readonly string[])[]): Promise<boolean> {
  let clean = true
  for (const one of steps) clean = (await step(one)) && clean
  return clean
}

process.exitCode = (await Promise.all(LANES.map(lane))).every(Boolean) ? 0 : 1
