// SPDX-License-Identifier: EUPL-1.2
/**
 * Regular answers that end an undertaking of several calls: the same type of error as for a fault, with the code (osci-in-the-field §3 row 5).
 * @module
 */
import type { FeedbackCode } from '../../errors.js'
import { OsciCallError, type Feedback } from './ports.js'

/** The peer said no. The dialog is still open. */
export function refusal(finding: string, what: string, feedback: Feedback): OsciCallError {
  const [code] = feedback.errors
  const texts = feedback.entries.map((entry) => `${entry.code} ${entry.text}`).join('; ')
  return new OsciCallError('refused', finding, `${what} (${feedback.errors.join(', ')}).`, {
    ...(code === undefined ? {} : { feedback: code }),
    detail: texts.slice(0, 1000),
  })
}

/** @throws {OsciCallError} refused, when there is an error besides the codes that the caller knows how to go on with. */
export function assertAccepted(finding: string, what: string, feedback: Feedback, bearable: readonly FeedbackCode[] = []): void {
  if (feedback.errors.some((code) => !bearable.includes(code))) throw refusal(finding, what, feedback)
}
