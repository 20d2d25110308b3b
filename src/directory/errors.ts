// SPDX-License-Identifier: EUPL-1.2
/**
 * What a directory says when it has no answer. `away`: it could not be asked, nothing is known.
 * @module
 */
import { ProtektorError, type ErrorOptionsOf } from '../errors.js'

export type DirectoryErrorKind =
  | 'unknown-organization'
  | 'unknown-service'
  | 'element-missing'
  | 'certificate-missing'
  | 'certificate-expired'
  | 'certificate-revoked'
  | 'away'

/** `finding` is `directory.<kind>`; the message names no key or address of the query. */
export class DirectoryError extends ProtektorError {
  readonly kind: DirectoryErrorKind

  constructor(kind: DirectoryErrorKind, message: string, options?: ErrorOptionsOf) {
    super(`directory.${kind}`, message, options)
    this.kind = kind
  }
}
