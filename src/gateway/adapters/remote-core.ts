// SPDX-License-Identifier: EUPL-1.2
/**
 * The core of another Protektor, used over its HTTP interface as one of its participants.
 *
 *   gateway ── port Core ── this adapter ── Transport ──HTTP──► core API ── port Core ── memory or Redis
 *
 * Mailboxes, quotas and lives are the remote core's to decide; here is only what a caller must know: what was not done for certain is
 * `full`, what nobody can know is an error of its own, and never the one taken for the other.
 * Specs: product.md, "The core"; docs/adr/0012-long-polls.md.
 * @module
 */
import type { TakenEnvelope, TakeWish, Transport } from '../../client/ports.js'
import { TransportError } from '../../client/ports.js'
import { CORE_ERROR_STATUS, CoreError, type CoreErrorKind } from '../../core/errors.js'
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
} from '../../core/ports.js'
import type { Clock } from '../../env.js'
import { readHeader } from '../../envelope/header.js'
import { ProtektorError } from '../../errors.js'

export interface RemoteCoreOptions {
  readonly transport: Transport
  /** Our name at the remote core; also that of {@link StoredEnvelope.sender}. */
  readonly participant: string
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

const MAX_WAIT_SECONDS = 30
/** Between two questions, when less than a second is left or the core was away. */
const PAUSE_MS = 200
/** For this long after a call without answer nothing is begun: whoever waits with us gets his 503 at once. */
const AWAY_MS = 1000
const DRAIN_LOOK_MS = 50
/** A hand-over at most once that nobody ends is `unknown` there after this; see `TakeWish.confirm`. */
const HANDOVER_MS = 60_000

const isReply = (address: MailboxAddress): boolean => address.startsWith('reply.')

export function remoteCore(options: RemoteCoreOptions): Core {
  return new RemoteCore(options)
}

interface Wait {
  readonly mailbox: MailboxAddress
  readonly over: AbortController
}

/** A hand-over that has not ended, as far as we have heard. */
interface Held {
  /** Then it is over there, whatever is said here. */
  readonly untilMs: number
  readonly drop: () => void
  /** Its end is being said. */
  saying: Promise<unknown> | undefined
}

class RemoteCore implements Core {
  readonly #options: RemoteCoreOptions
  readonly #own = new Set<MailboxAddress>()
  readonly #waits = new Set<Wait>()
  readonly #claims = new Map<Claim, Held>()
  #awayUntilMs = -Infinity
  #draining = false

  constructor(options: RemoteCoreOptions) {
    this.#options = options
  }

