// SPDX-License-Identifier: EUPL-1.2
/**
 * The core over HTTP: put, take, confirm, refuse, return, withdraw, outcome for registered participants.
 *
 * Whoever is not known, or asks for what is not his, gets the same answer as for what does not exist, on the same path through this
 * file. Nothing is consumed but by POST.
 * Specs: product.md, Decisions, "core API", "possession"; threat model C1, C2, C4, C6, H1.
 * @module
 */
import type { Context } from 'koa'
import Router from 'koa-router'
import { CoreError } from '../core/errors.js'
import { fairQueue, type FairQueue } from '../core/fair.js'
import type { Core, Once } from '../core/ports.js'
import type { Clock } from '../env.js'
import { ENVELOPE_LIMITS } from '../envelope/container.js'
import { EnvelopeError } from '../envelope/errors.js'
import { readHeader } from '../envelope/header.js'
import { HttpError } from '../errors.js'
import type { CoreOperation, CoreRoute } from './core-api-openapi.js'
import { CORE_ROUTES } from './core-api-openapi.js'
import { announcedBytes, assertUncompressed } from './body.js'
import { readBody, TRANSFER_LIMITS, type TransferLimits } from './core-body.js'
import { Handovers, type HandoverEnd } from './core-handover.js'
import { outcomeBody, type SignOutcome } from './core-outcomes.js'
import type { Caller, Participant } from './core-possession.js'
import { possession } from './core-possession.js'
import { answerProblem } from './problem.js'
import { LONG_POLL_LIMITS, LongPolls, type LongPollLimits } from './core-waits.js'
import { turnOf } from './turn.js'

export type { Participant } from './core-possession.js'

export interface CoreApiLimits {
  readonly envelopeBytes: number
  readonly longPolls: LongPollLimits
  /** Of uploads, and of takers that read what they are handed. */
  readonly transfers: TransferLimits
  readonly tokenSkewSeconds: number
}

export const CORE_API_LIMITS: CoreApiLimits = {
  envelopeBytes: ENVELOPE_LIMITS.envelopeBytes,
  longPolls: LONG_POLL_LIMITS,
  transfers: TRANSFER_LIMITS,
  tokenSkewSeconds: 60,
}

export interface CoreApiOptions {
  readonly core: Core
  /** Audience of tokens; never taken from the Host header. */
  readonly publicUrl: string
  readonly participants: readonly Participant[]
  readonly clock: Clock
  /** Tokens seen; shared by all nodes that share a core. */
  readonly once: Once
  readonly limits?: Partial<CoreApiLimits>
  /** Throws for a mailbox that nobody can empty at the moment: nothing is put there. */
  readonly assertOpen?: (mailbox: string) => void
  readonly signOutcome?: SignOutcome
  /** Told of every error without an HTTP status of its own (answered 500); its text goes nowhere else. */
  readonly onError?: (error: unknown) => void
  /** Told the status of every call that is not done. */
  readonly onRefusal?: (status: number) => void
}

export interface CoreApi {
  readonly router: Router
  /**
   * Called before the core is drained, which decides what is still put and taken. From now on nobody waits for an outcome here, a take
   * that finds nothing is answered 503, and every answer ends its connection, so that callers come to another node.
   */
  drain(): void
  /** Hand-overs that have begun here and not ended. */
  readonly underway: number
  /** Long polls. */
  readonly waiting: number
}

/** Puts that are worked on at a time. One that waits for its sender's bytes does not count (see `#put`). */
const TURNS = { atOnce: 64, atOncePerLine: 32, maxWaiting: 2048, maxWaitingPerLine: 512 } as const

const CODE = /^[A-Za-z0-9._-]{1,40}$/
const ID = /^[A-Za-z0-9_-]{22,64}$/
const MAX_JSON_BYTES = 4096
const MAX_LEASE_SECONDS = 3600

export function coreApi(options: CoreApiOptions): CoreApi {
  const api = new Api(options)
  const router = new Router()
  for (const route of CORE_ROUTES) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1')
    router[route.method](path, (context: Context) => api.answer(route, context))
    router.all(path, (context: Context) => api.refuseMethod(context, route.method === 'get' ? 'GET, HEAD' : 'POST'))
  }
  return {
    router,
    drain: () => api.drain(),
    get underway() {
      return api.underway
    },
    get waiting() {
      return api.waiting
    },
  }
}

type Handler = (context: Context, caller: Caller, name: string) => Promise<void>

