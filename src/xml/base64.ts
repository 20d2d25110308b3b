// SPDX-License-Identifier: EUPL-1.2
/**
 * Strict base64 as XML carries it: the alphabet, full quanta, zero pad bits, white space only between characters.
 *
 * A lenient decoder lets two texts mean the same octets, or one text mean two things to two readers [threat model G4, M5].
 * Linear time; `Buffer` alone skips whatever it does not know.
 * @module
 */

/** @returns the octets, or undefined when `text` is no strict base64. Empty text gives empty octets. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bare = /[\t\n\r ]/.test(text) ? text.replace(/[\t\n\r ]+/g, '') : text
  if (bare.length % 4 !== 0) return undefined
  const pad = bare.endsWith('==') ? 2 : bare.endsWith('=') ? 1 : 0
  const octets = Buffer.from(bare, 'base64')
  // `Buffer` skips what is not in the alphabet and stops at the first pad: then octets are missing. The URL alphabet it takes as well.
  if (octets.length !== (bare.length / 4) * 3 - pad || bare.includes('-') || bare.includes('_')) return undefined
  if (pad > 0) {
    const tail = octets.subarray(octets.length - (3 - pad)).toString('base64')
    if (!bare.endsWith(tail)) return undefined
  }
  return octets
}

/** 76 columns, LF, no line break at the end: what the field writes (wire fact 38). */
export function encodeBase64(octets: Uint8Array): string {
  const flat = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
  if (flat.length <= 76) return flat
  const lines: string[] = []
  for (let i = 0; i < flat.length; i += 76) lines.push(flat.slice(i, i + 76))
  return lines.join('\n')
}
