// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms: what browsers and curl send is read, what two readers could read differently is refused.
 * @module
 */
import { expect } from 'chai'
import { GATEWAY_LIMITS } from '../../src/env.js'
import { StructureError } from '../../src/errors.js'
import { readForm } from '../../src/mime/form-data.js'

const TYPE = 'multipart/form-data; boundary=b0'
const part = (head: string, body = 'x') => `--b0\r\n${head}\r\n\r\n${body}\r\n`
const named = (rest: string) => `Content-Disposition: form-data; ${rest}`
const END = '--b0--\r\n'

const fieldsOf = (text: string, type = TYPE) =>
  readForm(Buffer.from(text), GATEWAY_LIMITS, type).map(({ name, fileName, bytes }) => [name, fileName, Buffer.from(bytes).toString()])

describe('forms', () => {
  it('reads fields and files in order, as often as they come, with any octets', async () => {
    expect(fieldsOf(part(named('name="a"'), '1') + part(named('name=a; filename="b ü.bin"'), '2\r\n--b\n') + part(named('name="c"'), '') + END))
      .to.deep.equal([['a', undefined, '1'], ['a', 'b ü.bin', '2\r\n--b\n'], ['c', undefined, '']]) // prettier-ignore
    const form = new FormData()
    const octets = Uint8Array.from({ length: 256 }, (_, index) => index)
    form.append('file', new Blob([octets]), 'quo"te.bin')
    const request = new Response(form)
    const [field] = readForm(new Uint8Array(await request.arrayBuffer()), GATEWAY_LIMITS, request.headers.get('content-type') ?? '')
    expect(field?.fileName).to.equal('quo%22te.bin')
    expect(Buffer.from(field?.bytes ?? []).equals(octets)).to.equal(true)
  })

  for (const [what, finding, text, type] of [
    ['no boundary', 'mime.no-boundary', END, 'multipart/form-data'],
    ['another type', 'mime.no-boundary', END, 'multipart/mixed; boundary=b0'],
    ['a part without name', 'mime.part-header', part('Content-Type: text/plain') + END, TYPE],
    ['a part that is attached', 'mime.part-header', part('Content-Disposition: attachment; name="a"') + END, TYPE],
    ['a name given twice', 'mime.parameter-duplicate', part(named('name="a"; name="b"')) + END, TYPE],
    ['a second spelling of the file name', 'mime.content-type', part(named('name="a"; filename*=utf-8\'\'b')) + END, TYPE],
    ['a transfer encoding', 'mime.transfer-encoding', part(`${named('name="a"')}\r\nContent-Transfer-Encoding: base64`) + END, TYPE],
    ['no end', 'mime.no-end', part(named('name="a"')), TYPE],
    ['something behind the end', 'mime.epilogue', part(named('name="a"')) + END + 'x', TYPE],
    ['too many parts', 'mime.part-count', part(named('name="a"')).repeat(257) + END, TYPE],
  ] as const)
    it(`M3 refuses ${what}, and reads the next form`, () => {
      expect(() => fieldsOf(text, type))
        .to.throw(StructureError)
        .with.property('finding', finding)
      expect(fieldsOf(part(named('name="a"')) + END)).to.have.length(1)
    })
})
