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
  /** Participant that put it, as the core knows him; what counts is who signed. */
  readonly sender?: string
  /** Reply mailbox that the core opened for its sender. */
  readonly replyTo?: string
}

/** What a take asks for beyond "the next one". */
export interface TakeWish {
  /** This very envelope, if it is available; then nobody waits. */
  readonly id?: string
  /** Length of the lease, 1 to 3600; lease and confirm only. */
  readonly leaseSeconds?: number
  /** At most once, too, ends by `confirm`, `refuse` or `giveBack`, or is `unknown` after a minute. */
  readonly confirm?: boolean
}

export interface EnvelopeOutcome {
  readonly id: string
  readonly outcome: 'waiting' | 'delivered' | 'expired' | 'refused' | 'unknown'
  readonly claimed: boolean
  readonly reason?: string
  readonly at: string
  /** Place in the chain of the node that settled it; once it is settled. */
  readonly node?: string
  readonly seq?: number
  readonly prev?: string
  /** All of this, signed by the core. */
  readonly jws?: string
}

export interface Transport {
  /** @throws {TransportError} */
  put(envelope: OutgoingEnvelope): Promise<void>
  take(mailbox: string, waitSeconds: number, signal?: AbortSignal, wish?: TakeWish): Promise<TakenEnvelope | undefined>
  confirm(id: string): Promise<void>
  refuse(id: string, code: string): Promise<void>
  /** Ends a hand-over without a word on processing: leased, the envelope waits again; else its outcome is `unknown`. */
  giveBack(id: string): Promise<void>
  /** Takes back what nobody has taken. false: too late, or nothing of this caller's. */
  withdraw(id: string): Promise<boolean>
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

  /** Another node of the core may be asked: this one was not reached, or did nothing and said so. */
  get nothingDone(): boolean {
    return this.nothingSent || this.status === 503
  }

  /** The node is about to stop: no fault, and no reason to speak of one. */
  get stopping(): boolean {
    return this.finding === 'core.stopping'
  }

  /** A later call may succeed: no answer at all, or the core is busy or ill. */
  get transient(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500
  }
}
