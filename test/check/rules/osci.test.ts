// SPDX-License-Identifier: EUPL-1.2
/**
 * Every rule of the OSCI layers, once broken and once kept. Views are built by hand: a rule reads nothing else.
 * @module
 */
import { expect } from 'chai'
import { Journal } from '../../../src/check/journal.js'
import type { MimeView, OsciView, OrderFacts, Rule } from '../../../src/check/rules/rule.js'
import { runRules } from '../../../src/check/rules/run.js'
import { FAULT_RULES, MESSAGE_RULES, MIME_RULES } from '../../../src/check/rules/tables.js'
import type { Part } from '../../../src/mime/parts.js'
import { messageType, type MessageName } from '../../../src/osci/messages.js'
import { OSCI, SOAP } from '../../../src/osci/names.js'
import type { ProcessCardBundle } from '../../../src/osci/parts.js'
import type { CertificateEntry, Fault, OsciMessage } from '../../../src/osci/types.js'
import { writeInspection } from '../../../src/osci/inspection.js'
import { readCertificate } from '../../../src/pki/certificate.js'
import { issueCertificate } from '../../../src/pki/test-pki.js'
import { attr, element, type XmlElement } from '../../../src/xml/tree.js'

const AT = new Date('2026-11-24T09:00:00Z')

interface Made {
  readonly name: MessageName
  readonly order?: OrderFacts
  readonly message?: Partial<OsciMessage>
  readonly transportEncrypted?: boolean
  readonly header?: readonly XmlElement[]
}

function viewOf({ name, order = {}, message = {}, transportEncrypted = false, header = [] }: Made): OsciView {
  const type = messageType(name)
  if (!type) throw new Error(name)
  const orderElement = element(type.uri, 'osci', name)
  const body = element(SOAP, 'soap', 'Body')
  const root = element(SOAP, 'soap', 'Envelope', { children: [body] })
  const part: Part = { contentId: '', contentType: 'text/xml', transferEncoding: '8bit', headers: [], body: new Uint8Array(0) }
  return {
    type,
    order,
    orderElement,
    transportEncrypted,
    at: AT,
    message: { type: name, control: {}, order, custom: [], attachments: [], evidence: {}, remarks: [], ...message },
    envelope: {
      document: { root, text: '', byteOrderMark: false, prolog: [], epilog: [] },
      kind: 'message',
      header,
      body,
      parts: { root: part, attachments: new Map(), dialect: 'body', boundary: 'x' },
      evidence: {},
      remarks: [],
    },
  }
}

const codes = (...list: string[]) => ({ entries: list.map((code) => ({ code, text: 'text', lang: 'de' })) })
const answer = (name: MessageName, ...list: string[]): Made => ({ name, order: { feedback: codes(...list) } })

const card = (times: { creation: string; forwarding?: string; reception?: string; recent?: string }, id = 'one'): ProcessCardBundle => ({
  messageId: id,
  processCard: {
    recentModification: times.recent ?? '2026-11-24T09:00:05Z',
    creation: { plain: times.creation },
    ...(times.forwarding === undefined ? {} : { forwarding: { plain: times.forwarding } }),
    ...(times.reception === undefined ? {} : { reception: { plain: times.reception } }),
  },
  inspectionReport: { inspections: [] },
})
const GOOD_CARD = card({ creation: '2026-11-24T09:00:00Z', forwarding: '2026-11-24T09:00:01Z', reception: '2026-11-24T09:00:02Z' })
const withCard = (bundle: ProcessCardBundle): Made => ({
  name: 'responseToFetchProcessCard',
  order: { feedback: codes('0801'), processCardBundles: [bundle] },
  message: { control: { challenge: 'challenge1' } },
})

const chunk = (name: MessageName, info: NonNullable<OrderFacts['chunkInformation']>, message: Partial<OsciMessage> = {}): Made => ({
  name,
  order: { messageId: 'id_Partial', chunkInformation: info },
  message,
})
const CHUNK = { chunkNumber: 1, chunkSizeKilobytes: 10, totalChunkNumbers: 2, totalMessageSizeKilobytes: 15 }
const box = (id: string) => {
  const blob = element(OSCI, 'osci', 'Content', { attributes: [attr('Id', 'ChunkContent'), attr('href', 'cid:ChunkBlobStoreDelivery')] })
  const container = element(OSCI, 'osci', 'ContentContainer', { attributes: [attr('Id', id)], children: [blob] })
  return element(OSCI, 'osci', 'ContentPackage', { children: [container] })
}
const blobOf = (bytes: number): Part => ({
  contentId: 'ChunkBlobStoreDelivery',
  contentType: 'application/octet-stream',
  transferEncoding: 'binary',
  headers: [],
  body: new Uint8Array(bytes),
})

