// SPDX-License-Identifier: EUPL-1.2
/**
 * Threads of `POST /v1/check` as the process starts them: what each was given, what it was told, and whether it has ended.
 * @module
 */
import { syncBuiltinESMExports } from 'node:module'
import threads, { type WorkerOptions } from 'node:worker_threads'

export interface WatchedThread {
  readonly options: WorkerOptions
  /** Messages that it was sent. */
  readonly told: readonly object[]
  readonly hasEnded: boolean
}

/** From now on, in order. Other threads of the process are left alone. */
export function watchThreads(): { readonly seen: readonly WatchedThread[]; stop(): void } {
  const { Worker } = threads
  const seen: WatchedThread[] = []
  class Watched extends Worker {
    readonly #told: object[] = []

    constructor(file: string | URL, options: WorkerOptions = {}) {
      super(file, options)
      if (options.argv?.[0] !== 'calls') return
      const watched = { options, told: this.#told, hasEnded: false }
      seen.push(watched)
      this.once('exit', () => (watched.hasEnded = true))
    }

    override postMessage(message: object, ...more: []): void {
      this.#told.push(message)
      super.postMessage(message, ...more)
    }
  }
  const put = (constructor: typeof Worker): void => {
    Object.assign(threads, { Worker: constructor })
    syncBuiltinESMExports()
  }
  put(Watched)
  return { seen, stop: () => put(Worker) }
}
