// SPDX-License-Identifier: EUPL-1.2
/**
 * XSD validation of a 10 KB XÖV message: our resident engine (one thread) against one native xmllint over as many files, same set.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { demoDocument, validatorOfDemo } from './document.js'
import type { BenchResult } from './main.js'

const DOCUMENTS = 1000
const WARM_UP = 300
const ROUNDS = 7
const ENTRY = fileURLToPath(new URL('../../schemas/xprotektor/1.0/xprotektor.xsd', import.meta.url))

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Milliseconds per message; native includes its one start and compilation, as a batch has them. */
function native(files: readonly string[]): number | undefined {
  const began = performance.now()
  const run = spawnSync('xmllint', ['--noout', '--nonet', '--schema', ENTRY, ...files], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const took = performance.now() - began
  if (run.error) return undefined
  if (run.status !== 0) throw new Error(`xmllint: ${run.stderr.slice(0, 500)}`)
  return took / files.length
}

export async function benchXsd(): Promise<BenchResult> {
  const document = demoDocument(10 * 1024)
  const validator = await validatorOfDemo(1)
  const folder = mkdtempSync(join(tmpdir(), 'bench-xsd-'))
  try {
    const files = Array.from({ length: DOCUMENTS }, (_, i) => join(folder, `${i}.xml`))
    for (const file of files) writeFileSync(file, document)
    const resident = async (count: number): Promise<number> => {
      const began = performance.now()
      const verdicts = await Promise.all(Array.from({ length: count }, () => validator.validate(document)))
      const took = performance.now() - began
      const bad = verdicts.find((v) => v.verdict !== 'valid')
      if (bad) throw new Error(`not valid: ${bad.problems[0]?.message ?? ''}`)
      return took / count
    }
    await resident(WARM_UP)
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await resident(DOCUMENTS))
      const one = native(files)
      if (one !== undefined) theirs.push(one)
    }
    const mine = median(ours)
    const reference = theirs.length === 0 ? undefined : median(theirs)
    return {
      name: 'XSD of a 10 KB message, ms (resident; native xmllint batch)',
      ours: mine,
      reference,
      ratio: reference === undefined ? undefined : mine / reference,
      goal: 1.5,
    }
  } finally {
    rmSync(folder, { recursive: true })
    await validator.close()
  }
}
