// SPDX-License-Identifier: EUPL-1.2
/**
 * The one place where errors become answers: SOAP fault or OSCI feedback. What is refused before OSCI begins: problem.ts.
 *
 *   9000–9503        fault, fixed text of the table, never the error's own words
 *   9600–9950        codes for the typed answer
 *
 * What is said depends on the code alone, so that failures of one code are byte-equal (threat model H4, P5, §6 rule 2).
 * @module
 */
import { HttpError, OsciError, ProtektorError, type FeedbackCode } from '../errors.js'
import { sealFault } from '../osci/fault.js'
import { feedbackRow } from '../osci/feedback.js'
import { DeliveryRefused, type Verdict } from './recipient/verdict.js'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Monotonic time before which it may not leave (`answer-slot.ts`). */
  readonly leavesAtMs?: number
}

const OSCI_TYPE = 'text/xml; charset=UTF-8'

export const osciAnswer = (body: Uint8Array): HttpAnswer => ({ status: 200, contentType: OSCI_TYPE, body })

/** The code a fault would carry; undefined: it belongs into feedback. */
function faultCode(error: unknown): string | undefined {
  if (error instanceof OsciError) return feedbackRow(error.feedback)?.fault ? error.feedback : undefined
  return error instanceof DeliveryRefused || error instanceof HttpError ? undefined : '9000'
}

/** Always answers: what has no code of its own is 9000. Languages are unknown this early, so the text is German, as in the field. */
export function renderFault(error: unknown, faultStatus: 200 | 500): HttpAnswer & { readonly code: string } {
  const code = faultCode(error) ?? '9000'
  const row = feedbackRow(code)
  const body = sealFault({ type: 'fault', side: row?.fault ?? 'Server', text: row?.de ?? '', osciCode: code })
  return { status: faultStatus, contentType: OSCI_TYPE, body, code }
}

/** Whether an error ends as fault even though the message's shape is known. */
export const isFault = (error: unknown): boolean => error instanceof OsciError && feedbackRow(error.feedback)?.fault !== undefined

const outcomeOf = (codes: readonly string[]): Verdict['outcome'] =>
  codes.includes('9809') ? 'not-taken' : codes.includes('9810') ? 'unknown' : 'refused'

/** Denied is what the caller is to blame for; that we could not check (9603) is our failure, like whatever has no code at all. */
const isDenied = (error: unknown): error is OsciError => error instanceof OsciError && error.feedback !== '9603'

/** What is said of a delivery that went on; whatever is none of these may have been processed. */
const ONWARD = [
  ['9809', 'not-taken'],
  ['9810', 'unknown'],
  ['9805', 'refused'],
] as const

/**
 * How a request of a client ended that is no success, for log and metrics of the intermediary.
 * @param error absent where the receiver of its delivery, and nobody here, is behind the codes.
 */
export function outcomeOfRefusal(codes: readonly FeedbackCode[], error: unknown): Verdict['outcome'] {
  if (error !== undefined && !(error instanceof DeliveryRefused)) return isDenied(error) ? 'denied' : 'failed'
  for (const [code, outcome] of ONWARD) if (codes.includes(code)) return outcome
  return error === undefined ? 'unknown' : 'denied'
}

/** The verdict of an error behind the shape: a regular answer with codes. */
export function verdictOfError(error: unknown): Verdict {
  if (error instanceof DeliveryRefused) {
    const { codes, reasons, finding } = error
    return { outcome: outcomeOf(codes), codes, reasons, ...(codes.length === 1 ? { finding } : {}) }
  }
  if (error instanceof OsciError) return { outcome: isDenied(error) ? 'denied' : 'failed', codes: [error.feedback] }
  return { outcome: 'failed', codes: ['9811'] }
}

export const findingOf = (error: unknown): string => (error instanceof ProtektorError ? error.finding : 'gateway.internal')
export const errorCodeOf = (error: unknown): string => (error instanceof ProtektorError ? error.code : 'ERR_INTERNAL')
