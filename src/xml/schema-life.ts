// SPDX-License-Identifier: EUPL-1.2
/**
 * One life of a validating thread, seen from outside: start with a set, documents in order, end. Every document that was handed in is
 * answered or given back; nothing waits for a thread that is gone.
 * @module
 */
import type { PreparedSet } from './schema-set.js'
import { keepModule, type EngineThread } from './schema-thread.js'
import { DONE, SENT, type FromWorker, type LifeStart, type ToWorker } from './schema-worker.js'
import { readVerdict, type SchemaVerdict } from './schema-verdict.js'

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

/** Fires once, unless cancelled. Timers of threads only; documents are judged without a clock. */
function after(milliseconds: number, act: () => void): () => void {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(milliseconds)))
  signal.addEventListener('abort', act)
  return () => {
    signal.removeEventListener('abort', act)
  }
}

export interface LifePlan {
  readonly set: PreparedSet
  /** It ends when so many were judged. */
  readonly documents: number
  /** Then the thread is left for another life, else it ends as well. */
  readonly leavesThread?: boolean
}

/** @param thread has no life, or had one that left it. */
export function startLife(thread: EngineThread, { set, documents, leavesThread = false }: LifePlan, events: LifeEvents): Life {
  const { worker, port, counter } = thread
  const number = ++thread.lives
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
    port.off('message', heard)
    worker.off('error', broke)
    worker.off('exit', left)
    if (leavesThread && reason === undefined && sent === documents) {
      // nobody needs it for now
      worker.unref()
      port.unref()
    } else {
      port.close()
      void worker.terminate()
    }
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
    send(message, [bytes.buffer])
    outbox = []
  }
  const send = (message: ToWorker | LifeStart, moved: readonly ArrayBuffer[] = []): void => {
    port.postMessage(message, moved)
    Atomics.add(counter, SENT, 1)
    Atomics.notify(counter, SENT)
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

  const heard = (message: FromWorker): void => {
    // the last words of the life before
    if (message.life !== number) return
    if (message.kind === 'ready') {
      keepModule(message.module)
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
  }
  const broke = (cause: unknown): void => end(String(cause))
  const left = (code: number): void => end(`the thread ended with ${code}`)
  port.on('message', heard)
  worker.on('error', broke)
  worker.on('exit', left)
  hold()
  send({ life: number, entry: set.entry, files: set.files, documents })
  return life
}
