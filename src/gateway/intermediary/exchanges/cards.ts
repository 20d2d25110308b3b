// SPDX-License-Identifier: EUPL-1.2
/**
 * fetchProcessCard: what became of deliveries that the client sent or was to get.
 * Specs: osci-1.2 §2.6, §9.6; wire facts §15 (the echo has no Quantity).
 * @module
 */
import { OrderError } from '../../../errors.js'
import { DeliveryRefused } from '../../recipient/verdict.js'
import { bundleOf } from '../delivery.js'
import type { Exchange } from '../exchange.js'
import { assertIdentified } from './fetch.js'

export const fetchProcessCard: Exchange<'fetchProcessCard'> = {
  bare: ({ selectionRule }) => ({ fetchProcessCard: selectionRule ? { selectionRule } : {}, processCardBundles: [] }),
  answer(request, { own, endpoint }) {
    const { selectionRule, quantity } = request.message.order
    const { client } = assertIdentified(request)
    if (quantity?.limit === 0) throw new OrderError('osci-structure.bad-value', 'Quantity must be positive')
    // whoever was renewed still sees what was sent to or by the former certificate
    const certificates = own.directory.mailboxOf(client.cipherSha256)?.cipherSha256 ?? []
    const found = own.cards.select(endpoint.path, {
      certificates: [...new Set([client.cipherSha256, ...certificates])],
      ...(selectionRule ? { rule: selectionRule } : {}),
      ...(quantity ? { limit: quantity.limit } : {}),
    })
    if (found.cards.length === 0) throw new DeliveryRefused('policy.no-card', 'no process card meets the selection', { codes: ['9804'] })
    return Promise.resolve({
      codes: found.more ? ['3801'] : [],
      order: {
        fetchProcessCard: selectionRule ? { selectionRule } : {},
        processCardBundles: found.cards.map((card) => bundleOf(card)),
      },
    })
  },
}
