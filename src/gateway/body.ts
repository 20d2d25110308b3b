// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads an OSCI body: counted as it comes, refused as early as it can be (threat model H1, H5, M4).
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'

export interface BodyRules {
  readonly maxBytes: number
  /** After `graceMs` at least this much must have come per second. */
  readonly minBytesPerSecond: number
  readonly graceMs: number
  readonly monotonicMs: () => number
}

/** Announced length, undefined for chunked transfer. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/** What can be refused by the headers alone. @throws {HttpError} 413, 415 */
export function assertReadable(request: IncomingMessage, maxBytes: number): void {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity') throw new HttpError(415, 'http.content-encoding', 'Bodies are taken uncompressed only.')
  if ((announcedBytes(request) ?? 0) > maxBytes) throw tooLarge()
}

/**
 * @param grow is told the running count when no length was announced.
 * @throws {HttpError} 413 too large, 408 too slow, 400 the upload broke.
 */
export async function readOsciBody(request: IncomingMessage, rules: BodyRules, grow: (toBytes: number) => void): Promise<Uint8Array> {
  const announced = announcedBytes(request)
  const chunks: Buffer[] = []
  let count = 0
  const beganMs = rules.monotonicMs()
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      count += chunk.length
      if (count > rules.maxBytes) throw tooLarge()
      const elapsedMs = rules.monotonicMs() - beganMs
      if (elapsedMs > rules.graceMs && count < (rules.minBytesPerSecond * elapsedMs) / 1000)
        throw new HttpError(408, 'http.too-slow', 'The body came too slowly.')
      if (announced === undefined) grow(count)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof Error && 'finding' in cause) throw cause
    throw new HttpError(400, 'http.upload-broken', 'The upload broke off.', { cause })
  }
  if (announced !== undefined && announced !== count) throw new HttpError(400, 'http.upload-broken', 'The upload broke off.')
  const [only, more] = chunks
  return only && !more ? only : Buffer.concat(chunks, count)
}

const tooLarge = (): HttpError => new HttpError(413, 'http.too-large', 'The body is larger than allowed.')
