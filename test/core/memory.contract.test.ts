// SPDX-License-Identifier: EUPL-1.2
import { memoryCore } from '../../src/core/adapters/memory.js'
import type { CoreEvent } from '../../src/core/ports.js'
import { coreContract } from './contract.js'
import { FakeTime } from './fake-time.js'

coreContract('memory', async (limits, mailboxes) => {
  const time = new FakeTime()
  const events: CoreEvent[] = []
  const core = memoryCore({ clock: time, startTimer: time.startTimer, observe: (event) => events.push(event), ...limits })
  for (const [address, policy] of Object.entries(mailboxes)) await core.openMailbox(address, 'register-1', policy)
  return {
    core,
    events,
    pass: async (ms) => {
      time.pass(ms)
      // whoever was woken goes on
      await new Promise((resolve) => setImmediate(resolve))
    },
    close: () => core.close(),
  }
})
