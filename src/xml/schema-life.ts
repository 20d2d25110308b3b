// SPDX-License-Identifier: EUPL-1.2
/**
 * One life of a validating thread, seen from outside: start, documents in order, end. Every document that was handed in is answered
 * or given back; nothing waits for a thread that is gone.
 * @module
 */
import { MessageChannel, type Worker, type WorkerOptions } from 'node:worker_threads'
import type { PreparedSet } from './schema-set.js'
import { DONE, SENT, serve, type FromWorker, type LifeData, type ToWorker } from './schema-worker.js'
import { readVerdict, type SchemaVerdict } from './schema-verdict.js'

/** Starts a thread. Comes in as a parameter: this room does no I/O of its own. `(url, options) => new Worker(url, options)`. */
export type StartWorker = (url: URL, options: WorkerOptions) => Worker

/** A document on its way. `settle` is called once, with a verdict. */
export interface Job {
  readonly xml: Uint8Array
  readonly timeoutMs: number
  settle(verdict: SchemaVerdict): void
}

export interface LifeEvents {
  ready(life: Life): void
  /** A job was answered; there is room for another. */
  progress(life: Life): void
  /** The thread is gone. The first of `unanswered` is the one that was being judged. `reason` undefined: a planned end. */
  over(life: Life, unanswered: readonly Job[], reason: string | undefined): void
}

export interface Life {
  readonly isReady: boolean
  readonly inFlight: number
  readonly bytesInFlight: number
  /** Documents it will still take. */
  readonly left: number
  send(job: Job): void
  /** No further documents: it ends when those in flight are answered. */
  retire(): void
  stop(): Promise<void>
}

// beyond this the engine's heap is given back by ending the life
const RETIRE_BYTES = 256 * 1024 * 1024
const START_TIMEOUT_MS = 60_000

// compiled once per process, by the first thread, and shared
let compiled: object | undefined

// the loader of TypeScript sources marks functions with this name
const START =
  `import * as threads from 'node:worker_threads'; import { createRequire } from 'node:module'; import { readFileSync } from 'node:fs';` +
  `const __name = (it) => it; (${serve.toString()})(threads, createRequire(${JSON.stringify(import.meta.url)}), readFileSync)`
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(START)}`)

/** Fires once, unless cancelled. Timers of threads only; documents are judged without a clock. */
function after(milliseconds: number, act: () => void): () => void {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(milliseconds)))
  signal.addEventListener('abort', act)
  return () => {
    signal.removeEventListener('abort', act)
  }
}

export function startLife(set: PreparedSet, documents: number, startWorker: StartWorker, events: LifeEvents): Life {
  const { port1: port, port2 } = new MessageChannel()
  const flag = new SharedArrayBuffer(8)
  const counter = new Int32Array(flag)
  const data: LifeData = {
    port: port2,
    flag,
    ...(compiled ? { module: compiled } : {}),
    entry: set.entry,
    files: set.files,
    documents,
    memoryPages: { initial: 256, maximum: 16_384 },
  }
  const worker = startWorker(workerUrl, {
    workerData: data,
    transferList: [port2],
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  const jobs = new Map<number, Job>()
  let sent = 0
  let bytesInFlight = 0
  let retired = false
  let isReady = false
  let isOver = false
  let outbox: Uint8Array[] = []
  let cancelTimer = after(START_TIMEOUT_MS, () => end('the schema engine did not start in time'))

  // documents are judged in the order of their ids; answers of earlier ones may still be on their way
  const beingJudged = (): Job | undefined => jobs.get(Atomics.load(counter, DONE))
  const hold = (): void => {
    if (isOver) return
    const busy = !isReady || jobs.size > 0
    for (const it of [worker, port]) {
      if (busy) it.ref()
      else it.unref()
    }
  }
  const end = (reason: string | undefined): void => {
    if (isOver) return
    isOver = true
    cancelTimer()
    const first = beingJudged()
    const unanswered = [...(first ? [first] : []), ...[...jobs.values()].filter((job) => job !== first)]
    jobs.clear()
    port.close()
    void worker.terminate()
    events.over(life, unanswered, reason)
  }
  // The limit counts for the document being judged, not for those behind it. A timer must not know the job: its end is kept until the
  // next one, and would keep the document.
  const watch = (): void => {
    cancelTimer()
    const { timeoutMs } = jobs.values().next().value ?? {}
    if (timeoutMs !== undefined && isReady) cancelTimer = after(timeoutMs, () => expire(timeoutMs))
  }
  const expire = (elapsedMs: number): void => {
    const judged = Atomics.load(counter, DONE)
    // a thread that counts on but does not answer does not escape the limit
    const id = jobs.has(judged) ? judged : jobs.keys().next().value
    const job = id === undefined ? undefined : jobs.get(id)
    if (id === undefined || !job) return
    const { timeoutMs } = job
    if (timeoutMs > elapsedMs) {
      cancelTimer = after(timeoutMs - elapsedMs, () => expire(timeoutMs))
      return
    }
    jobs.delete(id)
    job.settle({ verdict: 'error', problems: [{ line: 0, message: `no verdict within ${timeoutMs} ms` }] })
    end('time limit')
  }

  // what is handed in together goes together: a message for each costs the thread a tenth of a short document more
  const post = (): void => {
    if (isOver) return
    const bytes = new Uint8Array(outbox.reduce((sum, xml) => sum + xml.byteLength, 0))
    let at = 0
    for (const xml of outbox) {
      bytes.set(xml, at)
      at += xml.byteLength
    }
    const message: ToWorker = { id: sent - outbox.length, lengths: outbox.map((xml) => xml.byteLength), bytes }
    port.postMessage(message, [bytes.buffer])
    Atomics.add(counter, SENT, outbox.length)
    Atomics.notify(counter, SENT)
    outbox = []
  }

  const life: Life = {
    get isReady() {
      return isReady
    },
    get inFlight() {
      return jobs.size
    },
    get bytesInFlight() {
      return bytesInFlight
    },
    get left() {
      return retired || isOver ? 0 : documents - sent
    },
    send(job) {
      const id = sent++
      jobs.set(id, job)
      bytesInFlight += job.xml.byteLength
      if (jobs.size === 1) watch()
      if (outbox.push(job.xml) === 1) queueMicrotask(post)
      hold()
    },
    retire() {
      retired = true
      if (jobs.size === 0) end(undefined)
    },
    stop() {
      end('stopped')
      return worker.terminate().then(() => undefined)
    },
  }

  port.on('message', (message: FromWorker) => {
    if (isOver) return
    if (message.kind === 'ready') {
      compiled ??= message.module
      const fault = message.lines.find((line) => /failed to compile/.test(line))
      if (fault !== undefined) {
        end(message.lines.slice(0, 5).join(' | '))
        return
      }
      isReady = true
      cancelTimer()
      watch()
      hold()
      events.ready(life)
    } else if (message.kind === 'done') {
      const answered = message.answers.map(({ id, lines }) => {
        const job = jobs.get(id)
        if (job && jobs.delete(id)) bytesInFlight -= job.xml.byteLength
        return () => job?.settle(readVerdict(lines))
      })
      watch()
      if (message.bytes > RETIRE_BYTES) retired = true
      for (const settle of answered) settle()
      if (life.left === 0 && jobs.size === 0) end(undefined)
      else {
        hold()
        events.progress(life)
      }
    } else end(`${message.reason} ${message.lines.slice(0, 5).join(' | ')}`)
  })
  worker.on('error', (cause: unknown) => end(String(cause)))
  worker.on('exit', (code) => end(`the thread ended with ${code}`))
  return life
}
