// SPDX-License-Identifier: EUPL-1.2
/**
 * The role as a table: one exchange per request that clients start.
 * @module
 */
import type { IntermediaryRole } from './exchange.js'
import { fetchProcessCard } from './exchanges/cards.js'
import { exitDialog, getMessageId, initDialog } from './exchanges/conversation.js'
import { fetchDelivery } from './exchanges/fetch.js'
import { forwardDelivery, mediateDelivery } from './exchanges/forward.js'
import { partialFetchDelivery } from './exchanges/partial-fetch.js'
import { partialStoreDelivery } from './exchanges/partial-store.js'
import { storeDelivery } from './exchanges/store.js'

export const INTERMEDIARY_ROLE: IntermediaryRole = {
  getMessageId,
  initDialog,
  exitDialog,
  storeDelivery,
  fetchDelivery,
  fetchProcessCard,
  forwardDelivery,
  mediateDelivery,
  partialStoreDelivery,
  partialFetchDelivery,
}
