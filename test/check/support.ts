// SPDX-License-Identifier: EUPL-1.2
/**
 * The context of the check tests: the keys of the captured messages, our own schema set, a fixed clock.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { check } from '../../src/check/engine.js'
import type { CheckContext, CheckResult } from '../../src/check/types.js'
import { readSchemaDirectory } from '../../src/config/schema-files.js'
import { keyRing, makeDecrypter } from '../../src/pki/keys.js'
import { readPemCertificates, readPkcs12 } from '../../src/pki/keystore.js'
import { trustStore } from '../../src/pki/path.js'
import { startValidator, type SchemaValidator } from '../../src/xml/schema.js'

export const FOREIGN = new URL('../../fixtures/foreign/osci-bibliothek-2.4.1/', import.meta.url)

const OWN_ROOT = new URL('../../fixtures/pki/ca.pem', import.meta.url)

export const capture = (name: string): Uint8Array => readFileSync(new URL(name, FOREIGN))

export async function osciValidator(workers = 1): Promise<SchemaValidator> {
  const files = await readSchemaDirectory(fileURLToPath(new URL('../../schemas/osci12', import.meta.url)))
  return startValidator({ id: 'osci12', entry: 'osci12.xsd', files }, { workers, startWorker: (url, options) => new Worker(url, options) })
}

/** Keys of the named stores; `trust` are the roots of the captures and of our own fixtures. */
export async function contextWith(osciSchema: SchemaValidator, ...stores: readonly string[]): Promise<CheckContext> {
  const pairs = stores.flatMap((name) => readPkcs12(readFileSync(new URL(`pki/${name}.p12`, FOREIGN)), 'test'))
  const decrypters = await Promise.all(pairs.map(({ certificate, privateKey }) => makeDecrypter(certificate, privateKey)))
  return {
    now: () => new Date('2026-11-24T09:00:00.000Z'),
    monotonicMs: () => 0,
    random: (n) => randomBytes(n),
    keys: keyRing(decrypters),
    trust: trustStore({
      roots: [new URL('pki/ca.pem', FOREIGN), OWN_ROOT].flatMap((url) => readPemCertificates(readFileSync(url, 'utf8'))),
    }),
    osciSchema,
  }
}

/** Changes a message as text; every byte stays one character. */
export function edited(bytes: Uint8Array, edit: (text: string) => string): Uint8Array {
  const before = Buffer.from(bytes).toString('latin1')
  const after = edit(before)
  if (after === before) throw new Error('the edit changes nothing')
  return new Uint8Array(Buffer.from(after, 'latin1'))
}

export const ids = (result: CheckResult, severity?: string): string[] =>
  result.findings.filter((f) => severity === undefined || f.severity === severity).map((f) => f.id)

export { check }
