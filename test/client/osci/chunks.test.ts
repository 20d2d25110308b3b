// SPDX-License-Identifier: EUPL-1.2
/**
 * Chunked transfer against a peer that cuts and assembles: both directions, resumed, slow, refused; numbers of the peer are never trusted.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../../src/client/osci/caller.js'
import { fetchInChunks } from '../../../src/client/osci/chunk-fetch.js'
import { packDelivery, storeInChunks, type ChunkedUpload } from '../../../src/client/osci/chunk-store.js'
import { chunkCount, chunkKilobytes, chunkOf, kilobytesOf, sourceOf } from '../../../src/client/osci/chunks.js'
import { deliveryParts } from '../../../src/client/osci/content.js'
import { OsciCallError, type OsciDialog, type OsciIdentity } from '../../../src/client/osci/ports.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { osci } from '../../../src/osci/stages.js'
import type { OsciMessage } from '../../../src/osci/types.js'
import { envWith } from '../../osci/env.js'
import { bundle, clientIdentity, ends, FakePeer, feedbackOf, insideOf, strictPeer, type Ends } from './fake-peer.js'

const KB = 1024
const STAMP = { plain: '2026-11-24T09:00:00Z' }
const asError = (error: unknown): OsciCallError => {
  expect(error, String(error)).to.be.instanceOf(OsciCallError)
  return error as OsciCallError
}

describe('OSCI chunks', () => {
  let who: Ends
  let identity: OsciIdentity
  before(async () => {
    who = await ends()
    identity = await clientIdentity()
  })
  const open = async (fake: FakePeer): Promise<OsciDialog> => oscCaller(fake).openDialog(identity, await strictPeer())

  it('sizes: 1024-byte kilobytes, rounded up, within what the peer announced; 0 announces nothing', () => {
    const features = (limits: object) => ({ ...limits, supportedFeatures: { features: [] } })
    expect(chunkKilobytes(undefined, undefined)).to.equal(1000)
    expect(chunkKilobytes(5000, features({ maxChunkSizeKilobytes: 512 }))).to.equal(512)
    expect(chunkKilobytes(5000, features({ maxChunkSizeKilobytes: 0 }))).to.equal(5000)
    expect(chunkKilobytes(1, features({ minChunkSizeKilobytes: 100 }))).to.equal(100)
    expect(chunkKilobytes(9_999_999, undefined)).to.equal(2_097_151)
    expect(() => chunkKilobytes(1.5, undefined)).to.throw(OsciCallError)
    expect(() => chunkKilobytes(64, features({ maxMessageSizeKilobytes: 10 }), 11 * KB)).to.throw(OsciCallError)
    expect(chunkKilobytes(64, features({ maxMessageSizeKilobytes: 0 }), 11 * KB)).to.equal(64)
    expect([kilobytesOf(1), kilobytesOf(KB), kilobytesOf(KB + 1)]).to.deep.equal([1, 1, 2])
    expect([chunkCount(64 * KB, 64), chunkCount(64 * KB + 1, 64), chunkCount(0, 64)]).to.deep.equal([1, 2, 1])
    // 5 TB: more than 32 bits
    expect(chunkCount(5 * 2 ** 40, 1000)).to.equal(Math.ceil((5 * 2 ** 40) / (1000 * KB)))
  })

  describe('upload', () => {
    /** An intermediary that keeps chunks, and judges the whole at the end. */
    interface Store {
      readonly fake: FakePeer
      readonly there: Map<number, Uint8Array>
      /** Answers `working` so often before the verdict. */
      working: number
      verdict: readonly string[]
    }
    let whole: Uint8Array
    let upload: ChunkedUpload
    before(async () => {
      const parts = await deliveryParts({ document: new Uint8Array(10_000).fill(7), addressee: who.addressee.certificate }, identity)
      whole = await packDelivery({ messageId: 'id-1' }, parts, identity, await strictPeer())
      upload = { messageId: 'id-1', subject: 'in Teilen', source: sourceOf(whole), certificates: parts.certificates }
    })
    const options = { chunkKilobytes: 4, sleep: async () => Promise.resolve() }
    const total = () => chunkCount(whole.byteLength, 4)

    function storeOf(): Store {
      const store: Store = { fake: new FakePeer(who), there: new Map(), working: 0, verdict: ['3701', '0800'] }
      const pending: { message: OsciMessage | undefined } = { message: undefined }
      store.fake.orders.set('partialStoreDelivery', (message) => {
        pending.message = message
        const { chunkInformation: info } = message.order as { chunkInformation?: { chunkNumber: number; totalChunkNumbers: number } }
        const twice = info !== undefined && store.there.has(info.chunkNumber)
        const [part] = message.attachments
        if (info && part && !twice) store.there.set(info.chunkNumber, part.body)
        const complete = store.there.size === total()
        const busy = complete && store.working-- > 0
        const refused = store.verdict.some((c) => c.startsWith('9'))
        return {
          ...feedbackOf(
            ...(twice ? ['9900'] : complete && !busy && refused ? ['9950'] : ['0801', ...(busy ? [info ? '3951' : '3952'] : [])]),
          ),
          ...(complete && !busy ? insideOf(...store.verdict) : {}),
          processCardBundle: bundle(complete ? 'id-1' : 'id-1_Partial'),
          chunkInformation: { chunkNumber: info?.chunkNumber ?? 0, receivedChunks: [...store.there.keys()], totalChunkNumbers: total() },
        }
      })
      return store
    }

    it('sends every chunk once, whole and in order; the verdict is InsideFeedback', async () => {
      const { fake, there } = storeOf()
      const progress: number[] = []
      const done = await storeInChunks(await open(fake), upload, identity.env, { ...options, onProgress: (p) => progress.push(p.received) })
      expect(done).to.deep.include({ total: total(), sent: total() })
      expect(done.feedback).to.deep.include({ ok: true, warnings: ['3701'] })
      expect(done.processCardBundle?.messageId).to.equal('id-1')
      expect(progress).to.deep.equal(Array.from({ length: total() }, (_, i) => i + 1))
      expect(Buffer.concat([...there.values()]).equals(whole)).to.equal(true)
      const order = fake.seen[1]?.order as { messageId: string; chunkInformation: object }
      expect(order.messageId).to.equal('id-1_Partial')
      expect(order.chunkInformation).to.deep.equal({
        chunkNumber: 1,
        chunkSizeKilobytes: 4,
        totalChunkNumbers: total(),
        totalMessageSizeKilobytes: kilobytesOf(whole.byteLength),
      })
      const inner = await osci.open(whole, envWith(who.peerCipher.decrypter))
      expect(inner).to.deep.include({ type: 'storeDelivery', order: { messageId: 'id-1' } })
      expect(inner.evidence.signature).not.to.equal(undefined)
      expect(inner.evidence.transport).to.equal(undefined)
    })

    it('resumes with what is missing only, also where the dialog before it died', async () => {
      const { fake, there } = storeOf()
      const dialog = await open(fake)
      let answers = 0
      const broken: unknown = await storeInChunks(dialog, upload, identity.env, {
        ...options,
        onProgress: () => {
          if (++answers === 2)
            fake.bends.set('partialStoreDelivery', { reply: () => Promise.reject(new OsciCallError('no-answer', 'client.timeout', '')) })
        },
      }).catch((e: unknown) => e)
      expect(asError(broken).stage).to.equal('no-answer')
      expect(dialog.dead).to.equal(true)
      expect(there.size).to.equal(3)
      const done = await storeInChunks(await open(fake), upload, identity.env, { ...options, resume: true })
      expect(done.sent).to.equal(total() - 3)
      expect(Buffer.concat([...there.values()]).equals(whole)).to.equal(true)
    })

    it('resumed where nothing is there yet, it begins; where all is there, it asks for the verdict only', async () => {
      const { fake } = storeOf()
      fake.bends.set('partialStoreDelivery', { message: (m) => ({ ...m, order: { ...m.order, ...feedbackOf('9905') } }) })
      expect((await storeInChunks(await open(fake), upload, identity.env, { ...options, resume: true })).sent).to.equal(total())
      expect((await storeInChunks(await open(fake), upload, identity.env, { ...options, resume: true })).sent).to.equal(0)
    })

    it('a chunk that came twice (9900) goes on', async () => {
      const { fake, there } = storeOf()
      there.set(1, whole.subarray(0, 4 * KB))
      expect((await storeInChunks(await open(fake), upload, identity.env, options)).total).to.equal(total())
    })

    it('waits while the peer is working (3951, 3952), and not for ever', async () => {
      const store = storeOf()
      store.working = 4
      const slept: number[] = []
      const sleep = async (ms: number) => Promise.resolve(void slept.push(ms))
      await storeInChunks(await open(store.fake), upload, identity.env, { ...options, sleep, pollMs: 500 })
      expect(slept).to.deep.equal([500, 500, 500, 500])
      const endless = storeOf()
      endless.working = 1e9
      const error: unknown = await storeInChunks(await open(endless.fake), upload, identity.env, { ...options, maxPolls: 3 }).catch(
        (e: unknown) => e,
      )
      expect(asError(error)).to.deep.include({ stage: 'no-answer', finding: 'client.upload-unfinished' })
    })

    it('a refusal of the whole has the code from inside; of a chunk its own, and the dialog stays open', async () => {
      const store = storeOf()
      store.verdict = ['9801']
      const whole9801: unknown = await storeInChunks(await open(store.fake), upload, identity.env, options).catch((e: unknown) => e)
      expect(asError(whole9801)).to.deep.include({ stage: 'refused', feedback: '9801' })
      const { fake } = storeOf()
      fake.bends.set('partialStoreDelivery', { message: (m) => ({ ...m, order: { ...m.order, ...feedbackOf('9902') } }) })
      const dialog = await open(fake)
      const chunk9902: unknown = await storeInChunks(dialog, upload, identity.env, options).catch((e: unknown) => e)
      expect(asError(chunk9902)).to.deep.include({ stage: 'refused', feedback: '9902' })
      expect(dialog.dead).to.equal(false)
    })

    it('reads the source chunk by chunk, and refuses one that gives other bytes than announced', async () => {
      const { fake } = storeOf()
      const reads: [number, number][] = []
      const source = {
        size: whole.byteLength,
        read: async (from: number, to: number) => Promise.resolve(whole.subarray(reads.push([from, to]) > 0 ? from : 0, to)),
      }
      await storeInChunks(await open(fake), { ...upload, source }, identity.env, options)
      expect(reads.length).to.equal(total())
      expect(reads.every(([from, to]) => to - from <= 4 * KB)).to.equal(true)
      const short = { size: whole.byteLength, read: async () => Promise.resolve(new Uint8Array(1)) }
      const error: unknown = await storeInChunks(await open(fake), { ...upload, source: short }, identity.env, options).catch(
        (e: unknown) => e,
      )
      expect((error as { finding?: string }).finding).to.equal('client.chunk-source')
    })

    it('numbers of a peer outside the upload say nothing, and cost nothing', async () => {
      const store = storeOf()
      const honest = store.fake.orders.get('partialStoreDelivery')
      store.fake.orders.set('partialStoreDelivery', (m) => {
        const order = honest?.(m) as { chunkInformation: { receivedChunks: number[] } }
        order.chunkInformation.receivedChunks.push(0, 2_000_000_000, 99)
        return order
      })
      expect((await storeInChunks(await open(store.fake), upload, identity.env, options)).sent).to.equal(total())
    })
  })

  describe('download', () => {
    let whole: Uint8Array
    before(async () => {
      const parts = await deliveryParts({ document: new Uint8Array(12_000).fill(9), addressee: who.clientCipher.certificate }, identity)
      const message = {
        type: 'responseToFetchDelivery',
        control: { response: 'r', challenge: 'c', conversationId: '1', sequenceNumber: 0 },
        order: { ...feedbackOf('0801'), fetchDelivery: {}, processCardBundle: bundle('id-1', { forwarding: STAMP }) },
        custom: [],
        evidence: {},
        remarks: [],
        ...parts,
      } as unknown as OsciMessage
      whole = await osci.seal(message, envWith())
    })

    interface Chunk {
      readonly number: number
      readonly total: number
      readonly size: number
      readonly bytes: Uint8Array
      readonly messageId: string
    }
    /** An intermediary that cuts; `over` bends what it says of one chunk. */
    async function cutting(over: (chunk: Chunk) => Partial<Chunk> = () => ({})): Promise<{ fake: FakePeer; dialog: OsciDialog }> {
      const fake = new FakePeer(who)
      const post = fake.post.bind(fake)
      let next: Chunk | undefined
      fake.orders.set('partialFetchDelivery', (m) => {
        const { chunkInformation: info } = m.order as { chunkInformation: { chunkNumber: number; chunkSizeKilobytes: number } }
        const size = info.chunkSizeKilobytes * KB
        const honest: Chunk = {
          number: info.chunkNumber,
          total: Math.ceil(whole.byteLength / size),
          size: Math.ceil(whole.byteLength / KB),
          bytes: whole.subarray((info.chunkNumber - 1) * size, info.chunkNumber * size),
          messageId: 'id-1',
        }
        next = { ...honest, ...over(honest) }
        return {
          ...feedbackOf('0801'),
          chunkInformation: { chunkNumber: next.number, totalChunkNumbers: next.total, totalMessageSizeKilobytes: next.size },
          messageId: next.messageId,
        }
      })
      fake.post = (url, body, options) => {
        fake.bends.set('partialFetchDelivery', {
          message: (m) => ({ ...m, ...content.get(next?.number ?? 0) }),
        })
        return post(url, body, options)
      }
      const content = new Map<number, object>()
      for (let n = 0; n < 40; n++) {
        const honest = { number: n, total: 0, size: 0, messageId: '', bytes: whole.subarray((n - 1) * 4 * KB, n * 4 * KB) }
        const bytes = over(honest).bytes ?? honest.bytes
        const spec = [
          {
            id: 'ChunkContentContainer',
            contents: [{ kind: 'attachment' as const, id: 'ChunkContent', name: 'ChunkBlobStoreDelivery', bytes }],
          },
        ]
        if (n > 0) content.set(n, await sealContent(spec, envWith()))
      }
      return { fake, dialog: await open(fake) }
    }
    const options = { chunkKilobytes: 4 }

    it('puts the chunks together, asks for each by the id, and reads the delivery', async () => {
      const { fake, dialog } = await cutting()
      const got = await fetchInChunks(dialog, {}, identity.env, options)
      const chunks = Math.ceil(whole.byteLength / (4 * KB))
      expect(got).to.deep.include({ messageId: 'id-1', bytes: whole.byteLength, chunks })
      expect(got.message?.content).not.to.equal(undefined)
      const orders = fake.seen.slice(1).map((m) => m.order as { selectionRule?: object; chunkInformation: { receivedChunks: number[] } })
      expect(orders.map((o) => o.selectionRule)).to.deep.equal([undefined, ...orders.slice(1).map(() => ({ messageId: 'id-1' }))])
      expect(orders.map((o) => o.chunkInformation.receivedChunks.length)).to.deep.equal(orders.map((_, at) => at))
      await dialog.close()
      expect(fake.names.at(-1)).to.equal('exitDialog')
    })

    it('takes a delivery that comes whole, and falls back to fetchDelivery on 9811', async () => {
      const fake = new FakePeer(who)
      fake.orders.set('partialFetchDelivery', () => feedbackOf('9811'))
      const got = await fetchInChunks(await open(fake), { messageId: 'id-1' }, identity.env, options)
      expect(got).to.deep.include({ messageId: 'id-1', chunks: 0 })
      expect(fake.names).to.deep.equal(['initDialog', 'partialFetchDelivery', 'fetchDelivery'])
      const short = new FakePeer(who)
      short.bends.set('partialFetchDelivery', {
        message: (m) =>
          ({
            ...m,
            type: 'responseToFetchDelivery',
            order: { ...feedbackOf('0801'), fetchDelivery: {}, processCardBundle: bundle('id-1', { forwarding: STAMP }) },
          }) as unknown as OsciMessage,
      })
      expect((await fetchInChunks(await open(short), {}, identity.env, options)).chunks).to.equal(0)
    })

    it('hands chunks on as they come, and takes up a download again', async () => {
      const { dialog } = await cutting()
      const kept: Uint8Array[] = [whole.subarray(0, 8 * KB)]
      const keep = async (chunk: Uint8Array, number: number) => Promise.resolve(void (kept[number - 2] = chunk))
      const got = await fetchInChunks(dialog, { messageId: 'id-1' }, identity.env, {
        ...options,
        keep,
        resumeAfter: { chunks: 2, bytes: 8 * KB },
      })
      expect(got.bytes).to.equal(whole.byteLength)
      expect(Buffer.concat(kept).equals(whole)).to.equal(true)
    })

    it('takes up a download whose chunks are all there, and were never said to be all', async () => {
      const total = Math.ceil(whole.byteLength / (4 * KB))
      const taken = async (bytes: number): Promise<{ got: unknown; asked: unknown[] }> => {
        const { fake, dialog } = await cutting()
        const answer = fake.orders.get('partialFetchDelivery')
        const numberOf = (m: OsciMessage) => (m.order as { chunkInformation: { chunkNumber: number } }).chunkInformation.chunkNumber
        fake.orders.set('partialFetchDelivery', (m) => (numberOf(m) > total ? feedbackOf('9901') : (answer?.(m) ?? {})))
        const again = { ...options, keep: () => Promise.reject(new Error('kept twice')), resumeAfter: { chunks: total, bytes } }
        const got: unknown = await fetchInChunks(dialog, { messageId: 'id-1' }, identity.env, again).catch((e: unknown) => e)
        return { got, asked: fake.seen.slice(1).map(numberOf) }
      }
      const { got, asked } = await taken(whole.byteLength)
      expect(got).to.deep.equal({ messageId: 'id-1', bytes: whole.byteLength, chunks: total })
      expect(asked).to.deep.equal([total + 1, total])
      expect(asError((await taken(whole.byteLength - 3 * KB)).got).stage).to.equal('answered-wrongly')
    })

    for (const [what, over] of [
      ['another chunk number', (c: Chunk) => ({ number: c.number + 1 })],
      ['a number of chunks that changes', (c: Chunk) => ({ total: c.total + (c.number > 1 ? 1 : 0) })],
      ['two thousand million chunks', () => ({ total: 2_000_000_000 })],
      ['no chunks', () => ({ total: 0 })],
      ['an empty chunk', () => ({ bytes: new Uint8Array(0) })],
      ['a chunk larger than asked for', () => ({ bytes: new Uint8Array(6 * KB) })],
      ['chunks of another delivery', (c: Chunk) => ({ messageId: c.number > 1 ? 'id-9' : 'id-1' })],
      ['another size than announced', () => ({ size: 3 })],
      ['bytes that are no message', (c: Chunk) => ({ bytes: new Uint8Array(c.bytes.byteLength).fill(65) })],
    ] as const)
      it(`${what}: answered wrongly, and the dialog acknowledges nothing`, async () => {
        const { fake, dialog } = await cutting(over)
        const error: unknown = await fetchInChunks(dialog, {}, identity.env, options).catch((e: unknown) => e)
        expect(asError(error).stage).to.equal('answered-wrongly')
        await dialog.close()
        expect(fake.names).not.to.include('exitDialog')
        expect(fake.seen.length).to.be.at.most(1 + Math.ceil(whole.byteLength / (4 * KB)))
      })

    it('ends at the size that the caller allows', async () => {
      const { dialog } = await cutting()
      const error: unknown = await fetchInChunks(dialog, {}, identity.env, { ...options, maxBytes: 6 * KB }).catch((e: unknown) => e)
      expect(asError(error).stage).to.equal('answered-wrongly')
    })

    it('nothing there is a refusal, and leaves the dialog open', async () => {
      const fake = new FakePeer(who)
      fake.orders.set('partialFetchDelivery', () => feedbackOf('9803'))
      const dialog = await open(fake)
      const error: unknown = await fetchInChunks(dialog, { messageId: 'x' }, identity.env, options).catch((e: unknown) => e)
      expect(asError(error)).to.deep.include({ stage: 'refused', feedback: '9803' })
      expect(dialog.dead).to.equal(false)
    })

    it('an answer without a chunk, or with one more, is none', async () => {
      const message = {
        ...(await osci.open(whole, envWith(who.clientCipher.decrypter))),
        content: undefined,
        attachments: [],
      } as unknown as OsciMessage
      const error: unknown = await chunkOf(message, envWith()).catch((e: unknown) => e)
      expect(asError(error).finding).to.equal('client.chunk')
    })
  })
})
