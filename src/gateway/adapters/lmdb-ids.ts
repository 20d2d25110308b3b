// SPDX-License-Identifier: EUPL-1.2
/**
 * Journal of the message ids in the ledger: which are issued and unused, and the token of the installation.
 *
 *   ids     [tenant, id] → wall clock of the issue, ms
 *   marks   "token"      → text
 * @module
 */
import type { Database } from 'lmdb'
import { makeToken, type IdJournal } from '../intermediary/message-ids.js'
import type { Ledger } from './lmdb-ledger.js'

/**
 * @param ledger stays open when the journal is closed: who opened it closes it.
 * @param random for the token, at the first opening of the ledger only.
 */
export async function lmdbIds(ledger: Ledger, random: (bytes: number) => Uint8Array): Promise<IdJournal> {
  const ids: Database<number, [string, string]> = ledger.table('ids')
  const marks: Database<string, string> = ledger.table('marks')
  const token = await ledger.write((draft) => {
    const known = draft.get(marks, 'token')
    const own = known ?? makeToken(random)
    if (known === undefined) draft.put(marks, 'token', own)
    return own
  })
  return {
    token,
    *load() {
      for (const { key, value } of ids.getRange()) yield { tenant: key[0], id: key[1], atMs: value }
    },
    enter: (tenant, id, atMs) => ledger.write((draft) => draft.put(ids, [tenant, id], atMs)),
    remove: (gone) =>
      ledger.write((draft) => {
        for (const [tenant, id] of gone) draft.remove(ids, [tenant, id])
      }),
    together: (work) => ledger.together(work),
    async close() {},
  }
}
