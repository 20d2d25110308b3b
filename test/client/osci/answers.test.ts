// SPDX-License-Identifier: EUPL-1.2
/**
 * Wrong answers: each ends in one named error, with the code that OSCI has for it, and in an explicit dialog that is dead: nothing more is
 * sent, not even exitDialog.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../../src/client/osci/caller.js'
import { scanFeedback } from '../../../src/client/osci/feedback.js'
import { OsciCallError, type OsciIdentity, type OsciPeer } from '../../../src/client/osci/ports.js'
import type { MessageName } from '../../../src/osci/messages.js'
import { openAnswer, osci } from '../../../src/osci/stages.js'
import { envWith, RSA_PSS_SHA256, SHA256 } from '../../osci/env.js'
import { bundle, clientIdentity, ends, FakePeer, feedbackOf, strictPeer, type Bend, type Ends, type HttpReply } from './fake-peer.js'

interface Wrong {
  readonly what: string
  readonly bend: (who: Ends, fake: FakePeer) => Bend
  readonly stage: OsciCallError['stage']
  readonly finding: string
  readonly feedback?: string
  readonly peer?: Partial<OsciPeer>
  /** Not where there is no dialog. */
  readonly explicitOnly?: boolean
}

const control = (change: object) => (): Bend => ({ message: (m) => ({ ...m, control: { ...m.control, ...change } }) })
const reply = (change: (r: HttpReply) => HttpReply | Promise<HttpReply>) => (): Bend => ({ reply: change })
const text = (body: string, status = 200) => reply((r) => ({ ...r, status, body: new TextEncoder().encode(body) }))
const fault = (side: 'Client' | 'Server', osciCode?: string) => (): Bend => ({
  fault: { type: 'fault', side, text: 'a text of the peer', ...(osciCode === undefined ? {} : { osciCode }) },
})

const typed =
  (type: MessageName, order: object, rest: object = {}) =>
  (): Bend => ({
    message: (m) => ({ ...m, ...rest, type, order: { ...feedbackOf('0801'), ...order } }),
  })

