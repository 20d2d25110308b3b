// SPDX-License-Identifier: EUPL-1.2
/**
 * Composes what the check engine gets from outside: keys, trust, schema sets, clock and chance. In every thread anew; nothing is started
 * before a file asks for it.
 * @module
 */
import { randomBytes, X509Certificate } from 'node:crypto'
import type { CheckContext } from '../../check/types.js'
import { keyRing, makeDecrypter } from '../../pki/keys.js'
import type { SchemaSource, SchemaValidator } from '../../xml/schema.js'
import { CodeListStore } from '../../xoev/codelists.js'
import { schemaSets } from '../../xoev/schema-sets.js'
import { schematronRunner } from '../../xoev/schematron-runner.js'
import { validatorPool, type ValidatorPool } from '../compose/validators.js'
import { readMaterial, type CheckMaterial, type MaterialOptions, type ReadMaterial } from './check-material.js'
import { requestsAmong } from './check-requests.js'
import { startWorker } from './start-worker.js'

export interface ContextOptions extends MaterialOptions {
  /** Threads of schema validation. */
  readonly workers: number
  readonly warn: (text: string) => void
}

export interface ComposedContext {
  readonly context: CheckContext
  readonly close: () => Promise<void>
}

export interface OpenedContext extends ComposedContext, Pick<ReadMaterial, 'judgedBy'> {}

/** A folder of XÖV documents must not wait for the schema of OSCI. */
const onDemand = ({ validatorFor }: ValidatorPool, source: SchemaSource): SchemaValidator => ({
  validate: async (xml, timeoutMs) => (await validatorFor(source)).validate(xml, timeoutMs),
  close: () => Promise.resolve(),
})

async function envelopeKeys({ open, senders }: NonNullable<CheckMaterial['envelopes']>): Promise<NonNullable<CheckContext['envelopes']>> {
  const { importOpeningKey, trustedSenders } = await import('../../envelope/keys.js')
  return {
    recipient: await Promise.all(open.map(importOpeningKey)),
    sender: trustedSenders(senders),
  }
}

async function trustIn({ roots, crls }: NonNullable<CheckMaterial['trust']>): Promise<NonNullable<CheckContext['trust']>> {
  const { trustStore } = await import('../../pki/path.js')
  return trustStore({ roots: roots.map((der) => new X509Certificate(der)), crls })
}

/** @param workers threads of schema validation. */
export async function composeContext(material: CheckMaterial, workers: number, warn: (text: string) => void): Promise<ComposedContext> {
  const pool = validatorPool({ workers, startWorker, onFallback: warn })
  const schemas = schemaSets(material.sets)
  // our own set stands last and is whole
  if (material.sets.length > 1) for (const { file, detail } of schemas.broken()) warn(`${file}: ${detail}`)
  for (const { file, detail } of material.brokenLists) warn(`${file}: ${detail}`)
  const decrypters = await Promise.all(
    material.keys.map(({ certificate, privateKey }) => makeDecrypter(new X509Certificate(certificate), privateKey)),
  )
  const schematron = schematronRunner(startWorker)
  const context: CheckContext = {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    keys: keyRing(decrypters),
    ...(material.trust ? { trust: await trustIn(material.trust) } : {}),
    ...(material.at ? { at: material.at } : {}),
    ...(material.layers ? { layers: material.layers } : {}),
    secondOpinion: material.secondOpinion,
    ...(material.envelopes ? { envelopes: await envelopeKeys(material.envelopes) } : {}),
    osciSchema: onDemand(pool, { id: 'osci12', entry: 'osci12.xsd', files: material.osci12 }),
    xoev: {
      schemas,
      validatorFor: pool.validatorFor,
      codeLists: CodeListStore.of(material.codeLists),
      schematron,
      requestFor: requestsAmong(material.requestFiles),
    },
  }
  return { context, close: async () => void (await Promise.all([pool.close(), schematron.close()])) }
}

/**
 * Opens everything that the options name.
 * @throws {UsageError} a keystore, trust or schema file that cannot be used.
 */
export async function openContext(options: ContextOptions): Promise<OpenedContext> {
  const { material, judgedBy } = await readMaterial(options)
  return { ...(await composeContext(material, options.workers, options.warn)), judgedBy }
}
