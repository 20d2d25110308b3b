// SPDX-License-Identifier: EUPL-1.2
/**
 * The two Koa applications: public (OSCI endpoints, core API, documents) and admin (health, metrics).
 *
 * A handler names its steps and does none of the work. Addresses come from the configuration, never from the Host header (H3);
 * errors are rendered in one place (H4).
 * Specs: product.md, Decisions, "addresses, ports", "faults".
 * @module
 */
import Koa, { type Context } from 'koa'
import helmet from 'koa-helmet'
import Router from 'koa-router'
import { HttpError } from '../errors.js'
import type { GatewayLog } from './log.js'
import { announcedBytes, assertReadable } from './body.js'
import { readBody, type BodyRules, type TransferLimits } from './core-body.js'
import { waitUntil } from './answer-slot.js'
import type { AddressEntry, PartFigure } from './figures.js'
import type { OutcomeShelf } from './core-outcomes.js'
import { serveChecks, type CheckApiOptions } from './check-api.js'
import { CHECK_PATH } from './check-api-openapi.js'
import { operatorRouter, type OperatorPage } from './operator-app.js'
import { overloadGuard, type OverloadLimits } from './overload.js'
import type { GatewayPorts } from './ports.js'
import type { Reservation } from '../core/ports.js'
import { growRoom, reserveRoom } from './recipient/room.js'
import type { Call } from './recipient/request.js'
import { answerProblem } from './problem.js'
import type { HttpAnswer } from './render-error.js'
import { servePage, type WebAssets } from './web-page.js'

export type { AddressEntry } from './figures.js'

/** An OSCI address and the role that answers there. */
export interface OsciAddress extends AddressEntry {
  /** Room is held in this mailbox before a body is read (threat model C4). */
  readonly likelyMailbox?: string
  /** @throws {HttpError} nothing was done; all else is an answer. */
  answer(call: Call, reservation?: Reservation): Promise<HttpAnswer>
}

/** The check engine over HTTP, and its page. */
export interface Tester {
  readonly api: CheckApiOptions
  readonly assets: () => Promise<WebAssets>
}

/** Of messages on OSCI addresses: their senders may sit behind slow lines. */
const OSCI_TRANSFER: TransferLimits = { minBytesPerSecond: 1024, graceMs: 10_000 }

const TESTER_PATH = '/tester/'

/** An application beside ours, e.g. the online service of the demo; it answers for its own errors. */
export interface Mount {
  /** With a slash at both ends; requests below it reach `handler`, unless a role or the core has answered them. */
  readonly path: string
  readonly handler: (context: Context, next: () => Promise<unknown>) => Promise<unknown>
}

export interface PublicAppOptions {
  readonly ports: GatewayPorts
  readonly addresses: readonly OsciAddress[]
  /** Addresses whose keyring cannot be opened: 503, while the others serve. */
  readonly broken?: readonly AddressEntry[]
  readonly publicUrl: string
  /** Routes of the core API, and its OpenAPI document. */
  readonly coreApi?: Router
  readonly openapi?: object
  /** Public keys of the gateway, for registers. */
  readonly jwks: object
  readonly tester?: Tester | undefined
  /** Plain HTTP off loopback: everything but the OSCI paths is shut. */
  readonly onlyOsci?: boolean
  readonly mounts?: readonly Mount[]
  readonly overload?: OverloadLimits
  readonly body?: TransferLimits
}

function send(context: Context, answer: HttpAnswer): void {
  context.status = answer.status
  context.set('Content-Type', answer.contentType)
  for (const [name, value] of Object.entries(answer.headers ?? {})) context.set(name, value)
  context.body = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength)
}

/**
 * The last resort of both applications: one mapper, no texts of errors, a reference into the log.
 * @param onRefusal told the status of every answer that it makes
 */
function catchAll(log: GatewayLog, requestId: () => string, onRefusal?: (status: number) => void): Koa.Middleware {
  return async (context, next) => {
    try {
      await next()
      if (context.status === 404 && context.body === undefined)
        throw new HttpError(404, 'http.not-found', 'There is nothing at this address.')
    } catch (error) {
      const ref = requestId()
      const known = error instanceof HttpError ? error : undefined
      const { status = 500, finding: code = 'gateway.internal', message, retryAfterSeconds } = known ?? {}
      onRefusal?.(status)
      if (status >= 500) log.write('error', 'request-failed', { ref, error: known?.code ?? 'ERR_INTERNAL' })
      context.set('Cache-Control', 'no-store')
      answerProblem(context, { status, code, message, retryAfterSeconds, ref })
    }
  }
}

/** An operator must act; asking more often does not help. */
const BROKEN_RETRY_SECONDS = 600

/** What uses a keyring that cannot be opened. Nothing of the request is read. */
export const keyringBroken = (): HttpError =>
  new HttpError(503, 'gateway.keyring-broken', 'The keys that are needed here cannot be opened.', {
    retryAfterSeconds: BROKEN_RETRY_SECONDS,
  })

const allowOnly =
  (method: string): Koa.Middleware =>
  (context) => {
    context.set('Allow', method)
    throw new HttpError(405, 'http.method', `Only ${method} is served here.`)
  }

interface Frame {
  readonly onRefusal?: (status: number) => void
  /** Before everything that speaks to browsers: it answers none, and its answers are small. */
  readonly api?: Router | undefined
}

function frameOf(log: GatewayLog, requestId: () => string, { onRefusal, api }: Frame = {}): Koa {
  const app = new Koa({ proxy: false })
  app.silent = true
  app.use(catchAll(log, requestId, onRefusal))
  if (api) app.use(api.routes())
  app.use(helmet())
  return app
}

