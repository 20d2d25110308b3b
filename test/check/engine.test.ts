// SPDX-License-Identifier: EUPL-1.2
/**
 * The check engine on messages of the reference library: what it says of good ones, of ones changed in one place, and of ones that it has no
 * key, no trust or no schema for.
 * @module
 */
import { expect } from 'chai'
import { recognise } from '../../src/check/recognise.js'
import type { CheckContext, CheckResult } from '../../src/check/types.js'
import { CHECK_LIMITS } from '../../src/env.js'
import { trustStore } from '../../src/pki/path.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { readFileSync } from 'node:fs'
import { capture, check, contextWith, edited, ids, osciValidator } from './support.js'

const encrypted = capture('11-processDelivery.bin')
const plain = capture('12-processDelivery.bin')

/** One change, and the error that it must be called; more errors may follow from it. */
const MUTATIONS: readonly (readonly [what: string, edit: (text: string) => string, finding: string])[] = [
  [
    'a signed value changed',
    (t) => t.replace('<osci:Subject>Abwicklung<', '<osci:Subject>Abwickelung<'),
    'message-signature.digest-mismatch',
  ],
  [
    'the signature value changed',
    (t) => t.replace(/(<ds:SignatureValue>)(.)/, (_a, tag: string, c: string) => tag + (c === 'A' ? 'B' : 'A')),
    'message-signature.value-mismatch',
  ],
  [
    'a header block that nobody signed',
    (t) => t.replace('</soap:Header>', '<x:More xmlns:x="urn:x" Id="more"></x:More></soap:Header>'),
    'message-signature.not-covered',
  ],
  [
    'a header block without Id',
    (t) => t.replace('</soap:Header>', '<x:More xmlns:x="urn:x"></x:More></soap:Header>'),
    'osci-structure.block-without-id',
  ],
  [
    'the signature names another role',
    (t) => t.replace(/RetrievalMethod URI="#intermed_signature_/, 'RetrievalMethod URI="#nobody_signature_'),
    'message-signature.signer-role',
  ],
  [
    'an HMAC as signature method',
    (t) => t.replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'),
    'message-signature.algorithm',
  ],
  [
    'SHA-1 as digest method',
    (t) => t.replace('http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1'),
    'policy.forbidden-algorithm',
  ],
  ['no schemaLocation', (t) => t.replace(/ xsi:schemaLocation="[^"]*"/, ''), 'osci-structure.schema-location'],
  ['another schemaLocation', (t) => t.replace('soapProcessDelivery.xsd', 'soapStoreDelivery.xsd'), 'osci-structure.schema-location'],
  [
    'a document type',
    (t) => t.replace('?>\r\n', '?><!DOCTYPE soap:Envelope>\r\n').replace('?>\n\n', '?><!DOCTYPE soap:Envelope>\n'),
    'xml.doctype',
  ],
  ['a comment in the Body', (t) => t.replace('</soap:Body>', '<!-- x --></soap:Body>'), 'xml.comment'],
  ['an Id twice', (t) => t.replace('Id="desiredlanguages"', 'Id="controlblock"'), 'osci-structure.duplicate-id'],
  [
    'a Response in the ControlBlock',
    (t) => t.replace('<osci:Challenge>', '<osci:Response>abc</osci:Response><osci:Challenge>'),
    'control-block.forbidden-response',
  ],
  ['no Challenge', (t) => t.replace(/<osci:Challenge>[^<]*<\/osci:Challenge>/, ''), 'control-block.missing-challenge'],
  [
    'an unknown element in the Body',
    (t) => t.replace('</soap:Body>', '<osci:Surprise></osci:Surprise></soap:Body>'),
    'osci-structure.unexpected-element',
  ],
  [
    'an element that the schema does not know',
    (t) => t.replace('<osci:CertType ', '<osci:CertKind ').replace('</osci:CertType>', '</osci:CertKind>'),
    'osci-structure.schema',
  ],
  ['an unknown message', (t) => t.replaceAll('osci:processDelivery', 'osci:proceedDelivery'), 'osci-structure.unknown-message'],
  ['line breaks without CR', (t) => t.replaceAll('\r\n', '\n'), 'mime.bare-line-break'],
  ['the end cut off', (t) => t.slice(0, -40), 'mime.no-end'],
  ['no MIME header', (t) => t.slice(t.indexOf('--MIME_boundary')), 'mime.no-boundary'],
]

describe('check engine', () => {
  let validator: SchemaValidator
  let context: CheckContext
  before(async () => {
    validator = await osciValidator()
    context = await contextWith(validator, 'addressee-cipher', 'reader-cipher')
  })
  after(() => validator.close())

  const stillValid = async (): Promise<void> => {
    expect((await check(plain, context)).verdict).to.equal('valid')
  }

  it('describes a transport-encrypted, signed delivery with encrypted, author-signed content', async () => {
    const result = await check(encrypted, context)
    expect(result).to.include({ verdict: 'valid', kind: 'osci', messageType: 'processDelivery', transportEncrypted: true, signed: true })
    expect(result.messageId).to.match(/^mock-/)
    expect(result.messageSignature).to.deep.equal({
      verdict: 'valid',
      signer: 'CN=Test Intermediaer Signature,O=OSCI Test,C=DE',
      algorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    })
    expect(result.contents).to.have.length(1)
    expect(result.contents[0]).to.deep.include({
      kind: 'content',
      encrypted: true,
      bytes: 15,
      sha256: '5abe20d303db13369acbfde097d837645205447d9c34c9b247517ecf8345ef4c',
      signedBy: ['CN=Test Autor Signature,O=OSCI Test,C=DE'],
      signatureVerdict: 'valid',
      xoev: null,
    })
    expect(ids(result, 'error')).to.deep.equal([])
    expect(new Set(Object.values(result.layers))).to.deep.equal(new Set(['valid']))
  })

  it('gives the same result for the same bytes', async () => {
    expect(await check(encrypted, context)).to.deep.equal(await check(encrypted, context))
    expect(await check(new Uint8Array(Buffer.concat([Buffer.alloc(3), encrypted])).subarray(3), context)).to.deep.equal(
      await check(encrypted, context),
    )
  })

  for (const [what, edit, finding] of MUTATIONS)
    it(`names ${finding}: ${what}`, async () => {
      const result = await check(edited(plain, edit), context)
      expect(result.verdict).to.equal('invalid')
      expect(ids(result, 'error')).to.include(finding)
      await stillValid()
    })

  it('goes on behind a failure: signer, content and id are told although the signature is wrong', async () => {
    const result = await check(
      edited(plain, (t) => t.replace('>Abwicklung<', '>Abwickelung<')),
      context,
    )
    expect(result.messageSignature).to.include({ verdict: 'invalid', signer: 'CN=Test Intermediaer Signature,O=OSCI Test,C=DE' })
    expect(result.messageId).to.match(/^mock-/)
    expect(result.contents.map((c) => [c.bytes, c.signatureVerdict])).to.deep.equal([[11, 'valid']])
  })

  it('goes on behind a failure: content is told although the order cannot be read', async () => {
    const result = await check(
      edited(plain, (t) => t.replace('<osci:Challenge>', '<osci:Chellange>').replace('</osci:Challenge>', '</osci:Chellange>')),
      context,
    )
    expect(ids(result, 'error')).to.include('osci-structure.unexpected-element')
    expect(result.contents.map((c) => c.bytes)).to.deep.equal([11])
  })

  it('tells a wrong author signature from the message signature', async () => {
    const result = await check(
      edited(plain, (t) =>
        t.replace(/(<osci:Base64Content Id="content34"[^>]*>)(.)/, (_a, tag: string, c: string) => tag + (c === 'A' ? 'B' : 'A')),
      ),
      context,
    )
    expect(ids(result, 'error')).to.include.members(['message-signature.digest-mismatch', 'author-signature.digest-mismatch'])
    expect(result.contents[0]).to.deep.include({ signatureVerdict: 'invalid', signedBy: [] })
  })

  it('a signature that was never verified leaves its layer no valid one, whoever found what is wrong', async () => {
    for (const broken of [
      (t: string) => t.replaceAll('ClientSignature', 'SupplierSignature'),
      (t: string) => t.replace(/(<osci:CipherCertificateOriginator) Id="[^"]*"/, '$1'),
    ]) {
      const { layers, messageSignature } = await check(edited(plain, broken), context)
      expect(messageSignature?.verdict).to.equal('invalid')
      expect(layers['message-signature']).to.equal('invalid')
    }
  })

  it('a place is element, line and column of the file', async () => {
    const result = await check(
      edited(plain, (t) => t.replace('>Abwicklung<', '>Abwickelung<')),
      context,
    )
    const finding = result.findings.find((f) => f.id === 'message-signature.digest-mismatch')
    expect(finding?.xpath).to.equal('/soap:Envelope/soap:Header/osci:processDelivery')
    // the place is one of the file: an editor jumps to it
    const bytes = edited(plain, (t) => t.replace('>Abwicklung<', '>Abwickelung<'))
    const line = Buffer.from(bytes).toString('latin1').split('\n')[(finding?.line ?? 0) - 1]
    expect(line?.slice((finding?.column ?? 0) - 1)).to.match(/^<osci:processDelivery /)
    expect(finding?.document).to.equal('file')
    expect(finding?.message.de).to.be.a('string').not.equal(finding?.message.en)
  })

  it('a schema finding shows element and place, never the value', async () => {
    const result = await check(
      edited(plain, (t) => t.replace('<osci:CertType Type="advanced">', '<osci:CertType Type="Erika-Mustermann">')),
      context,
    )
    const finding = result.findings.find((f) => f.id === 'osci-structure.schema')
    expect(finding?.xpath).to.match(/osci:CertType$/)
    expect(finding?.detail).to.contain('osci:CertType')
    expect(JSON.stringify(result.findings)).to.not.contain('Mustermann')
  })

  it('a flipped byte of the ciphertext is undecryptable, and says no more', async () => {
    const result = await check(
      edited(encrypted, (t) => t.slice(0, -200) + String.fromCharCode(t.charCodeAt(t.length - 200) ^ 1) + t.slice(-199)),
      context,
    )
    expect(result.verdict).to.equal('invalid')
    expect(ids(result, 'error')).to.deep.equal(['transport-encryption.undecryptable'])
    expect(result.contents).to.deep.equal([])
  })

  it('K2 without the key nothing is opened: the message is unchecked, not invalid', async () => {
    const keyless = await contextWith(validator)
    const result = await check(encrypted, keyless)
    expect(result).to.include({ verdict: 'unchecked', messageType: null, transportEncrypted: true, signed: null, messageId: null })
    expect(result.contents).to.deep.equal([])
    expect(ids(result, 'info')).to.include('transport-encryption.no-key')
    // the same process has opened it before, with keys: nothing of that is kept
    expect((await check(encrypted, context)).contents).to.have.length(1)
    expect((await check(encrypted, keyless)).contents).to.have.length(0)
  })

  it('content for somebody else stays closed and makes the file unchecked', async () => {
    // the shell is opened, the content is not: two keys in life, one and the same in the capture
    let asked = 0
    const keys = { decrypter: (der: Uint8Array) => (asked++ === 0 ? context.keys.decrypter(der) : undefined) }
    const result = await check(encrypted, { ...context, keys })
    expect(result).to.include({ verdict: 'unchecked', messageType: 'processDelivery', signed: true })
    expect(ids(result, 'info')).to.include('content-encryption.no-key')
    expect(result.contents).to.deep.equal([])
    expect(ids(result, 'error')).to.deep.equal([])
  })

  it('without trust anchors the signer is unchecked; the signature itself stays valid', async () => {
    const { trust: _none, ...untrusting } = context
    const result = await check(plain, untrusting)
    expect(result.verdict).to.equal('unchecked')
    expect(result.layers.certificates).to.equal('unchecked')
    expect(result.messageSignature?.verdict).to.equal('valid')
    expect(ids(result)).to.include('certificates.no-trust')
  })

  it('a signer under no anchor is an error; one outside its validity a warning', async () => {
    const stranger = await check(plain, { ...context, trust: trustStore({ roots: [] }) })
    expect(stranger.verdict).to.equal('invalid')
    expect(ids(stranger, 'error')).to.include('certificates.unknown-issuer')
    expect(stranger.messageSignature?.verdict).to.equal('valid')
    const late = await check(plain, { ...context, at: new Date('2060-01-01T00:00:00Z') })
    expect(late.verdict).to.equal('valid')
    expect(ids(late, 'warning')).to.include('certificates.expired')
  })

  it('without a schema the structure is unchecked', async () => {
    const { osciSchema: _none, ...blind } = context
    const result = await check(plain, blind)
    expect(result.layers['osci-structure']).to.equal('unchecked')
    expect(result.verdict).to.equal('unchecked')
  })

  for (const [layer, broken] of [
    [
      'transport-encryption',
      {
        keys: {
          decrypter: () => {
            throw new TypeError('broken key store')
          },
        },
      },
    ],
    ['certificates', { trust: { check: () => Promise.reject(new TypeError('broken trust store')) } }],
    [
      'osci-structure',
      {
        osciSchema: {
          validate: () => Promise.resolve({ verdict: 'error', problems: [{ line: 0, message: 'engine died' }] }),
          close: () => Promise.resolve(),
        },
      },
    ],
  ] as const satisfies readonly (readonly [string, Partial<CheckContext>])[])
    // prettier-ignore
    it(`a check that breaks in ${layer} is an error, never valid`, async () => {
      const result = await check(encrypted, { ...context, ...broken })
      expect(result.verdict).to.equal('error')
      expect(ids(result)).to.include(`${layer}.check-failed`)
      expect(result.layers[layer]).to.equal('error')
      await stillValid()
    })

  it('beyond the limits a file is unchecked', async () => {
    const small = { ...context, limits: { ...CHECK_LIMITS, messageBytes: 1000 } }
    expect(await check(plain, small)).to.include({ verdict: 'unchecked' })
    const few = { ...context, limits: { ...CHECK_LIMITS, xmlElements: 20 } }
    expect(ids(await check(plain, few))).to.include('xml.elements')
    expect((await check(plain, few)).verdict).to.equal('unchecked')
  })

  it('reads a bare envelope without MIME', async () => {
    const text = Buffer.from(plain).toString('latin1')
    const xml = text.slice(text.indexOf('<?xml'), text.lastIndexOf('</soap:Envelope>') + 16)
    expect(await check(Buffer.from(xml, 'latin1'), context)).to.include({ verdict: 'valid', kind: 'osci', messageType: 'processDelivery' })
  })

  it('a fault has one code and no signature', async () => {
    const result = await check(readFileSync(new URL('../../fixtures/valid/fault.9400.mime', import.meta.url)), context)
    expect(result).to.include({ verdict: 'valid', kind: 'osci', messageType: 'fault', signed: false, messageSignature: null })
    expect(result.feedback).to.deep.equal(['9400'])
  })

  it('a byte order mark before a message hides neither what it is nor what is wrong', async () => {
    const mime = readFileSync(new URL('../../fixtures/valid/fault.9400.mime', import.meta.url))
    const marked = (bytes: Uint8Array) => check(Buffer.concat([Buffer.from('\ufeff'), bytes]), context)
    const from = mime.indexOf('<?xml')
    const bare = await marked(mime.subarray(from, mime.indexOf('</soap:Envelope>') + 16))
    expect(bare).to.include({ verdict: 'invalid', kind: 'osci' })
    expect(ids(bare, 'error')).to.deep.equal(['xml.byte-order-mark'])
    const whole = await marked(mime)
    expect(whole).to.include({ verdict: 'invalid', kind: 'osci' })
    expect(ids(whole, 'error')).to.deep.equal(['mime.header-malformed'])
  })

  it('what nobody recognises is unchecked', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('%PDF-1.7'), Buffer.from([0, 1, 2, 3])]) {
      const result: CheckResult = await check(bytes, context)
      expect(result).to.include({ verdict: 'unchecked', kind: 'unknown', messageType: null })
      expect(ids(result)).to.deep.equal(['mime.unrecognised'])
    }
  })

  it('a sealed envelope is recognised, and unchecked', async () => {
    const bytes = readFileSync(new URL('../../fixtures/envelope/request-ec.bin', import.meta.url))
    expect(recognise(bytes, CHECK_LIMITS)).to.include({ kind: 'envelope', capture: null })
    expect(await check(bytes, context)).to.include({ verdict: 'unchecked', kind: 'envelope' })
    const cut = await check(bytes.subarray(0, 20), context)
    expect(ids(cut, 'error')).to.deep.equal(['mime.broken-envelope'])
  })

  it('XML that is not well-formed is invalid; XML that no schema knows is unchecked', async () => {
    const broken = await check(Buffer.from('<a><b></a>'), context)
    expect(broken.verdict).to.equal('invalid')
    expect(ids(broken)).to.deep.equal(['xml.not-well-formed'])
    expect(await check(Buffer.from('<a xmlns="urn:nobody"/>'), context)).to.include({
      verdict: 'unchecked',
      kind: 'xoev',
      messageType: 'a',
    })
  })
})
