// SPDX-License-Identifier: EUPL-1.2
/**
 * Sources of bytes, cut and put together without copying: what is assembled from chunks, and what is sealed to be cut into chunks.
 * @module
 */
import type { ByteSource } from '../../mime/source.js'

export type { ByteSource }

/** Bytes in memory. */
export const memorySource = (bytes: Uint8Array): ByteSource => ({
  bytes: bytes.byteLength,
  read: (from, to) => Promise.resolve(bytes.subarray(from, to)),
})

/** The bytes [from, to) of another source. */
export const sliceSource = (source: ByteSource, from: number, to: number): ByteSource => ({
  bytes: to - from,
  read: (start, end) => source.read(from + start, from + end),
})

/**
 * Sources one behind the other. `read` touches only those that the range meets.
 * @throws {RangeError} (rejected) the range does not lie within.
 */
export function joinSources(pieces: readonly ByteSource[]): ByteSource {
  const joined = pieces.filter((piece) => piece.bytes > 0)
  const starts: number[] = []
  let bytes = 0
  for (const piece of joined) {
    starts.push(bytes)
    bytes += piece.bytes
  }
  /** Index of the piece that holds the byte at `at`. */
  const indexAt = (at: number): number => {
    let low = 0
    for (let high = starts.length; high - low > 1;) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? Infinity) <= at) low = middle
      else high = middle
    }
    return low
  }
  return {
    bytes,
    async read(from, to) {
      if (!(from >= 0 && from <= to && to <= bytes)) throw new RangeError(`bytes ${from} to ${to} of ${bytes}`)
      const found: Uint8Array[] = []
      for (let index = indexAt(from), at = from; at < to; index++) {
        const piece = joined[index]
        const start = starts[index] ?? bytes
        if (!piece) break
        const end = Math.min(to, start + piece.bytes)
        found.push(await piece.read(at - start, end - start))
        at = end
      }
      const [only, more] = found
      return only && !more ? only : Buffer.concat(found)
    },
  }
}
