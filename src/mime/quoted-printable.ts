// SPDX-License-Identifier: EUPL-1.2
/**
 * Quoted-printable, as mail programs write text. No part of an OSCI message has it (threat model M5): only what came as a mail is read.
 *
 *   K=C3=B6ln = CRLF        a soft line break: the line goes on        blank… CRLF   blanks before a line end are nobody's
 *
 * Lenient where the specification tells a reader to be (lower-case digits, long lines, blanks that a relay added at line ends) and where
 * recorders change line ends; what a reader would have to guess is refused.
 * Specs: [RFC2045 §6.7].
 * @module
 */
import { StructureError } from '../errors.js'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const EQUALS = 0x3d

const refuse = (why: string): StructureError => new StructureError('mime', 'mime.quoted-printable', why)

function digit(byte: number | undefined): number {
  const value = byte === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(byte), 16)
  if (Number.isNaN(value)) throw refuse('an equals sign is followed neither by two hexadecimal digits nor by a line end')
  return value
}

/** Length of the line end at this place, 0: there is none. */
function lineEnd(text: Uint8Array, at: number): number {
  if (text[at] === LF) return 1
  return text[at] === CR && text[at + 1] === LF ? 2 : 0
}

/** Behind the blanks at this place. */
function behindBlanks(text: Uint8Array, from: number): number {
  let at = from
  while (text[at] === SPACE || text[at] === TAB) at++
  return at
}

/**
 * Undoes quoted-printable; never more bytes than it is given, each looked at twice at most.
 * @throws {StructureError} `mime.quoted-printable`.
 */
export function decodeQuotedPrintable(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.byteLength)
  let length = 0
  for (let at = 0; at < text.byteLength;) {
    const byte = text[at] ?? 0
    if (byte === EQUALS) {
      const end = behindBlanks(text, at + 1)
      const soft = lineEnd(text, end)
      if (soft > 0) at = end + soft
      else {
        out[length++] = digit(text[at + 1]) * 16 + digit(text[at + 2])
        at += 3
      }
    } else if (byte === SPACE || byte === TAB) {
      const end = behindBlanks(text, at)
      // a relay may have added them
      if (end < text.byteLength && lineEnd(text, end) === 0) {
        out.set(text.subarray(at, end), length)
        length += end - at
      }
      at = end
    } else {
      const hard = lineEnd(text, at)
      if (hard === 0 && (byte < SPACE || byte > 0x7e)) throw refuse('a byte that must be encoded stands as it is')
      out.set(text.subarray(at, at + Math.max(1, hard)), length)
      length += Math.max(1, hard)
      at += Math.max(1, hard)
    }
  }
  return out.subarray(0, length)
}
