// SPDX-License-Identifier: EUPL-1.2
/**
 * Who waits for a change of an envelope's outcome, and for how long.
 * @module
 */
import type { Deadlines } from './ttl.js'

export class Watch {
  readonly #deadlines: Deadlines
  readonly #watchers = new Map<string, Set<() => void>>()

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  changed(id: string): void {
    for (const watcher of [...(this.#watchers.get(id) ?? [])]) watcher()
  }

  /** Resolves when `done` says so after a change, or at `atMs`, or when `signal` is aborted. */
  until(id: string, atMs: number, done: () => boolean, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const own = this.#watchers.get(id) ?? new Set()
      const finish = (): void => {
        this.#deadlines.cancel(deadline)
        signal?.removeEventListener('abort', finish)
        own.delete(look)
        if (own.size === 0 && this.#watchers.get(id) === own) this.#watchers.delete(id)
        resolve()
      }
      const look = (): void => {
        if (done()) finish()
      }
      const deadline = this.#deadlines.set(atMs, finish)
      signal?.addEventListener('abort', finish)
      this.#watchers.set(id, own.add(look))
    })
  }
}
