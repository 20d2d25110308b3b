// SPDX-License-Identifier: EUPL-1.2
/**
 * The embedded core: everything in this process's memory, nothing on disk.
 *
 * Every decision is made in one synchronous step, which is what makes a claim atomic here. Who reads looks at the clock first: a timer
 * that comes late hands nothing out.
 * @module
 */
import type { Clock } from '../../env.js'
import type { BudgetLimits, Holding } from '../budget.js'
import { Budget } from '../budget.js'
import { CoreError } from '../errors.js'
import type { OutcomeLimits } from '../outcomes.js'
import { Outcomes } from '../outcomes.js'
import type {
  Claim,
  Core,
  CoreFigures,
  MailboxAddress,
  MailboxPolicy,
  OutcomeRecord,
  Reservation,
  StoredEnvelope,
  TakeChoice,
} from '../ports.js'
import type { Event, State } from '../states.js'
import { isAvailable, isSettled, next, outcomeOf } from '../states.js'
import type { Deadline, StartTimer } from '../ttl.js'
import { Deadlines } from '../ttl.js'
import { startTimer as systemTimer } from './timers.js'

const MIB = 1024 * 1024
const ADDRESS = /^[a-z0-9][a-z0-9._:-]{0,119}$/
const REPLY_ADDRESS = /^reply\.[0-9a-f]{32}$/
const ID = /^[A-Za-z0-9_-]{22,64}$/
const MAX_TTL_SECONDS = 60
const REPLY_GRACE_SECONDS = 60
const LEASE_SECONDS = 5
const MAX_LEASE_MS = 3_600_000
/** How often a node that ends looks whether anything is left. */
const DRAIN_LOOK_MS = 50

export interface MemoryCoreLimits extends BudgetLimits, OutcomeLimits {
  readonly maxReplyMailboxesPerSender: number
  readonly maxWaiters: number
  /** A hand-over that neither ends nor breaks is `unknown` after this. */
  readonly handoverSeconds: number
}

export const MEMORY_CORE_LIMITS: MemoryCoreLimits = {
  maxBytes: 256 * MIB,
  maxBytesPerSender: 128 * MIB,
  maxBytesPerMailbox: 64 * MIB,
  maxCountPerMailbox: 1000,
  maxOutcomes: 500_000,
  maxOutcomesPerSender: 200_000,
  outcomeSeconds: 24 * 3600,
  maxReplyMailboxesPerSender: 10_000,
  maxWaiters: 10_000,
  handoverSeconds: 60,
}

export interface MemoryCoreOptions extends Partial<MemoryCoreLimits> {
  readonly clock: Clock
  readonly startTimer?: StartTimer
}

/** Sizes for metrics and tests; no content, no names. */
export interface MemoryCore extends Core {
  stats(): {
    readonly bytes: number
    readonly envelopes: number
    readonly mailboxes: number
    readonly waiters: number
    readonly outcomes: number
  }
}

interface Item {
  readonly envelope: StoredEnvelope
  readonly mailbox: Mailbox
  readonly deadlineMs: number
  readonly holding: Holding
  state: State
  /** Handed to somebody, and not given back by a lease. */
  claimed: boolean
  deadline: Deadline | undefined
  handover: Deadline | undefined
}

interface Waiter {
  readonly resolve: (claim: Claim | undefined) => void
  readonly end: () => void
  readonly leaseMs: number | undefined
}

interface Mailbox {
  readonly address: MailboxAddress
  readonly owner: string
  policy: MailboxPolicy
  /** In order of arrival; what came back from a lease stands in front. */
  queue: Item[]
  readonly waiters: Set<Waiter>
  dies: Deadline | undefined
}

export function memoryCore(options: MemoryCoreOptions): MemoryCore {
  return new InMemory({ ...MEMORY_CORE_LIMITS, startTimer: systemTimer, ...options })
}

class InMemory implements MemoryCore {
  readonly #options: Required<MemoryCoreOptions>
  readonly #deadlines: Deadlines
  readonly #budget: Budget
  readonly #outcomes: Outcomes
  readonly #mailboxes = new Map<MailboxAddress, Mailbox>()
  readonly #items = new Map<string, Item>()
  readonly #replyCounts = new Map<string, number>()
  readonly #holdings = new WeakMap<Reservation, Holding>()
  #waiters = 0
  #draining = false
  #closed = false

  constructor(options: Required<MemoryCoreOptions>) {
    const monotonicMs = () => options.clock.monotonicMs()
    this.#options = options
    this.#deadlines = new Deadlines(monotonicMs, options.startTimer)
    this.#budget = new Budget(options)
    this.#outcomes = new Outcomes(options, monotonicMs)
  }

