// SPDX-License-Identifier: EUPL-1.2
/**
 * What is wrong with a schema package or a schema store, in both languages.
 * @module
 */
import { ProtektorError } from '../errors.js'
import type { Bilingual } from './option.js'

/** A package or store that cannot be taken as it is. Whoever throws it has changed nothing. */
export class SchemaPackageError extends ProtektorError {
  readonly text: Bilingual
  constructor(de: string, en: string, cause?: unknown) {
    super('schemas.refused', en, cause === undefined ? {} : { cause })
    this.text = { de, en }
  }
}
