// SPDX-License-Identifier: EUPL-1.2
/**
 * The core: put, take, outcome. It knows sealed bytes, mailboxes and time; nothing else.
 *
 * Adapters implement {@link Core}; who may use which mailbox is decided before it (`gateway/core-api.ts`, `LocalParticipant`).
 * @module
 */

/** `[a-z0-9][a-z0-9._:-]{0,119}`; a reply mailbox is `reply.` + 32 hex digits. */
export type MailboxAddress = string

/** Sealed envelope as the core holds it. */
export interface StoredEnvelope {
  readonly id: string
  readonly to: MailboxAddress
  /** Reply mailbox named by the sender; opened for `sender`, dies 60 s after the deadline. */
  readonly replyTo?: MailboxAddress
  readonly sender: string
  readonly ttlSeconds: number
  readonly body: Uint8Array
}

export type Outcome = 'waiting' | 'delivered' | 'expired' | 'refused' | 'unknown'

/** Outcome with what may be said about it. `reason` is the taker's code when refused. */
export interface OutcomeRecord {
  readonly id: string
  readonly outcome: Outcome
  /** Taken from the mailbox; while a hand-over is under way `outcome` is still `waiting` and `claimed` true. */
  readonly claimed: boolean
  readonly reason?: string
  readonly at: string
  /** Participant that put the envelope: the only one that may ask. */
  readonly sender: string
}

/** Room in the core held for an envelope whose bytes are still on their way. Ends by `put` or by `release`. */
export interface Reservation {
  /** Bytes held; grows only. @throws {CoreError} full (503), quota (429) */
  grow(toBytes: number): void
  /** Gives the room back; harmless when it was used or released before. */
  release(): void
}

/** One hand-over under way. Exactly one of the three ends it; later calls throw. */
export interface Claim {
  readonly envelope: StoredEnvelope
  /** Milliseconds on the core's monotonic clock until the deadline. */
  readonly remainingMs: number
  /** Lease and confirm only: how long the taker has to confirm. Absent: at most once. */
  readonly leaseMs?: number
  /** The last byte reached the taker (at-most-once) or the taker confirmed (lease). → delivered */
  confirm(): Promise<void>
  /** The taker gives it back unprocessed. → refused */
  refuse(code: string): Promise<void>
  /** The transfer broke. → unknown; with lease: waiting again until the deadline */
  broken(): Promise<void>
}

/** What a take asks for beyond "the next one". */
export interface TakeChoice {
  /** This very envelope, if it is available; nobody waits for another one. */
  readonly id?: string
  /** Length of the lease, instead of the mailbox's; lease and confirm only. Milliseconds, at most 3 600 000. */
  readonly leaseMs?: number
}

export interface MailboxPolicy {
  readonly ttlSeconds: number
  readonly handover: 'at-most-once' | 'lease-and-confirm'
  readonly leaseSeconds?: number
  readonly maxBytes?: number
  readonly maxCount?: number
}

export interface Core {
  /** Opens or changes a mailbox that belongs to `owner`. */
  openMailbox(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void>
  /** Whose mailbox this is; undefined: there is none. */
  owner(address: MailboxAddress): Promise<string | undefined>
  /**
   * Holds room before the first byte is read (threat model C4).
   * @throws {CoreError} full (503), quota (429), unknown mailbox (404)
   */
  reserve(to: MailboxAddress, sender: string, bytes: number): Promise<Reservation>
  /**
   * The core owns `body` from here on and overwrites it after use. A reservation is used up, whatever the result.
   * @throws {CoreError} full (503), quota (429), unknown mailbox (404), duplicate id (409), invalid life or address (400).
   */
  put(envelope: StoredEnvelope, reservation?: Reservation): Promise<void>
  /** Waits up to `waitMs`; undefined when nothing came. Aborting `signal` ends the wait without a claim. */
  take(from: MailboxAddress, waitMs: number, signal?: AbortSignal, choice?: TakeChoice): Promise<Claim | undefined>
  /** undefined: never seen, or no longer known. */
  outcome(id: string): Promise<OutcomeRecord | undefined>
  /** Resolves when the outcome is no longer `waiting`, or when it is claimed if `until` says so, or after `waitMs`. */
  settled(id: string, waitMs: number, until?: 'claimed' | 'settled'): Promise<OutcomeRecord | undefined>
  /** Takes back what has not been claimed (→ refused). false: too late. */
  withdraw(id: string): Promise<boolean>
  close(): Promise<void>
}
