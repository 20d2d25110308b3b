// SPDX-License-Identifier: EUPL-1.2
import { memoryJournal } from '../../src/core/outcomes.js'
import type { OutcomeJournal } from '../../src/core/ports.js'
import { FakeTime } from './fake-time.js'
import type { Turn } from './interleavings.js'
import { coreInterleavings } from './interleavings.js'
import { LIMITS, withMethods } from './journals.js'
import { openMemory } from './memory-opened.js'
import { coreModel } from './model.js'

coreModel('memory', openMemory(), {
  runs: 100,
  maxCommands: 80,
  closes: true,
  times: {
    ttlSeconds: [1, 2, 10, 60],
    leaseMs: [51, 951, 5001, 30_001],
    waitMs: [25, 1025, 20_025],
    passMs: [50, 500, 1000, 1950, 4000, 30_000],
    drainMs: [0, 1025, 20_025],
    lastMs: 300_000,
  },
})

/** A journal that answers when it is its turn. */
function slow(turn: Turn): OutcomeJournal {
  const inner = memoryJournal({ ...LIMITS, clock: new FakeTime(), node: 'n1' })
  return withMethods(inner, {
    accepted: async (id, sender) => {
      await inner.accepted(id, sender)
      await turn('accepted')
    },
    saved: async () => {
      await turn('saved')
    },
  })
}

coreInterleavings('memory', (turn) => openMemory(() => slow(turn)), { runs: 300, lastMs: 120_000 })
