// SPDX-License-Identifier: EUPL-1.2
/**
 * The statistics of `npm run prove:oracle`, held against worked values and against groups whose difference is known.
 * @module
 */
import { expect } from 'chai'
import { compare, isSeparable, quantile, welch } from '../../tools/prove-oracle/statistics.js'

describe('statistics of answer times', () => {
  /** Repeatable numbers between 0 and 1 (a linear congruential generator). */
  function numbers(seed: number): () => number {
    let state = seed
    return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32
  }
  /** Answer times of about 5 ms that vary by half a millisecond; one in thirty is an outlier. */
  const times = (seed: number, count: number, shiftMs = 0): number[] => {
    const next = numbers(seed)
    return Array.from({ length: count }, () => 5 + shiftMs + (next() + next() + next() - 1.5) + (next() < 1 / 30 ? next() * 500 : 0))
  }

  it("E1 Welch's t of two small groups, worked by hand", () => {
    // means 3 and 6, variances 2.5 and 10: t = -3 / sqrt(0.5 + 2)
    const { t, difference, standardError } = welch([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    expect(difference).to.equal(-3)
    expect(standardError).to.be.closeTo(Math.sqrt(2.5), 1e-12)
    expect(t).to.be.closeTo(-1.897366596, 1e-8)
    expect(welch([1, 1], [1, 1]).t).to.equal(0)
    expect(Math.abs(welch([1, 1], [2, 2]).t)).to.equal(Infinity)
    expect(() => welch([1], [1, 2])).to.throw(TypeError)
  })

  it('E1 a quantile is a sample, with that share at or below it', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)
    expect([quantile(hundred, 0.9), quantile(hundred, 0.5), quantile(hundred, 0), quantile(hundred, 1)]).to.deep.equal([90, 50, 1, 100])
    expect(() => quantile([], 0.5)).to.throw(TypeError)
  })

  it('E1 groups of one distribution are not separable, nor is one from itself; outliers hide no difference of a tenth of a millisecond', () => {
    const alike = compare(new Map([1, 2, 3, 4].map((seed) => [`cause ${seed}`, times(seed, 2000)])))
    expect(alike.pairs.length).to.equal(6)
    expect([...alike.pairs, ...alike.halves].filter(isSeparable)).to.deep.equal([])
    const shifted = new Map([
      ['a', times(1, 2000)],
      ['b', times(2, 2000, 0.1)],
    ])
    const { pairs, limit, kept } = compare(shifted)
    expect(pairs.map(isSeparable)).to.deep.equal([true])
    expect(limit).to.be.lessThan(10)
    expect([...kept.values()].reduce((sum, one) => sum + one, 0)).to.equal(3600)
    // without the cut the same difference drowns
    expect(isSeparable(welch(shifted.get('a') ?? [], shifted.get('b') ?? []))).to.equal(false)
  })
})
