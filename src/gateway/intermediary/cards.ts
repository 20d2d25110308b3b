// SPDX-License-Identifier: EUPL-1.2
/**
 * fetchProcessCard: which cards a client gets, and in which order. Pure; stores with indexes must select exactly as `selectFrom` does.
 *
 *   MessageId …             those                      ┐ of these only cards whose originator or addressee asks;
 *   ReceptionOfDelivery ≥ t, RecentModification ≥ t    │ oldest RecentModification first, so that a client
 *     @Role sent or received, @NoReception unreceived  │ can go on with the last value it saw
 *   no rule                 all, unreceived first      ┘
 * Specs: osci-1.2 §9.6; threat model P7.
 * @module
 */
import type { CardQuery, CardRecord } from './ports.js'

/** The store's own maximum. */
export const MAX_SELECTED = 1000

/**
 * An xsd:dateTime as milliseconds since 1970, rounded up to whole ones: a card's time has milliseconds, and it is at or after the
 * given time exactly when it is at or after that.
 */
export type ToInstant = (dateTime: string) => number

export type CardRole = 'originator' | 'addressee'

/** A query with everything decided. Times in ms; `-Infinity`: no such limit. */
export interface CardPlan {
  readonly messageIds?: ReadonlySet<string>
  readonly certificates: ReadonlySet<string>
  readonly roles: readonly CardRole[]
  readonly unreceivedOnly: boolean
  readonly unreceivedFirst: boolean
  readonly createdFromMs: number
  readonly modifiedFromMs: number
  readonly limit: number
}

export interface Selected {
  readonly cards: readonly CardRecord[]
  readonly more: boolean
}

const ROLES = { Originator: ['originator'], Addressee: ['addressee'] } as const
const BOTH: readonly CardRole[] = ['originator', 'addressee']

/** @throws whatever `toInstant` throws for a text that is no time. */
export function planOf(query: CardQuery, toInstant: ToInstant): CardPlan {
  const { rule } = query
  const open = {
    certificates: new Set(query.certificates),
    roles: BOTH,
    unreceivedOnly: false,
    unreceivedFirst: rule === undefined,
    createdFromMs: -Infinity,
    modifiedFromMs: -Infinity,
    limit: Math.min(Math.max(query.limit ?? MAX_SELECTED, 0), MAX_SELECTED),
  }
  if (rule === undefined) return open
  if ('messageIds' in rule) return { ...open, messageIds: new Set(rule.messageIds) }
  const sinceMs = toInstant(rule.since)
  return {
    ...open,
    roles: rule.role === undefined ? BOTH : ROLES[rule.role],
    unreceivedOnly: rule.noReception === true,
    ...(rule.by === 'ReceptionOfDelivery' ? { createdFromMs: sinceMs } : { modifiedFromMs: sinceMs }),
  }
}

/** Who may see a card is decided here and nowhere else: one of the asker's certificates stands in it, in a role that was asked for. */
export function matches(plan: CardPlan, card: CardRecord): boolean {
  const shown = plan.roles.some((role) => {
    const certificate = card[role]
    return certificate !== undefined && plan.certificates.has(certificate)
  })
  return (
    shown &&
    (plan.messageIds === undefined || plan.messageIds.has(card.messageId)) &&
    !(plan.unreceivedOnly && card.reception !== undefined) &&
    Date.parse(card.createdAt) >= plan.createdFromMs &&
    Date.parse(card.recentModification) >= plan.modifiedFromMs
  )
}

/** Order of a selection; cards that are equal in it keep the order in which they were entered. */
export function inOrder(plan: CardPlan, cards: readonly CardRecord[]): CardRecord[] {
  const rank = (card: CardRecord): number => (plan.unreceivedFirst && card.reception !== undefined ? 1 : 0)
  return cards.toSorted((a, b) => rank(a) - rank(b) || Date.parse(a.recentModification) - Date.parse(b.recentModification))
}

/** The whole selection over all cards of a tenant, in order of entry. */
export function selectFrom(plan: CardPlan, cards: Iterable<CardRecord>): Selected {
  const found: CardRecord[] = []
  for (const card of cards) if (matches(plan, card)) found.push(card)
  return cut(plan, inOrder(plan, found))
}

/** @param ordered may hold more than the limit; one more is enough to know. */
export function cut(plan: CardPlan, ordered: readonly CardRecord[]): Selected {
  return { cards: ordered.slice(0, plan.limit), more: ordered.length > plan.limit }
}
