// SPDX-License-Identifier: EUPL-1.2
/**
 * Chunked transfer, what both directions share: the frame of one chunk, sizes and limits.
 *
 *   whole inner package ─ cut every ChunkSize × 1024 bytes ─► 1 … n
 *   ContentContainer ChunkContentContainer ─ Content ChunkContent @href ─► part ChunkBlobStoreDelivery (raw bytes)
 *
 * Numbers of a peer are compared, never looped on nor allocated by. Specs: osci-1.2 §10; osci-in-the-field §3 rows 23, 24; wire facts 55–58.
 * @module
 */
import { ProtektorError } from '../../errors.js'
import { openContent } from '../../osci/content-read.js'
import { itemsOf } from '../../osci/content-types.js'
import { sealContent } from '../../osci/content-write.js'
import type { FeatureDescription } from '../../osci/parts.js'
import type { OsciEnv, OsciMessage } from '../../osci/types.js'
import { OsciCallError, type OsciRequestParts } from './ports.js'

export const KILOBYTE = 1024
export const DEFAULT_CHUNK_KILOBYTES = 1000
/** 2³¹ bytes: what the field's 32-bit arithmetic still counts. */
const MAX_CHUNK_KILOBYTES = 2_097_151
const BLOB = 'ChunkBlobStoreDelivery'

const refused = (finding: string, message: string): OsciCallError => new OsciCallError('not-sent', finding, message)

/**
 * The size to use: the wish, within what the peer announced (0 announces nothing).
 * @throws {OsciCallError} not-sent: no possible size, or the whole is larger than the peer takes.
 */
export function chunkKilobytes(wished: number | undefined, features: FeatureDescription | undefined, totalBytes?: number): number {
  const least = Math.max(1, features?.minChunkSizeKilobytes ?? 1)
  const most = Math.min(MAX_CHUNK_KILOBYTES, features?.maxChunkSizeKilobytes || MAX_CHUNK_KILOBYTES)
  const largest = features?.maxMessageSizeKilobytes || Infinity
  if (totalBytes !== undefined && kilobytesOf(totalBytes) > largest)
    throw refused('client.too-large', `The delivery is larger than the ${largest} KB that the peer takes.`)
  const size = Math.min(Math.max(wished ?? DEFAULT_CHUNK_KILOBYTES, least), most)
  if (!Number.isSafeInteger(size) || size < 1) throw refused('client.chunk-size', `A chunk has 1 to ${MAX_CHUNK_KILOBYTES} KB.`)
  return size
}

/** Rounded up: the last one may be begun only. */
export const kilobytesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / KILOBYTE))

export const chunkCount = (bytes: number, kilobytes: number): number => Math.max(1, Math.ceil(bytes / (kilobytes * KILOBYTE)))

/** Content of a request that carries one chunk, or none (InfoOnly). */
export async function chunkContent(
  chunk: Uint8Array | undefined,
  env: OsciEnv,
): Promise<Pick<OsciRequestParts, 'content' | 'attachments'>> {
  if (chunk === undefined) return sealContent([], env)
  return sealContent(
    [{ id: 'ChunkContentContainer', contents: [{ kind: 'attachment', id: 'ChunkContent', name: BLOB, bytes: chunk }] }],
    env,
  )
}

/** The chunk in an answer. @throws {OsciCallError} answered-wrongly: there is none, or not one alone. */
export async function chunkOf(message: OsciMessage, env: OsciEnv): Promise<Uint8Array> {
  const { containers, problems } = await openContent(message, env)
  const [item, more] = itemsOf(containers)
  const [problem] = problems
  if (!item || more || item.kind !== 'attachment' || problem)
    throw new OsciCallError('answered-wrongly', 'client.chunk', 'The answer does not hold one chunk.', problem ? { cause: problem } : {})
  return item.bytes
}

/** Bytes that need not be in memory: chunks are read when they are sent. */
export interface ChunkSource {
  /** Bytes. */
  readonly size: number
  /** Bytes `from` ≤ i < `to`; the same ones at every call. */
  read(from: number, to: number): Promise<Uint8Array>
}

export const sourceOf = (bytes: Uint8Array): ChunkSource => ({
  size: bytes.byteLength,
  read: async (from, to) => Promise.resolve(bytes.subarray(from, to)),
})

/** Bytes of chunk `number`, counted from 1. @throws {ProtektorError} the source gave less or more than it announced. */
export async function readChunk(source: ChunkSource, number: number, kilobytes: number): Promise<Uint8Array> {
  const from = (number - 1) * kilobytes * KILOBYTE
  const to = Math.min(from + kilobytes * KILOBYTE, source.size)
  const bytes = await source.read(from, to)
  if (bytes.byteLength !== to - from)
    throw new ProtektorError('client.chunk-source', 'The source did not give the bytes that it announced.')
  return bytes
}
