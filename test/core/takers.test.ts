// SPDX-License-Identifier: EUPL-1.2
/**
 * Who gets what a look found when whoever looked has gone meanwhile.
 * @module
 */
import { expect } from 'chai'
import { Takers, type Look } from '../../src/core/adapters/redis-takers.js'
import { startTimer, systemClock } from '../../src/core/adapters/timers.js'
import type { Claim } from '../../src/core/ports.js'
import { Deadlines } from '../../src/core/ttl.js'
import { BOX, envelope } from './opened.js'

describe('takers that wait at a node', () => {
  const nowMs = () => systemClock.monotonicMs()
  const deadlines = new Deadlines(nowMs, startTimer)
  const ends: string[] = []
  const claimOf = (leaseMs?: number): Claim => ({
    envelope: envelope(),
    remainingMs: 10_000,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    confirm: async () => void ends.push('confirm'),
    refuse: async (code) => void ends.push(code),
    broken: async () => void ends.push('broken'),
  })

  /** Two wait, with different wishes; the first is called, and goes away before its look is answered. */
  async function handed(claim: Claim): Promise<Claim | undefined> {
    ends.length = 0
    const answers: ((look: Look) => void)[] = []
    const look = () => new Promise<Look>((resolve) => answers.push(resolve))
    const takers = new Takers({ deadlines, nowMs, maxWaiters: 10, look, onEnd: () => undefined })
    const leaves = new AbortController()
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const first = takers.take(BOX, 10_000, leaves.signal, undefined)
    const second = takers.take(BOX, 300, undefined, 30_000)
    answers.splice(0).forEach((answer) => answer({}))
    await turn()
    takers.call(BOX)
    leaves.abort()
    expect(await first).to.equal(undefined)
    answers.splice(0).forEach((answer) => answer({ claim }))
    return second
  }

  after(() => deadlines.close())

  it('hands it to who still waits, whatever lease he wished for, where there are no leases', async () => {
    const claim = claimOf()
    expect(await handed(claim)).to.equal(claim)
    expect(ends).to.deep.equal([])
  })

  it('gives a lease of another length back', async () => {
    expect(await handed(claimOf(5000))).to.equal(undefined)
    expect(ends).to.deep.equal(['broken'])
  })

  it('begins no wait for who has gone already', async () => {
    const takers = new Takers({ deadlines, nowMs, maxWaiters: 10, look: async () => ({ claim: claimOf() }), onEnd: () => undefined })
    expect(await takers.take(BOX, 10_000, AbortSignal.abort(), undefined)).to.equal(undefined)
    expect(await takers.take(BOX, 0, AbortSignal.abort(), undefined)).to.equal(undefined)
  })
})
