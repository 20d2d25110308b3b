// SPDX-License-Identifier: EUPL-1.2
/**
 * The spool: what it gives back is what it was given, or an error with a name; and nothing stays behind.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { HttpError, ProtektorError } from '../../../src/errors.js'
import { BLOCK_BYTES, openSpool, type SpoolHandle, type SpoolOptions } from '../../../src/gateway/adapters/spool.js'

const MIB = 1024 * 1024
const LEFTOVER = `${'0a'.repeat(16)}.spool`

async function findingOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ProtektorError) return error.finding
    throw error
  }
  return 'none'
}

describe('spool', () => {
  let directory: string
  beforeEach(() => (directory = join(mkdtempSync(join(tmpdir(), 'protektor-spool-')), 'spool')))
  afterEach(() => rmSync(join(directory, '..'), { recursive: true }))

  const options = (more: Partial<SpoolOptions> = {}): SpoolOptions => ({
    directory,
    maxBytes: 64 * MIB,
    maxFiles: 8,
    random: (n) => randomBytes(n),
    ...more,
  })
  /** As where a platform cannot unlink what is open: the file keeps its name, so that a test can get at it. */
  const named = (path: string): Promise<SpoolHandle> => open(path, 'wx+', 0o600)
  const only = (): string => join(directory, readdirSync(directory)[0] ?? '')

  it('reads any range of what was appended in pieces of any size', async () => {
    const spool = await openSpool(options())
    const sizes = fc.array(fc.oneof(fc.nat(200), fc.constantFrom(0, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES)), {
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 }), async (pieces, ranges) => {
        const file = await spool.create()
        const all = randomBytes(pieces.reduce((sum, n) => sum + n, 0))
        let at = 0
        // not awaited one by one: they follow one another all the same
        await Promise.all(pieces.map((n) => file.append(all.subarray(at, (at += n)))))
        expect(file.bytes).to.equal(all.length)
        for (const pair of ranges) {
          const [from = 0, to = 0] = pair.map((n) => n % (all.length + 1)).sort((a, b) => a - b)
          expect(all.subarray(from, to).equals(await file.read(from, to))).to.equal(true)
        }
        await file.dispose()
      }),
      { numRuns: 40 },
    )
    await spool.close()
  })

  it('leaves no name on the disk while a file is in use, and a directory of its owner alone', async () => {
    const spool = await openSpool(options())
    const file = await spool.create()
    await file.append(randomBytes(3 * BLOCK_BYTES))
    expect(readdirSync(directory)).to.deep.equal([])
    expect(statSync(directory).mode & 0o777).to.equal(0o700)
    expect((await file.read(5, 10)).length).to.equal(5)
    await spool.close()
  })

  it('removes what a former run left, and touches nothing else', async () => {
    mkdirSync(directory, { mode: 0o755 })
    writeFileSync(join(directory, LEFTOVER), 'noise')
    writeFileSync(join(directory, 'README'), 'keep')
    const spool = await openSpool(options())
    expect(readdirSync(directory)).to.deep.equal(['README'])
    expect(statSync(directory).mode & 0o777).to.equal(0o700)
    await spool.close()
  })

  it('refuses a directory that is a link', async () => {
    symlinkSync(tmpdir(), directory)
    expect(await findingOf(openSpool(options()))).to.equal('gateway.spool-directory')
  })

  it('C5 writes no plaintext, and no two blocks alike', async () => {
    const spool = await openSpool(options(), named)
    const file = await spool.create()
    await file.append(Buffer.alloc(4 * BLOCK_BYTES, 'plaintext '))
    const stored = readFileSync(only())
    expect(stored.includes('plaintext')).to.equal(false)
    const blocks = [0, 1, 2, 3].map((n) => stored.subarray(n * (BLOCK_BYTES + 16), (n + 1) * (BLOCK_BYTES + 16)).toString('base64'))
    expect(new Set(blocks).size).to.equal(4)
    expect(statSync(only()).mode & 0o777).to.equal(0o600)
    await spool.close()
  })

  it('notices a flipped bit, exchanged blocks and a file cut short', async () => {
    const spool = await openSpool(options(), named)
    const damages: ((path: string) => void)[] = [
      (path) => {
        const stored = readFileSync(path)
        stored[BLOCK_BYTES + 30] = (stored[BLOCK_BYTES + 30] ?? 0) ^ 1
        writeFileSync(path, stored)
      },
      (path) => {
        const stored = readFileSync(path)
        const size = BLOCK_BYTES + 16
        writeFileSync(path, Buffer.concat([stored.subarray(size, 2 * size), stored.subarray(0, size), stored.subarray(2 * size)]))
      },
      (path) => truncateSync(path, BLOCK_BYTES + 100),
    ]
    for (const damage of damages) {
      const file = await spool.create()
      const plain = randomBytes(3 * BLOCK_BYTES)
      await file.append(plain)
      damage(only())
      expect(await findingOf(file.read(BLOCK_BYTES - 5, BLOCK_BYTES + 50))).to.equal('gateway.spool-broken')
      await file.dispose()
      rmSync(only())
    }
    await spool.close()
  })

  it('P8 answers 503 before it writes beyond its bytes, leaves the file as it was, and has room again after dispose', async () => {
    const spool = await openSpool(options({ maxBytes: 2 * BLOCK_BYTES, maxFiles: 2 }))
    const [first, second] = [await spool.create(), await spool.create()]
    await first.append(randomBytes(BLOCK_BYTES))
    const refused = await second.append(randomBytes(BLOCK_BYTES + 1)).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(HttpError)
    const { status, retryAfterSeconds, finding } = refused as HttpError
    expect([status, finding, (retryAfterSeconds ?? 0) > 0]).to.deep.equal([503, 'gateway.spool-full', true])
    expect(second.bytes).to.equal(0)
    await second.append(randomBytes(BLOCK_BYTES))
    expect(await findingOf(spool.create())).to.equal('gateway.spool-full')
    await first.dispose()
    const third = await spool.create()
    await third.append(randomBytes(BLOCK_BYTES))
    await spool.close()
  })

  it('writes on after short writes, and answers 503 when the disk is full', async () => {
    let room = Infinity
    const stingy = async (path: string): Promise<SpoolHandle> => {
      const handle = await named(path)
      const write = async (bytes: Buffer, offset: number, length: number, position: number) => {
        if (room <= 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
        const taken = Math.min(length, 1000, room)
        room -= taken
        return handle.write(bytes, offset, taken, position)
      }
      return { read: handle.read.bind(handle), write: write as unknown as SpoolHandle['write'], close: () => handle.close() }
    }
    const spool = await openSpool(options({ maxBytes: 4 * BLOCK_BYTES }), stingy)
    const file = await spool.create()
    const plain = randomBytes(BLOCK_BYTES + 5)
    await file.append(plain)
    expect(plain.equals(await file.read(0, plain.length))).to.equal(true)
    room = 1500
    const refused = await file.append(randomBytes(BLOCK_BYTES)).catch((error: unknown) => error)
    expect([(refused as HttpError).status, (refused as HttpError).finding]).to.deep.equal([503, 'gateway.spool-disk-full'])
    // half a block was written under its nonce: the file is over
    expect(await findingOf(file.append(randomBytes(1)))).to.equal('gateway.spool-disk-full')
    expect(await findingOf(file.read(0, 1))).to.equal('gateway.spool-disk-full')
    await file.dispose()
    room = Infinity
    await (await spool.create()).append(randomBytes(4 * BLOCK_BYTES))
    await spool.close()
  })

  it('C5 dispose lets reads under way end, refuses later ones, and wipes the key', async () => {
    const drawn: Uint8Array[] = []
    const random = (n: number): Uint8Array => {
      const bytes = randomBytes(n)
      drawn.push(bytes)
      return bytes
    }
    const spool = await openSpool(options({ random }))
    const file = await spool.create()
    const plain = randomBytes(20 * BLOCK_BYTES + 7)
    await file.append(plain)
    const reads = [0, 1, 2, 3].map((n) => file.read(n, plain.length - n))
    const append = file.append(randomBytes(BLOCK_BYTES))
    const disposed = file.dispose()
    const late = file.read(0, 1)
    expect(await findingOf(late)).to.equal('gateway.spool-closed')
    for (const [n, read] of reads.entries()) expect(plain.subarray(n, plain.length - n).equals(await read)).to.equal(true)
    expect(['none', 'gateway.spool-closed']).to.include(await findingOf(append))
    await disposed
    await file.dispose()
    const key = drawn.find((bytes) => bytes.length === 32)
    expect(key?.every((octet) => octet === 0)).to.equal(true)
    expect(await findingOf(file.append(plain))).to.equal('gateway.spool-closed')
    await spool.close()
    expect(await findingOf(spool.create())).to.equal('gateway.spool-closed')
  })
})
