// SPDX-License-Identifier: EUPL-1.2
/**
 * The OSCI client over any {@link OsciHttp}: implicit calls and explicit dialogs. Everything else follows from the table.
 * @module
 */
import { openDialog } from './dialog.js'
import { exchange } from './exchange.js'
import { EXCHANGES } from '../../osci/messages.js'
import { OsciCallError, type OsciCaller, type OsciHttp } from './ports.js'

export function oscCaller(http: OsciHttp): OsciCaller {
  return {
    async call(type, order, parts, identity, peer, signal) {
      if (EXCHANGES[type].dialog === 'opens') throw new OsciCallError('not-sent', 'client.exchange', 'A dialog is opened by openDialog.')
      return (await exchange(type, order, parts, { http, identity, peer, signal })).answer
    },
    openDialog: (identity, peer, signal) => openDialog({ http, identity, peer, signal }),
  }
}
