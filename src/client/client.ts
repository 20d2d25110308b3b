// SPDX-License-Identifier: EUPL-1.2
/**
 * The protector client: asks, takes, answers. Everything that leaves is sealed, everything that comes in is opened and verified here.
 *
 *   asker     ask() ──request──► mailbox ──► requests()     register
 *             ◄── notice, result ── reply mailbox ◄── request.notice(), request.result()
 *
 * Repeated is only what cannot happen twice: a put that never left (same id; 409 then says it arrived), takes and questions for outcomes.
 * @module
 */
import type { JWK } from 'jose'
import type { Clock } from '../env.js'
import type { OpeningKey, SenderLookup, SigningKey } from '../envelope/keys.js'
import { sealEnvelope } from '../envelope/seal.js'
import type { EnvelopeContent, EnvelopePart, OsciEvidence, XoevFacts } from '../envelope/types.js'
import type { AskEvent, AskRequest } from './ask.js'
import { ask } from './ask.js'
import type { EnvelopeOutcome, Transport } from './ports.js'
import { TransportError } from './ports.js'
import type { Received } from './received.js'
import { Inbox } from './received.js'

export const DEFAULT_TTL_SECONDS = 10
const PUT_ATTEMPTS = 3
const FIRST_PAUSE_MS = 100

/** Everything the client needs of the world; `connect` fills it in for Node. */
export interface ClientOptions {
  readonly participant: string
  readonly key: SigningKey
  readonly transport: Transport
  /** Private keys that open what comes into own mailboxes. */
  readonly openingKeys: readonly OpeningKey[]
  /** Whose signatures count. */
  readonly senders: SenderLookup
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Told what was dropped: envelopes that cannot be opened, answers that do not belong. Holds no content. */
  readonly onProblem?: (error: unknown, id: string) => void
}

/** What is sent: one XÖV document, or parts of any kind, or both (the document then is the part `content0`). */
export interface Outgoing {
  readonly document?: Uint8Array
  readonly parts?: readonly EnvelopePart[]
  readonly subject?: string
  readonly xoev?: XoevFacts
  readonly osci?: OsciEvidence
}

export interface SendRequest extends Outgoing {
  readonly to: string
  /** Public JWK of the mailbox's owner. */
  readonly recipientKey: JWK
  readonly ttlSeconds?: number
}

export interface TakeOptions {
  /** Default 30. */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
}

export interface Client {
  /** One-way. @returns the id, for {@link Client.outcome}. */
  send(request: SendRequest): Promise<{ readonly id: string }>
  outcome(id: string, waitSeconds?: number): Promise<EnvelopeOutcome | undefined>
  /** Sends a request and tells what happens, until the result, a rejection or the end of waiting. */
  ask(request: AskRequest): AsyncIterable<AskEvent>
  /** All of {@link Client.ask} at once: the last event, and the notice before it. */
  askAndWait(request: AskRequest): Promise<{ readonly last: AskEvent; readonly notice?: AskEvent & { kind: 'notice' } }>
  /** @returns the next request or message, opened; undefined when none came. */
  take(mailbox: string, options?: TakeOptions): Promise<Received | undefined>
  /** Every request that comes, until `signal` ends it; survives a core that is away for a while. */
  requests(mailbox: string, options?: TakeOptions): AsyncIterable<Received>
}

export function createClient(options: ClientOptions): Client {
  const inbox = new Inbox(options)
  return {
    send: async (request) => {
      const header = { id: newId(options.random), to: request.to, ttlSeconds: request.ttlSeconds ?? DEFAULT_TTL_SECONDS }
      await sealAndPut(options, { header, kind: 'message', ...contentOf(request) }, request.recipientKey)
      return { id: header.id }
    },
    outcome: (id, waitSeconds = 0) => options.transport.outcome(id, waitSeconds, 'settled'),
    ask: (request) => ask(options, request),
    askAndWait: async (request) => {
      let last: AskEvent | undefined
      let notice: (AskEvent & { kind: 'notice' }) | undefined
      for await (const event of ask(options, request)) {
        last = event
        if (event.kind === 'notice') notice = event
      }
      if (last === undefined) throw new TransportError('client.no-answer', 'Nothing happened.')
      return { last, ...(notice === undefined ? {} : { notice }) }
    },
    take: (mailbox, takeOptions) => inbox.take(mailbox, takeOptions),
    requests: (mailbox, takeOptions) => inbox.requests(mailbox, takeOptions),
  }
}

/** 128 bit of chance, 32 hex digits. */
export function newId(random: (bytes: number) => Uint8Array): string {
  return Array.from(random(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Parts and facts of something to be sent. */
export function contentOf(outgoing: Outgoing): Pick<EnvelopeContent, 'parts' | 'subject' | 'xoev' | 'osci'> {
  const { document, parts = [], subject, xoev, osci } = outgoing
  const first: EnvelopePart[] =
    document === undefined ? [] : [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: document }]
  return {
    parts: [...first, ...parts],
    ...(subject === undefined ? {} : { subject }),
    ...(xoev === undefined ? {} : { xoev }),
    ...(osci === undefined ? {} : { osci }),
  }
}

/** Seals, signs and puts; the sender and the time are filled in. */
export async function sealAndPut(
  options: ClientOptions,
  content: Omit<EnvelopeContent, 'sender' | 'createdAt'>,
  recipientKey: JWK,
): Promise<void> {
  const whole: EnvelopeContent = { ...content, sender: options.participant, createdAt: options.clock.now().toISOString() }
  const body = await sealEnvelope(whole, { recipient: recipientKey, sender: options.key }, options.random)
  const { replyTo } = content
  const envelope = { ...content.header, ...(replyTo === undefined ? {} : { replyTo }) }
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The core may overwrite what it is given; a further attempt needs the bytes again.
      await options.transport.put({ ...envelope, body: new Uint8Array(body) })
      return
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      if (error.status === 409 && attempt > 1) return
      if (error.status !== undefined) throw error
      if (!error.nothingSent) return assertArrived(options, content.header.id, error)
      if (attempt >= PUT_ATTEMPTS) throw error
      await options.sleep(FIRST_PAUSE_MS * 2 ** attempt)
    }
  }
}

/** The connection broke in the middle: asking is safe, putting again is not. */
async function assertArrived(options: ClientOptions, id: string, error: TransportError): Promise<void> {
  const record = await options.transport.outcome(id, 0, 'settled').catch(() => undefined)
  if (record === undefined) throw error
}
