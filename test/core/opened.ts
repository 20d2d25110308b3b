// SPDX-License-Identifier: EUPL-1.2
/**
 * What the tests of all cores share: an opened core, its mailboxes, envelopes to put into them.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { MemoryCoreLimits } from '../../src/core/adapters/memory.js'
import { CoreError } from '../../src/core/errors.js'
import type { Claim, Core, CoreEvent, MailboxPolicy, StoredEnvelope } from '../../src/core/ports.js'

export interface OpenedCore {
  readonly core: Core
  /** What the core told its observer, in order. */
  readonly events: readonly CoreEvent[]
  /** Lets so much time pass on the core's clock, and everything happen that is due by then. */
  pass(ms: number): Promise<void>
  /** Moves only the wall clock, where the test has it in hand. */
  jump?(ms: number): void
  close(): Promise<void>
}

/** @param mailboxes opened for `register-1`, or for the owner named. */
export type OpenCore = (limits: Partial<MemoryCoreLimits>, mailboxes: Readonly<Record<string, MailboxPolicy>>) => Promise<OpenedCore>

export const BOX = 'ags:99001000'
export const LEASED = 'ags:99001000.leased'
export const MAILBOXES: Readonly<Record<string, MailboxPolicy>> = {
  [BOX]: { ttlSeconds: 10, handover: 'at-most-once' },
  [LEASED]: { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 5 },
}

export const newId = () => randomBytes(16).toString('hex')

export function envelope(change: Partial<StoredEnvelope> = {}): StoredEnvelope {
  return { id: newId(), to: BOX, sender: 'portal-1', ttlSeconds: 10, body: new Uint8Array(1000).fill(7), ...change }
}

/** @returns the kind of the error, or `none`. */
export async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    expect(error).to.be.instanceOf(CoreError)
    return (error as CoreError).kind
  }
  return 'none'
}

export async function taken(core: Core, from = BOX): Promise<Claim> {
  const claim = await core.take(from, 0)
  expect(claim, 'something to take').to.not.equal(undefined)
  return claim as Claim
}

/** An envelope of somebody else still goes its way. */
export async function stillWorks(core: Core): Promise<void> {
  const next = envelope({ sender: 'portal-9' })
  await core.put(next)
  const claim = await taken(core)
  expect(claim.envelope.id).to.equal(next.id)
  await claim.confirm()
  expect((await core.outcome(next.id))?.outcome).to.equal('delivered')
}

/** Until so many takers wait at this node. */
export async function waiters({ core, pass }: OpenedCore, count: number): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if ((await core.figures()).waiters === count) return
    await pass(5)
  }
  throw new Error(`${count} takers should wait`)
}
