// SPDX-License-Identifier: EUPL-1.2
/**
 * Content that a stranger built: keys, attachments, transforms and amounts that our own writer never makes.
 * @module
 */
import { expect } from 'chai'
import { certificateEntry } from '../../src/osci/certificates.js'
import { openContent } from '../../src/osci/content-read.js'
import { itemsOf, type OpenedContent } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { shellRecipient } from '../../src/osci/transport.js'
import { mime } from '../../src/osci/mime-stage.js'
import { readFrame, soap } from '../../src/osci/soap.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { ProtektorError, StructureError } from '../../src/errors.js'
import { GATEWAY_LIMITS } from '../../src/env.js'
import type { Part } from '../../src/mime/parts.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { canonicalize } from '../../src/xml/c14n.js'
import { digest, readSignature } from '../../src/xml/dsig.js'
import { makeSignature } from '../../src/xml/dsig-write.js'
import { parseXml } from '../../src/xml/gate.js'
import { elementsOf, type XmlElement } from '../../src/xml/tree.js'
import { encryptOctets, makeEncryptedData, wrapKey } from '../../src/xml/xenc-write.js'
import { readFileSync } from 'node:fs'
import { AES256_GCM, envWith, FOREIGN, OAEP_SHA256, party, RSA_PSS_SHA256, SHA256, type Party } from './env.js'

const CBC = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'
const NS =
  'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:osci="http://www.osci.de/2002/04/osci" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

