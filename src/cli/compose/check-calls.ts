// SPDX-License-Identifier: EUPL-1.2
/**
 * A thread that answers calls of `POST /v1/check`, one after the other. Everything of a call (form, keys, documents) is taken apart here
 * and nowhere else; whoever started the thread ends it after a call that brought keys (threat model K2).
 *
 *   body ─► form ─► keys, trust ─► engine, file by file ─► report ─► body
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { check } from '../../check/engine.js'
import { layerName } from '../../check/findings-own.js'
import { readOrder, type CheckOrder, type FormLimits, type NamedBytes } from '../../check/form.js'
import { FORMATS, type FormatId } from '../../check/reports/formats.js'
import type { ReportPage } from '../../check/reports/page.js'
import { counted, NOTHING_YET, wholeReport, type FileResult, type ReportHead } from '../../check/reports/report.js'
import { LAYERS, type CheckContext } from '../../check/types.js'
import { HttpError, ProtektorError } from '../../errors.js'
import type { CheckCall, CheckedCall } from '../../gateway/check-desk.js'
import { readPkcs12 } from '../../pki/keystore.js'
import { keyRing, makeDecrypter } from '../../pki/keys.js'
import { trustStore } from '../../pki/path.js'
import { readTrustFile } from '../../pki/trust-file.js'
import { openContext, type OpenedContext } from '../commands/check-context.js'
import { requestsAmongBytes } from '../commands/check-requests.js'
import { packageVersion } from '../version.js'
import { openedTexts, type OpenedText } from './check-opened.js'

export interface CheckThreadData {
  /** Directories of schema sets. */
  readonly schemas: readonly string[]
  readonly limits: FormLimits
}

export type CheckAnswer =
  | { readonly checked: CheckedCall; readonly hadKeys: boolean }
  | { readonly refused: { readonly status: number; readonly finding: string; readonly message: string }; readonly hadKeys: boolean }

/** Said once the thread can take calls. */
export const READY = 'ready'

/** What a thread is told: the page of HTML reports, once, when it is there; and calls. */
export type ToThread = { readonly page: ReportPage | undefined } | { readonly call: CheckCall }

let givePage: (page: ReportPage | undefined) => void
const given = new Promise<ReportPage | undefined>((resolve) => (givePage = resolve))

async function reportPage(): Promise<ReportPage> {
  const page = await given
  if (page === undefined) throw new Error('the page of HTML reports could not be made')
  return page
}

const numbered = <T>(what: string, list: readonly NamedBytes[], read: (bytes: Uint8Array, at: number) => T | Promise<T>): Promise<T[]> =>
  Promise.all(
    list.map(async ({ bytes }, at) => {
      try {
        return await read(bytes, at)
      } catch (cause) {
        if (!(cause instanceof ProtektorError)) throw cause
        throw new HttpError(400, cause.finding, `${what} ${at + 1}: ${cause.message}`, { cause })
      }
    }),
  )

/** @throws {HttpError} 400 a file that cannot be used; lists only: nobody would vouch for anybody. */
async function trustIn(files: readonly NamedBytes[]): Promise<Pick<CheckContext, 'trust'>> {
  if (files.length === 0) return {}
  const read = await numbered('trust', files, (bytes) => readTrustFile(Buffer.from(bytes)))
  const roots = read.flatMap((one) => one.roots)
  if (roots.length === 0) throw new HttpError(400, 'check.field', 'trust: revocation lists, but no trust anchor.')
  return { trust: trustStore({ roots, crls: read.flatMap((one) => one.crls) }) }
}

