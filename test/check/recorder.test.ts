// SPDX-License-Identifier: EUPL-1.2
/**
 * A signed part that a tool has changed in recording, told from one that somebody has changed.
 * @module
 */
import { expect } from 'chai'
import { contentOf, edited, signed } from '../../tools/fixtures/messages.js'
import type { CheckContext } from '../../src/check/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { check, contextWith, osciValidator } from './support.js'

/** One character each: octets as they are. */
const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

async function withAttachment(text: string): Promise<Uint8Array> {
  const attachment = { kind: 'attachment', id: 'content0', name: 'a.txt', bytes: octets(text), contentType: 'text/plain' } as const
  return signed('storeDelivery', await contentOf({ id: 'container0', contents: [attachment] }))
}

describe('a part that a recorder has changed', () => {
  let validator: SchemaValidator
  let context: CheckContext
  before(async () => {
    validator = await osciValidator(1)
    context = await contextWith(validator)
  })
  after(() => validator.close())

  for (const [was, became, detail] of [
    ['a\nb\n', 'a\r\nb\r\n', 'LF has become CR LF'],
    ['a\r\nb\r\n', 'a\nb\n', 'CR LF has become LF'],
    ['a\nb', 'a\nb\r\n', 'a line break was added at the end'],
    ['a\r\nb\n', 'a\r\nb', 'the LF at the end was taken away'],
    ['a\nb\r\n', 'a\nb', 'the CR LF at the end was taken away'],
    ['\0\x01\xff', 'AAH/', 'Base64 was not undone'],
    ['M\xfcller', 'M\xc3\xbcller', 'single bytes were written as UTF-8'],
    ['a\nb\n', 'a\nc\n', undefined],
    ['a\nb\n', 'a\r\nc\r\n', undefined],
    ['a', '', undefined],
  ] as const)
    it(`${JSON.stringify(was)} that became ${JSON.stringify(became)}: ${detail ?? 'changed, and no more is said'}`, async () => {
      const message = edited(await withAttachment(was), (t) =>
        t.replace(`Content-Length: ${was.length}\r\n\r\n${was}\r\n--`, () => `\r\n${became}\r\n--`),
      )
      const result = await check(message, context)
      const told = result.findings.filter(({ layer }) => layer === 'message-signature')
      expect(result.verdict).to.equal('invalid')
      expect(told.map((one) => [one.rule, one.severity, one.detail, one.xpath])).to.deep.equal([
        ['digest-mismatch', 'error', null, 'cid:a.txt'],
        ...(detail === undefined ? [] : [['changed-by-recorder', 'info', detail, 'cid:a.txt']]),
      ])
    })
})
