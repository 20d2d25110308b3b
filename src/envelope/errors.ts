// SPDX-License-Identifier: EUPL-1.2
/**
 * What can be wrong with an envelope. One class; `finding` is a row of {@link FINDINGS_ENVELOPE}.
 * @module
 */
import type { ErrorOptionsOf } from '../errors.js'
import { ProtektorError } from '../errors.js'
import type { FINDINGS_ENVELOPE } from './findings.js'

export type EnvelopeFinding = (typeof FINDINGS_ENVELOPE)[number]['id']

/** An envelope that cannot be sealed or must not be opened. Never carries key material or content. */
export class EnvelopeError extends ProtektorError {
  constructor(finding: EnvelopeFinding, message: string, options?: ErrorOptionsOf) {
    super(finding, message, options)
  }
}
