// SPDX-License-Identifier: EUPL-1.2
/**
 * Several threads as one desk. A thread that ends over its files (out of memory, a fault of the engine) is replaced; the files it had in
 * hand are tried once more, one by one, so that the one at fault is told from its neighbours. So a file ends two threads at most, and the
 * run reaches the last file however many of them do.
 * @module
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { uncheckedResult } from '../../check/engine.js'
import type { CheckResult } from '../../check/types.js'
import type { Desk, Task } from './check-desk.js'
import type { CheckMaterial } from './check-material.js'
import type { FromThread, ThreadTask } from './check-thread.js'

interface Job {
  readonly task: Task
  readonly wasTried: boolean
  settle(result: CheckResult): void
}

export interface Threads extends Desk {
  close(): Promise<void>
}

/** Files in the hands of one thread: enough that its schema thread never waits. */
export const FILES_PER_THREAD = 32

/** `bin/` lies beside the sources and beside `dist/`. */
export function threadEntry(): string {
  const places = ['../../../bin/thread.js', '../../../../bin/thread.js'].map((up) => fileURLToPath(new URL(up, import.meta.url)))
  const found = places.find((place) => existsSync(place))
  if (found === undefined) throw new Error('bin/thread.js is missing from the package')
  return found
}

class Thread {
  readonly #worker: Worker
  readonly #jobs = new Map<number, Job>()
  readonly over: Promise<void>
  /** Its engine stood: it did not fail by itself. */
  wasReady = false
  #next = 0

  constructor(worker: Worker, warn: (text: string) => void, progress: () => void, lost: (jobs: readonly Job[], why: string) => void) {
    this.#worker = worker
    let why = 'the thread ended'
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'warning') {
        warn(message.text)
        return
      }
      this.wasReady = true
      if (message.kind === 'result') {
        const job = this.#jobs.get(message.id)
        this.#jobs.delete(message.id)
        job?.settle(message.result)
      }
      progress()
    })
    this.#worker.on('error', (cause: unknown) => (why = cause instanceof Error ? cause.message : String(cause)))
    this.over = new Promise((resolve) =>
      this.#worker.on('exit', () => {
        const left = [...this.#jobs.values()]
        this.#jobs.clear()
        lost(left, why)
        resolve()
      }),
    )
  }

  get inHand(): number {
    return this.#jobs.size
  }

  send(job: Job): void {
    const id = this.#next++
    this.#jobs.set(id, job)
    this.#worker.postMessage({ id, ...job.task } satisfies ThreadTask)
  }

  end(): void {
    this.#worker.postMessage(undefined)
  }
}

/** Threads that end one after the other before they are ready: something is wrong with us, not with the files. */
const MOST_FRUITLESS = 4

/** A thread with an engine of its own. */
export const engineThread = (material: CheckMaterial) => (): Worker => new Worker(threadEntry(), { workerData: material, execArgv: [] })

/** @param count threads; they start at once. */
export function threads(begin: () => Worker, count: number, warn: (text: string) => void): Threads {
  const waiting: Job[] = []
  /** Each alone in a thread. */
  const suspects: Job[] = []
  const running = new Set<Thread>()
  let fruitless = 0

  const pump = (): void => {
    for (const thread of running) {
      const suspect = thread.inHand === 0 ? suspects.shift() : undefined
      if (suspect) thread.send(suspect)
      while (suspects.length === 0 && thread.inHand < FILES_PER_THREAD) {
        const job = suspect ? undefined : waiting.shift()
        if (!job) break
        thread.send(job)
      }
    }
  }
  const progress = (): void => {
    fruitless = 0
    pump()
  }
  const giveUp = (why: string): void => {
    for (const job of [...waiting.splice(0), ...suspects.splice(0)]) job.settle(uncheckedResult('mime.check-failed', why))
  }
  const start = (): void => {
    const thread: Thread = new Thread(begin(), warn, progress, (left, why) => {
      running.delete(thread)
      for (const job of left) {
        if (job.wasTried) job.settle(uncheckedResult('mime.check-failed', why))
        else suspects.push({ ...job, wasTried: true })
      }
      if (!thread.wasReady) fruitless += 1
      if (fruitless >= MOST_FRUITLESS) giveUp(why)
      else if (suspects.length + waiting.length > 0) start()
      pump()
    })
    running.add(thread)
  }
  for (let i = 0; i < count; i++) start()

  return {
    check: (task) =>
      new Promise((settle) => {
        waiting.push({ task, wasTried: false, settle })
        if (running.size === 0 && fruitless < MOST_FRUITLESS) start()
        if (running.size === 0) giveUp('the threads of the check do not start')
        pump()
      }),
    async close() {
      for (const thread of running) thread.end()
      await Promise.all([...running].map(({ over }) => over))
    },
  }
}
