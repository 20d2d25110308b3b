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

export function openJournal(path: string, clock: Clock, limits: Partial<OutcomeLimits> = {}): OpenedJournal {
  const unclean: string[] = []
  const journal = lmdbOutcomes({
    ...LIMITS,
    ...limits,
    path,
    clock,
    newNode: randomUUID,
    prepare: openStoreDirectory,
    onUnclean: (aside) => unclean.push(aside),
    onProblem: (error) => {
      throw error
    },
  })
  return { journal, unclean }
}
