// SPDX-License-Identifier: EUPL-1.2
/**
 * The two judges of an envelope: our schema set, and the official one (state 10) by the JDK's own XSD validator.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { CHECK_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { startValidator, type SchemaValidator } from '../../src/xml/schema.js'
import type { XmlDocument } from '../../src/xml/tree.js'
import { SHARED } from './xsd-captures.js'

export const SET = fileURLToPath(new URL('../../schemas/osci12/', import.meta.url))
const OFFICIAL = join(SHARED, 'official-schemas/osci12-korr10/schema')

export const parse = (xml: string): XmlDocument => parseXml(Buffer.from(xml), { limits: CHECK_LIMITS, frame: 'content' })

export interface OfficialVerdict {
  readonly valid: boolean
  readonly why: string
}

/** Verdicts of the official set, one run of Java for all. */
export function official(documents: readonly { readonly xml: string; readonly name: string }[]): readonly OfficialVerdict[] {
  const folder = mkdtempSync(join(tmpdir(), 'xsd-oracle-'))
  try {
    const files = documents.map(({ xml, name }, i) => {
      const file = join(folder, `${i}.xml`)
      // a fault names no schema; the oracle looks for the name in the text
      writeFileSync(file, name === 'messageFault' ? `${xml}<!-- schemaLocation="x soapMessageFault.xsd" -->` : xml)
      return file
    })
    const java = spawnSync('java', [join(SHARED, 'peer/XsdOracle.java'), OFFICIAL, 'auto', ...files], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    // a message of the oracle may go over several lines
    const lines = java.stdout.split('\n').filter((line) => line.startsWith(`valid ${folder}`) || line.startsWith(`invalid ${folder}`))
    if (lines.length !== files.length) throw new Error(`the oracle judged ${lines.length} of ${files.length} files: ${java.stderr}`)
    return lines.map((line) => ({ valid: line.startsWith('valid '), why: line.split(' ').slice(2).join(' ') }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Our set, its workers started. */
export function startOurSet(): Promise<SchemaValidator> {
  const files = new Map(readdirSync(SET).map((name) => [name, readFileSync(join(SET, name))]))
  return startValidator(
    { id: 'osci12', entry: 'osci12.xsd', files },
    { workers: 2, maxQueued: 10_000, startWorker: (url, options) => new Worker(url, options) },
  )
}
