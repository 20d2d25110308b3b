// SPDX-License-Identifier: EUPL-1.2
/**
 * The life of an envelope as one table. What is not in it cannot happen.
 *
 *   (put) ─► waiting ─claim─► claimed ─┬─confirm─► delivered      at-most-once: broken, overdue ─► unknown
 *              │  ▲                    ├─refuse──► refused
 *              │  └────── returned ◄───┴─broken, overdue (lease, before the deadline; after it ─► unknown)
 *              ├─expire──► expired     (returned ─expire─► unknown: somebody may have processed it)
 *              └─withdraw► refused
 * @module
 */
import type { MailboxPolicy, Outcome } from './ports.js'

export type State = 'waiting' | 'returned' | 'claimed' | 'leased' | Exclude<Outcome, 'waiting'>
export type Event = 'claim' | 'confirm' | 'refuse' | 'broken' | 'overdue' | 'expire' | 'withdraw'

type Row = { readonly [E in Event]?: State }

const CLAIM: { readonly [H in MailboxPolicy['handover']]: State } = { 'at-most-once': 'claimed', 'lease-and-confirm': 'leased' }

/** `claim` is absent here: its target depends on the mailbox, see {@link next}. */
export const TRANSITIONS: Readonly<Record<State, Row>> = {
  waiting: { expire: 'expired', withdraw: 'refused' },
  returned: { expire: 'unknown', withdraw: 'refused' },
  claimed: { confirm: 'delivered', refuse: 'refused', broken: 'unknown', overdue: 'unknown' },
  leased: { confirm: 'delivered', refuse: 'refused', broken: 'returned', overdue: 'returned' },
  delivered: {},
  expired: {},
  refused: {},
  unknown: {},
}

/** @returns the next state, or undefined when the event cannot happen in this state. */
export function next(state: State, event: Event, handover: MailboxPolicy['handover']): State | undefined {
  if (event === 'claim') return isAvailable(state) ? CLAIM[handover] : undefined
  return TRANSITIONS[state][event]
}

/** May be handed out. */
export function isAvailable(state: State): boolean {
  return state === 'waiting' || state === 'returned'
}

/** Nothing can change any more; the bytes are gone. */
export function isSettled(state: State): boolean {
  return state === 'delivered' || state === 'expired' || state === 'refused' || state === 'unknown'
}

/** The word for the outside. */
export function outcomeOf(state: State): Outcome {
  return state === 'returned' || state === 'claimed' || state === 'leased' ? 'waiting' : state
}
