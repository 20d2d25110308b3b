// SPDX-License-Identifier: EUPL-1.2
/**
 * Journal of the repeat table in an lmdb file below `dataDirectory`: digests, outcomes, times; no content.
 * @module
 */
import { open } from 'lmdb'
import type { RepeatJournal, RepeatOutcome } from '../repeats.js'

interface Stored {
  readonly outcome: RepeatOutcome
  readonly atMs: number
}

export function lmdbRepeats(path: string): RepeatJournal {
  const store = open<Stored, string>({ path, compression: false, maxDbs: 4 })
  return {
    *load() {
      for (const { key, value } of store.getRange()) yield { key, ...value }
    },
    async write(rows) {
      await Promise.all(rows.map(({ key, outcome, atMs }) => store.put(key, { outcome, atMs })))
      await store.flushed
    },
    async remove(keys) {
      await Promise.all(keys.map((key) => store.remove(key)))
    },
    close: () => store.close(),
  }
}
