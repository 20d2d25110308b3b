// SPDX-License-Identifier: EUPL-1.2
/**
 * The register's side: what comes out of a mailbox, opened, with the ways to answer it.
 * @module
 */
import type { JWK } from 'jose'
import { openEnvelope } from '../envelope/open.js'
import type { EnvelopeContent, OpenedEnvelope } from '../envelope/types.js'
import { ProtektorError } from '../errors.js'
import type { ClientOptions, Outgoing, TakeOptions } from './sending.js'
import { contentOf, newId, sealAndPut } from './sending.js'
import type { TakenEnvelope } from './ports.js'
import { TransportError } from './ports.js'

const ANSWER_TTL_SECONDS = 30
const MAX_REMEMBERED = 10_000
const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 10_000

export interface Reason {
  readonly code: string
  readonly text?: string
}

export interface Answer extends Outgoing {
  /** Default: `accepted` of a notice, `done` of a result. */
  readonly status?: 'accepted' | 'rejected' | 'done'
  readonly reasons?: readonly Reason[]
}

/** Where a request is answered: all that must be kept to answer it later, or from another process. Holds no secret. */
export interface ReplyAddress {
  /** Of the request. */
  readonly id: string
  readonly replyTo: string
  readonly replyKey: JWK
}

export interface Answering {
  /** Accepted or rejected; comes before the result, at will. */
  notice(answer: Answer): Promise<void>
  /** The answer; the last word. */
  result(answer: Answer): Promise<void>
}

/** A request or message, opened and verified. */
export interface Received extends Answering {
  readonly id: string
  readonly content: OpenedEnvelope
  /** The exact bytes of the first part with role `document`. */
  readonly document: Uint8Array | undefined
  /** Not processed: given back to the core while leased, else said to the asker as a rejecting result. */
  refuse(code: string, text?: string): Promise<void>
  /** Lease and confirm: taken over for good. Done by the first answer, too. */
  confirm(): Promise<void>
}

/** Takes, opens, drops what was seen before (a lease that came back). */
export class Inbox {
  readonly #options: ClientOptions
  readonly #seen = new Set<string>()

  constructor(options: ClientOptions) {
    this.#options = options
  }

  async take(mailbox: string, { waitSeconds = 30, signal }: TakeOptions = {}): Promise<Received | undefined> {
    const { transport, clock, sleep } = this.#options
    const started = clock.monotonicMs()
    const taken = await transport.take(mailbox, waitSeconds, signal)
    if (taken !== undefined) return this.#opened(mailbox, taken)
    // who was asked to wait, and says "nothing" at once, is not asked again at once
    const restMs = Math.min(FIRST_PAUSE_MS, waitSeconds * 1000) - (clock.monotonicMs() - started)
    if (restMs > 0) await sleep(restMs, signal)
    return undefined
  }

  async *requests(mailbox: string, options: TakeOptions = {}): AsyncGenerator<Received, void, undefined> {
    let pauseMs = FIRST_PAUSE_MS
    const stopped = () => options.signal?.aborted === true
    while (!stopped()) {
      try {
        const received = await this.take(mailbox, options)
        pauseMs = FIRST_PAUSE_MS
        if (received !== undefined) yield received
      } catch (error) {
        if (stopped()) return
        if (!(error instanceof TransportError) || !error.transient) throw error
        if (!error.stopping) this.#options.onProblem?.(error, '')
        await this.#options.sleep(Math.max(pauseMs, (error.retryAfterSeconds ?? 0) * 1000), options.signal)
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
      }
    }
  }

  async #opened(mailbox: string, taken: TakenEnvelope): Promise<Received | undefined> {
    const { transport, openingKeys, senders } = this.#options
    const lease = new Lease(taken, transport)
    if (this.#seen.has(taken.id)) {
      await lease.confirm().catch((error: unknown) => this.#options.onProblem?.(error, taken.id))
      return undefined
    }
    let content: OpenedEnvelope
    try {
      const now = this.#options.clock.now()
      content = await openEnvelope(taken.body, { recipient: openingKeys, sender: senders }, { id: taken.id, to: mailbox, now })
      if (content.kind !== 'request' && content.kind !== 'message')
        throw new ProtektorError('client.foreign-answer', 'An answer came without a question.')
    } catch (error) {
      this.#options.onProblem?.(error, taken.id)
      await lease.refuse('T020').catch((failure: unknown) => this.#options.onProblem?.(failure, taken.id))
      return undefined
    }
    return new Request(this.#options, content, lease, () => this.#remember(taken.id))
  }

  /** Only what was taken over counts as seen: a lease that ran out unprocessed is processed when it comes again. */
  #remember(id: string): void {
    this.#seen.add(id)
    if (this.#seen.size <= MAX_REMEMBERED) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      return
    }
  }
}

/** The hand-over as far as it is still open. */
class Lease {
  readonly #id: string
  readonly #transport: ClientOptions['transport']
  #open: boolean

