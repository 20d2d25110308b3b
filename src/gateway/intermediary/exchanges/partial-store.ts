// SPDX-License-Identifier: EUPL-1.2
/**
 * In work.
 * @module
 */
import { DeliveryRefused } from '../../recipient/verdict.js'
import type { Exchange } from '../exchange.js'

export const partialStoreDelivery: Exchange<'partialStoreDelivery'> = {
  bare: () => ({ fetchDelivery: {}, chunkInformation: { chunkNumber: 0, receivedChunks: [] } }) as never,
  answer: () => Promise.reject(new DeliveryRefused('gateway.in-work', 'in work', { codes: ['9811'] })),
}
