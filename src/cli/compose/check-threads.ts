// SPDX-License-Identifier: EUPL-1.2
/**
 * The desk of `POST /v1/check`: a few threads, started when first needed, that can be killed. A thread lives on from call to call only
 * while no keys came to it: after a call that brought some it is ended, and all that it held of them with it (threat model K2).
 *
 *   waiting (so many, so long) ─► a thread (so long, so much memory) ─► answer
 * @module
 */
import { Worker } from 'node:worker_threads'
import type { ReportPage } from '../../check/reports/page.js'
import { HttpError } from '../../errors.js'
import type { CheckCall, CheckDesk, CheckedCall } from '../../gateway/check-desk.js'
import { threadEntry } from '../commands/check-threads.js'
import { READY, type CheckAnswer, type CheckThreadData, type ToThread } from './check-calls.js'

export interface CheckThreadsOptions extends CheckThreadData {
  readonly threads: number
  /** Calls that may wait for a thread. */
  readonly waiting: number
  readonly waitMs: number
  /** Of one call, from when its thread begins with it. */
  readonly timeLimitMs: number
  readonly memoryMegabytes: number
  /** Asked once, when the first thread is started. */
  readonly reportPage: () => Promise<ReportPage>
}

/** An idle thread gives its memory back, and with it the remains of what it read. */
const IDLE_MS = 60_000
const RETRY_SECONDS = 5

interface Job {
  readonly call: CheckCall
  readonly give: (checked: CheckedCall) => void
  readonly refuse: (error: Error) => void
}

const busy = (): HttpError => new HttpError(503, 'check.busy', 'Too many checks are under way.', { retryAfterSeconds: RETRY_SECONDS })

const crashed = (error: Error | undefined): HttpError =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new HttpError(422, 'check.memory-limit', 'Checking these files takes more memory than is allowed here.')
    : new HttpError(500, 'check.failed', 'The check itself failed.')

interface Told {
  /** It can take a call. */
  free(): void
  /** It is gone; `isUsedUp`: it served well, and is not to serve again. */
  over(isUsedUp: boolean): void
}

/** One thread and the call it works on. */
class CheckThread {
  readonly #worker: Worker
  readonly #timeLimitMs: number
  readonly #told: Told
  #isUsedUp = false
  #job: Job | undefined
  #timer: NodeJS.Timeout | undefined
  #isReady = false
  /** From here on nothing that it says counts any more, not even an answer that is on its way. */
  #isEnded = false
  #error: Error | undefined

  /** @param page of HTML reports, undefined where it cannot be made. */
  constructor(options: CheckThreadsOptions, page: Promise<ReportPage | undefined>, told: Told) {
    const data: CheckThreadData = { schemas: options.schemas, limits: options.limits }
    this.#timeLimitMs = options.timeLimitMs
    this.#told = told
    this.#worker = new Worker(threadEntry(), {
      workerData: data,
      argv: ['calls'],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMegabytes },
      // nothing that it says is fit for our log
      stdout: true,
      stderr: true,
    })
    this.#worker.on('message', (said: typeof READY | CheckAnswer) => (said === READY ? this.#rest() : this.#answered(said)))
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    void page.then((made) => this.#tell({ page: made }))
    this.#worker.once('error', (error: Error) => (this.#error ??= error))
    this.#worker.once('exit', () => this.#over())
  }

  get isFree(): boolean {
    return this.#isReady && this.#job === undefined
  }

  take(job: Job): void {
    clearTimeout(this.#timer)
    this.#job = job
    this.#timer = setTimeout(() => {
      this.end(new HttpError(422, 'check.time-limit', 'Checking these files takes longer than is allowed here.'))
    }, this.#timeLimitMs)
    this.#tell({ call: job.call }, job.call.body.buffer as ArrayBuffer)
  }

  /** Its caller has gone, and is told by whoever says so here. */
  abandon(job: Job): void {
    if (this.#job !== job) return
    this.#job = undefined
    this.end()
  }

  /** @param why what the caller is told whose call it works on. */
  end(why?: HttpError): void {
    this.#isEnded = true
    this.#isReady = false
    this.#error ??= why
    clearTimeout(this.#timer)
    void this.#worker.terminate()
  }

  #tell(message: ToThread, ...handedOver: ArrayBuffer[]): void {
    this.#worker.postMessage(message, handedOver)
  }

  #answered(answer: CheckAnswer): void {
    if (this.#isEnded) return
    const job = this.#job
    this.#job = undefined
    if ('checked' in answer) job?.give(answer.checked)
    else job?.refuse(new HttpError(answer.refused.status, answer.refused.finding, answer.refused.message))
    clearTimeout(this.#timer)
    this.#isUsedUp = answer.hadKeys
    if (this.#isUsedUp) this.end()
    else this.#rest()
  }

  #rest(): void {
    if (this.#isEnded) return
    this.#isReady = true
    this.#timer = setTimeout(() => this.end(), IDLE_MS).unref()
    this.#told.free()
  }

  #over(): void {
    this.#isEnded = true
    this.#isReady = false
    clearTimeout(this.#timer)
    this.#job?.refuse(this.#error instanceof HttpError ? this.#error : crashed(this.#error))
    this.#told.over(this.#isUsedUp)
  }
}

export function checkThreads(options: CheckThreadsOptions): CheckDesk {
  const threads = new Set<CheckThread>()
  const queue: Job[] = []
  let page: Promise<ReportPage | undefined> | undefined
  let underway = 0
  let isClosed = false

  const begin = (): void => {
    let began = false
    page ??= options.reportPage().catch(() => undefined)
    const thread: CheckThread = new CheckThread(options, page, {
      free() {
        began = true
        pump()
      },
      over(isUsedUp) {
        threads.delete(thread)
        // a thread that does not even start would not start for the others either
        if (!began) for (const job of queue.splice(0)) job.refuse(crashed(undefined))
        // starting takes a second, which the next caller need not wait
        if (isUsedUp && !isClosed) begin()
        pump()
      },
    })
    threads.add(thread)
  }
  const pump = (): void => {
    for (const thread of threads) {
      const job = thread.isFree ? queue.shift() : undefined
      if (job) thread.take(job)
    }
    if (!isClosed && queue.length > 0 && threads.size < options.threads) begin()
  }

  return {
    check(call, signal) {
      if (isClosed || underway >= options.threads + options.waiting) return Promise.reject(busy())
      underway += 1
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          const at = queue.indexOf(job)
          if (at >= 0) queue.splice(at, 1)
        }
        const patience = setTimeout(() => {
          if (!queue.includes(job)) return
          leave()
          job.refuse(busy())
        }, options.waitMs)
        const gone = (): void => {
          leave()
          for (const thread of threads) thread.abandon(job)
          job.refuse(busy())
        }
        let isSettled = false
        /** Once: a call that counts down twice would make room for one too many. */
        const settle = (tell: () => void): void => {
          if (isSettled) return
          isSettled = true
          underway -= 1
          clearTimeout(patience)
          signal.removeEventListener('abort', gone)
          tell()
        }
        const job: Job = {
          call,
          give: (checked) => settle(() => resolve(checked)),
          refuse: (error) => settle(() => reject(error)),
        }
        signal.addEventListener('abort', gone, { once: true })
        queue.push(job)
        pump()
      })
    },
    async close() {
      isClosed = true
      for (const job of queue.splice(0)) job.refuse(busy())
      for (const thread of threads) thread.end(busy())
    },
  }
}
