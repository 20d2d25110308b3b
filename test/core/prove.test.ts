// SPDX-License-Identifier: EUPL-1.2
/**
 * The short form of `npm run prove:core`: processes that put and take over HTTPS, are killed and stood still; nothing is handed out twice,
 * everything has an outcome. And the verdict itself: a forged note is found.
 * @module
 */
import { expect } from 'chai'
import type { Outcome } from '../../src/core/ports.js'
import type { PutNote, TakeNote } from '../../tools/prove-core/boxes.js'
import { BOXES, envelopeId } from '../../tools/prove-core/boxes.js'
import { passed, summary } from '../../tools/prove-core/report.js'
import type { RunOptions } from '../../tools/prove-core/run.js'
import { proveRun } from '../../tools/prove-core/run.js'
import { judge } from '../../tools/prove-core/verdict.js'
import { sharedServer } from './redis/server.js'

const ENVELOPES = 10_000
const LEASED = BOXES.findIndex(({ policy }) => policy.handover === 'lease-and-confirm')
const [once, leased] = [envelopeId('00000000', 0, 1), envelopeId('00000000', LEASED, 2)]

const PUTS: readonly PutNote[] = [
  ['a', once],
  ['a', leased],
]
const TAKES: readonly TakeNote[] = [
  ['r', once],
  ['r', leased],
  ['r', leased],
  ['c', leased],
]
const OUTCOMES: Readonly<Record<string, Outcome>> = { [once]: 'delivered', [leased]: 'delivered' }

const faults = (change: { puts?: readonly PutNote[]; takes?: readonly TakeNote[]; outcomes?: Readonly<Record<string, Outcome>> }) => {
  const { puts = PUTS, takes = TAKES, outcomes = OUTCOMES } = change
  return judge({ puts, takes, outcomes: new Map(Object.entries(outcomes)) }).faults.map(({ rule }) => rule)
}

describe('proof of the core: the verdict', () => {
  it('accepts what may happen: a lease twice, a taker that died, a put without answer', () => {
    expect(faults({})).to.deep.equal([])
    expect(faults({ takes: TAKES.slice(1) }), 'delivered to a taker that died').to.deep.equal([])
    expect(faults({ puts: [['x', once], ...PUTS.slice(1)], takes: TAKES.slice(1), outcomes: { [leased]: 'delivered' } })).to.deep.equal([])
    expect(faults({ puts: [...PUTS, ['o', once, 'delivered']] })).to.deep.equal([])
  })

  it('C1 finds an envelope that came twice out of an at-most-once mailbox', () => {
    expect(faults({ takes: [...TAKES, ['r', once]] })).to.deep.equal(['twice'])
  })

  it('finds an envelope without an outcome, a changed one, one that cannot be true, one that nobody put', () => {
    expect(faults({ outcomes: { [leased]: 'delivered' } })).to.deep.equal(['no-outcome'])
    expect(faults({ outcomes: { ...OUTCOMES, [once]: 'waiting' } })).to.deep.equal(['no-outcome'])
    expect(faults({ puts: [...PUTS, ['o', once, 'unknown']] })).to.deep.equal(['changed'])
    expect(faults({ outcomes: { ...OUTCOMES, [once]: 'expired' } })).to.deep.equal(['untrue'])
    expect(faults({ outcomes: { ...OUTCOMES, [once]: 'refused' } })).to.deep.equal(['untrue'])
    expect(faults({ takes: TAKES.slice(0, 3) }), 'delivered, never confirmed').to.deep.equal(['untrue'])
    expect(faults({ puts: PUTS.slice(1), outcomes: { [leased]: 'delivered' } })).to.deep.equal(['never-put'])
  })
})

async function prove(options: Partial<RunOptions>): Promise<void> {
  const run = await proveRun({ envelopes: ENVELOPES, takers: 8, ...options })
  expect(passed(run), `${summary(run)}\n${JSON.stringify([...run.verdict.faults, ...run.traceFaults].slice(0, 20))}`).to.equal(true)
  // an undisturbed run would prove less than it says
  expect(Math.min(run.done['taker killed'], run.done['taker stopped'], run.done['node killed'])).to.be.at.least(1)
  expect(run.verdict.handedOut.atMostOnce).to.be.greaterThan(ENVELOPES / 2)
}

describe(`proof of the core in memory: ${ENVELOPES} contended envelopes`, function () {
  this.timeout(600_000)

  it('C1 C6 with takers and the core killed', () => prove({}))
})

describe(`proof of the core in Redis: ${ENVELOPES} contended envelopes`, function () {
  this.timeout(600_000)
  const redis = sharedServer()

  it('C1 C6 with takers and nodes killed', () => prove({ redisUrl: redis.url() }))
})
