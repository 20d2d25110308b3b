// SPDX-License-Identifier: EUPL-1.2
/**
 * A valid XProtektor document of about the size wanted, and a validator for it.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { startValidator, type SchemaValidator } from '../../src/xml/schema.js'

const FOLDER = new URL('../../schemas/xprotektor/1.0/', import.meta.url)

/** A selbstauskunft.auskunft.1102 with as many residences as `bytes` hold: many elements, as register messages have. */
export function demoDocument(bytes: number): Uint8Array {
  const sample = readFileSync(new URL('beispiele/gueltig/selbstauskunft.auskunft.1102.xml', FOLDER), 'utf8')
  const residence = /[ \t]*<xp:wohnung>.*?<\/xp:wohnung>\r?\n?/s.exec(sample)?.[0]
  if (residence === undefined) throw new Error('the sample names no residence')
  const wanted = Math.round((bytes - Buffer.byteLength(sample)) / Buffer.byteLength(residence))
  return Buffer.from(sample.replace(residence, residence.repeat(Math.max(1, Math.min(48, wanted + 1)))), 'utf8')
}

export async function validatorOfDemo(workers = 1): Promise<SchemaValidator> {
  const files = new Map(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith('.xsd'))
      .map((name) => [name, new Uint8Array(readFileSync(new URL(name, FOLDER)))]),
  )
  return startValidator(
    { id: 'xprotektor', entry: 'xprotektor.xsd', files },
    { workers, startWorker: (url, options) => new Worker(url, options) },
  )
}
