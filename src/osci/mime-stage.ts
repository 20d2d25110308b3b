// SPDX-License-Identifier: EUPL-1.2
/**
 * Mime stage: HTTP body ⇄ parts, in the dialects of wire facts §1. Written is always the library's layout.
 * @module
 */
import { StructureError } from '../errors.js'
import type { Part, Parts } from '../mime/parts.js'
import { readMime } from '../mime/read.js'
import { makeBoundary, writeMime, type AttachmentToWrite } from '../mime/write.js'
import type { Stage } from './types.js'

/** A part as we send it: binary, with the token `8-bit` that the reference library writes (wire fact 5). */
export const outgoingPart = (contentId: string, body: Uint8Array, contentType = 'application/octet-stream'): Part => ({
  contentId,
  contentType,
  transferEncoding: '8-bit',
  headers: [],
  body,
})

/** Parts around a root that is still to be written. */
export const outgoingParts = (attachments: readonly Part[]): Parts => ({
  root: { contentId: 'osci@message', contentType: 'text/xml', transferEncoding: '8bit', headers: [], body: new Uint8Array(0) },
  attachments: new Map(attachments.map((part) => [part.contentId, part])),
  dialect: 'body',
  boundary: '',
})

const PART_ENCODINGS: Readonly<Record<string, AttachmentToWrite['transferEncoding']>> = {
  '8-bit': '8-bit',
  '8bit': '8-bit',
  '7bit': '8-bit',
  binary: 'binary',
  base64: 'base64',
}

/** How a part travels on: as it came, in the library's words. Every reader undoes base64 where the type says so. */
export const writtenEncoding = (part: Pick<Part, 'contentType' | 'transferEncoding'>): AttachmentToWrite['transferEncoding'] =>
  part.contentType === 'text/base64' ? '7bit-base64' : (PART_ENCODINGS[part.transferEncoding] ?? '8-bit')

export const mime: Stage<Uint8Array, Parts> = {
  name: 'mime',
  async open(bytes, env) {
    if (bytes.byteLength > env.limits.messageBytes)
      throw new StructureError('mime', 'mime.message-too-large', 'the message is larger than the limit')
    return Promise.resolve(readMime(bytes, env.limits, env.httpContentType))
  },
  async seal(parts, env) {
    return Promise.resolve(
      writeMime({
        root: { body: parts.root.body, contentId: parts.root.contentId },
        attachments: [...parts.attachments.values()].map((part) => ({
          contentId: part.contentId,
          contentType: part.contentType,
          transferEncoding: writtenEncoding(part),
          body: part.body,
        })),
        boundary: parts.boundary === '' ? makeBoundary((n) => env.random(n)) : parts.boundary,
      }),
    )
  },
}
