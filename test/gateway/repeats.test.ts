// SPDX-License-Identifier: EUPL-1.2
/**
 * The table of used ids (threat model P1).
 * @module
 */
import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { lmdbRepeats } from '../../src/gateway/adapters/lmdb-repeats.js'
import { repeatTable, type RepeatJournal } from '../../src/gateway/repeats.js'
import { FakeTime } from '../core/fake-time.js'

describe('repeats', () => {
  let nowMs = 0
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs }
  const HOUR = 3_600_000

  it('P1 enters all keys or none, in one step', async () => {
    const table = repeatTable(clock)
    expect(await table.enter(['a', 'b'])).to.equal(undefined)
    expect(await table.enter(['c', 'b'])).to.equal(table.find('b'))
    expect(table.find('c')).to.equal(undefined)
    const results = await Promise.all(Array.from({ length: 50 }, () => table.enter(['x'])))
    expect(results.filter((r) => r === undefined).length).to.equal(1)
  })

  it('P1 tells the outcome to those who wait for the first copy', async () => {
    const table = repeatTable(clock)
    await table.enter(['a'])
    const waiting = table.find('a')?.settled
    await table.settle(['a'], 'delivered')
    expect(await waiting).to.equal('delivered')
    expect(table.find('a')?.outcome).to.equal('delivered')
  })

  it('P1 a full table refuses with 503 and forgets nothing; after 24 h there is room again', async () => {
    nowMs = 0
    const table = repeatTable(clock, undefined, { maxEntries: 2, keepMs: 24 * HOUR })
    await table.enter(['a'])
    nowMs = HOUR
    await table.enter(['b'])
    const full = await table.enter(['c']).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(full).to.include({ status: 503, retryAfterSeconds: 60 })
    expect([table.find('a'), table.find('b')].every((e) => e !== undefined)).to.equal(true)
    nowMs = 24 * HOUR
    expect(await table.enter(['c'])).to.equal(undefined)
    expect(table.find('a')).to.equal(undefined)
    expect(table.find('b')).not.to.equal(undefined)
  })

  it('P1 survives a restart; what was under way is unknown then', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-repeats-'))
    try {
      const first = repeatTable(clock, lmdbRepeats(directory))
      await first.enter(['done', 'open'])
      await first.settle(['done'], 'delivered')
      await first.close()
      const second = repeatTable(clock, lmdbRepeats(directory))
      expect(await second.find('done')?.settled).to.equal('delivered')
      expect(await second.find('open')?.settled).to.equal('unknown')
      expect(await second.enter(['open'])).not.to.equal(undefined)
      await second.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('P1 a wall clock that jumps, even for a moment, forgets nothing, and keeps nothing longer', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-repeats-'))
    try {
      for (const open of [() => undefined, () => lmdbRepeats(directory)]) {
        const time = new FakeTime()
        const journal = open()
        const table = repeatTable(time, journal)
        await table.enter(['captured'])
        await table.settle(['captured'], 'delivered')
        for (const jump of [24, -24, 48, -400]) {
          time.wallMs += jump * HOUR
          await table.enter([`at ${jump}`])
          time.wallMs -= jump * HOUR
          expect((await table.enter(['captured']))?.outcome).to.equal('delivered')
        }
        time.pass(24 * HOUR - 1)
        expect((await table.enter(['captured']))?.outcome).to.equal('delivered')
        time.pass(1)
        for (const key of ['captured', 'at 24', 'at -400']) expect(await table.enter([key]), key).to.equal(undefined)
        if (!journal) continue
        await table.close()
        // and so it stands on the disk
        const again = repeatTable(time, lmdbRepeats(directory))
        expect(await again.enter(['captured'])).not.to.equal(undefined)
        await again.close()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('P1 a clock that is set right while the table is open, or was wrong in an earlier run, ages entries by what passed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-repeats-'))
    try {
      const time = new FakeTime()
      const right = time.wallMs
      time.wallMs = 0
      const first = repeatTable(time, lmdbRepeats(directory))
      time.wallMs = right
      await first.enter(['a'])
      time.pass(HOUR)
      await first.settle(['a'], 'delivered')
      await first.close()
      time.wallMs -= 400 * 24 * HOUR
      const second = repeatTable(time, lmdbRepeats(directory))
      time.pass(24 * HOUR - 1)
      expect((await second.enter(['a']))?.outcome).to.equal('delivered')
      time.pass(1)
      expect(await second.enter(['a'])).to.equal(undefined)
      await second.close()
      time.wallMs = right + 23 * HOUR
      const third = repeatTable(time, lmdbRepeats(directory))
      expect(third.find('a')).not.to.equal(undefined)
      await third.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('P1 a message that was refused is a repeat when it comes again; what it carried may come in another one', async () => {
    const table = repeatTable(clock)
    await table.enter(['refused', 'document'])
    await table.settle(['refused', 'document'], 'delivered', 'not-delivered')
    expect((await table.enter(['refused']))?.outcome).to.equal('delivered')
    expect(await table.enter(['another', 'document'])).to.equal(undefined)
    await table.settle(['another', 'document'], 'not-delivered')
    expect((await table.enter(['another', 'new']))?.outcome, 'its own key').to.equal('not-delivered')
    expect(table.find('new'), 'all or none').to.equal(undefined)
    await table.enter(['third', 'document'])
    await table.settle(['third', 'document'], 'not-delivered', 'delivered')
    expect(await table.enter(['fourth', 'document'])).to.include({ key: 'document', outcome: 'delivered' })
  })

  it('P1 what is over leaves the disk as well', async () => {
    const time = new FakeTime()
    const removed: (readonly string[])[] = []
    const journal: RepeatJournal = {
      *load() {},
      write: () => Promise.resolve(),
      remove: (digests) => Promise.resolve(void removed.push(digests)),
      close: () => Promise.resolve(),
    }
    const table = repeatTable(time, journal)
    for (const key of ['a', 'b']) await table.enter([key])
    time.pass(24 * HOUR)
    await table.enter(['c'])
    expect(removed.map((digests) => digests.length)).to.deep.equal([2])
  })

  it('P1 what could not be written is not entered: a copy that waits hears it, and the message may come again', async () => {
    let isFull = true
    const journal = {
      *load() {},
      write: async () => {
        await Promise.resolve()
        if (isFull) throw new Error('disk full')
      },
      remove: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    const table = repeatTable(clock, journal)
    const first = table.enter(['full'])
    const copy = table.find('full')
    expect(copy?.outcome).to.equal('unknown')
    expect(await first.then(String, String)).to.equal('Error: disk full')
    expect(await copy?.settled).to.equal('not-delivered')
    expect(table.find('full')).to.equal(undefined)
    isFull = false
    expect(await table.enter(['full'])).to.equal(undefined)
    isFull = true
    expect(await table.settle(['full'], 'delivered').then(String, String)).to.equal('Error: disk full')
    expect(await table.find('full')?.settled).to.equal('delivered')
  })

  it('P1 a disk that takes no more rejects the write with its reason, and ends nothing', async function () {
    this.timeout(60_000)
    const directory = await mkdtemp(join(tmpdir(), 'protektor-repeats-'))
    const journal = new URL('../../src/gateway/adapters/lmdb-repeats.ts', import.meta.url).href
    const program = `
      const { lmdbRepeats } = await import(${JSON.stringify(journal)})
      const journal = lmdbRepeats(${JSON.stringify(directory)})
      const rows = (n) => [0, 1].map((half) => ({ digest: String(2 * n + half).padStart(16, '0'), outcome: 'unknown', atMs: n }))
      let why
      for (let n = 0; why === undefined && n < 20_000; n++) await journal.write(rows(n)).catch((error) => (why = error))
      // a rejection that nobody catches would end the process with another code
      await new Promise((later) => setTimeout(later, 200))
      process.stdout.write(String(why), () => process.exit(0))`
    try {
      // no file may grow beyond 300 KiB
      const shell = 'ulimit -f 300 && exec "$0" --import tsx --input-type=module -e "$1"'
      const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, program])
      expect(stdout).to.contain('File too large')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
