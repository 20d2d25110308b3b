// SPDX-License-Identifier: EUPL-1.2
/**
 * The table of used ids (threat model P1).
 * @module
 */
import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbRepeats } from '../../src/gateway/adapters/lmdb-repeats.js'
import { repeatTable } from '../../src/gateway/repeats.js'

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
})
