// SPDX-License-Identifier: EUPL-1.2
/**
 * The embedded core: envelopes only in this process's memory, nothing of them on disk; what became of them is the journal's.
 *
 * Every decision is made in one synchronous step, which is what makes a claim atomic here. Who reads looks at the clock first: a timer
 * that comes late hands nothing out.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../env.js'
import type { Holding } from '../budget.js'
import { Budget } from '../budget.js'
import { CoreError } from '../errors.js'
import { memoryJournal } from '../outcomes.js'
import type {
  Claim,
  Core,
  CoreFigures,
  CoreObserver,
  MailboxAddress,
  MailboxPolicy,
  OutcomeJournal,
  OutcomeRecord,
  Reservation,
  StoredEnvelope,
  TakeChoice,
} from '../ports.js'
import { assertEnvelope, assertMailbox, leaseMsOf, publicName } from '../rules.js'
import type { Event, State } from '../states.js'
import { isAvailable, isSettled, next, outcomeOf } from '../states.js'
import type { Deadline, StartTimer } from '../ttl.js'
import { Deadlines } from '../ttl.js'
import { Watch } from '../watch.js'
import { MEMORY_CORE_LIMITS, type MemoryCoreLimits } from './memory-limits.js'
import type { Mailbox } from './memory-mailboxes.js'
import { Mailboxes } from './memory-mailboxes.js'
import { startTimer as systemTimer } from './timers.js'

export { MEMORY_CORE_LIMITS, type MemoryCoreLimits } from './memory-limits.js'

export interface MemoryCoreOptions extends Partial<MemoryCoreLimits> {
  readonly clock: Clock
  readonly startTimer?: StartTimer
  /** Where outcomes are kept, bounded by its own limits; whoever opened it closes it, after the core. Default: in memory, a new chain. */
  readonly journal?: OutcomeJournal
  readonly observe?: CoreObserver
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
  readonly mailbox: Mailbox<Item>
  readonly putAtMs: number
  readonly deadlineMs: number
  readonly holding: Holding
  state: State
  /** Handed to somebody, and not given back by a lease. */
  claimed: boolean
  /** Wall clock of the last change. */
  at: Date
  /** While it lies there, its deadline; while it is leased, the end of its bytes. */
  deadline: Deadline | undefined
  handover: Deadline | undefined
}

export function memoryCore(options: MemoryCoreOptions): MemoryCore {
  const limits = { ...MEMORY_CORE_LIMITS, ...options }
  const journal = options.journal ?? memoryJournal({ ...limits, node: randomUUID() })
  return new InMemory({ startTimer: systemTimer, observe: () => undefined, ...limits, journal })
}

class InMemory implements MemoryCore {
  readonly #options: Required<MemoryCoreOptions>
  readonly #journal: OutcomeJournal
  readonly #deadlines: Deadlines
  readonly #budget: Budget
  readonly #watch: Watch
  readonly #mailboxes: Mailboxes<Item>
  readonly #items = new Map<string, Item>()
  readonly #holdings = new WeakMap<Reservation, Holding>()
  /** Ends of the drains that wait for the last envelope. */
  readonly #drains = new Set<() => void>()
  #draining = false
  #closed = false

