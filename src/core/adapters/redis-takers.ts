// SPDX-License-Identifier: EUPL-1.2
/**
 * Takers that wait at this node. Nobody polls: a look at the mailbox that finds nothing leaves, in the same step, the node's name with it,
 * and whatever becomes available afterwards is called to that name. A call that overtakes the answer of the look is not lost.
 *
 *   take ─► look ─► claim
 *             └───► nothing; name left ─► waits ─► called ─► look …
 * @module
 */
import { CoreError } from '../errors.js'
import type { Claim, MailboxAddress } from '../ports.js'
import type { Deadline, Deadlines } from '../ttl.js'

/** One look at a mailbox; nothing there: how long the mailbox still lives, if it dies. */
export interface Look {
  readonly claim?: Claim
  readonly diesInMs?: number
}

export interface TakersOptions {
  readonly deadlines: Deadlines
  readonly nowMs: () => number
  readonly maxWaiters: number
  /** `isWanted` false: nobody is left who would take what it finds. */
  readonly look: (address: MailboxAddress, leaseMs: number | undefined, waitMs: number, isWanted: () => boolean) => Promise<Look>
  /** Called when a wait is over. */
  readonly onEnd: () => void
}

interface Waiter {
  readonly resolve: (claim: Claim | undefined) => void
  readonly leaseMs: number | undefined
  readonly untilMs: number
  deadline: Deadline | undefined
  readonly end: () => void
  looking: boolean
  /** Its time is over; it only waits for the answer of its look. */
  late: boolean
}

interface Line {
  readonly address: MailboxAddress
  /** In the order of their coming. */
  readonly waiters: Set<Waiter>
  /** Counts calls: one that came during a look asks for another look. */
  calls: number
}

export class Takers {
  readonly #options: TakersOptions
  readonly #lines = new Map<MailboxAddress, Line>()
  #count = 0

  constructor(options: TakersOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** Where somebody waits. */
  get addresses(): readonly MailboxAddress[] {
    return [...this.#lines.keys()]
  }

  /** @throws {CoreError} what the first look throws; full: too many wait */
  async take(
    address: MailboxAddress,
    waitMs: number,
    signal: AbortSignal | undefined,
    leaseMs: number | undefined,
  ): Promise<Claim | undefined> {
    if (signal?.aborted === true) return undefined
    if (waitMs <= 0) return (await this.#options.look(address, leaseMs, 0, () => true)).claim
    if (this.#count >= this.#options.maxWaiters) throw new CoreError('full', 'Too many are waiting.')
    const line = this.#lines.get(address) ?? { address, waiters: new Set(), calls: 0 }
    this.#lines.set(address, line)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#end(line, waiter, undefined)
      const waiter: Waiter = {
        resolve,
        leaseMs,
        untilMs: this.#options.nowMs() + waitMs,
        deadline: undefined,
        end: () => signal?.removeEventListener('abort', onAbort),
        looking: false,
        late: false,
      }
      signal?.addEventListener('abort', onAbort)
      waiter.deadline = this.#options.deadlines.set(waiter.untilMs, () => this.#over(line, waiter))
      line.waiters.add(waiter)
      this.#count += 1
      this.#look(line, waiter).catch((error: unknown) => {
        reject(error instanceof Error ? error : new CoreError('full', 'The core does not answer.'))
        this.#end(line, waiter, undefined)
      })
    })
  }

  /** Something is available there. */
  call(address: MailboxAddress): void {
    const line = this.#lines.get(address)
    if (line === undefined) return
    line.calls += 1
    this.#lookAgain(
      line,
      [...line.waiters].find((waiter) => !waiter.looking),
    )
  }

  /** Calls may have been missed. */
  callAll(): void {
    for (const line of this.#lines.values()) {
      line.calls += 1
      for (const waiter of [...line.waiters]) if (!waiter.looking) this.#lookAgain(line, waiter)
    }
  }

  /** Nobody waits any longer; who is just looking gets what there is. */
  endWaits(may: (address: MailboxAddress) => boolean): void {
    for (const line of [...this.#lines.values()]) if (may(line.address)) for (const waiter of [...line.waiters]) this.#over(line, waiter)
  }

  /** Who waits already goes on waiting when the core does not answer: the next connection calls again. */
  #lookAgain(line: Line, waiter: Waiter | undefined): void {
    if (waiter !== undefined) this.#look(line, waiter).catch(() => this.#leftOver(line, waiter))
  }

  async #look(line: Line, waiter: Waiter): Promise<void> {
    const { look, nowMs } = this.#options
    waiter.looking = true
    try {
      for (let seen = -1; seen !== line.calls && line.waiters.has(waiter);) {
        seen = line.calls
        const isWanted = () => line.waiters.size > 0
        const { claim, diesInMs } = await look(line.address, waiter.leaseMs, Math.max(1, waiter.untilMs - nowMs()), isWanted)
        if (claim !== undefined) return await this.#give(line, waiter, claim)
        if (diesInMs !== undefined) this.#limit(line, waiter, nowMs() + diesInMs)
        if (waiter.late) break
      }
    } finally {
      waiter.looking = false
    }
    this.#leftOver(line, waiter)
  }

  /** To whoever came first; when nobody is left, back. */
  async #give(line: Line, looked: Waiter, claim: Claim): Promise<void> {
    // at most once there is no lease that somebody could have wished otherwise
    const first = [...line.waiters].find((waiter) => claim.leaseMs === undefined || waiter.leaseMs === looked.leaseMs)
    if (first === undefined) {
      await (claim.leaseMs === undefined ? claim.refuse('taker-gone') : claim.broken()).catch(() => undefined)
      return
    }
    this.#end(line, first, claim)
    if (first !== looked) looked.looking = false
    if (first !== looked && line.waiters.has(looked)) this.#leftOver(line, looked)
  }

  #leftOver(line: Line, waiter: Waiter): void {
    if (waiter.late) this.#end(line, waiter, undefined)
  }

  #limit(line: Line, waiter: Waiter, atMs: number): void {
    if (atMs >= waiter.untilMs || !line.waiters.has(waiter)) return
    this.#options.deadlines.cancel(waiter.deadline)
    waiter.deadline = this.#options.deadlines.set(atMs, () => this.#over(line, waiter))
  }

  #over(line: Line, waiter: Waiter): void {
    if (waiter.looking) waiter.late = true
    else this.#end(line, waiter, undefined)
  }

  #end(line: Line, waiter: Waiter, claim: Claim | undefined): void {
    if (!line.waiters.delete(waiter)) return
    this.#count -= 1
    this.#options.deadlines.cancel(waiter.deadline)
    waiter.end()
    if (line.waiters.size === 0 && this.#lines.get(line.address) === line) this.#lines.delete(line.address)
    waiter.resolve(claim)
    this.#options.onEnd()
  }
}