const features = (list: readonly (readonly [string, string])[], limits = {}): Partial<OsciMessage> => ({
  features: { ...limits, supportedFeatures: { features: list.map(([key, version]) => ({ key, version })) } },
})
const GCM = ['GCMPaddingModus', '1.7.0'] as const
const plain = (message: Partial<OsciMessage>, name: MessageName = 'getMessageId'): Made => ({ name, message })
const control = (block: OsciMessage['control'], name: MessageName = 'getMessageId'): Made => ({ name, message: { control: block } })
const order = (name: MessageName, facts: OrderFacts, message: Partial<OsciMessage> = {}): Made => ({ name, order: facts, message })
const wish = (service: 'creation' | 'reception') => ({ service, quality: 'plain' as const })

const withBlock = (mustUnderstand: string): Made => ({
  name: 'getMessageId',
  header: [
    element(OSCI, 'osci', 'DesiredLanguages', {
      attributes: [{ prefix: 'soap', local: 'mustUnderstand', uri: SOAP, value: mustUnderstand }],
    }),
    // a block of somebody else's may say so
    element('urn:x', 'x', 'More', { attributes: [{ prefix: 'soap', local: 'mustUnderstand', uri: SOAP, value: '0' }] }),
  ],
})
const listing = (name: MessageName, role: string): Made => ({
  name,
  header: [element(OSCI, 'osci', 'NonIntermediaryCertificates', { children: [element(OSCI, 'osci', role)] })],
})

const entries: Record<string, CertificateEntry> = {}
/** A delivery that lists one certificate, and the report on another. */
const inspecting = (name: string): Made => {
  const certificate = readCertificate(entries[name]?.der ?? new Uint8Array(0))
  const inspections = [writeInspection(certificate, [], AT)]
  const message = { content: box('c'), certificates: entries['good'] ? [entries['good']] : [] }
  return order('acceptDelivery', { processCardBundle: { ...GOOD_CARD, inspectionReport: { inspections } } }, message)
}
const cipher = (name: string): Made => plain({ certificates: entries[name] ? [entries[name]] : [] }, 'storeDelivery')

