// SPDX-License-Identifier: EUPL-1.2
/** Threat model §5, end: with any single check of the reading side taken away, a test fails. The patches are in `mutants/list.ts`. */
import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { MUTANTS } from './mutants/list.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = ['xml/gate', 'xml/dsig', 'xml/xenc', 'osci/threats', 'osci/review', 'osci/content', 'osci/nested-boxes', 'check/fixtures']
const RUN_MS = 300_000

interface Ran {
  readonly id: string
  readonly ran: number
  readonly failed: readonly string[]
}

/** The edits of all mutants by the URL of their file; `MUTANT` asks at run time which one is at work. */
function patches(): [string, { find: string; replace: string }[]][] {
  const byFile = new Map<string, { find: string; replace: string }[]>()
  for (const { id, edits } of MUTANTS)
    for (const { file, find, replace } of edits) {
      const asks = `(globalThis.PROTEKTOR_MUTANT === ${JSON.stringify(id)})`
      const url = pathToFileURL(join(ROOT, 'src', file)).href
      byFile.set(url, [...(byFile.get(url) ?? []), { find, replace: replace.replaceAll('MUTANT', () => asks) }])
    }
  return [...byFile]
}

async function runAll(): Promise<readonly Ran[]> {
  const folder = await mkdtemp(join(tmpdir(), 'protektor-mutants-'))
  try {
    const order = join(folder, 'mutants.json')
    const escaped = (words: readonly string[]): string => `\\b(${words.join('|')})\\b`
    const all = [...new Set(MUTANTS.flatMap(({ tests }) => tests))]
    const runs = [{ id: '', grep: escaped(all) }, ...MUTANTS.map(({ id, tests }) => ({ id, grep: escaped(tests) }))]
    const files = FILES.map((name) => join(ROOT, `test/${name}.test.ts`))
    await writeFile(order, JSON.stringify({ patches: patches(), files, runs }))
    const script = ['--import', pathToFileURL(join(ROOT, 'test/mutants/register.mjs')).href, '--import', 'tsx']
    const { stdout } = await promisify(execFile)(process.execPath, [...script, join(ROOT, 'test/mutants/run.mjs')], {
      cwd: ROOT,
      env: { ...process.env, PROTEKTOR_MUTANTS: order },
      timeout: RUN_MS,
      maxBuffer: 16 * 1024 * 1024,
    })
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Ran)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('mutants: checks taken away one at a time', () => {
  let ran: ReadonlyMap<string, Ran>

  before(async function () {
    this.timeout(RUN_MS)
    ran = new Map((await runAll()).map((one) => [one.id, one]))
  })

  it('without a mutant every test that is to notice one passes', () => {
    expect(ran.get('')?.failed).to.deep.equal([])
  })

  for (const { id, rule, tests } of MUTANTS)
    it(`§${rule}: without "${id}" a test of ${tests.join(', ')} fails`, () => {
      expect(ran.get(id)?.ran).to.be.greaterThan(0)
      expect(ran.get(id)?.failed).to.have.length.greaterThan(0)
    })
})
