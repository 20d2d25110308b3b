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
  /** Its place in the chain of the node that settled it; absent while it waits, and when that node is gone before it could say. */
  readonly link?: OutcomeLink
}

/** Place of a settled record in the chain of one node: a record that was left out or changed shows. */
export interface OutcomeLink {
  readonly node: string
  /** Counts from 1, without gaps. */
  readonly seq: number
  /** SHA-256 of the record before it (base64url); 43 times `A` for the first. */
  readonly prev: string
}

/**
 * What a node remembers beyond its own life: which ids it accepted, and what became of them. No content, no reply mailbox.
 * Survives a kill of the process; what was accepted and not settled by then is `unknown` afterwards.
 */
export interface OutcomeJournal {
  /** Resolves when the id stands: before that its sender is told nothing. */
  accepted(id: string, sender: string): Promise<void>
  /** Appends to the chain. An id settles once: later calls give the first record back. @returns the record with its link */
  settled(record: OutcomeRecord): OutcomeRecord
  /** Resolves when everything settled so far stands: nobody is told a record that another life might contradict. Never rejects. */
  saved(): Promise<void>
  /** A settled record of this node, also of an earlier life. */
  get(id: string): OutcomeRecord | undefined
  /** Another node settled it: its record stands in that node's chain, and it is open here no longer. */
  elsewhere(id: string): void
  /** Accepted and never settled: right after opening, those of an earlier life. */
  open(): Iterable<{ readonly id: string; readonly sender: string }>
  /** Settled records that are kept. */
  readonly size: number
  /** Settled records with `seq` above `afterSeq`, in order, at most `limit`. */
  since(afterSeq: number, limit: number): Iterable<OutcomeRecord>
  close(): Promise<void>
}

/** Something that may be used once, e.g. the `jti` of a token. Shared by all nodes that share a core. */
export interface Once {
  /** @throws {CoreError} full: nothing can be remembered at the moment, so nothing may be let in */
  enter(key: string, forMs: number, owner: string): Promise<Entered>
}

/** `full`: nothing more of this owner, or of anybody, can be remembered, so nothing may be let in. */
export type Entered = 'new' | 'seen' | 'full'

/** What a core does, for metrics and for the check against the state machine. `mailbox` of a reply is the word `reply`. */
export type CoreEvent =
  | { readonly kind: 'put'; readonly id: string; readonly mailbox: MailboxAddress; readonly bytes: number }
  | { readonly kind: 'claimed'; readonly id: string; readonly mailbox: MailboxAddress; readonly dwellMs: number }
  | { readonly kind: 'returned'; readonly id: string; readonly mailbox: MailboxAddress }
  | {
      readonly kind: 'settled'
      readonly id: string
      readonly mailbox: MailboxAddress
      readonly outcome: Exclude<Outcome, 'waiting'>
      readonly dwellMs: number
    }

export type CoreObserver = (event: CoreEvent) => void

/** Sizes and health of a core; no content, no ids. */
export interface CoreFigures {
  readonly adapter: 'memory' | 'redis' | 'remote'
  /** `away`: its server does not answer; `persists`: its server writes to disk, or does not tell (loud). */
  readonly state: 'ok' | 'away' | 'persists'
  readonly bytes: number
  readonly maxBytes: number
  readonly envelopes: number
  /** Takers that wait, at this node. */
  readonly waiters: number
  readonly outcomes: number
  /** Envelopes that wait, by mailbox; those of all reply mailboxes together under `reply`. */
  readonly waiting: Readonly<Record<MailboxAddress, number>>
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

/** A hand-over as another node sees it: the bytes are with the taker. */
export type HeldClaim = Pick<Claim, 'confirm' | 'refuse' | 'broken'> & { readonly from: MailboxAddress }

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
  /**
   * Opens or changes a mailbox that belongs to `owner`. How it hands over changes only while nothing lies in it or is on its way out of it:
   * what a lease gave back must not be handed out once more by a mailbox that promises at most once, nor the other way round.
   * @throws {CoreError} invalid; duplicate: it is somebody else's; in-use: another `handover`, and it is not empty
   */
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
  /**
   * Waits up to `waitMs`; undefined when nothing came. Aborting `signal` ends the wait without a claim.
   * @throws {CoreError} unknown mailbox (404); full (503): too many wait, or the node drains and has nothing to hand out
   */
  take(from: MailboxAddress, waitMs: number, signal?: AbortSignal, choice?: TakeChoice): Promise<Claim | undefined>
  /** undefined: never seen, or no longer known. */
  outcome(id: string): Promise<OutcomeRecord | undefined>
  /**
   * Resolves when the outcome is no longer `waiting`, or when it is claimed if `until` says so, or after `waitMs`, or when `signal` is
   * aborted: with what is known then.
   */
  settled(id: string, waitMs: number, until?: 'claimed' | 'settled', signal?: AbortSignal): Promise<OutcomeRecord | undefined>
  /**
   * A hand-over that began at another node of the same core, so that its taker may end it here. undefined: there is none under way, or
   * it began here. Absent: this core has no other nodes.
   */
  held?(id: string): Promise<HeldClaim | undefined>
  /** Takes back what has not been claimed (→ refused). false: too late; what came back from a lease is not handed out again (→ unknown). */
  withdraw(id: string): Promise<boolean>
  figures(): Promise<CoreFigures>
  /**
   * Takes no more puts (full, 503) and ends every wait, so that takers go elsewhere; what lies there may still be taken. The answers to
   * requests that were handed out are let through: their reply mailboxes take puts and waits to the end. Resolves when nothing is claimed
   * any more, nobody waits for an answer and nothing lies there that would be lost with this node, or after `withinMs`; what is left then
   * gets its outcome from {@link Core.close}.
   */
  drain(withinMs: number): Promise<void>
  close(): Promise<void>
}
