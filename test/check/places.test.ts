// SPDX-License-Identifier: EUPL-1.2
/**
 * Where a finding points to: every finding about a message as XML has a place, and no place is one of another document.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckContext, CheckResult, Finding } from '../../src/check/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { makeDecrypter, keyRing } from '../../src/pki/keys.js'
import { readPkcs12 } from '../../src/pki/keystore.js'
import { FIXTURES, fixturesIn, KEYSTORE, PIN } from './suite.js'
import { capture, check, contextWith, edited, ids, osciValidator } from './support.js'

const PLACED =
  /^invalid\/((?:osci-structure|control-block|transport-encryption|message-signature|author-signature|content-encryption|policy)\..*)$/

/** With the key of our own fixtures. */
async function keyedContext(validator: SchemaValidator): Promise<CheckContext> {
  const pairs = readPkcs12(readFileSync(KEYSTORE), PIN)
  const keys = await Promise.all(pairs.map(({ certificate, privateKey }) => makeDecrypter(certificate, privateKey)))
  return { ...(await contextWith(validator)), keys: keyRing(keys) }
}

const find = ({ findings }: CheckResult, id: string): Finding | undefined => findings.find((f) => f.id === id)

describe('places of findings', () => {
  const plain = capture('12-processDelivery.bin')
  const encrypted = capture('11-processDelivery.bin')
  let validator: SchemaValidator
  let context: CheckContext
  before(async () => {
    validator = await osciValidator()
    context = await contextWith(validator, 'addressee-cipher', 'reader-cipher')
  })
  after(() => validator.close())

  it('whatever the fixtures of these layers show says where', async () => {
    const without: string[] = []
    for (const { folder, path } of fixturesIn('invalid')) {
      const id = PLACED.exec(folder)?.[1]
      if (id === undefined) continue
      const found = find(await check(readFileSync(path), context), id)
      if (found && found.xpath === null) without.push(id)
    }
    expect(without).to.deep.equal([])
  })

  it('a value of an attribute lies at its element', async () => {
    const result = await check(
      edited(plain, (t) => t.replace('<osci:ControlBlock ', '<osci:ControlBlock SequenceNumber="x" ')),
      context,
    )
    const [bad, schema] = [find(result, 'osci-structure.bad-value'), find(result, 'osci-structure.schema')]
    expect(bad?.xpath).to.equal('/soap:Envelope/soap:Header/osci:ControlBlock/@SequenceNumber')
    expect(bad?.line).to.equal(schema?.line)
  })

  it('a changed content is named itself, a wrong value by its signature', async () => {
    const changed = await check(
      edited(plain, (t) => t.replace(/(<osci:Base64Content [^>]*>)[A-Za-z0-9]/, '$1/')),
      context,
    )
    expect(find(changed, 'author-signature.digest-mismatch')?.xpath).to.match(/osci:Content\/osci:Base64Content$/)
    const value = await check(
      edited(plain, (t) => t.replace(/(<ds:SignatureValue>)./, (all, tag: string) => tag + (all.endsWith('A') ? 'B' : 'A'))),
      context,
    )
    expect(find(value, 'message-signature.value-mismatch')).to.include({ xpath: '/soap:Envelope/soap:Header/osci:ClientSignature' })
    expect(find(value, 'message-signature.value-mismatch')?.line).to.be.a('number')
  })

  it('inside content that was sealed there is a path, and no line of the message around it', async () => {
    const { findings } = await check(encrypted, context)
    const inside = findings.filter(({ xpath }) => xpath?.startsWith('/osci:ContentContainer'))
    expect(inside).to.not.deep.equal([])
    for (const { line, column } of inside) expect([line, column]).to.deep.equal([null, null])
  })

  it('a remark about the shell is told once, of the shell', async () => {
    const result = await check(
      edited(encrypted, (t) => t.replace('soapMessageEncrypted.xsd', 'soapStoreDelivery.xsd')),
      context,
    )
    const found = result.findings.filter(({ id }) => id === 'osci-structure.schema-location')
    expect(found.map(({ document, xpath }) => [document, xpath])).to.deep.equal([['file', '/soap:Envelope']])
  })

  it('two keys in a shell are no usual form of the field', async () => {
    const twice = edited(encrypted, (t) => t.replace(/(<xenc:EncryptedKey>[^]*<\/xenc:EncryptedKey>)/, '$1$1'))
    const found = ids(await check(twice, context))
    expect(found).to.include('transport-encryption.grammar').and.to.not.include('osci-structure.several-encrypted-keys')
  })

  it('what is no container has the place of the box that it came in', async () => {
    const keyed = await keyedContext(validator)
    for (const [file, id] of [
      ['xml.not-well-formed/storeDelivery.encrypted-no-xml.mime', 'xml.not-well-formed'],
      ['osci-structure.container/storeDelivery.encrypted-no-container.mime', 'osci-structure.container'],
    ] as const) {
      const bytes = readFileSync(join(FIXTURES, 'invalid', file))
      const result = await check(bytes, keyed)
      expect(ids(result, 'error')).to.deep.equal([id])
      const found = find(result, id)
      expect(found?.xpath).to.equal('/soap:Envelope/soap:Body/osci:ContentPackage/xenc:EncryptedData')
      const line = bytes.toString('latin1').split('\n')[(found?.line ?? 0) - 1]
      expect(line?.slice((found?.column ?? 0) - 1)).to.match(/^<xenc:EncryptedData /)
      expect(found?.detail).to.match(/^in the decrypted content, line 1, column \d+: /)
    }
  })

  it('one certificate that is not built as required makes the others no strangers', async () => {
    const broken = (t: string): string => t.replace(/(<osci:CipherCertificateOriginator) Id="[^"]*"/, '$1')
    const found = ids(await check(edited(plain, broken), context), 'error')
    expect(found).to.include('osci-structure.certificate-header')
    expect(found).to.not.include('author-signature.signer-unknown')
  })

  it('who nobody vouches for is shown where the message lists him', async () => {
    const { trust: _roots, ...without } = context
    const strangers: CheckContext = { ...without, trust: { check: () => Promise.resolve({ verdict: 'unknown', path: [] }) } }
    const result = await check(plain, strangers)
    const places = result.findings.filter(({ id }) => id === 'certificates.unknown-issuer').map(({ xpath }) => xpath)
    expect(places).to.include('/soap:Envelope/soap:Header/osci:IntermediaryCertificates/osci:SignatureCertificateIntermediary')
    expect(places).to.not.include(null)
    expect(ids(result, 'error')).to.include('certificates.unknown-issuer')
  })
})
