// SPDX-License-Identifier: EUPL-1.2
/**
 * What recorders leave around a message, and what is told of it.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { OpeningKeys } from '../../src/envelope/open.js'
import { importOpeningKey, importSigningKey, publicJwkOf, trustedSenders } from '../../src/envelope/keys.js'
import { sealEnvelope } from '../../src/envelope/seal.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import type { CheckContext, OpenedLayer } from '../../src/check/types.js'
import { check, contextWith, FOREIGN, ids, osciValidator } from './support.js'

const ENCRYPTED = readFileSync(new URL('11-processDelivery.bin', FOREIGN))
const PLAIN = readFileSync(new URL('12-processDelivery.bin', FOREIGN))
const text = (...lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1')
const around = (head: readonly string[], body: Uint8Array): Buffer => Buffer.concat([text(...head, '', ''), body])

/** The package without its own head, as where the type stands in HTTP's or the mail's head. */
function withoutHead(message: Buffer): { type: string; body: Buffer } {
  const end = message.indexOf('\r\n\r\n')
  const type = /content-type:\s*([^\r]*(?:\r\n[ \t][^\r]*)*)/i.exec(message.toString('latin1', 0, end))?.[1] ?? ''
  return { type: type.replace(/\r\n[ \t]+/g, ' '), body: message.subarray(end + 4) }
}

/** Behind which dot of the sealed metadata (a compact JWE) something begins. */
const behindDot = (bytes: Buffer, count: number): number => (count === 0 ? 0 : bytes.indexOf('.', behindDot(bytes, count - 1)) + 1)

/** One byte changed, by region of an envelope. */
const REGIONS: readonly (readonly [region: string, at: (bytes: Buffer) => number, verdict: string, finding: string])[] = [
  ['first byte', () => 0, 'unchecked', 'mime.unrecognised'],
  ['version', () => 4, 'invalid', 'mime.broken-envelope'],
  ['reserved bytes', () => 6, 'invalid', 'mime.broken-envelope'],
  ['open header', () => 40, 'invalid', 'mime.broken-envelope'],
  ['algorithm', () => 56, 'invalid', 'policy.forbidden-algorithm'],
  ['key id', () => 116, 'unchecked', 'content-encryption.no-key'],
  ['wrapped key', (bytes) => behindDot(bytes, 1) + 8, 'invalid', 'content-encryption.undecryptable'],
  ['sealed metadata', (bytes) => behindDot(bytes, 3) + 8, 'invalid', 'content-encryption.undecryptable'],
  ['parts', (bytes) => behindDot(bytes, 4) + 64, 'invalid', 'content-encryption.undecryptable'],
  ['padding', (bytes) => bytes.length - 1, 'invalid', 'mime.broken-envelope'],
]

