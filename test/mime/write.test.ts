// SPDX-License-Identifier: EUPL-1.2
/**
 * Laws of the MIME pair, the reference layout, and a second parser's opinion.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { StructureError } from '../../src/errors.js'
import { foldId } from '../../src/mime/grammar.js'
import { readMime } from '../../src/mime/read.js'
import { decodeBase64, encodeBase64 } from '../../src/mime/transfer.js'
import { makeBoundary, writeFault, writeMime, type AttachmentToWrite, type PartsToWrite } from '../../src/mime/write.js'
import { needsMaterial } from '../needs.js'

const wire = join(fileURLToPath(new URL('../..', import.meta.url)), '..', 'shared', 'osci-wire')
const bytes = (text: string) => Buffer.from(text, 'utf8')

const contentId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9@._:/-]{0,20}$/)
const attachment: fc.Arbitrary<AttachmentToWrite> = fc
  .record({
    contentId,
    transferEncoding: fc.constantFrom('8-bit', 'binary', 'base64', '7bit-base64'),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map((part) => ({ ...part, contentType: part.transferEncoding === '7bit-base64' ? 'text/base64' : 'application/octet-stream' }))
const message: fc.Arbitrary<PartsToWrite> = fc.record({
  root: fc.record({ body: fc.uint8Array({ maxLength: 300 }), contentLength: fc.boolean() }),
  attachments: fc.uniqueArray(attachment, { maxLength: 4, selector: (part) => foldId(part.contentId) }),
  boundary: fc.constant('MIME_boundary_0123456789abcdefghijABCDEFGHIJxy'),
})

describe('writeMime', () => {
  it('gives back what it was given: open(seal(x)) = x', () => {
    fc.assert(
      fc.property(message, (given) => {
        const parts = readMime(writeMime(given), GATEWAY_LIMITS)
        expect(Buffer.from(parts.root.body).equals(given.root.body)).to.equal(true)
        expect([...parts.attachments.keys()]).to.deep.equal(given.attachments.map((one) => one.contentId))
        for (const one of given.attachments)
          expect(Buffer.from(parts.attachments.get(one.contentId)?.body ?? []).equals(one.body)).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('leaves nothing over: any byte behind the end is refused', () => {
    fc.assert(
      fc.property(message, fc.uint8Array({ minLength: 1, maxLength: 8 }), (given, tail) => {
        fc.pre(!/^(\r\n)+$/.test(Buffer.from(tail).toString('latin1')))
        expect(() => readMime(Buffer.concat([writeMime(given), tail]), GATEWAY_LIMITS)).to.throw(StructureError)
      }),
    )
  })

  it('is read from a view into a larger buffer', () => {
    fc.assert(
      fc.property(message, fc.nat(20), (given, shift) => {
        const sealed = writeMime(given)
        const large = new Uint8Array(sealed.length + shift + 7).fill(0x2d)
        large.set(sealed, shift)
        const parts = readMime(large.subarray(shift, shift + sealed.length), GATEWAY_LIMITS)
        expect(Buffer.from(parts.root.body).equals(given.root.body)).to.equal(true)
      }),
    )
  })

  it('M2 never crashes on damaged messages: they are refused or read, with StructureError only', () => {
    fc.assert(
      fc.property(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (given, hits) => {
        const damaged = Buffer.from(writeMime(given))
        for (const [at, value] of hits) damaged[at % damaged.length] = value
        try {
          readMime(damaged, GATEWAY_LIMITS)
        } catch (error) {
          expect(error).to.be.instanceOf(StructureError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('M2 agrees with a second parser on well-formed messages', async () => {
    // Left out: its own idea of text/base64, and of a part without octets (it makes one line break of that).
    const plain = message.map((given) => ({
      ...given,
      attachments: given.attachments.filter((one) => one.transferEncoding !== '7bit-base64' && one.body.length > 0),
    }))
    for (const given of fc.sample(plain, 40)) {
      const parts = readMime(writeMime(given), GATEWAY_LIMITS)
      const mail = await simpleParser(
        Buffer.from(Buffer.from(writeMime(given)).toString('latin1').replaceAll('Encoding: 8-bit', 'Encoding: binary'), 'latin1'),
      )
      const theirs = new Map(mail.attachments.map((one) => [one.cid, one.content]))
      for (const [id, part] of parts.attachments) expect(theirs.get(id)?.equals(part.body), id).to.equal(true)
      // The envelope is text/xml, which the other parser also lists as an attachment.
      expect(theirs.size).to.equal(parts.attachments.size + 1)
    }
  })

  it('writes the reference layout byte for byte', () => {
    const written = writeMime({
      root: { body: bytes('<a/>'), contentLength: true },
      attachments: [
        {
          contentId: 'f.txt',
          contentType: 'application/octet-stream',
          transferEncoding: '8-bit',
          body: bytes('xyz'),
          headers: [{ name: 'X-A', value: 'ä' }],
        },
        { contentId: 'g', contentType: 'text/base64', transferEncoding: '7bit-base64', body: bytes('x'.repeat(60)) },
      ],
      boundary: 'b',
    })
    expect(Buffer.from(written).toString('utf8')).to.equal(
      [
        'MIME-Version: 1.0\r\nContent-Type: Multipart/Related; boundary=b; type=text/xml\r\n\r\n',
        '--b\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <osci@message>\r\nContent-Length: 4\r\n\r\n<a/>',
        '\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8-bit\r\nContent-ID: <f.txt>\r\nContent-Length: 3\r\nX-A: ä\r\n\r\nxyz',
        '\r\n--b\r\nContent-Type: text/base64\r\nContent-Transfer-Encoding: 7bit\r\nContent-ID: <g>\r\n\r\n' +
          'eHh4'.repeat(19) +
          '\n' +
          'eHh4',
        '\r\n--b--\r\n',
      ].join(''),
    )
  })

  it('writes a fault with an empty line first and the bare boundary', () => {
    const fault = Buffer.from(writeFault(bytes('<f/>'))).toString('utf8')
    expect(
      fault.startsWith('\r\nMIME-Version: 1.0\r\nContent-Type: Multipart/Related; boundary=MIME_boundary; type=text/xml\r\n\r\n'),
    ).to.equal(true)
    expect(Buffer.from(readMime(bytes(fault), GATEWAY_LIMITS).root.body).toString()).to.equal('<f/>')
  })

  it('M3 writes nothing that would be a header of its own, a second id or a boundary', () => {
    const part: AttachmentToWrite = { contentId: 'f', contentType: 'a/b', transferEncoding: 'binary', body: bytes('x') }
    const base: PartsToWrite = { root: { body: bytes('<a/>') }, attachments: [part], boundary: 'b1' }
    const bad: PartsToWrite[] = [
      ...['a\r\nX: y', '', ' f', 'f>', '<f', 'a\0'].map((id) => ({ ...base, attachments: [{ ...part, contentId: id }] })),
      ...['a/b\r\nX: y', 'a/b '].map((contentType) => ({ ...base, attachments: [{ ...part, contentType }] })),
      { ...base, attachments: [part, { ...part, contentId: 'F' }] },
      { ...base, attachments: [{ ...part, contentId: 'osci@MESSAGE' }] },
      { ...base, attachments: [{ ...part, headers: [{ name: 'Content-ID', value: 'x' }] }] },
      { ...base, attachments: [{ ...part, headers: [{ name: 'X', value: 'x\r\nY: z' }] }] },
      { ...base, attachments: [{ ...part, headers: [{ name: 'X y', value: 'x' }] }] },
      { ...base, attachments: [{ ...part, contentType: 'text/base64' }] },
      { ...base, attachments: [{ ...part, body: bytes('a\r\n--b1--\r\n') }] },
      { ...base, root: { body: bytes('\r\n--b1\r\n') } },
      { ...base, boundary: 'b 1' },
      { ...base, boundary: 'b;1' },
      { ...base, boundary: '' },
    ]
    for (const one of bad)
      expect(() => writeMime(one), JSON.stringify(one))
        .to.throw(StructureError)
        .with.property('finding', 'mime.unwritable')
    expect(readMime(writeMime(base), GATEWAY_LIMITS).attachments.size).to.equal(1)
  })

  it('makes boundaries of 32 letters and digits from the chance it is given', () => {
    let calls = 0
    const boundary = makeBoundary((length) => new Uint8Array(length).fill(calls++ === 0 ? 0xff : 0x41))
    expect(boundary).to.match(/^MIME_boundary_[A-Za-z0-9]{32}$/)
    expect(calls).to.equal(2)
  })
})

describe('base64', () => {
  it('M5 decodes what it encodes, and decodes like the platform', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (given) => {
        const encoded = encodeBase64(given)
        expect(Buffer.from(decodeBase64(encoded)).equals(given)).to.equal(true)
        for (const line of Buffer.from(encoded).toString('latin1').split('\n')) expect(line.length).to.be.at.most(76)
      }),
    )
  })

  it('M5 accepts only the one spelling of each octet string', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/=]{0,12}$/), (given) => {
        const canonical = Buffer.from(given, 'base64').toString('base64') === given
        const accepted = (() => {
          try {
            decodeBase64(bytes(given))
            return true
          } catch {
            return false
          }
        })()
        expect(accepted, given).to.equal(canonical)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('captured messages of the reference library', () => {
  it('are read, and written again byte for byte where nothing was encrypted', function () {
    needsMaterial(this, existsSync(join(wire, 'index.json')), 'osci-wire')
    const index = JSON.parse(readFileSync(join(wire, 'index.json'), 'utf8')) as {
      scenarios: { messages: { file: string; leg: string; contentType?: string }[] }[]
    }
    const refused: string[] = []
    let read = 0
    let same = 0
    for (const { file, leg, contentType } of index.scenarios.flatMap(({ messages }) => messages)) {
      const body = readFileSync(join(wire, file))
      try {
        const parts = readMime(body, GATEWAY_LIMITS, contentType)
        read++
        const attachments = [...parts.attachments.values()].map((part) => ({
          contentId: part.contentId,
          contentType: part.contentType,
          transferEncoding: (part.transferEncoding === '7bit'
            ? '7bit-base64'
            : part.transferEncoding) as AttachmentToWrite['transferEncoding'],
          body: part.body,
        }))
        const again =
          parts.boundary === 'MIME_boundary'
            ? writeFault(parts.root.body)
            : writeMime({ root: { body: parts.root.body, contentId: parts.root.contentId }, attachments, boundary: parts.boundary })
        if (body.equals(again)) same++
        else expect(parts.attachments.has('osci_enc') || leg.startsWith('made:'), `${file} is written differently`).to.equal(true)
      } catch (error) {
        expect(leg, `${file}: ${String(error)}`).to.match(/^made:/)
        refused.push(leg)
      }
    }
    expect(refused).to.deep.equal(['made:no-mime-header-in-body', 'made:lf-only', 'made:no-content-transfer-encoding', 'made:truncated'])
    expect([read, same]).to.deep.equal([464, 251])
  })
})
