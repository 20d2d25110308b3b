// SPDX-License-Identifier: EUPL-1.2
/**
 * Can two groups of answer times be told apart? Welch's t-test over samples without their long tail.
 *
 *   all samples ─► the common 90th percentile ─► what lies above is left out, in every group ─► t of each pair
 *
 * The tail is made by the machine (garbage collection, other processes) and hides small differences; one threshold for all groups treats
 * them alike. |t| of 4.5 is the threshold of test vector leakage assessment: by chance it comes once in some 100,000 pairs.
 * Specs: threat model §8 (last row), §9.6.
 * @module
 */

export const THRESHOLD = 4.5
export const KEPT_SHARE = 0.9

export interface Welch {
  /** Infinite when neither group varies and they differ. */
  readonly t: number
  /** Mean of the first less mean of the second, in the unit of the samples. */
  readonly difference: number
  readonly standardError: number
}

function momentsOf(samples: readonly number[]): { readonly mean: number; readonly variance: number } {
  if (samples.length < 2) throw new TypeError('a group needs two samples or more')
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length
  return { mean, variance: samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (samples.length - 1) }
}

export function welch(a: readonly number[], b: readonly number[]): Welch {
  const [one, other] = [momentsOf(a), momentsOf(b)]
  const difference = one.mean - other.mean
  const standardError = Math.sqrt(one.variance / a.length + other.variance / b.length)
  return { t: difference === 0 ? 0 : difference / standardError, difference, standardError }
}

/** @param share 0 to 1; the smallest sample below or at which that share of them lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort()
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new TypeError('no samples')
  return value
}

export type Groups = ReadonlyMap<string, readonly number[]>

export interface Pair extends Welch {
  readonly names: readonly [string, string]
}

export interface Comparison {
  /** Above it, samples were left out. */
  readonly limit: number
  /** Samples left, by group. */
  readonly kept: ReadonlyMap<string, number>
  readonly pairs: readonly Pair[]
  /** Each group against itself, every other sample: must not be separable. */
  readonly halves: readonly Pair[]
}

const pairsOf = <T>(list: readonly T[]): (readonly [T, T])[] =>
  list.flatMap((one, at) => list.slice(at + 1).map((other) => [one, other] as const))

/** Every pair of groups, and every group against itself. */
export function compare(groups: Groups): Comparison {
  const limit = quantile([...groups.values()].flat(), KEPT_SHARE)
  const kept = [...groups].map(([name, samples]) => ({ name, samples: samples.filter((one) => one <= limit) }))
  return {
    limit,
    kept: new Map(kept.map(({ name, samples }) => [name, samples.length])),
    pairs: pairsOf(kept).map(([a, b]) => ({ names: [a.name, b.name], ...welch(a.samples, b.samples) })),
    halves: kept.map(({ name, samples }) => ({
      names: [name, name],
      ...welch(
        samples.filter((_, at) => at % 2 === 0),
        samples.filter((_, at) => at % 2 === 1),
      ),
    })),
  }
}

export const isSeparable = ({ t }: Welch): boolean => Math.abs(t) >= THRESHOLD
