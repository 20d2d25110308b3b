// SPDX-License-Identifier: EUPL-1.2
/**
 * Windows: the grammar of packages asks for bytes and never learns where they lie, so that a message in memory and one on a disk are
 * read by the same rules.
 *
 *   grammar ── { from, bytes } ──► driver          a driver answers with the bytes from `from` on: at least `bytes` of them,
 *           ◄── Buffer ──────────                   fewer only where the message ends, as many more as it has at hand
 * @module
 */

export interface Window {
  /** Offset in the message. */
  readonly from: number
  readonly bytes: number
}

/** A reader that is resumed with each window it asked for. */
export type Reading<T> = Generator<Window, T, Buffer>

/** The message lies in memory: every window reaches to its end, nothing is copied. */
export function readMemory<T>(reading: Reading<T>, message: Buffer): T {
  let step = reading.next()
  while (step.done !== true) step = reading.next(message.subarray(step.value.from))
  return step.value
}
