// SPDX-License-Identifier: EUPL-1.2
/**
 * Journal of the repeat table in an lmdb file below `dataDirectory`: digests, outcomes, times; no content.
 * @module
 */
import { open } from 'lmdb'
import { commit } from './lmdb-commit.js'
import { diskGuard, MAP_BYTES } from './store-directory.js'
import { atMsOf, outcomeOf, packRow, type RepeatJournal } from '../repeats.js'

export function lmdbRepeats(path: string): RepeatJournal {
  // The file is mapped: what a row takes on the disk it takes in memory as well. lmdb's own batching and overlapping syncs take twice the
  // processor time of a write, and a failed commit of theirs rejects a promise that nobody can catch.
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
      await commit(store, () => {
        for (const { digest, outcome, atMs } of rows) void store.put(keyOf(digest), packRow(outcome, atMs))
      })
    },
    async remove(digests) {
      await commit(store, () => {
        for (const digest of digests) void store.remove(keyOf(digest))
      })
    },
    close: () => store.close(),
  }
}
