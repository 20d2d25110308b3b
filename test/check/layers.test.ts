// SPDX-License-Identifier: EUPL-1.2
/**
 * `--layers`: what is not asked for says nothing, and nothing is called valid that was not reached.
 * @module
 */
import { expect } from 'chai'
import { Journal } from '../../src/check/journal.js'
import { LAYERS, type CheckContext, type Layer } from '../../src/check/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { capture, check, contextWith, edited, ids, osciValidator } from './support.js'

describe('layers asked for', () => {
  let validator: SchemaValidator
  let context: CheckContext
  before(async () => {
    validator = await osciValidator(1)
    context = await contextWith(validator, 'addressee-cipher', 'reader-cipher')
  })
  after(() => validator.close())

  const only = (...layers: readonly Layer[]): CheckContext => ({ ...context, layers: new Set(layers) })
  const plain = capture('12-processDelivery.bin')
  const encrypted = capture('11-processDelivery.bin')

  it('only they count: the others are unchecked and named', async () => {
    const result = await check(encrypted, only('mime', 'control-block'))
    expect(result.verdict).to.equal('valid')
    expect(result.findings).to.deep.equal([])
    expect(result.layers).to.deep.equal(
      Object.fromEntries(LAYERS.map((layer) => [layer, ['mime', 'control-block'].includes(layer) ? 'valid' : 'unchecked'])),
    )
    expect(result.notAsked).to.deep.equal(LAYERS.filter((layer) => !['mime', 'control-block'].includes(layer)))
  })

  it('what is wrong in another layer does not count', async () => {
    const changed = edited(plain, (text) => text.replace(/(<[a-z]*:?DigestValue>)./, '$1A'))
    expect((await check(changed, context)).verdict).to.equal('invalid')
    expect(await check(changed, only('mime', 'xml'))).to.include({ verdict: 'valid' })
    const asked = await check(changed, only('message-signature'))
    expect(asked.verdict).to.equal('invalid')
    expect(new Set(asked.findings.map(({ layer }) => layer))).to.deep.equal(new Set(['message-signature']))
  })

  it('a layer that was not reached is unchecked, and the reason is told without being an error', async () => {
    const closed = { ...(await contextWith(validator)), layers: new Set<Layer>(['mime', 'message-signature']) }
    const result = await check(encrypted, closed)
    expect(result.verdict).to.equal('unchecked')
    expect(result.layers).to.include({ mime: 'valid', 'message-signature': 'unchecked' })
    expect(ids(result)).to.include('transport-encryption.no-key')
    const broken = await check(Buffer.from('<a><b></a>'), only('xoev-schema'))
    expect(broken.verdict).to.equal('unchecked')
    expect(broken.findings.map(({ id, severity }) => [id, severity])).to.deep.equal([['xml.not-well-formed', 'info']])
  })

  it('nothing of what was asked for is there: unchecked', async () => {
    expect((await check(Buffer.from('<a xmlns="urn:x"/>'), only('control-block'))).verdict).to.equal('unchecked')
    expect((await check(Buffer.from('%PDF'), only('policy'))).verdict).to.equal('unchecked')
  })

  it('a layer that breaks in front of one asked for makes it unchecked, never valid', () => {
    const journal = new Journal(new Set(['mime', 'xoev-schema']))
    journal.note('mime')
    journal.broke('osci-structure', new Error('x'))
    expect(journal.verdict).to.equal('unchecked')
    expect(journal.layers).to.include({ mime: 'valid', 'xoev-schema': 'unchecked', 'osci-structure': 'unchecked' })
    expect(journal.findings.map(({ id }) => id)).to.deep.equal(['osci-structure.check-failed'])
  })
})
