// SPDX-License-Identifier: EUPL-1.2
/**
 * A message that does not lie in memory: read in windows, each let go before the next.
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { packageGrammar, type PackageOutline } from './grammar.js'
import type { Reading } from './window.js'

/** Bytes somewhere: in memory, on a disk, or put together from both. They never change. */
export interface ByteSource {
  readonly bytes: number
  /** The bytes of [from, to), `0 ≤ from ≤ to ≤ bytes`; the caller does not write to them. */
  read(from: number, to: number): Promise<Uint8Array>
}

/** How much is held at a time. */
export const WINDOW_BYTES = 256 * 1024

interface Windowing {
  readonly breathe?: (() => Promise<void>) | undefined
  readonly windowBytes?: number
}

/**
 * Outlines a package: heads of the parts, and where their octets lie. Same grammar and limits as {@link readMime}.
 *
 * @param limits `messageBytes` holds for the whole source.
 * @param how `breathe` is called between windows; `windowBytes` is how much is read at a time.
 * @throws {StructureError} 9100 `mime.*`; whatever `source.read` throws.
 */
export async function outlineSource(source: ByteSource, limits: Limits, how: Windowing = {}): Promise<PackageOutline> {
  if (source.bytes > limits.messageBytes)
    throw new StructureError('mime', 'mime.message-size', `The message is larger than ${limits.messageBytes} bytes.`)
  return readSource(packageGrammar(source.bytes, limits), source, how)
}

async function readSource<T>(reading: Reading<T>, source: ByteSource, { breathe, windowBytes = WINDOW_BYTES }: Windowing): Promise<T> {
  let held: Buffer = Buffer.alloc(0)
  let heldFrom = 0
  let step = reading.next()
  while (step.done !== true) {
    const from = Math.min(step.value.from, source.bytes)
    const to = Math.min(from + step.value.bytes, source.bytes)
    if (from < heldFrom || to > heldFrom + held.length) {
      await breathe?.()
      const read = await source.read(from, Math.min(Math.max(to, from + windowBytes), source.bytes))
      held = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
      heldFrom = from
    }
    step = reading.next(held.subarray(from - heldFrom))
  }
  return step.value
}
