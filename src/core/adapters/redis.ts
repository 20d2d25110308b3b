// SPDX-License-Identifier: EUPL-1.2
/**
 * The core in Redis or Valkey: several nodes share what waits, and each promise of the port holds between them.
 *
 *   node 1 ── put ──►  mailbox, envelope, deadline  ◄── take ── node 2        every step one script, atomic, by the server's clock
 *      ▲                        │
 *      └──── called by channel ─┴─ something waits · claimed · settled
 *
 * Nothing is handed out twice: the claim takes the bytes away in the script that finds them. After a restart or a fail-over nothing that
 * was put before is handed out; the node that accepted it reports `unknown`. While the server is away, calls fail at once and nothing waits
 * for it. See docs/adr/0011-core-in-redis.md.
 * @module
 */
import type { Clock } from '../../env.js'
import { CoreError } from '../errors.js'
import type {
  Claim,
  Core,
  CoreFigures,
  HeldClaim,
  MailboxAddress,
  MailboxPolicy,
  Once,
  OutcomeRecord,
  Reservation,
  StoredEnvelope,
  TakeChoice,
} from '../ports.js'
import { assertEnvelope, leaseMsOf, publicName } from '../rules.js'
import type { StartTimer } from '../ttl.js'
import { Deadlines } from '../ttl.js'
import { Watch } from '../watch.js'
import { Calls, places, text, type Places } from './redis-calls.js'
import { Claims, type Ending } from './redis-claim.js'
import { Fates, readRecord } from './redis-fates.js'
import { NO_SUMS, sumsOf } from './redis-figures.js'
import { AnswerLost, RedisLink } from './redis-link.js'
import { Mailboxes } from './redis-mailboxes.js'
import { onceLimits, RedisOnce } from './redis-once.js'
import type { RedisCoreOptions } from './redis-options.js'
import { Put, roomName } from './redis-put.js'
import { Replies } from './redis-replies.js'
import { Room } from './redis-room.js'
import { redisScript } from './redis-scripts.js'
import { Sweeper } from './redis-sweeper.js'
import { Takers, type Look } from './redis-takers.js'
import { Told } from './redis-told.js'
import { startTimer as systemTimer, systemClock } from './timers.js'

export type { RedisCoreOptions } from './redis-options.js'

/** Mailboxes are opened anew every so many beats. */
const REOPEN_BEATS = 60
/** Name of what a node that ends watches: hand-overs and waits here. */
const WORK = 'work'
/** Any mailbox's longest life; the server knows the mailbox's own. */
const ANY_MAILBOX = { ttlSeconds: 3600, handover: 'at-most-once' } as const

export interface RedisCore extends Core {
  held(id: string): Promise<HeldClaim | undefined>
  /** Nothing is under way to the server. */
  idle(): Promise<void>
  /** Shared by all nodes of this core. */
  readonly once: Once
}

/** Connects, and opens the node. @throws {CoreError} full: the server cannot be reached, or is none that may be written to */
export async function openRedisCore(options: RedisCoreOptions): Promise<RedisCore> {
  const core = new InRedis(options)
  await core.start()
  return core
}

class InRedis implements RedisCore {
  readonly once: RedisOnce
  readonly #options: RedisCoreOptions
  readonly #clock: Clock
  readonly #startTimer: StartTimer
  readonly #deadlines: Deadlines
  readonly #link: RedisLink
  readonly #places: Places
  readonly #calls: Calls
  readonly #takers: Takers
  readonly #told: Told
  readonly #claims: Claims
  readonly #fates: Fates
  readonly #mailboxes: Mailboxes
  readonly #room: Room
  readonly #put: Put
  readonly #sweeper: Sweeper
  readonly #replies = new Replies()
  readonly #work: Watch
  #tokens = 0
  #beats = 0
  #draining = false
  #closed = false