const WRONG: readonly Wrong[] = [
  { what: 'another Response', bend: control({ response: 'somebody else' }), stage: 'answered-wrongly', finding: 'client.answer-response', feedback: '9400' },
  { what: 'a Response that differs in a blank', bend: () => ({ message: (m) => ({ ...m, control: { ...m.control, response: `${m.control.response ?? ''} ` } }) }), stage: 'answered-wrongly', finding: 'client.answer-response', feedback: '9400' },
  { what: 'another ConversationId', bend: control({ conversationId: '999999' }), stage: 'answered-wrongly', finding: 'client.answer-conversation-id', feedback: '9400', explicitOnly: true },
  { what: 'another SequenceNumber', bend: control({ sequenceNumber: 5 }), stage: 'answered-wrongly', finding: 'client.answer-sequence-number', feedback: '9400' },
  { what: 'no Challenge, so that the dialog cannot go on', bend: control({ challenge: undefined }), stage: 'answered-wrongly', finding: 'client.answer-challenge', feedback: '9400', explicitOnly: true },
  { what: 'in clear to an encrypted request', bend: () => ({ sealing: ({ encryptFor: _left, ...sealing }) => sealing }), stage: 'answered-wrongly', finding: 'client.answer-in-clear' },
  { what: 'unsigned', bend: () => ({ sealing: ({ sign: _left, ...sealing }) => sealing }), stage: 'answered-wrongly', finding: 'client.answer-unsigned', feedback: '9600' },
  {
    what: 'signed by somebody else',
    bend: ({ stranger }) => ({ sealing: (s) => ({ ...s, sign: { signer: stranger.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 } }) }),
    stage: 'answered-wrongly', finding: 'client.answer-signer', feedback: '9601',
  },
  { what: 'and its signer cannot be looked up', bend: () => ({}), peer: { recognises: () => Promise.reject(new Error('directory away')) }, stage: 'answered-wrongly', finding: 'client.answer-signer', feedback: '9603' },
  { what: 'changed after it was signed', peer: {}, bend: reply(async (r) => ({ ...r, body: await changed(r.body) })), stage: 'answered-wrongly', finding: 'message-signature.digest-mismatch', feedback: '9601' },
  {
    what: 'encrypted for somebody else',
    bend: ({ stranger }) => ({ sealing: (s) => (s.encryptFor ? { ...s, encryptFor: { ...s.encryptFor, certificate: stranger.certificate } } : s) }),
    stage: 'answered-wrongly', finding: 'transport-encryption.not-our-key', feedback: '9200',
  },
  { what: 'with a flipped bit in its ciphertext', bend: reply((r) => ({ ...r, body: flipped(r.body) })), stage: 'answered-wrongly', finding: 'transport-encryption.undecryptable', feedback: '9202' },
  { what: 'truncated', bend: reply((r) => ({ ...r, body: r.body.subarray(0, r.body.byteLength - 40) })), stage: 'answered-wrongly', finding: 'mime.no-end', feedback: '9100' },
  { what: 'empty', bend: text(''), stage: 'answered-wrongly', finding: 'mime.header-malformed', feedback: '9100' },
  { what: 'garbage', bend: text('<html>Bad gateway</html>'), stage: 'answered-wrongly', finding: 'osci-structure.frame', feedback: '9100' },
  { what: 'an error page with its HTTP status', bend: text('<html>Bad gateway</html>', 502), stage: 'answered-wrongly', finding: 'client.http-status', feedback: '9100' },
  { what: 'a redirect', bend: reply((r) => ({ ...r, status: 302, body: new Uint8Array(0) })), stage: 'answered-wrongly', finding: 'client.http-status', feedback: '9100' },
  { what: 'a message of another type', bend: typed('responseToStoreDelivery', { processCardBundle: bundle('id') }), stage: 'answered-wrongly', finding: 'client.answer-type', feedback: '9300' },
  { what: 'a request', bend: typed('getMessageId', {}, { languages: ['de'] }), stage: 'answered-wrongly', finding: 'client.answer-type', feedback: '9300' },
  { what: 'the replay of an older answer', bend: (_who, fake) => ({ reply: (r) => fake.given.at(-1) ?? r }), stage: 'answered-wrongly', finding: 'client.answer-response', feedback: '9400' },
  { what: 'a fault of ours', bend: fault('Client', '9400'), stage: 'fault', finding: 'client.fault', feedback: '9400' },
  { what: 'a fault of the peer', bend: fault('Server', '9000'), stage: 'fault', finding: 'client.fault', feedback: '9000' },
  { what: 'a fault without a code', bend: fault('Server'), stage: 'fault', finding: 'client.fault' },
  { what: 'a fault under HTTP 500', bend: () => ({ ...fault('Server', '9000')(), reply: (r) => ({ ...r, status: 500 }) }), stage: 'fault', finding: 'client.fault', feedback: '9000' },
  { what: 'nothing, in time', bend: reply(() => Promise.reject(new OsciCallError('no-answer', 'client.timeout', 'late'))), stage: 'no-answer', finding: 'client.timeout' },
  { what: 'nothing, as it is not there', bend: reply(() => Promise.reject(new OsciCallError('not-sent', 'client.connection', 'refused'))), stage: 'not-sent', finding: 'client.connection' },
] // prettier-ignore

/** The answer in clear, one character of a signed text changed, in the transport encryption that it had. */
async function changed(body: Uint8Array): Promise<Uint8Array> {
  const who = await ends()
  const env = envWith(who.clientCipher.decrypter)
  const { frame } = await import('../../../src/osci/stages.js')
  const envelope = await frame.open(body, env)
  const header = envelope.header.map((block) =>
    block.local === 'ControlBlock'
      ? { ...block, attributes: block.attributes.map((a) => (a.local === 'Id' ? a : { ...a, value: `${a.value}0` })) }
      : block,
  )
  const how = envelope.evidence.transport
  if (!how) throw new Error('in clear')
  const cut = { ...envelope, header, evidence: {} }
  return frame.seal(cut, {
    ...env,
    sealing: { encryptFor: { certificate: who.clientCipher.certificate, cipher: how.cipher, keyTransport: how.keyTransport, ivBytes: 12 } },
  })
}

