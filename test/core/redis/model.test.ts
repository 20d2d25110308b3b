// SPDX-License-Identifier: EUPL-1.2
import { memoryJournal } from '../../../src/core/outcomes.js'
import type { CoreEvent } from '../../../src/core/ports.js'
import { FakeTime } from '../fake-time.js'
import { coreInterleavings } from '../interleavings.js'
import { LIMITS, withMethods } from '../journals.js'
import { coreModel } from '../model.js'
import type { Turn } from '../interleavings.js'
import type { OpenCore } from '../opened.js'
import { newPrefix, openNode, sharedServer } from './server.js'

describe('core in Redis on a clock that the test moves', () => {
  const redis = sharedServer()
  let lives = 0

  const open =
    (turn?: Turn): OpenCore =>
    async (limits, mailboxes) => {
      const time = new FakeTime()
      const events: CoreEvent[] = []
      lives += 1
      const inner = memoryJournal({ ...LIMITS, clock: time, node: `life-${lives}` })
      const journal =
        turn === undefined
          ? inner
          : withMethods(inner, {
              accepted: async (id, sender) => {
                await inner.accepted(id, sender)
                await turn('accepted')
              },
            })
      const core = await openNode(redis.url(), newPrefix(), {
        ...limits,
        clock: time,
        startTimer: time.startTimer,
        nowMs: () => time.ms,
        journal,
        observe: (event) => events.push(event),
      })
      for (const [address, policy] of Object.entries(mailboxes)) await core.openMailbox(address, 'register-1', policy)
      return {
        core,
        events,
        pass: async (ms) => {
          const endMs = time.ms + ms
          await core.idle()
          // moment by moment, as time would pass: what one leads to happens before the next
          while (time.nextMs <= endMs) {
            time.pass(Math.max(0, time.nextMs - time.ms))
            await core.idle()
          }
          time.pass(endMs - time.ms)
          await core.idle()
        },
        jump: (ms) => {
          time.wallMs += ms
        },
        close: () => core.close(),
      }
    }

  coreModel('Redis', open(), {
    runs: 30,
    maxCommands: 60,
    closes: false,
    shared: true,
    times: {
      ttlSeconds: [1, 2, 10],
      leaseMs: [51, 951, 5001, 30_001],
      waitMs: [25, 1025, 20_025],
      passMs: [50, 500, 1000, 1950, 4000],
      drainMs: [0, 1025, 20_025],
      lastMs: 150_000,
    },
  })

  coreInterleavings('Redis', (turn) => open(turn), { runs: 60, lastMs: 65_000 })
})
