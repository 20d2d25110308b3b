// SPDX-License-Identifier: EUPL-1.2
/**
 * The XÖV side of the gateway: one engine over our own and the configured schema sets, compiled when first needed.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { readSchemaSets } from '../../config/schema-store.js'
import type { Config } from '../../config/types.js'
import { GATEWAY_LIMITS, type Limits } from '../../env.js'
import { ProtektorError, type ConfigProblem } from '../../errors.js'
import type { XoevFacts } from '../../envelope/types.js'
import type { GatewayLog } from '../../gateway/log.js'
import type { DocumentReport, XoevDesk } from '../../gateway/ports.js'
import { checkContent, type ContentContext, type XoevReport } from '../../xoev/check.js'
import { CodeListStore } from '../../xoev/codelists.js'
import { schemaSets } from '../../xoev/schema-sets.js'
import { schematronRunner } from '../../xoev/schematron-runner.js'
import { profileFor } from '../../xoev/standards.js'
import type { SchemaSource, StartWorker } from '../../xml/schema.js'
import { packageVersion } from '../version.js'
import { ownSchemas } from './own-schemas.js'
import { validatorPool } from './validators.js'
import { nextTurn } from './world.js'
import { readingBytes, rejectionBytes, type WriterSources } from './xoev-writers.js'

const SET_BROKEN = 'xoev-schema.set-broken'

let threads = 0

/** One function for all desks of the process: the engine is tried once per way of starting threads. */
const startWorker: StartWorker = (url, options) => {
  const worker = new Worker(url, options)
  threads += 1
  worker.once('exit', () => (threads -= 1))
  return worker
}

export interface OpenedDesk extends XoevDesk {
  /** Our own schema set is compiled. */
  readonly ready: () => boolean
  /** A schema engine failed its test: validation goes on, much slower. */
  readonly fellBack: () => boolean
  /** Files of the configured directories that cannot be read: what they should judge is judged without them, or not at all. */
  readonly broken: readonly { readonly directory: number; readonly file: string; readonly detail: string }[]
  /** A file of a set cannot be read, or a set did not compile when it was first needed. */
  readonly hasBroken: () => boolean
  /** Validating threads that live in this process. */
  readonly threads: () => number
  close(): Promise<void>
}

export interface DeskOptions {
  readonly directories: readonly string[]
  readonly limits: Limits
  readonly workers: number
  /** For times without a zone. */
  readonly timeZone: string
  readonly sources: WriterSources
  /** Validation goes on, much slower. */
  readonly onFallback: (reason: string) => void
  /** A set did not compile: what it should judge is an error. Said once per set. */
  readonly onBrokenSet: () => void
}

function factsOf({ head, standard, version, messageType, verdict }: XoevReport): XoevFacts | undefined {
  if (standard === undefined || version === undefined || messageType === undefined) return undefined
  // what names a whole process tells no message from a repeat of it
  const namesMessage = head !== undefined && profileFor(head.namespace)?.uuidNames === 'message'
  return {
    standard,
    version,
    messageType,
    ...(namesMessage && head.nachrichtenUUID !== undefined ? { messageUuid: head.nachrichtenUUID } : {}),
    ...(head?.ursprungsnachricht ? { inReplyTo: head.ursprungsnachricht.nachrichtenUUID } : {}),
    ...(head?.autor?.kennung === undefined ? {} : { author: head.autor.kennung }),
    ...(head?.leser?.kennung === undefined ? {} : { reader: head.leser.kennung }),
    ...(head?.test === undefined ? {} : { test: head.test }),
    verdict,
  }
}

const UNKNOWN = new Set(['xoev-schema.unknown-standard', 'xoev-schema.not-xml'])

function reportOf(report: XoevReport, reading: Uint8Array | undefined): DocumentReport {
  const facts = factsOf(report)
  const findings = report.findings.filter((f) => f.severity !== 'info').map((f) => f.id)
  const bad = report.verdict === 'invalid' || report.verdict === 'error'
  const first = report.findings.find((f) => f.severity === 'error')?.id ?? 'xoev-schema.not-judged'
  return {
    ...(facts ? { facts } : {}),
    ...(report.document ? { namespace: report.document.root.uri } : {}),
    ...(reading ? { reading } : {}),
    // fixed text: what exactly is wrong may quote the document
    ...(bad ? { refusal: { code: report.rueckweisung ?? 'S999', finding: first, text: 'the document does not pass the check' } } : {}),
    unknownStandard: report.findings.some((f) => UNKNOWN.has(f.id)),
    findings,
  }
}

