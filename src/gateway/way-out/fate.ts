// SPDX-License-Identifier: EUPL-1.2
/**
 * What became of an envelope on the OSCI side, as a value that its sender can act on.
 *
 *   done        the party has it
 *   refused     somebody said no; nothing was processed           reasons: the codes that were said
 *   not-taken   it reached nobody; nothing was processed          first reason 9809
 *   unknown     it may have been processed                        first reason 9810
 *
 * A code 9810 among the reasons, and only that, means *unknown*: whoever reads 9810 must clear the matter up before sending again.
 * Specs: osci-1.2 §8.5, §9.7; docs/envelope.md §5.
 * @module
 */
import { isContradictory } from '../../client/osci/feedback.js'
import { OsciCallError, type CallStage, type Feedback } from '../../client/osci/ports.js'
import type { FeedbackCode } from '../../errors.js'
import { feedbackRow } from '../../osci/feedback.js'
import { DeliveryRefused, type Reason } from '../recipient/verdict.js'

export type FateName = 'done' | 'refused' | 'not-taken' | 'unknown'

export interface Fate {
  readonly outcome: FateName
  readonly reasons: readonly Reason[]
}

const NOTHING: Reason = { code: '9809', text: 'nothing was processed' }
const OPEN: Reason = { code: '9810', text: 'whether it was processed is not known' }
const FIRST: Readonly<Record<FateName, readonly Reason[]>> = { done: [], refused: [], 'not-taken': [NOTHING], unknown: [OPEN] }

const MAX_CODE = 40
const MAX_TEXT = 1000
const MAX_REASONS = 100

/** Reasons in the measure of the envelope; each code is said once, and 9810 only by us: said of a step before the delivery it would mislead. */
function fate(outcome: FateName, reasons: readonly Reason[]): Fate {
  const first = FIRST[outcome]
  const rest = reasons.filter(({ code }) => code !== '' && code !== OPEN.code && !first.some((one) => one.code === code))
  const unique = [...new Map([...first, ...rest].reverse().map((one) => [one.code, one])).values()].reverse()
  const measured = unique.map(({ code, text }) => ({ code: code.slice(0, MAX_CODE), text: text.slice(0, MAX_TEXT) }))
  return { outcome, reasons: measured.slice(0, MAX_REASONS) }
}

const reasonsOf = ({ entries }: Feedback): Reason[] => entries.map(({ code, text }) => ({ code: code.trim(), text }))

/** Said by an intermediary when the receiver has acted, or may have: its answer is missing, broken or not to be trusted. */
const REACHED: ReadonlySet<FeedbackCode> = new Set(['9711', '9712', '9806', '9807', '9808'])

export interface Heard {
  readonly feedback: Feedback
  /** The request's process card shows that the receiver has it. */
  readonly received: boolean
  /** What a bare 9811 means: an intermediary could not carry the request out, a recipient broke down in the middle of it. */
  readonly brokeDown: 'refused' | 'unknown'
}

/** From top to bottom; the party's own word on what happened goes before everything that stands beside it. */
const RULES: readonly (readonly [when: (heard: Heard) => boolean, FateName])[] = [
  [({ feedback }) => feedback.ok, 'done'],
  [({ feedback, received }) => received || feedback.errors.includes('9810') || isContradictory(feedback), 'unknown'],
  [({ feedback }) => feedback.errors.includes('9809'), 'not-taken'],
  [({ feedback }) => feedback.errors.includes('9805'), 'refused'],
  [({ feedback }) => feedback.errors.some((code) => REACHED.has(code)), 'unknown'],
  [({ feedback, brokeDown }) => brokeDown === 'unknown' && feedback.errors.every((code) => code === '9811'), 'unknown'],
]

/** The verdict in a regular answer to the delivery itself. */
export function fateOfFeedback(heard: Heard): Fate {
  const [, outcome] = RULES.find(([when]) => when(heard)) ?? [undefined, 'refused' as const]
  return fate(outcome, reasonsOf(heard.feedback))
}

/** The delivery has not left when a step before it is refused. */
export function refusedBefore(feedback: Feedback, step: string): DeliveryRefused {
  return new DeliveryRefused('policy.refused-by-party', `${step} was refused`, { reasons: reasonsOf(feedback) })
}

/** How far the delivery itself came. A fault of the server's may come after the work, one of the client's comes before it. */
const STAGES: Readonly<Record<CallStage, (error: OsciCallError) => FateName>> = {
  'not-sent': () => 'not-taken',
  'no-answer': () => 'unknown',
  'answered-wrongly': () => 'unknown',
  fault: ({ faultSide }) => (faultSide === 'Client' ? 'refused' : 'unknown'),
  refused: () => 'refused',
}

/** @param delivering the delivery itself was on its way; before that nothing can have been processed. */
export function fateOfFailure(error: unknown, delivering: boolean): Fate {
  if (error instanceof DeliveryRefused) return fate(error.codes.includes('9809') ? 'not-taken' : 'refused', error.reasons)
  if (!(error instanceof OsciCallError)) return fate(delivering ? 'unknown' : 'not-taken', [])
  const outcome = STAGES[error.stage](error)
  const said = error.feedback
  const reasons = said === undefined ? [] : [{ code: said, text: feedbackRow(said)?.en ?? '' }]
  return fate(outcome === 'unknown' && !delivering ? 'not-taken' : outcome, reasons)
}

/** The party has it and answered, and the answer cannot be delivered. */
export function fateOfBadReply(error: unknown): Fate {
  return fate('unknown', error instanceof DeliveryRefused ? error.reasons : [])
}
