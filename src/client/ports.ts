// SPDX-License-Identifier: EUPL-1.2
/**
 * What the client needs of a core, over HTTP or in the same process. Sealed bytes only.
 * @module
 */
import type { ErrorOptionsOf } from '../errors.js'
import { ProtektorError } from '../errors.js'

export interface OutgoingEnvelope {
  readonly id: string
  readonly to: string
  readonly ttlSeconds: number
  readonly replyTo?: string
  readonly body: Uint8Array
}

export interface TakenEnvelope {
  readonly id: string
  readonly body: Uint8Array
  readonly remainingMs: number
  /** Present with lease and confirm: confirm within this time. */
  readonly leaseMs?: number
}

export interface EnvelopeOutcome {
  readonly id: string
  readonly outcome: 'waiting' | 'delivered' | 'expired' | 'refused' | 'unknown'
  readonly claimed: boolean
  readonly reason?: string
  readonly at: string
}

export interface Transport {
  /** @throws {TransportError} */
  put(envelope: OutgoingEnvelope): Promise<void>
  take(mailbox: string, waitSeconds: number, signal?: AbortSignal): Promise<TakenEnvelope | undefined>
  confirm(id: string): Promise<void>
  refuse(id: string, code: string): Promise<void>
  /** undefined: not known to this caller. */
  outcome(id: string, waitSeconds: number, until: 'claimed' | 'settled', signal?: AbortSignal): Promise<EnvelopeOutcome | undefined>
}

/** A call to the core failed. */
export class TransportError extends ProtektorError {
  /** HTTP status of the core's answer; undefined when there was none. */
  readonly status: number | undefined
  /** Proven that the core got nothing of the call. */
  readonly nothingSent: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(
    finding: string,
    message: string,
    options: ErrorOptionsOf & { status?: number; nothingSent?: boolean; retryAfterSeconds?: number } = {},
  ) {
    super(finding, message, options)
    this.status = options.status
    this.nothingSent = options.nothingSent ?? false
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** A later call may succeed: no answer at all, or the core is busy or ill. */
  get transient(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500
  }
}