export async function openDesk(options: DeskOptions): Promise<OpenedDesk> {
  const own = await ownSchemas('xprotektor')
  const byDirectory = await Promise.all(options.directories.map(readSchemaSets))
  const given = byDirectory.flat()
  const sets = schemaSets([own, ...given])
  const directoryOf = byDirectory.flatMap((found, directory) => found.map(() => directory))
  const codeLists = CodeListStore.from([own, ...given.map(({ files }) => files)])
  // our own set stands first and is whole
  const broken = [...sets.broken(), ...codeLists.broken].map(({ set, file, detail }) => ({
    directory: directoryOf[set - 1] ?? 0,
    file,
    detail,
  }))
  const uncompiled = new Set<SchemaSource>()
  let fellBack = false
  const onFallback = (reason: string): void => {
    fellBack = true
    options.onFallback(reason)
  }
  const pool = validatorPool({ workers: options.workers, startWorker, onFallback })
  const validatorFor: typeof pool.validatorFor = (source) => {
    const starting = pool.validatorFor(source)
    starting.then(
      () => uncompiled.delete(source),
      (error: unknown) => {
        if (uncompiled.has(source) || !(error instanceof ProtektorError && error.finding === SET_BROKEN)) return
        uncompiled.add(source)
        options.onBrokenSet()
      },
    )
    return starting
  }
  const schematron = schematronRunner(startWorker)
  const context: ContentContext = {
    schemas: sets,
    validatorFor,
    codeLists,
    schematron,
    limits: options.limits,
    turn: nextTurn,
    timeZone: options.timeZone,
    now: options.sources.now,
  }
  let warm = false
  const demo = sets.knowsNamespace('urn:example:xprotektor:1.0')
  if (demo)
    validatorFor(demo.source).then(
      () => (warm = true),
      () => undefined,
    )
  else warm = true
  return {
    ready: () => warm,
    fellBack: () => fellBack,
    broken,
    hasBroken: () => broken.length > 0 || uncompiled.size > 0,
    threads: () => threads,
    async check(document) {
      const report = await checkContent(document, context)
      return reportOf(report, readingBytes(report))
    },
    async reject(document, reasons) {
      return rejectionBytes(await checkContent(document, context), reasons, options.sources)
    },
    async close() {
      await schematron.close()
      await pool.close()
    },
  }
}

const BROKEN_SET = { findings: [SET_BROKEN], error: 'ERR_XOEV_SCHEMA_SET_BROKEN' }

/** Files named one by one; the others are counted. */
const MOST_NAMED = 20

/** Loud at every start: a line of the log per directory, a warning per file. */
export function brokenSchemas({ broken }: OpenedDesk, config: Config, log: GatewayLog): ConfigProblem[] {
  const keyOf = (directory: number): string => `schemas.directories[${directory}]`
  for (const directory of new Set(broken.map((one) => one.directory)))
    log.write('error', 'schema-set-broken', { ...BROKEN_SET, findings: [...BROKEN_SET.findings, keyOf(directory)] })
  const warning = (key: string, de: string, en: string): ConfigProblem => {
    const line = config.lineOf(key)
    return { key, file: config.file, ...(line === undefined ? {} : { line }), message: { de, en } }
  }
  const named = broken
    .slice(0, MOST_NAMED)
    .map(({ directory, file, detail }) =>
      warning(keyOf(directory), `${file} ist nicht lesbar: ${detail}`, `${file} cannot be read: ${detail}`),
    )
  const more = broken.length - named.length
  return more > 0 ? [...named, warning('schemas.directories', `und ${more} weitere Dateien`, `and ${more} more files`)] : named
}

/** The desk of a configuration. Loads little, so that its threads can compile while the rest of the program is still being read. */
export async function deskOf(config: Config, log: GatewayLog, workers: number): Promise<OpenedDesk> {
  return openDesk({
    directories: config.schemas.directories,
    limits: { ...GATEWAY_LIMITS, messageBytes: config.limits.messageBytes, xmlBytes: config.limits.xmlBytes },
    workers,
    timeZone: config.timeZone,
    sources: { now: () => new Date(), uuid: randomUUID, version: await packageVersion() },
    onBrokenSet: () => log.write('error', 'schema-set-broken', BROKEN_SET),
    onFallback: () => log.write('error', 'schema-engine-fallback', { findings: ['xoev-schema.engine-fallback'] }),
  })
}