class Api {
  readonly #options: CoreApiOptions
  readonly #core: Core
  readonly #limits: CoreApiLimits
  readonly #caller: ReturnType<typeof possession>
  readonly #polls: LongPolls
  readonly #handovers: Handovers
  readonly #turns: FairQueue = fairQueue(TURNS)
  #draining = false
  readonly #handlers: { readonly [O in CoreOperation]: Handler } = {
    putEnvelope: (context, caller, address) => this.#putInTurn(context, caller, address),
    takeEnvelope: (context, caller, address) => this.#take(context, caller, address),
    confirmEnvelope: (context, caller, id) => this.#end(context, caller, id, 0, () => ({ kind: 'confirm' })),
    refuseEnvelope: (context, caller, id) =>
      this.#end(context, caller, id, MAX_JSON_BYTES, (body) => ({ kind: 'refuse', code: refusalCode(body) })),
    returnEnvelope: (context, caller, id) => this.#end(context, caller, id, 0, () => ({ kind: 'return' })),
    withdrawEnvelope: (context, caller, id) => this.#withdraw(context, caller, id),
    getOutcome: (context, caller, id) => this.#outcome(context, caller, id),
  }

  constructor(options: CoreApiOptions) {
    this.#options = options
    this.#core = options.core
    this.#limits = { ...CORE_API_LIMITS, ...options.limits }
    this.#caller = possession({ ...options, ...this.#limits })
    this.#polls = new LongPolls(this.#limits.longPolls)
    this.#handovers = new Handovers(options, this.#limits.transfers)
  }

  get underway(): number {
    return this.#handovers.underway
  }

  get waiting(): number {
    return this.#polls.waiting
  }

  drain(): void {
    this.#draining = true
    this.#polls.end()
  }

  async answer({ operation, parameters, request }: CoreRoute, context: Context): Promise<void> {
    context.res.setHeader('Cache-Control', 'no-store').setHeader('X-Content-Type-Options', 'nosniff')
    try {
      const caller = await this.#caller(context.req)
      assertQuery(context, parameters)
      assertUncompressed(context.req)
      assertMediaType(context, request)
      const params = context.params as Readonly<Record<string, string>>
      await this.#handlers[operation](context, caller, params.address ?? params.id ?? '')
    } catch (error) {
      this.#problem(context, error)
    }
    this.#sendElsewhere(context)
  }

  /** The next call comes over another connection, where another node may answer. */
  #sendElsewhere(context: Context): void {
    if (this.#draining && !context.headerSent) context.set('Connection', 'close')
  }

  refuseMethod(context: Context, allowed: string): void {
    context.set('Allow', allowed)
    this.#problem(context, new HttpError(405, 'core.method', `Only ${allowed} is served here.`))
  }

  /**
   * Reading and checking take turns between mailboxes, and in a mailbox between senders. A body that is not there soon gives its turn
   * back: it costs memory, which is bounded by the quotas, but no work.
   */
  async #putInTurn(context: Context, caller: Caller, address: string): Promise<void> {
    let put: Promise<void> | undefined
    const work = () =>
      new Promise<void>((resolve, reject) => {
        put = this.#put(context, caller, address, resolve)
        put.then(resolve, reject)
      })
    await this.#turns.run(address, work, undefined, caller.participant.id)
    await put
  }

  async #put(context: Context, caller: Caller, address: string, onSlow: () => void): Promise<void> {
    const replyTo = context.query.replyTo
    if (Array.isArray(replyTo)) throw malformed()
    const maxBytes = this.#limits.envelopeBytes
    const announced = announcedBytes(context.req) ?? 0
    if (announced > maxBytes) throw new HttpError(413, 'core.too-large', 'The body is too large.')
    const sender = caller.participant.id
    this.#options.assertOpen?.(address)
    const reservation = await this.#core.reserve(address, sender, announced)
    let body: Uint8Array | undefined
    try {
      const grow = (toBytes: number) => reservation.grow(toBytes)
      body = await readBody(context.req, { ...this.#limits.transfers, maxBytes, grow, onSlow })
      caller.assertBody(body)
      const header = readHeader(body)
      if (header.to !== address) throw malformed()
      await this.#core.put({ ...header, sender, body, ...(replyTo === undefined ? {} : { replyTo }) }, reservation)
      context.status = 201
      context.set('Location', `/core/v1/envelopes/${header.id}/outcome`)
      context.body = { id: header.id, outcome: 'waiting' }
    } catch (error) {
      reservation.release()
      body?.fill(0)
      throw error
    }
  }

  async #take(context: Context, caller: Caller, address: string): Promise<void> {
    const { id, leaseSeconds, confirm = 'false' } = context.query
    const waitMs = this.#waitMs(context)
    if (!isId(id) || !(confirm === 'true' || confirm === 'false')) throw malformed()
    const leaseMs = leaseSeconds === undefined ? undefined : wholeSeconds(leaseSeconds, 1, MAX_LEASE_SECONDS) * 1000
    await this.#emptyBody(context, caller)
    const { participant } = caller
    const own = participant.mailboxes.includes(address) || (await this.#core.owner(address)) === participant.id
    if (!own) throw new CoreError('unknown', 'There is no such mailbox.')
    const choice = { ...(id === undefined ? {} : { id }), ...(leaseMs === undefined ? {} : { leaseMs }) }
    // Claimed for whoever can be handed it now: a call behind another one on its connection waits, and may be left alone there.
    const take = async (signal?: AbortSignal) =>
      (await turnOf(context.res)) ? this.#core.take(address, waitMs, signal, choice) : undefined
    // Who ends which of these waits when the node stops is the core's to say: answers are still handed out.
    const poll = { participant: participant.id, target: address, endsWithNode: false }
    const claim = await (waitMs === 0 ? take() : this.#polls.run(poll, context.req, take))
    if (claim !== undefined) {
      context.respond = false
      this.#sendElsewhere(context)
      return this.#handovers.send(context.res, participant.id, claim, confirm === 'true')
    }
    if (this.#draining) throw stopping()
    context.status = 204
  }

  /** @param maxBytes 0 where there is nothing to say: whoever sends a reason along with `confirm` means something else. */
  async #end(context: Context, caller: Caller, id: string, maxBytes: number, read: (body: Uint8Array) => HandoverEnd): Promise<void> {
    const body = await readBody(context.req, { ...this.#limits.transfers, maxBytes })
    caller.assertBody(body)
    await this.#handovers.end(caller.participant.id, id, read(body))
    context.status = 204
  }

  async #withdraw(context: Context, caller: Caller, id: string): Promise<void> {
    await this.#emptyBody(context, caller)
    await this.#ownRecord(caller, id)
    if (!(await this.#core.withdraw(id))) throw new HttpError(409, 'core.too-late', 'Somebody has taken it, or it is over.')
    context.status = 204
  }

  async #outcome(context: Context, caller: Caller, id: string): Promise<void> {
    const waitMs = this.#waitMs(context)
    const { until = 'settled' } = context.query
    if (!(until === 'claimed' || until === 'settled')) throw malformed()
    await this.#emptyBody(context, caller)
    const before = await this.#ownRecord(caller, id)
    const poll = { participant: caller.participant.id, target: id, endsWithNode: true }
    const wait = (signal: AbortSignal) => this.#core.settled(id, waitMs, until, signal)
    const mayWait = waitMs > 0 && !this.#draining
    const record = (mayWait ? await this.#polls.run(poll, context.req, wait) : undefined) ?? before
    if (this.#draining && waitMs > 0 && record.outcome === 'waiting') throw stopping()
    context.body = await outcomeBody(record, this.#options.signOutcome)
  }

  async #ownRecord(caller: Caller, id: string) {
    const record = await this.#core.outcome(id)
    if (record?.sender !== caller.participant.id) throw new CoreError('unknown', 'There is no such envelope.')
    return record
  }

  async #emptyBody(context: Context, caller: Caller): Promise<void> {
    caller.assertBody(await readBody(context.req, { ...this.#limits.transfers, maxBytes: 0 }))
  }

  #waitMs(context: Context): number {
    return wholeSeconds(context.query.waitSeconds ?? '0', 0, this.#limits.longPolls.maxSeconds) * 1000
  }

  #problem(context: Context, error: unknown): void {
    const { status, retryAfterSeconds } =
      error instanceof HttpError || error instanceof CoreError
        ? error
        : { status: error instanceof EnvelopeError ? 400 : 500, retryAfterSeconds: undefined }
    if (status === 500) this.#options.onError?.(error)
    this.#options.onRefusal?.(status)
    if (status === 401) context.set('WWW-Authenticate', 'Protektor')
    const known = status !== 500 && error instanceof Error && 'finding' in error
    const told = known ? { code: String(error.finding), message: error.message } : { code: 'core.internal' }
    answerProblem(context, { status, retryAfterSeconds, ...told })
  }
}

function refusalCode(body: Uint8Array): string {
  try {
    const { code } = JSON.parse(new TextDecoder().decode(body)) as { code?: unknown }
    if (typeof code === 'string' && CODE.test(code)) return code
  } catch {
    // falls through to the one answer
  }
  throw malformed()
}

/** @throws {HttpError} 415 */
function assertMediaType({ request: { type } }: Context, expected: CoreRoute['request']): void {
  if (expected === undefined || type.toLowerCase() === expected.mediaType) return
  throw new HttpError(415, 'core.media-type', `The body is not of the type ${expected.mediaType}.`)
}

/** A misspelt `replyTo`, `confirm` or `waitSeconds` must not pass for none. @throws {HttpError} 400 */
function assertQuery({ query }: Context, parameters: CoreRoute['parameters']): void {
  const known = new Set(parameters.filter((one) => one.in === 'query').map(({ name }) => name))
  if (Object.entries(query).some(([name, value]) => !known.has(name) || typeof value !== 'string')) throw malformed()
}

const isId = (text: unknown): text is string | undefined => text === undefined || (typeof text === 'string' && ID.test(text))

/** @throws {HttpError} 400 */
function wholeSeconds(text: string | string[], min: number, max: number): number {
  const seconds = typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : Infinity
  if (seconds < min || seconds > max) throw malformed()
  return seconds
}

function malformed(): HttpError {
  return new HttpError(400, 'core.malformed', 'The call is malformed.')
}

function stopping(): HttpError {
  return new HttpError(503, 'core.stopping', 'This node is about to stop.', { retryAfterSeconds: 1 })
}
