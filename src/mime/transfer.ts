// SPDX-License-Identifier: EUPL-1.2
/**
 * Content transfer encodings of the OSCI field (threat model M5).
 *
 * `8-bit` (sic) is what the reference library writes for binary parts; `7bit` with `text/base64` is its base64 variant of an
 * encrypted message. Base64 is read strictly: a lenient decoder would let two different texts carry one digest.
 * Specs: [RFC2045 §6], [OSCI12 "Aufbau einer OSCI-Nachricht"], osci-wire-facts 5 and 52.
 * @module
 */
import { StructureError } from '../errors.js'

/** Words of the standard that are read. */
export const STANDARD_ENCODINGS = ['7bit', '8bit', 'binary', 'base64'] as const

export const TRANSFER_ENCODINGS: ReadonlySet<string> = new Set([...STANDARD_ENCODINGS, '8-bit'])

const SKIP = 0xfe
const BAD = 0xff
const PAD = 61
const SEXTETS = sextets()

function sextets(): Uint8Array {
  const table = new Uint8Array(256).fill(BAD)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  for (let i = 0; i < 64; i++) table[alphabet.charCodeAt(i)] = i
  table[10] = SKIP
  table[13] = SKIP
  return table
}

/** Undoes the transfer encoding; identity encodings give the same view back. `transferEncoding` in lower case. */
export function decodeTransfer(transferEncoding: string, contentType: string, encoded: Uint8Array): Uint8Array {
  return transferEncoding === 'base64' || contentType === 'text/base64' ? decodeBase64(encoded) : encoded
}

/**
 * Strict base64: alphabet of RFC 4648 §4, padding present, unused bits zero, white space only CR and LF.
 * @throws StructureError `mime.base64`.
 */
export function decodeBase64(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  let length = 0
  let bits = 0
  let held = 0
  let at = 0
  for (; at < text.length; at++) {
    const byte = text[at] ?? 0
    const sextet = SEXTETS[byte] ?? BAD
    if (sextet < 64) {
      bits = (bits << 6) | sextet
      if (++held === 4) {
        out[length++] = (bits >> 16) & 0xff
        out[length++] = (bits >> 8) & 0xff
        out[length++] = bits & 0xff
        bits = 0
        held = 0
      }
    } else if (byte === PAD) break
    else if (sextet !== SKIP)
      throw new StructureError('mime', 'mime.base64', 'Base64 holds a character outside its alphabet.', { byte: at })
  }
  let padding = 0
  for (; at < text.length; at++) {
    const byte = text[at] ?? 0
    if (byte === PAD) padding++
    else if (SEXTETS[byte] !== SKIP) throw new StructureError('mime', 'mime.base64', 'Base64 goes on after its padding.', { byte: at })
  }
  if (held === 1 || padding !== (held === 0 ? 0 : 4 - held))
    throw new StructureError('mime', 'mime.base64', 'Base64 is not padded as it must be.', { byte: at })
  const unused = held === 2 ? bits & 0x0f : held === 3 ? bits & 0x03 : 0
  if (unused !== 0) throw new StructureError('mime', 'mime.base64', 'Base64 has stray bits before its padding.', { byte: at })
  if (held === 2) out[length++] = (bits >> 4) & 0xff
  if (held === 3) {
    out[length++] = (bits >> 10) & 0xff
    out[length++] = (bits >> 2) & 0xff
  }
  return out.subarray(0, length)
}

/** Base64 in lines of 76 characters, separated by LF as the reference library writes it; no line break at the end. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return Buffer.from(text.replace(/(.{76})(?=.)/g, '$1\n'), 'latin1')
}
