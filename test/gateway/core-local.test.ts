// SPDX-License-Identifier: EUPL-1.2
/**
 * The way to the core without HTTP, where it differs from the way with it: it must not.
 * @module
 */
import { expect } from 'chai'
import { TransportError, type Transport } from '../../src/client/ports.js'
import { memoryCore, type MemoryCore } from '../../src/core/adapters/memory.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { CoreError } from '../../src/core/errors.js'
import { localTransport } from '../../src/gateway/core-local.js'
import { LEASED, newId } from './core-api-setup.js'

describe('core, local transport', () => {
  let core: MemoryCore
  /** Times that the core cannot be told how a hand-over ended. */
  let away = 0
  let transport: Transport
  beforeEach(async () => {
    core = memoryCore({ clock: systemClock })
    await core.openMailbox(LEASED, 'register-1', { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 5 })
    const take = core.take.bind(core)
    core.take = async (...args) => {
      const claim = await take(...args)
      if (claim === undefined) return undefined
      const unlessAway = (end: () => Promise<void>) => (away-- > 0 ? Promise.reject(new CoreError('full', 'The core is away.')) : end())
      const { confirm, refuse, broken } = claim
      return {
        ...claim,
        confirm: () => unlessAway(confirm),
        refuse: (code) => unlessAway(() => refuse(code)),
        broken: () => unlessAway(broken),
      }
    }
    transport = localTransport(core, { id: 'register-1', mailboxes: [LEASED] }, systemClock)
  })
  afterEach(() => core.close())

  const refused = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => (error instanceof TransportError ? error.status : error),
    )

  const ends: readonly (readonly [string, (id: string) => Promise<void>, string])[] = [
    ['confirm', (id) => transport.confirm(id), 'delivered'],
    ['refuse', (id) => transport.refuse(id, 'X001'), 'refused'],
    ['return', (id) => transport.giveBack(id), 'waiting'],
  ]
  for (const [name, end, outcome] of ends)
    it(`${name} may be said again to a core that was away for a moment, and ends the hand-over once`, async () => {
      const id = newId()
      await core.put({ id, to: LEASED, sender: 'portal-1', ttlSeconds: 10, body: new Uint8Array(4096) })
      expect((await transport.take(LEASED, 0))?.id).to.equal(id)
      away = 1
      expect(await refused(end(id))).to.equal(503)
      expect(await core.outcome(id)).to.include({ outcome: 'waiting', claimed: true })
      expect(await refused(end(id))).to.equal(undefined)
      expect((await core.outcome(id))?.outcome).to.equal(outcome)
      expect(await refused(end(id))).to.equal(404)
    })
})
