// SPDX-License-Identifier: EUPL-1.2
/**
 * One question and what becomes of it. Every question has a reply mailbox and a reply key of its own, forgotten with the answer; what
 * does not open with that key, or does not name this question, is never delivered.
 * @module
 */
import type { JWK } from 'jose'
import type { OpeningKey } from '../envelope/keys.js'
import { generateReplyKey } from '../envelope/keys.js'
import { openEnvelope } from '../envelope/open.js'
import type { OpenedEnvelope } from '../envelope/types.js'
import { ProtektorError } from '../errors.js'
import type { ClientOptions, Outgoing } from './sending.js'
import { contentOf, DEFAULT_TTL_SECONDS, newId, sealAndPut } from './sending.js'
import type { EnvelopeOutcome, TakenEnvelope } from './ports.js'
import { TransportError } from './ports.js'

export interface AskRequest extends Outgoing {
  readonly to: string
  readonly recipientKey: JWK
  /** How long the request may wait to be taken. Default 10. */
  readonly ttlSeconds?: number
  /** How long to wait for the result, from the sending on. Default 20; the reply mailbox lives until 60 s after the request's deadline. */
  readonly answerWithinSeconds?: number
  /** Participant that may answer; default: whoever can open the request. */
  readonly answerFrom?: string
  /** Ends the waiting: the last event says what is known then. Aborted before the request was sent, nothing is, and its reason is thrown. */
  readonly signal?: AbortSignal
}

/** `outcome` is the last event when no result came: what is known of the request then. */
export type AskEvent =
  | { readonly kind: 'sent'; readonly id: string }
  | { readonly kind: 'taken'; readonly at: string }
  | { readonly kind: 'notice'; readonly content: OpenedEnvelope }
  | { readonly kind: 'result'; readonly content: OpenedEnvelope }
  | { readonly kind: 'outcome'; readonly outcome: EnvelopeOutcome['outcome']; readonly claimed: boolean; readonly reason?: string }

const MAX_WAIT_SECONDS = 30
const PAUSE_MS = 200
/** A request may be given back because of what a notice says; the notice was put first, but may be read a moment later. */
const LAST_LOOK_MS = 250
/** So long beyond its time a poll may take to end by itself. */
const GRACE_MS = 2000

interface Question {
  readonly id: string
  readonly replyTo: string
  readonly replyKey: OpeningKey
  readonly deadlineMs: number
  readonly request: AskRequest
}

type Step =
  | { readonly from: 'reply'; readonly taken: TakenEnvelope | undefined }
  | { readonly from: 'core'; readonly record: EnvelopeOutcome | undefined }
  | { readonly from: 'clock' }

/** @throws {TransportError} the request could not be put; {EnvelopeError} it could not be sealed */
export async function* ask(options: ClientOptions, request: AskRequest): AsyncGenerator<AskEvent, void, undefined> {
  const pair = await generateReplyKey()
  const header = { id: newId(options.random), to: request.to, ttlSeconds: request.ttlSeconds ?? DEFAULT_TTL_SECONDS }
  const question: Question = {
    id: header.id,
    replyTo: 'reply.' + newId(options.random),
    replyKey: pair.key,
    deadlineMs: options.clock.monotonicMs() + (request.answerWithinSeconds ?? 20) * 1000,
    request,
  }
  const { replyTo } = question
  const content = { header, kind: 'request', replyTo, replyKey: pair.publicJwk, ...contentOf(request) } as const
  await sealAndPut(options, content, request.recipientKey, request.signal)
  yield { kind: 'sent', id: header.id }

  const over = new AbortController()
  // not AbortSignal.any: the caller's signal may live as long as the process, and Node 20 keeps a trace of every signal made from it
  const turnedAway = (): void => over.abort()
  if (request.signal?.aborted === true) turnedAway()
  else request.signal?.addEventListener('abort', turnedAway)
  try {
    yield* follow(options, question, over.signal)
  } finally {
    over.abort()
    request.signal?.removeEventListener('abort', turnedAway)
  }
}

