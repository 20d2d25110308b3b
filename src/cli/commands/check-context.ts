// SPDX-License-Identifier: EUPL-1.2
/**
 * Composes what the check engine gets from outside: keys, trust anchors, schema sets, clock and chance.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ReportHead, ReportSource } from '../../check/reports/report.js'
import type { CheckContext } from '../../check/types.js'
import { readSchemaDirectory } from '../../config/schema-files.js'
import type { Decrypter } from '../../env.js'
import { keyRing, makeDecrypter } from '../../pki/keys.js'
import { readPemCertificates, readPkcs12, type KeyPair } from '../../pki/keystore.js'
import { trustStore } from '../../pki/path.js'
import { startValidator, type SchemaSource, type SchemaValidator } from '../../xml/schema.js'
import { CodeListStore } from '../../xoev/codelists.js'
import { schemaSets } from '../../xoev/schema-sets.js'
import { UsageError } from '../arguments.js'
import { ownSchemas } from '../compose/own-schemas.js'

export interface KeystoreArgument {
  readonly file: string
  readonly pin: string | { readonly file: string }
}

export interface ContextOptions {
  readonly keystores: readonly KeystoreArgument[]
  readonly trust: readonly string[]
  readonly schemas: readonly string[]
  readonly at?: Date
  /** Threads of schema validation. */
  readonly workers: number
  readonly warn: (text: string) => void
}

export interface OpenedContext {
  readonly context: CheckContext
  /** What the verdicts depend on, for the head of the report. */
  readonly judgedBy: Pick<ReportHead, 'at' | 'schemaSets' | 'codeLists'>
  readonly close: () => Promise<void>
}

const startWorker = (url: URL, options: ConstructorParameters<typeof Worker>[1]): Worker => new Worker(url, options)

/** A file named on the command line that does not do is a wrong call. */
export async function named<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError({ de: `${file}: nicht brauchbar (${why})`, en: `${file}: cannot be used (${why})` })
  }
}

/** Keys and certificates of a keystore. @throws {UsageError} wrong PIN, no keystore, not there */
export async function openKeystore({ file, pin }: KeystoreArgument): Promise<KeyPair[]> {
  const text = typeof pin === 'string' ? pin : await named(pin.file, async () => (await readFile(pin.file, 'utf8')).replace(/\r?\n$/, ''))
  return named(file, async () => readPkcs12(await readFile(file), text))
}

async function decryptersOf(keystore: KeystoreArgument): Promise<Decrypter[]> {
  const pairs = await openKeystore(keystore)
  const rsa = pairs.filter(({ privateKey }) => privateKey.asymmetricKeyType === 'rsa')
  return Promise.all(rsa.map(({ certificate, privateKey }) => makeDecrypter(certificate, privateKey)))
}

interface ValidatorPool {
  readonly validatorFor: (source: SchemaSource) => Promise<SchemaValidator>
  readonly close: () => Promise<void>
}

/** One validator per schema set, started when the first document asks for it. */
function validatorPool(options: ContextOptions): ValidatorPool {
  const started = new Map<SchemaSource, Promise<SchemaValidator>>()
  return {
    validatorFor: (source) => {
      const running = started.get(source) ?? startValidator(source, { workers: options.workers, startWorker, onFallback: options.warn })
      started.set(source, running)
      return running
    },
    close: async () => {
      for (const one of await Promise.allSettled(started.values())) if (one.status === 'fulfilled') await one.value.close()
    },
  }
}

/** A set of files as a whole: the same names with the same bytes give the same sum, wherever the folder lies. */
function sumOf(files: ReadonlyMap<string, Uint8Array>): string {
  const whole = createHash('sha256')
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) ?? new Uint8Array(0)
    whole.update(`${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`)
  }
  return whole.digest('hex')
}

/**
 * Opens everything that the options name.
 * @throws {UsageError} a keystore, trust or schema file that cannot be used.
 */
export async function openContext(options: ContextOptions): Promise<OpenedContext> {
  const decrypters = (await Promise.all(options.keystores.map(decryptersOf))).flat()
  const roots = (
    await Promise.all(options.trust.map((file) => named(file, async () => readPemCertificates(await readFile(file, 'utf8')))))
  ).flat()
  const directories = await Promise.all(options.schemas.map((dir) => named(dir, () => readSchemaDirectory(dir))))
  const own = await ownSchemas('xprotektor')
  const sets = [...directories, own]
  const schemas = schemaSets(sets)
  for (const { file, detail } of options.schemas.length === 0 ? [] : schemas.broken()) options.warn(`${file}: ${detail}`)
  const pool = validatorPool(options)
  const osci12 = { id: 'osci12', entry: 'osci12.xsd', files: await ownSchemas('osci12') }
  const codeLists = CodeListStore.from(sets)
  const context: CheckContext = {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    keys: keyRing(decrypters),
    ...(options.trust.length === 0 ? {} : { trust: trustStore({ roots }) }),
    ...(options.at ? { at: options.at } : {}),
    osciSchema: await pool.validatorFor(osci12),
    xoev: { schemas, validatorFor: pool.validatorFor, codeLists },
  }
  const judges = [
    ...directories.map((files, index) => ({ name: basename(resolve(options.schemas[index] ?? '')), files })),
    { name: 'xprotektor', files: own },
    { name: osci12.id, files: osci12.files },
  ]
  const judgedBy = {
    at: (options.at ?? context.now()).toISOString(),
    schemaSets: judges.map(({ name, files }): ReportSource => ({ name, version: null, sha256: sumOf(files) })),
    codeLists: codeLists.all().map(({ uri, version, sha256 }): ReportSource => ({ name: uri, version, sha256 })),
  }
  return { context, judgedBy, close: pool.close }
}