  async openMailbox(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void> {
    if (!ADDRESS.test(address) || !(policy.ttlSeconds >= 1 && policy.ttlSeconds <= 3600))
      throw new CoreError('invalid', 'Address or life is malformed.')
    const mailbox = this.#mailboxes.get(address)
    if (mailbox !== undefined && mailbox.owner !== owner) throw new CoreError('duplicate', 'The mailbox belongs to somebody else.')
    if (mailbox === undefined) this.#addMailbox(address, owner, policy)
    else mailbox.policy = policy
  }

  async owner(address: MailboxAddress): Promise<string | undefined> {
    this.#deadlines.sweep()
    return this.#mailboxes.get(address)?.owner
  }

  async reserve(to: MailboxAddress, sender: string, bytes: number): Promise<Reservation> {
    if (this.#draining) throw new CoreError('full', 'This node is about to stop.')
    const { policy } = this.#mailbox(to)
    const holding = this.#budget.hold(to, sender, bytes, policy)
    const reservation: Reservation = { grow: (toBytes) => holding.grow(toBytes), release: () => holding.release() }
    this.#holdings.set(reservation, holding)
    return reservation
  }

  async put(envelope: StoredEnvelope, reservation?: Reservation): Promise<void> {
    let holding = reservation === undefined ? undefined : this.#holdings.get(reservation)
    try {
      const mailbox = this.#mailbox(envelope.to)
      this.#assertAcceptable(envelope, mailbox)
      if (holding === undefined) holding = this.#budget.hold(envelope.to, envelope.sender, envelope.body.length, mailbox.policy)
      if (holding.to !== envelope.to || holding.sender !== envelope.sender)
        throw new CoreError('invalid', 'The reservation is for another envelope.')
      holding.grow(envelope.body.length)
      const deadlineMs = Math.min(this.#now() + envelope.ttlSeconds * 1000, mailbox.dies?.atMs ?? Infinity)
      if (envelope.replyTo !== undefined) this.#openReply(envelope.replyTo, envelope.sender, deadlineMs)
      const item: Item = {
        envelope,
        mailbox,
        deadlineMs,
        holding,
        state: 'waiting',
        claimed: false,
        deadline: undefined,
        handover: undefined,
      }
      this.#items.set(envelope.id, item)
      this.#record(item)
      item.deadline = this.#deadlines.set(deadlineMs, () => this.#expire(item))
      mailbox.queue.push(item)
      this.#serve(mailbox)
    } catch (error) {
      holding?.release()
      envelope.body.fill(0)
      throw error
    }
  }

  async take(from: MailboxAddress, waitMs: number, signal?: AbortSignal, choice: TakeChoice = {}): Promise<Claim | undefined> {
    const mailbox = this.#mailbox(from)
    if (signal?.aborted === true) return undefined
    if (choice.id !== undefined) return this.#takeChosen(mailbox, choice.id, choice.leaseMs)
    // Waiters were here first: with any of them present the queue is empty, see #serve.
    const ready = this.#nextOf(mailbox)
    if (ready !== undefined) return this.#claim(ready, choice.leaseMs)
    if (waitMs <= 0) return undefined
    if (this.#waiters >= this.#options.maxWaiters) throw new CoreError('full', 'Too many are waiting.')
    return new Promise((resolve) => {
      const over = () => this.#endWait(mailbox, waiter, undefined)
      const deadline = this.#deadlines.set(this.#now() + waitMs, over)
      const end = () => {
        this.#deadlines.cancel(deadline)
        signal?.removeEventListener('abort', over)
      }
      const waiter: Waiter = { resolve, end, leaseMs: choice.leaseMs }
      signal?.addEventListener('abort', over)
      mailbox.waiters.add(waiter)
      this.#waiters += 1
    })
  }

  async outcome(id: string): Promise<OutcomeRecord | undefined> {
    this.#deadlines.sweep()
    return this.#outcomes.get(id)
  }

  async settled(id: string, waitMs: number, until: 'claimed' | 'settled' = 'settled'): Promise<OutcomeRecord | undefined> {
    this.#deadlines.sweep()
    const done = () => {
      const record = this.#outcomes.get(id)
      return record === undefined || record.outcome !== 'waiting' || (until === 'claimed' && record.claimed)
    }
    if (done() || waitMs <= 0 || this.#closed) return this.#outcomes.get(id)
    return new Promise((resolve) => {
      const finish = () => {
        this.#deadlines.cancel(deadline)
        stop()
        resolve(this.#outcomes.get(id))
      }
      const deadline = this.#deadlines.set(this.#now() + waitMs, finish)
      const stop = this.#outcomes.listen(id, () => {
        if (done()) finish()
      })
    })
  }

  async withdraw(id: string): Promise<boolean> {
    this.#deadlines.sweep()
    const item = this.#items.get(id)
    return item !== undefined && this.#step(item, 'withdraw', 'withdrawn')
  }

  async figures(): Promise<CoreFigures> {
    this.#deadlines.sweep()
    const waiting: Record<MailboxAddress, number> = {}
    for (const { address, queue } of this.#mailboxes.values()) {
      const name = REPLY_ADDRESS.test(address) ? 'reply' : address
      waiting[name] = (waiting[name] ?? 0) + queue.length
    }
    const { mailboxes: _mailboxes, ...sizes } = this.stats()
    return { adapter: 'memory', state: 'ok', maxBytes: this.#options.maxBytes, ...sizes, waiting }
  }

  async drain(withinMs: number): Promise<void> {
    this.#draining = true
    for (const mailbox of this.#mailboxes.values()) for (const waiter of [...mailbox.waiters]) this.#endWait(mailbox, waiter, undefined)
    const untilMs = this.#now() + withinMs
    while (this.#items.size > 0 && this.#now() < untilMs)
      await new Promise<void>((resolve) => {
        this.#deadlines.set(Math.min(untilMs, this.#now() + DRAIN_LOOK_MS), resolve)
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const mailbox of this.#mailboxes.values()) for (const waiter of [...mailbox.waiters]) this.#endWait(mailbox, waiter, undefined)
    for (const item of [...this.#items.values()]) if (!this.#step(item, 'withdraw', 'closed')) this.#settle(item, 'unknown')
    this.#deadlines.close()
    this.#mailboxes.clear()
  }

  stats() {
    return {
      bytes: this.#budget.bytes,
      envelopes: this.#items.size,
      mailboxes: this.#mailboxes.size,
      waiters: this.#waiters,
      outcomes: this.#outcomes.size,
    }
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }

  /** Sweeps first, so that nobody meets a mailbox or an envelope that is over. */
  #mailbox(address: MailboxAddress): Mailbox {
    this.#deadlines.sweep()
    const mailbox = this.#mailboxes.get(address)
    if (mailbox === undefined || this.#closed) throw new CoreError('unknown', 'There is no such mailbox.')
    return mailbox
  }

  #addMailbox(address: MailboxAddress, owner: string, policy: MailboxPolicy): Mailbox {
    const mailbox: Mailbox = { address, owner, policy, queue: [], waiters: new Set(), dies: undefined }
    this.#mailboxes.set(address, mailbox)
    return mailbox
  }

  #assertAcceptable(envelope: StoredEnvelope, mailbox: Mailbox): void {
    const { id, ttlSeconds, replyTo, sender } = envelope
    const maxTtl = Math.max(MAX_TTL_SECONDS, mailbox.policy.ttlSeconds)
    if (!ID.test(id) || !(ttlSeconds >= 1 && ttlSeconds <= maxTtl))
      throw new CoreError('invalid', 'Id or life of the envelope is not acceptable.')
    if (this.#items.has(id) || this.#outcomes.get(id) !== undefined) throw new CoreError('duplicate', 'This id was used before.')
    if (replyTo === undefined) return
    if (!REPLY_ADDRESS.test(replyTo)) throw new CoreError('invalid', 'The reply mailbox is malformed.')
    if (this.#mailboxes.has(replyTo)) throw new CoreError('duplicate', 'The reply mailbox was named before.')
    if ((this.#replyCounts.get(sender) ?? 0) >= this.#options.maxReplyMailboxesPerSender)
      throw new CoreError('quota', 'Too many reply mailboxes.')
  }

  #openReply(address: MailboxAddress, owner: string, deadlineMs: number): void {
    const mailbox = this.#addMailbox(address, owner, { ttlSeconds: MAX_TTL_SECONDS, handover: 'at-most-once' })
    this.#replyCounts.set(owner, (this.#replyCounts.get(owner) ?? 0) + 1)
    mailbox.dies = this.#deadlines.set(deadlineMs + REPLY_GRACE_SECONDS * 1000, () => {
      for (const waiter of [...mailbox.waiters]) this.#endWait(mailbox, waiter, undefined)
      for (const item of [...mailbox.queue]) this.#expire(item)
      this.#mailboxes.delete(address)
      const left = (this.#replyCounts.get(owner) ?? 1) - 1
      if (left > 0) this.#replyCounts.set(owner, left)
      else this.#replyCounts.delete(owner)
    })
  }

  #serve(mailbox: Mailbox): void {
    for (const waiter of mailbox.waiters) {
      const item = this.#nextOf(mailbox)
      if (item === undefined) return
      this.#endWait(mailbox, waiter, this.#claim(item, waiter.leaseMs))
    }
  }

  #endWait(mailbox: Mailbox, waiter: Waiter, claim: Claim | undefined): void {
    if (!mailbox.waiters.delete(waiter)) return
    this.#waiters -= 1
    waiter.end()
    waiter.resolve(claim)
  }

  /** The clock decides here, not the timer: what is over is settled instead of handed out. */
  #nextOf(mailbox: Mailbox): Item | undefined {
    for (let item = mailbox.queue[0]; item !== undefined; item = mailbox.queue[0]) {
      if (this.#now() < item.deadlineMs) return item
      this.#expire(item)
    }
    return undefined
  }

  #takeChosen(mailbox: Mailbox, id: string, leaseMs: number | undefined): Claim | undefined {
    const item = this.#items.get(id)
    if (item === undefined || item.mailbox !== mailbox || !isAvailable(item.state)) return undefined
    if (this.#now() < item.deadlineMs) return this.#claim(item, leaseMs)
    this.#expire(item)
    return undefined
  }

  #claim(item: Item, wishedLeaseMs?: number): Claim {
    const { mailbox, envelope } = item
    const { handover, leaseSeconds } = mailbox.policy
    this.#step(item, 'claim')
    const leaseMs = Math.min(wishedLeaseMs ?? (leaseSeconds ?? LEASE_SECONDS) * 1000, MAX_LEASE_MS)
    const heldMs = handover === 'at-most-once' ? this.#options.handoverSeconds * 1000 : leaseMs
    const deadline = this.#deadlines.set(this.#now() + heldMs, () => this.#giveBack(item, 'overdue'))
    item.handover = deadline
    const end = (step: () => boolean) => {
      this.#deadlines.sweep()
      if (item.handover !== deadline || !step()) throw new CoreError('gone', 'This hand-over is over.')
    }
    return {
      envelope,
      remainingMs: item.deadlineMs - this.#now(),
      ...(handover === 'lease-and-confirm' ? { leaseMs } : {}),
      confirm: async () => end(() => this.#step(item, 'confirm')),
      refuse: async (code) => end(() => this.#step(item, 'refuse', code)),
      broken: async () => end(() => this.#giveBack(item, 'broken')),
    }
  }

  #giveBack(item: Item, event: 'broken' | 'overdue'): boolean {
    if (!this.#step(item, event)) return false
    if (item.state !== 'returned') return true
    item.mailbox.queue.unshift(item)
    if (this.#now() >= item.deadlineMs) this.#expire(item)
    else {
      item.deadline = this.#deadlines.set(item.deadlineMs, () => this.#expire(item))
      this.#serve(item.mailbox)
    }
    return true
  }

  #expire(item: Item): void {
    this.#step(item, 'expire')
  }

  /** The only place where a state changes. false: the event cannot happen here. */
  #step(item: Item, event: Event, reason?: string): boolean {
    const state = next(item.state, event, item.mailbox.policy.handover)
    if (state === undefined) return false
    if (isAvailable(item.state)) {
      this.#deadlines.cancel(item.deadline)
      item.deadline = undefined
      const { queue } = item.mailbox
      if (queue[0] === item) queue.shift()
      else item.mailbox.queue = queue.filter((other) => other !== item)
    }
    this.#deadlines.cancel(item.handover)
    item.handover = undefined
    if (event === 'claim') item.claimed = true
    if (state === 'returned') item.claimed = false
    if (isSettled(state)) this.#settle(item, state, reason)
    else {
      item.state = state
      this.#record(item)
    }
    return true
  }

  #settle(item: Item, state: State, reason?: string): void {
    item.state = state
    item.claimed ||= state === 'unknown'
    this.#items.delete(item.envelope.id)
    item.envelope.body.fill(0)
    item.holding.release()
    this.#record(item, reason)
  }

  #record(item: Item, reason?: string): void {
    const { id, sender } = item.envelope
    this.#outcomes.write(id, sender, outcomeOf(item.state), item.claimed, this.#options.clock.now(), reason)
  }
}
