// SPDX-License-Identifier: EUPL-1.2
/**
 * What the operator page makes of samples: bins, sums, quantiles.
 * @module
 */
import { expect } from 'chai'
import type { FeedMessage } from '../../src/gateway/operator-feed.js'
import type { Message, Sample } from '../../src/web/operator/feed.js'
import { binsOf, outcomesOf, quantile, rateOf, remember, rowsOf, toldDwell } from '../../src/web/operator/history.js'

/** Compiled only: what the gateway sends is what the page reads. */
export const asRead = (message: FeedMessage): Message => message

const sample = (at: number, more: Partial<Sample> = {}): Sample => ({
  at,
  seconds: 1,
  deliveries: { core: { delivered: 2 } },
  refusals: {},
  dwell: [],
  waiting: {},
  bytes: 0,
  envelopes: 0,
  waiters: 0,
  loopDelayMs: 0,
  ...more,
})
const every = (from: number, to: number): Sample[] => Array.from({ length: to - from + 1 }, (_, index) => sample((from + index) * 1000))

describe('operator page: history', () => {
  it('adds what is new once, however often the gateway tells its past, and keeps 15 minutes', () => {
    const known = remember([], every(1, 10))
    const told = remember(known, every(5, 12))
    expect(told.map(({ at }) => at)).to.deep.equal(every(1, 12).map(({ at }) => at))
    expect(remember(told, every(13, 2000))).to.have.length(900)
    expect(remember(told, every(3, 4)), 'clock set back').to.deep.equal(every(3, 4))
  })

  it('cuts time into bins whose borders stay where they are', () => {
    const samples = every(1000, 1120)
    const [now, later] = [binsOf(samples, 60, 1_119_000), binsOf(samples, 60, 1_120_000)]
    expect(now).to.have.length(30)
    expect(now.map(({ at }) => at % 2)).to.deep.equal(now.map(() => 0))
    expect(now.at(-1)).to.deep.include({ at: 1118, seconds: 1 })
    expect(later.at(-1)).to.deep.include({ at: 1118, seconds: 2 })
    expect(later.slice(0, -1)).to.deep.equal(now.slice(0, -1))
    expect(rowsOf(now).map(({ samples: inRow }) => inRow.length)).to.deep.equal([10, 10, 10, 10, 10, 9])
  })

  it('tells a time of which nothing is known from one in which nothing happened', () => {
    const bins = binsOf([sample(900_000), sample(901_000, { deliveries: {} })], 300, 901_000)
    expect(bins).to.have.length(60)
    expect([rateOf(bins[0]?.samples ?? [], ['core']), rateOf(bins.at(-2)?.samples ?? [], ['core'])]).to.deep.equal([undefined, 2])
    expect(rateOf(bins.at(-1)?.samples ?? [], ['core'])).to.equal(0)
    expect(outcomesOf(every(1, 3), 'core')).to.deep.equal({ delivered: 6 })
  })

  it('estimates quantiles within a bucket, and never beyond the last border', () => {
    const bounds = [0.1, 0.5, 1]
    expect(quantile([0, 0, 0, 0], bounds, 0.5)).to.equal(undefined)
    expect(quantile([10, 0, 0, 0], bounds, 0.5)).to.be.closeTo(0.05, 1e-9)
    expect(quantile([5, 0, 5, 0], bounds, 0.95)).to.be.closeTo(0.95, 1e-9)
    expect(quantile([0, 0, 0, 4], bounds, 0.5)).to.equal(1)
    const told = toldDwell([sample(1, { dwell: [6, 2, 1, 1] })], bounds)
    expect([told?.count, told?.within]).to.deep.equal([10, 0.8])
    expect(toldDwell([sample(1)], bounds)).to.equal(undefined)
  })
})