/** By rule: a message that breaks it, one that keeps it. Functions, since certificates are made first. */
const CASES: Readonly<Record<string, readonly [broken: () => Made, kept: () => Made]>> = {
  'osci-structure.must-understand-off': [() => withBlock('0'), () => withBlock('1')],
  'osci-structure.certificate-refused-elsewhere': [
    () => listing('responseToMediateDelivery', 'SignatureCertificateAddressee'),
    () => listing('mediateDelivery', 'SignatureCertificateAddressee'),
  ],
  'osci-structure.message-id-form': [
    () => order('storeDelivery', { messageId: 'a;b' }),
    () => order('storeDelivery', { messageId: 'osci_test_1' }),
  ],
  'osci-structure.chunk-message-id': [
    () => order('partialStoreDelivery', { messageId: 'id' }),
    () => order('partialStoreDelivery', { messageId: 'id_Partial' }),
  ],
  'osci-structure.subject-too-long': [
    () => order('storeDelivery', { subject: 'x'.repeat(2001) }),
    () => order('storeDelivery', { subject: 'x'.repeat(2000) }),
  ],
  'osci-structure.timestamp-wishes': [
    () => order('mediateDelivery', { messageId: 'id' }, { timestamps: [wish('creation')] }),
    () => order('mediateDelivery', { messageId: 'id' }, { timestamps: [wish('creation'), wish('reception')] }),
  ],
  'osci-structure.content-receiver': [
    () => order('forwardDelivery', { contentReceiver: { uri: 'http://user:secret@example.org/' } }),
    () => order('forwardDelivery', { contentReceiver: { uri: 'https://example.org/osci' } }),
  ],
  'osci-structure.no-content': [
    () => plain({ content: element(OSCI, 'osci', 'ContentPackage') }, 'storeDelivery'),
    () => plain({ content: box('c') }, 'storeDelivery'),
  ],
  'osci-structure.feedback-unknown': [() => answer('responseToInitDialog', '0899'), () => answer('responseToInitDialog', '0801')],
  'osci-structure.feedback-contradiction': [
    () => answer('responseToStoreDelivery', '0800', '9801'),
    () => answer('responseToStoreDelivery', '9801'),
  ],
  'osci-structure.feedback-without-verdict': [
    () => answer('responseToStoreDelivery', '3707'),
    () => answer('responseToStoreDelivery', '3707', '0800'),
  ],
  'osci-structure.feedback-two-verdicts': [
    () => answer('responseToStoreDelivery', '0800', '0801'),
    () => answer('responseToStoreDelivery', '0801'),
  ],
  'osci-structure.feedback-order': [
    () => answer('responseToStoreDelivery', '0800', '3707'),
    () => answer('responseToStoreDelivery', '3707', '0800'),
  ],
  'osci-structure.feedback-not-foreseen': [
    () => answer('responseToInitDialog', '3800'),
    () => answer('responseToFetchDelivery', '3800', '0801'),
  ],
  'osci-structure.feedback-fault-code': [() => answer('responseToStoreDelivery', '9400'), () => answer('responseToStoreDelivery', '9600')],
  'osci-structure.feedback-text': [
    () => order('responseToInitDialog', { feedback: { entries: [{ code: '0801', text: ' ' }] } }),
    () => answer('responseToInitDialog', '0801'),
  ],
  'osci-structure.feedback-repeated': [
    () => answer('responseToStoreDelivery', '0800', '0800'),
    () => answer('responseToStoreDelivery', '0800'),
  ],
  'osci-structure.inside-feedback': [
    () => order('responseToPartialStoreDelivery', { feedback: codes('0801'), insideFeedback: codes('9801') }),
    () => order('responseToPartialStoreDelivery', { feedback: codes('9950'), insideFeedback: codes('9801') }),
  ],
  'osci-structure.inside-feedback-verdict': [
    () => order('responseToPartialStoreDelivery', { feedback: codes('0801'), insideFeedback: codes('0801') }),
    () => order('responseToPartialStoreDelivery', { feedback: codes('0801'), insideFeedback: codes('3707', '0800') }),
  ],
  'osci-structure.process-card-times': [
    () => withCard(card({ creation: '2026-11-24T09:00:02Z', forwarding: '2026-11-24T09:00:01Z' })),
    () => withCard(GOOD_CARD),
  ],
  'osci-structure.process-card-modification': [
    () => withCard(card({ creation: '2026-11-24T09:00:02Z', recent: '2026-11-24T08:00:00Z' })),
    () => withCard(GOOD_CARD),
  ],
  'osci-structure.time-without-zone': [() => withCard(card({ creation: '2026-11-24T09:00:02' })), () => withCard(GOOD_CARD)],
  'osci-structure.process-card-id': [
    () => order('responseToMediateDelivery', { requestProcessCardBundle: GOOD_CARD, replyProcessCardBundle: GOOD_CARD }),
    () =>
      order('responseToMediateDelivery', {
        requestProcessCardBundle: GOOD_CARD,
        replyProcessCardBundle: { ...GOOD_CARD, messageId: 'two' },
      }),
  ],
  'osci-structure.inspection-unlisted': [() => inspecting('signer'), () => inspecting('good')],
  'osci-structure.other-delivery': [
    () => order('responseToFetchDelivery', { fetchDelivery: { selectionRule: { messageId: 'two' } }, processCardBundle: GOOD_CARD }),
    () => order('responseToFetchDelivery', { fetchDelivery: { selectionRule: { messageId: 'one' } }, processCardBundle: GOOD_CARD }),
  ],
  'osci-structure.half-logged': [
    () => order('processDelivery', { messageIdResponse: 'two' }),
    () => order('processDelivery', { messageIdResponse: 'two', processCardBundle: GOOD_CARD }),
  ],
  'osci-structure.refused-yet-done': [
    () => order('responseToStoreDelivery', { feedback: codes('9801'), processCardBundle: GOOD_CARD }),
    () => answer('responseToStoreDelivery', '9801'),
  ],
  'osci-structure.done-without-result': [
    () => answer('responseToStoreDelivery', '0800'),
    () => order('responseToStoreDelivery', { feedback: codes('0800'), processCardBundle: GOOD_CARD }),
  ],
  'osci-structure.chunk-number': [
    () => chunk('partialStoreDelivery', { ...CHUNK, chunkNumber: 3 }),
    () => chunk('responseToPartialStoreDelivery', { chunkNumber: 0 }),
  ],
  'osci-structure.chunk-size': [
    () => chunk('partialStoreDelivery', { ...CHUNK, chunkSizeKilobytes: 0 }),
    () => chunk('partialStoreDelivery', CHUNK),
  ],
  'osci-structure.chunk-totals': [
    () => chunk('partialStoreDelivery', { ...CHUNK, totalMessageSizeKilobytes: 40 }),
    () => chunk('partialStoreDelivery', { ...CHUNK, totalMessageSizeKilobytes: 21 }),
  ],
  'osci-structure.chunk-received': [
    () => chunk('partialFetchDelivery', { chunkNumber: 2, receivedChunks: [1, 1] }),
    () => chunk('partialFetchDelivery', { chunkNumber: 2, receivedChunks: [1] }),
  ],
  'osci-structure.chunk-content': [
    () => chunk('partialStoreDelivery', CHUNK, { content: box('other') }),
    () => chunk('partialStoreDelivery', CHUNK, { content: box('ChunkContentContainer') }),
  ],
  'osci-structure.chunk-larger': [
    () => chunk('partialStoreDelivery', CHUNK, { content: box('ChunkContentContainer'), attachments: [blobOf(12 * 1024)] }),
    () => chunk('partialStoreDelivery', CHUNK, { content: box('ChunkContentContainer'), attachments: [blobOf(10 * 1024)] }),
  ],
  'osci-structure.chunk-smaller': [
    () => chunk('partialStoreDelivery', CHUNK, { content: box('ChunkContentContainer'), attachments: [blobOf(8 * 1024)] }),
    () => chunk('partialStoreDelivery', { ...CHUNK, chunkNumber: 2 }, { content: box('ChunkContentContainer'), attachments: [blobOf(5)] }),
  ],
  'osci-structure.feature-unknown': [() => plain(features([['Teleport', '1.0.0']])), () => plain(features([GCM]))],
  'osci-structure.feature-version': [() => plain(features([['GCMPaddingModus', 'new']])), () => plain(features([GCM]))],
  'osci-structure.feature-repeated': [() => plain(features([GCM, GCM])), () => plain(features([GCM]))],
  'osci-structure.feature-limits': [
    () => plain(features([GCM], { minChunkSizeKilobytes: 20, maxChunkSizeKilobytes: 10 })),
    () => plain(features([GCM], { minChunkSizeKilobytes: 10, maxChunkSizeKilobytes: 20, maxMessageSizeKilobytes: 0 })),
  ],
  'osci-structure.feature-not-announced': [
    () => plain(features([GCM]), 'partialStoreDelivery'),
    () => plain(features([['PartialMessageTransmission', '1.8.0']]), 'partialStoreDelivery'),
  ],
  'control-block.dialog-without-response': [
    () => control({ conversationId: '1', challenge: 'challenge1', sequenceNumber: 1 }),
    () => control({ conversationId: '1', challenge: 'challenge1', response: 'challenge0', sequenceNumber: 1 }),
  ],
  'control-block.response-outside-dialog': [
    () => control({ response: 'challenge0' }),
    () => control({ response: 'x', conversationId: '1' }),
  ],
  'control-block.implicit-sequence': [() => control({ sequenceNumber: 3 }), () => control({ sequenceNumber: 0 })],
  'control-block.short-challenge': [() => control({ challenge: '1' }), () => control({ challenge: '12345678' })],
  'control-block.repeated-challenge': [
    () => control({ challenge: 'challenge1', response: 'challenge1' }),
    () => control({ challenge: 'challenge1', response: 'challenge0' }),
  ],
  'control-block.open-dialog-without-challenge': [
    () => answer('responseToStoreDelivery', '0801'),
    () => ({ ...answer('responseToStoreDelivery', '0801'), message: { control: { challenge: 'challenge1' } } }),
  ],
  'certificates.listed-unreadable': [() => cipher('garbage'), () => cipher('good')],
  'certificates.cipher-usage': [() => cipher('signer'), () => cipher('good')],
  'certificates.cipher-key': [() => cipher('elliptic'), () => cipher('good')],
  'certificates.cipher-out-of-period': [() => cipher('expired'), () => cipher('good')],
  'certificates.no-cipher-certificate': [
    () => ({ name: 'getMessageId', transportEncrypted: true }),
    () => ({ ...plain({ certificates: entries['originator'] ? [entries['originator']] : [] }), transportEncrypted: true }),
  ],
  'certificates.listed-twice': [
    () => plain({ certificates: entries['good'] ? [entries['good'], { ...entries['good'], id: 'again' }] : [] }, 'storeDelivery'),
    () => cipher('good'),
  ],
}

