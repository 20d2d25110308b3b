// SPDX-License-Identifier: EUPL-1.2
/**
 * A small strict DER reader and writer: tag, length, value, nothing else.
 *
 * X509Certificate shows neither key usage nor names in a form that can be compared, so the few fields we need are read here.
 * Low tag numbers and definite minimal lengths only; no recursion, so nesting costs nothing.
 * Specs: [X690 §8.1, §10.1].
 * @module
 */

export interface Tlv {
  readonly tag: number
  readonly value: Buffer
  /** Tag, length and value. */
  readonly raw: Buffer
}

export const TAG = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30, set: 0x31 } as const

/** Where an element's value begins and ends. */
export interface Span {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** As {@link readTlv}, for walks over very many elements: no buffer is made. @throws RangeError when the bytes are no DER. */
export function readSpan(bytes: Buffer, from: number): Span {
  const tag = bytes[from]
  const first = bytes[from + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new RangeError('DER: no element here')
  let start = from + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4 || start + count > bytes.length) throw new RangeError('DER: length form')
    length = bytes.readUIntBE(start, count)
    start += count
    if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) throw new RangeError('DER: length is not minimal')
  }
  if (start + length > bytes.length) throw new RangeError('DER: element is cut off')
  return { tag, start, end: start + length }
}

/** Reads one element at `from`. @throws RangeError when the bytes are no DER. */
export function readTlv(bytes: Buffer, from = 0): Tlv {
  const { tag, start, end } = readSpan(bytes, from)
  return { tag, value: bytes.subarray(start, end), raw: bytes.subarray(from, end) }
}

/** The elements inside a constructed value. */
export function readAll(bytes: Buffer): readonly Tlv[] {
  const found: Tlv[] = []
  for (let at = 0; at < bytes.length;) {
    const tlv = readTlv(bytes, at)
    found.push(tlv)
    at += tlv.raw.length
  }
  return found
}

/** The value of an element that must have `tag`. */
export function expectTag(tlv: Tlv | undefined, tag: number): Buffer {
  if (tlv?.tag !== tag) throw new RangeError('DER: another element was expected')
  return tlv.value
}

/** Dotted form of an OID's value. */
export function readOid(value: Buffer): string {
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of value) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if ((byte & 0x80) === 0) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const head = arcs[0]
  if (head === undefined || ((value.at(-1) ?? 0x80) & 0x80) !== 0) throw new RangeError('DER: OID')
  const root = head < 40n ? 0n : head < 80n ? 1n : 2n
  return [root, head - root * 40n, ...arcs.slice(1)].join('.')
}

/** Writes one element from the pieces of its value. */
export function writeTlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value])
  const hex = value.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value])
}

/** Writes an OID from its dotted form. */
export function writeOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octets = [root * 40 + second, ...rest].flatMap((arc) => {
    const sextets = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) sextets.unshift((left & 0x7f) | 0x80)
    return sextets
  })
  return writeTlv(TAG.oid, Buffer.from(octets))
}

/** Writes an INTEGER. */
export function writeInteger(value: bigint): Buffer {
  let octets = 1
  while (BigInt.asIntN(8 * octets, value) !== value) octets++
  const hex = BigInt.asUintN(8 * octets, value).toString(16)
  return writeTlv(TAG.integer, Buffer.from(hex.padStart(2 * octets, '0'), 'hex'))
}