  constructor(options: Required<MemoryCoreOptions>) {
    this.#options = options
    this.#journal = options.journal
    this.#deadlines = new Deadlines(() => options.clock.monotonicMs(), options.startTimer)
    this.#budget = new Budget(options)
    this.#watch = new Watch(this.#deadlines)
    this.#mailboxes = new Mailboxes({
      ...options,
      deadlines: this.#deadlines,
      expire: (item) => this.#expire(item),
      onLeft: () => this.#lookDrained(),
    })
    // of an earlier life: that it ended says nothing of what its takers did
    for (const { id, sender } of [...this.#journal.open()])
      this.#journal.settled({ id, outcome: 'unknown', claimed: true, at: options.clock.now().toISOString(), sender })
  }

  async openMailbox(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void> {
    assertMailbox(address, policy)
    this.#deadlines.sweep()
    this.#mailboxes.open(address, owner, policy, (mailbox) => [...this.#items.values()].some((item) => item.mailbox === mailbox))
  }

  async owner(address: MailboxAddress): Promise<string | undefined> {
    this.#deadlines.sweep()
    return this.#mailboxes.get(address)?.owner
  }

  async reserve(to: MailboxAddress, sender: string, bytes: number): Promise<Reservation> {
    const { policy } = this.#puttable(to)
    const holding = this.#budget.hold(to, sender, bytes, policy)
    // used up, the room is the envelope's, which may lie here for longer than whoever reserved it waits
    const release = () => this.#holdings.delete(reservation) && holding.release()
    const reservation: Reservation = { grow: (toBytes) => holding.grow(toBytes), release }
    this.#holdings.set(reservation, holding)
    return reservation
  }

  async put(envelope: StoredEnvelope, reservation?: Reservation): Promise<void> {
    const item = this.#enter(envelope, reservation)
    const stands = this.#journal.accepted(envelope.id, envelope.sender)
    this.#serve(item.mailbox)
    try {
      await stands
    } catch {
      // what somebody has already cannot be taken back: then its sender must not put it again
      if (this.#step(item, 'withdraw', 'not-recorded')) throw new CoreError('full', 'The core cannot record anything at the moment.')
    }
  }

  /** All of it, or nothing. */
  #enter(envelope: StoredEnvelope, reservation: Reservation | undefined): Item {
    let holding = reservation === undefined ? undefined : this.#holdings.get(reservation)
    if (reservation !== undefined) this.#holdings.delete(reservation)
    try {
      const { id, to, sender, replyTo, ttlSeconds, body } = envelope
      const mailbox = this.#puttable(to)
      assertEnvelope(envelope, mailbox.policy)
      if (this.#items.has(id) || this.#journal.get(id) !== undefined) throw new CoreError('duplicate', 'This id was used before.')
      if (replyTo !== undefined) this.#mailboxes.assertReplyOpens(replyTo, sender)
      holding ??= this.#budget.hold(to, sender, body.length, mailbox.policy)
      if (holding.to !== to || holding.sender !== sender) throw new CoreError('invalid', 'The reservation is for another envelope.')
      holding.grow(body.length)
      const putAtMs = this.#now()
      const deadlineMs = Math.min(putAtMs + ttlSeconds * 1000, mailbox.dies?.atMs ?? Infinity)
      if (replyTo !== undefined) this.#mailboxes.openReply(replyTo, sender, deadlineMs)
      const at = this.#options.clock.now()
      const fresh = { state: 'waiting', claimed: false, at, deadline: undefined, handover: undefined } as const
      const item: Item = { envelope, mailbox, putAtMs, deadlineMs, holding, ...fresh }
      this.#items.set(id, item)
      item.deadline = this.#deadlines.set(deadlineMs, () => this.#expire(item))
      mailbox.queue.push(item)
      this.#options.observe({ kind: 'put', id, mailbox: publicName(to), bytes: body.length })
      return item
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
    if (this.#draining && !mailbox.expected) throw new CoreError('full', 'This node is about to stop.')
    return this.#mailboxes.wait(mailbox, this.#now() + waitMs, signal, choice.leaseMs)
  }

  async outcome(id: string): Promise<OutcomeRecord | undefined> {
    this.#deadlines.sweep()
    return this.#record(id)
  }

  async settled(
    id: string,
    waitMs: number,
    until: 'claimed' | 'settled' = 'settled',
    signal?: AbortSignal,
  ): Promise<OutcomeRecord | undefined> {
    this.#deadlines.sweep()
    const done = () => {
      const item = this.#items.get(id)
      return item === undefined || (until === 'claimed' && item.claimed)
    }
    if (!done() && waitMs > 0) await this.#watch.until(id, this.#now() + waitMs, done, signal)
    return this.#record(id)
  }

  async withdraw(id: string): Promise<boolean> {
    this.#deadlines.sweep()
    const item = this.#items.get(id)
    return item !== undefined && this.#step(item, 'withdraw', 'withdrawn') && item.state === 'refused'
  }

  async figures(): Promise<CoreFigures> {
    this.#deadlines.sweep()
    const waiting: Record<MailboxAddress, number> = {}
    for (const { address, queue } of this.#mailboxes.values()) {
      const name = publicName(address)
      waiting[name] = (waiting[name] ?? 0) + queue.length
    }
    const { mailboxes: _mailboxes, ...sizes } = this.stats()
    return { adapter: 'memory', state: 'ok', maxBytes: this.#options.maxBytes, ...sizes, waiting }
  }

  async drain(withinMs: number): Promise<void> {
    this.#draining = true
    this.#mailboxes.endWaits(({ expected }) => !expected)
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#deadlines.cancel(deadline)
        this.#drains.delete(end)
        resolve()
      }
      const deadline = this.#deadlines.set(this.#now() + withinMs, end)
      this.#drains.add(end)
      this.#lookDrained()
    })
    this.#mailboxes.endWaits(() => true)
  }

  /** Nothing lies here, nobody holds anything, nobody waits for an answer. */
  #lookDrained(): void {
    if (this.#items.size === 0 && this.#mailboxes.waiters === 0) for (const end of [...this.#drains]) end()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#mailboxes.endWaits(() => true)
    for (const item of [...this.#items.values()]) this.#step(item, 'close', 'closed')
    this.#deadlines.close()
    this.#mailboxes.clear()
  }

  stats() {
    return {
      bytes: this.#budget.bytes,
      envelopes: this.#items.size,
      mailboxes: this.#mailboxes.size,
      waiters: this.#mailboxes.waiters,
      outcomes: this.#items.size + this.#journal.size,
    }
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }

  /** Sweeps first, so that nobody meets a mailbox or an envelope that is over. */
  #mailbox(address: MailboxAddress): Mailbox<Item> {
    this.#deadlines.sweep()
    const mailbox = this.#mailboxes.get(address)
    if (mailbox === undefined || this.#closed) throw new CoreError('unknown', 'There is no such mailbox.')
    return mailbox
  }

  #puttable(address: MailboxAddress): Mailbox<Item> {
    const mailbox = this.#mailbox(address)
    if (this.#draining && !mailbox.expected) throw new CoreError('full', 'This node is about to stop.')
    return mailbox
  }

  #serve(mailbox: Mailbox<Item>): void {
    for (const waiter of mailbox.waiters) {
      const item = this.#nextOf(mailbox)
      if (item === undefined) return
      this.#mailboxes.endWait(mailbox, waiter, this.#claim(item, waiter.leaseMs))
    }
  }

  /** The clock decides here, not the timer: what is over is settled instead of handed out. */
  #nextOf(mailbox: Mailbox<Item>): Item | undefined {
    for (let item = mailbox.queue[0]; item !== undefined; item = mailbox.queue[0]) {
      if (this.#now() < item.deadlineMs) return item
      this.#expire(item)
    }
    return undefined
  }

  #takeChosen(mailbox: Mailbox<Item>, id: string, leaseMs: number | undefined): Claim | undefined {
    const item = this.#items.get(id)
    if (item === undefined || item.mailbox !== mailbox || !isAvailable(item.state)) return undefined
    if (this.#now() < item.deadlineMs) return this.#claim(item, leaseMs)
    this.#expire(item)
    return undefined
  }

  #claim(item: Item, wishedLeaseMs: number | undefined): Claim {
    const { mailbox, envelope } = item
    this.#step(item, 'claim')
    const nowMs = this.#now()
    const transferMs = this.#options.handoverSeconds * 1000
    const leaseMs = item.state === 'leased' ? leaseMsOf(mailbox.policy, wishedLeaseMs) : undefined
    const handover = this.#deadlines.set(nowMs + (leaseMs ?? transferMs), () => this.#giveBack(item, 'overdue'))
    item.handover = handover
    // Nobody is handed it again after the deadline: a long lease keeps the outcome open, not the bytes.
    if (leaseMs !== undefined) item.deadline = this.#deadlines.set(Math.max(item.deadlineMs, nowMs + transferMs), () => wipe(item))
    const reply = envelope.replyTo === undefined ? undefined : this.#mailboxes.get(envelope.replyTo)
    if (reply !== undefined) reply.expected = true
    const end = (step: () => boolean) => {
      this.#deadlines.sweep()
      if (item.handover !== handover || !step()) throw new CoreError('gone', 'This hand-over is over.')
    }
    return {
      envelope,
      remainingMs: item.deadlineMs - nowMs,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      confirm: async () => end(() => this.#step(item, 'confirm')),
      refuse: async (code) => end(() => this.#step(item, 'refuse', code)),
      broken: async () => end(() => this.#giveBack(item, 'broken')),
    }
  }

  #giveBack(item: Item, event: 'broken' | 'overdue'): boolean {
    const lapses = item.state === 'leased' && this.#now() >= item.deadlineMs
    if (!this.#step(item, lapses ? 'lapse' : event)) return false
    if (item.state !== 'returned') return true
    item.mailbox.queue.unshift(item)
    item.deadline = this.#deadlines.set(item.deadlineMs, () => this.#expire(item))
    this.#serve(item.mailbox)
    return true
  }

  #expire(item: Item): void {
    this.#step(item, 'expire')
  }

  /** The only place where a state changes. false: the event cannot happen here. @param reason only of what is refused */
  #step(item: Item, event: Event, reason?: string): boolean {
    const { mailbox, envelope, state: from } = item
    const state = next(from, event, mailbox.policy.handover)
    if (state === undefined) return false
    if (isAvailable(from)) {
      const { queue } = mailbox
      if (queue[0] === item) queue.shift()
      else mailbox.queue = queue.filter((other) => other !== item)
    }
    this.#deadlines.cancel(item.deadline)
    this.#deadlines.cancel(item.handover)
    item.deadline = item.handover = undefined
    item.state = state
    item.at = this.#options.clock.now()
    item.claimed = state === 'claimed' || state === 'leased' || state === 'unknown' || (item.claimed && state !== 'returned')
    if (isSettled(state)) this.#settle(item, state === 'refused' ? reason : undefined)
    const told = { id: envelope.id, mailbox: publicName(mailbox.address) }
    const dwellMs = this.#now() - item.putAtMs
    if (isSettled(state)) this.#options.observe({ kind: 'settled', ...told, outcome: state, dwellMs })
    else if (state === 'returned') this.#options.observe({ kind: 'returned', ...told })
    else this.#options.observe({ kind: 'claimed', ...told, dwellMs })
    this.#watch.changed(envelope.id)
    return true
  }

  #settle(item: Item, reason: string | undefined): void {
    this.#journal.settled(recordOf(item, reason))
    this.#items.delete(item.envelope.id)
    item.envelope.body.fill(0)
    item.holding.release()
    this.#lookDrained()
  }

  async #record(id: string): Promise<OutcomeRecord | undefined> {
    const item = this.#items.get(id)
    if (item !== undefined) return recordOf(item, undefined)
    const record = this.#journal.get(id)
    if (record !== undefined) await this.#journal.saved()
    return record
  }
}

function recordOf({ envelope: { id, sender }, state, claimed, at }: Item, reason: string | undefined): OutcomeRecord {
  return { id, outcome: outcomeOf(state), claimed, at: at.toISOString(), sender, ...(reason === undefined ? {} : { reason }) }
}

function wipe(item: Item): void {
  item.deadline = undefined
  item.envelope.body.fill(0)
  item.holding.empty()
}