  /** Opens nothing: asks whether a mailbox of ours is ours there as well, by taking what cannot be in it. A core that is away is believed. */
  async openMailbox(address: MailboxAddress, owner: string, _policy: MailboxPolicy): Promise<void> {
    if (owner !== this.#options.participant) return
    const id = Buffer.from(this.#options.random(18)).toString('base64url')
    try {
      await this.#options.transport.take(address, 0, undefined, { id })
    } catch (error) {
      if (!isAway(error)) throw this.#error(error)
    }
    this.#own.add(address)
  }

  /** Of our own mailboxes; who owns others is not told. */
  owner(address: MailboxAddress): Promise<string | undefined> {
    return Promise.resolve(this.#own.has(address) ? this.#options.participant : undefined)
  }

  /** Holds nothing: the bytes here are bounded by the overload guard, those there by the remote core when they come. */
  reserve(to: MailboxAddress): Promise<Reservation> {
    if (this.#draining && !isReply(to)) return Promise.reject(new CoreError('full', 'This node is about to stop.'))
    if (this.#now() < this.#awayUntilMs) return Promise.reject(new CoreError('full', 'The core cannot be reached at the moment.'))
    return Promise.resolve({ grow: () => undefined, release: () => undefined })
  }

  async put(envelope: StoredEnvelope): Promise<void> {
    const { id, to, replyTo, ttlSeconds, body } = envelope
    try {
      await this.reserve(to)
      await this.#options.transport.put({ id, to, ttlSeconds, body, ...(replyTo === undefined ? {} : { replyTo }) })
    } catch (error) {
      if (error instanceof CoreError) throw error
      // the call broke in the middle: putting again would be wrong, asking is not
      if (!isOpen(error) || (await this.outcome(id).catch(() => undefined)) === undefined) throw this.#error(error)
    } finally {
      body.fill(0)
    }
  }

  async take(from: MailboxAddress, waitMs: number, signal?: AbortSignal, choice: TakeChoice = {}): Promise<Claim | undefined> {
    const wish: TakeWish = {
      // the claim ends by our word, as at a core in the same process
      confirm: true,
      ...(choice.id === undefined ? {} : { id: choice.id }),
      ...(choice.leaseMs === undefined ? {} : { leaseSeconds: Math.max(1, Math.ceil(choice.leaseMs / 1000)) }),
    }
    const taken = await this.#waiting(from, choice.id === undefined ? waitMs : 0, signal, (seconds, over) =>
      this.#options.transport.take(from, seconds, over, wish),
    )
    return taken === undefined ? undefined : this.#claimOf(from, taken)
  }

  async outcome(id: string): Promise<OutcomeRecord | undefined> {
    return this.#record(await this.#asked(this.#options.transport.outcome(id, 0, 'settled')))
  }

  async settled(
    id: string,
    waitMs: number,
    until: 'claimed' | 'settled' = 'settled',
    signal?: AbortSignal,
  ): Promise<OutcomeRecord | undefined> {
    let last: OutcomeRecord | undefined
    const done = await this.#waiting('', waitMs, signal, async (seconds, over) => {
      last = this.#record(await this.#options.transport.outcome(id, seconds, until, over))
      const isDone = last === undefined || last.outcome !== 'waiting' || (until === 'claimed' && last.claimed)
      return isDone ? { last } : undefined
    })
    return done === undefined ? last : done.last
  }

  async withdraw(id: string): Promise<boolean> {
    return this.#asked(this.#options.transport.withdraw(id))
  }

  figures(): Promise<CoreFigures> {
    const state = this.#now() < this.#awayUntilMs ? 'away' : 'ok'
    const own = { bytes: 0, maxBytes: 0, envelopes: this.#held().length, waiters: this.#waits.size, outcomes: 0, waiting: {} }
    return Promise.resolve({ adapter: 'remote', state, ...own })
  }

  async drain(withinMs: number): Promise<void> {
    this.#draining = true
    this.#endWaits(({ mailbox }) => !isReply(mailbox) && mailbox !== '')
    const untilMs = this.#now() + withinMs
    while (this.#held().length + this.#waits.size > 0 && this.#now() < untilMs) await this.#options.sleep(DRAIN_LOOK_MS)
    this.#endWaits(() => true)
  }

  /** What is still held goes back; a core that is away finds out by itself. */
  async close(): Promise<void> {
    this.#draining = true
    this.#endWaits(() => true)
    const end = async ([claim, held]: [Claim, Held]): Promise<void> => {
      await held.saying?.catch(() => undefined)
      if (this.#claims.has(claim)) await claim.broken()
    }
    await Promise.allSettled(this.#held().map(end))
  }

  /** Those that are over there are dropped first. */
  #held(): [Claim, Held][] {
    const nowMs = this.#now()
    for (const { untilMs, drop } of this.#claims.values()) if (untilMs <= nowMs) drop()
    return [...this.#claims]
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }

  #endWaits(which: (wait: Wait) => boolean): void {
    for (const wait of this.#waits) if (which(wait)) wait.over.abort()
  }

  /**
   * Asks again until there is an answer or the time is over. The remote core waits in whole seconds; what is left of one is spent here.
   * A core that is away, full or about to stop for a moment is asked again, unless nobody wanted to wait.
   */
  async #waiting<T>(
    mailbox: MailboxAddress,
    waitMs: number,
    signal: AbortSignal | undefined,
    ask: (waitSeconds: number, over: AbortSignal) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const untilMs = this.#now() + waitMs
    const wait: Wait = { mailbox, over: new AbortController() }
    const onAbort = () => wait.over.abort()
    if (signal?.aborted === true) return undefined
    signal?.addEventListener('abort', onAbort)
    this.#waits.add(wait)
    try {
      for (;;) {
        const leftMs = untilMs - this.#now()
        const seconds = this.#draining && !isReply(mailbox) ? 0 : Math.min(MAX_WAIT_SECONDS, Math.max(0, Math.floor(leftMs / 1000)))
        let pauseMs = seconds > 0 ? 0 : PAUSE_MS
        try {
          const answer = await ask(seconds, wait.over.signal)
          if (answer !== undefined) return answer
        } catch (error) {
          if (wait.over.signal.aborted) return undefined
          const failed = this.#error(error)
          if (!(error instanceof TransportError) || !error.transient || leftMs <= 0) throw failed
          pauseMs = Math.max(PAUSE_MS, (error.retryAfterSeconds ?? 0) * 1000)
        }
        const restMs = untilMs - this.#now()
        if (restMs <= 0 || wait.over.signal.aborted) return undefined
        if (pauseMs > 0) await this.#options.sleep(Math.min(pauseMs, restMs), wait.over.signal)
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#waits.delete(wait)
    }
  }

  #claimOf(from: MailboxAddress, taken: TakenEnvelope): Claim {
    const { transport } = this.#options
    const { id, body, remainingMs, leaseMs, sender = '', replyTo } = taken
    const { ttlSeconds } = readHeader(body)
    const drop = (): void => {
      this.#claims.delete(claim)
      body.fill(0)
    }
    const end = async (call: () => Promise<void>): Promise<void> => {
      const held = this.#claims.get(claim)
      if (held === undefined || held.saying !== undefined) throw new CoreError('gone', 'This hand-over is over.')
      held.saying = this.#asked(call())
      try {
        await held.saying
      } catch (error) {
        held.saying = undefined
        // nobody knows whether it was said: whoever leases may say it again
        if (leaseMs !== undefined && isUnsaid(error)) throw error
        drop()
        // known there no longer: to us it is the same as too late
        throw error instanceof CoreError && error.kind === 'unknown' ? new CoreError('gone', 'This hand-over is over.') : error
      }
      drop()
    }
    const claim: Claim = {
      envelope: { id, to: from, sender, ttlSeconds, body, ...(replyTo === undefined ? {} : { replyTo }) },
      remainingMs,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      confirm: () => end(() => transport.confirm(id)),
      refuse: (code) => end(() => transport.refuse(id, code)),
      broken: () => end(() => transport.giveBack(id)),
    }
    this.#held()
    this.#claims.set(claim, { untilMs: this.#now() + (leaseMs ?? HANDOVER_MS), drop, saying: undefined })
    return claim
  }

  #record(outcome: Awaited<ReturnType<Transport['outcome']>>): OutcomeRecord | undefined {
    if (outcome === undefined) return undefined
    const { node, seq, prev, jws: _jws, ...facts } = outcome
    const link = node === undefined || seq === undefined || prev === undefined ? {} : { link: { node, seq, prev } }
    return { ...facts, ...link, sender: this.#options.participant }
  }

  async #asked<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      throw this.#error(error)
    }
  }

  /** In the words of the port. */
  #error(error: unknown): unknown {
    if (!(error instanceof TransportError)) return error
    if (isAway(error)) this.#awayUntilMs = this.#now() + AWAY_MS
    const kind = error.nothingSent ? 'full' : KINDS.get(error.status ?? 0)
    if (kind !== undefined) return new CoreError(kind, error.nothingSent ? 'The core cannot be reached at the moment.' : error.message)
    if (error.status === 401) return new ProtektorError('core.unknown-caller', 'The core does not know this gateway.', { cause: error })
    return new ProtektorError('core.no-answer', 'What became of a call to the core is not known.', { cause: error })
  }
}

const KINDS = new Map<number, CoreErrorKind>([
  ...(Object.entries(CORE_ERROR_STATUS) as [CoreErrorKind, number][]).map(([kind, status]) => [status, kind] as const),
  // `in-use` is said where mailboxes are opened, and nobody opens one over HTTP
  [409, 'duplicate'],
  [413, 'invalid'],
  [415, 'invalid'],
])

/** No answer at all. */
const isAway = (error: unknown): boolean => error instanceof TransportError && error.status === undefined

/** No answer, and something may have arrived. */
const isOpen = (error: unknown): boolean => isAway(error) && error instanceof TransportError && !error.nothingSent

/** Away, full, too often, or no answer. */
const isUnsaid = (error: unknown): boolean =>
  error instanceof CoreError
    ? error.kind === 'full' || error.kind === 'quota'
    : error instanceof ProtektorError && error.finding === 'core.no-answer'
