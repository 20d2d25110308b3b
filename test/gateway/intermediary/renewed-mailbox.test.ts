// SPDX-License-Identifier: EUPL-1.2
/**
 * A mailbox whose owner's certificate was renewed: what is addressed to the former one and to the current one lies in one place, for whoever
 * comes with either; whole, in chunks, as process cards, and as answer to a mediation.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { fetchInChunks } from '../../../src/client/osci/chunk-fetch.js'
import { packDelivery, storeInChunks } from '../../../src/client/osci/chunk-store.js'
import { sourceOf } from '../../../src/client/osci/chunks.js'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { keysOf, openThreatHouse, type Keys, type ThreatHouse } from './house.js'
import { delivery, errorsOf, fetchedId, issueId, RawDialog, store, type Told } from './raw.js'

describe('a mailbox whose certificate was renewed', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let renewed: OsciConnection
  let former: OsciConnection
  let keys: { readonly renewed: Keys; readonly former: Keys }
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    renewed = await house.client('renewed', 'strict')
    former = await house.client('former', 'strict')
    keys = { renewed: await keysOf('renewed'), former: await keysOf('former') }
  })
  after(() => house.close())

  interface Card {
    readonly messageId: string
    readonly processCard: { readonly reception?: unknown }
  }
  const cardsOf = ({ message }: Told): readonly Card[] => (message?.order as { processCardBundles: readonly Card[] }).processCardBundles

  it('hands out what was addressed to either, oldest first, and says 3800 across both', async () => {
    const ids = [await store(alice, keys.former), await store(alice, keys.renewed), await store(alice, keys.former)]
    const dialog = await RawDialog.open(renewed)
    const told = [await dialog.ask('fetchDelivery'), await dialog.ask('fetchDelivery'), await dialog.ask('fetchDelivery')]
    expect(told.map(fetchedId)).to.deep.equal(ids)
    expect(told.map(({ codes }) => codes)).to.deep.equal([['3800', '0801'], ['3800', '0801'], ['0801']])
    expect(errorsOf(await dialog.ask('fetchDelivery'))).to.deep.equal(['9803'])
    await dialog.ask('exitDialog')
  })

  it('serves its owner under the former one as well, and nobody twice', async () => {
    const messageId = await store(alice, keys.renewed)
    const byId = { order: { selectionRule: { messageId } } }
    const [old, now] = [await RawDialog.open(former), await RawDialog.open(renewed)]
    expect(fetchedId(await old.ask('fetchDelivery', byId))).to.equal(messageId)
    expect(errorsOf(await now.ask('fetchDelivery', byId))).to.deep.equal(['9803'])
    await old.ask('exitDialog')
    expect(errorsOf(await now.ask('fetchDelivery', byId))).to.deep.equal(['9803'])
  })

  it('shows the cards of both, in either role, each once, also where a selection is cut between them', async () => {
    const received = [await store(alice, keys.former), await store(alice, keys.renewed)]
    const sent = await store(former, keys.renewed)
    const dialog = await RawDialog.open(renewed)
    const all = { messageIds: [...received, sent] }
    expect(cardsOf(await dialog.ask('fetchProcessCard', { order: { selectionRule: all } })).map((one) => one.messageId)).to.have.members(
      all.messageIds,
    )
    const since = { by: 'ReceptionOfDelivery', since: new Date(Date.now() - 60_000).toISOString(), noReception: true }
    const selected = async (rule: object, limit?: number): Promise<Told> =>
      dialog.ask('fetchProcessCard', {
        order: { selectionRule: { ...since, ...rule }, ...(limit === undefined ? {} : { quantity: { limit } }) },
      })
    const idsOf = (told: Told): string[] => cardsOf(told).map((one) => one.messageId)
    expect(idsOf(await selected({ role: 'Addressee' }))).to.deep.equal([...received, sent])
    expect(idsOf(await selected({ role: 'Originator' }))).to.deep.equal([sent])
    expect(idsOf(await selected({}))).to.deep.equal([...received, sent])
    const cut = await selected({}, 2)
    expect([cut.codes, idsOf(cut)]).to.deep.equal([['3801', '0801'], received])
    expect((await selected({}, 3)).codes).to.deep.equal(['0801'])
    for (const id of all.messageIds)
      expect(fetchedId(await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId: id } } }))).to.equal(id)
    await dialog.ask('exitDialog')
    const later = await RawDialog.open(renewed)
    const cards = cardsOf(await later.ask('fetchProcessCard', { order: { selectionRule: all } }))
    expect(cards.map(({ processCard }) => processCard.reception === undefined)).to.deep.equal([false, false, false])
  })

  it('takes a delivery in chunks for the former one, and hands it out in chunks to the current one', async () => {
    const [document, messageId] = [randomBytes(9 * 1024), await issueId(alice)]
    const parts = await alice.content({ document, addressee: keys.former.cipher.certificate })
    const whole = await packDelivery({ messageId, subject: 'large' }, parts, alice.identity, alice.peer)
    const upload = { messageId, source: sourceOf(whole), certificates: parts.certificates ?? [] }
    const stored = await alice.dialog((dialog) => storeInChunks(dialog, upload, alice.identity.env, { chunkKilobytes: 4 }))
    expect([stored.feedback.errors, stored.sent > 1]).to.deep.equal([[], true])
    const fetched = await renewed.dialog((dialog) => fetchInChunks(dialog, {}, renewed.identity.env, { chunkKilobytes: 4 }))
    expect([fetched.messageId, fetched.chunks > 1]).to.deep.equal([messageId, true])
    const dialog = await RawDialog.open(renewed)
    const card = cardsOf(await dialog.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } }))[0]
    expect(card?.processCard.reception).not.to.equal(undefined)
    expect(errorsOf(await dialog.ask('fetchDelivery'))).to.deep.equal(['9803'])
  })

  it('answers a mediation under the current one that was addressed to the former one', async () => {
    const asking = await RawDialog.open(await house.client('alice', 'quick'))
    const quick = await house.client('alice', 'quick')
    const messageId = await issueId(quick)
    const bend = await delivery(quick, keys.former, messageId)
    const mediated = asking.ask('mediateDelivery', {
      ...bend,
      order: { ...bend.order, contentReceiver: { uri: house.receiver('renewed') } },
    })
    const owner = await house.client('renewed', 'quick')
    const dialog = await RawDialog.open(owner)
    while (fetchedId(await dialog.ask('fetchDelivery')) === undefined);
    const answer = await delivery(owner, await keysOf('alice'), await issueId(owner))
    expect((await dialog.ask('storeDelivery', answer)).codes).to.deep.equal(['0801'])
    const { codes, message } = await mediated
    expect([codes, message?.content === undefined]).to.deep.equal([['0801'], false])
  })
})
