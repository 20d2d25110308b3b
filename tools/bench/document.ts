// SPDX-License-Identifier: EUPL-1.2
/**
 * A valid XProtektor document of about the size wanted, and a validator for it.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { startValidator, type SchemaValidator } from '../../src/xml/schema.js'

const FOLDER = new URL('../../schemas/xprotektor/1.0/', import.meta.url)

/** A meldebescheinigung.antwort.1001 whose PDF fills it up to `bytes`. */
export function demoDocument(bytes: number): Uint8Array {
  const sample = readFileSync(new URL('beispiele/gueltig/meldebescheinigung.antwort.1001.dokument.xml', FOLDER), 'utf8')
  const filler = 'QUJD'.repeat(Math.max(1, Math.floor((bytes - sample.length) / 4)))
  return Buffer.from(sample.replace(/(<xp:inhalt>)[^<]*/, `$1${filler}`).replace(/<xp:sha256>[^<]*<\/xp:sha256>/, ''), 'utf8')
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