/** The context of one call: schemas are the house's, keys, trust and moment are the caller's. */
async function contextOf({ context }: OpenedContext, { files, keystores, trust, at, layers }: CheckOrder): Promise<CheckContext> {
  const pairs = await numbered('keystore', keystores, (bytes, index) => readPkcs12(bytes, keystores[index]?.pin ?? ''))
  const rsa = pairs.flat().filter(({ privateKey }) => privateKey.asymmetricKeyType === 'rsa')
  return {
    ...context,
    keys: keyRing(await Promise.all(rsa.map(({ certificate, privateKey }) => makeDecrypter(certificate, privateKey)))),
    ...(await trustIn(trust)),
    ...(at ? { at } : {}),
    ...(layers ? { layers } : {}),
    ...(context.xoev ? { xoev: { ...context.xoev, requestFor: requestsAmongBytes(files.map(({ bytes }) => bytes)) } } : {}),
  }
}

type ShownResult = FileResult & { readonly opened?: readonly OpenedText[] }

/** The JSON report with more in it, for whoever shows it. */
async function shown(order: CheckOrder, head: ReportHead, results: readonly ShownResult[]): Promise<string> {
  const plain = results.map(({ opened: _opened, ...result }) => result)
  const write = async (id: FormatId) => wholeReport(await FORMATS[id]({ page: reportPage }), head, plain, order.lang)
  const reports: Partial<Record<FormatId, string>> = {}
  if (order.include.has('reports')) for (const id of Object.keys(FORMATS) as FormatId[]) reports[id] = await write(id)
  const sum = results.reduce((so, { verdict }) => counted(so, verdict), NOTHING_YET)
  const layers = LAYERS.map((id) => ({ id, ...layerName(id) }))
  return JSON.stringify({ ...head, layers, results, sum, ...(order.include.has('reports') ? { reports } : {}) })
}

async function answer(opened: OpenedContext, order: CheckOrder): Promise<{ contentType: string; text: string }> {
  const context = await contextOf(opened, order)
  const results: ShownResult[] = []
  const textOf = openedTexts()
  for (const { name, bytes } of order.files) {
    const layers: OpenedText[] = []
    const shows = order.include.has('layers')
    const result = await check(bytes, shows ? { ...context, opened: (layer) => layers.push(textOf(layer)) } : context)
    results.push({ file: name, ...result, ...(shows ? { opened: layers } : {}) })
  }
  const head: ReportHead = {
    tool: 'protektor',
    version: await packageVersion(),
    node: process.version,
    ...opened.judgedBy,
    at: (context.at ?? context.now()).toISOString(),
  }
  if (order.include.size > 0) return { contentType: 'application/json', text: await shown(order, head, results) }
  const form = await FORMATS[order.format]({ page: reportPage })
  return { contentType: form.mediaType, text: wholeReport(form, head, results, order.lang) }
}

async function serveOne(opened: OpenedContext, { body, contentType }: CheckCall, limits: FormLimits): Promise<CheckAnswer> {
  // what is wrong with a form may be found when keys and PINs of it have been read
  let hadKeys = true
  try {
    const order = readOrder(body, contentType, limits)
    hadKeys = order.keystores.length > 0
    const { contentType: type, text } = await answer(opened, order)
    return { checked: { contentType: type, body: new TextEncoder().encode(text) }, hadKeys }
  } catch (error) {
    const known = error instanceof HttpError ? error : new HttpError(500, 'check.failed', 'The check itself failed.')
    const { status, finding, message } = known
    return { refused: { status, finding, message }, hadKeys }
  } finally {
    body.fill(0)
  }
}

/** Serves until its thread is ended. */
export async function serve(): Promise<void> {
  const port = parentPort
  if (port === null) throw new TypeError('this runs in a thread of its own')
  const { schemas, limits } = workerData as CheckThreadData
  // one schema thread: files are checked one after the other
  const opened = await openContext({ keystores: [], trust: [], schemas, workers: 1, warn: () => undefined })
  port.on('message', (message: ToThread) => {
    if ('page' in message) givePage(message.page)
    else
      void serveOne(opened, message.call, limits).then((done) =>
        port.postMessage(done, 'checked' in done ? [done.checked.body.buffer as ArrayBuffer] : []),
      )
  })
  port.postMessage(READY)
}
