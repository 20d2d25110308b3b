// SPDX-License-Identifier: EUPL-1.2
/**
 * What a core accepts, and how long things may take: the same for every adapter.
 * Spec: product.md, Decisions, "mailbox", "lease and confirm".
 * @module
 */
import { CoreError } from './errors.js'
import type { MailboxAddress, MailboxPolicy, StoredEnvelope } from './ports.js'

const ADDRESS = /^[a-z0-9][a-z0-9._:-]{0,119}$/
const REPLY_ADDRESS = /^reply\.[0-9a-f]{32}$/
const ID = /^[A-Za-z0-9_-]{22,64}$/
const MAX_TTL_SECONDS = 60
const MAX_MAILBOX_TTL_SECONDS = 3600
const LEASE_SECONDS = 5
const MAX_LEASE_MS = 3_600_000

/** A reply mailbox lives so much longer than the request that opened it. */
export const REPLY_GRACE_MS = 60_000

export const REPLY_POLICY: MailboxPolicy = { ttlSeconds: MAX_TTL_SECONDS, handover: 'at-most-once' }

/** @throws {CoreError} invalid */
export function assertMailbox(address: MailboxAddress, { ttlSeconds }: MailboxPolicy): void {
  if (!ADDRESS.test(address) || !(ttlSeconds >= 1 && ttlSeconds <= MAX_MAILBOX_TTL_SECONDS))
    throw new CoreError('invalid', 'Address or life is malformed.')
}

/** Only what can be said without looking at what the core holds. @throws {CoreError} invalid */
export function assertEnvelope({ id, ttlSeconds, replyTo }: StoredEnvelope, { ttlSeconds: allowed }: MailboxPolicy): void {
  if (!ID.test(id) || !(ttlSeconds >= 1 && ttlSeconds <= Math.max(MAX_TTL_SECONDS, allowed)))
    throw new CoreError('invalid', 'Id or life of the envelope is not acceptable.')
  if (replyTo !== undefined && !REPLY_ADDRESS.test(replyTo)) throw new CoreError('invalid', 'The reply mailbox is malformed.')
}

/** Under this name a mailbox is spoken of outside; reply mailboxes have one together, their addresses are secrets. */
export function publicName(address: MailboxAddress): MailboxAddress {
  return REPLY_ADDRESS.test(address) ? 'reply' : address
}

/** @param wishedMs of the taker. @returns how long a lease of this mailbox is. */
export function leaseMsOf({ leaseSeconds }: MailboxPolicy, wishedMs: number | undefined): number {
  return Math.min(wishedMs ?? (leaseSeconds ?? LEASE_SECONDS) * 1000, MAX_LEASE_MS)
}
