// SPDX-License-Identifier: EUPL-1.2
/**
 * Calls that wait for a receiver while the gateway ends: those that have time get their answer, the others an honest code, and new ones go
 * nowhere.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { until } from '../../until.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { passiveAnswer } from './passive.js'
import { errorsOf, issueId, RawDialog, type Told } from './raw.js'

describe('an intermediary that ends', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  beforeEach(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
  })
  afterEach(() => house.close())

  type Receiver = Parameters<ThreatHouse['receiver']>[0]

  /** Everything but the call itself, which then is one request. */
  async function ready(name: 'forwardDelivery' | 'mediateDelivery', receiver: Receiver): Promise<() => Promise<Told>> {
    const addressee = (await keysOf(receiver === 'active' ? 'carol' : 'town')).cipher.certificate
    const parts = await alice.content({ document: randomBytes(20), addressee })
    const order = { messageId: await issueId(alice), subject: 'on', contentReceiver: { uri: house.receiver(receiver) } }
    const dialog = await RawDialog.open(alice)
    return () => dialog.ask(name, { order, parts })
  }

  for (const name of ['forwardDelivery', 'mediateDelivery'] as const)
    it(`gives its answer to a ${name} that was under way`, async () => {
      let answer = (): void => undefined
      house.act = (body, response) => {
        answer = () => void passiveAnswer(body, { content: 'reply' }).then((bytes) => response.end(bytes))
      }
      const told = (await ready(name, 'good'))()
      await until(() => house.reached.length === 1, 'the receiver has it')
      const closed = house.gateway.close(5000)
      answer()
      expect(errorsOf(await told)).to.deep.equal([])
      await closed
      expect([...(await house.cards()).values()].find((card) => card.subject === 'on')?.reception).not.to.equal(undefined)
    })

  it('says 9810 when its receiver is silent to the end', async () => {
    house.act = () => undefined
    const told = (await ready('mediateDelivery', 'good'))()
    await until(() => house.reached.length === 1, 'the receiver has it')
    await house.gateway.close(300)
    expect(errorsOf(await told)).to.deep.equal(['9810'])
  })

  it('says 9809 when an active receiver has not come, and does not live on for it', async () => {
    const told = (await ready('mediateDelivery', 'active'))()
    await until(async () => (await house.gateway.core.figures()).envelopes === 1, 'it lies in the mailbox')
    await house.gateway.close(300)
    expect(errorsOf(await told)).to.deep.equal(['9809'])
  })

  it('sends nothing any more of what begins then', async () => {
    house.act = () => undefined
    const first = (await ready('mediateDelivery', 'good'))()
    const second = await ready('mediateDelivery', 'good')
    // what lies in a mailbox keeps the gateway open for whoever fetches it
    const waits = (await ready('mediateDelivery', 'active'))()
    await until(async () => house.reached.length === 1 && (await house.gateway.core.figures()).envelopes === 1, 'both wait')
    const closed = house.gateway.close(600)
    expect(errorsOf(await second())).to.deep.equal(['9809'])
    expect(house.reached.length).to.equal(1)
    await Promise.all([closed, first, waits])
  })
})
