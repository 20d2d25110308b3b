// SPDX-License-Identifier: EUPL-1.2
/**
 * Distinguished names as RFC 2253 strings, in the spelling of Java's X500Principal.
 *
 * InspectionReport carries names as text, and peers are Java: attribute types outside RFC 2253 come as OID with the value in
 * hex, `=` and `#` are escaped everywhere, all leading and trailing blanks are.
 * Specs: [RFC2253 §2], [X520].
 * @module
 */
import { expectTag, readAll, readOid, TAG, type Tlv } from './der.js'

const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
])

/** @param rdnSequence the value of the Name's SEQUENCE. */
export function nameRfc2253(rdnSequence: Buffer): string {
  return readAll(rdnSequence)
    .map((rdn) => readAll(expectTag(rdn, TAG.set)).map(attribute).join('+'))
    .reverse()
    .join(',')
}

function attribute(field: Tlv): string {
  const [oid, value] = readAll(expectTag(field, TAG.sequence))
  const type = readOid(expectTag(oid, TAG.oid))
  if (value === undefined) throw new RangeError('DER: a name without value')
  const keyword = KEYWORDS.get(type)
  const text = keyword === undefined ? undefined : decode(value)
  return keyword === undefined || text === undefined ? `${keyword ?? type}=#${value.raw.toString('hex')}` : `${keyword}=${escape(text)}`
}

function decode({ tag, value }: Tlv): string | undefined {
  switch (tag) {
    case 0x0c:
      return value.toString('utf8')
    case 0x13:
    case 0x16:
    case 0x14:
      return value.toString('latin1')
    case 0x1e:
      return value.length % 2 === 0 ? Buffer.from(value).swap16().toString('utf16le') : undefined
    default:
      return undefined
  }
}

function escape(text: string): string {
  return (
    text
      .replace(/[,=+<>#;"\\]/g, '\\$&')
      // Names stand in process cards: what XML cannot carry must not make a mailbox unreadable.
      // eslint-disable-next-line no-control-regex -- just these are meant
      .replace(/[\u0000-\u001f\u007f\ufffe\uffff\p{Cs}]/gu, (odd) => Buffer.from(odd, 'utf8').toString('hex').replace(/../g, '\\$&'))
      .replace(/^ +| +$/g, (blanks) => blanks.replace(/ /g, '\\ '))
  )
}
