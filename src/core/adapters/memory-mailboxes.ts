// SPDX-License-Identifier: EUPL-1.2
/**
 * The mailboxes of the embedded core: who owns them, what lies in them in which order, who waits at them, and when those for replies die.
 * @module
 */
import { CoreError } from '../errors.js'
import type { Claim, MailboxAddress, MailboxPolicy } from '../ports.js'
import { REPLY_GRACE_MS, REPLY_POLICY } from '../rules.js'
import type { Deadline, Deadlines } from '../ttl.js'

export interface Waiter {
  readonly leaseMs: number | undefined
  readonly resolve: (claim: Claim | undefined) => void
  readonly end: () => void
}

export interface Mailbox<Item> {
  readonly address: MailboxAddress
  readonly owner: string
  policy: MailboxPolicy
  /** In order of arrival; what came back from a lease stands in front. */
  queue: Item[]
  readonly waiters: Set<Waiter>
  /** Reply mailbox only. */
  readonly dies: Deadline | undefined
  /** Reply mailbox whose request was handed out: an answer may come. */
  expected: boolean
}

export interface MailboxesOptions<Item> {
  readonly deadlines: Deadlines
  readonly maxReplyMailboxesPerSender: number
  readonly maxWaiters: number
  /** Settles what still lies in a mailbox that dies. */
  readonly expire: (item: Item) => void
  /** A waiter left. */
  readonly onLeft: () => void
}

export class Mailboxes<Item> {
  readonly #options: MailboxesOptions<Item>
  readonly #mailboxes = new Map<MailboxAddress, Mailbox<Item>>()
  readonly #replyCounts = new Map<string, number>()
  #waiters = 0

  constructor(options: MailboxesOptions<Item>) {
    this.#options = options
  }

  get size(): number {
    return this.#mailboxes.size
  }

  get waiters(): number {
    return this.#waiters
  }

  get(address: MailboxAddress): Mailbox<Item> | undefined {
    return this.#mailboxes.get(address)
  }

  values(): Iterable<Mailbox<Item>> {
    return this.#mailboxes.values()
  }

  clear(): void {
    this.#mailboxes.clear()
  }

  /**
   * @param holds says whether anything of a mailbox has no outcome yet.
   * @throws {CoreError} duplicate: it is somebody else's; in-use
   */
  open(address: MailboxAddress, owner: string, policy: MailboxPolicy, holds: (mailbox: Mailbox<Item>) => boolean): void {
    const mailbox = this.#mailboxes.get(address)
    if (mailbox !== undefined && mailbox.owner !== owner) throw new CoreError('duplicate', 'The mailbox belongs to somebody else.')
    if (mailbox !== undefined && mailbox.policy.handover !== policy.handover && holds(mailbox))
      throw new CoreError('in-use', 'The mailbox cannot change how it hands over while something lies in it.')
    if (mailbox === undefined) this.#add(address, owner, policy, undefined)
    else mailbox.policy = policy
  }

  /** @throws {CoreError} duplicate, quota */
  assertReplyOpens(address: MailboxAddress, owner: string): void {
    if (this.#mailboxes.has(address)) throw new CoreError('duplicate', 'The reply mailbox was named before.')
    if ((this.#replyCounts.get(owner) ?? 0) >= this.#options.maxReplyMailboxesPerSender)
      throw new CoreError('quota', 'Too many reply mailboxes.')
  }

  openReply(address: MailboxAddress, owner: string, deadlineMs: number): void {
    this.#replyCounts.set(owner, (this.#replyCounts.get(owner) ?? 0) + 1)
    const dies = this.#options.deadlines.set(deadlineMs + REPLY_GRACE_MS, () => {
      for (const waiter of [...mailbox.waiters]) this.endWait(mailbox, waiter, undefined)
      for (const item of [...mailbox.queue]) this.#options.expire(item)
      this.#mailboxes.delete(address)
      const left = (this.#replyCounts.get(owner) ?? 1) - 1
      if (left > 0) this.#replyCounts.set(owner, left)
      else this.#replyCounts.delete(owner)
    })
    const mailbox = this.#add(address, owner, REPLY_POLICY, dies)
  }

  #add(address: MailboxAddress, owner: string, policy: MailboxPolicy, dies: Deadline | undefined): Mailbox<Item> {
    const mailbox: Mailbox<Item> = { address, owner, policy, queue: [], waiters: new Set(), dies, expected: false }
    this.#mailboxes.set(address, mailbox)
    return mailbox
  }

  /** @throws {CoreError} full */
  wait(mailbox: Mailbox<Item>, untilMs: number, signal: AbortSignal | undefined, leaseMs: number | undefined): Promise<Claim | undefined> {
    if (this.#waiters >= this.#options.maxWaiters) throw new CoreError('full', 'Too many are waiting.')
    const { deadlines } = this.#options
    return new Promise((resolve) => {
      const over = () => this.endWait(mailbox, waiter, undefined)
      const deadline = deadlines.set(untilMs, over)
      const end = () => {
        deadlines.cancel(deadline)
        signal?.removeEventListener('abort', over)
      }
      const waiter: Waiter = { resolve, end, leaseMs }
      signal?.addEventListener('abort', over)
      mailbox.waiters.add(waiter)
      this.#waiters += 1
    })
  }

  endWait(mailbox: Mailbox<Item>, waiter: Waiter, claim: Claim | undefined): void {
    if (!mailbox.waiters.delete(waiter)) return
    this.#waiters -= 1
    waiter.end()
    waiter.resolve(claim)
    this.#options.onLeft()
  }

  endWaits(at: (mailbox: Mailbox<Item>) => boolean): void {
    for (const mailbox of this.#mailboxes.values())
      if (at(mailbox)) for (const waiter of [...mailbox.waiters]) this.endWait(mailbox, waiter, undefined)
  }
}
