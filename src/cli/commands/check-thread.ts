// SPDX-License-Identifier: EUPL-1.2
/**
 * The inside of a thread of `protektor check` (bin/thread.js): an engine of its own with schema threads and keys of its own.
 *
 *   ◄── { kind: 'ready' }     ──► { id, file }     ◄── { kind: 'result', id, result }     ◄── { kind: 'warning', text }
 *   ──► undefined: no more files
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { CheckResult } from '../../check/types.js'
import { composeContext } from './check-context.js'
import { desk, type Task } from './check-desk.js'
import type { CheckMaterial } from './check-material.js'

export interface ThreadTask extends Task {
  readonly id: number
}

/** `ready`: the engine stands; what ends the thread from here on is the doing of a file. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly result: CheckResult }
  | { readonly kind: 'warning'; readonly text: string }

/** Schema threads of one engine: more would only wait for the same cores. */
const SCHEMA_WORKERS = 1

/** Serves until it is told that there is no more; then the thread ends by itself. */
export async function serve(): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('this is no thread')
  const say = (message: FromThread): void => port.postMessage(message)
  const opened = composeContext(workerData as CheckMaterial, SCHEMA_WORKERS, (text) => say({ kind: 'warning', text }))
  let inWork = 0
  let ended = false
  const endIfIdle = async (): Promise<void> => {
    if (!ended || inWork > 0) return
    await (await opened).close()
    port.close()
  }
  port.on('message', (task: ThreadTask | undefined) => {
    if (task === undefined) {
      ended = true
      void endIfIdle()
      return
    }
    inWork += 1
    void opened
      .then(({ context }) => desk(context).check(task))
      .then((result) => {
        say({ kind: 'result', id: task.id, result })
        inWork -= 1
        return endIfIdle()
      })
  })
  await opened
  say({ kind: 'ready' })
}
