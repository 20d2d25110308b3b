// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor check` as anybody calls it, start of the process included, against native xmllint: a folder of 1,000 XMeld messages with as
 * many batches at the same time as we use workers, and one document of 20 MB.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './main.js'
import { writeMessages, XMELD } from './xmeld.js'

const MESSAGES = 1000
const ROUNDS = 3
const LARGE_BYTES = 20 * 1024 * 1024
/** What `check` takes for this many files by itself. */
const WORKERS = 1

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))
const DRIVER = join(XMELD, 'xsd/xinneres.xmeld.xsd')
const NATIVE_ENV = { ...process.env, XML_CATALOG_FILES: join(XMELD, 'catalog.xml') }

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Milliseconds until all processes have ended. @throws {Error} one ended otherwise than allowed */
async function took(
  commands: readonly (readonly [command: string, argv: readonly string[]])[],
  allowed: readonly number[],
): Promise<number> {
  const began = performance.now()
  await Promise.all(
    commands.map(
      ([command, argv]) =>
        new Promise<void>((resolve, reject) => {
          const child = spawn(command, argv, { stdio: 'ignore', env: NATIVE_ENV })
          child.on('error', reject)
          child.on('exit', (code) => (allowed.includes(code ?? -1) ? resolve() : reject(new Error(`${command} ended with ${code}`))))
        }),
    ),
  )
  return performance.now() - began
}

const ours = (...argv: readonly string[]) => took([[process.execPath, [LAUNCHER, 'check', ...argv]]], [0, 3])

/** Both sides take turns; the first round fills caches and does not count. */
async function compare(name: string, goal: number, mine: () => Promise<number>, theirs: () => Promise<number>): Promise<BenchResult> {
  const [a, b]: [number[], number[]] = [[], []]
  for (let round = 0; round <= ROUNDS; round++) {
    const [one, other] = [await mine(), await theirs()]
    if (round === 0) continue
    a.push(one)
    b.push(other)
  }
  const [we, they] = [median(a), median(b)]
  return { name, ours: `${we.toFixed(0)} ms`, reference: `${they.toFixed(0)} ms`, ratio: we / they, goal, ok: we / they <= goal }
}

const missing = (name: string, goal: number, what: string): BenchResult => ({
  name,
  ours: 'not measured',
  reference: what,
  ratio: undefined,
  goal,
})

const hasXmllint = (): boolean => spawnSync('xmllint', ['--version']).error === undefined

export async function benchCheckFolder(): Promise<readonly BenchResult[]> {
  const name = `check of ${MESSAGES} XMeld messages, ${WORKERS} worker`
  const rows = [
    [`${name}, layers xml and xoev-schema`, 1.5, ['--layers', 'xml,xoev-schema']],
    [`${name}, all layers`, 4, []],
  ] as const
  if (!existsSync(XMELD) || !hasXmllint()) return rows.map(([row, goal]) => missing(row, goal, 'official set or xmllint absent'))
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const messages = join(folder, 'messages')
    mkdirSync(messages)
    const files = writeMessages(messages, MESSAGES)
    const share = Math.ceil(files.length / WORKERS)
    const batches = Array.from({ length: WORKERS }, (_, index) => files.slice(index * share, (index + 1) * share))
    const native = () =>
      took(
        batches.map((batch) => ['xmllint', ['--noout', '--nonet', '--schema', DRIVER, ...batch]]),
        [0],
      )
    const results: BenchResult[] = []
    for (const [row, goal, layers] of rows) {
      const argv = [
        '--schemas',
        XMELD,
        '--workers',
        String(WORKERS),
        ...layers,
        '--format',
        'json',
        '--out',
        join(folder, 'report'),
        messages,
      ]
      results.push(await compare(row, goal, () => ours(...argv), native))
    }
    return results
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An XProtektor letter whose residences repeat until 20 MB are full: many small elements. Not valid, but judged to its end. */
function largeDocument(): string {
  const folder = new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/', import.meta.url)
  const sample = readFileSync(new URL('selbstauskunft.auskunft.1102.xml', folder), 'utf8')
  const residence = /[ \t]*<xp:wohnung>.*?<\/xp:wohnung>\r?\n?/s.exec(sample)?.[0]
  if (residence === undefined) throw new Error('the sample names no residence')
  return sample.replace(residence, residence.repeat(Math.ceil(LARGE_BYTES / residence.length)))
}

export async function benchCheckLarge(): Promise<readonly BenchResult[]> {
  const rows = [
    ['check of one document of 20 MB, layer xml', 10, 'xml'],
    ['check of one document of 20 MB, layers xml and xoev-schema', 20, 'xml,xoev-schema'],
  ] as const
  if (!hasXmllint()) return rows.map(([row, goal]) => missing(row, goal, 'xmllint absent'))
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const file = join(folder, 'large.xml')
    writeFileSync(file, largeDocument())
    const native = () => took([['xmllint', ['--noout', file]]], [0])
    const results: BenchResult[] = []
    for (const [row, goal, layers] of rows)
      results.push(
        await compare(row, goal, () => took([[process.execPath, [LAUNCHER, 'check', '--layers', layers, file]]], [0, 1]), native),
      )
    return results
  } finally {
    rmSync(folder, { recursive: true })
  }
}
