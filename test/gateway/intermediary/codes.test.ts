// SPDX-License-Identifier: EUPL-1.2
/**
 * Feedback codes of a running intermediary, each by a request that deserves it: side, HTTP status, order and language of the entries, the
 * line in the log, the figures.
 * @module
 */
import { expect } from 'chai'
import type { X509Certificate } from 'node:crypto'
import { packDelivery } from '../../../src/client/osci/chunk-store.js'
import { chunkContent } from '../../../src/client/osci/chunks.js'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { feedbackRow } from '../../../src/osci/feedback.js'
import type { CertificateRole } from '../../../src/osci/messages.js'
import type { KeyPair } from '../../../src/pki/keystore.js'
import { issueCertificate } from '../../../src/pki/test-pki.js'
import { keysOf, openThreatHouse, type Keys, type ThreatHouse } from './house.js'
import { passiveAnswer, type PassiveAnswer } from './passive.js'
import { ask, delivery, errorsOf, fetchedId, issueId, RawDialog, store, type Bend, type Told } from './raw.js'

const YEAR_MS = 365 * 86_400_000

type State = 'expired' | 'forged' | 'revoked' | 'foreign'
const STATES: readonly State[] = ['expired', 'forged', 'revoked', 'foreign']

/** osci-1.2 §9.3, by the role that a certificate of a delivery has. */
const OF_DELIVERY: readonly (readonly [role: CertificateRole, codes: readonly string[]])[] = [
  ['SignatureCertificateOtherAuthor', ['3701', '3702', '3703', '3707']],
  ['CipherCertificateOtherAuthor', ['3704', '9704', '9705', '3707']],
  ['CipherCertificateOtherReader', ['3706', '9708', '9709', '3707']],
]

interface Line {
  readonly event: string
  readonly level: number
  readonly feedback: readonly string[]
  readonly findings: readonly string[]
  readonly outcome: string
}

