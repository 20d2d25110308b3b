// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a package that lies in memory. Nothing is copied: bodies are views unless base64 had to be undone.
 * Specs: mime/grammar.ts.
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { packageGrammar, type PartOutline } from './grammar.js'
import type { Part, Parts } from './parts.js'
import { decodeTransfer } from './transfer.js'
import { readMemory } from './window.js'

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
  const { root, attachments, dialect, boundary } = readMemory(packageGrammar(buffer.length, limits, httpContentType), buffer)
  const parts = attachments.map((part) => withBody(part, buffer))
  return { root: withBody(root, buffer), attachments: new Map(parts.map((part) => [part.contentId, part])), dialect, boundary }
}

function withBody({ from, to, ...head }: PartOutline, message: Buffer): Part {
  return { ...head, body: decodeTransfer(head.transferEncoding, head.contentType, message.subarray(from, to)) }
}