/** Two long polls at a time: the reply mailbox until the end, the outcome until it is settled. */
async function* follow(options: ClientOptions, question: Question, signal: AbortSignal): AsyncGenerator<AskEvent, void, undefined> {
  const reply = (): Promise<Step> =>
    patient(options, question, signal, (wait) => options.transport.take(question.replyTo, wait, signal)).then((taken) => ({
      from: 'reply',
      taken,
    }))
  const core = (until: 'claimed' | 'settled'): Promise<Step> =>
    patient(options, question, signal, (wait) => options.transport.outcome(question.id, wait, until, signal)).then((record) => ({
      from: 'core',
      record,
    }))

  let record: EnvelopeOutcome | undefined
  let taken = false
  let replies: Promise<Step> = reply()
  let outcomes: Promise<Step> | undefined = core('claimed')
  let lastLook: Promise<Step> | undefined
  // polls end in time by themselves, but not those of a core that has fallen silent
  const late = options.sleep(leftMs(options, question) + GRACE_MS, signal).then((): Step => ({ from: 'clock' }))
  while (leftMs(options, question) > 0 && !signal.aborted) {
    const step: Step = await Promise.race([replies, outcomes, lastLook, late].filter((one) => one !== undefined))
    if (step.from === 'clock') break
    if (step.from === 'reply') {
      replies = reply()
      const content = step.taken === undefined ? undefined : await belonging(options, question, step.taken)
      if (content === undefined) continue
      if (!taken) yield { kind: 'taken', at: content.createdAt }
      taken = true
      if (content.kind === 'result') {
        yield { kind: 'result', content }
        return
      }
      yield { kind: 'notice', content }
      if (content.outcome?.status === 'rejected') return
    } else {
      record = step.record ?? record
      if (record?.claimed === true && !taken) {
        taken = true
        yield { kind: 'taken', at: record.at }
      }
      if (record?.outcome === 'expired') break
      if (record?.outcome === 'refused') lastLook = options.sleep(LAST_LOOK_MS, signal).then(() => ({ from: 'clock' }))
      const settled: boolean = record !== undefined && record.outcome !== 'waiting'
      outcomes = settled ? undefined : core(record?.claimed === true ? 'settled' : 'claimed')
    }
  }
  const last = (await lastWord(options, question)) ?? record
  const reason = last?.reason === undefined ? {} : { reason: last.reason }
  yield { kind: 'outcome', outcome: last?.outcome ?? 'unknown', claimed: last?.claimed ?? taken, ...reason }
}

/** What the core says in the end; undefined where it says nothing. */
async function lastWord({ transport, sleep }: ClientOptions, { id }: Question): Promise<EnvelopeOutcome | undefined> {
  const over = new AbortController()
  const { signal } = over
  try {
    return await Promise.race([transport.outcome(id, 0, 'settled', signal), sleep(GRACE_MS, signal).then(() => undefined)])
  } catch {
    return undefined
  } finally {
    over.abort()
  }
}

function leftMs(options: ClientOptions, question: Question): number {
  return question.deadlineMs - options.clock.monotonicMs()
}

/** Calls until there is an answer or the time is over; a core that is away for a moment is asked again. Never rejects. */
async function patient<T>(
  options: ClientOptions,
  question: Question,
  signal: AbortSignal,
  call: (waitSeconds: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (;;) {
    const left = leftMs(options, question)
    if (left <= 0 || signal.aborted) return undefined
    const started = options.clock.monotonicMs()
    let pauseMs = PAUSE_MS
    try {
      const answer = await call(Math.min(MAX_WAIT_SECONDS, Math.ceil(left / 1000)))
      if (answer !== undefined) return answer
    } catch (error) {
      if (error instanceof TransportError) pauseMs = Math.max(PAUSE_MS, (error.retryAfterSeconds ?? 0) * 1000)
      else options.onProblem?.(error, question.id)
    }
    // What answered "nothing" at once (404, connection refused) is not asked again at once.
    const spent = options.clock.monotonicMs() - started
    if (spent < pauseMs) await options.sleep(Math.min(pauseMs - spent, Math.max(leftMs(options, question), 0)), signal)
  }
}

/** @returns the answer, or undefined when it is none to this question. */
async function belonging(options: ClientOptions, question: Question, taken: TakenEnvelope): Promise<OpenedEnvelope | undefined> {
  try {
    const keys = { recipient: [question.replyKey], sender: options.senders }
    const content = await openEnvelope(taken.body, keys, { id: taken.id, to: question.replyTo, now: options.clock.now() })
    const { answerFrom } = question.request
    const kindFits = content.kind === 'notice' || content.kind === 'result'
    if (content.inReplyTo !== question.id || !kindFits || (answerFrom ?? content.sender) !== content.sender) {
      throw new ProtektorError('client.foreign-answer', 'An answer does not belong to the request.')
    }
    return content
  } catch (error) {
    options.onProblem?.(error, taken.id)
    return undefined
  }
}
