// SPDX-License-Identifier: EUPL-1.2
/**
 * Threads of this program for work that must not hold the event loop. A thread is the launcher again, so that it runs from whatever the
 * program runs from: sources, what is kept of them, or what was built.
 * @module
 */
import { fileURLToPath } from 'node:url'
import { Worker, type ResourceLimits } from 'node:worker_threads'

/** What a thread of each name does; it is served until its thread is ended. */
const THREADS = {
  check: async (data: unknown) => (await import('./compose/check-thread.js')).serveChecks(data),
} as const satisfies Readonly<Record<string, (data: unknown) => Promise<void>>>

export type ThreadName = keyof typeof THREADS

interface Start {
  readonly name: ThreadName
  readonly data: unknown
}

const LAUNCHER = fileURLToPath(
  new URL(import.meta.url.includes('/dist/src/') ? '../../../bin/protektor.js' : '../../bin/protektor.js', import.meta.url),
)

/** @param data what the thread is handed, copied. */
export function startThread(name: ThreadName, data: unknown, resourceLimits: ResourceLimits): Worker {
  const start: Start = { name, data }
  // its own output would mix with ours, and nothing that it says is fit for a log
  return new Worker(LAUNCHER, { workerData: start, argv: ['thread'], execArgv: [], resourceLimits, stdout: true, stderr: true })
}

/** The other side: called by the launcher, in the thread. */
export function thread({ name, data }: Start): Promise<void> {
  return THREADS[name](data)
}
