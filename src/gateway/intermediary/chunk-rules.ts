// SPDX-License-Identifier: EUPL-1.2
/**
 * What the numbers of a chunk must be, before anything is done for it. Nothing is allocated by them (threat model P8).
 *
 *   9901 ChunkNumber · 9902 too large · 9903 too small · 9904 whole message too large · 9905 the numbers contradict each other or the bytes
 *
 * ReceivedChunks lists the numbers one by one and has no shorter form (osci-1.2 §10.1): a message has so few chunks that the list fits
 * into an attribute as we read it ourselves (threat model X5). Whoever asks for more gets 9903, his chunks are too small for this message.
 *
 * KB are 1024 bytes. TotalMessageSize is rounded up or down by the field: it is right within one KB.
 * Specs: osci-1.2 §10.1, §10.2, §10.5; wire facts 55, 57.
 * @module
 */
import { OrderError } from '../../errors.js'
import type { ChunkInformation } from '../../osci/parts.js'
import type { ChunkLimits } from './ports.js'

const KB = 1024
/** `1 2 … 12000` has 60,892 characters, an attribute at most 65,536. */
const MAX_CHUNKS = 12_000

/** A chunk that may be taken; `chunkBytes` is the size of all but the last. */
export interface PlannedChunk {
  readonly number: number
  readonly total: number
  readonly chunkBytes: number
  readonly messageKilobytes: number
}

export const chunkError = (feedback: string, rule: string, message: string): OrderError =>
  new OrderError(`chunk.${rule}`, message, { feedback })

/** @throws {OrderError} 9901 */
export function assertNumber(number: number, total: number): void {
  if (number < 1 || number > total) throw chunkError('9901', 'number', `there is no chunk ${number} of ${total}`)
}

/**
 * ChunkSize is the same in every chunk, the last one included, which may have fewer bytes (wire fact 55).
 * @param onlyOne there is one chunk, which is the last: it may be as small as the message.
 * @throws {OrderError} 9902, 9903
 */
export function assertChunkSize(kilobytes: number, limits: Pick<ChunkLimits, 'minKilobytes' | 'maxKilobytes'>, onlyOne: boolean): void {
  if (kilobytes > limits.maxKilobytes) throw chunkError('9902', 'too-large', `a chunk has at most ${limits.maxKilobytes} KB`)
  if (kilobytes < 1 || (kilobytes < limits.minKilobytes && !onlyOne))
    throw chunkError('9903', 'too-small', `a chunk has at least ${limits.minKilobytes} KB`)
}

/** @throws {OrderError} 9903 */
export function assertFewChunks(total: number): void {
  if (total > MAX_CHUNKS) throw chunkError('9903', 'too-many', `a message has at most ${MAX_CHUNKS} chunks`)
}

/**
 * Holds the numbers of a partialStoreDelivery against the limits, each other and the bytes that came.
 * @throws {OrderError} 9901, 9902, 9903, 9904, 9905
 */
export function planChunk(information: ChunkInformation, bytes: number, limits: ChunkLimits): PlannedChunk {
  const { chunkNumber: number, chunkSizeKilobytes: size, totalChunkNumbers: total, totalMessageSizeKilobytes: whole } = information
  if (size === undefined || total === undefined || whole === undefined)
    throw chunkError('9905', 'incomplete', 'the chunk does not say its size, the number of chunks and the size of the message')
  assertNumber(number, total)
  const isLast = number === total
  assertChunkSize(size, limits, total === 1)
  if (bytes > limits.maxKilobytes * KB) throw chunkError('9902', 'too-large', `a chunk has at most ${limits.maxKilobytes} KB`)
  if (whole > limits.messageKilobytes + 1)
    throw chunkError('9904', 'message-too-large', `a message has at most ${limits.messageKilobytes} KB`)
  const before = (total - 1) * size
  if (before > whole || total * size < whole - 1)
    throw chunkError('9905', 'totals', 'so many chunks of this size do not make a message of that size')
  assertFewChunks(total)
  const fits = isLast ? bytes > 0 && bytes <= size * KB && Math.abs(before * KB + bytes - whole * KB) <= KB : bytes === size * KB
  if (!fits) throw chunkError('9905', 'bytes', 'the chunk has another number of bytes than it says')
  return { number, total, chunkBytes: size * KB, messageKilobytes: whole }
}
