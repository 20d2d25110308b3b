// SPDX-License-Identifier: EUPL-1.2
/**
 * The core over HTTP: put, take, confirm, refuse, outcome for registered participants.
 *
 * Whoever is not known, or asks for what is not his, gets the same answer as for what does not exist. A hand-over is claimed before its
 * first byte and ends with the last one: `finish` → delivered, `close` before it → unknown (or, leased, waiting again).
 * Specs: product.md, Decisions, "core API", "possession"; threat model C1, C2, C4, C6.
 * @module
 */
import { CompactSign } from 'jose'
import type { Context, Next } from 'koa'
import Router from 'koa-router'
import { CoreError } from '../core/errors.js'
import type { Claim, Core, OutcomeRecord } from '../core/ports.js'
import type { Clock } from '../env.js'
import { ENVELOPE_LIMITS, MEDIA_TYPE } from '../envelope/container.js'
import { EnvelopeError } from '../envelope/errors.js'
import { readHeader } from '../envelope/header.js'
import type { SigningKey } from '../envelope/keys.js'
import { HttpError } from '../errors.js'
import type { CoreOperation } from './core-api-openapi.js'
import { CORE_ROUTES } from './core-api-openapi.js'
import { contentLength, readBody } from './core-body.js'
import type { Caller, Participant } from './core-possession.js'
import { possession } from './core-possession.js'

export { CORE_API_OPENAPI } from './core-api-openapi.js'
export type { Participant } from './core-possession.js'

export interface CoreApiLimits {
  readonly envelopeBytes: number
  readonly waitSeconds: number
  /** Long polls of one participant at one mailbox (or one envelope's outcome). */
  readonly waitsPerTarget: number
  readonly waitsPerParticipant: number
  readonly tokenSkewSeconds: number
  readonly maxTokens: number
}

export const CORE_API_LIMITS: CoreApiLimits = {
  envelopeBytes: ENVELOPE_LIMITS.envelopeBytes,
  waitSeconds: 30,
  waitsPerTarget: 4,
  waitsPerParticipant: 256,
  tokenSkewSeconds: 60,
  maxTokens: 200_000,
}

export interface CoreApiOptions {
  readonly core: Core
  /** Audience of tokens; never taken from the Host header. */
  readonly publicUrl: string
  readonly participants: readonly Participant[]
  readonly clock: Clock
  readonly limits?: Partial<CoreApiLimits>
  /** Throws for a mailbox that nobody can empty at the moment: nothing is put there. */
  readonly assertOpen?: (mailbox: string) => void
  /** Signs outcome records. */
  readonly signingKey?: SigningKey
  /** Told of every error without an HTTP status of its own (answered 500); its text goes nowhere else. */
  readonly onError?: (error: unknown) => void
}

const CODE = /^[A-Za-z0-9._-]{1,40}$/
const MAX_JSON_BYTES = 4096

export function coreApiRouter(options: CoreApiOptions): Router {
  const api = new CoreApi(options)
  const router = new Router()
  for (const route of CORE_ROUTES) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1')
    router[route.method](path, (context: Context, next: Next) => api.answer(route.operation, context, next))
  }
  return router
}

interface Lease {
  readonly claim: Claim
  readonly participant: string
  readonly untilMs: number
  confirmed: boolean
}

