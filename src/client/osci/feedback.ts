// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads feedback whole: every entry counts, by the first digit of its code (osci-1.2 §8.1; osci-in-the-field §3 rows 1–3). Texts are
 * kept and never interpreted.
 * @module
 */
import type { FeedbackCode } from '../../errors.js'
import type { FeedbackEntry } from '../../osci/feedback.js'
import type { Feedback } from './ports.js'

const KNOWN_CLASS = /^[039]\d{3}$/

const distinct = (codes: readonly FeedbackCode[]): readonly FeedbackCode[] => [...new Set(codes)]

/** A code of no known class is an error: what nobody understands is no success. One code in several languages counts once. */
export function scanFeedback(entries: readonly FeedbackEntry[]): Feedback {
  const codes = distinct(entries.map((entry) => entry.code.trim()))
  const warnings = codes.filter((code) => KNOWN_CLASS.test(code) && code.startsWith('3'))
  const errors = codes.filter((code) => !KNOWN_CLASS.test(code) || code.startsWith('9'))
  return { entries, ok: errors.length === 0, warnings, errors }
}

/** Success and refusal in one, which is never allowed (osci-1.2 §8.1): nobody knows which of them holds. */
export const isContradictory = ({ entries, ok }: Feedback): boolean => !ok && entries.some(({ code }) => /^0\d{3}$/.test(code.trim()))

/** Both feedbacks of an answer. `inside` is the verdict on a whole chunked delivery (osci-1.2 §10.2). */
export function feedbackOf(order: unknown): { readonly feedback: Feedback; readonly inside?: Feedback } {
  const { feedback, insideFeedback } = order as {
    readonly feedback: { readonly entries: readonly FeedbackEntry[] }
    readonly insideFeedback?: { readonly entries: readonly FeedbackEntry[] }
  }
  if (insideFeedback === undefined) return { feedback: scanFeedback(feedback.entries) }
  return {
    feedback: scanFeedback([...feedback.entries, ...insideFeedback.entries]),
    inside: scanFeedback(insideFeedback.entries),
  }
}