describe('content that a stranger built', () => {
  let reader: Party, author: Party
  let env: OsciEnv
  before(async () => {
    ;[reader, author] = (await Promise.all(['reader-cipher', 'author-sign'].map(party))) as [Party, Party]
    env = envWith(reader.decrypter)
  })

  const certificates = () => [
    certificateEntry('CipherCertificateOtherReader', reader.certificate, 0),
    certificateEntry('SignatureCertificateOtherAuthor', author.certificate, 0),
  ]
  const part = (contentId: string, body: Uint8Array): Part => ({
    contentId,
    contentType: 'text/plain',
    transferEncoding: 'binary',
    headers: [],
    body,
  })
  const parse = (xml: string): XmlElement => parseXml(Buffer.from(xml), { limits: GATEWAY_LIMITS, frame: 'osci' }).root
  const messageOf = (inPackage: string, attachments: readonly Part[] = []): OsciMessage => ({
    type: 'processDelivery',
    control: { challenge: 'abc' },
    order: {},
    certificates: certificates(),
    custom: [],
    content: parse(`<osci:ContentPackage ${NS}>${inPackage}</osci:ContentPackage>`),
    attachments,
    evidence: {},
    remarks: [],
  })
  const container = (inside: string, id = 'c'): string => `<osci:ContentContainer ${NS} Id="${id}">${inside}</osci:ContentContainer>`
  const cek: Uint8Array = new Uint8Array(32).fill(7)
  const cipherOf = (uri: string) => {
    const row = gatewayAlgorithms({ where: 'content', legacy: { cbcContent: true } }).cipher(uri)
    if (!row) throw new Error(`no cipher ${uri}`)
    return row
  }
  const encrypt = (plain: string | Uint8Array, key = cek): Uint8Array =>
    encryptOctets(cipherOf(AES256_GCM), key, typeof plain === 'string' ? Buffer.from(plain) : plain, env.random(12))
  const written = (e: XmlElement): string => Buffer.from(canonicalize(parse(`<x ${NS}/>`))).toString() && text(e)
  /** Elements of our own making declare nothing: the package around them does. */
  const text = (e: XmlElement): string => {
    const shell = parse(`<osci:ContentPackage ${NS}/>`)
    e.parent = shell
    return Buffer.from(canonicalize(e)).toString('utf8')
  }
  const box = (plain: string, id = 'e0', cipher = AES256_GCM, value = encrypt(plain)): string =>
    written(
      makeEncryptedData({
        id,
        cipher,
        ivLength: 12,
        keys: [
          {
            keyTransport: OAEP_SHA256,
            retrievalUri: `#${certificates()[0]?.id ?? ''}`,
            wrapped: wrapKey(reader.certificate, OAEP_SHA256, cek),
          },
        ],
        cipherValue: value,
      }),
    )
  const holder = (name: string, key = cek, cipher = AES256_GCM, id = `Attachment${name}`): string =>
    written(makeEncryptedData({ id, cipher, ivLength: 12, mgmtData: key, cipherReference: { uri: `cid:${name}`, transforms: [] } }))
  const findings = (c: OpenedContent): string[] => c.problems.map((p) => p.finding)

  it('M1 E3 an attachment whose cipher is not allowed is reported, never left out without a word', async () => {
    const inner = container(`<osci:Content Id="a" href="cid:n"></osci:Content>${holder('n', cek, CBC)}`)
    expect(findings(await openContent(messageOf(box(inner), [part('n', encrypt('x'))]), env))).to.deep.equal([
      'content-encryption.algorithm',
    ])
  })
  it('E1 CBC for an attachment is opened only inside a verified message signature, also when the container is GCM', async () => {
    const legacy = {
      ...env,
      algorithms: { ...env.algorithms, content: gatewayAlgorithms({ where: 'content', legacy: { cbcContent: true } }) },
    }
    const inner = container(`<osci:Content Id="a" href="cid:n"></osci:Content>${holder('n', cek, CBC)}`)
    const opened = await openContent(messageOf(box(inner), [part('n', new Uint8Array(48))]), legacy)
    expect(findings(opened)).to.deep.equal(['content-encryption.legacy-unsigned'])
    const whole = await openContent(messageOf(box(container(''), 'e0', CBC, new Uint8Array(48))), legacy)
    expect(findings(whole)).to.deep.equal(['content-encryption.legacy-unsigned'])
  })
  it('an attachment with two different keys is refused; the same key twice is not', async () => {
    const named = '<osci:Content Id="a" href="cid:n"></osci:Content>'
    const other = new Uint8Array(32).fill(9)
    const attached = [part('n', encrypt('x'))]
    const twice = (key: Uint8Array) => box(container(named + holder('n') + holder('n', key, AES256_GCM, 'Attachment2')))
    expect(findings(await openContent(messageOf(twice(other), attached), env))).to.deep.equal(['osci-structure.container'])
    expect(findings(await openContent(messageOf(twice(cek), attached), env))).to.deep.equal([])
  })
  it('T32 an attachment in clear, named by encrypted content, is refused', async () => {
    const inner = container('<osci:Content Id="a" href="cid:n"></osci:Content>')
    expect(findings(await openContent(messageOf(box(inner), [part('n', Buffer.from('x'))]), env))).to.deep.equal(['osci-structure.content'])
  })
  it('§7.5 rule 5 a percent-encoded name finds part and key alike', async () => {
    const inner = container(`<osci:Content Id="a" href="cid:d:/my%20log.txt"></osci:Content>${holder('d:/my%20log.txt')}`)
    const opened = await openContent(messageOf(box(inner), [part('d:/my log.txt', encrypt('text'))]), env)
    expect(findings(opened)).to.deep.equal([])
    expect(itemsOf(opened.containers).map((i) => Buffer.from(i.bytes).toString())).to.deep.equal(['text'])
  })
  it('Content with href and text is refused', async () => {
    const opened = await openContent(messageOf(container('<osci:Content Id="a" href="cid:n">x</osci:Content>'), [part('n', cek)]), env)
    expect(findings(opened)).to.deep.equal(['osci-structure.loose-text'])
  })
  it('X6 elements inside Base64Content are refused', async () => {
    const opened = await openContent(
      messageOf(container('<osci:Content><osci:Base64Content Id="a">AAAA<osci:x/>BBBB</osci:Base64Content></osci:Content>')),
      env,
    )
    expect(findings(opened)).to.deep.equal(['osci-structure.content'])
  })
  it('X6 text inside the ContentPackage is refused; an empty package and empty containers are not', async () => {
    expect(findings(await openContent(messageOf('x'), env))).to.deep.equal(['osci-structure.loose-text'])
    expect(findings(await openContent(messageOf(''), env))).to.deep.equal([])
    expect(findings(await openContent(messageOf(container('')), env))).to.deep.equal([])
  })
  it('H6 an attachment that many contents name is decrypted once', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `<osci:Content Id="a${i}" href="cid:n"></osci:Content>`).join('')
    const opened = await openContent(messageOf(box(container(many + holder('n'))), [part('n', encrypt('x'))]), env)
    expect(findings(opened)).to.deep.equal([])
    expect(new Set(itemsOf(opened.containers).map((i) => i.bytes)).size).to.equal(1)
  })
  it('H6 more than 256 encrypted containers are refused, 256 private-key operations at most', async () => {
    let touched = 0
    const watched = envWith({ ...reader.decrypter, unwrap: async () => (touched++, Promise.resolve(cek)) })
    const one = box(container(''))
    const boxes = Array.from({ length: 257 }, (_, i) => one.replace('Id="e0"', `Id="e${i}"`)).join('')
    expect(findings(await openContent(messageOf(boxes), watched))).to.deep.equal(['osci-structure.container'])
    expect(touched).to.equal(256)
  })
  it('§6 rule 5 under CBC the structure of the plaintext says no more than its padding', async () => {
    const message = messageOf('')
    const cbc = gatewayAlgorithms({ where: 'content', legacy: { cbcContent: true } })
    const legacy = { ...env, algorithms: { ...env.algorithms, content: cbc } }
    const { createCipheriv } = await import('node:crypto')
    const sealed = (plain: string): string => {
      const iv = env.random(16)
      const c = createCipheriv('aes-256-cbc', cek, iv)
      return box('', 'e0', CBC, Buffer.concat([iv, c.update(plain), c.final()]))
    }
    const signed = async (plain: string): Promise<string[]> => {
      const bytes = messageOf(sealed(plain))
      const signature = { covered: new Set(), digestMethods: [] } as unknown as NonNullable<OsciMessage['evidence']['signature']>
      return findings(await openContent({ ...message, content: bytes.content as XmlElement, evidence: { signature } }, legacy))
    }
    const all = await Promise.all(
      ['no xml', container('<osci:Other/>'), container('<osci:Content href="cid:n"/>'), container('text')].map(signed),
    )
    expect(all.flat()).to.deep.equal(all.map(() => 'content-encryption.undecryptable'))
    expect(await signed(container(''))).to.deep.equal([])
  })
  it('§6.2 two contents may name one attachment: the author references it once', async () => {
    const attached = { kind: 'attachment' as const, name: 'n', bytes: Buffer.from('x') }
    const sign = [
      { signer: author.signer, certificateId: certificates()[1]?.id ?? '', signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 },
    ]
    const { content, attachments } = await sealContent([{ id: 'c', contents: [{ ...attached, id: 'a' }] }], env)
    const shell = parse(
      `<osci:ContentPackage ${NS}>${container('<osci:Content Id="a" href="cid:n"></osci:Content><osci:Content Id="b" href="cid:n"></osci:Content>')}</osci:ContentPackage>`,
    )
    const [c] = elementsOf(shell)
    if (!c) throw new Error('no container')
    const octets = elementsOf(c).map((e) => canonicalize(e))
    const reference = (uri: string, transforms: string[], bytes: Uint8Array) => ({
      uri,
      transforms,
      digestMethod: SHA256,
      digestValue: digest(env.algorithms.signature, SHA256, bytes),
    })
    const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
    const made = await makeSignature(c, {
      references: [
        reference('#a', [C14N], octets[0] ?? cek),
        reference('#b', [C14N], octets[1] ?? cek),
        reference('cid:n', [], attached.bytes),
      ],
      signatureMethod: RSA_PSS_SHA256,
      retrievalUri: `#${certificates()[1]?.id ?? ''}`,
      signer: author.signer,
    })
    const inside = text(made)
    const opened = await openContent(
      messageOf(
        container(`${inside}<osci:Content Id="a" href="cid:n"></osci:Content><osci:Content Id="b" href="cid:n"></osci:Content>`),
        attachments,
      ),
      env,
    )
    expect(content.local).to.equal('ContentPackage')
    expect(sign.length).to.equal(1)
    expect(findings(opened)).to.deep.equal([])
    expect(itemsOf(opened.containers).map((i) => i.signedBy.length)).to.deep.equal([1, 1])
  })
  it('T44 a further transform after base64 is grammar for authors, never for the message signature', () => {
    const xml = (transforms: string): XmlElement =>
      parse(
        `<ds:Signature ${NS}><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="c"/><ds:SignatureMethod Algorithm="s"/><ds:Reference URI="#a"><ds:Transforms>${transforms}</ds:Transforms><ds:DigestMethod Algorithm="d"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:RetrievalMethod URI="#k"/></ds:KeyInfo></ds:Signature>`,
      )
    const base64 = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>'
    const xslt = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><x/></ds:Transform>'
    expect(readSignature(xml(base64 + xslt), 'author-signature').references[0]?.transforms.length).to.equal(2)
    expect(() => readSignature(xml(base64 + xslt), 'message-signature')).to.throw(StructureError)
    expect(() => readSignature(xml(xslt + base64), 'author-signature')).to.throw(StructureError)
  })
  it('§6 rule 1 a shell that is too short, or with an IV that no cipher has, costs no private-key operation and says 9202', async () => {
    const p = await party('addressee-cipher')
    let touched = 0
    const watched = envWith({ ...p.decrypter, unwrap: async (...a) => (touched++, p.decrypter.unwrap(...a)) })
    const sealed = readFileSync(new URL('11-processDelivery.bin', FOREIGN)).toString('latin1')
    const at = sealed.indexOf('\r\n\r\n', sealed.indexOf('Content-ID: <osci_enc>')) + 4
    const short = sealed.slice(0, at) + 'x'.repeat(28) + sealed.slice(sealed.lastIndexOf('\r\n--'))
    const wrongIv = sealed.replace(/(IvLength[^>]*Value=")12"/, (_, before: string) => `${before}13"`)
    expect(wrongIv).to.not.equal(sealed)
    for (const bytes of [short, wrongIv]) {
      const error = await osci.open(Buffer.from(bytes, 'latin1'), watched).catch((e: unknown) => e)
      expect([(error as { feedback?: string }).feedback, (error as ProtektorError).finding]).to.deep.equal([
        '9202',
        'transport-encryption.undecryptable',
      ])
    }
    expect(touched).to.equal(0)
    expect((await osci.open(Buffer.from(sealed, 'latin1'), watched)).type).to.equal('processDelivery')
  })
  it('G10 a shell with something that is no certificate is refused by name, also where nothing is opened', async () => {
    const sealed = readFileSync(new URL('11-processDelivery.bin', FOREIGN)).toString('latin1')
    const bad = sealed.replace(/<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>AAAA')
    const envelope = await soap.open(await mime.open(Buffer.from(bad, 'latin1'), env), env)
    expect(() => shellRecipient(envelope)).to.throw(ProtektorError)
    expect((await readFrame(envelope.document, envelope.parts)).kind).to.equal('encrypted')
  })
})
