// SPDX-License-Identifier: EUPL-1.2
/**
 * What the tests of this room share: the project's own schema directory, compiled validators, and small documents.
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { readSchemaDirectory } from '../../src/config/schema-files.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { parseXml } from '../../src/xml/gate.js'
import { startValidator, type SchemaSource, type SchemaValidator } from '../../src/xml/schema.js'
import type { XmlDocument } from '../../src/xml/tree.js'
import { checkContent, type ContentContext, type XoevReport } from '../../src/xoev/check.js'
import { CodeListStore } from '../../src/xoev/codelists.js'
import { schemaSets, type SchemaFiles, type SchemaSet, type SchemaSets } from '../../src/xoev/schema-sets.js'

export const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const xprotektorDirectory = join(project, 'schemas', 'xprotektor', '1.0')
export const samplesDirectory = join(xprotektorDirectory, 'beispiele', 'gueltig')

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const treeOf = (xml: string | Uint8Array): XmlDocument =>
  parseXml(typeof xml === 'string' ? bytesOf(xml) : xml, { limits: GATEWAY_LIMITS, frame: 'content' })

/** Files in memory, for directories that exist only in a test. */
export const filesOf = (files: Readonly<Record<string, string>>): SchemaFiles =>
  new Map(Object.entries(files).map(([path, text]) => [path, bytesOf(text)]))

export const sampleNames = (): string[] => readdirSync(samplesDirectory).sort()
export const sample = (name: string): Uint8Array => readFileSync(join(samplesDirectory, name + '.xml'))
export const sampleText = (name: string): string => new TextDecoder().decode(sample(name))

/** Validators by source; `close` ends all threads. */
export class Validators {
  private readonly started = new Map<SchemaSource, Promise<SchemaValidator>>()

  readonly for = (source: SchemaSource): Promise<SchemaValidator> => {
    let known = this.started.get(source)
    if (!known) {
      known = startValidator(source, { workers: 1, startWorker: (url, options) => new Worker(url, options) })
      this.started.set(source, known)
    }
    return known
  }

  async close(): Promise<void> {
    await Promise.all([...this.started.values()].map(async (one) => (await one.catch(() => undefined))?.close()))
    this.started.clear()
  }
}

export interface Desk {
  readonly schemas: SchemaSets
  readonly codeLists: CodeListStore
  check(xml: string | Uint8Array, more?: Partial<ContentContext>): Promise<XoevReport>
  close(): Promise<void>
}

/** A checking desk over directories; the project's own standard when none are given. */
export async function deskOf(directories?: readonly (SchemaFiles | SchemaSet)[]): Promise<Desk> {
  const given = directories ?? [await readSchemaDirectory(xprotektorDirectory)]
  const validators = new Validators()
  const schemas = schemaSets(given)
  const codeLists = CodeListStore.from(given.map((one) => ('files' in one ? one.files : one)))
  return {
    schemas,
    codeLists,
    check: (xml, more) =>
      checkContent(typeof xml === 'string' ? bytesOf(xml) : xml, {
        schemas,
        codeLists,
        validatorFor: validators.for,
        limits: GATEWAY_LIMITS,
        ...more,
      }),
    close: () => validators.close(),
  }
}

export const idsOf = (report: XoevReport): string[] => report.findings.map((f) => f.id)
export const errorsOf = (report: XoevReport): string[] => report.findings.filter((f) => f.severity === 'error').map((f) => f.id)