const FAULT_CASES: Readonly<Record<string, readonly [Fault, Fault]>> = {
  'osci-structure.fault-without-code': [
    { type: 'fault', side: 'Client', text: 'x' },
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9400' },
  ],
  'osci-structure.fault-code': [
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9601' },
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9100' },
  ],
  'osci-structure.fault-side': [
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9000' },
    { type: 'fault', side: 'Server', text: 'x', osciCode: '9503' },
  ],
  'osci-structure.fault-side-form': [
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9400' },
    { type: 'fault', side: 'Server', text: 'x', osciCode: '9000' },
  ],
  'osci-structure.fault-text': [
    { type: 'fault', side: 'Client', text: ' ', osciCode: '9400' },
    { type: 'fault', side: 'Client', text: 'x', osciCode: '9400' },
  ],
}

const mime = (dialect: MimeView['parts']['dialect'], part: Part): MimeView => ({
  parts: {
    root: { ...part, contentType: 'text/xml', transferEncoding: '8bit' },
    attachments: new Map([['a', part]]),
    dialect,
    boundary: 'x',
  },
})
const named = (boundaryName: string, dialect: 'body' | 'http'): MimeView => ({ parts: { ...mime(dialect, blobOf(0)).parts, boundaryName } })
const typed = (value: string): Part => ({
  ...blobOf(0),
  contentType: 'application/octet-stream',
  headers: [{ name: 'Content-Type', value }],
})
const MIME_CASES: Readonly<Record<string, readonly [MimeView, MimeView]>> = {
  'mime.bare-envelope': [mime('bare', blobOf(0)), mime('body', blobOf(0))],
  'mime.header-in-http': [mime('http', blobOf(0)), mime('body', blobOf(0))],
  'mime.boundary-name': [named('Boundary', 'body'), named('Boundary', 'http')],
  'mime.boundary-empty': [{ parts: { ...mime('body', blobOf(0)).parts, boundary: '' } }, mime('body', blobOf(0))],
  'mime.part-type': [mime('body', typed('text')), mime('body', typed('Application/Octet-Stream; x=1'))],
  'mime.encoding-token': [mime('body', { ...blobOf(0), transferEncoding: '8-bit' }), mime('body', blobOf(0))],
  'mime.encoded-part': [mime('body', { ...blobOf(0), transferEncoding: 'base64' }), mime('body', blobOf(0))],
}

