// SPDX-License-Identifier: EUPL-1.2
/**
 * P8 over the wire: chunks that are repeated, overlap, lie about their totals, come from another client, or never end. And P1 across a
 * restart: what was used stays used.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkContent } from '../../../src/client/osci/chunks.js'
import { packDelivery } from '../../../src/client/osci/chunk-store.js'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { ask, build, delivery, errorsOf, fetchedId, issueId, post, RawDialog, tell, type Bend, type Told } from './raw.js'

const KB = 1024

describe('chunks at the intermediary', () => {
  let house: ThreatHouse
  let alice: OsciConnection
  let bob: OsciConnection
  let carol: OsciConnection
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    bob = await house.client('bob', 'strict')
    carol = await house.client('carol', 'strict')
  })
  after(() => house.close())

  interface Upload {
    readonly messageId: string
    readonly whole: Uint8Array
    readonly parts: Bend['parts']
    readonly total: number
  }

  async function begin(size = 4, innerId?: string): Promise<Upload> {
    const messageId = await issueId(alice)
    const parts = await alice.content({ document: randomBytes(9 * KB), addressee: (await keysOf('bob')).cipher.certificate })
    const whole = await packDelivery({ messageId: innerId ?? messageId, subject: 'large' }, parts, alice.identity, alice.peer)
    return { messageId, whole, parts, total: Math.ceil(whole.byteLength / (size * KB)) }
  }

  async function chunk(
    { messageId, whole, parts, total }: Upload,
    number: number,
    bend: { information?: object; bytes?: Uint8Array; addressee?: 'carol' } = {},
  ): Promise<Bend> {
    const bytes = bend.bytes ?? whole.subarray((number - 1) * 4 * KB, number * 4 * KB)
    const certificates = bend.addressee
      ? (await alice.content({ document: randomBytes(9), addressee: (await keysOf(bend.addressee)).cipher.certificate })).certificates
      : parts?.certificates
    return {
      order: {
        messageId: `${messageId}_Partial`,
        chunkInformation: {
          chunkNumber: number,
          chunkSizeKilobytes: 4,
          totalChunkNumbers: total,
          totalMessageSizeKilobytes: Math.ceil(whole.byteLength / KB),
          ...bend.information,
        },
      },
      parts: { ...(await chunkContent(bytes, alice.identity.env)), ...(certificates ? { certificates } : {}) },
    }
  }
  /** For another client: it brings certificates of its own. */
  const notOfSender = (parts: Bend['parts']): NonNullable<Bend['parts']> => ({
    ...parts,
    certificates: (parts?.certificates ?? []).filter(({ role }) => !role.endsWith('Originator')),
  })
  const infoOnly = async (upload: Upload, from = alice): Promise<Told> =>
    ask(from, 'partialStoreDelivery', {
      order: { messageId: `${upload.messageId}_Partial`, infoOnly: {} },
      parts: {
        ...(from === alice ? upload.parts : notOfSender(upload.parts)),
        ...(await chunkContent(undefined, from.identity.env)),
      },
    })
  const received = ({ message }: Told): readonly number[] =>
    (message?.order as { chunkInformation?: { receivedChunks?: readonly number[] } } | undefined)?.chunkInformation?.receivedChunks ?? []
  const inside = ({ message }: Told): string[] =>
    (message?.order as { insideFeedback?: { entries: { code: string }[] } } | undefined)?.insideFeedback?.entries.map(({ code }) => code) ??
    []
  const spooled = async (): Promise<number> => (await readdir(join(house.directory, 'data', 'spool'))).length

  it('P8 refuses what breaks the grammar of chunks, stores nothing of it, and goes on with the next good one', async () => {
    const upload = await begin()
    const put = async (number: number, bend = {}) => ask(alice, 'partialStoreDelivery', await chunk(upload, number, bend))
    expect(errorsOf(await put(2))).to.deep.equal([])
    const wrong: readonly (readonly [string, Promise<Told>])[] = [
      ['9900', put(2)],
      ['9900', put(2, { bytes: randomBytes(4 * KB) })],
      ['9901', put(0)],
      ['9901', put(upload.total + 1)],
      ['9902', put(1, { information: { chunkSizeKilobytes: 65 } })],
      ['9903', put(1, { information: { chunkSizeKilobytes: 0 } })],
      ['9904', put(1, { information: { totalMessageSizeKilobytes: 5000, totalChunkNumbers: 1250 } })],
      ['9905', put(1, { information: { totalChunkNumbers: upload.total + 1 } })],
      ['9905', put(1, { information: { totalMessageSizeKilobytes: 1 } })],
      ['9905', put(1, { information: { chunkSizeKilobytes: 5 } })],
      ['9905', put(1, { bytes: randomBytes(4 * KB - 1) })],
      ['9905', put(1, { addressee: 'carol' })],
    ]
    for (const [at, [code, told]] of wrong.entries()) {
      const answer = await told
      expect(errorsOf(answer), String(at)).to.deep.equal([code])
      expect(received(answer), String(at)).to.deep.equal([2])
    }
    // nobody else learns of it, or adds to it
    const foreign = await ask(carol, 'partialStoreDelivery', {
      ...(await chunk(upload, 1)),
      parts: notOfSender((await chunk(upload, 1)).parts),
    })
    expect([errorsOf(foreign), received(foreign)]).to.deep.equal([['9905'], []])
    const missing = [...Array(upload.total).keys()].map((at) => at + 1).filter((number) => number !== 2)
    let last: Told | undefined
    for (const number of missing.reverse()) last = await put(number)
    expect([last?.codes, last && inside(last)]).to.deep.equal([['0800'], ['0800']])
    expect(errorsOf(await put(1))).to.deep.equal(['9900'])
    const known = await infoOnly(upload)
    expect([known.codes, inside(known)]).to.deep.equal([['0800'], ['0800']])
    const dialog = await RawDialog.open(bob)
    expect(fetchedId(await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId: upload.messageId } } }))).to.equal(
      upload.messageId,
    )
    await dialog.ask('exitDialog')
    // the id is used up, for chunks and for a whole message
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('bob'), upload.messageId)))).to.deep.equal([
      '9801',
    ])
  })

  it('P8 answers 9950 when the whole is not what was announced, keeps nothing, and lets the id be used again', async () => {
    const before = await spooled()
    const upload = await begin(4, 'another-id')
    const broken = { ...(await begin()), messageId: await issueId(alice) }
    const last = async (which: Upload): Promise<Told> => {
      let told: Told | undefined
      for (let number = 1; number <= which.total; number++) told = await ask(alice, 'partialStoreDelivery', await chunk(which, number))
      if (!told) throw new TypeError('an upload has chunks')
      return told
    }
    for (const [which, code] of [
      [upload, '9905'],
      [broken, '9905'],
      [{ ...upload, messageId: await issueId(alice), whole: randomBytes(upload.whole.byteLength) }, '9100'],
    ] as const) {
      const told = await last(which)
      expect([errorsOf(told), inside(told)]).to.deep.equal([['9950'], [code]])
      const asking = await RawDialog.open(alice)
      const rule = { order: { selectionRule: { messageIds: [which.messageId] } } }
      expect(errorsOf(await asking.ask('fetchProcessCard', rule))).to.deep.equal(['9804'])
      expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('bob'), which.messageId)))).to.deep.equal([])
    }
    expect(await spooled()).to.equal(before)
  })

  it('P8 lets a client begin a few uploads only, and 9905 answers InfoOnly of what is not there or not one’s own', async () => {
    const codes: string[] = []
    const uploads: Upload[] = []
    for (let n = 0; n < 20 && codes.at(-1) !== '9811'; n++) {
      uploads.push(await begin())
      const upload = uploads.at(-1)
      if (upload) codes.push(errorsOf(await ask(alice, 'partialStoreDelivery', await chunk(upload, 1))).join())
    }
    expect(codes.at(-1)).to.equal('9811')
    expect(codes.slice(0, -1).every((code) => code === '')).to.equal(true)
    const [first] = uploads
    if (!first) throw new TypeError('one upload has begun')
    expect(received(await infoOnly(first))).to.deep.equal([1])
    const foreign = await infoOnly(first, carol)
    expect([errorsOf(foreign), received(foreign)]).to.deep.equal([['9905'], []])
    expect(errorsOf(await infoOnly({ ...first, messageId: 'unknown' }))).to.deep.equal(['9905'])
  })

  it('P1 P8 forgets begun uploads with a restart and frees their spool; used ids stay used, unused ones can be used', async () => {
    const [used, unused, begun] = [await issueId(alice), await issueId(alice), await begin()]
    const replay = await build(alice, 'storeDelivery', undefined, await delivery(alice, await keysOf('bob'), used))
    expect(errorsOf(await tell(alice, await post(alice.peer.url, replay)))).to.deep.equal([])
    const init = await RawDialog.open(alice)
    await house.close()
    expect(await spooled().catch(() => 0)).to.equal(0)
    house = await openThreatHouse({ directory: house.directory })
    alice = await house.client('alice', 'strict')
    expect(errorsOf(await tell(alice, await post(alice.peer.url, replay)))).to.deep.equal(['9801'])
    expect((await tell(alice, await post(alice.peer.url, await build(alice, 'getMessageId', init.place)))).codes).to.deep.equal(['9400'])
    expect(errorsOf(await infoOnly(begun))).to.deep.equal(['9905'])
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('bob'), unused)))).to.deep.equal([])
    expect(errorsOf(await ask(alice, 'storeDelivery', await delivery(alice, await keysOf('bob'), unused)))).to.deep.equal(['9801'])
    const dialog = await RawDialog.open(await house.client('bob', 'strict'))
    expect(fetchedId(await dialog.ask('fetchDelivery'))).to.equal(unused)
    expect(errorsOf(await dialog.ask('fetchDelivery'))).to.deep.equal(['9803'])
  })
})
