// SPDX-License-Identifier: EUPL-1.2
/**
 * The mailbox of an OSCI client: leased until the next correct request of its dialog, confirmed by nothing else, back when its holder is
 * silent, gone at its deadline; and the refusals of storing and fetching.
 * @module
 */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { keysOf, openThreatHouse, type Keys, type ThreatHouse } from './house.js'
import { ask, build, delivery, errorsOf, fetchedId, issueId, post, RawDialog, store, tell, type Bend, type Told } from './raw.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const byId = (messageId: string): Bend => ({ order: { selectionRule: { messageId } } })
const sizes = (told: readonly Told[]): string[] => told.map((one) => fetchedId(one) ?? errorsOf(one).join())

describe('an OSCI mailbox', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let bob: OsciConnection
  let carol: OsciConnection
  let bobKeys: Keys
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    bob = await house.client('bob', 'strict')
    carol = await house.client('carol', 'strict')
    bobKeys = await keysOf('bob')
  })
  after(() => house.close())

  const cardSeen = async (messageId: string): Promise<{ reception?: unknown; recentModification: string } | undefined> => {
    const dialog = await RawDialog.open(alice)
    const told = await dialog.ask('fetchProcessCard', { order: { selectionRule: { messageIds: [messageId] } } })
    await dialog.ask('exitDialog')
    const order = told.message?.order as { processCardBundles?: { processCard: { reception?: unknown; recentModification: string } }[] }
    return order.processCardBundles?.[0]?.processCard
  }

  it('keeps a delivery for its dialog until the next correct request, which alone confirms it', async () => {
    const messageId = await store(alice, bobKeys)
    const dialog = await RawDialog.open(bob)
    expect(fetchedId(await dialog.ask('fetchDelivery', byId(messageId)))).to.equal(messageId)
    // nobody else gets it, this dialog does not get it twice: a request that finds nothing is correct, and confirms
    const stranger = await house.client('bob', 'strict', { keys: { cipher: bobKeys.cipher, signature: (await keysOf('eve')).signature } })
    const other = { ...dialog.place }
    const told = await tell(bob, await post(bob.peer.url, await build(stranger, 'getMessageId', other)))
    expect(errorsOf(told)).to.deep.equal(['9400'])
    expect((await cardSeen(messageId))?.reception).to.equal(undefined)
    expect(errorsOf(await dialog.ask('fetchDelivery', byId(messageId)))).to.deep.equal(['9803'])
    expect((await cardSeen(messageId))?.reception).not.to.equal(undefined)
    expect(errorsOf(await dialog.ask('fetchDelivery', byId(messageId)))).to.deep.equal(['9803'])
    await dialog.ask('exitDialog')
    expect(errorsOf(await (await RawDialog.open(bob)).ask('fetchDelivery', byId(messageId)))).to.deep.equal(['9803'])
  })

  it('says in the log that a time of a selection had no zone', async () => {
    const dialog = await RawDialog.open(bob)
    const findings = async (name: 'fetchDelivery' | 'fetchProcessCard', selectionRule: object): Promise<unknown> => {
      const at = house.lines.length
      await dialog.ask(name, { order: { selectionRule } })
      return house.lines.slice(at).map((line) => (JSON.parse(line) as { findings?: string[] }).findings)[0]
    }
    const local = '2026-02-20T12:00:00'
    for (const zone of ['', 'Z']) {
      const said = zone === '' ? ['policy.small-key', 'osci-structure.time-without-zone'] : ['policy.small-key']
      for (const criterion of ['receptionOfDelivery', 'recentModification'])
        expect(await findings('fetchDelivery', { [criterion]: local + zone }))
          .to.include.members(said)
          .and.have.lengthOf(said.length + 1)
      const cards = await findings('fetchProcessCard', { by: 'RecentModification', since: local + zone })
      expect(cards).to.include.members(said)
    }
  })

  it('is not confirmed by a request whose signature is wrong (9601)', async () => {
    const messageId = await store(alice, bobKeys)
    const dialog = await RawDialog.open(bob)
    await dialog.ask('fetchDelivery', byId(messageId))
    const forged = await dialog.ask('getMessageId', {
      sealing: (sealing) => ({
        ...sealing,
        ...(sealing.sign
          ? {
              sign: { ...sealing.sign, signer: { ...sealing.sign.signer, sign: async () => Promise.resolve(new Uint8Array(256).fill(7)) } },
            }
          : {}),
      }),
    })
    expect(errorsOf(forged)).to.deep.equal(['9601'])
    expect((await cardSeen(messageId))?.reception).to.equal(undefined)
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
    expect((await cardSeen(messageId))?.reception).not.to.equal(undefined)
  })

  it('gives each of two clients of one certificate every message once, and says 3800 exactly when another one matches', async () => {
    const ids = [await store(alice, bobKeys), await store(alice, bobKeys), await store(alice, bobKeys), await store(alice, bobKeys)]
    const two = await Promise.all([RawDialog.open(bob), RawDialog.open(bob)])
    const drain = async (dialog: RawDialog): Promise<Told[]> => {
      const told: Told[] = []
      for (;;) {
        told.push(await dialog.ask('fetchDelivery'))
        if (errorsOf(told.at(-1) ?? { codes: [] }).length > 0) break
      }
      await dialog.ask('exitDialog')
      return told
    }
    const all = (await Promise.all(two.map(drain))).flat()
    const got = sizes(all).filter((id) => id !== '9803')
    expect([...got].sort()).to.deep.equal([...ids].sort())
    const single = await RawDialog.open(bob)
    const [a, b] = [await store(alice, bobKeys), await store(alice, bobKeys)]
    const first = await single.ask('fetchDelivery')
    expect([fetchedId(first), first.codes]).to.deep.equal([a, ['3800', '0801']])
    const second = await single.ask('fetchDelivery')
    expect([fetchedId(second), second.codes]).to.deep.equal([b, ['0801']])
    await store(alice, bobKeys)
    const byName = await RawDialog.open(bob)
    const last = await store(alice, bobKeys)
    expect((await byName.ask('fetchDelivery', byId(last))).codes).to.deep.equal(['0801'])
    await byName.ask('fetchDelivery')
    await byName.ask('exitDialog')
    await single.ask('exitDialog')
  })

  it('lets a client that comes back have it by its id at once, otherwise after five seconds of silence, under the same id', async () => {
    const [messageId, second] = [await store(alice, bobKeys), await store(alice, bobKeys)]
    const silent = await RawDialog.open(bob)
    expect(fetchedId(await silent.ask('fetchDelivery'))).to.equal(messageId)
    const again = await RawDialog.open(bob)
    expect(fetchedId(await again.ask('fetchDelivery', byId(messageId)))).to.equal(messageId)
    // the silent one is too late: what it says now confirms nothing
    expect(errorsOf(await silent.ask('getMessageId'))).to.deep.equal([])
    expect((await cardSeen(messageId))?.reception).to.equal(undefined)
    const third = await RawDialog.open(bob)
    expect(sizes([await third.ask('fetchDelivery'), await third.ask('fetchDelivery')])).to.deep.equal([second, '9803'])
    await sleep(5100)
    const fourth = await RawDialog.open(bob)
    expect(fetchedId(await fourth.ask('fetchDelivery'))).to.equal(messageId)
    await fourth.ask('exitDialog')
    expect((await cardSeen(messageId))?.reception).not.to.equal(undefined)
  })

  it('hands out nothing after the deadline, and writes the moment of the end and no Reception on the card', async () => {
    const brief = await house.client('brief', 'strict')
    const [left, held] = [await store(alice, await keysOf('brief')), await store(alice, await keysOf('brief'))]
    const stored = Date.now()
    const dialog = await RawDialog.open(brief)
    expect(fetchedId(await dialog.ask('fetchDelivery', byId(held)))).to.equal(held)
    await sleep(Math.max(0, stored + 1300 - Date.now()))
    const later = await RawDialog.open(brief)
    expect(sizes([await later.ask('fetchDelivery', byId(left)), await later.ask('fetchDelivery')])).to.deep.equal(['9803', '9803'])
    const card = await cardSeen(left)
    expect(card?.reception).to.equal(undefined)
    expect(Date.parse(card?.recentModification ?? '')).to.be.within(stored + 300, stored + 1300)
    // whoever holds it past the deadline and comes back: its word counts, and no other dialog gets it
    expect(errorsOf(await later.ask('fetchDelivery', byId(held)))).to.deep.equal(['9803'])
  })

  it('P7 answers an unknown id, an id of others and the id of one’s own sending alike, for deliveries and for cards', async () => {
    const messageId = await store(alice, bobKeys)
    const shape = async (
      from: OsciConnection,
      name: 'fetchDelivery' | 'fetchProcessCard' | 'partialFetchDelivery',
      id: string,
    ): Promise<string> => {
      const dialog = await RawDialog.open(from)
      const rule = name === 'fetchProcessCard' ? { messageIds: [id] } : { messageId: id }
      const chunkInformation = { chunkNumber: 1, chunkSizeKilobytes: 1, receivedChunks: [] }
      const told = await dialog.ask(name, {
        order: { selectionRule: rule, ...(name === 'partialFetchDelivery' ? { chunkInformation } : {}) },
      })
      await dialog.ask('exitDialog')
      const { control: _control, evidence: _evidence, content: _content, ...rest } = told.message ?? ({} as never)
      return JSON.stringify({ codes: told.codes, texts: told.texts, order: (rest as { order?: unknown }).order }).replaceAll(id, 'ID')
    }
    const unknown = `${messageId.slice(0, -4)}0000`
    for (const name of ['fetchDelivery', 'partialFetchDelivery'] as const) {
      const answers = [
        await shape(carol, name, unknown),
        await shape(carol, name, messageId),
        await shape(alice, name, messageId),
        await shape(alice, name, unknown),
      ]
      expect(new Set(answers).size).to.equal(1)
      expect(answers[0]).to.contain('9803')
    }
    const cards = [await shape(carol, 'fetchProcessCard', unknown), await shape(carol, 'fetchProcessCard', messageId)]
    expect(new Set(cards).size).to.equal(1)
    expect(cards[0]).to.contain('9804')
    const dialog = await RawDialog.open(bob)
    expect(fetchedId(await dialog.ask('fetchDelivery', byId(messageId)))).to.equal(messageId)
    await dialog.ask('exitDialog')
  })

  it('P7 makes ids of 128 bit that never repeat', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => issueId(alice)))
    expect(new Set(ids).size).to.equal(10)
    for (const id of ids) expect(id).to.match(/^p[0-9a-z]{6}-[0-9a-z]{26}$/)
    expect(new Set(ids.map((id) => id.slice(8, 14))).size).to.equal(10)
  })

  it('P1 stores a signed message once, of 50 copies at once, later, and in a dialog of its own', async () => {
    const messageId = await issueId(alice)
    const bytes = await build(alice, 'storeDelivery', undefined, await delivery(alice, bobKeys, messageId))
    const told = await Promise.all(Array.from({ length: 50 }, async () => tell(alice, await post(alice.peer.url, bytes))))
    const codes = told.map((one) => errorsOf(one).join())
    expect(codes.filter((code) => code === '').length).to.equal(1)
    expect(new Set(codes)).to.deep.equal(new Set(['', '9801']))
    expect(errorsOf(await tell(alice, await post(alice.peer.url, bytes)))).to.deep.equal(['9801'])
    const dialog = await RawDialog.open(bob)
    expect(sizes([await dialog.ask('fetchDelivery', byId(messageId)), await dialog.ask('fetchDelivery', byId(messageId))])).to.deep.equal([
      messageId,
      '9803',
    ])
    expect(errorsOf(await tell(alice, await post(alice.peer.url, bytes)))).to.deep.equal(['9801'])
    await dialog.ask('exitDialog')
  })

  it('9801 an id that was not issued, was used, or was issued elsewhere; given back after a refusal and usable again', async () => {
    for (const id of ['made-up', `${(await issueId(alice)).slice(0, -1)}!`])
      expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, id)))).to.deep.equal(['9801'])
    const elsewhere = await issueId(await house.client('alice', 'numbered'))
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, elsewhere)))).to.deep.equal(['9801'])
    const id = await issueId(alice)
    const eve = await keysOf('eve')
    const refused = await ask(alice, 'storeDelivery', await delivery(alice, eve, id))
    expect(errorsOf(refused)).to.deep.equal(['9811'])
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('revoked'), id)))).to.deep.equal(['9707'])
    expect(
      errorsOf(
        await ask(alice, 'forwardDelivery', {
          ...(await delivery(alice, bobKeys, id)),
          order: { messageId: id, contentReceiver: { uri: 'http://127.0.0.1:9/x' } },
        }),
      ),
    ).to.deep.equal(['9811'])
    const mediating = await RawDialog.open(alice)
    expect(
      errorsOf(
        await mediating.ask('mediateDelivery', {
          ...(await delivery(alice, bobKeys, id)),
          order: { messageId: id, contentReceiver: { uri: house.receiver('active') } },
        }),
      ),
    ).to.deep.equal(['9811'])
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, id)))).to.deep.equal([])
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, id)))).to.deep.equal(['9801'])
    const drained = await RawDialog.open(bob)
    await drained.ask('fetchDelivery', byId(id))
    await drained.ask('exitDialog')
  })

  it('9800 a mediateDelivery without MessageId where one is required', async () => {
    const numbered = await house.client('alice', 'numbered')
    const bend = await delivery(numbered, bobKeys, undefined)
    const dialog = await RawDialog.open(numbered)
    const told = await dialog.ask('mediateDelivery', { ...bend, order: { contentReceiver: { uri: house.receiver('good') } } })
    expect(errorsOf(told)).to.deep.equal(['9800'])
    expect(house.reached.length).to.equal(0)
  })

  it('9811 says in German and in English what was missing: mailbox, receiver, authority, proof of who fetches', async () => {
    const said: string[][] = []
    const eve = await keysOf('eve')
    const openBob = await house.client('bob', 'open')
    for (const language of ['de', 'en']) {
      const in_ = (bend: Bend): Bend => ({ ...bend, parts: { ...bend.parts, languages: [language] } })
      const id = await issueId(alice)
      const stored = await delivery(alice, bobKeys, id)
      const crypto: Bend = {
        ...stored,
        parts: {
          ...stored.parts,
          timestamps: [
            { service: 'creation', quality: 'cryptographic' },
            { service: 'reception', quality: 'plain' },
          ],
        },
      }
      const clear: Bend = { sealing: () => ({}) }
      const dialog = await RawDialog.open(openBob, clear)
      const told = [
        await ask(alice, 'storeDelivery', in_(await delivery(alice, eve, id))),
        await ask(alice, 'forwardDelivery', in_({ ...stored, order: { messageId: id, contentReceiver: { uri: 'http://127.0.0.1:9/x' } } })),
        await ask(alice, 'storeDelivery', in_(crypto)),
        await dialog.ask('fetchDelivery', in_(clear)),
      ]
      for (const one of told) expect(errorsOf(one)).to.deep.equal(['9811'])
      said.push(told.map((one) => one.texts.at(-1) ?? ''))
    }
    expect(said[0]).to.deep.equal([
      'Für das Verschlüsselungszertifikat des Empfängers gibt es hier kein Postfach.',
      'Dieser ContentReceiver ist im Verzeichnis nicht eingetragen.',
      'Ein kryptographischer Zeitstempel ist hier nicht zu haben; es wurde nichts gespeichert.',
      'In einem unverschlüsselten Dialog muss signieren, wer etwas abholen will.',
    ])
    expect(new Set([...(said[0] ?? []), ...(said[1] ?? [])]).size).to.equal(8)
    for (const text of said[1] ?? []) expect(text).to.match(/^[ -~]+$/)
  })

  const JUDGED: Readonly<Record<string, { cipher: string[]; signer: string[]; addressee: string[] }>> = {
    expired: { cipher: ['3500'], signer: ['3700'], addressee: ['3705'] },
    revoked: { cipher: ['9502'], signer: ['9701'], addressee: ['9707'] },
    forged: { cipher: ['9501'], signer: ['9700'], addressee: ['9706'] },
  }
  for (const [who, want] of Object.entries(JUDGED))
    it(`answers the codes of §9.3 for certificates that are ${who}`, async () => {
      const name = who as 'expired' | 'revoked' | 'forged'
      const keys = await keysOf(name)
      const own = await keysOf('alice')
      const cipher = await house.client(name, 'strict', { keys: { cipher: keys.cipher, signature: own.signature } })
      const signer = await house.client(name, 'strict', { keys: { cipher: own.cipher, signature: keys.signature } })
      const judged = (told: Told): string[] => told.codes.filter((code) => !code.startsWith('0'))
      expect(judged(await ask(cipher, 'getMessageId'))).to.deep.equal(want.cipher)
      expect(judged(await ask(signer, 'getMessageId'))).to.deep.equal(want.signer)
      const id = await issueId(alice)
      const told = await ask(alice, 'storeDelivery', await delivery(alice, keys, id))
      expect(judged(told).filter((code) => code !== '9811')).to.deep.equal(want.addressee.filter((code) => code.startsWith('9')))
      const sha = createHash('sha256').update(keys.cipher.certificate.raw).digest('hex')
      expect(sha.length).to.equal(64)
      expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, id)))).to.deep.equal([])
    })

  it('P6 shows the stamps of a card as what its intermediary says: nothing of a sender’s card gets into one of ours', async () => {
    const messageId = await store(alice, bobKeys)
    const dialog = await RawDialog.open(bob)
    const told = await dialog.ask('fetchDelivery', byId(messageId))
    const { processCardBundle } = told.message?.order as {
      processCardBundle: { processCard: { creation: { plain: string }; forwarding: { plain: string }; reception?: unknown } }
    }
    const { creation, forwarding, reception } = processCardBundle.processCard
    expect(Math.abs(Date.parse(creation.plain) - Date.now())).to.be.lessThan(60_000)
    expect(Date.parse(forwarding.plain)).to.be.at.least(Date.parse(creation.plain))
    expect(reception).to.equal(undefined)
    await dialog.ask('exitDialog')
  })
})
