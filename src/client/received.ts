// SPDX-License-Identifier: EUPL-1.2
/**
 * The register's side: what comes out of a mailbox, opened, with the ways to answer it.
 * @module
 */
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

/** A request or message, opened and verified. */
export interface Received {
  readonly id: string
  readonly content: OpenedEnvelope
  /** The exact bytes of the first part with role `document`. */
  readonly document: Uint8Array | undefined
  /** Accepted or rejected; comes before the result, at will. */
  notice(answer: Answer): Promise<void>
  /** The answer; the last word. */
  result(answer: Answer): Promise<void>
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
    const taken = await this.#options.transport.take(mailbox, waitSeconds, signal)
    return taken === undefined ? undefined : this.#opened(mailbox, taken)
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
      content = await openEnvelope(taken.body, { recipient: openingKeys, sender: senders }, { id: taken.id, to: mailbox })
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

class Request implements Received {
  readonly content: OpenedEnvelope
  readonly #options: ClientOptions
  readonly #lease: Lease
  readonly #remember: () => void
  #answered = false

  constructor(options: ClientOptions, content: OpenedEnvelope, lease: Lease, remember: () => void) {
    this.#options = options
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
    await this.#answer('notice', { status: 'accepted', ...answer })
    if (answer.status === 'rejected') this.#answered = true
  }

  async result(answer: Answer): Promise<void> {
    await this.#answer('result', { status: 'done', ...answer })
    this.#answered = true
  }

  async refuse(code: string, text?: string): Promise<void> {
    if (this.#lease.open) return this.#lease.refuse(code)
    await this.result({ status: 'rejected', reasons: [{ code, ...(text === undefined ? {} : { text }) }] })
  }

  async #answer(kind: 'notice' | 'result', answer: Answer & { status: 'accepted' | 'rejected' | 'done' }): Promise<void> {
    const { replyTo, replyKey } = this.content
    if (replyTo === undefined || replyKey === undefined) throw new ProtektorError('client.no-reply', 'The sender wants no answer.')
    if (this.#answered) throw new ProtektorError('client.answered', 'The request was answered before.')
    await this.confirm()
    const content: Omit<EnvelopeContent, 'sender' | 'createdAt'> = {
      header: { id: newId(this.#options.random), to: replyTo, ttlSeconds: ANSWER_TTL_SECONDS },
      kind,
      inReplyTo: this.id,
      outcome: { status: answer.status, ...(answer.reasons === undefined ? {} : { reasons: answer.reasons }) },
      ...contentOf(answer),
    }
    await sealAndPut(this.#options, content, replyKey)
  }
}
