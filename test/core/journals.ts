// SPDX-License-Identifier: EUPL-1.2
/**
 * Journals in lmdb as the tests open them.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { lmdbOutcomes } from '../../src/core/adapters/lmdb-outcomes.js'
import type { OutcomeJournal } from '../../src/core/ports.js'
import type { OutcomeLimits } from '../../src/core/retention.js'
import type { Clock } from '../../src/env.js'
import { openStoreDirectory } from '../../src/gateway/adapters/store-directory.js'

export const LIMITS: OutcomeLimits = { maxOutcomes: 100_000, maxOutcomesPerSender: 100_000, outcomeSeconds: 24 * 3600 }

export interface OpenedJournal {
  readonly journal: OutcomeJournal
  /** Where older stores were put aside. */
  readonly unclean: readonly string[]
}

/** What a full disk does to it; without it nothing may go wrong. */
export interface Disk {
  readonly assertRoom: () => void
  readonly onProblem: (error: unknown) => void
}

const ROOMY: Disk = {
  assertRoom: () => undefined,
  onProblem: (error) => {
    throw error
  },
}

export function openJournal(path: string, clock: Clock, limits: Partial<OutcomeLimits> = {}, disk: Disk = ROOMY): OpenedJournal {
  const unclean: string[] = []
  const journal = lmdbOutcomes({
    ...LIMITS,
    ...limits,
    ...disk,
    path,
    mapBytes: 16 * 1024 * 1024,
    clock,
    newNode: randomUUID,
    prepare: openStoreDirectory,
    onUnclean: (aside) => unclean.push(aside),
  })
  return { journal, unclean }
}

/** The same journal, but for what is given. */
export function withMethods(journal: OutcomeJournal, own: Partial<Pick<OutcomeJournal, 'accepted' | 'saved'>>): OutcomeJournal {
  return {
    get size() {
      return journal.size
    },
    accepted: (id, sender) => journal.accepted(id, sender),
    settled: (record) => journal.settled(record),
    saved: () => journal.saved(),
    get: (id) => journal.get(id),
    elsewhere: (id) => journal.elsewhere(id),
    open: () => journal.open(),
    since: (afterSeq, limit) => journal.since(afterSeq, limit),
    close: () => journal.close(),
    ...own,
  }
}
