// SPDX-License-Identifier: EUPL-1.2
/**
 * `POST /v1/check`: the check engine over HTTP. A call brings everything that it needs, keys included; the gateway's own keys are not
 * within reach (threat model K2: no oracle).
 *
 *   same origin ─► token ─► rate ─► room ─► body ─► desk ─► report, and room until it is sent
 *
 * Specs: product.md, Decisions, "`POST /v1/check`"; threat model K2, H1, L1.
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import type Router from 'koa-router'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Clock } from '../env.js'
import { HttpError } from '../errors.js'
import { announcedBytes, assertReadable } from './body.js'
import type { CheckDesk } from './check-desk.js'
import { CHECK_PATH } from './check-api-openapi.js'
import { cutWhenSlow, readBody, TRANSFER_LIMITS, type TransferLimits } from './core-body.js'
import { isOfForeignPage } from './foreign-page.js'
import type { GatewayLog } from './log.js'
import { overloadGuard } from './overload.js'
import { turnOf } from './turn.js'

export interface CheckApiOptions {
  readonly desk: CheckDesk
  readonly clock: Clock
  readonly log: GatewayLog
  /** What callers must show; undefined: everybody who reaches the address may check. */
  readonly token?: string
  /** Of all that is held at a time, bodies and reports, and so of each. */
  readonly maxBytes: number
  readonly maxCalls: number
  readonly requestsPerMinute: number
  readonly transfer?: TransferLimits
}

/** Nobody keeps a place for longer by taking his report slowly. */
const MAX_SENDING_MS = 60_000

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function showsToken({ token }: CheckApiOptions, context: Context): boolean {
  if (token === undefined) return true
  const [scheme = '', shown = ''] = context.get('Authorization').split(' ')
  // digests are of one length, whatever was shown
  return scheme.toLowerCase() === 'bearer' && timingSafeEqual(digest(shown), digest(token))
}

/** Other people's pages must not make a browser on this machine work for them. */
function assertOwnPage(context: Context): void {
  if (isOfForeignPage(context.headers)) throw new HttpError(403, 'check.foreign-page', 'Pages of other sites may not check here.')
}

/** Adds the route. */
export function serveChecks(router: Router, options: CheckApiOptions): void {
  const { desk, clock, log, maxBytes, transfer = TRANSFER_LIMITS } = options
  const perMinute = (): RateLimiterMemory => new RateLimiterMemory({ points: options.requestsPerMinute, duration: 60 })
  // behind a proxy all have one address: whoever has no token must not use up the calls of those who have it
  const [calls, refusals] = [perMinute(), perMinute()]
  const guard = overloadGuard({ maxRequests: options.maxCalls, maxBytes })

  const count = async (rate: RateLimiterMemory, context: Context): Promise<void> => {
    try {
      await rate.consume(context.ip)
    } catch (cause) {
      if (!(cause instanceof RateLimiterRes)) throw cause
      throw new HttpError(429, 'check.too-many-calls', 'Too many checks in a minute.', {
        retryAfterSeconds: Math.ceil(cause.msBeforeNext / 1000),
      })
    }
  }

  const assertToken = async (context: Context): Promise<void> => {
    if (showsToken(options, context)) return
    await count(refusals, context)
    context.set('WWW-Authenticate', 'Bearer')
    throw new HttpError(401, 'check.token', 'A check here needs the access token.')
  }

  const answer = async (context: Context): Promise<void> => {
    const beganMs = clock.monotonicMs()
    assertOwnPage(context)
    await assertToken(context)
    await count(calls, context)
    // a misspelt field is an error, and so is one in the wrong place
    if (context.querystring !== '') throw new HttpError(400, 'check.field', 'The address takes no parameters: they are fields of the form.')
    assertReadable(context.req, maxBytes)
    if (context.request.type.toLowerCase() !== 'multipart/form-data')
      throw new HttpError(415, 'check.media-type', 'A check is asked for by a form (multipart/form-data).')
    if (!(await turnOf(context.res))) return
    const admission = guard.admit(announcedBytes(context.req) ?? 0)
    const gone = new AbortController()
    context.res.once('close', () => {
      gone.abort()
      admission.release()
    })
    try {
      const body = await readBody(context.req, { ...transfer, maxBytes, codes: 'check', grow: (toBytes) => admission.grow(toBytes) })
      const bytes = body.byteLength
      if (bytes === 0) throw new HttpError(400, 'check.form', 'The form is empty.')
      const checked = await desk.check({ body, contentType: context.get('Content-Type') }, gone.signal)
      const report = Buffer.from(checked.body.buffer, checked.body.byteOffset, checked.body.byteLength)
      if (report.byteLength > maxBytes) throw new HttpError(422, 'check.report-too-large', 'The report is larger than is allowed here.')
      // the body is gone, its thread has wiped it
      admission.grow(report.byteLength)
      log.write('info', 'checked', { bytes, durationMs: Math.round(clock.monotonicMs() - beganMs) })
      context.set('Cache-Control', 'no-store')
      context.set('Content-Type', checked.contentType)
      // a report may be a page: nothing in it is to act in the name of this address
      context.set('Content-Disposition', 'attachment')
      context.status = 200
      context.body = report
      cutWhenSlow(context.res, report.byteLength, transfer, MAX_SENDING_MS)
    } catch (error) {
      admission.release()
      if (!gone.signal.aborted) throw error
      // whoever has gone is refused nothing: neither the log nor the count of refusals is to say so
      context.status = 204
    }
  }

  router.post(CHECK_PATH, answer)
  router.all(CHECK_PATH, (context: Context) => {
    context.set('Allow', 'POST')
    throw new HttpError(405, 'http.method', 'Only POST is served here.')
  })
}