const hits = <V>(rules: readonly Rule<V>[], id: string, view: V): number =>
  [...(rules.find((rule) => rule.id === id)?.run(view) ?? [])].length

describe('rules of the OSCI layers', () => {
  before(async () => {
    const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
    const old = { notBefore: new Date('2024-01-01T00:00:00Z'), notAfter: new Date('2025-01-01T00:00:00Z') }
    const entry = (certificate: { readonly raw: Uint8Array }, role: CertificateEntry['role'] = 'CipherCertificateAddressee') => ({
      role,
      id: 'i',
      der: certificate.raw,
    })
    const good = (await issueCertificate({ commonName: 'A', usage: 'cipher', key: 'rsa-3072', ...dates })).certificate
    entries['good'] = entry(good)
    entries['originator'] = entry(good, 'CipherCertificateOriginator')
    entries['signer'] = entry((await issueCertificate({ commonName: 'B', usage: 'signature', key: 'rsa-3072', ...dates })).certificate)
    entries['elliptic'] = entry((await issueCertificate({ commonName: 'C', usage: 'signature', key: 'ec-p256', ...dates })).certificate)
    entries['expired'] = entry((await issueCertificate({ commonName: 'D', usage: 'cipher', key: 'rsa-3072', ...old })).certificate)
    entries['garbage'] = { role: 'CipherCertificateAddressee', id: 'i', der: new Uint8Array([1, 2, 3]) }
  })

  it('have a case each', () => {
    const ids = (rules: readonly { readonly id: string }[]): string[] => rules.map(({ id }) => id).sort()
    expect(Object.keys(CASES).sort()).to.deep.equal(ids(MESSAGE_RULES))
    expect(Object.keys(FAULT_CASES).sort()).to.deep.equal(ids(FAULT_RULES))
    expect(Object.keys(MIME_CASES).sort()).to.deep.equal(ids(MIME_RULES))
  })

  for (const [id, [broken, kept]] of Object.entries(CASES))
    it(`${id} is raised, and is not`, () => {
      expect(hits(MESSAGE_RULES, id, viewOf(broken())), 'broken').to.be.greaterThan(0)
      expect(hits(MESSAGE_RULES, id, viewOf(kept())), 'kept').to.equal(0)
    })

  it('what only a success holds, and always holds, goes by the answer', () => {
    const told = (made: Made): string[] =>
      ['osci-structure.refused-yet-done', 'osci-structure.done-without-result'].filter((id) => hits(MESSAGE_RULES, id, viewOf(made)) > 0)
    const full = { message: { content: box('c') } }
    expect(told({ ...answer('responseToFetchDelivery', '9803'), ...full })).to.deep.equal(['osci-structure.refused-yet-done'])
    expect(told(order('responseToFetchDelivery', { feedback: codes('9803'), processCardBundle: GOOD_CARD }))).to.have.length(1)
    expect(told(order('responseToFetchProcessCard', { feedback: codes('9804'), processCardBundles: [GOOD_CARD] }))).to.have.length(1)
    expect(told(answer('responseToFetchProcessCard', '0801'))).to.deep.equal(['osci-structure.done-without-result'])
    expect(told(answer('responseToFetchProcessCard', '9804'))).to.deep.equal([])
    expect(told(answer('responseToMediateDelivery', '0801'))).to.deep.equal(['osci-structure.done-without-result'])
    expect(told(answer('responseToMediateDelivery', '9806'))).to.deep.equal([])
    expect(told({ ...answer('responseToMediateDelivery', '9806'), ...full })).to.deep.equal(['osci-structure.refused-yet-done'])
    const mediated = (code: string, cards: OrderFacts): string[] =>
      told(order('responseToMediateDelivery', { feedback: codes(code), ...cards }))
    expect(mediated('9806', { requestProcessCardBundle: GOOD_CARD })).to.deep.equal([])
    expect(mediated('9805', { requestProcessCardBundle: GOOD_CARD })).to.deep.equal(['osci-structure.refused-yet-done'])
    expect(mediated('9806', { replyProcessCardBundle: GOOD_CARD })).to.deep.equal(['osci-structure.refused-yet-done'])
    const forwarded = (code: string, bundle: ProcessCardBundle): string[] =>
      told(order('responseToForwardDelivery', { feedback: codes(code), processCardBundle: bundle }))
    expect(told(answer('responseToForwardDelivery', '0800'))).to.deep.equal(['osci-structure.done-without-result'])
    expect(forwarded('9810', GOOD_CARD)).to.deep.equal([])
    expect(forwarded('9809', GOOD_CARD)).to.deep.equal(['osci-structure.refused-yet-done'])
    expect(forwarded('9809', card({ creation: '2026-11-24T09:00:00Z' }))).to.deep.equal([])
    const whole = (code: string, inside: string, facts: OrderFacts = {}): string[] =>
      told(order('responseToPartialStoreDelivery', { feedback: codes(code), insideFeedback: codes(inside), ...facts }))
    expect(whole('0801', '0800')).to.deep.equal(['osci-structure.done-without-result'])
    expect(whole('9950', '9801')).to.deep.equal([])
    expect(whole('9950', '9801', { processCardBundle: GOOD_CARD })).to.deep.equal(['osci-structure.refused-yet-done'])
    expect(told(answer('responseToPartialStoreDelivery', '0801'))).to.deep.equal([])
    expect(told({ ...answer('responseToProcessDelivery', '9811'), ...full })).to.deep.equal(['osci-structure.refused-yet-done'])
    expect(told(answer('responseToProcessDelivery', '0800'))).to.deep.equal([])
    expect(told(answer('responseToPartialFetchDelivery', '0801'))).to.deep.equal(['osci-structure.done-without-result'])
  })

  it('a card, or a chunk, of another delivery than the one asked for is told by what was asked for', () => {
    const other = (name: MessageName, facts: OrderFacts): number =>
      hits(MESSAGE_RULES, 'osci-structure.other-delivery', viewOf(order(name, facts)))
    const asked = (messageId: string): OrderFacts => ({ fetchProcessCard: { selectionRule: { messageIds: [messageId, 'three'] } } })
    expect(other('responseToFetchProcessCard', { ...asked('two'), processCardBundles: [GOOD_CARD] })).to.equal(1)
    expect(other('responseToFetchProcessCard', { ...asked('one'), processCardBundles: [GOOD_CARD] })).to.equal(0)
    expect(other('responseToFetchProcessCard', { processCardBundles: [GOOD_CARD] })).to.equal(0)
    const chunked = (messageId: string): OrderFacts => ({ fetchDelivery: { selectionRule: { messageId: 'one' } }, messageId })
    expect(['one', 'one_Partial', 'two'].map((id) => other('responseToPartialFetchDelivery', chunked(id)))).to.deep.equal([0, 0, 1])
  })

  it('a reply takes another id than the delivery that it answers, and a question no chunk', () => {
    const facts = { messageIdResponse: 'one', processCardBundle: GOOD_CARD }
    expect(hits(MESSAGE_RULES, 'osci-structure.process-card-id', viewOf(order('processDelivery', facts)))).to.equal(1)
    const question = (content: XmlElement) => viewOf(order('partialStoreDelivery', { infoOnly: {} }, { content }))
    expect(hits(MESSAGE_RULES, 'osci-structure.chunk-content', question(box('ChunkContentContainer')))).to.equal(1)
    expect(hits(MESSAGE_RULES, 'osci-structure.chunk-content', question(element(OSCI, 'osci', 'ContentPackage')))).to.equal(0)
  })

  it('a block that says true breaks the schema, and says no less that it must be understood', () => {
    expect(hits(MESSAGE_RULES, 'osci-structure.must-understand-off', viewOf(withBlock('true')))).to.equal(0)
  })

  it('the missing certificate of an intermediary is told where it would stand', () => {
    const header = ['IntermediaryCertificates', 'NonIntermediaryCertificates'].map((local) => element(OSCI, 'osci', local))
    const rule = MESSAGE_RULES.find(({ id }) => id === 'certificates.no-cipher-certificate')
    const places = [...(rule?.run(viewOf({ name: 'acceptDelivery', transportEncrypted: true, header })) ?? [])]
    expect(places.map((raised) => raised.element?.local)).to.deep.equal(['IntermediaryCertificates'])
  })

  it('a process card is told at its own element, in whatever order they stand', () => {
    const late = card({ creation: '2026-11-24T09:00:02Z', forwarding: '2026-11-24T09:00:01Z' })
    const view = viewOf(order('responseToMediateDelivery', { requestProcessCardBundle: late, replyProcessCardBundle: GOOD_CARD }))
    const children = ['ReplyProcessCardBundle', 'RequestProcessCardBundle'].map((local) => element(OSCI, 'osci', local))
    const orderElement = element(OSCI, 'osci', 'responseToMediateDelivery', { children })
    const rule = MESSAGE_RULES.find(({ id }) => id === 'osci-structure.process-card-times')
    const places = [...(rule?.run({ ...view, orderElement }) ?? [])].map((raised) => raised.element?.local)
    expect(places).to.deep.equal(['RequestProcessCardBundle'])
  })

  it('an inspection of a certificate of the request that was answered, or of a delivery that is not there, is nothing strange', () => {
    const hit = (made: Made): number => hits(MESSAGE_RULES, 'osci-structure.inspection-unlisted', viewOf(made))
    const { order: facts = {}, message = {} } = inspecting('signer')
    expect(hit(order('responseToStoreDelivery', facts))).to.equal(0)
    const both = { requestProcessCardBundle: facts.processCardBundle ?? GOOD_CARD, replyProcessCardBundle: GOOD_CARD }
    expect(hit(order('responseToMediateDelivery', both, message))).to.equal(0)
    const [garbage] = [entries['garbage']]
    expect(hit(order('acceptDelivery', facts, { ...message, certificates: garbage ? [garbage] : [] }))).to.equal(0)
  })

  it('a time without a zone is told in selections and inspections, too', () => {
    const told = ({ name, order: facts }: Made, ...children: XmlElement[]): string[] => {
      const orderElement = element(OSCI, 'osci', name, { children })
      const rule = MESSAGE_RULES.find(({ id }) => id === 'osci-structure.time-without-zone')
      return [...(rule?.run({ ...viewOf(order(name, facts ?? {})), orderElement }) ?? [])].map((raised) => raised.element?.local ?? '')
    }
    const selecting = (local: string, time: string) =>
      element(OSCI, 'osci', 'SelectionRule', { children: [element(OSCI, 'osci', local, { children: [time] })] })
    for (const local of ['ReceptionOfDelivery', 'RecentModification']) {
      expect(told(order('fetchProcessCard', {}), selecting(local, '2026-11-24T09:00:00'))).to.deep.equal([local])
      expect(told(order('fetchDelivery', {}), selecting(local, '2026-11-24T09:00:00+01:00'))).to.deep.equal([])
    }
    expect(told(order('fetchDelivery', {}), selecting('MessageId', 'MTIz'))).to.deep.equal([])
    const inspection = { timestamp: { plain: '2026-11-24T09:00:00' } } as ProcessCardBundle['inspectionReport']['inspections'][number]
    const inspected = { ...GOOD_CARD, inspectionReport: { inspections: [inspection] } }
    expect(told(withCard(inspected), element(OSCI, 'osci', 'ProcessCardBundle'))).to.deep.equal(['ProcessCardBundle'])
  })

  for (const [id, [broken, kept]] of Object.entries(FAULT_CASES))
    it(`${id} is raised, and is not`, () => {
      const place = element(SOAP, 'soap', 'Fault', { children: [element('', '', 'faultcode', { children: ['soap:Server'] })] })
      expect(hits(FAULT_RULES, id, { fault: broken, element: place })).to.equal(1)
      expect(hits(FAULT_RULES, id, { fault: kept, element: place })).to.equal(0)
    })

  it('SOAP has a side of its own for what must be understood and is not', () => {
    const fault = (osciCode: string): Fault => ({ type: 'fault', side: 'MustUnderstand', text: 'x', osciCode })
    const told = (osciCode: string): number =>
      hits(FAULT_RULES, 'osci-structure.fault-side', { fault: fault(osciCode), element: element(SOAP, 'soap', 'Fault') })
    expect(['9300', '9100'].map(told)).to.deep.equal([0, 1])
  })

  for (const [id, [broken, kept]] of Object.entries(MIME_CASES))
    it(`${id} is raised, and is not`, () => {
      expect(hits(MIME_RULES, id, broken)).to.equal(1)
      expect(hits(MIME_RULES, id, kept)).to.equal(0)
    })

  it('a rule that throws makes its layer an error, and the others run on', () => {
    const journal = new Journal(AT)
    const [first, ...others] = FAULT_RULES
    if (!first) throw new Error('no rule')
    const throwing = { ...first, run: () => { throw new Error('broken rule') } } // prettier-ignore
    runRules(
      [throwing, ...others],
      { fault: { type: 'fault', side: 'Client', text: '', osciCode: '9400' }, element: element(SOAP, 'soap', 'Fault') },
      journal,
    )
    expect(journal.verdict).to.equal('error')
    expect(journal.findings.map(({ id }) => id)).to.deep.equal(['osci-structure.check-failed', 'osci-structure.fault-text'])
  })
})