  constructor(taken: TakenEnvelope, transport: ClientOptions['transport']) {
    this.#id = taken.id
    this.#transport = transport
    this.#open = taken.leaseMs !== undefined
  }

  get open(): boolean {
    return this.#open
  }

  async confirm(): Promise<void> {
    if (!this.#open) return
    await this.#transport.confirm(this.#id)
    this.#open = false
  }

  async refuse(code: string): Promise<void> {
    if (!this.#open) return
    await this.#transport.refuse(this.#id, code)
    this.#open = false
  }
}

/** One notice at will, one last word. */
class ReplyAnswering implements Answering {
  readonly #options: ClientOptions
  readonly #address: ReplyAddress
  #answered = false

  constructor(options: ClientOptions, address: ReplyAddress) {
    this.#options = options
    this.#address = address
  }

  async notice(answer: Answer): Promise<void> {
    await this.#put('notice', { status: 'accepted', ...answer })
    if (answer.status === 'rejected') this.#answered = true
  }

  async result(answer: Answer): Promise<void> {
    await this.#put('result', { status: 'done', ...answer })
    this.#answered = true
  }

  /** @throws {ProtektorError} client.answered */
  assertOpen(): void {
    if (this.#answered) throw new ProtektorError('client.answered', 'The request was answered before.')
  }

  async #put(kind: 'notice' | 'result', answer: Answer & { status: 'accepted' | 'rejected' | 'done' }): Promise<void> {
    this.assertOpen()
    const { id, replyTo, replyKey } = this.#address
    const content: Omit<EnvelopeContent, 'sender' | 'createdAt'> = {
      header: { id: newId(this.#options.random), to: replyTo, ttlSeconds: ANSWER_TTL_SECONDS },
      kind,
      inReplyTo: id,
      outcome: { status: answer.status, ...(answer.reasons === undefined ? {} : { reasons: answer.reasons }) },
      ...contentOf(answer),
    }
    await sealAndPut(this.#options, content, replyKey)
  }
}

export const answering = (options: ClientOptions, address: ReplyAddress): Answering => new ReplyAnswering(options, address)

class Request implements Received {
  readonly content: OpenedEnvelope
  readonly #answering: ReplyAnswering | undefined
  readonly #lease: Lease
  readonly #remember: () => void

  constructor(options: ClientOptions, content: OpenedEnvelope, lease: Lease, remember: () => void) {
    const { header, replyTo, replyKey } = content
    this.#answering =
      replyTo === undefined || replyKey === undefined ? undefined : new ReplyAnswering(options, { id: header.id, replyTo, replyKey })
    this.content = content
    this.#lease = lease
    this.#remember = remember
  }

  get id(): string {
    return this.content.header.id
  }

  get document(): Uint8Array | undefined {
    return this.content.parts.find((part) => part.role === 'document')?.bytes
  }

  async confirm(): Promise<void> {
    // Remembered first: when only the answer to the confirmation is lost, the envelope may come again.
    this.#remember()
    await this.#lease.confirm()
  }

  async notice(answer: Answer): Promise<void> {
    await (await this.#takenOver()).notice(answer)
  }

  async result(answer: Answer): Promise<void> {
    await (await this.#takenOver()).result(answer)
  }

  async refuse(code: string, text?: string): Promise<void> {
    if (this.#lease.open) return this.#lease.refuse(code)
    await this.result({ status: 'rejected', reasons: [{ code, ...(text === undefined ? {} : { text }) }] })
  }

  /** Whoever answers has taken over, and says so first. */
  async #takenOver(): Promise<Answering> {
    if (this.#answering === undefined) throw new ProtektorError('client.no-reply', 'The sender wants no answer.')
    this.#answering.assertOpen()
    await this.confirm()
    return this.#answering
  }
}
