// SPDX-License-Identifier: EUPL-1.2
/**
 * What keeps a run from beginning, or from going on: no verdict on anybody.
 * @module
 */
import { ProtektorError } from '../errors.js'

export class NoRun extends ProtektorError {
  readonly words: { readonly de: string; readonly en: string }

  constructor(
    finding: 'conformance.key' | 'conformance.address' | 'conformance.unreachable' | 'conformance.silent' | 'conformance.interrupted',
    de: string,
    en: string,
    cause?: unknown,
  ) {
    super(finding, en, { cause })
    this.words = { de, en }
  }
}
