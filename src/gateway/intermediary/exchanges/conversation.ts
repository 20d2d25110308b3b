// SPDX-License-Identifier: EUPL-1.2
/**
 * getMessageId, initDialog, exitDialog. What opens and closes a dialog is done around them; here stands what they answer.
 * Specs: osci-1.2 §2.1–2.3, §4.
 * @module
 */
import type { Exchange } from '../exchange.js'

export const getMessageId: Exchange<'getMessageId'> = {
  bare: () => ({}),
  async answer({ peer }, { own, endpoint }) {
    return { codes: [], order: { messageId: await own.ids.issue(endpoint.path, peer.name) } }
  },
}

export const initDialog: Exchange<'initDialog'> = {
  bare: () => ({}),
  answer: () => Promise.resolve({ codes: [], order: {} }),
}

export const exitDialog: Exchange<'exitDialog'> = {
  bare: () => ({}),
  answer: () => Promise.resolve({ codes: [], order: {}, closes: true }),
}
