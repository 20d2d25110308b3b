// SPDX-License-Identifier: EUPL-1.2
/**
 * The life of an envelope as one table, the only one: every adapter moves along it, the trace checker and the Promela model repeat it.
 * What is not in it cannot happen.
 *
 *   (put) ─► waiting ──claim──► claimed | leased
 *   waiting   expire ─► expired · withdraw, close ─► refused
 *   returned  claim ─► leased again · expire, withdraw, close ─► unknown      (somebody may have processed it)
 *   claimed   confirm ─► delivered · refuse ─► refused · broken, overdue, close ─► unknown
 *   leased    confirm ─► delivered · refuse ─► refused · broken, overdue ─► returned · lapse, close ─► unknown
 *   any of these four, its node killed: lost ─► unknown
 * @module
 */
import type { MailboxPolicy, Outcome } from './ports.js'

export type State = 'waiting' | 'returned' | 'claimed' | 'leased' | Exclude<Outcome, 'waiting'>

/**
 * `overdue`: the hand-over or the lease took too long. `lapse`: a lease broke or is overdue, and the deadline has passed, so that nobody
 * may be handed it again. `close`: its node ends in order. `lost`: its node ended without saying anything.
 */
export type Event = 'claim' | 'confirm' | 'refuse' | 'broken' | 'overdue' | 'lapse' | 'expire' | 'withdraw' | 'close' | 'lost'

type Row = { readonly [E in Event]?: State }

const CLAIM: { readonly [H in MailboxPolicy['handover']]: State } = { 'at-most-once': 'claimed', 'lease-and-confirm': 'leased' }

/** `claim` is absent here: its target depends on the mailbox, see {@link next}. */
export const TRANSITIONS: Readonly<Record<State, Row>> = {
  waiting: { expire: 'expired', withdraw: 'refused', close: 'refused', lost: 'unknown' },
  returned: { expire: 'unknown', withdraw: 'unknown', close: 'unknown', lost: 'unknown' },
  claimed: { confirm: 'delivered', refuse: 'refused', broken: 'unknown', overdue: 'unknown', close: 'unknown', lost: 'unknown' },
  leased: {
    confirm: 'delivered',
    refuse: 'refused',
    broken: 'returned',
    overdue: 'returned',
    lapse: 'unknown',
    close: 'unknown',
    lost: 'unknown',
  },
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
export function isSettled(state: State): state is Exclude<Outcome, 'waiting'> {
  return state === 'delivered' || state === 'expired' || state === 'refused' || state === 'unknown'
}

/** The word for the outside. */
export function outcomeOf(state: State): Outcome {
  return isSettled(state) ? state : 'waiting'
}
