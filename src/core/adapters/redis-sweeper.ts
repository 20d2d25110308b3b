// SPDX-License-Identifier: EUPL-1.2
/**
 * Expiry by the server's clock: each partition is looked at when its next moment has come, and once a second for what nodes left behind that
 * are no more. Several nodes may do so at a time; a step happens once.
 * @module
 */
import type { StartTimer } from '../ttl.js'
import type { Calls } from './redis-calls.js'

/** What other nodes put, and then died, is late by this much at most. Nothing late is ever handed out. */
const BEAT_MS = 1000

interface Partition {
  readonly tag: string
  atMs: number
  cancel: () => void
  running: Promise<void> | undefined
}

export class Sweeper {
  readonly #calls: Calls
  readonly #nowMs: () => number
  readonly #startTimer: StartTimer
  readonly #onBeat: () => void
  readonly #partitions: readonly Partition[]
  #cancelBeat: () => void = () => undefined
  #closed = false

  constructor(calls: Calls, tags: readonly string[], nowMs: () => number, startTimer: StartTimer, onBeat: () => void) {
    this.#calls = calls
    this.#nowMs = nowMs
    this.#startTimer = startTimer
    this.#onBeat = onBeat
    this.#partitions = tags.map((tag) => ({ tag, atMs: Infinity, cancel: () => undefined, running: undefined }))
  }

  /** Begins to look, until closed. */
  start(): void {
    if (this.#closed) return
    this.#cancelBeat = this.#startTimer(BEAT_MS, () => {
      this.#onBeat()
      void this.all().finally(() => this.start())
    })
  }

  /** Something there is due in so much time. */
  arm(tag: string, inMs: number): void {
    const partition = this.#partitions.find((one) => one.tag === tag)
    if (partition === undefined || this.#closed || inMs < 0) return
    const atMs = this.#nowMs() + inMs
    // an earlier wake-up than needed is harmless
    if (partition.atMs <= atMs) return
    partition.cancel()
    partition.atMs = atMs
    partition.cancel = this.#startTimer(Math.ceil(inMs), () => {
      partition.atMs = Infinity
      void this.#sweep(partition)
    })
  }

  /** Everything that is due is moved. */
  async all(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => this.#sweep(partition)))
  }

  close(): void {
    this.#closed = true
    this.#cancelBeat()
    for (const { cancel } of this.#partitions) cancel()
  }

  #sweep(partition: Partition): Promise<void> {
    partition.running ??= this.#calls
      .run('sweep', partition.tag, [])
      .then(([inMs]) => this.arm(partition.tag, Number(inMs)))
      .catch(() => undefined)
      .finally(() => (partition.running = undefined))
    return partition.running
  }
}
