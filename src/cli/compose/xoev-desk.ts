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
import type { XoevFacts } from '../../envelope/types.js'
import type { GatewayLog } from '../../gateway/log.js'
import type { DocumentReport, XoevDesk } from '../../gateway/ports.js'
import { checkContent, type ContentContext, type XoevReport } from '../../xoev/check.js'
import { CodeListStore } from '../../xoev/codelists.js'
import { schemaSets } from '../../xoev/schema-sets.js'
import { schematronRunner } from '../../xoev/schematron-runner.js'
import type { StartWorker } from '../../xml/schema.js'
import { packageVersion } from '../version.js'
import { ownSchemas } from './own-schemas.js'
import { validatorPool } from './validators.js'
import { nextTurn } from './world.js'
import { readingBytes, rejectionBytes, type WriterSources } from './xoev-writers.js'

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
}

function factsOf({ head, standard, version, messageType, verdict }: XoevReport): XoevFacts | undefined {
  if (standard === undefined || version === undefined || messageType === undefined) return undefined
  return {
    standard,
    version,
    messageType,
    ...(head?.nachrichtenUUID === undefined ? {} : { messageUuid: head.nachrichtenUUID }),
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
  const given = (await Promise.all(options.directories.map(readSchemaSets))).flat()
  const sets = schemaSets([own, ...given])
  let fellBack = false
  const onFallback = (reason: string): void => {
    fellBack = true
    options.onFallback(reason)
  }
  const { validatorFor, close: closeValidators } = validatorPool({ workers: options.workers, startWorker, onFallback })
  const schematron = schematronRunner(startWorker)
  const context: ContentContext = {
    schemas: sets,
    validatorFor,
    codeLists: CodeListStore.from([own, ...given.map(({ files }) => files)]),
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
      await closeValidators()
    },
  }
}

/** The desk of a configuration. Loads little, so that its threads can compile while the rest of the program is still being read. */
export async function deskOf(config: Config, log: GatewayLog, workers: number): Promise<OpenedDesk> {
  return openDesk({
    directories: config.schemas.directories,
    limits: { ...GATEWAY_LIMITS, messageBytes: config.limits.messageBytes, xmlBytes: config.limits.xmlBytes },
    workers,
    timeZone: config.timeZone,
    sources: { now: () => new Date(), uuid: randomUUID, version: await packageVersion() },
    onFallback: () => log.write('error', 'schema-engine-fallback', { findings: ['xoev-schema.engine-fallback'] }),
  })
}
