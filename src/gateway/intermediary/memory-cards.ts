// SPDX-License-Identifier: EUPL-1.2
/**
 * Process cards in memory: the reference that the durable store is tested against, and enough for tests of the role. Nothing survives.
 * @module
 */
import { planOf, selectFrom } from './cards.js'
import { CARD_LIMITS, Changes, cardExists, changedCard, cardTableFull, isGone, retention, type CardOptions } from './card-life.js'
import type { CardRecord, CardStore } from './ports.js'

export function memoryCards(options: CardOptions): CardStore {
  const { clock, startTimer, toInstant } = options
  const maxPerTenant = options.maxPerTenant ?? CARD_LIMITS.maxPerTenant
  const changes = new Changes(clock, 0)
  const keptUntilMs = retention(clock, options.keepDays)
  /** In order of entry. */
  const tenants = new Map<string, Map<string, CardRecord>>()
  const cardsOf = (tenant: string): Map<string, CardRecord> => {
    const cards = tenants.get(tenant) ?? new Map<string, CardRecord>()
    tenants.set(tenant, cards)
    return cards
  }
  const sweep = (): void => {
    for (const cards of tenants.values())
      for (const [id, card] of cards) if (isGone(card.state) && Date.parse(card.recentModification) <= keptUntilMs()) cards.delete(id)
    cancel = startTimer(CARD_LIMITS.sweepSeconds * 1000, sweep)
  }
  let cancel = startTimer(CARD_LIMITS.sweepSeconds * 1000, sweep)
  return {
    async add(tenant, card) {
      const cards = cardsOf(tenant)
      if (cards.has(card.messageId)) throw cardExists()
      if (cards.size >= maxPerTenant) throw cardTableFull()
      const entered = changes.stamp(card)
      cards.set(entered.messageId, entered)
      return entered
    },
    get: (tenant, messageId) => tenants.get(tenant)?.get(messageId),
    async change(tenant, messageId, change) {
      const card = tenants.get(tenant)?.get(messageId)
      if (card === undefined) return undefined
      const changed = changes.stamp(changedCard(card, change))
      cardsOf(tenant).set(messageId, changed)
      return changed
    },
    select: (tenant, query) => selectFrom(planOf(query, toInstant), tenants.get(tenant)?.values() ?? []),
    async close() {
      cancel()
    },
  }
}
