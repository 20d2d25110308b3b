// SPDX-License-Identifier: EUPL-1.2
/**
 * Uploads in chunks: every number is judged, every chunk lies where it belongs, processing runs once, and nothing stays behind.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { HttpError, OrderError, ProtektorError } from '../../../src/errors.js'
import { openSpool } from '../../../src/gateway/adapters/spool.js'
import { FINDINGS_GATEWAY } from '../../../src/gateway/findings.js'
import type { ChunkLimits, IdClaim, Spool } from '../../../src/gateway/intermediary/ports.js'
import { uploadTable, type Assembled, type Chunk, type UploadReport, type Uploads } from '../../../src/gateway/intermediary/uploads.js'
import { FakeTime } from '../../core/fake-time.js'

const KB = 1024
const LIMITS: ChunkLimits = {
  minKilobytes: 2,
  maxKilobytes: 8,
  messageKilobytes: 64,
  idleSeconds: 900,
  answerWithinSeconds: 30,
  maxUploadsPerClient: 2,
}
type Result = { readonly feedback: string }

/** Feedback and finding of what was thrown. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof OrderError) {
      const row = FINDINGS_GATEWAY.find(({ id }) => id === error.finding)
      expect(row?.feedback, error.finding).to.equal(error.feedback)
      return error.feedback
    }
    if (error instanceof HttpError) return `${error.status}`
    throw error
  }
  return 'taken'
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('uploads', () => {
  let directory: string
  let spool: Spool
  let open: number
  let time: FakeTime
  let uploads: Uploads<Result>
  let claims: { used: number; back: number }
  let assembled: Buffer | undefined
  let runs: number
  let process: (all: Assembled) => Promise<Result>

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'protektor-uploads-'))
    const real = await openSpool({ directory, maxBytes: 1024 * KB, maxFiles: 16, random: (n) => randomBytes(n) })
    open = 0
    spool = {
      async create() {
        const file = await real.create()
        open++
        let gone = false
        return {
          get bytes() {
            return file.bytes
          },
          append: (bytes) => file.append(bytes),
          read: (from, to) => file.read(from, to),
          dispose: async () => {
            if (!gone) open--
            gone = true
            await file.dispose()
          },
        }
      },
      close: () => real.close(),
    }
    time = new FakeTime()
    uploads = uploadTable<Result>({ spool, limits: LIMITS, clock: time, startTimer: time.startTimer })
    claims = { used: 0, back: 0 }
    assembled = undefined
    runs = 0
    process = async ({ source, claim }) => {
      runs++
      assembled = Buffer.from(await source.read(0, source.bytes))
      await claim.used(() => Promise.resolve())
      return { feedback: '0800' }
    }
  })
  afterEach(async () => {
    await uploads.close()
    await spool.close()
    rmSync(directory, { recursive: true })
  })

  const claim = (): IdClaim => ({
    used: (enter) => {
      claims.used++
      return enter()
    },
    giveBack: () => void claims.back++,
  })
  const cut = (message: Buffer, size: number, more: Partial<Chunk> = {}): Chunk[] => {
    const total = Math.ceil(message.length / (size * KB))
    return Array.from({ length: total }, (_, at) => ({
      tenant: '/osci',
      messageId: 'id-1',
      client: 'c1',
      certificates: 'x',
      bytes: message.subarray(at * size * KB, (at + 1) * size * KB),
      information: {
        chunkNumber: at + 1,
        chunkSizeKilobytes: size,
        totalChunkNumbers: total,
        totalMessageSizeKilobytes: Math.floor(message.length / KB),
      },
      ...more,
    }))
  }
  const put = (chunk: Chunk | undefined, begin = claim): Promise<UploadReport<Result>> => {
    if (!chunk) throw new Error('no chunk')
    return uploads.put(chunk, { begin, process: (all) => process(all) })
  }
  const change = (chunk: Chunk | undefined, information: Partial<Chunk['information']>, more: Partial<Chunk> = {}): Chunk => {
    if (!chunk) throw new Error('no chunk')
    return { ...chunk, ...more, information: { ...chunk.information, ...information } }
  }
  const key = { tenant: '/osci', messageId: 'id-1', client: 'c1' }

  it('puts chunks that come in any order, one by one or all at once, into the order of their numbers', async () => {
    let id = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 * KB }),
        fc.integer({ min: 2, max: 8 }),
        fc.boolean(),
        fc.nat(),
        async (n, size, atOnce, seed) => {
          const message = randomBytes(n)
          const chunks = cut(message, size, { messageId: `id-${id++}` })
          const [order] = fc.sample(fc.shuffledSubarray(chunks, { minLength: chunks.length }), { numRuns: 1, seed })
          runs = 0
          if (atOnce) await Promise.all((order ?? []).map((chunk) => put(chunk)))
          else for (const chunk of order ?? []) await put(chunk)
          expect([assembled?.equals(message), runs, open]).to.deep.equal([true, 1, 0])
        },
      ),
      { numRuns: 40 },
    )
  })

  it('tells which chunks are there, waits with the last one for the result, and remembers it for InfoOnly', async () => {
    const [one, two, three] = cut(randomBytes(10 * KB), 4)
    expect(await put(three)).to.deep.equal({ state: 'collecting', received: [3], total: 3 })
    expect(await put(one)).to.deep.equal({ state: 'collecting', received: [1, 3], total: 3 })
    expect(uploads.info(key)).to.deep.equal({ state: 'collecting', received: [1, 3], total: 3 })
    expect(uploads.received(key)).to.deep.equal([1, 3])
    const end = { state: 'finished', result: { feedback: '0800' }, received: [1, 2, 3], total: 3 }
    expect(await put(two)).to.deep.equal(end)
    expect(uploads.info(key)).to.deep.equal(end)
    expect(await codeOf(put(two))).to.equal('9900')
    expect([runs, claims, open]).to.deep.equal([1, { used: 1, back: 0 }, 0])
  })

  it('answers while it is still working when that takes longer than promised, and then runs to the end', async () => {
    let finish: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const done = process
    process = async (all) => {
      await gate
      return done(all)
    }
    const [only] = cut(randomBytes(3 * KB), 4)
    const answer = put(only)
    await turns()
    expect(uploads.info(key).state).to.equal('working')
    time.pass(30_000)
    expect((await answer).state).to.equal('working')
    expect(await codeOf(put(only))).to.equal('9900')
    time.pass(10_000_000)
    expect(uploads.info(key).state).to.equal('working')
    finish()
    await turns()
    expect(uploads.info(key).state).to.equal('finished')
    expect([runs, open]).to.deep.equal([1, 0])
  })

  it('P8 judges the numbers of a chunk: 9901 to 9905, and nothing is begun by a wrong one', async () => {
    const [first, , last] = cut(randomBytes(10 * KB + 100), 4)
    const wrong: readonly (readonly [string, Chunk])[] = [
      ['9901', change(first, { chunkNumber: 0 })],
      ['9901', change(first, { chunkNumber: 4 })],
      ['9902', change(first, { chunkSizeKilobytes: 9 })],
      ['9902', change(first, {}, { bytes: randomBytes(8 * KB + 1) })],
      ['9903', change(first, { chunkSizeKilobytes: 1, totalChunkNumbers: 11 })],
      ['9904', change(first, { totalMessageSizeKilobytes: 66, totalChunkNumbers: 17 })],
      ['9904', change(first, { totalMessageSizeKilobytes: 2 ** 31 - 1, totalChunkNumbers: 2 ** 31 - 1 })],
      ['9905', change(first, { totalChunkNumbers: 2 ** 31 - 1 })],
      ['9905', change(first, { totalMessageSizeKilobytes: 14 })],
      ['9905', change(first, { totalMessageSizeKilobytes: 7 })],
      ['9905', change(first, {}, { bytes: randomBytes(4 * KB - 1) })],
      ['9905', change(first, {}, { bytes: randomBytes(4 * KB + 1) })],
      ['9905', change(last, {}, { bytes: randomBytes(0) })],
      ['9905', change(last, {}, { bytes: randomBytes(4 * KB) })],
    ]
    for (const [code, chunk] of wrong) expect(await codeOf(put(chunk)), JSON.stringify(chunk.information)).to.equal(code)
    const { totalChunkNumbers: _left, ...rest } = change(first, {}).information
    expect(await codeOf(put({ ...change(first, {}), information: rest }))).to.equal('9905')
    expect([uploads.received(key), claims, open]).to.deep.equal([[], { used: 0, back: 0 }, 0])
  })

  it('takes TotalMessageSize rounded up, rounded down, and one KB beyond the limit', async () => {
    for (const [at, bytes] of [10 * KB, 10 * KB + 1, 11 * KB - 1, 64 * KB + 500].entries())
      for (const round of [Math.floor, Math.ceil]) {
        const chunks = cut(randomBytes(bytes), 8, { messageId: `r${at}${round.name}` })
        for (const chunk of chunks) await put(change(chunk, { totalMessageSizeKilobytes: round(bytes / KB) }))
        expect(assembled?.length).to.equal(bytes)
      }
  })

  it('holds every chunk against the first: totals, certificates, client; the upload goes on', async () => {
    const message = randomBytes(10 * KB)
    const [one, two, three] = cut(message, 4)
    await put(one)
    expect(await codeOf(put(change(two, { totalMessageSizeKilobytes: 11 })))).to.equal('9905')
    expect(await codeOf(put(cut(message, 5)[1]))).to.equal('9905')
    expect(await codeOf(put(change(two, {}, { certificates: 'y' })))).to.equal('9905')
    expect(await codeOf(put(change(two, {}, { client: 'c2' })))).to.equal('9905')
    expect(uploads.received({ ...key, client: 'c2' })).to.deep.equal([])
    for (const other of [{ client: 'c2' }, { messageId: 'id-2' }, { tenant: '/other' }])
      expect(await codeOf(Promise.resolve().then(() => uploads.info({ ...key, ...other })))).to.equal('9905')
    await put(two)
    expect((await put(three)).state).to.equal('finished')
    expect(assembled?.equals(message)).to.equal(true)
  })

  it('of the same chunk sent twenty times at once one is stored, the others are 9900', async () => {
    const message = randomBytes(10 * KB)
    const chunks = cut(message, 4)
    const answers = await Promise.all(Array.from({ length: 20 }, () => codeOf(put(chunks[0]))))
    expect(answers.filter((code) => code === '9900').length).to.equal(19)
    const last = await Promise.all([...chunks.slice(1), ...chunks.slice(1)].map((chunk) => codeOf(put(chunk))))
    expect([last.filter((code) => code === '9900').length, runs]).to.deep.equal([2, 1])
    expect(assembled?.equals(message)).to.equal(true)
  })

  it('takes the message id once, and not for a client that has too many uploads (9811)', async () => {
    const begun: string[] = []
    const begin = (id: string) => () => {
      begun.push(id)
      return claim()
    }
    const ids = ['a', 'b', 'c']
    const first = (id: string, client = 'c1') => cut(randomBytes(10 * KB), 4, { messageId: id, client })
    const codes = await Promise.all(
      ids.flatMap((id) =>
        first(id)
          .slice(0, 2)
          .map((chunk) => codeOf(put(chunk, begin(id)))),
      ),
    )
    expect(codes).to.deep.equal(['taken', 'taken', 'taken', 'taken', '9811', '9811'])
    expect(begun).to.deep.equal(['a', 'b'])
    expect(await codeOf(put(first('d', 'c2')[0]))).to.equal('taken')
    const refused = () => {
      throw new OrderError('chunk.unknown-upload', 'no such id', { feedback: '9905' })
    }
    expect(await codeOf(put(first('e', 'c3')[0], refused))).to.equal('9905')
    expect(uploads.received({ ...key, messageId: 'e', client: 'c3' })).to.deep.equal([])
  })

  it('drops an upload that rests longer than allowed, and gives its space and its message id back', async () => {
    const [one, two] = cut(randomBytes(10 * KB), 4)
    await put(one)
    time.pass(899_000)
    await put(two)
    time.pass(899_000)
    expect(uploads.received(key)).to.deep.equal([1, 2])
    // asking does not keep it alive, and the timer needs nobody to ask
    uploads.info(key)
    time.pass(300_000)
    await turns()
    expect([open, claims, uploads.received(key)]).to.deep.equal([0, { used: 0, back: 1 }, []])
    expect((await put(two)).received).to.deep.equal([2])
  })

  it('lets an upload trickle for a day, not for ever', async () => {
    for (const [at, chunk] of cut(randomBytes(64 * KB), 2).entries()) {
      time.pass(899_000)
      expect((await put(chunk)).received.length).to.equal(at + 1)
    }
    const slow = uploadTable<Result>({ spool, limits: { ...LIMITS, idleSeconds: 86_400 }, clock: time, startTimer: time.startTimer })
    const [one, two] = cut(randomBytes(10 * KB), 4, { messageId: 'slow' })
    if (!one || !two) throw new Error('no chunk')
    await slow.put(one, { begin: claim, process })
    time.pass(80_000_000)
    await slow.put(two, { begin: claim, process })
    time.pass(23_000_000)
    expect(slow.received({ ...key, messageId: 'slow' })).to.deep.equal([])
    await slow.close()
  })

  it('forgets a result after the same time', async () => {
    for (const chunk of cut(randomBytes(3 * KB), 4)) await put(chunk)
    time.pass(899_000)
    expect(uploads.info(key).state).to.equal('finished')
    time.pass(1_000)
    expect(await codeOf(Promise.resolve().then(() => uploads.info(key)))).to.equal('9905')
  })

  it('what came to nothing may be sent again under its id, what was stored may not', async () => {
    const [one] = cut(randomBytes(3 * KB), 4)
    const good = process
    process = () => Promise.resolve({ feedback: '9601' })
    expect(await put(one)).to.deep.include({ state: 'finished', result: { feedback: '9601' } })
    expect([claims, open]).to.deep.equal([{ used: 0, back: 1 }, 0])
    process = () => Promise.reject(new Error('broken'))
    expect((await put(one)).state).to.equal('failed')
    expect([claims, open]).to.deep.equal([{ used: 0, back: 2 }, 0])
    process = good
    expect((await put(one)).state).to.equal('finished')
    expect(await codeOf(put(one))).to.equal('9900')
  })

  it('leaves the file to who keeps it, and to nobody whose processing failed', async () => {
    let end: () => Promise<void> = () => Promise.resolve()
    const message = randomBytes(3 * KB)
    process = async ({ source, claim: id, keep }) => {
      end = keep()
      await id.used(() => Promise.resolve())
      assembled = Buffer.from(await source.read(0, source.bytes))
      return { feedback: '0800' }
    }
    for (const chunk of cut(message, 4)) await put(chunk)
    time.pass(2_000_000)
    expect([open, assembled?.equals(message)]).to.deep.equal([1, true])
    await end()
    expect(open).to.equal(0)
    process = ({ keep }) => {
      keep()
      return Promise.reject(new Error('broken'))
    }
    for (const chunk of cut(message, 4, { messageId: 'id-2' })) await put(chunk)
    expect(open).to.equal(0)
  })

  it('answers 503 when the spool is full; what is there stays, unless that was nothing', async () => {
    const small = await openSpool({ directory, maxBytes: 9 * KB, maxFiles: 16, random: (n) => randomBytes(n) })
    const table = uploadTable<Result>({ spool: small, limits: LIMITS, clock: time, startTimer: time.startTimer })
    const [one, two, three] = cut(randomBytes(10 * KB), 4)
    const [other] = cut(randomBytes(3 * KB), 4, { messageId: 'id-2' })
    const putting = (chunk: Chunk | undefined) =>
      chunk ? table.put(chunk, { begin: claim, process }) : Promise.reject(new Error('no chunk'))
    await putting(one)
    await putting(two)
    expect(await codeOf(putting(three))).to.equal('503')
    expect(await codeOf(putting(other))).to.equal('503')
    expect([table.received(key), table.received({ ...key, messageId: 'id-2' }), claims.back]).to.deep.equal([[1, 2], [], 1])
    await table.close()
    await small.close()
    expect(claims.back).to.equal(2)
  })

  it('a disk that fails ends the upload', async () => {
    const failing: Spool = {
      create: async () => {
        const file = await spool.create()
        return {
          ...file,
          bytes: 0,
          append: () => Promise.reject(new ProtektorError('gateway.spool-broken', 'x')),
          dispose: () => file.dispose(),
        }
      },
      close: () => Promise.resolve(),
    }
    const table = uploadTable<Result>({ spool: failing, limits: LIMITS, clock: time, startTimer: time.startTimer })
    const [one] = cut(randomBytes(10 * KB), 4)
    if (!one) throw new Error('no chunk')
    let finding = ''
    await table.put(one, { begin: claim, process }).catch((error: unknown) => (finding = (error as ProtektorError).finding))
    await turns()
    expect([finding, table.received(key), claims.back, open]).to.deep.equal(['gateway.spool-broken', [], 1, 0])
    await table.close()
  })

  it('close ends everything: chunks that wait, uploads, timers', async () => {
    const [one, two] = cut(randomBytes(10 * KB), 4)
    const waiting = [put(one), put(two)].map(codeOf)
    await uploads.close()
    expect((await Promise.all(waiting)).every((code) => ['taken', '503'].includes(code))).to.equal(true)
    expect([open, claims.back, time.timers]).to.deep.equal([0, 1, 0])
    expect(await codeOf(put(one))).to.equal('503')
  })
})
