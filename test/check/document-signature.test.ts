// SPDX-License-Identifier: EUPL-1.2
/**
 * Signatures inside XML documents, beyond what the fixtures show: whose certificate counts, who vouches for it, and what is too large.
 */
import { expect } from 'chai'
import { check } from '../../src/check/engine.js'
import { openContext, type OpenedContext } from '../../src/cli/commands/check-context.js'
import { signedDocument } from '../../tools/fixtures/document-signature.js'
import { ORIGINATOR, READER } from '../../tools/fixtures/keys.js'
import { xfixture } from '../../tools/fixtures/standard.js'
import { AT, SCHEMAS, TRUST } from './suite.js'

const CERTIFICATE = /<ds:X509Certificate>[^<]+<\/ds:X509Certificate>/

describe('signature inside a document', () => {
  let opened: OpenedContext
  const open = (trust: readonly string[]) =>
    openContext({ keystores: [], trust, schemas: [SCHEMAS], at: new Date(AT), workers: 1, warn: () => undefined })
  before(async () => (opened = await open([TRUST])))
  after(() => opened.close())
  const told = async (text: string, { context } = opened) => {
    const { verdict, layers, findings, xoev } = await check(Buffer.from(text), context)
    return {
      verdict,
      layers,
      ids: findings.filter((f) => f.severity === 'error').map(({ id }) => id),
      findings,
      signature: xoev?.signature,
    }
  }
  const listed = (der: Uint8Array): string => `<ds:X509Certificate>${Buffer.from(der).toString('base64')}</ds:X509Certificate>`

  it('holds by the key of the certificate that made it, wherever that stands among those it names', async () => {
    const text = await signedDocument(xfixture())
    const { verdict, signature } = await told(text.replace(CERTIFICATE, (own) => listed(READER.certificate.raw) + own))
    expect(verdict).to.equal('valid')
    expect(signature).to.include({ verdict: 'valid', signer: 'CN=Fixture Author,O=Protektor Test,C=DE' })
  })

  it('by another certificate is wrong, whoever vouches for that', async () => {
    const text = (await signedDocument(xfixture())).replace(CERTIFICATE, listed(READER.certificate.raw))
    const { verdict, ids } = await told(text)
    expect(verdict).to.equal('invalid')
    expect(ids).to.include('author-signature.document-invalid')
  })

  it('of somebody for whom nobody vouches is a finding of the layer certificates, and without anchors unchecked', async () => {
    const text = await signedDocument(xfixture())
    const unanchored = await open([])
    try {
      const { verdict, layers, signature } = await told(text, unanchored)
      expect([verdict, layers.certificates, layers['author-signature'], signature?.verdict]).to.deep.equal([
        'unchecked',
        'unchecked',
        'valid',
        'valid',
      ])
    } finally {
      await unanchored.close()
    }
    // a value says which key, the certificate who that is
    const cipher = await told(text.replace(CERTIFICATE, listed(ORIGINATOR.certificate.raw)))
    expect(cipher.signature?.verdict, 'the same key, another name').to.equal('valid')
    expect(cipher.signature?.signer).to.equal('CN=Fixture Originator,O=Protektor Test,C=DE')
  })

  it('in a document that is too large stays unchecked; one with very many children breaks nothing', async () => {
    const { findings, layers } = await told(await signedDocument(`<a>${'<b/>'.repeat(5000)}</a>`))
    expect(findings.find(({ id }) => id === 'author-signature.document-form')?.detail).to.match(/^50\d\d elements, \d+ bytes$/)
    expect(layers['author-signature']).to.equal('unchecked')
    const many = await told(`<a>${'<b/>'.repeat(200_000)}</a>`)
    expect(many.layers).to.include({ xml: 'valid' }).and.to.not.have.property('author-signature')
  })
})