export function publicApp(options: PublicAppOptions): Koa {
  const { ports, addresses, broken = [], publicUrl, mounts = [], tester } = options
  const requestId = (): string => Buffer.from(ports.random(12)).toString('base64url')
  const app = frameOf(ports.log, requestId, {
    onRefusal: (status) => ports.metrics.refusal(String(status)),
    api: options.onlyOsci ? undefined : options.coreApi,
  })
  // two endpoints may differ in a capital letter only, and each has peers of its own
  const router = new Router({ sensitive: true })
  const guard = overloadGuard(options.overload)
  const rules: BodyRules = { maxBytes: ports.limits.messageBytes, codes: 'http', ...OSCI_TRANSFER, ...options.body }

  for (const address of addresses) {
    router.post(address.path, async (context: Context) => {
      assertReadable(context.req, rules.maxBytes)
      const admission = guard.admit(announcedBytes(context.req) ?? 0)
      let answer: HttpAnswer
      try {
        const reservation = await reserveRoom(address.likelyMailbox, announcedBytes(context.req) ?? 0, ports)
        let bytes: Uint8Array
        try {
          const grow = (toBytes: number): void => (admission.grow(toBytes), growRoom(reservation, toBytes))
          bytes = await readBody(context.req, { ...rules, grow })
        } catch (error) {
          reservation?.release()
          throw error
        }
        const contentType = context.get('Content-Type')
        const call = {
          requestId: requestId(),
          bytes,
          receivedAtMs: ports.clock.monotonicMs(),
          ...(contentType === '' ? {} : { httpContentType: contentType }),
        }
        answer = await address.answer(call, reservation)
      } finally {
        admission.release()
      }
      // after the room that its request took has been given back: whoever makes answers wait keeps nobody else out
      if (answer.leavesAtMs !== undefined) await waitUntil(answer.leavesAtMs, ports)
      send(context, answer)
    })
    router.all(address.path, allowOnly('POST'))
  }
  for (const { path } of broken) {
    router.post(path, () => {
      throw keyringBroken()
    })
    router.all(path, allowOnly('POST'))
  }
  if (options.onlyOsci) {
    app.use(router.routes())
    return app
  }
  router.get('/', (context: Context) => {
    context.body = {
      name: 'protektor',
      links: {
        openapi: `${publicUrl}/openapi.json`,
        health: `${publicUrl}/healthz`,
        keys: `${publicUrl}/.well-known/jwks.json`,
        ...(tester ? { tester: publicUrl + TESTER_PATH, check: publicUrl + CHECK_PATH } : {}),
        ...(mounts.length === 0 ? {} : { pages: mounts.map(({ path }) => publicUrl + path) }),
        osci: [
          ...addresses.map(({ path, role, mode }) => ({ url: publicUrl + path, role, mode, state: 'serving' })),
          ...broken.map(({ path, role, mode }) => ({ url: publicUrl + path, role, mode, state: 'keyring-broken' })),
        ],
      },
    }
  })
  router.get('/healthz', health)
  router.get('/.well-known/jwks.json', (context: Context) => {
    context.body = options.jwks
  })
  if (options.openapi) router.get('/openapi.json', (context: Context) => void (context.body = options.openapi))
  if (tester) {
    serveChecks(router, tester.api)
    servePage(router, TESTER_PATH, tester.assets)
  }
  app.use(router.routes())
  for (const { path, handler } of mounts)
    app.use((context, next) => (`${context.path}/`.startsWith(path) ? handler(context, next) : next()))
  return app
}

function health(context: Context): void {
  context.body = { status: 'ok' }
}

/** `part` and `state` where a part of the gateway is in the way; neither while it starts or ends. */
export type Hindrance = Partial<Pick<PartFigure, 'part' | 'state'>>

export interface AdminAppOptions {
  readonly log: GatewayLog
  readonly metrics: GatewayPorts['metrics']
  /** What keeps it from being given work, as `/metrics` names it; undefined: nothing. */
  readonly hindrance: () => Promise<Hindrance | undefined>
  readonly requestId: () => string
  readonly operator: OperatorPage
  /** Settled outcome records of this node, for auditors. */
  readonly outcomes?: OutcomeShelf
}

const MAX_OUTCOMES = 1000

function outcomesOf(shelf: OutcomeShelf): Koa.Middleware {
  return async (context: Context) => {
    const { after = '0', limit = String(MAX_OUTCOMES), ...others } = context.query
    const [from, most] = [after, limit].map((text) => (typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : NaN))
    const isKnown = Object.keys(others).length === 0
    if (!isKnown || from === undefined || most === undefined || Number.isNaN(from) || !(most >= 1 && most <= MAX_OUTCOMES))
      throw new HttpError(400, 'http.query', 'after and limit are whole numbers; limit is 1 to 1000. There are no others.')
    context.set('Content-Type', 'application/jsonl')
    context.set('Cache-Control', 'no-store')
    context.body = await shelf.lines(from, most)
  }
}

export function adminApp(options: AdminAppOptions): Koa {
  const app = frameOf(options.log, options.requestId)
  const router = new Router()
  router.get('/healthz', health)
  router.get('/readyz', async (context: Context) => {
    const hindrance = await options.hindrance()
    context.status = hindrance === undefined ? 200 : 503
    context.body = hindrance === undefined ? { status: 'ready' } : { status: 'not ready', ...hindrance }
  })
  if (options.outcomes) router.get('/outcomes', outcomesOf(options.outcomes))
  router.get('/metrics', async (context: Context) => {
    const { contentType, body } = await options.metrics.text()
    context.set('Content-Type', contentType)
    context.body = body
  })
  app.use(router.routes())
  app.use(operatorRouter(options.operator).routes())
  return app
}
