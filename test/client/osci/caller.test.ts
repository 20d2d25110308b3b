// SPDX-License-Identifier: EUPL-1.2
/**
 * Every exchange of the table as a call: what the row demands is on the wire, what it does not allow never leaves.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../../src/client/osci/caller.js'
import { deliveryParts } from '../../../src/client/osci/content.js'
import { OsciCallError, type OsciIdentity, type OsciPeer, type OsciRequestParts } from '../../../src/client/osci/ports.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { EXCHANGES, REQUEST_NAMES, messageType, type RequestName } from '../../../src/osci/messages.js'
import { osci } from '../../../src/osci/stages.js'
import { envWith } from '../../osci/env.js'
import { clientIdentity, ends, FakePeer, strictPeer, type Ends } from './fake-peer.js'
import { metaData } from './meta-data.js'

const receiver = { contentReceiver: { uri: 'http://recipient.invalid/' } }
const card = {
  messageId: 'id-1',
  processCard: {
    recentModification: '2026-11-24T09:00:00Z',
    creation: { plain: '2026-11-24T09:00:00Z' },
    forwarding: { plain: '2026-11-24T09:00:00Z' },
  },
  inspectionReport: { inspections: [] },
}
const ORDERS: Readonly<Record<RequestName, object>> = {
  getMessageId: {},
  initDialog: {},
  exitDialog: {},
  storeDelivery: { messageId: 'id-1' },
  fetchDelivery: {},
  fetchProcessCard: {},
  forwardDelivery: { ...receiver, messageId: 'id-1' },
  acceptDelivery: { processCardBundle: card },
  mediateDelivery: { ...receiver, messageId: 'id-1' },
  processDelivery: { messageIdResponse: 'id-2', processCardBundle: card },
  partialStoreDelivery: { messageId: 'id-1_Partial', infoOnly: {} },
  partialFetchDelivery: { chunkInformation: { chunkNumber: 1, chunkSizeKilobytes: 64, receivedChunks: [] } },
}

describe('OSCI caller', () => {
  let who: Ends
  let peer: OsciPeer
  let originator: OsciIdentity
  let intermediary: OsciIdentity
  before(async () => {
    who = await ends()
    peer = await strictPeer()
    originator = await clientIdentity()
    intermediary = await clientIdentity('intermediary')
  })

  const identityFor = (name: RequestName): OsciIdentity => (EXCHANGES[name].asks === 'client' ? originator : intermediary)

  async function partsFor(name: RequestName): Promise<OsciRequestParts> {
    if (EXCHANGES[name].request.content === undefined) return {}
    const parts = await deliveryParts({ document: new Uint8Array([1, 2, 3]), addressee: who.addressee.certificate }, originator)
    return parts
  }

  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => undefined,
      (e: unknown) => e,
    )
    expect(error).to.be.instanceOf(OsciCallError)
    return `${(error as OsciCallError).stage} ${(error as OsciCallError).finding}`
  }

  for (const name of REQUEST_NAMES) {
    const { dialog } = EXCHANGES[name]
    if (dialog === 'opens' || dialog === 'closes') continue
    const ways = dialog === 'either' ? (['implicit', 'explicit'] as const) : ([dialog === 'none' ? 'implicit' : 'explicit'] as const)
    for (const way of ways)
      for (const protectedWay of [true, false])
        it(`${name}: ${way}, ${protectedWay ? 'encrypted and signed' : 'in clear and unsigned'}`, async () => {
          const fake = new FakePeer(who)
          const caller = oscCaller(fake)
          const { cipherCertificate: _clear, ...open } = peer
          const to = protectedWay ? peer : { ...open, sign: false }
          const parts = await partsFor(name)
          const identity = identityFor(name)
          const order = ORDERS[name] as never
          let answer
          if (way === 'implicit') answer = await caller.call(name, order, parts, identity, to)
          else {
            const opened = await caller.openDialog(identity, to)
            answer = await opened.send(name, order, parts)
            await opened.close()
          }
          expect(answer.message.type).to.match(/^responseTo/)
          expect(answer.feedback.ok).to.equal(true)
          expect(answer.encrypted).to.equal(protectedWay)
          expect(answer.signer?.fingerprint256).to.equal(who.peerSigner.certificate.fingerprint256)
          expect(Buffer.from(answer.bytes).equals(fake.given.at(way === 'implicit' ? 0 : 1)?.body ?? new Uint8Array(0))).to.equal(true)
          const request = fake.seen.find((m) => m.type === name)
          const row = messageType(name)
          if (!request || !row) throw new Error(name)
          expect(request.evidence.transport !== undefined).to.equal(protectedWay)
          expect(request.evidence.signature !== undefined).to.equal(protectedWay)
          if (protectedWay) expect(request.evidence.signature?.role).to.equal(row.signer)
          expect(request.control.conversationId !== undefined).to.equal(way === 'explicit')
          expect(request.control.response !== undefined).to.equal(way === 'explicit')
          expect(request.control.sequenceNumber).to.equal(row.control[3] === '-' ? undefined : 0)
          expect(request.languages).to.deep.equal(['de'])
          expect(request.features?.supportedFeatures.features.map((f) => f.key)).to.include('GCMPaddingModus')
          expect(request.timestamps?.length ?? 0).to.equal({ '2': 2, '1': 1, '0..2': 2 }[String(row.timestamps)] ?? 0)
        })
  }

  it('encloses our cipher certificate in an implicit encrypted request, as the role has it', async () => {
    const fake = new FakePeer(who)
    const caller = oscCaller(fake)
    await caller.call('getMessageId', {}, {}, originator, peer)
    expect(fake.seen[0]?.certificates?.map((c) => c.role)).to.deep.equal(['CipherCertificateOriginator', 'SignatureCertificateOriginator'])
    await caller.call('processDelivery', ORDERS.processDelivery, await partsFor('processDelivery'), intermediary, peer)
    expect(fake.seen[1]?.intermediaryCertificates?.map((c) => c.role)).to.deep.equal([
      'CipherCertificateIntermediary',
      'SignatureCertificateIntermediary',
    ])
    const { cipherCertificate: _clear, ...open } = peer
    await caller.call('processDelivery', ORDERS.processDelivery, await partsFor('processDelivery'), intermediary, open)
    expect(fake.seen[2]?.intermediaryCertificates?.map((c) => c.role)).to.deep.equal(['SignatureCertificateIntermediary'])
  })

  it('mediates without an id: no timestamps, as nothing is logged', async () => {
    const fake = new FakePeer(who)
    const dialog = await oscCaller(fake).openDialog(originator, peer)
    await dialog.send('mediateDelivery', receiver, await partsFor('mediateDelivery'))
    expect(fake.seen[1]?.timestamps).to.equal(undefined)
  })

  it('hands on content, attachments, certificates and custom blocks of a received message unchanged', async () => {
    const sent = await deliveryParts(
      {
        document: new Uint8Array([7]),
        attachments: [{ name: 'a.bin', bytes: new Uint8Array([1, 2]) }],
        addressee: who.addressee.certificate,
      },
      originator,
    )
    const asIntermediary = new FakePeer(who)
    const custom = [metaData('äöü')]
    await oscCaller(asIntermediary).call('forwardDelivery', { ...receiver, messageId: 'id-1' }, { ...sent, custom }, originator, peer)
    const received = asIntermediary.seen[0]
    if (!received?.content) throw new Error('no content')
    const asRecipient = new FakePeer(who)
    const { content, attachments, certificates = [] } = received
    const parts = { content, attachments, certificates, custom: received.custom, languages: received.languages ?? [] }
    await oscCaller(asRecipient).call('acceptDelivery', { processCardBundle: card }, parts, intermediary, peer)
    const delivered = asRecipient.seen[0]
    if (!delivered) throw new Error('nothing came')
    expect(delivered.certificates).to.deep.equal(certificates)
    expect(delivered.custom.map((b) => b.local)).to.deep.equal(['MessageMetaData'])
    const { openContent } = await import('../../../src/osci/content-read.js')
    const opened = await openContent(delivered, envWith(who.addressee.decrypter))
    expect(opened.problems).to.deep.equal([])
    expect(opened.containers[0]?.authors[0]?.verdict).to.equal('valid')
    expect(opened.containers[0]?.items.map((i) => [...i.bytes])).to.deep.equal([[7], [1, 2]])
  })

  it('makes a fresh challenge for every request', async () => {
    const fake = new FakePeer(who)
    for (let i = 0; i < 3; i++) await oscCaller(fake).call('getMessageId', {}, {}, originator, peer)
    const challenges = fake.seen.map((m) => m.control.challenge)
    expect(new Set(challenges).size).to.equal(3)
    expect(fake.seen.every((m) => m.control.response === undefined)).to.equal(true)
  })

  it('passes the limits on: time, size, address', async () => {
    const fake = new FakePeer(who)
    await oscCaller(fake).call('getMessageId', {}, {}, originator, { ...peer, timeoutMs: 5000, maxAnswerBytes: 100_000 })
    await oscCaller(fake).call('getMessageId', {}, {}, originator, peer)
    expect(fake.calls[0]).to.deep.equal({ url: peer.url, timeoutMs: 5000, maxBytes: 100_000 })
    expect(fake.calls[1]).to.deep.equal({ url: peer.url, timeoutMs: 110_000, maxBytes: originator.env.limits.messageBytes })
  })

  it('refuses before anything is sent: wrong role, wrong kind of dialog, missing or forbidden parts', async () => {
    const fake = new FakePeer(who)
    const caller = oscCaller(fake)
    const stored = await partsFor('storeDelivery')
    const { certificates: _none, ...bare } = stored
    const stranger = certificateEntry('SignatureCertificateOriginator', who.stranger.certificate)
    const { signer: _unsigning, ...noSigner } = originator
    expect(await codeOf(caller.call('getMessageId', {}, {}, intermediary, peer))).to.equal('not-sent client.exchange')
    expect(await codeOf(caller.call('fetchDelivery', {}, {}, originator, peer))).to.equal('not-sent client.exchange')
    expect(await codeOf(caller.call('initDialog', {}, {}, originator, peer))).to.equal('not-sent client.exchange')
    expect(await codeOf(caller.call('storeDelivery', { messageId: 'x' }, {}, originator, peer))).to.equal('not-sent client.content')
    expect(await codeOf(caller.call('getMessageId', {}, stored, originator, peer))).to.equal('not-sent client.content')
    expect(await codeOf(caller.call('storeDelivery', { messageId: 'x' }, bare, originator, peer))).to.equal(
      'not-sent client.certificate-missing',
    )
    expect(await codeOf(caller.call('getMessageId', {}, { certificates: [stranger] }, originator, peer))).to.equal(
      'not-sent client.certificate-role',
    )
    expect(await codeOf(caller.call('getMessageId', {}, {}, noSigner, { ...peer, sign: true }))).to.equal('not-sent client.no-signer')
    expect(await codeOf(caller.call('getMessageId', {}, {}, originator, { ...peer, cipher: 'urn:unknown' }))).to.equal(
      'not-sent client.request',
    )
    expect(fake.calls.length).to.equal(0)
  })

  it('what it sends equals the table: every request opens again with the row it was built from', async () => {
    const fake = new FakePeer(who)
    await oscCaller(fake).call('storeDelivery', { messageId: 'id', subject: '<&>"' }, await partsFor('storeDelivery'), originator, peer)
    const [request] = fake.seen
    if (!request) throw new Error('nothing came')
    const { peerCipher } = who
    expect(request.order).to.deep.include({ messageId: 'id', subject: '<&>"' })
    expect(
      (await osci.open(await osci.seal({ ...request, evidence: {} }, { ...envWith(peerCipher.decrypter) }), envWith(peerCipher.decrypter)))
        .type,
    ).to.equal('storeDelivery')
  })
})
