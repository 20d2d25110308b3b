// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads the body of a call into memory that was reserved before (threat model C4).
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'

/** Announced length, or undefined when the body comes in chunks. */
export function contentLength(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/**
 * @param grow called with the running count when no length was announced.
 * @throws {HttpError} 413 too large, 400 the upload broke
 */
export async function readBody(request: IncomingMessage, maxBytes: number, grow: (toBytes: number) => void): Promise<Uint8Array> {
  const announced = contentLength(request)
  if (announced !== undefined && announced > maxBytes) throw tooLarge()
  const whole = announced === undefined ? undefined : Buffer.allocUnsafeSlow(announced)
  const chunks: Buffer[] = []
  let count = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (count + chunk.length > maxBytes) throw tooLarge()
      if (whole === undefined) {
        grow(count + chunk.length)
        chunks.push(chunk)
      } else {
        whole.set(chunk, count)
        // a part of what the socket was read into, which nobody overwrites before it is used again (C5)
        chunk.fill(0)
      }
      count += chunk.length
    }
  } catch (cause) {
    whole?.fill(0)
    for (const chunk of chunks) chunk.fill(0)
    if (cause instanceof Error && 'finding' in cause) throw cause
    throw new HttpError(400, 'core.upload-broken', 'The upload broke.', { cause })
  }
  if (announced !== undefined && count !== announced) throw new HttpError(400, 'core.upload-broken', 'The upload broke.')
  return whole ?? joined(chunks, count)
}

function joined(chunks: readonly Buffer[], count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
    chunk.fill(0)
  }
  return bytes
}

function tooLarge(): HttpError {
  return new HttpError(413, 'core.too-large', 'The body is too large.')
}
