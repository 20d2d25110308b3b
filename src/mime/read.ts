// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a package that lies in memory. Nothing is copied: bodies are views unless base64 had to be undone.
 * Specs: mime/grammar.ts.
 * @module
 */
import { ProtektorError, StructureError, type Place } from '../errors.js'
import type { Limits } from '../env.js'
import { packageGrammar, type PartOutline } from './grammar.js'
import type { Part, Parts } from './parts.js'
import { decodeTransfer } from './transfer.js'
import { readMemory } from './window.js'

const LF = 10

/**
 * Takes a message apart.
 * @param bytes the whole HTTP body, or the plaintext of an encrypted message.
 * @param httpContentType the HTTP header's value, where there was one.
 * @throws StructureError 9100 `mime.*`.
 */
export function readMime(bytes: Uint8Array, limits: Limits, httpContentType?: string): Parts {
  if (bytes.byteLength > limits.messageBytes)
    throw new StructureError('mime', 'mime.message-size', `The message is larger than ${limits.messageBytes} bytes.`)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return withPlace(buffer, () => {
    const { root, attachments, ...written } = readMemory(packageGrammar(buffer.length, limits, httpContentType), buffer)
    const parts = attachments.map((part) => withBody(part, buffer))
    return { root: withBody(root, buffer), attachments: new Map(parts.map((part) => [part.contentId, part])), ...written }
  })
}

function withBody({ head: _head, from, to, ...outline }: PartOutline, message: Buffer): Part {
  try {
    return { ...outline, body: decodeTransfer(outline.transferEncoding, outline.contentType, message.subarray(from, to)) }
  } catch (error) {
    if (error instanceof ProtektorError && error.byte !== undefined) error.byte += from
    throw error
  }
}

/** Behind this nobody looks for a line: it is looked for on the event loop, in what anybody may send. */
const MAX_PLACED_BYTES = 4 * 1024 * 1024

/** Line and column of what is wrong, for whoever must find it in the message. Lines end with LF here, whatever stands before it. */
function withPlace<T>(message: Buffer, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtektorError && error.byte !== undefined && error.byte <= MAX_PLACED_BYTES)
      error.placedAt(placeOf(message, error.byte))
    throw error
  }
}

function placeOf(message: Buffer, byte: number): Place {
  let line = 1
  let start = 0
  for (let at = 0; at < byte; at++) {
    if (message[at] !== LF) continue
    line++
    start = at + 1
  }
  return { line, column: message.toString('utf8', start, byte).length + 1 }
}
