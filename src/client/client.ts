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
import type { AskEvent, AskRequest } from './ask.js'
import { ask } from './ask.js'
import type { EnvelopeOutcome } from './ports.js'
import { TransportError } from './ports.js'
import type { Answering, Received, ReplyAddress } from './received.js'
import { answering, Inbox } from './received.js'
import type { ClientOptions, Outgoing, TakeOptions } from './sending.js'
import { contentOf, DEFAULT_TTL_SECONDS, newId, sealAndPut } from './sending.js'

export interface SendRequest extends Outgoing {
  readonly to: string
  /** Public JWK of the mailbox's owner. */
  readonly recipientKey: JWK
  readonly ttlSeconds?: number
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
  /** The ways to answer a request that was taken earlier, and confirmed. */
  answering(address: ReplyAddress): Answering
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
    answering: (address) => answering(options, address),
  }
}
