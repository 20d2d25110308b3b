// SPDX-License-Identifier: EUPL-1.2
/**
 * What became of a delivery, as a value; and the refusals that the recipient role throws on its way.
 *
 *   0800              done            9805+9811  refused, nothing processed
 *   9809+9811  not handed over, nothing processed       9810+9811  handed over, result unknown
 *
 * Specs: product.md, Decisions, "feedback of the recipient role"; osci-1.2 §8.5.
 * @module
 */
import { EnvelopeError } from '../../envelope/errors.js'
import { ProtektorError, type ErrorOptionsOf, type FeedbackCode } from '../../errors.js'
import type { EnvelopePart } from '../../envelope/types.js'

/** Code and text of the XÖV rejection list. */
export interface Reason {
  readonly code: string
  readonly text: string
}

export interface Verdict {
  /** Label for log and metrics. */
  readonly outcome: 'done' | 'refused' | 'not-taken' | 'unknown' | 'denied' | 'failed'
  readonly codes: readonly FeedbackCode[]
  readonly reasons?: readonly Reason[]
  /** Row whose text stands with a 9811 that nothing else explains. */
  readonly finding?: string
  /** The register's parts that make the answer's content. */
  readonly parts?: readonly EnvelopePart[]
}

export const REFUSED = ['9805', '9811'] as const
export const NOT_TAKEN = ['9809', '9811'] as const
export const UNKNOWN = ['9810', '9811'] as const

/** Ends a delivery with feedback codes of a regular answer. */
export class DeliveryRefused extends ProtektorError {
  readonly codes: readonly FeedbackCode[]
  readonly reasons: readonly Reason[]
  /** The document in question, where a rejection in its own standard may be written. */
  readonly document: Uint8Array | undefined

  constructor(
    finding: string,
    message: string,
    what: {
      readonly codes?: readonly FeedbackCode[]
      readonly reasons?: readonly Reason[]
      readonly document?: Uint8Array
    } & ErrorOptionsOf = {},
  ) {
    super(finding, message, what)
    this.codes = what.codes ?? REFUSED
    this.reasons = what.reasons ?? []
    this.document = what.document
  }
}

/** What to throw when a delivery could not be sealed: the keys are good, so that it is what it holds, and will not fit the next time either. */
export function sealingFailure(cause: unknown, codes: readonly FeedbackCode[]): unknown {
  const fits = !(cause instanceof EnvelopeError) || cause.finding === 'envelope.key'
  return fits ? cause : new DeliveryRefused('policy.too-large', 'the delivery fits into no envelope', { codes, cause })
}

/**
 * Whatever failed in content that a legacy algorithm opened: padding, UTF-8, XML, signature, attachment, schema. No tag vouches for
 * the plaintext, so which of them it was would tell of it (threat model E1, §6 rule 5). The cause is for the log alone.
 */
export class LegacyFailure extends DeliveryRefused {
  constructor(cause: unknown) {
    const text = 'the content could not be decrypted'
    super('content-encryption.undecryptable', text, { reasons: [{ code: 'T020', text }], cause })
  }
}

/** Text of 9805 with the XÖV code: `9805 … (X001)`. Only our own fixed texts and codes go to the wire. */
export const withReasons = (text: string, reasons: readonly Reason[]): string =>
  reasons.length === 0 ? text : `${text} (${reasons.map((r) => r.code).join(', ')})`
