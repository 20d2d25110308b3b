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
  // Lines end in LF nearly always: counting them costs a tenth of taking them out.
  return decodeCounted(text, lineFeeds(text)) ?? (/[\t\n\r ]/.test(text) ? decodeCounted(text.replace(/[\t\n\r ]+/g, ''), 0) : undefined)
}

/** Strict base64 in lines that end in LF: the answer for long texts costs a quarter of a look at every character. */
export const isBase64Lines = (text: string): boolean => decodeCounted(text, lineFeeds(text)) !== undefined

function lineFeeds(text: string): number {
  let count = 0
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++
  return count
}

/** @param feeds line feeds in `text`: the only characters that may be missing from the result. */
function decodeCounted(text: string, feeds: number): Uint8Array | undefined {
  const characters = text.length - feeds
  if (characters % 4 !== 0) return undefined
  const end = text.trimEnd()
  const pad = end.endsWith('==') ? 2 : end.endsWith('=') ? 1 : 0
  const octets = Buffer.from(text, 'base64')
  // `Buffer` skips what is not in the alphabet and stops at the first pad: then octets are missing. The URL alphabet it takes as well.
  if (octets.length !== (characters / 4) * 3 - pad || text.includes('-') || text.includes('_')) return undefined
  if (pad > 0 && !end.endsWith(octets.subarray(octets.length - (3 - pad)).toString('base64'))) return undefined
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