function flipped(body: Uint8Array): Uint8Array {
  const copy = Buffer.from(body)
  const at = copy.lastIndexOf('\r\n--') - 20
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe('OSCI answers', () => {
  let who: Ends
  let identity: OsciIdentity
  before(async () => {
    who = await ends()
    identity = await clientIdentity()
  })

  const failed = async (work: Promise<unknown>): Promise<OsciCallError> => {
    const error: unknown = await work.then(
      () => 'nothing was thrown',
      (e: unknown) => e,
    )
    expect(error, String(error)).to.be.instanceOf(OsciCallError)
    return error as OsciCallError
  }

  const fits = (error: OsciCallError, wrong: Wrong): void => {
    expect(`${error.stage} ${error.finding} ${error.feedback ?? '-'}`).to.equal(`${wrong.stage} ${wrong.finding} ${wrong.feedback ?? '-'}`)
    expect(error.origin).to.equal(wrong.stage === 'fault' ? 'peer' : 'local')
    if (wrong.stage === 'fault') expect(error.faultSide).to.be.oneOf(['Client', 'Server'])
    expect(error.message).not.to.contain('a text of the peer')
  }

  for (const wrong of WRONG) {
    if (wrong.explicitOnly !== true)
      it(`${wrong.what}: ${wrong.stage} ${wrong.feedback ?? ''}, implicit`, async () => {
        const fake = new FakePeer(who)
        const caller = oscCaller(fake)
        const peer = await strictPeer(wrong.peer)
        if (!wrong.peer?.recognises) await caller.call('getMessageId', {}, {}, identity, peer)
        fake.bends.set('getMessageId', wrong.bend(who, fake))
        fits(await failed(caller.call('getMessageId', {}, {}, identity, peer)), wrong)
      })

    it(`${wrong.what}: ${wrong.stage} ${wrong.feedback ?? ''}, and the dialog is dead`, async () => {
      const fake = new FakePeer(who)
      const caller = oscCaller(fake)
      const peer = await strictPeer()
      const picky = { calls: 0 }
      const recognises = wrong.peer?.recognises
      const lookedUp: OsciPeer = recognises
        ? { ...peer, recognises: (certificate, at) => (picky.calls++ === 0 ? Promise.resolve(true) : recognises(certificate, at)) }
        : peer
      const dialog = await caller.openDialog(identity, lookedUp)
      if (!recognises) await dialog.send('getMessageId', {})
      fake.bends.set('getMessageId', wrong.bend(who, fake))
      const waiting = [dialog.send('getMessageId', {}), dialog.send('fetchDelivery', {})].map(failed)
      const [first, second] = await Promise.all(waiting)
      if (!first || !second) throw new Error('two calls')
      fits(first, wrong)
      expect(second.stage).to.equal('not-sent')
      expect(second.finding).to.equal('client.dialog-over')
      expect(dialog.dead).to.equal(true)
      const sent = fake.seen.length
      await dialog.close()
      expect((await failed(dialog.send('getMessageId', {}))).stage).to.equal('not-sent')
      expect(fake.seen.length).to.equal(sent)
      expect(fake.names).not.to.include('exitDialog')
      expect(fake.names).not.to.include('fetchDelivery')
    })
  }

  it('an answer to another request of the same dialog is none', async () => {
    const fake = new FakePeer(who)
    const dialog = await oscCaller(fake).openDialog(identity, await strictPeer())
    await dialog.send('fetchDelivery', {})
    const older = fake.given.at(-1)
    fake.bends.set('fetchDelivery', { reply: (r) => older ?? r })
    expect((await failed(dialog.send('fetchDelivery', {}))).finding).to.equal('client.answer-response')
    expect(dialog.dead).to.equal(true)
  })

  it('an unsigned answer passes where it is optional, and by default to an unsigned request', async () => {
    const fake = new FakePeer(who)
    const caller = oscCaller(fake)
    const unsigned: Bend = { sealing: ({ sign: _left, ...sealing }) => sealing }
    fake.bends.set('getMessageId', unsigned)
    const answer = await caller.call('getMessageId', {}, {}, identity, await strictPeer({ answerSignature: 'optional' }))
    expect(answer.signer).to.equal(undefined)
    fake.bends.set('getMessageId', unsigned)
    await caller.call('getMessageId', {}, {}, identity, await strictPeer({ sign: false }))
    fake.bends.set('getMessageId', unsigned)
    const strict = strictPeer({ sign: false, answerSignature: 'required' })
    expect((await failed(caller.call('getMessageId', {}, {}, identity, await strict))).feedback).to.equal('9600')
  })

  it('a signature that is there must be right also where it is optional', async () => {
    const fake = new FakePeer(who)
    fake.bends.set('getMessageId', reply(async (r) => ({ ...r, body: await changed(r.body) }))())
    const peer = await strictPeer({ answerSignature: 'optional' })
    expect((await failed(oscCaller(fake).call('getMessageId', {}, {}, identity, peer))).feedback).to.equal('9601')
  })

  it('an encrypted answer to a request in clear is read', async () => {
    const fake = new FakePeer(who)
    const { cipherCertificate: _clear, ...open } = await strictPeer()
    const encryptFor = {
      certificate: who.clientCipher.certificate,
      cipher: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      keyTransport: (await import('../../osci/env.js')).OAEP_SHA256,
      ivBytes: 12 as const,
    }
    fake.bends.set('getMessageId', { sealing: (s) => ({ ...s, encryptFor }) })
    expect((await oscCaller(fake).call('getMessageId', {}, {}, identity, open)).encrypted).to.equal(true)
  })

  it('a longer answer than the gateway would take is read where the peer may send it', async () => {
    const fake = new FakePeer(who)
    const small = { ...identity, env: { ...identity.env, limits: { ...identity.env.limits, messageBytes: 2000 } } }
    expect((await failed(oscCaller(fake).call('getMessageId', {}, {}, small, await strictPeer()))).finding).to.equal(
      'mime.message-too-large',
    )
    await oscCaller(fake).call('getMessageId', {}, {}, small, await strictPeer({ maxAnswerBytes: 100_000 }))
  })

  it('the bytes of an answer are what came: they open again', async () => {
    const fake = new FakePeer(who)
    const { bytes } = await oscCaller(fake).call('getMessageId', {}, {}, identity, await strictPeer())
    expect((await openAnswer(bytes, envWith(who.clientCipher.decrypter))).type).to.equal('responseToGetMessageId')
    expect((await osci.open(bytes, envWith(who.clientCipher.decrypter))).evidence.signature?.role).to.equal(
      'SignatureCertificateIntermediary',
    )
  })

  const scan = (...codes: readonly string[]) => scanFeedback(codes.map((code) => ({ code, text: code })))
  it('feedback: a class 3 never fails, a class 9 anywhere does, a class that nobody knows does too', () => {
    expect(scan('3707', '0800')).to.deep.include({ ok: true, warnings: ['3707'], errors: [] })
    expect(scan('3800')).to.deep.include({ ok: true, warnings: ['3800'] })
    expect(scan('0801', '9803', '3800')).to.deep.include({ ok: false, errors: ['9803'], warnings: ['3800'] })
    expect(scan('0800', '5000')).to.deep.include({ ok: false, errors: ['5000'] })
    expect(scan('')).to.deep.include({ ok: false, errors: [''] })
    expect(scan('9803', '9803').entries.length).to.equal(2)
    expect(scan('9803', '9803').errors).to.deep.equal(['9803'])
  })

  it('a refusal stands in Feedback or in InsideFeedback: either counts', async () => {
    const fake = new FakePeer(who)
    const { feedbackOf: say, insideOf } = await import('./fake-peer.js')
    fake.orders.set('partialStoreDelivery', () => ({ ...say('0801'), ...insideOf('3701', '9801') }))
    const dialog = await oscCaller(fake).openDialog(identity, await strictPeer())
    const { deliveryParts } = await import('../../../src/client/osci/content.js')
    const parts = await deliveryParts({ document: new Uint8Array(1), addressee: who.addressee.certificate }, identity)
    const answer = await dialog.send('partialStoreDelivery', { messageId: 'x_Partial', infoOnly: {} }, parts)
    expect(answer.feedback).to.deep.include({ ok: false, errors: ['9801'], warnings: ['3701'] })
    expect(answer.inside?.ok).to.equal(false)
    expect(dialog.dead).to.equal(false)
  })
})