class CoreApi {
  readonly #options: CoreApiOptions
  readonly #core: Core
  readonly #limits: CoreApiLimits
  readonly #caller: ReturnType<typeof possession>
  readonly #leases = new Map<string, Lease>()
  readonly #waits = new Map<string, number>()
  readonly #handlers: { readonly [O in CoreOperation]: (context: Context, caller: Caller, name: string) => Promise<void> } = {
    putEnvelope: (context, caller, address) => this.#put(context, caller, address),
    takeEnvelope: (context, caller, address) => this.#take(context, caller, address),
    confirmEnvelope: (context, caller, id) => this.#endLease(context, caller, id, 'confirm'),
    refuseEnvelope: (context, caller, id) => this.#endLease(context, caller, id, 'refuse'),
    getOutcome: (context, caller, id) => this.#outcome(context, caller, id),
  }

  constructor(options: CoreApiOptions) {
    this.#options = options
    this.#core = options.core
    this.#limits = { ...CORE_API_LIMITS, ...options.limits }
    this.#caller = possession({ ...options, ...this.#limits })
  }

  async answer(operation: CoreOperation, context: Context, _next: Next): Promise<void> {
    context.set('Cache-Control', 'no-store')
    try {
      const caller = await this.#caller(context.req)
      const params = context.params as Readonly<Record<string, string>>
      await this.#handlers[operation](context, caller, params.address ?? params.id ?? '')
    } catch (error) {
      this.#problem(context, error)
    }
  }

  async #put(context: Context, caller: Caller, address: string): Promise<void> {
    if (context.request.type !== MEDIA_TYPE) throw new HttpError(415, 'core.media-type', 'This is no envelope.')
    const replyTo = context.query.replyTo
    if (Array.isArray(replyTo)) throw malformed()
    const announced = contentLength(context.req) ?? 0
    if (announced > this.#limits.envelopeBytes) throw new HttpError(413, 'core.too-large', 'The body is too large.')
    const sender = caller.participant.id
    this.#options.assertOpen?.(address)
    const reservation = await this.#core.reserve(address, sender, announced)
    let body: Uint8Array | undefined
    try {
      body = await readBody(context.req, this.#limits.envelopeBytes, (toBytes) => reservation.grow(toBytes))
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
    const waitMs = this.#waitMs(context)
    await this.#emptyBody(context, caller)
    const own = caller.participant.mailboxes.includes(address) || (await this.#core.owner(address)) === caller.participant.id
    if (!own) throw new CoreError('unknown', 'There is no such mailbox.')
    const abort = new AbortController()
    const onClose = () => abort.abort()
    context.res.once('close', onClose)
    const claim = await this.#waiting(caller, address, waitMs, () => this.#core.take(address, waitMs, abort.signal))
    context.res.off('close', onClose)
    if (claim === undefined) {
      context.status = 204
      return
    }
    this.#send(context, caller, claim)
  }

  /** From here on the claim ends in `confirm` or `broken`, whatever the socket does. */
  #send(context: Context, caller: Caller, claim: Claim): void {
    const { envelope, leaseMs } = claim
    const { res } = context
    const over = (end: () => Promise<void>) => void end().catch((error: unknown) => this.#options.onError?.(error))
    if (res.closed || context.req.socket.destroyed) {
      over(() => claim.broken())
      return
    }
    if (leaseMs !== undefined)
      this.#addLease(envelope.id, { claim, participant: caller.participant.id, untilMs: this.#now() + leaseMs, confirmed: false })
    const { socket } = context.req
    let delivered = false
    // A response also says `finish` when its socket is torn down with bytes still in it: then nothing is known to have arrived.
    res.once('finish', () => {
      delivered = !socket.destroyed && socket.errored === null
      if (delivered && leaseMs === undefined) over(() => claim.confirm())
    })
    res.once('close', () => {
      if (!delivered) over(() => this.#brokenUnlessEnded(claim))
    })
    context.status = 200
    context.type = MEDIA_TYPE
    context.set('Protektor-Envelope-Id', envelope.id)
    context.set('Protektor-Handover', leaseMs === undefined ? 'at-most-once' : 'lease-and-confirm')
    if (leaseMs !== undefined) context.set('Protektor-Lease-Ms', String(Math.floor(leaseMs)))
    context.set('Protektor-Remaining-Ms', String(Math.max(0, Math.floor(claim.remainingMs))))
    context.body = Buffer.from(envelope.body.buffer, envelope.body.byteOffset, envelope.body.length)
  }

  async #brokenUnlessEnded(claim: Claim): Promise<void> {
    try {
      await claim.broken()
    } catch (error) {
      if (!(error instanceof CoreError && error.kind === 'gone')) throw error
    }
  }

  async #endLease(context: Context, caller: Caller, id: string, end: 'confirm' | 'refuse'): Promise<void> {
    const body = await readBody(context.req, MAX_JSON_BYTES, () => undefined)
    caller.assertBody(body)
    const code = end === 'refuse' ? refusalCode(body) : ''
    const lease = this.#leases.get(id)
    if (lease === undefined || lease.participant !== caller.participant.id) throw new CoreError('unknown', 'There is no such envelope.')
    if (end === 'refuse') await lease.claim.refuse(code)
    else if (!lease.confirmed) await lease.claim.confirm()
    lease.confirmed = end === 'confirm'
    context.status = 204
  }

  async #outcome(context: Context, caller: Caller, id: string): Promise<void> {
    const waitMs = this.#waitMs(context)
    const until = context.query.until === 'claimed' ? 'claimed' : 'settled'
    await this.#emptyBody(context, caller)
    let record = await this.#core.outcome(id)
    if (record?.sender !== caller.participant.id) throw new CoreError('unknown', 'There is no such envelope.')
    if (waitMs > 0) record = (await this.#waiting(caller, id, waitMs, () => this.#core.settled(id, waitMs, until))) ?? record
    context.body = await this.#outcomeBody(record)
  }

  async #outcomeBody(record: OutcomeRecord): Promise<object> {
    const { id, outcome, claimed, reason, at } = record
    const body = { id, outcome, claimed, ...(reason === undefined ? {} : { reason }), at }
    const key = this.#options.signingKey
    if (key === undefined) return body
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(body)))
      .setProtectedHeader({ typ: 'protektor-outcome+jws', alg: key.alg, kid: key.kid })
      .sign(key.privateKey)
    return { ...body, jws }
  }

  async #emptyBody(context: Context, caller: Caller): Promise<void> {
    caller.assertBody(await readBody(context.req, 0, () => undefined))
  }

  #waitMs(context: Context): number {
    const text = context.query.waitSeconds ?? '0'
    const seconds = typeof text === 'string' && /^\d{1,2}$/.test(text) ? Number(text) : Infinity
    if (seconds > this.#limits.waitSeconds) throw malformed()
    return seconds * 1000
  }

  async #waiting<T>(caller: Caller, target: string, waitMs: number, wait: () => Promise<T>): Promise<T> {
    if (waitMs === 0) return wait()
    const { id } = caller.participant
    const counters = [
      [id, this.#limits.waitsPerParticipant],
      [`${id} ${target}`, this.#limits.waitsPerTarget],
    ] as const
    if (counters.some(([key, max]) => (this.#waits.get(key) ?? 0) >= max)) {
      throw new HttpError(429, 'core.too-many-waits', 'Too many calls are waiting.', { retryAfterSeconds: 1 })
    }
    for (const [key] of counters) this.#waits.set(key, (this.#waits.get(key) ?? 0) + 1)
    try {
      return await wait()
    } finally {
      for (const [key] of counters) {
        const left = (this.#waits.get(key) ?? 1) - 1
        if (left > 0) this.#waits.set(key, left)
        else this.#waits.delete(key)
      }
    }
  }

  #addLease(id: string, lease: Lease): void {
    for (const [other, { untilMs }] of this.#leases) {
      if (untilMs > this.#now()) break
      this.#leases.delete(other)
    }
    this.#leases.delete(id)
    this.#leases.set(id, lease)
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }

  #problem(context: Context, error: unknown): void {
    const { status, retryAfterSeconds } =
      error instanceof HttpError || error instanceof CoreError
        ? error
        : { status: error instanceof EnvelopeError ? 400 : 500, retryAfterSeconds: undefined }
    if (status === 500) this.#options.onError?.(error)
    const known = status !== 500 && error instanceof Error && 'finding' in error
    context.status = status
    if (status === 401) context.set('WWW-Authenticate', 'Protektor')
    if (retryAfterSeconds !== undefined) context.set('Retry-After', String(retryAfterSeconds))
    // Whoever was refused before his body was read must not go on sending it over this connection.
    if (!context.req.complete) context.set('Connection', 'close')
    context.body = {
      type: 'about:blank',
      title: known ? error.message : 'Something went wrong here.',
      status,
      code: known ? String(error.finding) : 'core.internal',
    }
    context.type = 'application/problem+json'
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

function malformed(): HttpError {
  return new HttpError(400, 'core.malformed', 'The call is malformed.')
}
