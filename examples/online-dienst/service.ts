// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: the online service over HTTP, as one Koa handler: the citizen page and the few calls that it makes.
 *
 *   GET  /online/                            the page
 *   GET  /online/api/about                   authority, its public keys, invented residents
 *   POST /online/api/vouchers                { jwk } → { voucher, now }
 *   POST /online/api/envelopes?replyTo=      sealed bytes → 204; with waitSeconds: what becomes of them, told as it happens (telling.ts)
 *   GET  /online/api/envelopes/{id}          ?waitSeconds, until: what became of it, or 404
 *   POST /online/api/replies/{address}       ?waitSeconds: sealed bytes, or 204
 *
 * Everything that passes here is sealed for somebody else. Errors are problem+json; nothing is logged.
 * @module
 */
import { PassThrough } from 'node:stream'
import type { Context } from 'koa'
import Router from 'koa-router'
import { TransportError } from '../../src/client/ports.js'
import { MEDIA_TYPE } from '../../src/envelope/container.js'
import { HttpError } from '../../src/errors.js'
import { readBody, TRANSFER_LIMITS } from '../../src/gateway/core-body.js'
import { answerProblem, type ProblemTexts } from '../../src/gateway/problem.js'
import { servePage, type WebAssets } from '../../src/gateway/web-page.js'
import { openDesk, type Desk, type DeskOptions } from './desk.js'
import { assertSameOrigin, rateLimit, waitLimit } from './guards.js'
import { tell, TELLING_TYPE } from './telling.js'

export const PATH = '/online/'

export interface OnlineServiceOptions extends DeskOptions {
  /** Origin of the page, e.g. `http://127.0.0.1:8080`. */
  readonly origin: string
  readonly assets: () => Promise<WebAssets>
  /** Requests of one address in a minute. Default 30. */
  readonly requestsPerMinute?: number
}

const ENVELOPE_BYTES = 64 * 1024
const JSON_BYTES = 2 * 1024
const MAX_WAITS = 200
const MAX_WAIT_SECONDS = 30

/** The page never makes markup of text; this makes it impossible. */
const NO_MARKUP = "require-trusted-types-for 'script'; trusted-types 'none'"

type Answer = (context: Context, desk: Desk) => Promise<void>

function routes(options: OnlineServiceOptions, desk: Desk): Router {
  const router = new Router()
  const counted = rateLimit(options.requestsPerMinute ?? 30)
  const waiting = waitLimit(MAX_WAITS)
  const guarded =
    (answer: Answer) =>
    async (context: Context): Promise<void> => {
      assertSameOrigin(context.req.headers, options.origin)
      context.set('Cache-Control', 'no-store')
      await answer(context, desk)
    }
  const params = ({ params }: Context): Readonly<Record<string, string>> => params as Readonly<Record<string, string>>

  router.get(`${PATH}api/about`, (context: Context) => {
    context.set('Cache-Control', 'no-store')
    context.body = desk.about()
  })
  router.post(
    `${PATH}api/vouchers`,
    guarded(async (context) => {
      await counted(context.ip)
      context.body = await desk.voucher(await readJson(context))
    }),
  )
  router.post(
    `${PATH}api/envelopes`,
    guarded(async (context) => {
      await counted(context.ip)
      if (context.request.type !== MEDIA_TYPE) throw new HttpError(415, 'online.media-type', 'This is no envelope.')
      const seconds = waitSeconds(context)
      const envelope = await readBody(context.req, { ...TRANSFER_LIMITS, maxBytes: ENVELOPE_BYTES })
      const put = () => desk.put(envelope, context.query.replyTo)
      if (seconds === 0) {
        await put()
        context.status = 204
        return
      }
      const lines = new PassThrough()
      await new Promise<void>((begun, refused) => {
        const told = async (signal: AbortSignal) => {
          const envelopePut = await put()
          begun()
          await tell(desk, envelopePut, seconds, lines, signal)
        }
        // where nobody more can wait, nothing is put
        waiting(() => whileConnected(context, told)).then(() => lines.end(), refused)
      })
      context.type = TELLING_TYPE
      context.body = lines
    }),
  )
  router.get(
    `${PATH}api/envelopes/:id`,
    guarded(async (context) => {
      const until = context.query.until === 'claimed' ? 'claimed' : 'settled'
      const wait = (signal: AbortSignal) => desk.outcome(params(context).id ?? '', waitSeconds(context), until, signal)
      const record = await waiting(() => whileConnected(context, wait))
      if (record === undefined) throw new HttpError(404, 'online.unknown', 'Nothing is known of this.')
      context.body = record
    }),
  )
  router.post(
    `${PATH}api/replies/:address`,
    guarded(async (context) => {
      const wait = (signal: AbortSignal) => desk.take(params(context).address ?? '', waitSeconds(context), signal)
      const taken = await waiting(() => whileConnected(context, wait))
      if (taken === undefined) {
        context.status = 204
        return
      }
      context.type = MEDIA_TYPE
      context.set('Protektor-Envelope-Id', taken.id)
      context.body = Buffer.from(taken.body)
    }),
  )
  return router
}

