// SPDX-License-Identifier: EUPL-1.2
/**
 * XSD validation of a 10 KB XÖV message: our resident engine (one thread) against one native xmllint over as many files, same set.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { readSchemaDirectory } from '../../src/config/schema-files.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { startValidator, type SchemaSource } from '../../src/xml/schema.js'
import { schemaSets } from '../../src/xoev/schema-sets.js'
import { demoDocument } from './document.js'
import type { BenchResult } from './main.js'

const DOCUMENTS = 1000
const WARM_UP = 300
const ROUNDS = 7

const DEMO = new URL('../../schemas/xprotektor/1.0/', import.meta.url)
/** Official sets lie beside the project, never in it. */
const XMELD = new URL('../../../shared/official-schemas/xmeld-25.11a/', import.meta.url)

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Milliseconds per message; native includes its one start and compilation, as a batch has them. */
function native(entry: string, files: readonly string[]): number | undefined {
  const began = performance.now()
  const run = spawnSync('xmllint', ['--noout', '--nonet', '--schema', entry, ...files], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const took = performance.now() - began
  if (run.error) return undefined
  if (run.status !== 0) throw new Error(`xmllint: ${run.stderr.slice(0, 500)}`)
  return took / files.length
}

async function measure(name: string, source: SchemaSource, document: Uint8Array): Promise<BenchResult> {
  const validator = await startValidator(source, { workers: 1, startWorker: (url, options) => new Worker(url, options) })
  const folder = mkdtempSync(join(tmpdir(), 'bench-xsd-'))
  try {
    for (const [path, bytes] of source.files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), bytes)
    }
    const files = Array.from({ length: DOCUMENTS }, (_, i) => join(folder, `document-${i}.xml`))
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
      const one = native(join(folder, source.entry), files)
      if (one !== undefined) theirs.push(one)
    }
    const mine = median(ours)
    const reference = theirs.length === 0 ? undefined : median(theirs)
    return { name, ours: mine, reference, ratio: reference === undefined ? undefined : mine / reference, goal: 1.5 }
  } finally {
    rmSync(folder, { recursive: true })
    await validator.close()
  }
}

/** Our demo standard: a small set, so that the way between the threads weighs most. */
export function benchXsdDemo(): Promise<BenchResult> {
  const files = readdirSync(DEMO).filter((name) => name.endsWith('.xsd'))
  const source = {
    id: 'xprotektor',
    entry: 'xprotektor.xsd',
    files: new Map(files.map((f) => [f, new Uint8Array(readFileSync(new URL(f, DEMO)))])),
  }
  return measure('XSD of a 10 KB XProtektor message, ms (resident; native xmllint batch)', source, demoDocument(10 * 1024))
}

/** A message of the field against its official set, where that lies beside the project. */
export async function benchXsdXmeld(): Promise<BenchResult> {
  const name = 'XSD of a 9 KB XMeld message, ms (resident; native xmllint batch)'
  if (!existsSync(XMELD)) return { name, ours: 'not measured', reference: 'official set absent', ratio: undefined, goal: 1.5 }
  const samples = new URL('samples/', XMELD)
  const candidates = readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.xml') && !f.includes('invalid'))
  const documents = candidates
    .map((f) => readFileSync(new URL(f, samples)))
    .sort((a, b) => Math.abs(a.length - 10_240) - Math.abs(b.length - 10_240))
  const [document] = documents
  if (!document) throw new Error('the official set holds no sample')
  const { root } = parseXml(document, { limits: GATEWAY_LIMITS, frame: 'content' })
  const choice = schemaSets([await readSchemaDirectory(fileURLToPath(XMELD))]).forRoot(root.uri, root.local)
  if (!choice) throw new Error('the set does not declare the sample')
  return measure(name, choice.source, document)
}