  constructor(options: RedisCoreOptions) {
    const { prefix, cluster, node } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#startTimer = options.startTimer ?? systemTimer
    const nowMs = () => this.#clock.monotonicMs()
    this.#deadlines = new Deadlines(nowMs, this.#startTimer)
    this.#work = new Watch(this.#deadlines)
    const onEnd = () => this.#work.changed(WORK)
    this.#places = places(prefix, cluster)
    this.#link = new RedisLink({
      commandMs: 2000,
      ...options,
      script: redisScript(options, cluster, onceLimits(this.#places.tags.length)),
    })
    this.#calls = new Calls(this.#link, node, options.nowMs, (said, tag) => this.#fates.said(said, tag))
    this.once = new RedisOnce(this.#calls, this.#places, this.#clock)
    this.#claims = new Claims({ calls: this.#calls, deadlines: this.#deadlines, nowMs, handoverMs: options.handoverSeconds * 1000, onEnd })
    this.#told = new Told(options.observe)
    this.#fates = new Fates({
      calls: this.#calls,
      nowMs,
      journal: options.journal,
      observe: (event) => this.#told.tell(event),
      onReturned: (mailbox) => this.#takers.call(mailbox),
      onSettled: (id) => {
        if (cluster) void this.#calls.run('release', this.#places.room, [roomName(id)]).catch(() => undefined)
      },
    })
    this.#takers = new Takers({
      deadlines: this.#deadlines,
      nowMs,
      maxWaiters: options.maxWaiters,
      look: (address, leaseMs, waitMs, isWanted) => this.#look(address, '', leaseMs, waitMs, isWanted),
      onEnd,
    })
    this.#mailboxes = new Mailboxes(this.#calls, this.#places, options)
    this.#room = new Room(this.#calls, this.#places, node, options)
    this.#put = new Put(this.#calls, this.#link, this.#places, options)
    this.#sweeper = new Sweeper(this.#calls, this.#places.tags, nowMs, this.#startTimer, () => this.#onBeat())
  }

  async start(): Promise<void> {
    this.#link.onUp = () => this.#onUp()
    this.#link.onListening = () => this.#lookAgain()
    this.#link.onMessage = (message) => this.#onMessage(message)
    const channels = this.#places.tags.map((tag) => `${tag}:n:${this.#options.node}`)
    await this.#link.start(channels, this.#options.connectMs ?? 10_000, this.#startTimer).catch((error: unknown) => {
      this.#link.close()
      throw error
    })
    for (const { id, sender } of this.#options.journal?.open() ?? [])
      this.#fates.accept(id, sender, (await this.#tagOfId(id)) ?? (await this.#search(id)), 0)
    await this.#fates.ask(true).catch(() => undefined)
    this.#sweeper.start()
  }

  openMailbox(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void> {
    return this.#mailboxes.open(address, owner, policy)
  }

  owner(address: MailboxAddress): Promise<string | undefined> {
    return this.#mailboxes.owner(address)
  }

  async reserve(to: MailboxAddress, sender: string, bytes: number): Promise<Reservation> {
    await this.#assertTakesPuts(to)
    return this.#room.reserve(to, sender, bytes, this.#mailboxes.limitsOf(to))
  }

  async put(envelope: StoredEnvelope, reservation?: Reservation): Promise<void> {
    const { id, to, sender, ttlSeconds, body } = envelope
    const tag = this.#places.tagOf(to)
    const event = { kind: 'put', id, mailbox: publicName(to), bytes: body.length } as const
    try {
      const held = this.#room.use(reservation, to, sender)
      let lifeMs = ttlSeconds * 1000
      let isNew = false
      try {
        await this.#assertTakesPuts(to)
        assertEnvelope(envelope, ANY_MAILBOX)
        isNew = this.#fates.accept(id, sender, tag, lifeMs)
        if (envelope.replyTo !== undefined) this.#replies.asked(envelope.replyTo, id, this.#clock.monotonicMs() + lifeMs)
        this.#told.begin(event)
        lifeMs = await this.#put.put(envelope, held)
        held?.end()
      } catch (error) {
        // Nobody knows whether it lies there. It counts as accepted: what became of it will be asked, and told.
        if (!(error instanceof AnswerLost)) {
          if (isNew) this.#fates.forget(id)
          this.#told.forget(event)
          held?.release()
          throw error
        }
        held?.end()
      }
      this.#told.done(id)
      this.#sweeper.arm(tag, lifeMs)
      this.#takers.call(to)
      // somebody may have been faster: then it is settled, and open no more
      if (this.#fates.senderOf(id) !== undefined) await this.#options.journal?.accepted(id, sender)
    } finally {
      body.fill(0)
    }
  }

  async take(from: MailboxAddress, waitMs: number, signal?: AbortSignal, choice: TakeChoice = {}): Promise<Claim | undefined> {
    if (this.#closed) throw new CoreError('unknown', 'There is no such mailbox.')
    if (signal?.aborted === true) return undefined
    const leaseMs = choice.leaseMs === undefined ? undefined : leaseMsOf(ANY_MAILBOX, choice.leaseMs)
    if (choice.id !== undefined) return (await this.#look(from, choice.id, leaseMs, 0, () => true)).claim
    if (!this.#draining || (waitMs > 0 && (await this.#isExpected(from)))) return this.#takers.take(from, waitMs, signal, leaseMs)
    const claim = await this.#takers.take(from, 0, signal, leaseMs)
    if (claim === undefined && waitMs > 0) throw new CoreError('full', 'This node is about to stop.')
    return claim
  }

  async outcome(id: string): Promise<OutcomeRecord | undefined> {
    return this.#record(id, false)
  }

  async settled(
    id: string,
    waitMs: number,
    until: 'claimed' | 'settled' = 'settled',
    signal?: AbortSignal,
  ): Promise<OutcomeRecord | undefined> {
    const untilMs = this.#clock.monotonicMs() + waitMs
    const isOver = () => this.#closed || signal?.aborted === true || this.#clock.monotonicMs() >= untilMs
    const watch = this.#fates.watch(id)
    try {
      let record = await this.#record(id, waitMs > 0)
      while (record?.outcome === 'waiting' && !(until === 'claimed' && record.claimed) && !isOver()) {
        await watch.change(untilMs, this.#deadlines, signal)
        // while the server is away, what was known is known
        record = await this.#record(id, true).catch(() => record)
      }
      return record
    } finally {
      watch.end()
    }
  }

  async held(id: string): Promise<HeldClaim | undefined> {
    const tag = await this.#tagOfId(id)
    if (tag === undefined) return undefined
    const [token, from] = await this.#calls.run('held', tag, [id])
    if (text(token) === '' || text(token).startsWith(`${this.#options.node} `)) return undefined
    const end = async (ending: Ending, reason: string): Promise<void> => {
      await this.#calls.run('finish', tag, [id, text(token), ending, reason])
    }
    return { from: text(from), confirm: () => end('confirm', ''), refuse: (code) => end('refuse', code), broken: () => end('broken', '') }
  }

  async withdraw(id: string): Promise<boolean> {
    const tag = await this.#tagOfId(id)
    if (tag === undefined) return false
    const [isInTime] = await this.#calls.run('withdraw', tag, [id, 'withdrawn'])
    return Number(isInTime) === 1
  }

  async figures(): Promise<CoreFigures> {
    const here = { adapter: 'redis', maxBytes: this.#options.maxBytes, waiters: this.#takers.count } as const
    try {
      await this.#sweeper.all()
      const sums = await sumsOf(this.#calls, this.#places.tags)
      return { ...here, state: this.#link.remarks.some((remark) => remark !== 'may-evict') ? 'persists' : 'ok', ...sums }
    } catch {
      return { ...here, state: 'away', ...NO_SUMS }
    }
  }

  async drain(withinMs: number): Promise<void> {
    this.#draining = true
    const untilMs = this.#clock.monotonicMs() + withinMs
    const waited = this.#takers.addresses
    const isExpected = await Promise.all(waited.map((address) => this.#isExpected(address)))
    const expected = new Set(waited.filter((_, index) => isExpected[index]))
    this.#takers.endWaits((address) => !expected.has(address))
    const isDone = (): boolean => this.#claims.count === 0 && this.#takers.count === 0
    if (!isDone()) await this.#work.until(WORK, untilMs, isDone)
    this.#takers.endWaits(() => true)
  }

  /** What waits stays where it is, for the other nodes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#draining = true
    this.#takers.endWaits(() => true)
    this.#fates.changedAll()
    this.#sweeper.close()
    await this.#claims.endAll()
    await this.#calls.idle()
    this.#deadlines.close()
    this.#link.close()
  }

  idle(): Promise<void> {
    return this.#calls.idle()
  }

  async #assertTakesPuts(to: MailboxAddress): Promise<void> {
    if (this.#draining && !(await this.#isExpected(to))) throw new CoreError('full', 'This node is about to stop.')
  }

  /** A request that was handed out gets its answer, even when this node is about to stop. */
  async #isExpected(address: MailboxAddress): Promise<boolean> {
    if (this.#replies.isExpected(address)) return true
    const id = this.#replies.requestOf(address)
    const record = id === undefined ? undefined : await this.#record(id, false).catch(() => undefined)
    return record?.claimed === true
  }

  async #look(from: MailboxAddress, id: string, leaseMs: number | undefined, waitMs: number, isWanted: () => boolean): Promise<Look> {
    const tag = this.#places.tagOf(from)
    this.#tokens += 1
    const token = `${this.#options.node} ${this.#tokens}`
    const { values, body } = await this.#calls.take(tag, token, [from, id, leaseMs ?? -1, Math.ceil(waitMs)], isWanted)
    if (body === undefined) return Number(values[1]) < 0 ? {} : { diesInMs: Number(values[1]) }
    const claim = this.#claims.begin(from, tag, token, values, body)
    const { envelope, remainingMs } = claim
    if (envelope.replyTo !== undefined) this.#replies.expect(envelope.replyTo, this.#clock.monotonicMs() + remainingMs)
    this.#told.tell({ kind: 'claimed', id: envelope.id, mailbox: publicName(from), dwellMs: Number(values[5]) })
    if (claim.leaseMs !== undefined) this.#sweeper.arm(tag, claim.leaseMs)
    this.#fates.changed(envelope.id)
    return { claim }
  }

  async #record(id: string, watch: boolean): Promise<OutcomeRecord | undefined> {
    if (this.#options.journal?.get(id) !== undefined) return this.#own(id)
    const tag = await this.#tagOfId(id)
    if (tag === undefined) return undefined
    const [stored] = await this.#calls.run('look', tag, [id, watch ? '1' : ''])
    if (text(stored) !== '') return (await this.#own(id)) ?? readRecord(id, text(stored))
    // a server that was lost knows nothing of it; that it is accepted stands, and what became of it will be told
    const sender = this.#fates.senderOf(id)
    return sender === undefined ? undefined : { id, outcome: 'waiting', claimed: false, at: this.#clock.now().toISOString(), sender }
  }

  /** Of this node's chain. Nobody is told what another life might contradict. */
  async #own(id: string): Promise<OutcomeRecord | undefined> {
    const record = this.#options.journal?.get(id)
    if (record !== undefined) await this.#options.journal?.saved()
    return record
  }

  async #tagOfId(id: string): Promise<string | undefined> {
    const { tags, indexKey } = this.#places
    return tags.length === 1 ? tags[0] : (this.#fates.tagOf(id) ?? this.#link.get(indexKey(id)))
  }

  /** Where the server of the index was lost. Nowhere: any partition can say so. */
  async #search(id: string): Promise<string> {
    const { tags } = this.#places
    for (const tag of tags) {
      const [stored] = await this.#calls.run('look', tag, [id, ''])
      if (text(stored) !== '') return tag
    }
    return tags[0] ?? ''
  }

  #onMessage(message: string): void {
    const [kind, subject = ''] = message.split(' ', 2)
    if (kind === 'w') this.#takers.call(subject)
    else this.#fates.heard(subject, kind === 'o')
  }

  /** Everything may be new behind this connection. */
  async #onUp(): Promise<void> {
    await Promise.all([this.once.teach(), this.#mailboxes.reopen()])
    await this.#claims.sayAgain()
    await this.#fates.ask(true)
    this.#lookAgain()
  }

  #lookAgain(): void {
    this.#takers.callAll()
    this.#fates.changedAll()
  }

  #onBeat(): void {
    this.#beats += 1
    this.#replies.forget(this.#clock.monotonicMs())
    void this.#fates.ask(false).catch(() => undefined)
    if (this.#beats % REOPEN_BEATS === 0) void this.#mailboxes.reopen().catch(() => undefined)
  }
}
