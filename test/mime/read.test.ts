// SPDX-License-Identifier: EUPL-1.2
/**
 * What a package may look like, and every way to make two parsers disagree about it (threat model M1–M5).
 * @module
 */
import { expect } from 'chai'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { StructureError } from '../../src/errors.js'
import { FINDINGS_MIME } from '../../src/mime/findings.js'
import { readMime } from '../../src/mime/read.js'

const HEAD = 'MIME-Version: 1.0\r\nContent-Type: Multipart/Related; boundary=b0; type=text/xml\r\n\r\n'
const ROOT =
  '--b0\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <osci@message>\r\n\r\n<a/>\r\n'
const FILE = '--b0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8-bit\r\nContent-ID: <f>\r\n\r\nxyz\r\n'
const END = '--b0--\r\n'
const VALID = HEAD + ROOT + FILE + END

const read = (text: string, http?: string) => readMime(Buffer.from(text, 'utf8'), GATEWAY_LIMITS, http)
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')

/** Refused with this finding and 9100; and the next valid message still works. */
function refuses(finding: string, message: string | Uint8Array, http?: string): void {
  const bytes = typeof message === 'string' ? Buffer.from(message, 'utf8') : message
  let caught: unknown
  try {
    readMime(bytes, GATEWAY_LIMITS, http)
  } catch (error) {
    caught = error
  }
  expect(caught, `expected ${finding}`).to.be.instanceOf(StructureError)
  const error = caught as StructureError
  expect([error.finding, error.feedback, error.stage]).to.deep.equal([finding, '9100', 'mime'])
  expect(FINDINGS_MIME.map(({ id }) => id)).to.include(finding)
  expect(text(read(VALID).attachments.get('f')?.body)).to.equal('xyz')
}

const swap = (from: string, to: string) => {
  expect(VALID).to.include(from)
  return VALID.replace(from, to)
}

