// SPDX-License-Identifier: EUPL-1.2
/**
 * The life of a process card, whatever it is kept in: which fields it has, when it was changed last, how long it stays.
 *
 *   add ─► stored ─► forwarded ─► received | failed ─► received     gone: removed `keepDays` after the last change
 *             └──────────┴──────► expired | lost
 * Specs: osci-1.2 §6.4, §9.4; product.md, "durable store".
 * @module
 */
import { steadyClock, type Clock } from '../../env.js'
import { HttpError, ProtektorError } from '../../errors.js'
import type { TimeStamp } from '../../osci/parts.js'
import type { ToInstant } from './cards.js'
import type { CardRecord, CardState } from './ports.js'

/** Timers as a port. @returns a function that cancels. */
export type StartTimer = (delayMs: number, run: () => void) => () => void

export interface CardOptions {
  readonly clock: Clock
  readonly startTimer: StartTimer
  /** Reads the times of a selection rule. */
  readonly toInstant: ToInstant
  readonly keepDays: number
  /** Cards of one tenant; one more is refused, none is removed early. */
  readonly maxPerTenant?: number
}

export const CARD_LIMITS = { maxPerTenant: 1_000_000, sweepSeconds: 600, sweepCards: 500, sweepPauseMs: 50 }

const DAY_MS = 24 * 3600 * 1000
/** What `toISOString` writes: fixed length, so that the order of the texts is the order of the moments. */
const UTC_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
/** Printable ASCII (osci-1.2 §4); as keys of a store they need no escaping. */
const MESSAGE_ID = /^[\x20-\x7e]{1,200}$/

/** Ids that no card can have are not looked up: who asks may send anything. */
export const isCardId = (messageId: string): boolean => MESSAGE_ID.test(messageId)

/** The delivery is over: nothing of it is left but the card. */
export const isGone = (state: CardState): boolean => state !== 'stored' && state !== 'forwarded'

const stampOf = (stamp: TimeStamp): TimeStamp =>
  'plain' in stamp
    ? { plain: stamp.plain }
    : { cryptographic: { algorithm: stamp.cryptographic.algorithm, token: stamp.cryptographic.token } }

/**
 * Exactly the fields of a card. A caller's object may carry more, a store must not: no content reaches the disk.
 * @throws {ProtektorError} `gateway.card-invalid` when it could not be found again.
 */
export function cardOf(card: CardRecord): CardRecord {
  if (!isCardId(card.messageId) || !UTC_MS.test(card.createdAt) || Number.isNaN(Date.parse(card.createdAt)))
    throw new ProtektorError('gateway.card-invalid', 'The process card has no usable MessageId or time.')
  return {
    messageId: card.messageId,
    ...(card.originator === undefined ? {} : { originator: card.originator }),
    ...(card.addressee === undefined ? {} : { addressee: card.addressee }),
    ...(card.subject === undefined ? {} : { subject: card.subject }),
    state: card.state,
    creation: stampOf(card.creation),
    createdAt: card.createdAt,
    ...(card.forwarding === undefined ? {} : { forwarding: stampOf(card.forwarding) }),
    ...(card.reception === undefined ? {} : { reception: stampOf(card.reception) }),
    recentModification: card.recentModification,
    inspections: card.inspections,
  }
}

/**
 * A card after a change. Who has the delivery has it: a failure that is noticed late takes no Reception back.
 */
export const changedCard = (former: CardRecord, change: Partial<CardRecord>): CardRecord => ({
  ...former,
  ...change,
  messageId: former.messageId,
  ...(former.state === 'received' ? { state: 'received' as const } : {}),
})

/**
 * Moments of change of one store, each later than the one before: a client that goes on with the last RecentModification it saw always
 * gets further. They are never before the card's `createdAt`, whatever the wall clock did between.
 * Under load (more than one change per ms) and after a clock that jumped back they run ahead of the wall clock until it has caught up.
 */
export class Changes {
  readonly #clock: Clock
  #lastMs: number

  /** @param lastMs moment of the last change of the former run; 0: there was none. */
  constructor(clock: Clock, lastMs: number) {
    this.#clock = clock
    this.#lastMs = lastMs
  }

  stamp(card: Omit<CardRecord, 'recentModification'>): CardRecord {
    const unstamped = cardOf({ ...card, recentModification: '' })
    this.#lastMs = Math.max(this.#clock.now().getTime(), this.#lastMs + 1, Date.parse(unstamped.createdAt))
    return { ...unstamped, recentModification: new Date(this.#lastMs).toISOString() }
  }
}

/**
 * What a card becomes when the process that held its message has ended.
 * @returns undefined: it stays as it is.
 */
export function stateAfterRestart(card: CardRecord): CardState | undefined {
  if (isGone(card.state)) return undefined
  return card.reception === undefined ? 'lost' : 'received'
}

/**
 * Cards whose last change was at or before the moment that this function returns have been kept long enough.
 * A wall clock that jumps forward removes nothing early: within one run time passes as the monotonic clock says.
 */
export function retention(clock: Clock, keepDays: number): () => number {
  const steadyMs = steadyClock(clock)
  return () => Math.min(clock.now().getTime(), steadyMs()) - keepDays * DAY_MS
}

export const cardExists = (): ProtektorError =>
  new ProtektorError('gateway.card-exists', 'There is already a process card with this MessageId.')

export const cardTableFull = (): HttpError =>
  new HttpError(503, 'gateway.card-table-full', 'The table of process cards is full.', { retryAfterSeconds: 600 })
