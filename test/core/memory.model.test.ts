// SPDX-License-Identifier: EUPL-1.2
import { openMemory } from './memory-opened.js'
import { coreModel } from './model.js'

coreModel('memory', openMemory(), {
  runs: 150,
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
