// SPDX-License-Identifier: EUPL-1.2
/**
 * Small changes to the text of an envelope and to the bytes around it. Each changes something, or says that it cannot: a fault that
 * changes nothing would prove nothing.
 * @module
 */
import type { Part, Parts } from '../mime/parts.js'
import { Unbendable } from './bend.js'

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const nothingLike = (pattern: RegExp | string): Unbendable =>
  new Unbendable(`die Nachricht enthält nichts wie ${String(pattern)}`, `there is nothing like ${String(pattern)} in the message`)
const noAttachment = (): Unbendable => new Unbendable('die Nachricht hat keinen Anhang', 'the message has no attachment')

/** Replaces in the XML of the root part. */
export const rewrite =
  (pattern: RegExp | string, by: string) =>
  (parts: Parts): Parts => {
    const text = buffer(parts.root.body).toString('utf8')
    const changed = text.replace(pattern, by)
    if (changed === text) throw nothingLike(pattern)
    return { ...parts, root: { ...parts.root, body: Buffer.from(changed, 'utf8') } }
  }

/** White space inside a header block or the Body: still well-formed, still the same values, another digest. */
export const loosen = (name: string): ((parts: Parts) => Parts) => rewrite(new RegExp(`(<\\w+:${name}\\b[^>]*>)(?=<\\w)`), '$1\n')

/** One bit of the first octet from `at` on (negative: from the end). */
function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(bytes)
  const index = at < 0 ? copy.length + at : at
  if (index < 0 || index >= copy.length) throw new Unbendable('so viele Bytes sind es nicht', 'there are not so many octets')
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

/** One bit of the first attachment, which may be the ciphertext of a shell. */
export const flipPart =
  (at: number) =>
  (parts: Parts): Parts =>
    withFirst(parts, (part) => ({ ...part, body: flip(part.body, at) }))

export const renamePart =
  (contentId: string): ((parts: Parts) => Parts) =>
  (parts) =>
    withFirst(parts, (part) => ({ ...part, contentId }))

function withFirst(parts: Parts, change: (part: Part) => Part): Parts {
  const [first, ...rest] = [...parts.attachments.values()]
  if (!first) throw noAttachment()
  return { ...parts, attachments: new Map([change(first), ...rest].map((part) => [part.contentId, part])) }
}

/** Another first character of the Base64 inside an element. */
export const flipText =
  (name: string): ((parts: Parts) => Parts) =>
  (parts) => {
    const found = new RegExp(`(<\\w+:${name}[^>]*>\\s*)([A-Za-z0-9+/])`).exec(buffer(parts.root.body).toString('utf8'))
    if (!found) throw nothingLike(name)
    const [whole, before = '', first = ''] = found
    return rewrite(whole, before + (first === 'A' ? 'B' : 'A'))(parts)
  }

/** Bytes as Latin-1 text, changed and back: for what stands around the XML. */
export const rewriteBytes =
  (pattern: RegExp, by: string) =>
  (bytes: Uint8Array): Uint8Array => {
    const text = buffer(bytes).toString('latin1')
    const changed = text.replace(pattern, () => by)
    if (changed === text) throw nothingLike(pattern)
    return Buffer.from(changed, 'latin1')
  }
