// SPDX-License-Identifier: EUPL-1.2
/**
 * Lines to a file descriptor, in order and beside the event loop. A log that cannot be written costs lines, never the service:
 *
 *   nobody reads any more (EPIPE)       nothing is written from then on
 *   disk full, reader that has stopped  lines wait for better times, up to a limit; how much was lost beyond it is told
 *   end of the process                  what waits is written then, as far as it goes in a second
 *
 * Pino's own destination throws where a disk is full, and asks it again and again for ever while the process ends.
 * @module
 */
import { write, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers'

export interface LineOutput {
  write(line: string): void
}

const MAX_WAITING_BYTES = 8 * 1024 * 1024
const RETRY_MS = 200
const LAST_MS = 1000
const PAUSE_MS = 20

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code

/** The thread does nothing else: its process is about to end. */
const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** @param onLost told when lines are written again, with the bytes of those that were not. */
export function lineOutput(fd: number, onLost: (bytes: number) => void = () => undefined, maxWaitingBytes = MAX_WAITING_BYTES): LineOutput {
  /** The first is being written, or was written in part. */
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let lostBytes = 0
  let state: 'idle' | 'writing' | 'pausing' | 'gone' = 'idle'

  const written = (bytes: number): void => {
    const [first] = waiting
    waitingBytes -= bytes
    waiting = [...(first && bytes < first.byteLength ? [first.subarray(bytes)] : []), ...waiting.slice(1)]
  }

  const next = (): void => {
    if (waiting.length === 0) {
      state = 'idle'
      const told = lostBytes
      lostBytes = 0
      if (told > 0) onLost(told)
      return
    }
    state = 'writing'
    const all = waiting.length === 1 && waiting[0] ? waiting[0] : Buffer.concat(waiting)
    waiting = [all]
    write(fd, all, (error, bytes) => {
      if (codeOf(error) === 'EPIPE') {
        state = 'gone'
        waiting = []
      } else if (error) {
        state = 'pausing'
        setTimeout(next, RETRY_MS).unref()
      } else {
        written(bytes)
        next()
      }
    })
  }

  process.once('exit', () => {
    // what is being written already must not stand there twice
    let left = Buffer.concat(state === 'writing' ? waiting.slice(1) : waiting)
    const untilMs = performance.now() + LAST_MS
    while (left.byteLength > 0 && performance.now() < untilMs) {
      try {
        left = left.subarray(writeSync(fd, left))
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') return
        pause(PAUSE_MS)
      }
    }
  })

  return {
    write(line) {
      if (state === 'gone') return
      const bytes = Buffer.from(line)
      if (waitingBytes + bytes.byteLength > maxWaitingBytes) {
        lostBytes += bytes.byteLength
        return
      }
      waiting.push(bytes)
      waitingBytes += bytes.byteLength
      if (state === 'idle') next()
    },
  }
}
