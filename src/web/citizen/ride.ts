// SPDX-License-Identifier: EUPL-1.2
/**
 * One request from this browser to the authority and back. Keys are made for it and forgotten with it:
 *
 *   session key    signs the request; the online service vouches for its public half
 *   reply key      opens the answers; its private half cannot leave WebCrypto
 *
 * Sealing, waiting, opening and verifying are the protector client's own (client/ask.ts).
 * @module
 */
import type { AskEvent } from '../../client/ask.js'
import { ask } from '../../client/ask.js'
import { mayHaveBeenProcessed } from '../../client/fate.js'
import { TransportError } from '../../client/ports.js'
import type { SigningKey } from '../../envelope/keys.js'
import { generateSessionKey } from '../../envelope/keys.js'
import type { OpenedEnvelope } from '../../envelope/types.js'
import type { Order } from './order.js'
import { documentOf } from './order.js'
import type { Pinned } from './pinning.js'
import type { About } from './portal.js'
import { askVoucher, portalTransport } from './portal.js'

export const STEPS = ['sealed', 'waiting', 'taken', 'notice', 'result'] as const
export type Step = (typeof STEPS)[number]

/** What is seen while it goes on. */
export interface Teller {
  step(step: Step): void
  connection(up: boolean): void
  /** Something lay in the reply mailbox that the authority did not seal for this request. It was thrown away unread. */
  foreign(): void
}

/** How it ended. `certain`: it is known that nothing was processed. */
export type End =
  | { readonly kind: 'answered'; readonly content: OpenedEnvelope }
  | { readonly kind: 'rejected'; readonly content: OpenedEnvelope; readonly certain: boolean }
  | { readonly kind: 'expired'; readonly certain: true }
  | { readonly kind: 'refused'; readonly code: string | undefined; readonly certain: true }
  | { readonly kind: 'unknown'; readonly certain: false }
  | { readonly kind: 'not-sent'; readonly code: string; readonly certain: boolean }

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })

/** A key with the online service's word for it, good for one request. */
export interface Session {
  readonly key: SigningKey
  /** The online service's clock minus ours: the clocks of citizens go wrong, and the voucher counts by its own. */
  readonly offsetMs: number
  readonly openedAt: number
}

/** The online service tells no longer than this at a time. */
const MAX_TELL_SECONDS = 30

/** Half of a voucher's life. */
const SESSION_MS = 300_000

/** @throws {TransportError} */
export async function openSession(): Promise<Session> {
  const { key, publicJwk } = await generateSessionKey()
  const { voucher, now } = await askVoucher(publicJwk)
  const openedAt = Date.now()
  return { key: { ...key, voucher }, offsetMs: Date.parse(now) - openedAt, openedAt }
}

/** @param prepared opened while the citizen was still reading; a new one is opened when it failed or has become old */
export async function ride(
  order: Order,
  about: About,
  pinned: Pinned,
  prepared: Promise<Session | undefined> | undefined,
  tell: Teller,
): Promise<End> {
  const { portal, authority, ttlSeconds, answerWithinSeconds } = about
  let end: End = { kind: 'unknown', certain: false }
  let sealed = false
  try {
    const ready = await prepared
    const isFresh = ready !== undefined && Math.abs(Date.now() - ready.openedAt) < SESSION_MS
    const { key, offsetMs } = isFresh ? ready : await openSession()
    const clock = { now: () => new Date(Date.now() + offsetMs), monotonicMs: () => performance.now() }
    const watch = {
      sealed: () => {
        if (!sealed) tell.step('sealed')
        sealed = true
      },
      reached: (yes: boolean) => tell.connection(yes),
    }
    const options = {
      participant: portal.participant,
      key,
      transport: portalTransport(watch, Math.min(answerWithinSeconds, MAX_TELL_SECONDS)),
      openingKeys: [],
      senders: pinned.senders,
      clock,
      random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
      sleep,
      onProblem: () => tell.foreign(),
    }
    const request = {
      to: authority.mailbox,
      recipientKey: pinned.sealing,
      document: documentOf(order, about, clock.now()),
      ttlSeconds,
      answerWithinSeconds,
      answerFrom: authority.participant,
    }
    for await (const event of ask(options, request)) end = heard(event, tell) ?? end
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    // before the envelope was complete nothing of the request had left
    return { kind: 'not-sent', code: error.finding, certain: !sealed || error.nothingSent || error.status !== undefined }
  }
  return end
}

/** Tells an event, and what it means if it is the last. */
function heard(event: AskEvent, tell: Teller): End | undefined {
  switch (event.kind) {
    case 'sent':
      tell.step('waiting')
      return undefined
    case 'taken':
      tell.step('taken')
      return undefined
    case 'notice':
    case 'result': {
      const { content } = event
      tell.step(event.kind)
      if (content.outcome?.status === 'rejected') return { kind: 'rejected', content, certain: !mayHaveBeenProcessed(content) }
      return event.kind === 'result' ? { kind: 'answered', content } : undefined
    }
    case 'outcome':
      // refused and never taken: a core that ended in order gave it up
      if (event.outcome === 'expired' || (event.outcome === 'refused' && !event.claimed)) return { kind: 'expired', certain: true }
      if (event.outcome === 'refused') return { kind: 'refused', code: event.reason, certain: true }
      return { kind: 'unknown', certain: false }
  }
}
