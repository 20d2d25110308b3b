// SPDX-License-Identifier: EUPL-1.2
/**
 * Mistakes of real software: the finding names the cause, where the cause is, and nothing that is not so.
 * @module
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findingRow } from '../../src/check/findings.js'
import type { CheckContext, Finding } from '../../src/check/types.js'
import type { SchemaValidator } from '../../src/xml/schema.js'
import { signPss } from '../../tools/fixtures/chance.js'
import { ORIGINATOR } from '../../tools/fixtures/keys.js'
import { canonicalSignedInfo } from '../../tools/fixtures/signed-info.js'
import { check, contextWith, edited, ids, osciValidator } from './support.js'
import { fixturesIn, FIXTURES } from './suite.js'

const fixture = (name: string): Uint8Array => readFileSync(join(FIXTURES, name))
const STORE = fixture('valid/storeDelivery.signed.mime')
const ANSWER = fixture('valid/responseToStoreDelivery.signed.mime')
const ATTACHED = fixture('invalid/mime.encoded-part/storeDelivery.attachment-in-base64.mime')

const ELLIPTIC = fixture('invalid/message-signature.key-type/storeDelivery.rsa-named-elliptic-key.mime')
const ECDSA = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'

type Edit = (text: string) => string
const valueTo =
  (value: Uint8Array): Edit =>
  (t) =>
    t.replace(/(<ds:SignatureValue>)[^<]*/, `$1${Buffer.from(value).toString('base64')}`)

/** The mistake, the message it is made in, what is told of it, and the element where it is. */
const MISTAKES: readonly (readonly [
  what: string,
  message: Uint8Array,
  edit: Edit,
  id: string,
  detail: string | null,
  xpath: string | null,
])[] = [
  [
    'a slash behind the namespace of OSCI',
    STORE,
    (t) => t.replace('"http://www.osci.de/2002/04/osci"', '"http://www.osci.de/2002/04/osci/"'),
    'osci-structure.unknown-message',
    'storeDelivery is not in the namespace http://www.osci.de/2002/04/osci',
    '/soap:Envelope',
  ],
  [
    'an order in the Body that belongs into the Header',
    STORE,
    (t) => {
      const order = /<osci:storeDelivery .*<\/osci:storeDelivery>/s.exec(t)?.[0] ?? ''
      return t.replace(order, '').replace(/<soap:Body[^>]*>/, (body) => body + order)
    },
    'osci-structure.unknown-message',
    'storeDelivery belongs into the Header',
    '/soap:Envelope',
  ],
  [
    'the Id of a block in small letters',
    STORE,
    (t) => t.replace(/(<osci:DesiredLanguages[^>]* )Id=/, '$1id='),
    'osci-structure.id-lookalike',
    'attribute id on DesiredLanguages',
    '/soap:Envelope/soap:Header/osci:DesiredLanguages',
  ],
  [
    'the signature block of a request in an answer',
    ANSWER,
    (t) => t.replaceAll('SupplierSignature', 'ClientSignature'),
    'osci-structure.signature-block',
    'ClientSignature instead of SupplierSignature',
    '/soap:Envelope/soap:Header/osci:ClientSignature',
  ],
  [
    'languages with a comma',
    STORE,
    (t) => t.replace(/LanguagesList="[^"]*"/, 'LanguagesList="de,en"'),
    'osci-structure.languages',
    'LanguagesList holds what is no language; blanks part them',
    '/soap:Envelope/soap:Header/osci:DesiredLanguages',
  ],
  [
    'the name of an attachment without cid:',
    ATTACHED,
    (t) => t.replace('href="cid:', 'href="'),
    'osci-structure.attachment-missing',
    'href of Content is no cid: URI',
    '/soap:Envelope/soap:Body/osci:ContentPackage/osci:ContentContainer/osci:Content',
  ],
  [
    'an end without its hyphens',
    STORE,
    (t) => t.replace(/--\r\n$/, '\r\n'),
    'mime.no-end',
    'The last boundary does not end with two hyphens.',
    null,
  ],
  [
    'a signature by a key of another size',
    STORE,
    valueTo(Buffer.alloc(256, 1)),
    'message-signature.value-mismatch',
    'SignatureValue has 256 bytes, with this key it has 384',
    '/soap:Envelope/soap:Header/osci:ClientSignature',
  ],
  [
    'an ECDSA value in ASN.1',
    ELLIPTIC,
    (t) =>
      valueTo(Buffer.from([0x30, 0x45, ...Array<number>(69).fill(1)]))(t.replace(/(<ds:SignatureMethod Algorithm=")[^"]*/, `$1${ECDSA}`)),
    'message-signature.value-mismatch',
    'SignatureValue has 71 bytes, with this key it has 64 (r and s, not ASN.1)',
    '/soap:Envelope/soap:Header/osci:ClientSignature',
  ],
  [
    'a digest of SHA-1 under the name of SHA-256',
    STORE,
    (t) => {
      const digested = t.replace(/(<ds:Reference URI="#body">.*?<ds:DigestValue>)[^<]*/s, `$1${Buffer.alloc(20, 1).toString('base64')}`)
      return valueTo(signPss(ORIGINATOR.privateKey, canonicalSignedInfo(Buffer.from(digested, 'latin1'))))(digested)
    },
    'message-signature.digest-mismatch',
    'DigestValue has 20 bytes, its method makes 32',
    '/soap:Envelope/soap:Body',
  ],
]

