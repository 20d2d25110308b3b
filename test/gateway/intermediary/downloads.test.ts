// SPDX-License-Identifier: EUPL-1.2
/**
 * Downloads in chunks: frozen with the first, cut at fixed places, received when every chunk was handed out.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { OrderError } from '../../../src/errors.js'
import { downloadTable, type Downloads } from '../../../src/gateway/intermediary/downloads.js'
import { memorySource, type ByteSource } from '../../../src/osci/large/source.js'

const KB = 1024
const LIMITS = { minKilobytes: 2, maxKilobytes: 8, messageKilobytes: 64, idleSeconds: 900, answerWithinSeconds: 30, maxUploadsPerClient: 2 }

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return (await work) === undefined ? 'fits' : 'given'
  } catch (error) {
    if (error instanceof OrderError) return error.feedback
    throw error
  }
}

describe('downloads', () => {
  let downloads: Downloads
  let frozen: Buffer
  let freezes: number
  beforeEach(() => {
    downloads = downloadTable(LIMITS)
    frozen = randomBytes(9 * KB + 10)
    freezes = 0
  })
  const freeze = (): Promise<ByteSource> => {
    freezes++
    return Promise.resolve(memorySource(frozen))
  }
  const get = (chunkNumber: number, more: { dialog?: string; messageId?: string; chunkSizeKilobytes?: number } = {}, how = freeze) =>
    downloads.chunk({ dialog: 'd', messageId: 'm', chunkNumber, chunkSizeKilobytes: 4, ...more }, how)

  it('hands out the bytes of one package, however often and in whatever order they are asked for', async () => {
    const given = new Map<number, Uint8Array>()
    for (const number of [1, 3, 2, 3, 1]) {
      const chunk = await get(number)
      expect([chunk?.number, chunk?.total, chunk?.totalKilobytes]).to.deep.equal([number, 3, 10])
      given.set(number, chunk?.bytes ?? new Uint8Array(0))
    }
    expect(Buffer.concat([1, 2, 3].map((number) => given.get(number) ?? new Uint8Array(0))).equals(frozen)).to.equal(true)
    expect(freezes).to.equal(1)
  })

  it('says when the package fits into one chunk, and keeps nothing then', async () => {
    frozen = randomBytes(8 * KB)
    expect(await codeOf(get(1, { chunkSizeKilobytes: 8 }))).to.equal('fits')
    expect([downloads.current('d', 1), downloads.takeReceived('d')]).to.deep.equal([undefined, []])
    frozen = randomBytes(8 * KB + 1)
    expect(await codeOf(get(1, { chunkSizeKilobytes: 8 }))).to.equal('given')
  })

  it('judges number and size: 9901, 9902, 9903, and 9905 for a size that changes', async () => {
    expect(await codeOf(get(1, { chunkSizeKilobytes: 9 }))).to.equal('9902')
    expect(await codeOf(get(1, { chunkSizeKilobytes: 1 }))).to.equal('9903')
    expect(await codeOf(get(2))).to.equal('9901')
    expect(freezes).to.equal(0)
    await get(1)
    for (const number of [0, 4]) expect(await codeOf(get(number))).to.equal('9901')
    expect(await codeOf(get(2, { chunkSizeKilobytes: 5 }))).to.equal('9905')
    expect(await codeOf(get(2))).to.equal('given')
  })

  it('counts a delivery as received once, when all of it was handed out', async () => {
    await get(1)
    await get(3)
    expect(downloads.takeReceived('d')).to.deep.equal([])
    await get(2)
    expect(downloads.takeReceived('e')).to.deep.equal([])
    expect(downloads.takeReceived('d')).to.deep.equal(['m'])
    expect(downloads.takeReceived('d')).to.deep.equal([])
    // an answer may be lost: the chunk can be had again
    expect(await codeOf(get(2))).to.equal('given')
  })

  it('knows which delivery a request without selection rule means', async () => {
    await get(1, { messageId: 'm1' })
    await get(1, { messageId: 'm2' })
    expect(downloads.current('d', 2)).to.equal('m2')
    await get(2, { messageId: 'm1' })
    expect(downloads.current('d', 3)).to.equal('m1')
    await get(3, { messageId: 'm1' })
    expect([downloads.current('d', 1), downloads.current('d', 3), downloads.current('e', 3)]).to.deep.equal([undefined, 'm1', undefined])
  })

  it('forgets with the dialog, and keeps dialogs apart', async () => {
    await get(1)
    expect(await codeOf(get(2, { dialog: 'e' }))).to.equal('9901')
    downloads.end('d')
    expect(await codeOf(get(2))).to.equal('9901')
  })

  it('gives up none that is begun for another one: 9811; what was received makes room', async () => {
    for (const messageId of ['1', '2', '3', '4']) await get(1, { messageId })
    expect(() => downloads.assertRoom('d'))
      .to.throw(OrderError)
      .with.property('feedback', '9811')
    downloads.assertRoom('e')
    expect(await codeOf(get(1, { messageId: '5' }))).to.equal('9811')
    for (const chunk of [2, 3]) expect(await codeOf(get(chunk, { messageId: '1' }))).to.equal('given')
    expect(downloads.takeReceived('d')).to.deep.equal(['1'])
    downloads.assertRoom('d')
    expect(await codeOf(get(1, { messageId: '5' }))).to.equal('given')
    for (const messageId of ['2', '3', '4']) expect(await codeOf(get(2, { messageId })), messageId).to.equal('given')
    expect(await codeOf(get(2, { messageId: '1' })), 'received').to.equal('9901')
  })

  it('lets go once of what a download is made of: when it makes room, fits into one chunk, fails, or ends with its dialog', async () => {
    const gone: string[] = []
    const of = (messageId: string, how = freeze, number = 1) =>
      downloads.chunk({ dialog: 'd', messageId, chunkNumber: number, chunkSizeKilobytes: 4 }, how, () => void gone.push(messageId))
    for (const messageId of ['1', '2', '3']) await of(messageId)
    for (const number of [2, 3]) await of('1', freeze, number)
    downloads.takeReceived('d')
    await of('4')
    expect(gone).to.deep.equal([])
    await of('5')
    expect(gone).to.deep.equal(['1'])
    for (const number of [2, 3]) await of('2', freeze, number)
    downloads.takeReceived('d')
    expect(await codeOf(of('small', () => Promise.resolve(memorySource(Buffer.alloc(KB)))))).to.equal('fits')
    expect(await of('broken', () => Promise.reject(new RangeError('broken'))).catch(String)).to.contain('broken')
    expect(gone.slice(1).sort()).to.deep.equal(['2', 'broken', 'small'])
    downloads.end('d')
    downloads.end('d')
    expect([...gone].sort()).to.deep.equal(['1', '2', '3', '4', '5', 'broken', 'small'])
  })

  it('P8 cuts no package into more chunks than an attribute can list: 9903', async () => {
    const small = downloadTable({ ...LIMITS, minKilobytes: 1 })
    const source: ByteSource = { ...memorySource(Buffer.alloc(0)), bytes: 12_001 * KB }
    const wanted = { dialog: 'd', messageId: 'm', chunkNumber: 1, chunkSizeKilobytes: 1 }
    expect(await codeOf(small.chunk(wanted, () => Promise.resolve(source)))).to.equal('9903')
    expect(small.current('d', 2)).to.equal(undefined)
  })

  it('makes one package for two first requests at once, and none of a failed one', async () => {
    const both = await Promise.all([get(1), get(1)])
    expect([freezes, both.map((chunk) => chunk?.number)]).to.deep.equal([1, [1, 1]])
    const broken = () => Promise.reject(new OrderError('chunk.unknown-upload', 'gone', { feedback: '9905' }))
    expect(await codeOf(get(1, { messageId: 'x' }, broken))).to.equal('9905')
    expect(await codeOf(get(1, { messageId: 'x' }))).to.equal('given')
  })
})
