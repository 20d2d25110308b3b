// SPDX-License-Identifier: EUPL-1.2
/**
 * What the headers of a request tell of its body, before a byte of it is read (threat model M4).
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'

/** Announced length, undefined for chunked transfer. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/** @throws {HttpError} 415 */
export function assertUncompressed(request: IncomingMessage): void {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity') throw new HttpError(415, 'http.content-encoding', 'Bodies are taken uncompressed only.')
}

/** What can be refused by the headers alone. @throws {HttpError} 413, 415 */
export function assertReadable(request: IncomingMessage, maxBytes: number): void {
  assertUncompressed(request)
  if ((announcedBytes(request) ?? 0) > maxBytes) throw new HttpError(413, 'http.too-large', 'The body is too large.')
}
