// SPDX-License-Identifier: EUPL-1.2
/**
 * A thread for the schema engine. It takes longer to start than a small set to compile, so that it may be started before anybody knows
 * which set it will get, and live more than once.
 * @module
 */
import { MessageChannel, type MessagePort, type Worker, type WorkerOptions } from 'node:worker_threads'
import { serve, type ThreadData } from './schema-worker.js'

/** Starts a thread. Comes in as a parameter: this room does no I/O of its own. `(url, options) => new Worker(url, options)`. */
export type StartWorker = (url: URL, options: WorkerOptions) => Worker

export interface EngineThread {
  readonly worker: Worker
  readonly port: MessagePort
  /** SENT and DONE of schema-worker.ts. */
  readonly counter: Int32Array
  /** Lives so far. */
  lives: number
  /** It does not run any more. */
  hasEnded: boolean
}

// compiled once per process, by the first thread, and shared
let compiled: object | undefined

export function keepModule(module: object | undefined): void {
  compiled ??= module
}

// the loader of TypeScript sources marks functions with this name
const START =
  `import * as threads from 'node:worker_threads'; import { createRequire } from 'node:module'; import { readFileSync } from 'node:fs';` +
  `const __name = (it) => it; (${serve.toString()})(threads, createRequire(${JSON.stringify(import.meta.url)}), readFileSync)`
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(START)}`)

export function startThread(startWorker: StartWorker): EngineThread {
  const { port1: port, port2 } = new MessageChannel()
  const flag = new SharedArrayBuffer(8)
  const data: ThreadData = {
    port: port2,
    flag,
    ...(compiled ? { module: compiled } : {}),
    memoryPages: { initial: 256, maximum: 16_384 },
  }
  const worker = startWorker(workerUrl, {
    workerData: data,
    transferList: [port2],
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  const thread: EngineThread = { worker, port, counter: new Int32Array(flag), lives: 0, hasEnded: false }
  const ended = (): void => {
    thread.hasEnded = true
  }
  worker.on('error', ended)
  worker.on('exit', ended)
  return thread
}
