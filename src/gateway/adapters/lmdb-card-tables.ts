// SPDX-License-Identifier: EUPL-1.2
/**
 * Where process cards lie in the ledger, and how a selection walks through them.
 *
 *   cards   [tenant, messageId]                                                   → the card
 *   seen    [tenant, certificate, role, received 0|1, modified ms, messageId, created ms] → 1      one row for each role with a certificate
 *   living  [tenant, messageId]                                                   → 1              stored or forwarded
 *   gone    [modified ms, tenant, messageId]                                      → 1              the others, oldest change first
 *   counts  tenant                                                                → number of its cards
 *
 * The keys of `seen` are the selection: asker, role and reception are equal in a range, and its order is that of the answer. The time of
 * creation needs no index of its own: no card was changed before it was created, and what lies between is filtered.
 * @module
 */
import type { Database } from 'lmdb'
import { cut, matches, type CardPlan, type CardRole, type Selected } from '../intermediary/cards.js'
import { isCardId, isGone } from '../intermediary/card-life.js'
import type { CardRecord } from '../intermediary/ports.js'
import type { Draft, Ledger } from './lmdb-ledger.js'

export type CardKey = [tenant: string, messageId: string]
type SeenKey = [
  tenant: string,
  certificate: string,
  role: number,
  received: number,
  modifiedMs: number,
  messageId: string,
  createdMs: number,
]
export type GoneKey = [modifiedMs: number, tenant: string, messageId: string]

export interface CardTables {
  readonly cards: Database<CardRecord, CardKey>
  readonly seen: Database<number, SeenKey>
  readonly living: Database<number, CardKey>
  readonly gone: Database<number, GoneKey>
  readonly counts: Database<number, string>
}

const ROLE_NUMBER: Readonly<Record<CardRole, number>> = { originator: 0, addressee: 1 }

export function cardTables(ledger: Ledger): CardTables {
  return {
    cards: ledger.table('cards'),
    seen: ledger.table('seen'),
    living: ledger.table('living'),
    gone: ledger.table('gone'),
    counts: ledger.table('counts'),
  }
}

/** Enters, replaces or (without `next`) removes a card with all its rows. */
export function replaceCard(tables: CardTables, draft: Draft, tenant: string, former?: CardRecord, next?: CardRecord): void {
  if (former) {
    for (const key of seenKeys(tenant, former)) draft.remove(tables.seen, key)
    if (isGone(former.state)) draft.remove(tables.gone, goneKey(tenant, former))
    else draft.remove(tables.living, [tenant, former.messageId])
    if (!next) draft.remove(tables.cards, [tenant, former.messageId])
  }
  if (next) {
    draft.put(tables.cards, [tenant, next.messageId], next)
    for (const key of seenKeys(tenant, next)) draft.put(tables.seen, key, 1)
    if (isGone(next.state)) draft.put(tables.gone, goneKey(tenant, next), 1)
    else draft.put(tables.living, [tenant, next.messageId], 1)
  }
  if (former && next) return
  draft.put(tables.counts, tenant, (draft.get(tables.counts, tenant) ?? 0) + (next ? 1 : 0) - (former ? 1 : 0))
}

function seenKeys(tenant: string, card: CardRecord): SeenKey[] {
  const received = card.reception === undefined ? 0 : 1
  const [modifiedMs, createdMs] = [Date.parse(card.recentModification), Date.parse(card.createdAt)]
  return (['originator', 'addressee'] as const).flatMap((role): SeenKey[] => {
    const certificate = card[role]
    return certificate === undefined ? [] : [[tenant, certificate, ROLE_NUMBER[role], received, modifiedMs, card.messageId, createdMs]]
  })
}

const goneKey = (tenant: string, card: CardRecord): GoneKey => [Date.parse(card.recentModification), tenant, card.messageId]

/** The moment of the newest change; 0: there is no card. */
export function lastChangeMs(tables: CardTables): number {
  let lastMs = 0
  for (const [modifiedMs] of tables.gone.getKeys({ reverse: true, limit: 1 })) lastMs = modifiedMs
  for (const key of tables.living.getKeys()) lastMs = Math.max(lastMs, Date.parse(tables.cards.get(key)?.recentModification ?? '') || 0)
  return lastMs
}

/** The same selection as `selectFrom` over all cards, without going through all. */
export function selectIndexed(tables: CardTables, tenant: string, plan: CardPlan): Selected {
  if (plan.messageIds) {
    const ids = [...plan.messageIds].filter(isCardId)
    const found = ids.flatMap((id) => tables.cards.get([tenant, id]) ?? []).filter((card) => matches(plan, card))
    found.sort((a, b) => Date.parse(a.recentModification) - Date.parse(b.recentModification))
    return cut(plan, found)
  }
  const passes = plan.unreceivedFirst ? [[0], [1]] : plan.unreceivedOnly ? [[0]] : [[0, 1]]
  const ids = new Set<string>()
  for (const received of passes) {
    for (const id of merged(tables, tenant, plan, received)) {
      ids.add(id)
      if (ids.size > plan.limit) break
    }
    if (ids.size > plan.limit) break
  }
  const more = ids.size > plan.limit
  const cards = [...ids].slice(0, plan.limit).flatMap((id) => tables.cards.get([tenant, id]) ?? [])
  return { cards, more }
}

/** Ids in order of change over all ranges of the plan; one that stands in several of them comes several times. */
function* merged(tables: CardTables, tenant: string, plan: CardPlan, received: readonly number[]): Generator<string> {
  const fromMs = Math.max(plan.modifiedFromMs, plan.createdFromMs, 0)
  const ranges = [...plan.certificates].flatMap((certificate) =>
    plan.roles.flatMap((role) =>
      received.map((mark) => {
        const range: [string, string, number, number] = [tenant, certificate, ROLE_NUMBER[role], mark]
        // an end that is no key of this table: it lies behind the last one of the range
        const end = [tenant, certificate, ROLE_NUMBER[role], mark + 1] as unknown as SeenKey
        return tables.seen.getKeys({ start: [...range, fromMs, '', 0], end })[Symbol.iterator]()
      }),
    ),
  )
  const heads = ranges.map((range) => range.next())
  try {
    for (;;) {
      let at = -1
      heads.forEach((head, index) => {
        const best = heads[at]
        if (head.done !== true && (best === undefined || best.done === true || head.value[4] < best.value[4])) at = index
      })
      const head = heads[at]
      const range = ranges[at]
      if (head === undefined || head.done === true || range === undefined) return
      if (head.value[6] >= plan.createdFromMs) yield head.value[5]
      heads[at] = range.next()
    }
  } finally {
    for (const range of ranges) range.return?.()
  }
}
