// SPDX-License-Identifier: EUPL-1.2
/**
 * Places in a text: line and column of an offset, the first byte that is no UTF-8, wider encodings, and where something that is not well-formed began.
 * @module
 */

/** Breaks this near are looked for one by one, those beyond by a search: a line of one character costs no search, a long one no loop. */
const NEAR = 32

/** Line and column of ever growing offsets. CR LF, LF and lone CR end a line, as for the parser [XML10 §2.11]. Linear whatever the text. */
export class Lines {
  private line = 1
  private start = 0
  private next: number
  private readonly text: string
  /** Offsets of the next LF and CR that a search has found: it never looks at the same stretch twice. */
  private lf = -1
  private cr = -1

  constructor(text: string) {
    this.text = text
    this.next = this.after(0)
  }

  private find(sign: string, from: number): number {
    const at = this.text.indexOf(sign, from)
    return at < 0 ? Infinity : at
  }

  private after(from: number): number {
    const { text } = this
    const far = Math.min(from + NEAR, text.length)
    for (let i = from; i < far; i++) {
      const code = text.charCodeAt(i)
      if (code === 10) return i + 1
      if (code === 13) return text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1
    }
    if (this.lf < far) this.lf = this.find('\n', far)
    if (this.cr < far) this.cr = this.find('\r', far)
    return (this.cr + 1 < this.lf ? this.cr : this.lf) + 1
  }

  at(offset: number): { line: number; column: number } {
    while (this.next <= offset) {
      this.line++
      this.start = this.next
      this.next = this.after(this.next)
    }
    return { line: this.line, column: offset - this.start + 1 }
  }
}

/** Octets behind the first one of a character [RFC3629 §4]: `[lowest, highest]` of the second, and how many. */
function following(first: number): readonly [lowest: number, highest: number, count: number] | undefined {
  if (first < 0x80) return [0, 0, 0]
  if (first >= 0xc2 && first <= 0xdf) return [0x80, 0xbf, 1]
  if (first >= 0xe0 && first <= 0xef) return [first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf, 2]
  if (first >= 0xf0 && first <= 0xf4) return [first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf, 3]
  return undefined
}

/** The first four octets of text in wider units, with a byte order mark or without [XML10 Appendix F.1]. */
const WIDE: readonly (readonly [encoding: string, begins: RegExp])[] = [
  ['UTF-32', /^(?:\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0])/],
  ['UTF-16', /^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/],
]

/** The encoding that a document shows by its first octets, where that is not UTF-8. */
export function wideEncoding(bytes: Uint8Array): string | undefined {
  const beginning = String.fromCharCode(...bytes.subarray(0, 4))
  return WIDE.find(([, begins]) => begins.test(beginning))?.[0]
}

/** Offset of the first character that is no UTF-8; the length where all of it is. */
export function endOfUtf8(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const [lowest, highest, count] = following(bytes[at] ?? 0) ?? [0, 0, -1]
    if (count < 0) return at
    for (let i = 1; i <= count; i++) {
      const octet = bytes[at + i] ?? 0
      if (octet < (i === 1 ? lowest : 0x80) || octet > (i === 1 ? highest : 0xbf)) return at
    }
    at += count + 1
  }
  return at
}

/** What may stand behind `&`, as far as its form goes. */
const REFERENCE = /^&(#\d+|#x[\da-f]+|[^\s<>&;#][^\s<>&;]*);/i

/**
 * What is not well-formed and where it began. The tokenizer complains where it notices: a `&` that begins no reference swallows what
 * follows, to the next `;` or the end. Behind a colon its words quote the document; that part is left out.
 * @param words of the tokenizer
 * @param lastTag offset behind the last complete tag
 * @param noticed offset at which it complains
 */
export function complaintOf(
  words: string,
  text: string,
  lastTag: number,
  noticed: number,
): { readonly reason: string; readonly offset: number } {
  const reason = words.replace(/:.*$|\.$/s, '')
  if (/entity|unclosed tag|unexpected end/.test(reason))
    for (let i = text.indexOf('&', lastTag); i >= 0 && i < noticed; i = text.indexOf('&', i + 1))
      if (!REFERENCE.test(text.slice(i, i + 64))) return { reason: '& without a reference', offset: i }
  if (reason.includes('entity')) return { reason, offset: text.lastIndexOf('&', noticed) }
  return { reason, offset: /clos(e|ing) tag/.test(reason) ? text.lastIndexOf('<', noticed) : noticed }
}
