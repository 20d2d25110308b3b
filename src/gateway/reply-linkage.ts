// SPDX-License-Identifier: EUPL-1.2
/**
 * Whether a document answers the one that was asked, by the word of its own head. Transport linkage (Response, envelope id) is checked
 * before and elsewhere; both must agree.
 * Specs: spec/xoev.md §3.4.
 * @module
 */
import type { XoevFacts } from '../envelope/types.js'
import type { DocumentReport } from './ports.js'

/** The schema does not allow the document, or its head cannot be read. Unknown standards are nobody's to judge. */
export const isRefused = (report: DocumentReport): boolean => report.refusal !== undefined && !report.unknownStandard

/** The head names another request. Where one of the two names none, there is nothing to compare. */
export function namesAnother(report: DocumentReport, asked: Pick<XoevFacts, 'messageUuid'> | undefined): boolean {
  const uuid = asked?.messageUuid?.toLowerCase()
  const answers = report.facts?.inReplyTo?.toLowerCase()
  return uuid !== undefined && answers !== undefined && uuid !== answers
}
