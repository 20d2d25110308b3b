// SPDX-License-Identifier: EUPL-1.2
/**
 * Evaluates Schematron in a thread with a hard time limit, one document after the other. A thread that takes too long is ended; the next
 * document gets a new one.
 * @module
 */
import type { Worker } from 'node:worker_threads'
import type { StartWorker } from '../xml/schema.js'
import type { SchematronSchema } from './schematron.js'
import { serve, type FromSchematron, type ToSchematron } from './schematron-worker.js'

export interface SchematronRunner {
  /** Never rejects: what could not be evaluated is a failure in the answer. */
  run(schemas: readonly SchematronSchema[], text: string): Promise<FromSchematron>
  close(): Promise<void>
}

const TIMEOUT_MS = 20_000

// the loader of TypeScript sources marks functions with this name
const START =
  `import * as threads from 'node:worker_threads'; import { createRequire } from 'node:module';` +
  `const __name = (it) => it; (${serve.toString()})(threads, createRequire(${JSON.stringify(import.meta.url)}))`
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(START)}`)

/** @param timeoutMs for one document, the start of the thread included. */
export function schematronRunner(startWorker: StartWorker, timeoutMs = TIMEOUT_MS): SchematronRunner {
  let worker: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()

  const stop = async (): Promise<void> => {
    const old = worker
    worker = undefined
    await old?.terminate()
  }

  const judge = (message: ToSchematron): Promise<FromSchematron> => {
    const thread = (worker ??= startWorker(workerUrl, { execArgv: [], stdout: true, stderr: true }))
    thread.ref()
    return new Promise<FromSchematron>((resolve) => {
      const limit = AbortSignal.timeout(timeoutMs)
      const settle = (answer: FromSchematron): void => {
        limit.removeEventListener('abort', expired)
        thread.off('message', settle).off('error', broke).off('exit', ended)
        thread.unref()
        resolve(answer)
      }
      const fail = (reason: string): void => {
        settle({ hits: [], failures: message.schemas.map(({ file }) => ({ file, check: 'all', reason })) })
        void stop()
      }
      const expired = (): void => fail(`no result within ${timeoutMs} ms`)
      const broke = (cause: unknown): void => fail(cause instanceof Error ? cause.message : String(cause))
      const ended = (): void => fail('the thread ended')
      limit.addEventListener('abort', expired)
      thread.on('message', settle).on('error', broke).on('exit', ended)
      thread.postMessage(message)
    })
  }

  return {
    run(schemas, text) {
      const result = last.then(() => judge({ schemas, text }))
      last = result
      return result
    },
    close: stop,
  }
}
