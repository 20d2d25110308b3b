// SPDX-License-Identifier: EUPL-1.2
/**
 * P3: every message to every endpoint from a peer of every role. What a role does not serve is 9300, who does not belong there 9601; and
 * nothing happens then. P5: no code but those of the table, and one answer for everything that cannot be decrypted.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { EXCHANGES, messageType, REQUEST_NAMES, responseTo, type MessageName } from '../../../src/osci/messages.js'
import { feedbackRow } from '../../../src/osci/feedback.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { ask, build, delivery, errorsOf, post, RawDialog, store, tell, fetchedId, type Bend } from './raw.js'

const STAMP = { plain: '2026-11-24T09:00:00Z' }
const bundle = (stamps: object = {}) => ({
  messageId: 'id-1',
  processCard: { recentModification: STAMP.plain, creation: STAMP, ...stamps },
  inspectionReport: { inspections: [] },
})
const FORWARDED = { forwarding: STAMP }
const feedback = { entries: [{ code: '0800', text: 'ok', lang: 'de' }] }
const CHUNK = { chunkNumber: 1, chunkSizeKilobytes: 1, totalChunkNumbers: 1, totalMessageSizeKilobytes: 1 }

const ORDERS: Readonly<Partial<Record<MessageName, object>>> = {
  storeDelivery: { messageId: 'id-1' },
  forwardDelivery: { messageId: 'id-1', contentReceiver: { uri: 'http://127.0.0.1:1/' } },
  mediateDelivery: { contentReceiver: { uri: 'http://127.0.0.1:1/' } },
  acceptDelivery: { processCardBundle: bundle(FORWARDED) },
  processDelivery: { processCardBundle: bundle(FORWARDED), messageIdResponse: 'id-2' },
  partialStoreDelivery: { messageId: 'id-1_Partial', chunkInformation: CHUNK },
  partialFetchDelivery: { chunkInformation: { chunkNumber: 1, chunkSizeKilobytes: 1, receivedChunks: [] } },
  responseToFetchDelivery: { feedback, fetchDelivery: {} },
  responseToFetchProcessCard: { feedback, fetchProcessCard: {}, processCardBundles: [] },
  responseToPartialStoreDelivery: { feedback, chunkInformation: { chunkNumber: 1, receivedChunks: [1] } },
  responseToPartialFetchDelivery: {
    feedback,
    fetchDelivery: {},
    chunkInformation: { chunkNumber: 1, totalChunkNumbers: 1, totalMessageSizeKilobytes: 1 },
    messageId: 'id-1',
  },
}

const ALL: readonly MessageName[] = REQUEST_NAMES.flatMap((name): MessageName[] => [name, responseTo(name)])

describe('roles of the intermediary', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let im: OsciConnection
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    im = await house.client('im', 'strict')
  })
  after(() => house.close())

  async function bendFor(name: MessageName, from: OsciConnection): Promise<Bend> {
    const row = messageType(name)
    const order = ORDERS[name] ?? (row?.kind === 'request' ? {} : { feedback })
    const content =
      row?.content === '1'
        ? await from.content({ document: randomBytes(20), addressee: (await keysOf('bob')).cipher.certificate, sign: false })
        : undefined
    const certificates = row?.certificates === 'store' || row?.certificates === 'delivery' ? content?.certificates : undefined
    return {
      order,
      ...(content
        ? { parts: { content: content.content, attachments: content.attachments, ...(certificates ? { certificates } : {}) } }
        : {}),
      control:
        row?.kind === 'response' ? { response: 'AAAA', challenge: 'BBBB', conversationId: row.control[2] === '!' ? '1' : undefined } : {},
    }
  }

  /** Fields that a row forbids are left out. */
  function within(name: MessageName, bend: Bend): Bend {
    const marks = messageType(name)?.control ?? '????'
    const fields = ['response', 'challenge', 'conversationId', 'sequenceNumber'] as const
    const control = { ...bend.control }
    fields.forEach((field, at) => {
      if (marks[at] === '-') delete control[field]
    })
    return { ...bend, control }
  }

  const served = (name: MessageName): boolean => (EXCHANGES as Readonly<Record<string, { asks: string }>>)[name]?.asks === 'client'
  const taken = (name: MessageName): boolean => name === 'acceptDelivery' || name === 'processDelivery'

  it('P3 knows 24 messages', () => expect(ALL.length).to.equal(24))

  for (const name of ALL)
    it(`P3 holds ${name} against the role of the endpoint and of who sends it`, async () => {
      const [im1, town] = [(await keysOf('im')).cipher.certificate, (await keysOf('town')).cipher.certificate]
      const answers: string[] = []
      for (const [endpoint, cipherCertificate] of [
        ['strict', im1],
        ['recipient', town],
      ] as const)
        for (const from of [alice, im]) {
          const bend = within(name, await bendFor(name, from))
          // whoever wants an answer names its certificate, where the row has a place for it
          const told = await ask(from, name, { ...bend, peer: { cipherCertificate }, url: house.endpoint(endpoint) })
          answers.push(`${endpoint} ${from === im ? 'im' : 'user'}: ${told.kind} ${errorsOf(told).join(' ')}`)
          for (const code of told.codes) expect(feedbackRow(code), code).not.to.equal(undefined)
        }
      const lines = new Map(answers.map((line) => [line.split(':')[0], line.split(': ')[1]]))
      const [strictUser, strictIm, recipientUser, recipientIm] = ['strict user', 'strict im', 'recipient user', 'recipient im'].map((who) =>
        lines.get(who),
      )
      if (served(name)) {
        expect(strictUser).not.to.contain('9300').and.not.to.contain('9601').and.not.to.contain('9000')
        expect(strictIm).to.be.oneOf(['answer 9601', 'fault 9500'])
      } else expect([strictUser, strictIm]).to.deep.equal(['fault 9300', 'fault 9300'])
      if (taken(name)) {
        expect(recipientUser).to.be.oneOf(['answer 9601', 'fault 9500'])
        // nobody fetches for the participant
        expect(recipientIm).to.equal('answer 9809 9811')
      } else expect([recipientUser, recipientIm]).to.deep.equal(['fault 9300', 'fault 9300'])
    })

  it('P3 has done nothing for what was refused, and serves the next', async () => {
    const bob = await house.client('bob', 'strict')
    const dialog = await RawDialog.open(bob)
    expect(errorsOf(await dialog.ask('fetchDelivery'))).to.deep.equal(['9803'])
    expect(errorsOf(await dialog.ask('fetchProcessCard'))).to.deep.equal(['9804'])
    const messageId = await store(alice, await keysOf('bob'))
    expect(fetchedId(await dialog.ask('fetchDelivery'))).to.equal(messageId)
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
  })

  it('P5 answers everything that cannot be decrypted with the same bytes', async () => {
    const good = await build(alice, 'getMessageId', undefined)
    const text = Buffer.from(good).toString('latin1')
    const values = [...text.matchAll(/<xenc:CipherValue>([^<]+)<\/xenc:CipherValue>/g)].map((match) => match[1] ?? '')
    const flip = (value: string, at: number): string => {
      const bytes = Buffer.from(value, 'base64')
      bytes[at < 0 ? bytes.length + at : at] = (bytes[at < 0 ? bytes.length + at : at] ?? 0) ^ 1
      return bytes.toString('base64')
    }
    // the wrapped key and the cipher text; the latter may travel as a part of its own
    const bent = values.flatMap((value) => [0, 5, 40, -1, -17].map((at) => text.replace(value.trim(), flip(value, at))))
    const other = await keysOf('bob')
    const foreign = await build(alice, 'getMessageId', undefined, {
      sealing: (sealing) => ({
        ...sealing,
        ...(sealing.encryptFor ? { encryptFor: { ...sealing.encryptFor, certificate: other.cipher.certificate } } : {}),
      }),
    })
    expect(values.length).to.be.greaterThan(0)
    const answers = new Set<string>()
    for (const message of bent) {
      const told = await tell(alice, await post(alice.peer.url, Buffer.from(message, 'latin1')))
      expect(told.codes).to.deep.equal(['9202'])
      answers.add(Buffer.from(told.bytes).toString('latin1'))
    }
    expect(answers.size).to.equal(1)
    expect((await tell(alice, await post(alice.peer.url, foreign))).codes).to.deep.equal(['9200'])
    expect((await tell(alice, await post(alice.peer.url, good))).codes).to.deep.equal(['0800'])
  })

  it('9600 an unsigned request where a signature is demanded, 9601 a wrong or unknown signer, 9602 a part that is not covered', async () => {
    const unsigned = await ask(alice, 'getMessageId', { sealing: ({ encryptFor }) => (encryptFor ? { encryptFor } : {}) })
    expect(errorsOf(unsigned)).to.deep.equal(['9600'])
    const eve = await keysOf('eve')
    const stranger = await house.client('alice', 'strict', { keys: { cipher: (await keysOf('alice')).cipher, signature: eve.signature } })
    expect(errorsOf(await ask(stranger, 'getMessageId'))).to.deep.equal(['9601'])
    // signed in clear, then changed
    const openAlice = await house.client('alice', 'open')
    const signed = await build(openAlice, 'getMessageId', undefined, { sealing: ({ sign }) => (sign ? { sign } : {}) })
    const text = Buffer.from(signed).toString('latin1')
    const told = await tell(
      openAlice,
      await post(openAlice.peer.url, Buffer.from(text.replace('SequenceNumber="0"', 'SequenceNumber="1"'), 'latin1')),
    )
    expect(errorsOf(told)).to.satisfy((codes: string[]) => codes.join() === '9601' || codes.join() === '9400', errorsOf(told).join())
    const id = /<ds:Reference URI="#([^"]+)"/.exec(text)?.[0] ?? ''
    expect(id).not.to.equal('')
    const uncovered = text.replace(/<ds:Reference URI="#body.*?<\/ds:Reference>/s, '')
    expect(uncovered).not.to.equal(text)
    expect(errorsOf(await tell(openAlice, await post(openAlice.peer.url, Buffer.from(uncovered, 'latin1'))))).to.satisfy(
      (codes: string[]) => ['9601', '9602'].includes(codes.join()),
    )
    expect((await ask(alice, 'getMessageId')).codes).to.deep.equal(['0800'])
  })

  it('9500 an encrypted request that brings no certificate for its answer', async () => {
    const told = await ask(alice, 'getMessageId', { without: ['CipherCertificateOriginator'] })
    expect([told.kind, told.codes]).to.deep.equal(['fault', ['9500']])
    const bend = await delivery(alice, await keysOf('bob'), 'id-1')
    expect((await ask(alice, 'storeDelivery', { ...bend, without: ['CipherCertificateOriginator'] })).codes).to.deep.equal(['9500'])
  })

  it('9802 what needs a dialog and has none', async () => {
    for (const name of ['fetchDelivery', 'fetchProcessCard', 'exitDialog', 'partialFetchDelivery'] as const) {
      const openAlice = await house.client('alice', 'open')
      const clear: Bend = { sealing: ({ sign }) => (sign ? { sign } : {}), ...(ORDERS[name] ? { order: ORDERS[name] } : {}) }
      expect(errorsOf(await ask(openAlice, name, clear)), name).to.deep.equal(['9802'])
    }
  })
})