describe('readMime', () => {
  it('reads the header inside the body, with or without an empty line before it', () => {
    for (const message of [VALID, '\r\n' + VALID, '\r\n\r\n' + VALID]) {
      const parts = read(message, 'text/xml')
      expect([parts.dialect, parts.boundary, parts.root.contentId]).to.deep.equal(['body', 'b0', 'osci@message'])
      expect([text(parts.root.body), text(parts.attachments.get('f')?.body)]).to.deep.equal(['<a/>', 'xyz'])
    }
  })

  it('reads a package whose header is only in HTTP', () => {
    const parts = read(ROOT + FILE + END, 'multipart/related; boundary="b0"')
    expect([parts.dialect, parts.attachments.size]).to.deep.equal(['http', 1])
  })

  it('reads a bare envelope', () => {
    const parts = read(' \r\n<a/>')
    expect([parts.dialect, text(parts.root.body), parts.root.contentId, parts.boundary]).to.deep.equal(['bare', '<a/>', '', ''])
  })

  it('leaves a byte order mark before a bare envelope to the XML gate, which names it', () => {
    const parts = read('\ufeff<a/>')
    expect([parts.dialect, text(parts.root.body)]).to.deep.equal(['bare', '\ufeff<a/>'])
  })

  it('reads boundaries with / and + unquoted, and quoted ones', () => {
    for (const name of ['a/b+c=', '"a/b+c="', '"a\\/b+c="'])
      expect(read(VALID.replaceAll('--b0', '--a/b+c=').replace('=b0', '=' + name)).boundary).to.equal('a/b+c=')
  })

  it('unfolds a header once and takes names in any case', () => {
    const parts = read(swap('Content-Type: Multipart/Related; boundary=b0;', 'CONTENT-type: multipart/related;\r\n\tboundary=b0;'))
    expect(parts.root.contentType).to.equal('text/xml')
    const folded = read(swap('<f>', '\r\n <f>'))
    expect([...folded.attachments.keys()]).to.deep.equal(['f'])
  })

  it('gives views, not copies, and keeps to a view into a larger buffer', () => {
    const large = Buffer.from('JUNK' + VALID + 'JUNK', 'latin1')
    const view = new Uint8Array(large.buffer, large.byteOffset + 4, VALID.length)
    const parts = readMime(view, GATEWAY_LIMITS)
    expect(parts.root.body.buffer).to.equal(large.buffer)
    expect(text(parts.root.body)).to.equal('<a/>')
    expect(text(parts.attachments.get('f')?.body)).to.equal('xyz')
  })

  it('reads parts without octets', () => {
    expect(read(swap('xyz\r\n', '\r\n')).attachments.get('f')?.body).to.have.length(0)
    expect(read(swap('xyz\r\n', '')).attachments.get('f')?.body).to.have.length(0)
  })

  it('takes dashes and the boundary within a line for content', () => {
    const parts = read(swap('xyz', 'x--b0\r\n--b\r\n-- b0\r\n--c0--'))
    expect(text(parts.attachments.get('f')?.body)).to.equal('x--b0\r\n--b\r\n-- b0\r\n--c0--')
  })

  it('says in which line what is wrong stands, by LF as in an editor', () => {
    const placeOf = (message: string, http?: string): unknown => {
      try {
        read(message, http)
      } catch (error) {
        if (error instanceof StructureError) return [error.finding, error.place.line, error.place.column]
      }
      return 'nothing is wrong'
    }
    const base64 = (body: string) => swap('8-bit', 'base64').replace('xyz', body)
    for (const [message, ...place] of [
      [swap('MIME-Version: 1.0', 'MIME-Version: 2.0'), 'mime.version', 1, 1],
      ['\r\n' + swap('Related', 'Mixed'), 'mime.not-related', 2, 1],
      [swap('boundary=b0;', 'boundary=b0*;'), 'mime.boundary-grammar', 1, 1],
      [swap('type=text/xml\r\n', 'type=text/xml\r\nX: é\u0001\r\n'), 'mime.header-characters', 3, 1],
      [VALID.replace(HEAD, HEAD + 'ä preamble\r\n'), 'mime.preamble', 4, 1],
      [swap('Content-ID: <f>', 'no header'), 'mime.header-malformed', 13, 1],
      [swap('Content-ID: <f>', 'Content-Type: a/b'), 'mime.header-duplicate', 13, 1],
      [swap('Content-Type: text/xml', 'Content-Type: text'), 'mime.content-type', 5, 1],
      [swap('<f>', '<osci@message>'), 'mime.content-id-duplicate', 11, 1],
      [swap('xyz\r\n', 'xyz\n'), 'mime.bare-line-break', 16, 1],
      [swap('xyz\r\n', 'xyz\r'), 'mime.bare-line-break', 15, 5],
      [swap('xyz\r\n--', 'xyz\r\n--b0x\r\n--'), 'mime.boundary-prefix', 16, 1],
      [swap(END, ''), 'mime.no-end', 15, 1],
      [VALID + 'more', 'mime.epilogue', 17, 1],
      [base64('AAAA\r\nAAÄA'), 'mime.base64', 16, 3],
    ] as const)
      expect(placeOf(message)).to.deep.equal(place)
    // the head stands in HTTP's, and is not among the bytes
    expect(placeOf(ROOT + END, 'multipart/mixed; boundary=b0')).to.deep.equal(['mime.not-related', undefined, undefined])
    // nobody counts the lines of what may be gigabytes
    expect(placeOf(VALID + '\n'.repeat(5 * 1024 * 1024))).to.deep.equal(['mime.epilogue', 17, 1])
    expect(placeOf(swap('xyz', '\n'.repeat(5 * 1024 * 1024)) + 'more')).to.deep.equal(['mime.epilogue', undefined, undefined])
  })

  it('M1 refuses a Content-ID given twice, in another case, percent-encoded, or that of the root', () => {
    for (const id of ['f', 'F', '%66', 'ｆ'])
      refuses('mime.content-id-duplicate', HEAD + ROOT + FILE + FILE.replace('<f>', `<${id}>`) + END)
    refuses('mime.content-id-duplicate', swap('<f>', '<OSCI@message>'))
  })

  it('M1 refuses a part that names itself twice', () => {
    refuses('mime.header-duplicate', swap('Content-ID: <f>', 'Content-ID: <f>\r\ncontent-id: <g>'))
  })

  it('M1 refuses start that does not name the first part', () => {
    refuses('mime.start', swap('type=text/xml', 'type=text/xml; start="<f>"'))
    refuses('mime.start', swap('type=text/xml', 'start="<osci@message>"').replace('Content-ID: <osci@message>\r\n', ''))
    expect(read(swap('type=text/xml', 'start="<osci@message>"')).root.contentId).to.equal('osci@message')
  })

  it('M1 refuses a first part that is not text/xml, and a type that differs from it', () => {
    refuses('mime.root-type', swap('Content-Type: text/xml; charset', 'Content-Type: text/plain; charset'))
    refuses('mime.root-type', swap('type=text/xml', 'type=application/xml'))
    refuses('mime.part-header', swap('Content-Type: text/xml; charset=UTF-8\r\n', ''))
  })

  it('M1 refuses a further part without Content-Type, Content-Transfer-Encoding or Content-ID', () => {
    refuses('mime.part-header', swap('Content-Type: application/octet-stream\r\n', ''))
    refuses('mime.part-header', swap('Content-Transfer-Encoding: 8-bit\r\n', ''))
    refuses('mime.part-header', swap('Content-ID: <f>\r\n', ''))
  })

  it('M1 refuses an empty or oddly bracketed Content-ID', () => {
    for (const id of ['<>', '< >', '<f', 'f>', '<<f>>', '<f> <g>']) refuses('mime.content-id', swap('<f>', id))
  })

  it('M2 refuses a line that begins with the boundary but is none', () => {
    for (const line of ['--b01', '--b0 ', '--b0\t', '--b0-', '--b0x--'])
      refuses('mime.boundary-prefix', swap('xyz', `xyz\r\n${line}\r\nmore`))
    refuses('mime.boundary-prefix', swap('--b0\r\nContent-Type: text/xml', '--b0 \r\nContent-Type: text/xml'))
  })

  it('M2 refuses a message without end', () => {
    refuses('mime.no-end', HEAD + ROOT + FILE)
    refuses('mime.no-end', HEAD + ROOT.trimEnd())
    for (const cut of ['--b0', '--b0-', '--b0\r']) refuses('mime.no-end', HEAD + ROOT + FILE + cut)
    for (let cut = 1; cut < VALID.length - 3; cut += 3) expect(() => read(VALID.slice(0, cut)), `cut at ${cut}`).to.throw(StructureError)
  })

  it('M2 refuses anything but line breaks before the first and behind the last boundary', () => {
    refuses('mime.preamble', swap('\r\n\r\n--b0', '\r\n\r\nThis is MIME.\r\n--b0'))
    refuses('mime.preamble', swap('\r\n\r\n--b0', '\r\n\r\n --b0'))
    for (const tail of ['x', ' ', '\n', '\0', '--b0\r\n', '--']) refuses('mime.epilogue', VALID + tail)
    refuses('mime.epilogue', VALID.replace('--b0--\r\n', '--b0--more\r\n'))
    expect(read(VALID + '\r\n\r\n').attachments.size).to.equal(1)
    expect(read(VALID.slice(0, -2)).attachments.size).to.equal(1)
  })

  it('M2 refuses two boundary parameters, in any spelling', () => {
    refuses('mime.parameter-duplicate', swap('boundary=b0;', 'boundary=b0; boundary=b0;'))
    refuses('mime.parameter-duplicate', swap('boundary=b0;', 'boundary=b0; BOUNDARY="x";'))
    refuses('mime.content-type', swap('boundary=b0;', "boundary=b0; boundary*=utf-8''x;"))
    refuses('mime.content-type', swap('boundary=b0;', 'boundary=b0; boundary*0=x;'))
    refuses('mime.header-duplicate', swap('MIME-Version: 1.0', 'Content-Type: text/plain'))
  })

  it('M2 refuses an HTTP header that names another boundary', () => {
    refuses('mime.boundary-differs', VALID, 'multipart/related; boundary=b1')
    refuses('mime.boundary-differs', VALID, 'text/xml; boundary=B0')
    refuses('mime.parameter-duplicate', VALID, 'multipart/related; boundary=b0; boundary=b1')
    refuses('mime.header-malformed', '<a/>', 'multipart/related; boundary=b0')
    expect(read(VALID, 'multipart/related; boundary=b0').dialect).to.equal('body')
  })

  it('M2 refuses a message that names no usable boundary or is no multipart/related', () => {
    refuses('mime.no-boundary', ROOT + FILE + END)
    refuses('mime.no-boundary', swap('boundary=b0; ', ''))
    refuses('mime.no-boundary', 'MIME-Version: 1.0\r\n\r\n' + ROOT + END)
    for (const name of ['"b0 "', '"b\u00e9"', 'x'.repeat(71)]) refuses('mime.boundary-grammar', swap('boundary=b0', `boundary=${name}`))
    refuses('mime.not-related', swap('Multipart/Related', 'multipart/mixed'))
    refuses('mime.no-root', HEAD + END)
    refuses('mime.header-malformed', '')
    refuses('mime.header-malformed', '\ufeff' + VALID)
  })

  it('M2 reads an empty boundary, and no line that begins with two dashes beside its delimiters', () => {
    const empty = VALID.replaceAll('--b0', '--').replace('boundary=b0;', 'boundary=;')
    const file = (message: string) => text(read(message).attachments.get('f')?.body)
    expect([read(empty).boundary, read(empty).root.contentId, file(empty)]).to.deep.equal(['', 'osci@message', 'xyz'])
    expect(file(empty.replace('boundary=;', 'boundary="";'))).to.equal('xyz')
    expect(file(empty.replace('xyz', 'x--\r\n-\r\n'))).to.equal('x--\r\n-\r\n')
    for (const line of ['--b0', '-- ', '----x']) {
      const finding = line.startsWith('----') ? 'mime.epilogue' : 'mime.boundary-prefix'
      refuses(finding, empty.replace('xyz', `x\r\n${line}\r\ny`))
    }
  })

  it('takes an attachment whose Content-Type is none for octets', () => {
    for (const type of ['text', 'octet stream', 'text/plain; x', ';', 'text/plain; a=1; a=2']) {
      const { contentType, body } = read(swap('application/octet-stream', type)).attachments.get('f') ?? {}
      expect([contentType, text(body)]).to.deep.equal(['application/octet-stream', 'xyz'])
    }
    refuses('mime.part-header', swap('Content-Type: application/octet-stream\r\n', ''))
  })

  it('M3 refuses bare line breaks in header, delimiter or everywhere', () => {
    refuses('mime.bare-line-break', VALID.replaceAll('\r\n', '\n'))
    refuses('mime.bare-line-break', swap('1.0\r\n', '1.0\n'))
    refuses('mime.bare-line-break', swap('xyz\r\n--b0', 'xyz\n--b0'))
    refuses('mime.bare-line-break', swap('xyz\r\n--b0', 'xyz\r--b0'))
    for (const end of ['\n', '\rx']) refuses('mime.bare-line-break', swap('--b0\r\n', `--b0${end}`))
    refuses('mime.header-characters', swap('Content-ID: <f>', 'Content-ID: <f>\rX: y'))
  })

  it('M3 refuses control characters and broken UTF-8 in headers', () => {
    for (const bad of ['\0', '\u0007', '\u007f', '\u0085']) refuses('mime.header-characters', swap('<f>', `<f${bad}>`))
    refuses('mime.header-characters', Buffer.from(swap('<f>', '<f\u00ff>'), 'latin1'))
  })

  it('M3 refuses names with a blank before the colon, without colon, and folding of nothing', () => {
    for (const bad of ['Content-ID : <f>', 'Content-ID', ': <f>', '--b0x: y', ' Content-ID: <f>\r\n \r\nX: y'])
      refuses('mime.header-malformed', swap('Content-ID: <f>', bad))
    refuses('mime.header-malformed', swap('--b0\r\nContent-Type: app', '--b0\r\n X: y\r\nContent-Type: app'))
  })

  it('M3 refuses a repeated header', () => {
    refuses('mime.header-duplicate', swap('Content-ID: <f>', 'Content-ID: <f>\r\nX-A: 1\r\nx-a: 1'))
  })

  it('M3 refuses more than 32 headers and lines beyond 8 KiB, folded ones too', () => {
    const headers = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: y\r\n`).join('')
    expect(read(swap('Content-ID: <f>\r\n', 'Content-ID: <f>\r\n' + headers(29))).attachments.get('f')?.headers).to.have.length(32)
    refuses('mime.header-count', swap('Content-ID: <f>\r\n', 'Content-ID: <f>\r\n' + headers(30)))
    refuses('mime.header-length', swap('<f>\r\n', `<f>\r\nX: ${'y'.repeat(8192)}\r\n`))
    refuses('mime.header-length', swap('<f>\r\n', `<f>\r\nX: y\r\n${` ${'z'.repeat(4000)}\r\n`.repeat(3)}`))
    refuses('mime.header-length', HEAD + '--b0\r\nX: ' + 'y'.repeat(3_000_000))
  })

  it('M3 refuses comments and stray text in a Content-Type', () => {
    for (const bad of ['boundary=b0 (c);', 'boundary=(c)b0;', 'boundary=b0 x;', 'boundary;', ';', 'boundary="b0;', 'boundary="b0"x;'])
      refuses('mime.content-type', swap('boundary=b0;', bad))
  })

  it('M4 refuses more than 256 parts and messages beyond the limit', () => {
    const many = (count: number) => HEAD + ROOT + Array.from({ length: count }, (_, i) => FILE.replace('<f>', `<f${i}>`)).join('') + END
    expect(read(many(255)).attachments.size).to.equal(255)
    refuses('mime.part-count', many(256))
    refuses('mime.message-size', Buffer.alloc(GATEWAY_LIMITS.messageBytes + 1))
  })

  it('M4 takes Content-Length of a part only for an upper bound, and not at all for the root', () => {
    const sized = (length: string) => swap('<f>\r\n', `<f>\r\nContent-Length: ${length}\r\n`)
    for (const fine of ['3', '4', '999999']) expect(text(read(sized(fine)).attachments.get('f')?.body)).to.equal('xyz')
    for (const lie of ['2', '0', '-1', '3x', '0x3']) refuses('mime.part-length', sized(lie))
    expect(text(read(swap('<osci@message>\r\n', '<osci@message>\r\nContent-Length: 1\r\n')).root.body)).to.equal('<a/>')
  })

  it('M5 knows 7bit, 8bit, 8-bit, binary and base64 and nothing else', () => {
    for (const known of ['7bit', '8bit', '8-bit', 'BINARY'])
      expect(text(read(swap('Encoding: 8-bit', `Encoding: ${known}`)).attachments.get('f')?.body)).to.equal('xyz')
    for (const bad of ['quoted-printable', 'x-uuencode', 'gzip', 'base 64', 'base64; x=y', ''])
      refuses('mime.transfer-encoding', swap('Encoding: 8-bit', `Encoding: ${bad}`))
    refuses('mime.transfer-encoding', swap('MIME-Version: 1.0', 'Content-Transfer-Encoding: base64'))
    expect(read(swap('Encoding: 8bit', 'Encoding: 7bit').replace('<a/>', '<ä/>')).root.transferEncoding).to.equal('7bit')
  })

  it('M5 undoes base64 by encoding and by type text/base64, once', () => {
    const encoded = (encoding: string, type: string, body: string) =>
      swap('Encoding: 8-bit', `Encoding: ${encoding}`).replace('application/octet-stream', type).replace('xyz', body)
    for (const [encoding, type] of [
      ['base64', 'application/octet-stream'],
      ['7bit', 'text/base64'],
      ['base64', 'Text/Base64'],
    ] as const)
      expect(text(read(encoded(encoding, type, 'eHl6\neHl6\r\neA==\r\n')).attachments.get('f')?.body)).to.equal('xyzxyzx')
    expect(text(read(swap('Encoding: 8bit', 'Encoding: base64').replace('<a/>', 'PGEvPg==')).root.body)).to.equal('<a/>')
    for (const bad of ['eHl', 'eHl6=', 'eA=', 'eA', 'eA===', 'eB==', 'eHl=', 'eA==eA==', 'eHl6 eHl6', 'eH\tl6', 'eHl-', 'eHl_', 'é', '='])
      refuses('mime.base64', encoded('base64', 'application/octet-stream', bad))
  })

  it('M6 keeps a Content-ID with a path as the mere name it is', () => {
    for (const id of ['../../etc/passwd', 'd:/xplog.txt', 'a b', '__proto__', 'constructor'])
      expect([...read(swap('<f>', `<${id}>`)).attachments.keys()]).to.deep.equal([id])
  })

  it('refuses another charset than UTF-8 and another MIME-Version than 1.0', () => {
    refuses('mime.charset', swap('charset=UTF-8', 'charset=ISO-8859-1'))
    refuses('mime.charset', swap('charset=UTF-8', 'charset=UTF-16'))
    refuses('mime.charset', '<a/>', 'text/xml; charset=ISO-8859-1')
    refuses('mime.version', swap('MIME-Version: 1.0', 'MIME-Version: 2.0'))
    expect(read(swap('MIME-Version: 1.0\r\n', '')).dialect).to.equal('body')
    expect(read(swap('charset=UTF-8', 'charset="utf-8"')).dialect).to.equal('body')
  })
})
