// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import { systemClock } from '../../../src/core/adapters/timers.js'
import { memoryJournal } from '../../../src/core/outcomes.js'
import type { CoreEvent } from '../../../src/core/ports.js'
import { coreContract } from '../contract.js'
import { BOX, envelope, failure, MAILBOXES, taken } from '../opened.js'
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

  describe('steps that go to the server together', () => {
    const MANY = 40

    async function open(prefix = newPrefix()) {
      const core = await openNode(redis.url(), prefix, { maxCountPerMailbox: MANY })
      await core.openMailbox(BOX, 'register-1', MAILBOXES[BOX] ?? { ttlSeconds: 10, handover: 'at-most-once' })
      return core
    }

    it('C4 count exactly, whatever of them is refused', async () => {
      const core = await open()
      try {
        const body = () => new Uint8Array(100).fill(7)
        const puts = await Promise.allSettled(Array.from({ length: MANY + 5 }, () => core.put(envelope({ body: body() }))))
        expect(puts.filter(({ status }) => status === 'rejected')).to.have.length(5)
        expect(await core.figures()).to.include({ bytes: MANY * 100, envelopes: MANY })
        const claims = await Promise.all(Array.from({ length: MANY }, () => taken(core)))
        await Promise.all(claims.map((claim, at) => (at % 2 === 0 ? claim.confirm() : claim.refuse('X001'))))
        expect(await core.figures()).to.include({ bytes: 0, envelopes: 0, outcomes: MANY })
        await Promise.all(Array.from({ length: MANY }, () => core.put(envelope({ body: body() }))))
      } finally {
        await core.close()
      }
    })

    it('J4 leave each other alone when one of them names no Unicode, and nothing of it stays behind', async () => {
      const prefix = newPrefix()
      const core = await open(prefix)
      const client = new Redis(redis.url())
      try {
        const sent = envelope()
        const nobody = '\ud800'
        const refused = [failure(core.put(envelope({ to: nobody }))), failure(core.take(nobody, 0))]
        await core.put(sent)
        expect(await Promise.all(refused)).to.deep.equal(['unknown', 'unknown'])
        expect((await taken(core)).envelope.id).to.equal(sent.id)
        expect(await client.keys(`{${prefix}.*:b:*`)).to.deep.equal([])
      } finally {
        client.disconnect()
        await core.close()
      }
    })
  })
})