describe('captures', () => {
  let validator: SchemaValidator
  let context: CheckContext
  before(async () => {
    validator = await osciValidator(1)
    context = await contextWith(validator, 'addressee-cipher', 'reader-cipher')
  })
  after(() => validator.close())

  const { type, body } = withoutHead(PLAIN)
  const REQUEST = ['POST /osci HTTP/1.1', 'Host: a.example']
  const MAIL = ['Received: from a by b;', '\tTue, 24 Nov 2026 10:00:00 +0100', 'Received: from c by a', 'From: a@a.example', 'Subject: x']
  const chunked = (bytes: Buffer, size: number): Buffer => {
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size)
      pieces.push(text(piece.length.toString(16), ''), piece, text('', ''))
    }
    return Buffer.concat([...pieces, text('0', '', '')])
  }

  for (const [what, capture, bytes] of [
    ['an HTTP request', 'http', around([...REQUEST, 'Content-Type: text/xml', `Content-Length: ${PLAIN.length}`], PLAIN)],
    ['an HTTP answer', 'http', around(['HTTP/1.1 200 OK', 'Content-Type: text/xml'], PLAIN)],
    ['an HTTP request that holds the type in its own head', 'http', around([...REQUEST, `Content-Type: ${type}`], body)],
    ['an HTTP request in chunks', 'http', around([...REQUEST, 'Transfer-Encoding: chunked'], chunked(PLAIN, 1000))],
    ['an HTTP request with changed line ends in its head', 'http', Buffer.concat([Buffer.from('POST / HTTP/1.1\nHost: a\n\n'), PLAIN])],
    [
      'an HTTP request in chunks with a trailer',
      'http',
      around([...REQUEST, 'Transfer-Encoding: Chunked'], Buffer.concat([chunked(PLAIN, 1000).subarray(0, -2), text('Digest: a', '', '')])),
    ],
    ['a mail', 'mail', around([...MAIL, 'MIME-Version: 1.0', `Content-Type: ${type}`], body)],
    ['a mail with a preamble', 'mail', around([...MAIL, `Content-Type: ${type}`], Buffer.concat([text('For people.', ''), body]))],
    ['a mail whose package is its text', 'mail', around(MAIL, PLAIN)],
  ] as const)
    it(`${what} is taken off, and the message in it is valid`, async () => {
      const result = await check(bytes, context)
      expect(ids(result, 'error')).to.deep.equal([])
      expect(result).to.include({ verdict: 'valid', kind: 'osci', capture, messageType: 'processDelivery', signed: true })
    })

  const CONTINUE = text('HTTP/1.1 100 Continue', '', '')
  for (const [what, bytes, undone] of [
    ['an answer behind 100 Continue', Buffer.concat([CONTINUE, around(['HTTP/1.1 200 OK', `Content-Length: ${PLAIN.length}`], PLAIN)])],
    ['an answer through a proxy', Buffer.concat([text('HTTP/1.0 200 Connection established', '', ''), around(['HTTP/1.1 200 '], PLAIN)])],
    ['a request that waited', around([...REQUEST, `Content-Length: ${PLAIN.length}`], Buffer.concat([CONTINUE, PLAIN]))],
    ['an answer of HTTP/2', around(['HTTP/2 200 ', 'content-type: text/xml'], PLAIN)],
    ['a request of HTTP/2', around(['POST https://a.example/osci HTTP/2.0'], PLAIN)],
    ['a request that an editor has saved', Buffer.concat([Buffer.from('\ufeff\r\n'), around(REQUEST, PLAIN)])],
    ['a request whose chunks the recorder has joined', around([...REQUEST, 'Transfer-Encoding: chunked'], PLAIN), 'chunked'],
    [
      'an answer that the recorder has unpacked',
      around(['HTTP/1.1 200 OK', 'Content-Encoding: gzip', 'Content-Length: 4711'], PLAIN),
      'gzip',
    ],
    [
      'one in chunks that are still there',
      around([...REQUEST, 'Content-Encoding: gzip', 'Transfer-Encoding: chunked'], chunked(PLAIN, 999)),
      'gzip',
    ],
    ['one where both are gone', around([...REQUEST, 'Content-Encoding: gzip', 'Transfer-Encoding: chunked'], PLAIN), 'chunked, gzip'],
  ] as const)
    it(`${what} is taken off${undone === undefined ? '' : ', and what was undone is told'}`, async () => {
      const result = await check(bytes, context)
      expect(result).to.include({ verdict: 'valid', kind: 'osci', capture: 'http', messageType: 'processDelivery' })
      const told = result.findings.filter(({ layer, severity }) => layer === 'mime' && severity !== 'info')
      expect(told.map(({ id, detail }) => [id, detail])).to.deep.equal(undone === undefined ? [] : [['mime.coding-undone', undone]])
    })

  it('a body whose length nobody tells ends where the next message of the recording begins', async () => {
    const answer = around(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], PLAIN)
    const result = await check(Buffer.concat([around([...REQUEST, 'Transfer-Encoding: chunked'], PLAIN), answer]), context)
    expect(result).to.include({ verdict: 'unchecked', messageType: 'processDelivery' })
    expect(ids(result, 'warning')).to.include.members(['mime.coding-undone', 'mime.unread-rest'])
  })

  it('lines count in the file, where the message stands in it', async () => {
    const xml = Buffer.from('<a xmlns="urn:x">\n<b></a>')
    const bare = await check(xml, context)
    const captured = await check(around(REQUEST, xml), context)
    expect(bare.findings[0]).to.include({ id: 'xml.not-well-formed', line: 2, document: 'file' })
    expect(captured.findings[0]).to.include({ id: 'xml.not-well-formed', line: 5, document: 'file' })
    const behindBlanks = await check(Buffer.concat([Buffer.from('\r\n\r\n'), CONTINUE, around(['HTTP/1.1 200 OK'], xml)]), context)
    expect(behindBlanks.findings[0]).to.include({ id: 'xml.not-well-formed', line: 8, document: 'file' })
    const encoded = around([...MAIL, 'Content-Type: text/xml', 'Content-Transfer-Encoding: base64'], Buffer.from(xml.toString('base64')))
    expect((await check(encoded, context)).findings[0]).to.include({ id: 'xml.not-well-formed', line: 2, document: 'unpacked' })
  })

  it('what was only encoded is unpacked, what was encrypted decrypted: each is told and handed on as what it is', async () => {
    for (const [message, documents] of [
      [PLAIN, ['unpacked']],
      [ENCRYPTED, ['unpacked', 'decrypted']],
    ] as const) {
      const opened: OpenedLayer[] = []
      const told = { ...context, opened: (layer: OpenedLayer) => opened.push(layer) }
      const result = await check(around([...REQUEST, 'Transfer-Encoding: chunked'], chunked(message, 1000)), told)
      expect(opened.filter(({ content }) => content === null).map(({ document }) => document)).to.deep.equal(documents)
      const { document = '' } = result.findings.find(({ line, content }) => line !== null && content === null) ?? {}
      expect(documents).to.include(document)
    }
  })

  it('a mail in quoted-printable is taken off', async () => {
    const head = [...MAIL, 'Content-Type: text/xml; charset=utf-8', 'Content-Transfer-Encoding: Quoted-Printable']
    const result = await check(around(head, text('<?xml version=3D"1.0"?>', '<stra=C3=9Fe xmlns=3D"urn:=', 'x"/>')), context)
    expect(ids(result, 'error')).to.deep.equal([])
    expect(result).to.include({ kind: 'xoev', capture: 'mail', messageType: 'straße' })
  })

  const base64 = PLAIN.toString('base64')
  for (const [what, bytes] of [
    ['in one line', Buffer.from(base64)],
    ['in lines with blanks at their end', Buffer.from(base64.replace(/.{76}/g, '$& \t\r\n'))],
    ['cut anywhere, indented', Buffer.from(`\n  ${base64.replace(/.{61}/g, '$&\n  ')}\n`)],
    ['in the alphabet of URLs, without padding', Buffer.from(PLAIN.toString('base64url'))],
  ] as const)
    it(`a message in Base64, ${what}, is unpacked`, async () => {
      const result = await check(bytes, context)
      expect(result).to.include({ verdict: 'valid', kind: 'osci', capture: 'base64', messageType: 'processDelivery' })
      expect(result.findings.map(({ document }) => document)).to.not.include('file')
    })

  it('blanks in the Base64 of a mail mean nothing', async () => {
    const lines = Buffer.from('<a xmlns="urn:x"/>').toString('base64').replace(/.{7}/g, '$& \r\n\t')
    const result = await check(
      around([...MAIL, 'Content-Type: text/xml', 'Content-Transfer-Encoding: base64'], Buffer.from(`${lines} \r\n`)),
      context,
    )
    expect(ids(result, 'error')).to.deep.equal([])
    expect(result).to.include({ kind: 'xoev', capture: 'mail', messageType: 'a' })
  })

  it('of a mailbox the first mail is checked, and that there are more is told', async () => {
    const mail = Buffer.concat([text('From a@a.example Tue Nov 24 10:00:00 2026', ''), around([...MAIL, `Content-Type: ${type}`], body)])
    expect(await check(mail, context)).to.include({ verdict: 'valid', capture: 'mail', messageType: 'processDelivery' })
    const result = await check(Buffer.concat([mail, text('', ''), mail]), context)
    expect(result).to.include({ verdict: 'unchecked', capture: 'mail', messageType: 'processDelivery' })
    expect(ids(result, 'error')).to.deep.equal([])
    expect(result.findings.find(({ id }) => id === 'mime.unread-rest')?.detail).to.equal(`${mail.length} bytes`)
  })

  for (const [what, field] of [
    ['a name in the form of RFC 2231', "text/xml; name*=UTF-8''K%C3%B6ln.xml; charset=utf-8"],
    ['a name in pieces', 'text/xml; charset=utf-8;\r\n name*0="a;boundary=x";\r\n name*1=".xml"'],
    ['a comment', 'text/xml; charset=utf-8 (as always)'],
    ['a semicolon at the end', 'text/xml; charset="utf-8";'],
  ] as const)
    it(`a mail whose type has ${what} is taken off`, async () => {
      const head = [...MAIL, `Content-Type: ${field}`, 'Content-Transfer-Encoding: base64']
      const result = await check(around(head, Buffer.from(Buffer.from('<a xmlns="urn:x"/>').toString('base64'))), context)
      expect(ids(result, 'error')).to.deep.equal([])
      expect(result).to.include({ kind: 'xoev', capture: 'mail', messageType: 'a' })
    })

  it('a package in a mail whose type has a name as well is read by its one boundary; two are refused', async () => {
    const named = (more: string) => around([...MAIL, `Content-Type: ${type}; ${more}`], body)
    expect(await check(named('name*="UTF-8\'\'a.bin";'), context)).to.include({ verdict: 'valid', messageType: 'processDelivery' })
    expect(ids(await check(named('boundary=x'), context))).to.include('mime.parameter-duplicate')
    expect(ids(await check(named('boundary*0=x'), context))).to.include('mime.content-type')
  })

  it('line ends that a mail program has changed are told as such', async () => {
    const unix = (...before: readonly string[]): Buffer =>
      Buffer.from(
        Buffer.concat([around([...MAIL, `Content-Type: ${type}`], text(...before)), body])
          .toString('latin1')
          .replaceAll('\r\n', '\n'),
        'latin1',
      )
    for (const mail of [unix(), unix('For people.', '')])
      expect(ids(await check(mail, context), 'error')).to.deep.equal(['mime.bare-line-break'])
  })

  it('an HTTP head that tells another length is told, and what is too long is cut', async () => {
    for (const [bytes, message] of [
      [PLAIN.length, Buffer.concat([PLAIN, Buffer.from('\r\n \t\n')])],
      [PLAIN.length + 5, PLAIN],
    ] as const) {
      const result = await check(around([...REQUEST, `Content-Length: ${bytes}`], message), context)
      expect(result.verdict).to.equal('valid')
      expect(ids(result)).to.include('mime.content-length')
    }
  })

  it('what stands behind the body and was not read makes a capture unchecked, and how much it is is told', async () => {
    const answer = around(['HTTP/1.1 200 OK', `Content-Length: ${PLAIN.length}`], PLAIN)
    for (const [head, first, rest] of [
      [`Content-Length: ${PLAIN.length}`, PLAIN, answer],
      ['Transfer-Encoding: chunked', chunked(PLAIN, 1000), answer],
      [`Content-Length: ${PLAIN.length}`, PLAIN, Buffer.from('x')],
      ['Transfer-Encoding: chunked', chunked(PLAIN, 1000), Buffer.from('\r\n\0')],
    ] as const) {
      const stream = around([...REQUEST, head], Buffer.concat([first, rest]))
      const result = await check(stream, context)
      expect([result.verdict, result.layers.mime, result.messageType]).to.deep.equal(['unchecked', 'unchecked', 'processDelivery'])
      const told = result.findings.filter(({ id }) => id === 'mime.unread-rest' || id === 'mime.content-length')
      expect(told.map(({ id, detail }) => [id, detail])).to.deep.equal([['mime.unread-rest', `${rest.length} bytes`]])
      // the rest was read by no layer, whichever is asked for
      const xml = await check(stream, { ...context, layers: new Set(['xml'] as const) })
      expect([xml.verdict, ids(xml).includes('mime.unread-rest')]).to.deep.equal(['unchecked', true])
    }
  })

  for (const [what, finding, verdict, bytes] of [
    ['a length given twice', 'mime.header-duplicate', 'invalid', around([...REQUEST, 'Content-Length: 1', 'Content-Length: 2'], PLAIN)],
    ['a head without end', 'mime.header-malformed', 'invalid', text(...REQUEST)],
    ['chunks that lie', 'mime.chunks', 'invalid', around([...REQUEST, 'Transfer-Encoding: chunked'], text('5', 'abc', '0', '', ''))],
    ['endless chunks', 'mime.chunks', 'invalid', around([...REQUEST, 'Transfer-Encoding: chunked'], text('fffffffff', 'abc'))],
    [
      'chunks and a length at once',
      'mime.chunks',
      'invalid',
      around([...REQUEST, 'Transfer-Encoding: chunked', `Content-Length: ${PLAIN.length}`], chunked(PLAIN, 1000)),
    ],
    [
      'a body that is coded before it was cut into chunks',
      'mime.content-coding',
      'unchecked',
      around([...REQUEST, 'Transfer-Encoding: gzip, chunked'], chunked(PLAIN, 1000)),
    ],
    [
      'blanks behind the last chunk',
      'mime.content-length',
      'valid',
      around([...REQUEST, 'Transfer-Encoding: chunked'], Buffer.concat([chunked(PLAIN, 1000), text('', '', '')])),
    ],
    ['a compressed body', 'mime.content-coding', 'unchecked', around([...REQUEST, 'Content-Encoding: gzip'], gzipSync(PLAIN))],
    [
      'a compressed body in chunks',
      'mime.content-coding',
      'unchecked',
      around([...REQUEST, 'Content-Encoding: x-gzip', 'Transfer-Encoding: chunked'], chunked(gzipSync(PLAIN), 1000)),
    ],
    [
      'a body of a coding that cannot be told from others',
      'mime.content-coding',
      'unchecked',
      around([...REQUEST, 'Content-Encoding: br'], PLAIN),
    ],
    ['a compressed body that was not recorded', 'mime.unrecognised', 'unchecked', around([...REQUEST, 'Content-Encoding: gzip'], text())],
    ['chunks that were not recorded', 'mime.unrecognised', 'unchecked', around([...REQUEST, 'Transfer-Encoding: chunked'], text())],
    ['answers before the answer without end', 'mime.unrecognised', 'unchecked', Buffer.from('HTTP/1.1 100 Continue\n\n'.repeat(1000))],
    ['a body that is no message', 'mime.unrecognised', 'unchecked', around(REQUEST, Buffer.from('hello'))],
    [
      'a letter with attachments',
      'mime.unrecognised',
      'unchecked',
      around([...MAIL, 'Content-Type: multipart/mixed; boundary=b'], text('--b', 'Content-Type: text/plain', '', 'x', '--b--')),
    ],
    [
      'a letter with pictures',
      'mime.unrecognised',
      'unchecked',
      around(
        [...MAIL, 'Content-Type: multipart/related; boundary=b'],
        text(
          '--b',
          'Content-Transfer-Encoding: 7bit',
          'Content-Type: text/html',
          '',
          '<p>x</p>',
          '--b',
          'Content-Type: image/png',
          '',
          'x',
          '--b--',
        ),
      ),
    ],
    [
      'an encoding that nobody knows',
      'mime.transfer-encoding',
      'invalid',
      around([...MAIL, 'Content-Type: text/xml', 'Content-Transfer-Encoding: x-uuencode'], PLAIN),
    ],
    [
      'quoted-printable that is none',
      'mime.quoted-printable',
      'invalid',
      around([...MAIL, 'Content-Type: text/xml', 'Content-Transfer-Encoding: quoted-printable'], Buffer.from('<a b="c"/>')),
    ],
  ] as const)
    // prettier-ignore
    it(`${what}: ${finding}, ${verdict}`, async () => {
      const result = await check(bytes, context)
      expect(ids(result)).to.include(finding)
      expect(result.verdict).to.equal(verdict)
    })

  it('a document that quotes an envelope is no OSCI message, and a message behind comments is one', async () => {
    const soap = PLAIN.toString(
      'latin1',
      PLAIN.indexOf('<soap:Envelope'),
      PLAIN.lastIndexOf('</soap:Envelope>') + '</soap:Envelope>'.length,
    )
    const project = Buffer.from(`<project xmlns="urn:x"><request><![CDATA[${soap}]]></request></project>`, 'latin1')
    const log = Buffer.from(`<?xml version="1.0"?><!-- ${soap.slice(0, 600)} --><log xmlns="urn:x"/>`, 'latin1')
    for (const bytes of [project, log]) {
      const result = await check(bytes, context)
      expect(ids(result, 'error')).to.deep.equal([])
      expect(result).to.include({ kind: 'xoev', verdict: 'unchecked' })
    }
    const commented = await check(Buffer.from(`<!-- a --><!-- b -->\n<?c d?>${soap}`, 'latin1'), context)
    expect(commented.kind).to.equal('osci')
    expect(ids(commented)).to.include('xml.comment')
  })

  it('line ends that are LF throughout are told where something is wrong, as its probable cause', async () => {
    const changed = (bytes: Uint8Array): Buffer => Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    const chunks = around([...REQUEST, 'Transfer-Encoding: chunked'], chunked(PLAIN, 1000))
    for (const bytes of [PLAIN, ENCRYPTED, around(REQUEST, PLAIN), chunks, around([...MAIL, `Content-Type: ${type}`], body)]) {
      expect(ids(await check(bytes, context))).to.not.include('mime.line-ends')
      const result = await check(changed(bytes), context)
      expect(result.verdict).to.equal('invalid')
      expect(ids(result)).to.include('mime.line-ends')
    }
    // in order, or wrong for another reason: a mail of one document, XML, a head alone that was changed
    const document = [...MAIL, 'Content-Type: text/xml']
    for (const bytes of [
      changed(around(document, Buffer.from('<a/>'))),
      Buffer.from('<a>\n<b></a>'),
      Buffer.from('content-type: a\r\nb\n'),
    ])
      expect(ids(await check(bytes, context))).to.not.include('mime.line-ends')
  })

  const PAGE = 'a page of HTML, perhaps the error page of a proxy or a server'
  const ANSWER_HEAD = ['HTTP/1.1 502 Bad Gateway', 'Content-Type: text/html']
  for (const [what, bytes] of [
    ['empty', text()],
    ['nothing but blanks or zeros', text('', ' ', '\0')],
    ['empty', around(REQUEST, text())],
    ['compressed with gzip', gzipSync(PLAIN)],
    ['text in UTF-16', Buffer.from(`\ufeff${PLAIN.toString('latin1')}`, 'utf16le')],
    ['text in UTF-16', Buffer.from(PLAIN.toString('latin1'), 'utf16le')],
    ['JSON, perhaps HAR or a collection of requests', Buffer.from(JSON.stringify({ log: { text: PLAIN.toString('latin1') } }))],
    ['a hexadecimal dump', text('0000: 50 4f 53 54 20 2f 6f 73 63 69 20 48 54 54 50 2f POST /osci HTTP/')],
    [PAGE, text('<!DOCTYPE html>', '<html lang="de"><body>502 Bad Gateway</body></html>')],
    [PAGE, around(ANSWER_HEAD, text('<HTML><body>', '404'))],
    [PAGE, text('<?xml version="1.0"?><!-- a -->', '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html>')],
    ['a trace of curl', text('* Connected to a.example', '> POST /osci HTTP/1.1')],
    ['a message seems to begin in line 3', text('10:00:00 IP a > b: Flags [P.]', 'E..4..@.@', PLAIN.toString('latin1'))],
    ['a letter of several parts', around([...MAIL, 'Content-Type: multipart/mixed; boundary=b'], text('--b', '', 'x', '--b--'))],
    ['a text that begins like a mail', text('Date: 2026-11-24', 'A note of that day')],
    ['a message in Base64, with something else in it', Buffer.from(`${PLAIN.toString('base64')}\n-- \na list`)],
    [null, text('Content-Type: what we think of it', '', 'A note')],
    [null, Buffer.from('PANIK'.repeat(40))],
    [null, Buffer.from('hello')],
  ] as const)
    it(`what nobody recognises is told as what it seems to be: ${what ?? 'no idea'}`, async () => {
      const result = await check(bytes, context)
      expect(result).to.include({ verdict: 'unchecked', kind: 'unknown' })
      expect(result.findings.map(({ id, detail }) => [id, detail])).to.deep.equal([['mime.unrecognised', what]])
    })

  describe('envelopes', () => {
    const bytes = readFileSync(new URL('../../fixtures/envelope/request-ec.bin', import.meta.url))
    const keys = JSON.parse(readFileSync(new URL('../../fixtures/envelope/keys.json', import.meta.url), 'utf8')) as Record<
      string,
      { kty: string }
    >
    const vectors = readFileSync(new URL('../../fixtures/envelope/vectors.json', import.meta.url), 'utf8')
    const sender = /"sender": ?"([^"]+)"/.exec(vectors)?.[1] ?? ''
    const opened = async (open: string, known: string): Promise<CheckContext & { envelopes: OpeningKeys }> => ({
      ...context,
      envelopes: {
        recipient: [await importOpeningKey(keys[open] ?? { kty: '' })],
        sender: trustedSenders([{ id: sender, jwks: [keys[known] ?? { kty: '' }] }]),
      },
    })

    it('a key opens an envelope, and what it carries is described', async () => {
      const result = await check(bytes, await opened('recipientEc', 'senderEc'))
      expect(ids(result, 'error')).to.deep.equal([])
      // nothing here judges the document in it
      expect(result).to.include({ verdict: 'unchecked', kind: 'envelope' })
      expect(result.layers).to.include({
        mime: 'valid',
        'content-encryption': 'valid',
        'author-signature': 'valid',
        'xoev-schema': 'unchecked',
      })
      expect(result.contents.length).to.be.greaterThan(0)
      expect(result.contents[0]).to.include({ encrypted: true, signatureVerdict: 'valid' })
      expect(result.contents[0]?.signedBy).to.deep.equal([sender])
    })

    it('J1 a part in the form of OSCI is read by no layer: unchecked, where a plain attachment is valid', async () => {
      for (const [role, verdict, structure] of [
        ['osci', 'unchecked', 'unchecked'],
        ['attachment', 'valid', undefined],
      ] as const) {
        const content = {
          header: { id: randomBytes(16).toString('hex'), to: 'box', ttlSeconds: 10 },
          kind: 'message' as const,
          sender,
          createdAt: '2026-11-24T10:00:00.000Z',
          parts: [{ name: 'part', mediaType: 'application/octet-stream', role, bytes: new Uint8Array([1, 2, 3]) }],
        }
        const recipient = publicJwkOf(keys['recipientEc'] ?? { kty: '' })
        const sealed = await sealEnvelope(
          content,
          { recipient, sender: await importSigningKey(keys['senderEc'] ?? { kty: '' }) },
          (n) => new Uint8Array(randomBytes(n)),
        )
        const result = await check(sealed, await opened('recipientEc', 'senderEc'))
        expect([result.verdict, result.layers['osci-structure']], role).to.deep.equal([verdict, structure])
      }
    })

    it('without the right key, or an unknown sender, it stays unchecked', async () => {
      for (const [open, known, layer] of [
        ['recipientRsa', 'senderEc', 'content-encryption'],
        ['recipientEc', 'senderRsa', 'author-signature'],
      ] as const) {
        const result = await check(bytes, await opened(open, known))
        expect(result.verdict).to.equal('unchecked')
        expect(result.layers[layer]).to.equal('unchecked')
        expect(result.contents).to.deep.equal([])
      }
    })

    for (const [region, at, verdict, finding] of REGIONS)
      it(`J1 an envelope changed in its ${region}: ${finding}, ${verdict}`, async () => {
        const changed = Buffer.from(bytes)
        changed.writeUInt8((changed[at(bytes)] ?? 0) ^ 1, at(bytes))
        const result = await check(changed, await opened('recipientEc', 'senderEc'))
        expect([result.verdict, ids(result)]).to.deep.equal([verdict, [finding]])
        expect(result.contents).to.deep.equal([])
      })
  })
})
