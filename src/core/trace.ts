// SPDX-License-Identifier: EUPL-1.2
/**
 * Is what a core did a run of the state machine? Reads the events a core told its observer, in order, and names every step that the table
 * in `states.ts` does not have, every hand-over after the deadline and every envelope left without an outcome.
 *
 * Streams: a trace of millions of events needs one small entry per envelope.
 * @module
 */
import type { CoreEvent, MailboxAddress, MailboxPolicy } from './ports.js'
import type { Event, State } from './states.js'
import { isSettled, next, outcomeOf } from './states.js'

/** An event with the moment it was told, in milliseconds of any one clock. Several nodes' traces are merged by it. */
export type TraceEntry = CoreEvent & { readonly atMs?: number }

/** What a trace itself does not say. */
export interface TraceFacts {
  /** Default: at most once, the stricter one. */
  readonly handover?: (mailbox: MailboxAddress) => MailboxPolicy['handover']
  /** Milliseconds from the put to the deadline; undefined: not known, so not checked. */
  readonly lifeMs?: (id: string) => number | undefined
  /** Envelopes whose node was killed: `unknown` is right for them in every state. Default: none. */
  readonly lost?: (id: string) => boolean
  /** The core has come to its end: every envelope needs its outcome. Default true. */
  readonly ended?: boolean
}

export type TraceRule = 'put-twice' | 'never-put' | 'impossible' | 'late' | 'other-mailbox' | 'back-in-time' | 'no-outcome'

export interface TraceFault {
  readonly rule: TraceRule
  readonly id: string
  /** Place in the trace, from 0; of `no-outcome` the place of the put. */
  readonly index: number
  /** State before the event, where there was one. */
  readonly state?: State
  readonly event: CoreEvent['kind']
}

interface Life {
  readonly index: number
  readonly mailbox: MailboxAddress
  state: State
}

/** What may lie behind an event that a core tells. A claim alone says nothing of the state it leads to: that is the mailbox's. */
const CAUSES: { readonly [K in Exclude<CoreEvent['kind'], 'put'>]: readonly Event[] } = {
  claimed: ['claim'],
  returned: ['broken', 'overdue'],
  settled: ['confirm', 'refuse', 'broken', 'overdue', 'lapse', 'expire', 'withdraw', 'close'],
}

/** @returns nothing when the trace is a run of the state machine. */
export function checkTrace(entries: Iterable<TraceEntry>, facts: TraceFacts = {}): readonly TraceFault[] {
  const faults: TraceFault[] = []
  const lives = new Map<string, Life>()
  let index = -1
  let latestMs = -Infinity
  for (const entry of entries) {
    index += 1
    const life = lives.get(entry.id)
    const say = (rule: TraceRule): void => {
      faults.push({ rule, id: entry.id, index, ...(life === undefined ? {} : { state: life.state }), event: entry.kind })
    }
    if ((entry.atMs ?? latestMs) < latestMs) say('back-in-time')
    latestMs = Math.max(latestMs, entry.atMs ?? latestMs)
    if (entry.kind === 'put') {
      if (life === undefined) lives.set(entry.id, { index, mailbox: entry.mailbox, state: 'waiting' })
      else say('put-twice')
      continue
    }
    if (life === undefined) {
      say('never-put')
      continue
    }
    if (entry.mailbox !== life.mailbox) say('other-mailbox')
    if (entry.kind === 'claimed' && entry.dwellMs >= (facts.lifeMs?.(entry.id) ?? Infinity)) say('late')
    const state = after(life, entry, facts)
    if (state === undefined) say('impossible')
    else life.state = state
  }
  if (facts.ended ?? true)
    for (const [id, { index: put, state }] of lives)
      if (!isSettled(state)) faults.push({ rule: 'no-outcome', id, index: put, state, event: 'put' })
  return faults
}

/** The state that an event led to, or undefined when no step of the table does. */
function after({ state, mailbox }: Life, entry: Exclude<CoreEvent, { kind: 'put' }>, facts: TraceFacts): State | undefined {
  const handover = facts.handover?.(mailbox) ?? 'at-most-once'
  const causes = entry.kind === 'settled' && facts.lost?.(entry.id) === true ? [...CAUSES.settled, 'lost' as const] : CAUSES[entry.kind]
  const told = entry.kind === 'settled' ? entry.outcome : 'waiting'
  for (const cause of causes) {
    const to = next(state, cause, handover)
    if (to !== undefined && outcomeOf(to) === told && (entry.kind !== 'returned' || to === 'returned')) return to
  }
  return undefined
}
