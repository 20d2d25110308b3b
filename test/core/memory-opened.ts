// SPDX-License-Identifier: EUPL-1.2
/**
 * The embedded core on a clock that the tests move.
 * @module
 */
import { memoryCore } from '../../src/core/adapters/memory.js'
import type { CoreEvent, OutcomeJournal } from '../../src/core/ports.js'
import { FakeTime } from './fake-time.js'
import type { OpenCore } from './opened.js'

export const openMemory =
  (journal?: () => OutcomeJournal): OpenCore =>
  async (limits, mailboxes) => {
    const time = new FakeTime()
    const events: CoreEvent[] = []
    const own = journal === undefined ? {} : { journal: journal() }
    const core = memoryCore({ clock: time, startTimer: time.startTimer, observe: (event) => events.push(event), ...own, ...limits })
    for (const [address, policy] of Object.entries(mailboxes)) await core.openMailbox(address, 'register-1', policy)
    return {
      core,
      events,
      pass: async (ms) => {
        time.pass(ms)
        // whoever was woken goes on
        await new Promise((resolve) => setImmediate(resolve))
      },
      jump: (ms) => {
        time.wallMs += ms
      },
      close: () => core.close(),
    }
  }
