// SPDX-License-Identifier: EUPL-1.2
/**
 * Fair turns: a few pieces of work at a time, the others in lines, and the lines are served in turn. A flood on one line delays another by
 * at most one piece of work per line that waits; inside a line the same holds between its senders.
 *
 *   lines   box-1: [portal-1: ▢▢▢▢▢▢, portal-2: ▢]      order of service: box-1/portal-1, box-2/portal-9, box-1/portal-2, box-1/portal-1, …
 *           box-2: [portal-9: ▢]
 * @module
 */
import { CoreError } from './errors.js'
import type { StartTimer } from './ttl.js'

export interface FairLimits {
  readonly atOnce: number
  /** Of one line, so that its slow work leaves room for others. Default: `atOnce`. */
  readonly atOncePerLine?: number
  readonly maxWaiting: number
  readonly maxWaitingPerLine: number
  /** Whoever waits longer is refused; with `startTimer`. Default: only the counts bound the wait. */
  readonly maxWaitMs?: number
  readonly startTimer?: StartTimer
}

export interface FairQueue {
  readonly running: number
  readonly waiting: number
  /**
   * Runs `work` when it is its turn.
   * @param line mailbox; @param sender a line inside it.
   * @param signal ends the wait, not the work. @throws its reason
   * @throws {CoreError} full: too many wait, or this one waited too long; what `work` throws.
   */
  run<T>(line: string, work: () => Promise<T>, signal?: AbortSignal, sender?: string): Promise<T>
}

export function fairQueue(limits: FairLimits): FairQueue {
  return new Turns(limits)
}

type Start = () => void

interface Line {
  readonly name: string
  running: number
  waiting: number
  /** The first is served next; whoever was served goes to the end. */
  readonly senders: Map<string, Set<Start>>
}

class Turns implements FairQueue {
  readonly #limits: FairLimits
  /** Lines with something running or waiting. */
  readonly #lines = new Map<string, Line>()
  /** Those of them that wait and may begin, in the order of service. */
  readonly #ready = new Set<Line>()
  #running = 0
  #waiting = 0

  constructor(limits: FairLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  async run<T>(name: string, work: () => Promise<T>, signal?: AbortSignal, sender = ''): Promise<T> {
    signal?.throwIfAborted()
    const line = this.#lines.get(name) ?? { name, running: 0, waiting: 0, senders: new Map<string, Set<Start>>() }
    this.#lines.set(name, line)
    if (this.#running < this.#limits.atOnce && this.#mayBegin(line)) this.#begin(line)
    else await this.#turn(line, sender, signal)
    try {
      return await work()
    } finally {
      this.#running -= 1
      line.running -= 1
      this.#sort(line)
      this.#serve()
    }
  }

  #mayBegin(line: Line): boolean {
    return line.running < (this.#limits.atOncePerLine ?? this.#limits.atOnce)
  }

  #begin(line: Line): void {
    this.#running += 1
    line.running += 1
  }

  #turn(line: Line, sender: string, signal: AbortSignal | undefined): Promise<void> {
    const { maxWaiting, maxWaitingPerLine, maxWaitMs, startTimer } = this.#limits
    if (this.#waiting >= maxWaiting || line.waiting >= maxWaitingPerLine) {
      this.#sort(line)
      throw new CoreError('full', 'Too many are waiting.')
    }
    return new Promise((resolve, reject) => {
      const over = (error: unknown): void => {
        this.#leave(line, sender, start)
        end()
        this.#sort(line)
        reject(error instanceof Error ? error : new CoreError('full', 'The wait was ended.'))
      }
      const onAbort = (): void => over(signal?.reason)
      const stopTimer =
        maxWaitMs === undefined ? undefined : startTimer?.(maxWaitMs, () => over(new CoreError('full', 'It took too long until its turn.')))
      const end = (): void => {
        stopTimer?.()
        signal?.removeEventListener('abort', onAbort)
      }
      const start: Start = () => {
        end()
        resolve()
      }
      signal?.addEventListener('abort', onAbort)
      this.#waiting += 1
      line.waiting += 1
      const own = line.senders.get(sender) ?? new Set()
      line.senders.set(sender, own.add(start))
      this.#sort(line)
    })
  }

  #leave(line: Line, sender: string, start: Start): void {
    const own = line.senders.get(sender)
    if (own?.delete(start) !== true) return
    this.#waiting -= 1
    line.waiting -= 1
    if (own.size === 0) line.senders.delete(sender)
  }

  /** Lists the line where it belongs now; its place among those that are ready stays. */
  #sort(line: Line): void {
    if (line.running === 0 && line.waiting === 0) this.#lines.delete(line.name)
    if (line.waiting > 0 && this.#mayBegin(line)) this.#ready.add(line)
    else this.#ready.delete(line)
  }

  #serve(): void {
    while (this.#running < this.#limits.atOnce) {
      const [line] = this.#ready
      if (line === undefined) return
      const [[sender, own] = []] = line.senders
      const [start] = own ?? []
      if (sender === undefined || own === undefined || start === undefined) return
      this.#begin(line)
      this.#leave(line, sender, start)
      if (line.senders.delete(sender)) line.senders.set(sender, own)
      this.#ready.delete(line)
      this.#sort(line)
      start()
    }
  }
}
