// SPDX-License-Identifier: EUPL-1.2
/**
 * What the core answers when it does not do what it was asked.
 * @module
 */
import { ProtektorError } from '../errors.js'

export type CoreErrorKind = 'invalid' | 'unknown' | 'duplicate' | 'in-use' | 'gone' | 'quota' | 'full'

/** HTTP status of each kind; `quota` and `full` come with Retry-After. */
export const CORE_ERROR_STATUS: Readonly<Record<CoreErrorKind, number>> = {
  invalid: 400,
  unknown: 404,
  duplicate: 409,
  'in-use': 409,
  gone: 410,
  quota: 429,
  full: 503,
}

/** `message` names no mailbox, id or participant: it may be shown to anybody. */
export class CoreError extends ProtektorError {
  readonly kind: CoreErrorKind
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(kind: CoreErrorKind, message: string) {
    super('core.' + kind, message)
    this.kind = kind
    this.status = CORE_ERROR_STATUS[kind]
    this.retryAfterSeconds = kind === 'quota' || kind === 'full' ? 1 : undefined
  }
}