describe('check: causes', () => {
  let context: CheckContext
  let osci: SchemaValidator
  before(async () => {
    osci = await osciValidator()
    context = await contextWith(osci)
  })
  after(() => osci.close())

  const findingsOf = async (bytes: Uint8Array): Promise<readonly Finding[]> => (await check(bytes, context)).findings

  for (const [what, message, edit, id, detail, xpath] of MISTAKES)
    it(`names ${what}`, async () => {
      const result = await check(edited(message, edit), context)
      const [found] = result.findings.filter((one) => one.id === id)
      expect(found, ids(result).join(' ')).to.include({ detail, xpath })
    })

  it('an issuer who signs with SHA-1 has signed right, and proves nothing', async () => {
    const old = ids(await check(fixture('invalid/certificates.weak-signature/storeDelivery.issuer-signs-with-sha-1.mime'), context))
    expect(old).to.include('certificates.weak-signature').and.not.include('certificates.bad-signature')
    const forged = ids(await check(fixture('invalid/certificates.bad-signature/storeDelivery.certificate-forged.mime'), context))
    expect(forged).to.include('certificates.bad-signature').and.not.include('certificates.weak-signature')
  })

  it('a certificate in KeyInfo that cannot be read has a place', async () => {
    for (const file of [
      'certificates.unreadable/storeDelivery.shell-for-garbage.mime',
      'certificates.size/storeDelivery.reader-with-a-huge-certificate.mime',
    ]) {
      const [found] = (await findingsOf(fixture(join('invalid', file)))).filter(
        ({ id, severity }) => file.startsWith(id) && severity === 'error',
      )
      expect(found?.xpath, file).to.match(/\/xenc:EncryptedData$/)
      expect(found?.line, file).to.be.greaterThan(0)
    }
  })

  it('a finding of several causes says which it is', async () => {
    const details = async (folder: string): Promise<readonly (string | null)[]> =>
      Promise.all(
        fixturesIn('invalid')
          .filter((one) => one.folder === `invalid/${folder}`)
          .map(async ({ path }) => (await findingsOf(readFileSync(path))).find(({ id }) => id === folder)?.detail ?? null),
      )
    expect(await details('mime.root-type')).to.have.members([
      'The first part has another type than the message announces.',
      'The first part is not text/xml.',
    ])
    expect(await details('mime.part-length')).to.deep.equal(['A part is longer than its Content-Length.'])
    const [part] = await findingsOf(edited(ATTACHED, (t) => t.replace(/(Content-ID: <anlage\.txt>)/, '$1\r\nContent-Length: many')))
    expect(part).to.include({ id: 'mime.part-length', detail: 'The Content-Length of a part is no number.' })
  })

  it('what stands behind a wrong signature block is read, and nothing is called missing', async () => {
    const result = await check(
      edited(ANSWER, (t) => t.replaceAll('SupplierSignature', 'ClientSignature')),
      context,
    )
    expect(ids(result, 'error')).to.deep.equal(['osci-structure.schema', 'osci-structure.signature-block'])
    expect(result.layers).to.include({ 'control-block': 'valid', 'message-signature': 'invalid', 'osci-structure': 'invalid' })
  })

  it('two spellings of one field are one error', async () => {
    const file = 'invalid/osci-structure.two-spellings/partialStoreDelivery.time-out-in-two-spellings.mime'
    expect(ids(await check(fixture(file), context), 'error')).to.deep.equal(['osci-structure.two-spellings'])
  })

  it('nothing is said twice: no detail repeats the text of its finding', async () => {
    const small = fixturesIn('invalid').filter(({ folder }) => /\/mime\./.test(folder))
    for (const { path } of small)
      for (const { id, detail } of await findingsOf(readFileSync(path)))
        expect(detail?.replace(/\.$/, '').toLowerCase(), path).to.not.equal(findingRow(id)?.en.replace(/\.$/, '').toLowerCase())
  })
})
