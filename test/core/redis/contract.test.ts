// SPDX-License-Identifier: EUPL-1.2
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import { systemClock } from '../../../src/core/adapters/timers.js'
import { memoryJournal } from '../../../src/core/outcomes.js'
import type { CoreEvent } from '../../../src/core/ports.js'
import { coreContract } from '../contract.js'
import { later, newPrefix, openNode, sharedServer } from './server.js'

describe('core in Redis', () => {
  const redis = sharedServer()

  coreContract('Redis', async (limits, mailboxes) => {
    const events: CoreEvent[] = []
    const journal = memoryJournal({ ...MEMORY_CORE_LIMITS, ...limits, clock: systemClock, node: 'node-1' })
    const core = await openNode(redis.url(), newPrefix(), { ...limits, journal, observe: (event) => events.push(event) })
    for (const [address, policy] of Object.entries(mailboxes)) await core.openMailbox(address, 'register-1', policy)
    return { core, events, pass: later, close: () => core.close() }
  })
})
