// SPDX-License-Identifier: EUPL-1.2
/**
 * What every panel of the page is given once a second, and what it must be able to do with it.
 * @module
 */
import type { Figures, Message, Sample } from './feed.js'
import { binsOf, remember, type Bin } from './history.js'

export interface View {
  readonly figures: Figures
  /** Borders of the dwell histogram, seconds. */
  readonly bounds: readonly number[]
  readonly meanings: Message['meanings']
  /** All that is known, oldest first. */
  readonly samples: readonly Sample[]
  /** The chosen window. */
  readonly windowSeconds: number
  readonly bins: readonly Bin[]
  /** Moment of the newest sample. */
  readonly untilMs: number
}

export interface Panel {
  readonly element: HTMLElement
  update(view: View): void
}

/** Samples of the last seconds before the newest one. */
export const lately = ({ samples, untilMs }: Pick<View, 'samples' | 'untilMs'>, seconds: number): readonly Sample[] =>
  samples.filter(({ at }) => at > untilMs - seconds * 1000)

/** Samples of the chosen window. */
export const inWindow = ({ bins }: View): readonly Sample[] => bins.flatMap(({ samples }) => samples)

export function viewOf(message: Message, before: View | undefined, windowSeconds: number): View {
  const samples = remember(before?.samples ?? [], message.samples)
  const untilMs = samples.at(-1)?.at ?? Date.now()
  return {
    figures: message.figures,
    bounds: message.dwellBuckets,
    meanings: { ...before?.meanings, ...message.meanings },
    samples,
    windowSeconds,
    bins: binsOf(samples, windowSeconds, untilMs),
    untilMs,
  }
}

export const withWindow = (view: View, windowSeconds: number): View => ({
  ...view,
  windowSeconds,
  bins: binsOf(view.samples, windowSeconds, view.untilMs),
})
