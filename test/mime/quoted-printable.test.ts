// SPDX-License-Identifier: EUPL-1.2
/**
 * Quoted-printable, rule by rule [RFC2045 §6.7].
 * @module
 */
import { expect } from 'chai'
import { decodeQuotedPrintable } from '../../src/mime/quoted-printable.js'
import { StructureError } from '../../src/errors.js'

const decoded = (text: string): string => Buffer.from(decodeQuotedPrintable(Buffer.from(text, 'latin1'))).toString('latin1')

describe('quoted-printable', () => {
  for (const [what, text, bytes] of [
    ['nothing', '', ''],
    ['digits in capitals and small', '=C3=b6=3d', '\u00c3\u00b6='],
    ['any byte', '=00=FF=0D', '\u0000\u00ff\r'],
    ['line ends of both kinds', 'a\r\nb\n\r\n', 'a\r\nb\n\r\n'],
    ['soft line breaks of both kinds', 'a=\r\nb=\nc=\r\n', 'abc'],
    ['blanks behind a soft line break', 'a= \t\r\nb=\t\nc', 'abc'],
    ['blanks at line ends', 'a \t\r\nb \n\t c \t', 'a\r\nb\n\t c'],
    ['blanks that are meant', 'a=20\r\n b =09=\r\n c', 'a \r\n b \t c'],
    ['a line longer than 76', 'x'.repeat(500), 'x'.repeat(500)],
  ] as const)
    it(`reads ${what}`, () => {
      expect(decoded(text)).to.equal(bytes)
    })

  for (const [what, text] of [
    ['an equals sign alone', 'a=b'],
    ['an equals sign at the end', 'a='],
    ['an equals sign and blanks at the end', 'a= '],
    ['one digit', '=4'],
    ['one digit and a line end', '=4\r\n'],
    ['a digit that is none', '=G0'],
    ['a sign before a digit', '=+1'],
    ['a byte above 126', 'K\u00f6ln'],
    ['a control character', 'a\u0000'],
    ['a carriage return alone', 'a\rb'],
    ['a carriage return alone behind an equals sign', 'a=\rb'],
  ] as const)
    it(`mime.quoted-printable: ${what}`, () => {
      expect(() => decoded(text))
        .to.throw(StructureError)
        .with.property('finding', 'mime.quoted-printable')
    })

  it('takes time that grows with the text, not with its square', () => {
    for (const text of ['= ', ' '.repeat(1000), '=\n', '=41'])
      try {
        decodeQuotedPrintable(Buffer.from(text.repeat(4_000_000 / text.length), 'latin1'))
      } catch (cause) {
        expect(cause).to.be.instanceOf(StructureError)
      }
  }).timeout(5000)
})
