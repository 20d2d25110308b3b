// SPDX-License-Identifier: EUPL-1.2
/**
 * Process cards on disk: what the role asks of `CardStore`, in the ledger. Everything is in lmdb's pages, nothing in the heap.
 *
 * At opening, cards whose message lay in the memory of the former run are `lost`. A full table refuses (503) and removes nothing early.
 * Specs: osci-1.2 §9.4, §9.6; threat model P7; product.md, "durable store".
 * @module
 */
import { planOf } from '../intermediary/cards.js'
import {
  CARD_LIMITS,
  Changes,
  cardExists,
  changedCard,
  cardTableFull,
  isCardId,
  isGone,
  retention,
  stateAfterRestart,
  type CardOptions,
} from '../intermediary/card-life.js'
import type { CardRecord, CardStore } from '../intermediary/ports.js'
import { cardTables, lastChangeMs, replaceCard, selectIndexed, type CardTables, type GoneKey } from './lmdb-card-tables.js'
import type { Ledger } from './lmdb-ledger.js'

/**
 * @param ledger stays open when the card store is closed: who opened it closes it.
 * @returns when the cards of the former run are settled.
 */
export async function lmdbCards(ledger: Ledger, options: CardOptions): Promise<CardStore> {
  const tables = cardTables(ledger)
  const maxPerTenant = options.maxPerTenant ?? CARD_LIMITS.maxPerTenant
  const changes = new Changes(options.clock, lastChangeMs(tables))
  await settleFormerRun(ledger, tables, changes)
  const stopSweeping = sweepInSteps(ledger, tables, options)
  return {
    add: (tenant, card) =>
      ledger.write((draft) => {
        const entered = changes.stamp(card)
        if (draft.get(tables.cards, [tenant, entered.messageId])) throw cardExists()
        if ((draft.get(tables.counts, tenant) ?? 0) >= maxPerTenant) throw cardTableFull()
        replaceCard(tables, draft, tenant, undefined, entered)
        return entered
      }),
    get(tenant, messageId) {
      ledger.assertOpen()
      return isCardId(messageId) ? tables.cards.get([tenant, messageId]) : undefined
    },
    change: (tenant, messageId, change) =>
      ledger.write((draft) => {
        const former = isCardId(messageId) ? draft.get(tables.cards, [tenant, messageId]) : undefined
        if (!former) return undefined
        const changed = changes.stamp(changedCard(former, change))
        replaceCard(tables, draft, tenant, former, changed)
        return changed
      }),
    select(tenant, query) {
      ledger.assertOpen()
      return selectIndexed(tables, tenant, planOf(query, options.toInstant))
    },
    async close() {
      await stopSweeping()
    },
  }
}

/** All cards of the former run together bear the moments of opening; each step of them is one commit. */
async function settleFormerRun(ledger: Ledger, tables: CardTables, changes: Changes): Promise<void> {
  for (;;) {
    const living = [...tables.living.getKeys({ limit: CARD_LIMITS.sweepCards })]
    if (living.length === 0) return
    await ledger.write((draft) => {
      for (const key of living) {
        const card = draft.get(tables.cards, key)
        const state = card && stateAfterRestart(card)
        if (card && state) replaceCard(tables, draft, key[0], card, changes.stamp({ ...card, state }))
        // a row without its card would come back for ever
        else draft.remove(tables.living, key)
      }
    })
  }
}

/** @returns ends the sweep and waits for the step that is under way. */
function sweepInSteps(ledger: Ledger, tables: CardTables, { clock, startTimer, keepDays }: CardOptions): () => Promise<void> {
  const keptUntilMs = retention(clock, keepDays)
  let step: Promise<void> = Promise.resolve()
  let stopped = false
  const start = (): void => {
    step = sweep()
  }
  let cancel = startTimer(CARD_LIMITS.sweepSeconds * 1000, start)
  async function sweep(): Promise<void> {
    const end: GoneKey = [keptUntilMs() + 1, '', '']
    const due = [...tables.gone.getKeys({ end, limit: CARD_LIMITS.sweepCards })]
    // what fails now is tried again: the rows are still there
    await removeCards(ledger, tables, due).catch(() => undefined)
    const delayMs = due.length < CARD_LIMITS.sweepCards ? CARD_LIMITS.sweepSeconds * 1000 : CARD_LIMITS.sweepPauseMs
    if (!stopped) cancel = startTimer(delayMs, start)
  }
  return async () => {
    stopped = true
    cancel()
    await step
  }
}

async function removeCards(ledger: Ledger, tables: CardTables, due: readonly GoneKey[]): Promise<void> {
  if (due.length === 0) return
  await ledger.write((draft) => {
    for (const [modifiedMs, tenant, messageId] of due) {
      const card: CardRecord | undefined = draft.get(tables.cards, [tenant, messageId])
      // it may have been changed since, in this very commit
      if (card && isGone(card.state) && Date.parse(card.recentModification) === modifiedMs) replaceCard(tables, draft, tenant, card)
      else draft.remove(tables.gone, [modifiedMs, tenant, messageId])
    }
  })
}
