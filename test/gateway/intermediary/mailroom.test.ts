// SPDX-License-Identifier: EUPL-1.2
/**
 * Mailboxes at a core that fails for a moment: nothing is hidden, every deposit has its end, and the client is told what is known.
 * @module
 */
import { expect } from 'chai'
import { CoreError } from '../../../src/core/errors.js'
import type { Core } from '../../../src/core/ports.js'
import type { Deposit } from '../../../src/gateway/intermediary/mailroom.js'
import { outgoingPart } from '../../../src/osci/mime-stage.js'
import { until } from '../../until.js'
import { contentOf, openWorld, type StandingWorld } from './standing-world.js'

const away = () => new CoreError('full', 'The core does not answer at the moment.')

/** Methods of the core that fail until they are given back. */
function broken(core: Core, ...names: readonly ('take' | 'settled' | 'withdraw')[]): () => void {
  const own = new Map(names.map((name) => [name, core[name]]))
  for (const name of names) Object.assign(core, { [name]: () => Promise.reject(away()) })
  return () => void Object.assign(core, Object.fromEntries(own))
}

const findingOf = (error: unknown): unknown => (error as { readonly finding?: unknown }).finding

describe('a mailbox at a core that fails', () => {
  let world: StandingWorld
  beforeEach(async () => (world = await openWorld()))
  afterEach(() => world.close())

  it('a delivery whose hand-out failed is handed out to the next who comes', async () => {
    const { messageId } = await world.mediate('active')
    await until(() => world.put.length === 1)
    const giveBack = broken(world.core, 'take')
    expect(await world.fetchedByCarol().catch(findingOf)).to.equal('core.full')
    giveBack()
    await world.fetchedByCarol()
    expect(world.card(messageId)?.state).to.equal('forwarded')
  })

  it('a delivery whose hand-out came to nothing because the answer was lost waits for the end of that lease', async () => {
    await world.mediate('active')
    await until(() => world.put.length === 1)
    const { core } = world
    const take = core.take
    let isLost = true
    const lease = { id: world.put[0] ?? '', leaseMs: 3000 }
    core.take = async (from, waitMs, signal, choice) => {
      if (!isLost) return take(from, waitMs, signal, choice)
      await take(from, waitMs, signal, lease)
      isLost = false
      throw away()
    }
    expect(await world.fetchedByCarol().catch(findingOf)).to.equal('core.full')
    expect(await world.fetchedByCarol().catch(findingOf)).to.equal('policy.no-delivery')
    world.time.pass(3000)
    await world.fetchedByCarol()
  })

  it('a mediation goes on while the core cannot say what became of it', async () => {
    const giveBack = broken(world.core, 'settled')
    const { told, messageId } = await world.mediate('active')
    await until(() => world.put.length === 1)
    const { dialog, acknowledge } = await world.fetchedByCarol()
    await acknowledge()
    giveBack()
    const answer = await world.answeredByCarol(dialog, 'answer')
    expect([(await answer.told).codes, (await told).text]).to.deep.equal([[], 'answer'])
    await until(() => world.card(messageId)?.state === 'received')
  })

  it('a mediation that nobody can take back any more is unknown, not unprocessed', async () => {
    const { told } = await world.mediate('active')
    await until(() => world.put.length === 1)
    const giveBack = broken(world.core, 'withdraw', 'settled')
    await world.fetchedByCarol()
    world.time.pass(60_000)
    expect(await told).to.deep.equal({ codes: ['9810'] })
    giveBack()
  })

  describe('a deposit that is followed', () => {
    const depositOf = (delivery: object, onGone: (how: string) => unknown): Deposit =>
      ({
        messageId: 'm-1',
        mailbox: 'osci:carol',
        ttlSeconds: 10,
        delivery: { content: contentOf('x'), certificates: [], custom: [], attachments: [], ...delivery },
        evidence: { mode: 'blind', messageType: 'storeDelivery', messageSha256: '0'.repeat(64), transportEncrypted: false },
        reception: {},
        onGone,
      }) as unknown as Deposit

    async function deposited() {
      const seen: { gone?: string; letGo: number } = { letGo: 0 }
      const large = { parts: [], bytes: 0, hold: () => () => void seen.letGo++ }
      const prepared = await world.at.mailroom.prepare(depositOf({ large }, (how) => (seen.gone = how)))
      const { ended } = await prepared.commit()
      return { seen, ended }
    }

    it('has its end although the core failed for a while: the spool is let go, the card hears it', async () => {
      const giveBack = broken(world.core, 'settled')
      const { seen, ended } = await deposited()
      for (let pauses = 0; pauses < 3; pauses++) {
        await until(() => world.time.nextMs <= world.time.ms + 5000)
        world.time.pass(5000)
      }
      expect(seen).to.deep.equal({ letGo: 0 })
      giveBack()
      expect(await ended).to.equal('expired')
      expect(seen).to.deep.equal({ letGo: 1, gone: 'expired' })
    })

    it('is refused where it fits into no envelope, and its sender is told so', async () => {
      const attachments = [outgoingPart('scan', new Uint8Array(33 * 1024 * 1024))]
      const refused: unknown = await world.at.mailroom.prepare(depositOf({ attachments }, () => undefined)).catch((error: unknown) => error)
      expect(refused).to.deep.include({ finding: 'policy.too-large', codes: ['9811'] })
    })

    it('ends when the core does not know it any more', async () => {
      const { settled } = world.core
      world.core.settled = () => Promise.resolve(undefined)
      const { seen, ended } = await deposited()
      expect([await ended, seen]).to.deep.equal(['unknown', { letGo: 1, gone: 'withdrawn' }])
      world.core.settled = settled
    })

    it('ends with the gateway, in the middle of a pause, and leaves no timer', async () => {
      const before = world.time.timers
      broken(world.core, 'settled')
      const { seen, ended } = await deposited()
      await until(() => world.time.timers > before)
      await world.close()
      expect([await ended, seen]).to.deep.equal(['unknown', { letGo: 1, gone: 'withdrawn' }])
      expect(world.time.timers).to.equal(before)
    })

    it('ends with the gateway when the core goes on saying that it waits', async () => {
      world.core.settled = async (id) => {
        await new Promise((resolve) => setImmediate(resolve))
        return { id, outcome: 'waiting', claimed: false, at: '', sender: 'gateway' }
      }
      const { ended } = await deposited()
      await world.close()
      expect(await ended).to.equal('unknown')
    })
  })
})

describe('a selection by RecentModification', () => {
  let world: StandingWorld
  beforeEach(async () => (world = await openWorld()))
  afterEach(() => world.close())
  const changedAt = (messageId: string): string => world.card(messageId)?.recentModification ?? ''

  it('finds what came after the last change that the client saw, also when the clock was set back between', async () => {
    const first = await world.mediate('active')
    await until(() => world.put.length === 1)
    await (await world.fetchedByCarol()).acknowledge()
    const recentModification = changedAt(first.messageId)
    world.time.wallMs -= 3_600_000
    const second = await world.mediate('active')
    await until(() => world.put.length === 2)
    await world.fetchedByCarol({ recentModification })
    expect(world.card(second.messageId)?.state).to.equal('forwarded')
  })

  it('finds a delivery that was handed out and came back, by the change that its card told', async () => {
    const { messageId } = await world.mediate('active')
    await until(() => world.put.length === 1)
    const { giveBack } = await world.fetchedByCarol()
    const recentModification = changedAt(messageId)
    await giveBack()
    world.time.pass(1)
    await world.fetchedByCarol({ recentModification })
  })
})
