// SPDX-License-Identifier: EUPL-1.2
/**
 * `POST /v1/check`: the check engine over HTTP. A call brings everything that it needs, keys included; the gateway's own keys are not
 * within reach (threat model K2: no oracle).
 *
 *   rate ─► token ─► same origin ─► room ─► body ─► desk ─► report
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
import { readBody, TRANSFER_LIMITS } from './core-body.js'
import type { GatewayLog } from './log.js'
import { overloadGuard } from './overload.js'

export interface CheckApiOptions {
  readonly desk: CheckDesk
  readonly clock: Clock
  readonly log: GatewayLog
  /** What callers must show; undefined: everybody who reaches the address may check. */
  readonly token?: string
  /** Of all bodies that are held at a time, and so of each. */
  readonly maxBytes: number
  readonly maxCalls: number
  readonly requestsPerMinute: number
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function assertToken({ token }: CheckApiOptions, context: Context): void {
  if (token === undefined) return
  const [scheme = '', shown = ''] = context.get('Authorization').split(' ')
  // digests are of one length, whatever was shown
  if (scheme.toLowerCase() === 'bearer' && timingSafeEqual(digest(shown), digest(token))) return
  context.set('WWW-Authenticate', 'Bearer')
  throw new HttpError(401, 'check.token', 'A check here needs the access token.')
}

/** Other people's pages must not make a browser on this machine work for them. Whoever is no browser does not say where it comes from. */
function assertOwnPage(context: Context): void {
  const site = context.get('Sec-Fetch-Site')
  if (site !== '' && site !== 'same-origin' && site !== 'none')
    throw new HttpError(403, 'check.foreign-page', 'Pages of other sites may not check here.')
}

/** Adds the route. */
export function serveChecks(router: Router, options: CheckApiOptions): void {
  const { desk, clock, log, maxBytes } = options
  const rate = new RateLimiterMemory({ points: options.requestsPerMinute, duration: 60 })
  const guard = overloadGuard({ maxRequests: options.maxCalls, maxBytes })

  const assertRate = async (context: Context): Promise<void> => {
    try {
      await rate.consume(context.ip)
    } catch (cause) {
      if (!(cause instanceof RateLimiterRes)) throw cause
      throw new HttpError(429, 'check.too-many-calls', 'Too many checks in a minute.', {
        retryAfterSeconds: Math.ceil(cause.msBeforeNext / 1000),
      })
    }
  }

  const answer = async (context: Context): Promise<void> => {
    const beganMs = clock.monotonicMs()
    await assertRate(context)
    assertToken(options, context)
    assertOwnPage(context)
    assertReadable(context.req, maxBytes)
    if (context.request.type !== 'multipart/form-data')
      throw new HttpError(415, 'check.media-type', 'A check is asked for by a form (multipart/form-data).')
    const admission = guard.admit(announcedBytes(context.req) ?? 0)
    const gone = new AbortController()
    const onClose = (): void => gone.abort()
    context.res.once('close', onClose)
    try {
      const body = await readBody(context.req, { ...TRANSFER_LIMITS, maxBytes, codes: 'check', grow: (toBytes) => admission.grow(toBytes) })
      const bytes = body.byteLength
      if (bytes === 0) throw new HttpError(400, 'check.form', 'The form is empty.')
      const checked = await desk.check({ body, contentType: context.get('Content-Type') }, gone.signal)
      log.write('info', 'checked', { bytes, count: checked.files, durationMs: Math.round(clock.monotonicMs() - beganMs) })
      context.set('Cache-Control', 'no-store')
      context.set('Content-Type', checked.contentType)
      // a report may be a page: nothing in it is to act in the name of this address
      context.set('Content-Disposition', 'attachment')
      context.status = 200
      context.body = Buffer.from(checked.body.buffer, checked.body.byteOffset, checked.body.byteLength)
    } finally {
      context.res.off('close', onClose)
      admission.release()
    }
  }

  router.post(CHECK_PATH, answer)
  router.all(CHECK_PATH, (context: Context) => {
    context.set('Allow', 'POST')
    throw new HttpError(405, 'http.method', 'Only POST is served here.')
  })
}
