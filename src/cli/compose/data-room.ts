// SPDX-License-Identifier: EUPL-1.2
/**
 * Whether `dataDirectory` can still be written to. The system is asked and nothing is written, so that a probe costs a full disk nothing; and
 * what it says is kept for a moment, so that probes cost the gateway nothing.
 *
 *   ok ──► less than 4 MiB left ──► full ──► 16 MiB left again ──► ok        between the two it stays what it was: no flapping
 *
 * Quotas that the file system does not tell are not found out; puts are refused all the same when nothing can be recorded.
 * @module
 */
import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { startTimer } from '../../core/adapters/timers.js'
import type { Clock } from '../../env.js'

export type DataState = 'ok' | 'full' | 'read-only' | 'away'

export interface Disk {
  /** @throws the system's error when it may not be written to. */
  assertWritable(path: string): Promise<void>
  freeBytes(path: string): Promise<number>
}

const MIB = 1024 * 1024
/** The stores write pages of 4 KiB, a few for each entry. */
const FULL_BELOW_BYTES = 4 * MIB
const ROOM_FROM_BYTES = 16 * MIB
const KEPT_MS = 1000
/** A timer that comes so late was held up by this process: stopped for a while, or too busy. */
const STALLED_MS = 250

const systemDisk: Disk = {
  assertWritable: (path) => access(path, constants.W_OK),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

export interface DataRoomOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly disk?: Disk
  /** A disk that does not answer for this long is away; default one second. */
  readonly answerMs?: number
  /** Told when it is found to be another one than before. */
  readonly onChange?: (state: DataState) => void
}

export function dataRoom(path: string, options: DataRoomOptions): () => Promise<DataState> {
  const { clock, disk = systemDisk, answerMs = 1000, onChange } = options
  let known: DataState = 'ok'
  let askedMs = -Infinity
  let asking: Promise<DataState> | undefined
  const look = async (): Promise<DataState> => {
    try {
      await disk.assertWritable(path)
      return (await disk.freeBytes(path)) < (known === 'full' ? ROOM_FROM_BYTES : FULL_BELOW_BYTES) ? 'full' : 'ok'
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return code === 'EROFS' || code === 'EACCES' ? 'read-only' : 'away'
    }
  }
  const find = (found: DataState): DataState => {
    if (found !== known) onChange?.(found)
    known = found
    return found
  }
  const ask = async (): Promise<DataState> => {
    const found = await look()
    askedMs = clock.monotonicMs()
    asking = undefined
    return find(found)
  }
  return async () => {
    if (asking === undefined && clock.monotonicMs() - askedMs < KEPT_MS) return known
    // whoever asks meanwhile waits for the same answer
    asking ??= ask()
    let cancel = (): void => undefined
    const late = new Promise<DataState>((resolve) => {
      const wait = (): void => {
        const dueMs = clock.monotonicMs() + answerMs
        cancel = startTimer(answerMs, () => {
          // it was this process that did not run; the answer may lie there, and is read after the timers only
          if (clock.monotonicMs() - dueMs >= STALLED_MS) wait()
          else resolve(find('away'))
        })
      }
      wait()
    })
    return Promise.race([asking, late]).finally(() => cancel())
  }
}
