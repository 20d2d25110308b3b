// SPDX-License-Identifier: EUPL-1.2
/**
 * P2: a dialog goes on with the right request of its own client only; everything else is 9400 and leaves it as it was.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import type { OsciMessage } from '../../../src/osci/types.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { ask, errorsOf, fetchedId, post, build, RawDialog, store, tell, type Bend } from './raw.js'

describe('a dialog of the intermediary', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let bob: OsciConnection
  let openBob: OsciConnection
  let openAlice: OsciConnection
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    bob = await house.client('bob', 'strict')
    openAlice = await house.client('alice', 'open')
    openBob = await house.client('bob', 'open')
  })
  after(() => house.close())

  /** A dialog of bob that holds a delivery; `wrong` must leave both as they were. */
  async function unmoved(wrong: (dialog: RawDialog) => Promise<void>): Promise<void> {
    const messageId = await store(alice, await keysOf('bob'))
    const dialog = await RawDialog.open(bob)
    const fetched = await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId } } })
    expect(fetchedId(fetched)).to.equal(messageId)
    await wrong(dialog)
    // not confirmed by what was wrong: the card has no Reception yet
    const asking = await RawDialog.open(alice)
    const cards = await asking.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    expect(JSON.stringify(cards.message?.order)).not.to.contain('"reception"')
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
    const after = await asking.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    expect(JSON.stringify(after.message?.order)).to.contain('"reception"')
  }

  const WRONG: Readonly<Record<string, (dialog: RawDialog) => Bend>> = {
    'a wrong Response': () => ({ control: { response: randomBytes(16).toString('base64') } }),
    'an empty Response': () => ({ control: { response: '' } }),
    'no Response': () => ({ control: { response: undefined } }),
    'a Response that is longer than the challenge': ({ place }) => ({ control: { response: `${place.challenge}A` } }),
    'the same SequenceNumber again': ({ place }) => ({ control: { sequenceNumber: place.sequenceNumber - 1 } }),
    'the SequenceNumber after the next': ({ place }) => ({ control: { sequenceNumber: place.sequenceNumber + 1 } }),
    'SequenceNumber 0': () => ({ control: { sequenceNumber: 0 } }),
    'no SequenceNumber': () => ({ control: { sequenceNumber: undefined } }),
    'an unknown ConversationId': () => ({ control: { conversationId: BigInt(`0x${randomBytes(16).toString('hex')}`).toString(10) } }),
    'a ConversationId with a leading zero': ({ place }) => ({ control: { conversationId: `0${place.conversationId}` } }),
    'a signature in clear': () => ({ sealing: ({ sign }) => (sign ? { sign } : {}) }),
  }
  for (const [what, bend] of Object.entries(WRONG))
    it(`P2 answers 9400 to ${what} and leaves the dialog as it was`, () =>
      unmoved(async (dialog) => {
        for (const name of ['fetchProcessCard', 'exitDialog'] as const) {
          const told = await dialog.probe(name, bend(dialog))
          expect([told.kind, told.codes]).to.deep.equal(['fault', ['9400']])
        }
      }))

  it('P2 answers 9300 to a SequenceNumber or ConversationId that is no number and leaves the dialog as it was', () =>
    unmoved(async (dialog) => {
      for (const control of [{ conversationId: '12a' }, { conversationId: '1'.repeat(65) }]) {
        const told = await dialog.probe('fetchProcessCard', { control })
        expect([told.kind, told.codes]).to.deep.equal(['fault', ['9300']])
      }
    }))

  it('P2 answers 9400 to another client that knows Response, ConversationId and SequenceNumber', () =>
    unmoved(async (dialog) => {
      for (const without of [[], ['CipherCertificateOriginator' as const]]) {
        const stolen = await post(alice.peer.url, await build(alice, 'fetchProcessCard', dialog.place, { without }))
        const told = await tell(alice, stolen)
        expect([told.kind, told.codes]).to.deep.equal(['fault', ['9400']])
      }
      const names = await post(alice.peer.url, await build(alice, 'getMessageId', dialog.place))
      expect((await tell(alice, names)).codes).to.deep.equal(['9400'])
    }))

  it('P2 answers 9400 to a request of its own signer that wants the answer for another cipher certificate', () =>
    unmoved(async (dialog) => {
      const named = certificateEntry('CipherCertificateOriginator', alice.identity.cipher)
      const message: Bend['message'] = ({ certificates = [], ...rest }) => ({
        ...rest,
        certificates: [named, ...certificates.filter(({ role }) => role !== named.role)],
      })
      const told = await dialog.probe('getMessageId', { message })
      expect([told.kind, told.codes]).to.deep.equal(['fault', ['9400']])
    }))

  it('P2 keeps dialogs of different endpoints apart', () =>
    unmoved(async (dialog) => {
      expect((await dialog.probe('fetchProcessCard', { url: house.endpoint('numbered') })).codes).to.deep.equal(['9400'])
    }))

  it('P2 answers 9400 in a closed dialog, however its Response is', async () => {
    const dialog = await RawDialog.open(bob)
    const last = { ...dialog.place }
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
    for (const name of ['fetchDelivery', 'exitDialog', 'getMessageId'] as const)
      expect((await dialog.probe(name, { control: { response: last.challenge } })).codes).to.deep.equal(['9400'])
    expect((await (await RawDialog.open(bob)).ask('exitDialog')).codes).to.deep.equal(['0800'])
  })

  it('P2 answers 9400 to ConversationId or Response in initDialog: no dialog is fixed by its client', async () => {
    for (const control of [{ conversationId: '1234567' }, { response: 'AAAA' }, { sequenceNumber: 0 }]) {
      const told = await ask(bob, 'initDialog', { control })
      expect([told.kind, told.codes]).to.deep.equal(['fault', ['9400']])
    }
  })

  it('P2 answers 9500 to an initDialog whose cipher certificate cannot be read, in clear as well: a dialog belongs to somebody', async () => {
    const unreadable = (message: OsciMessage): OsciMessage => ({
      ...message,
      certificates: (message.certificates ?? []).map((one) =>
        one.role.startsWith('Cipher') ? { ...one, der: new Uint8Array([1, 2, 3]) } : one,
      ),
    })
    const at = house.lines.length
    for (const clear of [{}, { sealing: () => ({}) }])
      expect((await ask(openAlice, 'initDialog', { ...clear, message: unreadable })).codes).to.deep.equal(['9500'])
    expect(house.lines.slice(at).join('')).not.to.contain('gateway.internal')
    expect((await ask(openAlice, 'initDialog')).codes).to.deep.equal(['0801'])
  })

  it('P2 makes ConversationIds and challenges that cannot be guessed', async () => {
    const seen = new Set<string>()
    for (let n = 0; n < 5; n++) {
      const { conversationId, challenge } = (await RawDialog.open(bob)).place
      expect(conversationId).to.match(/^\d{30,39}$/)
      expect(Buffer.from(challenge, 'base64').length).to.equal(16)
      seen.add(conversationId).add(challenge)
    }
    expect(seen.size).to.equal(10)
  })

  it('P2 lets one of 50 copies of the next request through', () =>
    unmoved(async (dialog) => {
      const bytes = await build(bob, 'getMessageId', dialog.place)
      // getMessageId would confirm: another dialog is flooded
      const other = await RawDialog.open(bob)
      const copies = await build(bob, 'getMessageId', other.place)
      const told = await Promise.all(Array.from({ length: 50 }, async () => tell(bob, await post(bob.peer.url, copies))))
      expect(told.filter(({ kind }) => kind === 'answer').length).to.equal(1)
      expect(new Set(told.filter(({ kind }) => kind === 'fault').map(({ codes }) => codes.join()))).to.deep.equal(new Set(['9400']))
      expect(bytes.length).to.be.greaterThan(0)
    }))

  it('P2 consumes the number of a request whose signature is wrong, and goes on with the next', async () => {
    const dialog = await RawDialog.open(bob)
    const eve = await keysOf('eve')
    const stranger = await house.client('bob', 'strict', { keys: { cipher: (await keysOf('bob')).cipher, signature: eve.signature } })
    const told = await tell(bob, await post(bob.peer.url, await build(stranger, 'getMessageId', dialog.place, { without: [] })))
    expect(errorsOf(told)).to.satisfy((codes: string[]) => codes.join() === '9601' || codes.join() === '9400')
    if (told.kind === 'answer') {
      dialog.place.sequenceNumber += 1
      dialog.place.challenge = told.message?.control.challenge ?? ''
    }
    expect((await dialog.ask('getMessageId')).codes).to.deep.equal(['0801'])
  })

  it('P2 a refused exitDialog closes nothing: what was handed out stays handed out, and the next request of the client is right', async () => {
    const messageId = await store(alice, await keysOf('bob'))
    const dialog = await RawDialog.open(bob)
    const fetch: Bend = { order: { selectionRule: { messageId } } }
    expect(fetchedId(await dialog.ask('fetchDelivery', fetch))).to.equal(messageId)
    const forge: Bend = {
      sealing: (s) =>
        s.sign ? { ...s, sign: { ...s.sign, signer: { ...s.sign.signer, sign: () => Promise.resolve(randomBytes(256)) } } } : s,
    }
    for (let copies = 0; copies < 2; copies++) expect(errorsOf(await dialog.probe('exitDialog', forge))).to.deep.equal(['9601'])
    const other = await RawDialog.open(bob)
    expect(errorsOf(await other.ask('fetchDelivery'))).to.deep.equal(['9803'])
    expect((await dialog.ask('getMessageId')).codes).to.deep.equal(['0801'])
    expect(errorsOf(await other.ask('fetchDelivery', fetch)), 'acknowledged').to.deep.equal(['9803'])
    expect((await dialog.probe('exitDialog')).codes).to.deep.equal(['0800'])
    expect((await dialog.probe('exitDialog')).codes).to.deep.equal(['9400'])
  })

  it('P2 lets a dialog that was opened by a signature in clear be continued by that signature only', async () => {
    const clear: Bend = { sealing: ({ sign }) => (sign ? { sign } : {}) }
    const messageId = await store(openAlice, await keysOf('bob'))
    const dialog = await RawDialog.open(openBob, clear)
    expect(fetchedId(await dialog.ask('fetchDelivery', { ...clear, order: { selectionRule: { messageId } } }))).to.equal(messageId)
    const foreign = await post(
      openBob.peer.url,
      await build(openAlice, 'getMessageId', dialog.place, { ...clear, without: ['CipherCertificateOriginator'] }),
    )
    expect((await tell(openBob, foreign)).codes).to.deep.equal(['9400'])
    // whoever reads along knows the challenge: without the signature nothing is acknowledged
    const told = await dialog.ask('getMessageId', { sealing: () => ({}), without: ['CipherCertificateOriginator'] })
    expect(errorsOf(told)).to.deep.equal([])
    const asking = await RawDialog.open(openAlice)
    const cards = await asking.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    expect(JSON.stringify(cards.message?.order)).not.to.contain('"reception"')
    expect((await dialog.ask('exitDialog', clear)).codes).to.deep.equal(['0800'])
    const after = await asking.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    expect(JSON.stringify(after.message?.order)).to.contain('"reception"')
  })
})
