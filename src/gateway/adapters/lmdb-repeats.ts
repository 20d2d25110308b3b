// SPDX-License-Identifier: EUPL-1.2
/**
 * Journal of the repeat table in an lmdb file below `dataDirectory`: digests, outcomes, times; no content.
 * @module
 */
import { open } from 'lmdb'
import { diskGuard, MAP_BYTES } from './store-directory.js'
import { atMsOf, outcomeOf, packRow, type RepeatJournal } from '../repeats.js'

export function lmdbRepeats(path: string): RepeatJournal {
  // The file is mapped: what a row takes on the disk it takes in memory as well. A put has reached the disk when its promise resolves, and
  // rejects it when it cannot; with lmdb's own batching and overlapping syncs it takes twice the processor time (see lmdb-ledger.ts).
  const store = open<number, Buffer>({
    path,
    compression: false,
    mapSize: MAP_BYTES,
    maxDbs: 4,
    keyEncoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
  })
  const assertRoom = diskGuard(path)
  const keyOf = (digest: string): Buffer => Buffer.from(digest, 'latin1')
  return {
    *load() {
      for (const { key, value } of store.getRange())
        yield { digest: key.toString('latin1'), outcome: outcomeOf(value), atMs: atMsOf(value) }
    },
    async write(rows) {
      assertRoom()
      await Promise.all(rows.map(({ digest, outcome, atMs }) => store.put(keyOf(digest), packRow(outcome, atMs))))
    },
    async remove(digests) {
      await Promise.all(digests.map((digest) => store.remove(keyOf(digest))))
    },
    close: () => store.close(),
  }
}
