// SPDX-License-Identifier: EUPL-1.2
/**
 * Explicit dialogs: order, numbers, challenges, the end; and what keeps one alive or kills it.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../../src/client/osci/caller.js'
import { connectOsci, type OsciConnection } from '../../../src/client/osci/connect.js'
import { OsciCallError, type OsciDialog, type OsciIdentity, type OsciPeer } from '../../../src/client/osci/ports.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { envWith } from '../../osci/env.js'
import { clientIdentity, ends, FakePeer, feedbackOf, strictPeer, URL_OF_PEER, type Bend, type Ends } from './fake-peer.js'

describe('OSCI dialog', () => {
  let who: Ends
  let identity: OsciIdentity
  let peer: OsciPeer
  before(async () => {
    who = await ends()
    identity = await clientIdentity()
    peer = await strictPeer()
  })
  const open = (fake: FakePeer): Promise<OsciDialog> => oscCaller(fake).openDialog(identity, peer)
  const failed = async (work: Promise<unknown>): Promise<OsciCallError> => {
    const error: unknown = await work.then(
      () => 'nothing was thrown',
      (e: unknown) => e,
    )
    expect(error, String(error)).to.be.instanceOf(OsciCallError)
    return error as OsciCallError
  }

  it('numbers requests from 0, answers every challenge, and ends with exitDialog', async () => {
    const fake = new FakePeer(who)
    const dialog = await open(fake)
    for (let i = 0; i < 3; i++) await dialog.send('getMessageId', {})
    await dialog.close()
    expect(fake.names).to.deep.equal(['initDialog', 'getMessageId', 'getMessageId', 'getMessageId', 'exitDialog'])
    expect(fake.seen.map((m) => m.control.sequenceNumber)).to.deep.equal([undefined, 0, 1, 2, 3])
    const ids = new Set(fake.seen.slice(1).map((m) => m.control.conversationId))
    expect([...ids]).to.deep.equal([dialog.conversationId])
  })

  it('keeps calls in order that are asked for at once; close comes last', async () => {
    const fake = new FakePeer(who)
    const dialog = await open(fake)
    const calls = [dialog.send('getMessageId', {}), dialog.send('fetchDelivery', {}), dialog.send('fetchProcessCard', {})]
    const closed = dialog.close()
    await Promise.all([...calls, closed, dialog.close()])
    expect(fake.names).to.deep.equal(['initDialog', 'getMessageId', 'fetchDelivery', 'fetchProcessCard', 'exitDialog'])
    expect((await failed(dialog.send('getMessageId', {}))).finding).to.equal('client.dialog-over')
    expect(dialog.dead).to.equal(false)
  })

  it('sends nothing after a refused initDialog; the error has the code of the peer', async () => {
    const fake = new FakePeer(who)
    fake.orders.set('initDialog', () => feedbackOf('3700', '9701'))
    const error = await failed(open(fake))
    expect(error).to.deep.include({ stage: 'refused', origin: 'peer', feedback: '9701' })
    expect(fake.names).to.deep.equal(['initDialog'])
  })

  it('opens with warnings', async () => {
    const fake = new FakePeer(who)
    fake.orders.set('initDialog', () => feedbackOf('3707', '0801'))
    await (await open(fake)).close()
    expect(fake.names).to.deep.equal(['initDialog', 'exitDialog'])
  })

  it('stays open after feedback of class 9, with the challenge of that answer', async () => {
    const fake = new FakePeer(who)
    fake.orders.set('fetchDelivery', () => feedbackOf('9803'))
    const dialog = await open(fake)
    expect((await dialog.send('fetchDelivery', {})).feedback.errors).to.deep.equal(['9803'])
    expect((await dialog.send('getMessageId', {})).feedback.ok).to.equal(true)
    await dialog.close()
    expect(fake.names.at(-1)).to.equal('exitDialog')
  })

  it('stays open when a request could not be built: nothing of it was sent', async () => {
    const fake = new FakePeer(who)
    const dialog = await open(fake)
    expect((await failed(dialog.send('initDialog', {}))).stage).to.equal('not-sent')
    expect((await failed(dialog.send('storeDelivery', { messageId: 'x' }))).stage).to.equal('not-sent')
    await dialog.send('getMessageId', {})
    await dialog.close()
    expect(fake.names).to.deep.equal(['initDialog', 'getMessageId', 'exitDialog'])
  })

  it('closing never throws: exitDialog with a fault, refused, lost', async () => {
    const bends: readonly Bend[] = [
      { fault: { type: 'fault', side: 'Server', text: '', osciCode: '9000' } as const },
      { reply: () => Promise.reject(new OsciCallError('no-answer', 'client.timeout', 'late')) },
      { reply: () => Promise.reject(new TypeError('a mistake')) },
    ]
    for (const bend of bends) {
      const fake = new FakePeer(who)
      const dialog = await open(fake)
      fake.bends.set('exitDialog', bend)
      await dialog.close()
      await dialog.close()
      expect(fake.names.filter((n) => n === 'exitDialog').length).to.equal(1)
    }
  })

  it('an abandoned dialog is silent', async () => {
    const fake = new FakePeer(who)
    const dialog = await open(fake)
    dialog.abandon()
    await dialog.close()
    expect(dialog.dead).to.equal(true)
    expect(fake.names).to.deep.equal(['initDialog'])
  })

  it('exitDialog sent as a call ends the dialog as well', async () => {
    const fake = new FakePeer(who)
    const dialog = await open(fake)
    await dialog.send('exitDialog', {})
    await dialog.close()
    expect(fake.names).to.deep.equal(['initDialog', 'exitDialog'])
    expect((await failed(dialog.send('getMessageId', {}))).finding).to.equal('client.dialog-over')
  })

  it('tells the features of the peer', async () => {
    const features = { maxChunkSizeKilobytes: 500, supportedFeatures: { features: [{ key: 'GCMPaddingModus', version: '1.7.0' }] } }
    const dialog = await open(new FakePeer(who, features))
    expect(dialog.features?.maxChunkSizeKilobytes).to.equal(500)
  })

  describe('connectOsci', () => {
    const connect = async (fake: FakePeer): Promise<OsciConnection> =>
      connectOsci({
        url: URL_OF_PEER,
        keys: { cipher: who.clientCipher, signature: who.clientSigner },
        intermediary: {
          cipherCertificate: who.peerCipher.certificate.toString(),
          signatureCertificates: [new Uint8Array(who.peerSigner.certificate.raw)],
        },
        http: fake,
      })
    const delivery = (): Bend => ({ message: (m) => ({ ...m, ...content }) })
    let content: object = {}
    before(async () => {
      content = await sealContent(
        [{ id: 'container0', contents: [{ kind: 'data', id: 'content0', bytes: new Uint8Array([1]) }] }],
        envWith(),
      )
    })

    it('has every exchange of a client as a method, and closes the dialog', async () => {
      const fake = new FakePeer(who)
      const osci = await connect(fake)
      await osci.getMessageId({})
      const parts = await osci.content({ document: new Uint8Array([1]), addressee: who.addressee.certificate })
      await osci.storeDelivery({ messageId: 'id-1' }, parts)
      const id = await osci.dialog(async (dialog) => {
        await dialog.fetchProcessCard({})
        return (await dialog.getMessageId({})).message.order.messageId
      })
      expect(id).to.equal('id-1')
      expect(fake.names).to.deep.equal(['getMessageId', 'storeDelivery', 'initDialog', 'fetchProcessCard', 'getMessageId', 'exitDialog'])
      expect(Object.keys(osci)).to.include.members(['getMessageId', 'storeDelivery', 'forwardDelivery', 'partialStoreDelivery'])
      expect(Object.keys(osci)).not.to.include.members(['acceptDelivery'])
      osci.close()
    })

    it('closes the dialog when the work fails, and keeps its error', async () => {
      const fake = new FakePeer(who)
      const osci = await connect(fake)
      fake.bends.set('exitDialog', { fault: { type: 'fault', side: 'Server', text: '' } })
      const error: unknown = await osci
        .dialog(async (dialog) => {
          await dialog.getMessageId({})
          throw new RangeError('mine')
        })
        .catch((e: unknown) => e)
      expect(error).to.be.instanceOf(RangeError)
      expect(fake.names).to.deep.equal(['initDialog', 'getMessageId', 'exitDialog'])
    })

    it('does not acknowledge a delivery that the work failed on', async () => {
      const fake = new FakePeer(who)
      const osci = await connect(fake)
      fake.bends.set('fetchDelivery', delivery())
      const error: unknown = await osci
        .dialog(async (dialog) => {
          expect((await dialog.fetchDelivery({})).message.content).not.to.equal(undefined)
          throw new RangeError('disk full')
        })
        .catch((e: unknown) => e)
      expect(error).to.be.instanceOf(RangeError)
      expect(fake.names).to.deep.equal(['initDialog', 'fetchDelivery'])
    })
  })
})