/** An answer is taken only for somebody who is still there: it can be taken once. */
async function whileConnected<T>({ res }: Context, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController()
  const onClose = () => gone.abort()
  res.once('close', onClose)
  try {
    return await wait(gone.signal)
  } finally {
    res.off('close', onClose)
  }
}

function waitSeconds({ query }: Context): number {
  const seconds = Number(query.waitSeconds ?? 0)
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_WAIT_SECONDS)
    throw new HttpError(400, 'online.malformed', 'The call is malformed.')
  return seconds
}

async function readJson(context: Context): Promise<unknown> {
  if (context.request.type !== 'application/json') throw new HttpError(415, 'online.media-type', 'This is no JSON.')
  const body = await readBody(context.req, { ...TRANSFER_LIMITS, maxBytes: JSON_BYTES })
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown
  } catch {
    throw new HttpError(400, 'online.malformed', 'The call is malformed.')
  }
}

/** Statuses of the core that mean the same to the page. What else the core says is its talk with us. */
const PASSED_ON: ReadonlySet<number> = new Set([404, 409, 413, 429, 503])

/** `online.core-away`: nothing reached the core. `online.core-broken`: nobody knows whether it did. */
function problemOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (!(error instanceof TransportError)) return new HttpError(500, 'online.internal', 'Something went wrong here.')
  const { status, nothingSent, retryAfterSeconds = 1 } = error
  if (status !== undefined && PASSED_ON.has(status))
    return new HttpError(status, error.finding, 'The core did not take this.', { retryAfterSeconds })
  return nothingSent
    ? new HttpError(503, 'online.core-away', 'The core cannot be reached.', { retryAfterSeconds })
    : new HttpError(502, 'online.core-broken', 'The core did not answer.')
}

const TEXTS: ReadonlyMap<string, ProblemTexts> = new Map([
  ['online.media-type', { de: 'Der Körper hat nicht den Medientyp, der hier erwartet wird.', en: 'This is no body of the type that is expected here.' }],
  ['online.unknown', { de: 'Davon ist nichts bekannt.', en: 'Nothing is known of this.' }],
  ['online.malformed', { de: 'Der Aufruf ist fehlerhaft.', en: 'The call is malformed.' }],
  ['online.internal', { de: 'Hier ist etwas schiefgegangen.', en: 'Something went wrong here.' }],
  ['online.core-away', { de: 'Der Kern ist nicht erreichbar.', en: 'The core cannot be reached.' }],
  ['online.core-broken', { de: 'Der Kern hat nicht geantwortet.', en: 'The core did not answer.' }],
  ['online.foreign-origin', { de: 'Das darf nur unsere eigene Seite aufrufen.', en: 'This may only be called by our own page.' }],
  ['online.too-often', { de: 'Zu viele Anfragen. Bitte eine Minute warten.', en: 'Too many requests. Please wait a minute.' }],
  ['online.busy', { de: 'Zur Zeit warten zu viele.', en: 'Too many are waiting at the moment.' }],
]) // prettier-ignore

type Handler = (context: Context, next: () => Promise<unknown>) => Promise<unknown>

/** The handler; requests for other paths are passed on. */
export async function onlineService(options: OnlineServiceOptions): Promise<Handler> {
  const desk = await openDesk(options)
  const router = routes(options, desk)
  servePage(router, PATH, options.assets)
  const answer = router.routes() as unknown as Handler
  return async (context, next) => {
    if (!context.path.startsWith(PATH.slice(0, -1))) return next()
    let passedOn = false
    try {
      await answer(context, async () => void (passedOn = true))
      if (context.response.get('Content-Security-Policy') !== '') context.append('Content-Security-Policy', NO_MARKUP)
    } catch (error) {
      const { status, finding: code, message, retryAfterSeconds } = problemOf(error)
      answerProblem(context, { status, code, message, retryAfterSeconds }, TEXTS)
    }
    return passedOn ? next() : undefined
  }
}