describe('codes of the intermediary', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let quick: OsciConnection
  let own: Keys
  let foreign: Keys
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    quick = await house.client('alice', 'quick')
    own = await keysOf('alice')
    foreign = await strangers()
  })
  after(() => house.close())

  /** Under a root that nobody knows. */
  async function strangers(): Promise<Keys> {
    const keyPem = (await keysOf('eve')).cipher.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const dates = { notBefore: new Date(Date.now() - YEAR_MS), notAfter: new Date(Date.now() + YEAR_MS) }
    const root = await issueCertificate({ commonName: 'Nobody', usage: 'ca', key: 'ec-p256', ...dates })
    const issue = (usage: 'cipher' | 'signature'): Promise<KeyPair> =>
      issueCertificate({ commonName: usage, usage, keyPem, ...dates }, root)
    return { cipher: await issue('cipher'), signature: await issue('signature') }
  }
  const keysIn = async (state: State): Promise<Keys> => (state === 'foreign' ? foreign : keysOf(state))
  const clientOf = (cipher: KeyPair, signature: KeyPair) => house.client('alice', 'strict', { keys: { cipher, signature } })

  /** The answer, when its log line and the figures say what it says. */
  async function told(asking: () => Promise<Told>, outcome?: string): Promise<Told> {
    const { metrics } = house.gateway.inside.ports
    const [before, at] = [await metrics.counts(), house.lines.length]
    const answer = await asking()
    const after = await metrics.counts()
    const [line, more] = house.lines
      .slice(at)
      .map((one) => JSON.parse(one) as Line)
      .filter(({ event }) => event === 'request')
    expect(more).to.equal(undefined)
    expect([answer.status, line?.feedback]).to.deep.equal([200, answer.codes])
    expect(answer.kind).to.equal(feedbackRow(answer.codes[0] ?? '')?.fault ? 'fault' : 'answer')
    const errors = errorsOf(answer)
    expect(line?.level).to.equal(errors.length > 0 ? 40 : 30)
    expect(line?.outcome).to.equal(outcome ?? (errors.length > 0 ? 'denied' : 'done'))
    for (const code of errors) expect((after.refusals[code] ?? 0) - (before.refusals[code] ?? 0), code).to.equal(1)
    const ended = (counts: typeof after): number => counts.deliveries['intermediary']?.[line?.outcome ?? ''] ?? 0
    expect(ended(after) - ended(before)).to.equal(1)
    return answer
  }

  const certificates = (...more: readonly (readonly [CertificateRole, X509Certificate])[]) =>
    more.map(([role, one], at) => certificateEntry(role, one, at))
  const withMore = (bend: Bend, ...more: readonly (readonly [CertificateRole, X509Certificate])[]): Bend => ({
    ...bend,
    parts: { ...bend.parts, certificates: [...(bend.parts?.certificates ?? []), ...certificates(...more)] },
  })

  it('3500, 3501, 9501, 9502 for the cipher certificate of the client; 3700, 9700, 9701 for its signature certificate', async () => {
    const codes: string[][] = []
    for (const state of STATES) {
      const keys = await keysIn(state)
      const [byCipher, bySignature] = [await clientOf(keys.cipher, own.signature), await clientOf(own.cipher, keys.signature)]
      codes.push([...(await told(() => ask(byCipher, 'getMessageId'))).codes])
      // an unknown issuer is no peer
      if (state !== 'foreign') codes.push([...(await told(() => ask(bySignature, 'getMessageId'))).codes])
    }
    const want = [['3500', '0800'], ['3700', '0800'], ['9501'], ['9700'], ['9502'], ['9701'], ['3501', '0800']]
    expect(codes).to.deep.equal(want)
  })

  for (const [role, want] of OF_DELIVERY)
    it(`${want.join(', ')} for a ${role} that is out of its period, forged, revoked, of an unknown issuer`, async () => {
      const codes: string[] = []
      for (const state of STATES) {
        const keys = await keysIn(state)
        const { certificate } = role.startsWith('Cipher') ? keys.cipher : keys.signature
        const bend = withMore(await delivery(alice, await keysOf('bob'), await issueId(alice)), [role, certificate])
        const [first = '', ...rest] = (await told(() => ask(alice, 'storeDelivery', bend))).codes
        expect(rest).to.deep.equal(first.startsWith('9') ? [] : ['0800'])
        codes.push(first)
      }
      expect(codes).to.deep.equal(want)
    })

  it('3705, 9706, 9707, 3707 for the addressee; a warning stands before the refusal beside it', async () => {
    const codes: (readonly string[])[] = []
    for (const state of STATES) {
      const bend = await delivery(quick, await keysIn(state), await issueId(quick))
      const order = { ...bend.order, contentReceiver: { uri: house.receiver('participant') } }
      const outcome = ['expired', 'foreign'].includes(state) ? 'not-taken' : 'denied'
      codes.push((await told(() => ask(quick, 'forwardDelivery', { ...bend, order }), outcome)).codes)
    }
    // nobody takes for the participant
    expect(codes).to.deep.equal([['3705', '9809'], ['9706'], ['9707'], ['3707', '9809']])
  })

  it('several warnings at once, each once: the client’s, then those of the delivery, then the verdict, a refusal as well', async () => {
    const { cipher, signature } = await keysOf('expired')
    const both = await clientOf(cipher, signature)
    expect((await told(() => ask(both, 'getMessageId'))).codes).to.deep.equal(['3500', '3700', '0800'])
    const bend = await delivery(both, await keysOf('bob'), await issueId(both))
    const all = withMore(
      bend,
      ['SignatureCertificateOtherAuthor', signature.certificate],
      ['CipherCertificateOtherReader', cipher.certificate],
    )
    expect((await told(() => ask(both, 'storeDelivery', all))).codes).to.deep.equal(['3500', '3700', '3704', '3706', '3701', '0800'])
    expect((await told(() => ask(both, 'storeDelivery', all))).codes).to.deep.equal(['3500', '3700', '9801'])
  })

  const ONWARD: readonly (readonly [spec: PassiveAnswer, codes: readonly string[], outcome: string])[] = [
    [{ signer: 'expired' }, ['3708', '0801'], 'done'],
    [{ signer: 'forged' }, ['9711'], 'unknown'],
    [{ signer: 'revoked' }, ['9712'], 'unknown'],
    [{ signer: 'nobody', encrypted: false }, ['3802', '3803', '0801'], 'done'],
    // what it says of us is for us; that its own check was not complete is passed on
    [{ signer: 'expired', encrypted: false, codes: ['3700', '3707', '0800'] }, ['3803', '3708', '3707', '0801'], 'done'],
    [{ signer: 'expired', codes: ['9805', '9811'] }, ['3708', '9805'], 'refused'],
    [{ codes: ['9809', '9811'] }, ['9809'], 'not-taken'],
    [{ codes: ['9810', '9811'] }, ['9810'], 'unknown'],
    [{ codes: ['9811'] }, ['9808'], 'unknown'],
  ]
  for (const [spec, codes, outcome] of ONWARD)
    it(`${codes.join(', ')} where a passive recipient answers ${JSON.stringify(spec)}: ${outcome}`, async () => {
      house.act = async (body, response) => void response.end(await passiveAnswer(body, { content: 'reply', ...spec }))
      for (const name of ['forwardDelivery', 'mediateDelivery'] as const) {
        const bend = await delivery(quick, await keysOf('town'), await issueId(quick))
        const dialog = await RawDialog.open(quick)
        const order = { ...bend.order, contentReceiver: { uri: house.receiver('pinless') } }
        const answer = await told(() => dialog.ask(name, { ...bend, order }), outcome)
        // who signs a reply is taken for its author as well
        const author = answer.message?.content && codes.includes('3708') ? ['3701'] : []
        expect(answer.codes, name).to.deep.equal([...author, ...codes])
      }
    })

  it('37xx of the certificates of a reply, which without a MessageId no report tells', async () => {
    const [expired, revoked] = [await keysOf('expired'), await keysOf('revoked')]
    const more = certificates(
      ['SignatureCertificateOtherAuthor', revoked.signature.certificate],
      ['CipherCertificateOtherReader', expired.cipher.certificate],
    )
    house.act = async (body, response) => void response.end(await passiveAnswer(body, { content: 'reply', certificates: more }))
    const { parts } = await delivery(quick, await keysOf('town'), undefined)
    const dialog = await RawDialog.open(quick)
    const order = { contentReceiver: { uri: house.receiver('good') } }
    const answer = await told(() => dialog.ask('mediateDelivery', { order, ...(parts ? { parts } : {}) }))
    expect([answer.codes, answer.message?.content === undefined]).to.deep.equal([['3706', '3703', '0801'], false])
  })

  it('texts in the first desired language that it has, each entry marked with it', async () => {
    const { cipher } = await keysOf('expired')
    const expired = await clientOf(cipher, own.signature)
    for (const [languages, want] of [
      [['en'], 'en'],
      [['fr', 'EN-us', 'de'], 'en'],
      [['de', 'en'], 'de'],
      [['fr'], 'de'],
    ] as const) {
      const { codes, texts, message } = await ask(expired, 'getMessageId', { parts: { languages } })
      const { entries } = (message?.order as { feedback: { entries: { lang: string }[] } }).feedback
      expect(codes).to.deep.equal(['3500', '0800'])
      expect(texts).to.deep.equal(codes.map((code) => feedbackRow(code)?.[want]))
      expect(entries.map(({ lang }) => lang)).to.deep.equal([want, want])
    }
  })

  it('3801 exactly when a selection of cards was cut, 9804 when it meets none, neither for one that meets some', async () => {
    const bob = await house.client('bob', 'strict')
    const ids = [await store(alice, await keysOf('bob')), await store(alice, await keysOf('bob'))]
    const dialog = await RawDialog.open(bob)
    const cards = async (order: object): Promise<readonly [codes: readonly string[], count: number]> => {
      const { codes, message } = await told(() => dialog.ask('fetchProcessCard', { order }))
      return [codes, (message?.order as { processCardBundles: unknown[] }).processCardBundles.length]
    }
    const some = { selectionRule: { messageIds: [...ids, 'unknown'] } }
    expect(await cards({ ...some, quantity: { limit: 1 } })).to.deep.equal([['3801', '0801'], 1])
    expect(await cards({ ...some, quantity: { limit: 2 } })).to.deep.equal([['0801'], 2])
    expect(await cards({ selectionRule: { messageIds: ['unknown'] }, quantity: { limit: 1 } })).to.deep.equal([['9804'], 0])
    for (const id of ids) expect(fetchedId(await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId: id } } }))).to.equal(id)
    await dialog.ask('exitDialog')
  })

  it('says inside what a delivery in chunks came to: warnings and 0800, or why it was refused, in words and in the log', async () => {
    const inOneChunk = async (addressee: Keys, more: Bend = {}) => {
      const messageId = await issueId(alice)
      const parts = { ...(await delivery(alice, addressee, messageId)).parts, ...more.parts }
      const whole = await packDelivery({ messageId, subject: 'chunks' }, parts, alice.identity, alice.peer)
      const size = Math.ceil(whole.byteLength / 1024)
      const chunkInformation = { chunkNumber: 1, chunkSizeKilobytes: size, totalChunkNumbers: 1, totalMessageSizeKilobytes: size }
      const outer: Bend = {
        order: { messageId: `${messageId}_Partial`, chunkInformation },
        parts: {
          ...(await chunkContent(whole, alice.identity.env)),
          ...(parts.certificates ? { certificates: parts.certificates } : {}),
          languages: ['en'],
        },
      }
      const { codes, message } = await told(() => ask(alice, 'partialStoreDelivery', outer))
      const { insideFeedback } = message?.order as { insideFeedback?: { entries: { code: string; text: string }[] } }
      return { codes, inside: insideFeedback?.entries.map(({ code }) => code), text: insideFeedback?.entries.at(-1)?.text }
    }
    const bob = await keysOf('bob')
    const bend = withMore(await delivery(alice, bob, undefined), ['SignatureCertificateOtherAuthor', foreign.signature.certificate])
    const warned = await inOneChunk(bob, bend)
    expect([warned.codes, warned.inside]).to.deep.equal([['0800'], ['3707', '0800']])
    const at = house.lines.length
    const refused = await inOneChunk(await keysOf('eve'))
    expect([refused.codes, refused.inside]).to.deep.equal([['9950'], ['9811']])
    expect(refused.text).to.equal('There is no mailbox here for the cipher certificate of the addressee.')
    expect(house.lines.slice(at).join()).to.contain('policy.no-mailbox')
    const drained = await RawDialog.open(await house.client('bob', 'strict'))
    while (errorsOf(await drained.ask('fetchDelivery')).length === 0);
    await drained.ask('exitDialog')
  })
})
