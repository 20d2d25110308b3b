// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { constants, createHash, createPublicKey, privateEncrypt, sign, verify } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ALGORITHMS, gatewayAlgorithms, policyOf } from '../../src/xml/algorithms.js'
import { inspectionAlgorithms } from '../../src/xml/algorithms-inspection.js'
import { decodeBase64, encodeBase64 } from '../../src/xml/base64.js'
import { canonicalize } from '../../src/xml/c14n.js'
import { digest, paddingOf, readSignature, sameOctets, verifyValue, type Signature } from '../../src/xml/dsig.js'
import { makeSignature } from '../../src/xml/dsig-write.js'
import { FINDINGS_XML } from '../../src/xml/findings.js'
import { secondOpinion, verifyEnveloped } from '../../src/xml/second-opinion.js'
import { attr, element, textOf, type XmlElement, type XmlNode } from '../../src/xml/tree.js'
import { writeXml } from '../../src/xml/write.js'
import { needsCommand } from '../needs.js'
import { bytesOf, certificateOf, content, find, findingOf, findingOfAsync, keyOf, osci, signerOf, vector, VECTORS } from './support.js'

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const algorithms = gatewayAlgorithms({ where: 'signature' })
const inspection = inspectionAlgorithms()

const vectorKey = (name: string): string => (name.startsWith('rsa') ? 'rsa3072' : `ec-${{ p256: 'P-256', p384: 'P-384', p521: 'P-521', brainpool256: 'brainpoolP256r1', brainpool384: 'brainpoolP384r1', brainpool512: 'brainpoolP512r1' }[name.split('-')[1] ?? ''] ?? ''}`) // prettier-ignore

/** Value and digests of a vector or of one of our own documents (Block by C14N, Data by base64). */
function holds(xml: string | Uint8Array, certificate: X509Certificate, using = algorithms): boolean {
  const { root } = content(xml)
  const signature = readSignature(find(root, 'Signature'), 'author-signature')
  const digests = signature.references.every((r) => {
    const octets = r.uri === '#block' ? canonicalize(find(root, 'Block')) : decodeBase64(textOf(find(root, 'Data')))
    return sameOctets(digest(using, r.digestMethod, octets ?? new Uint8Array()), r.digestValue)
  })
  return verifyValue(signature, certificate, using) && digests
}

/** Envelope with a signed Block and Data, signed by us. */
async function ours(signatureMethod: string, key: string, digestMethod = SHA256, octets = bytesOf('x'.repeat(100))): Promise<Uint8Array> {
  const block = element('urn:o', 'o', 'Block', { attributes: [attr('Id', 'block')], children: ['Grüße & \r'] })
  const data = element('urn:o', 'o', 'Data', { attributes: [attr('Id', 'data')], children: [encodeBase64(octets)] })
  const holder = element('urn:o', 'o', 'Signatures')
  const root = element('urn:o', 'o', 'Envelope', {
    namespaces: [{ prefix: 'o', uri: 'urn:o' }, { prefix: 'ds', uri: DS }, { prefix: 'unused', uri: 'urn:unused' }],
    children: [holder, block, data],
  }) // prettier-ignore
  const references = [
    { uri: '#block', transforms: [C14N], digestMethod, digestValue: digest(algorithms, digestMethod, canonicalize(block)) },
    { uri: '#data', transforms: [DS + 'base64'], digestMethod, digestValue: digest(algorithms, digestMethod, octets) },
  ]
  const signature = await makeSignature(holder, { references, signatureMethod, retrievalUri: '#certificate', signer: signerOf(key) })
  ;(holder.children as XmlNode[]).push(signature)
  return writeXml(root, { declaration: true })
}

const ofVector = (name: string): string => vector(`dsig/${name}.xml`).toString('utf8')
const read = (xml: string, layer: 'message-signature' | 'author-signature' = 'message-signature'): Signature =>
  readSignature(find(content(xml).root, 'Signature'), layer)

describe('XML signatures', () => {
  for (const file of readdirSync(VECTORS + 'dsig').filter((f) => f.endsWith('.xml') && f !== 'template.xml')) {
    const name = file.replace('.xml', '')
    it(`verifies xmlsec1's ${name}${name === 'rsa-sha1' ? ' in inspection only' : ''}`, () => {
      const certificate = certificateOf(vectorKey(name))
      expect(holds(ofVector(name), certificate, inspection)).to.equal(true)
      if (name === 'rsa-sha1') expect(findingOf(() => holds(ofVector(name), certificate))).to.match(/-signature\.algorithm$/)
      else expect(holds(ofVector(name), certificate)).to.equal(true)
    })
  }

  it('verifies PSS values made by openssl', () => {
    const key = certificateOf('rsa3072').publicKey
    for (const hash of ['sha256', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512']) {
      const row = algorithms.signature(`${MORE07}${hash}-rsa-MGF1`)
      expect(row && verify(row.hash, vector('dsig/pss.data'), { key, ...paddingOf(row) }, vector(`dsig/pss-${hash}.sig`)), hash).to.equal(
        true,
      )
    }
  })

  const own: [string, string, string?][] = [
    [MORE + 'rsa-sha256', 'rsa3072'], [MORE + 'rsa-sha512', 'rsa2048', 'http://www.w3.org/2001/04/xmlenc#sha512'],
    [MORE07 + 'sha256-rsa-MGF1', 'rsa3072'], [MORE07 + 'sha512-rsa-MGF1', 'rsa3072'], [MORE07 + 'sha3-256-rsa-MGF1', 'rsa3072', MORE07 + 'sha3-256'],
    [MORE07 + 'sha3-384-rsa-MGF1', 'rsa3072', MORE07 + 'sha3-384'], [MORE07 + 'sha3-512-rsa-MGF1', 'rsa3072', MORE07 + 'sha3-512'],
    [MORE + 'ecdsa-sha256', 'ec-P-256'], [MORE + 'ecdsa-sha512', 'ec-P-521'], [MORE + 'ecdsa-sha256', 'ec-brainpoolP256r1'], [MORE + 'ecdsa-sha512', 'ec-brainpoolP512r1'],
  ] // prettier-ignore

  it('signs what it verifies, and any changed octet of a signed part fails', async () => {
    for (const [method, key, digestMethod] of own) {
      const xml = Buffer.from(await ours(method, key, digestMethod)).toString('utf8')
      expect(holds(xml, certificateOf(key)), method).to.equal(true)
      expect(holds(xml.replace('Grüße', 'Grüsse'), certificateOf(key)), method).to.equal(false)
      expect(holds(xml.replace('eHh4', 'eHh5'), certificateOf(key)), method).to.equal(false)
      expect(holds(xml.replace('<ds:SignedInfo>\n', '<ds:SignedInfo>'), certificateOf(key)), method).to.equal(false)
      expect(holds(xml.replace('unused="urn:unused"', 'unused="urn:other"'), certificateOf(key)), method).to.equal(false)
    }
  })

  it('xmlsec1 verifies our RSA and ECDSA signatures, and refuses a changed one', async function () {
    this.timeout(30_000)
    needsCommand(this, 'xmlsec1')
    const folder = mkdtempSync(join(tmpdir(), 'protektor-dsig-'))
    const xmlsec = (xml: Uint8Array | string, key: string): number | null => {
      const file = join(folder, 'signed.xml')
      writeFileSync(file, xml)
      return spawnSync('xmlsec1', [
        '--verify',
        '--id-attr:Id',
        'Block',
        '--id-attr:Id',
        'Data',
        '--pubkey-cert-pem',
        `${VECTORS}keys/${key}.crt.pem`,
        file,
      ]).status
    }
    try {
      for (const [method, key, digestMethod] of own.filter(([m]) => m.startsWith(MORE))) {
        const xml = await ours(method, key, digestMethod)
        expect(xmlsec(xml, key), `${method} ${key}`).to.equal(0)
        expect(xmlsec(Buffer.from(xml).toString('utf8').replace('Grüße', 'Grüsse'), key)).not.to.equal(0)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const good = ofVector('rsa-sha256')
  const certificate = certificateOf('rsa3072')
  /** The changed document is refused by the grammar; the good one still holds. */
  const ungrammatical = (
    changed: string,
    layer: 'message-signature' | 'author-signature' = 'message-signature',
    finding = 'grammar',
  ): void => {
    expect(changed).not.to.equal(good)
    expect(
      findingOf(() => read(changed, layer)),
      changed.slice(0, 3000),
    ).to.equal(`${layer}.${finding}`)
    expect(holds(good, certificate)).to.equal(true)
  }

  it('G4 refuses repeated, split and decorated signature elements', () => {
    const part = (name: string): string => new RegExp(`<ds:${name}(?:[^>]*/>|[ >][^]*?</ds:${name}>)`).exec(good)?.[0] ?? ''
    for (const name of [
      'SignatureValue',
      'KeyInfo',
      'DigestValue',
      'CanonicalizationMethod',
      'SignatureMethod',
      'DigestMethod',
      'RetrievalMethod',
      'SignedInfo',
      'Transforms',
    ]) {
      expect(part(name), name).not.to.equal('')
      ungrammatical(good.replace(part(name), part(name) + part(name)))
      if (name !== 'Transforms') ungrammatical(good.replace(part(name), ''))
    }
    const value = /<ds:DigestValue>([^<]*)</.exec(good)?.[1] ?? ''
    for (const decoration of ['<!-- x -->', '<?x y?>', '<x/>', '<![CDATA[]]>', 'ä', '*', '====', '\u00a0'])
      ungrammatical(good.replace(value, value.slice(0, 8) + decoration + value.slice(8)))
    ungrammatical(good.replace(value, `<![CDATA[${value}]]>`))
    ungrammatical(good.replace(value, value.replace('=', '')))
    ungrammatical(good.replace(value, ''))
    ungrammatical(good.replace('<ds:SignedInfo>', '<ds:SignedInfo>text'))
    ungrammatical(good.replace('<ds:SignedInfo>', '<ds:SignedInfo><!-- -->'))
    ungrammatical(good.replace('<ds:SignedInfo>', '<ds:SignedInfo Id="x">'))
    ungrammatical(good.replace('<ds:Signature>', '<ds:Signature Id="x">'))
    ungrammatical(good.replace('</ds:Signature>', '<ds:Object/></ds:Signature>'))
    ungrammatical(good.replace('</ds:Signature>', '<ds:Object/></ds:Signature>'), 'author-signature')
    ungrammatical(good.replace('</ds:Signature>', '<ds:Object><ds:Manifest/></ds:Object></ds:Signature>'), 'author-signature')
  })

  it('G9 takes no key from the message: only RetrievalMethod to an Id', () => {
    const retrieval = '<ds:RetrievalMethod URI="#certificate"/>'
    for (const other of [
      '<ds:KeyName>x</ds:KeyName>', '<ds:KeyValue/>', '<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>', '<ds:RetrievalMethod URI="http://127.0.0.1/x"/>',
      '<ds:RetrievalMethod URI="#xpointer(id(&apos;a&apos;))"/>', '<ds:RetrievalMethod URI="#"/>', '<ds:RetrievalMethod URI=""/>', '<ds:RetrievalMethod/>', '<ds:RetrievalMethod URI="#a" Type="urn:x"/>',
      '<ds:RetrievalMethod URI="#a"><ds:Transforms/></ds:RetrievalMethod>', `${retrieval}<ds:KeyName>x</ds:KeyName>`,
    ]) ungrammatical(good.replace(retrieval, other)) // prettier-ignore
    expect(read(good).retrievalUri).to.equal('certificate')
    expect(read(good.replace(retrieval, `<ds:RetrievalMethod URI="#c" Type="${DS}X509Data"/>`)).retrievalUri).to.equal('c')
  })

  it('G11 refuses other transforms, chains of them, and references that leave the message', () => {
    const transform = `<ds:Transform Algorithm="${C14N}"/>`
    ungrammatical(good.replace(transform, transform + transform))
    ungrammatical(good.replace(transform, `<ds:Transform Algorithm="${C14N}"><XPath/></ds:Transform>`))
    ungrammatical(good.replace(transform, ''))
    for (const uri of ['', '#', 'http://127.0.0.1/', 'file:///etc/passwd', '#xpointer(/)', "#a'b", 'cid:', 'block', `#${'a'.repeat(300)}`])
      ungrammatical(good.replace('URI="#block"', `URI="${uri}"`))
    ungrammatical(good.replace('URI="#block"', 'URI="cid:block"'))
    ungrammatical(good.replace('URI="#block"', 'URI="#data"'), 'message-signature', 'duplicate-reference')
    const many = (n: number): string => good.replace(/<ds:Reference [^]*<\/ds:Reference>/, Array.from({ length: n }, (_, i) => `<ds:Reference URI="#r${i}"><ds:DigestMethod Algorithm="${SHA256}"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>`).join('')) // prettier-ignore
    expect(read(many(64)).references).to.have.length(64)
    ungrammatical(many(65))
    for (const uri of [
      'http://www.w3.org/TR/1999/REC-xslt-19991116',
      'http://www.w3.org/TR/1999/REC-xpath-19991116',
      'http://www.w3.org/2002/06/xmldsig-filter2',
      DS + 'enveloped-signature',
      'urn:x',
    ]) {
      for (const use of [algorithms, inspection])
        expect([use.transform(uri), use.canonicalization(uri)]).to.deep.equal([undefined, undefined])
    }
  })

  it('reads the XAdES form of author signatures, and only with a SigningTime', () => {
    const xades = 'http://uri.etsi.org/01903/v1.3.2#'
    const form = (inner: string, target = '#sig'): string =>
      good.replace('<ds:Signature>', '<ds:Signature Id="sig">').replace('</ds:Signature>', `<ds:Object><x:QualifyingProperties xmlns:x="${xades}" Target="${target}"><x:SignedProperties Id="props"><x:SignedSignatureProperties>${inner}</x:SignedSignatureProperties></x:SignedProperties></x:QualifyingProperties></ds:Object></ds:Signature>`) // prettier-ignore
    const signature = read(form('<x:SigningTime>2026-11-24T10:00:00Z</x:SigningTime>'), 'author-signature')
    expect(signature.unverifiedSigningTime).to.equal('2026-11-24T10:00:00Z')
    expect(signature.signedProperties).to.equal(find(signature.objects[0] as XmlElement, 'SignedProperties'))
    ungrammatical(form('<x:SigningTime>t</x:SigningTime><x:SigningCertificate/>'), 'author-signature')
    ungrammatical(form('<x:SigningTime>t</x:SigningTime>', '#other'), 'author-signature')
    ungrammatical(form(''), 'author-signature')
    ungrammatical(form('<x:SigningTime>t</x:SigningTime>'))
    const object = /<ds:Object>.*<\/ds:Object>/.exec(form('<x:SigningTime>t</x:SigningTime>'))?.[0] ?? ''
    ungrammatical(form('<x:SigningTime>t</x:SigningTime>').replace(object, object + object), 'author-signature')
  })

  it('G7 allows no confusion of URI, key and value', () => {
    const rsa = certificateOf('rsa3072')
    const ec = certificateOf('ec-P-256')
    const ecdsa = ofVector('ecdsa-p256-sha256')
    const change = (xml: string, from: string, to: string): string => xml.replace(MORE + from, to)
    expect(findingOf(() => holds(good, ec))).to.equal('author-signature.key-type')
    expect(findingOf(() => holds(ecdsa, rsa))).to.equal('author-signature.key-type')
    expect(findingOf(() => holds(ecdsa, certificateOf('ec-secp256k1')))).to.equal('author-signature.key-size')
    expect(holds(change(good, 'rsa-sha256', MORE07 + 'sha256-rsa-MGF1'), rsa)).to.equal(false)
    expect(holds(change(good, 'rsa-sha256', MORE + 'rsa-sha512'), rsa)).to.equal(false)
    expect(holds(ecdsa, certificateOf('ec-brainpoolP256r1'))).to.equal(false)
    for (const uri of [DS + 'hmac-sha1', MORE + 'hmac-sha256', 'none', '', DS + 'dsa-sha1', MORE + 'rsa-md5', 'toString', '__proto__']) {
      for (const use of [algorithms, inspection])
        expect(
          findingOf(() => holds(change(good, 'rsa-sha256', uri), rsa, use)),
          uri,
        ).to.equal('author-signature.algorithm')
    }
    const value = (xml: string, octets: Uint8Array): string =>
      xml.replace(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${encodeBase64(octets)}`)
    const info = canonicalize(read(ecdsa).signedInfo)
    expect(holds(value(ecdsa, sign('sha256', info, { key: keyOf('ec-P-256'), dsaEncoding: 'der' })), ec)).to.equal(false)
    const r1 = new Uint8Array(64).fill(0, 0, 32).fill(1, 32)
    for (const octets of [
      new Uint8Array(64),
      r1,
      r1.toReversed(),
      new Uint8Array(64).fill(255),
      new Uint8Array(63).fill(1),
      new Uint8Array(66).fill(1),
    ])
      expect(holds(value(ecdsa, octets), ec)).to.equal(false)
    const made = sign('sha256', info, { key: keyOf('ec-P-256'), dsaEncoding: 'ieee-p1363' })
    expect(holds(value(ecdsa, made), ec)).to.equal(true)
    expect(holds(value(ecdsa, Buffer.concat([made, Buffer.from([0])])), ec)).to.equal(false)
    // PSS with another salt than the hash's length; PKCS#1 without DigestInfo
    const pss = change(good, 'rsa-sha256', MORE07 + 'sha256-rsa-MGF1')
    const pssInfo = canonicalize(read(pss).signedInfo)
    const salted = (saltLength: number): Uint8Array =>
      sign('sha256', pssInfo, { key: keyOf('rsa3072'), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
    expect([32, 0, 20, 64].map((n) => holds(value(pss, salted(n)), rsa))).to.deep.equal([true, false, false, false])
    const naked = privateEncrypt(
      { key: keyOf('rsa3072'), padding: constants.RSA_PKCS1_PADDING },
      createHash('sha256')
        .update(canonicalize(read(good).signedInfo))
        .digest(),
    )
    expect(holds(value(good, naked), rsa)).to.equal(false)
    expect(holds(good, rsa)).to.equal(true)
  })

  it('G8 refuses SHA-1, MD5, RIPEMD-160 and small keys, in the gateway always', async () => {
    for (const uri of [DS + 'sha1', 'http://www.w3.org/2001/04/xmlenc#ripemd160', MORE + 'md5', MORE + 'sha384'])
      expect(findingOf(() => digest(algorithms, uri, bytesOf('x')))).to.equal('message-signature.algorithm')
    for (const uri of [DS + 'rsa-sha1', MORE + 'rsa-ripemd160', 'http://www.w3.org/2001/04/xmldsig-more/rsa-ripemd160']) {
      expect(algorithms.signature(uri), uri).to.equal(undefined)
      expect(
        await findingOfAsync(() =>
          makeSignature(element(DS, 'ds', 'x'), { references: [], signatureMethod: uri, retrievalUri: '#x', signer: signerOf('rsa3072') }),
        ),
      ).to.equal('message-signature.algorithm')
    }
    const small = await ours(MORE + 'rsa-sha256', 'rsa1024')
    expect(findingOf(() => holds(small, certificateOf('rsa1024')))).to.equal('author-signature.key-size')
    expect(holds(small, certificateOf('rsa1024'), inspection)).to.equal(true)
    expect(holds(await ours(MORE + 'rsa-sha256', 'rsa2048'), certificateOf('rsa2048'))).to.equal(true)
  })

  it('G5 a text rewritten as instruction, comment or CDATA does not pass the gate of a message', () => {
    const block = /<o:Block[^]*<\/o:Block>/.exec(good)?.[0] ?? ''
    for (const [decoration, finding] of [
      ['<?p x?>', 'xml.instruction'],
      ['<!--x-->', 'xml.comment'],
    ] as const) {
      expect(findingOf(() => osci(good.replace(block, block.replace('text', `te${decoration}xt`))))).to.equal(finding)
    }
    expect(holds(good.replace('text &amp;', '<![CDATA[text &]]>'), certificate)).to.equal(true)
    expect(holds(good.replace('text &amp;', 'te<?p x?>xt &amp;'), certificate)).to.equal(false)
  })

  it('the table names each URI once, and its classes are those of the threat model', () => {
    expect(new Set(ALGORITHMS.map((r) => r.uri)).size).to.equal(ALGORITHMS.length)
    expect(ALGORITHMS.some((r) => /hmac/i.test(r.uri))).to.equal(false)
    expect(policyOf('http://www.w3.org/2001/04/xmlenc#aes256-cbc', 'transport')).to.equal('forbidden')
    expect(policyOf('http://www.w3.org/2001/04/xmlenc#aes256-cbc', 'content')).to.equal('legacy')
    expect(policyOf('http://www.w3.org/2001/04/xmlenc#tripledes-cbc', 'content')).to.equal('forbidden')
    expect(policyOf(MORE + 'sha384', 'signature')).to.equal('forbidden')
    expect(policyOf('urn:unknown', 'content')).to.equal('forbidden')
    expect(new Set(FINDINGS_XML.map((f) => f.id)).size).to.equal(FINDINGS_XML.length)
  })

  it('base64 is strict', () => {
    for (const bad of ['A', 'AB', 'ABC', 'AB=', 'A===', 'AB=C', 'AB==AB==', 'AB\u00a0==', 'A-_=', 'AR==', 'AAB=', '=', 'QUJD\u2028'])
      expect(decodeBase64(bad), bad).to.equal(undefined)
    for (const text of ['', 'a', 'ab', 'abc', 'x'.repeat(1000)])
      expect(Buffer.from(decodeBase64(` ${encodeBase64(bytesOf(text))}\r\n`) ?? 'no').toString()).to.equal(text)
    expect(encodeBase64(Buffer.alloc(58))).to.match(/^.{76}\n.{4}$/)
  })
})

describe('second opinion (xml-crypto)', () => {
  it('agrees on our signatures and on changed ones', async () => {
    for (const [method, key] of [
      [MORE + 'rsa-sha256', 'rsa3072'],
      [MORE07 + 'sha256-rsa-MGF1', 'rsa3072'],
      [MORE + 'ecdsa-sha256', 'ec-P-256'],
    ] as const) {
      const xml = Buffer.from(await ours(method, key)).toString('utf8')
      const pem = certificateOf(key).toString()
      expect(secondOpinion(bytesOf(xml), pem), method).to.deep.equal({ verdict: 'valid', reasons: [] })
      expect(secondOpinion(bytesOf(xml.replace('Grüße', 'Grüsse')), pem).verdict).to.equal('invalid')
      expect(secondOpinion(bytesOf(xml.replace('eHh4', 'eHh5')), pem).verdict).to.equal('invalid')
      expect(secondOpinion(bytesOf(xml), certificateOf('rsa2048').toString()).verdict).to.equal('invalid')
    }
  })

  it('agrees on octets that are no text', async () => {
    const octets = Uint8Array.from({ length: 256 }, (_, at) => at)
    const xml = Buffer.from(await ours(MORE + 'rsa-sha256', 'rsa3072', SHA256, octets)).toString('utf8')
    const pem = certificateOf('rsa3072').toString()
    expect(secondOpinion(bytesOf(xml), pem).verdict).to.equal('valid')
    expect(secondOpinion(bytesOf(xml.replace('/w==', '/g==')), pem).verdict).to.equal('invalid')
  })

  it('has no verdict where the form is not the profile’s, and no trust in instructions', () => {
    const good = ofVector('rsa-sha256')
    const pem = certificateOf('rsa3072').toString()
    expect(secondOpinion(bytesOf(good), pem).verdict).to.equal('valid')
    for (const bad of [
      '',
      '<a/>',
      good.replace('text', 'te<?p x?>xt'),
      good.replace('Id="data"', 'Id="block"'),
      good.replace('#block', 'cid:block'),
    ])
      expect(secondOpinion(bytesOf(bad), pem).verdict).to.equal('error')
    expect(secondOpinion(bytesOf(ofVector('rsa-sha1')), pem).verdict).to.equal('error')
  })
})

describe('enveloped signatures in XÖV documents', () => {
  /** Signed here with our canonical form over a document whose signature stands last in the root. */
  function enveloped(body: string, transforms: readonly string[], uri = '', key = 'rsa3072'): string {
    const open = `<n:nachricht xmlns:n="urn:n" Id="doc">${body}`
    const bare = content(`${open}</n:nachricht>`).root
    const value = createHash('sha256').update(canonicalize(bare)).digest('base64')
    const info = `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${C14N}"/><ds:SignatureMethod Algorithm="${MORE}rsa-sha256"/><ds:Reference URI="${uri}"><ds:Transforms>${transforms.map((t) => `<ds:Transform Algorithm="${t}"/>`).join('')}</ds:Transforms><ds:DigestMethod Algorithm="${SHA256}"/><ds:DigestValue>${value}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
    const make = (signature: string): string =>
      `${open}<ds:Signature xmlns:ds="${DS}">${info}<ds:SignatureValue>${signature}</ds:SignatureValue></ds:Signature></n:nachricht>`
    const octets = sign('sha256', canonicalize(find(content(make('AAAA')).root, 'SignedInfo')), keyOf(key))
    return make(octets.toString('base64'))
  }
  const chain = [DS + 'enveloped-signature', C14N]

  it('verifies with a trusted key, whichever of them signed', async () => {
    for (const xml of [enveloped('<n:kopf>Grüße</n:kopf>\n', chain), enveloped('<n:kopf/>', chain.slice(0, 1), '#doc')]) {
      expect(await verifyEnveloped(bytesOf(xml), certificateOf('rsa3072'))).to.deep.equal({ verdict: 'valid', reasons: [] })
      expect(
        (
          await verifyEnveloped(bytesOf(xml), [
            certificateOf('rsa2048'),
            createPublicKey(certificateOf('rsa3072').publicKey.export({ type: 'spki', format: 'pem' })),
          ])
        ).verdict,
      ).to.equal('valid')
      expect((await verifyEnveloped(bytesOf(xml), certificateOf('rsa2048'))).verdict).to.equal('invalid')
      expect((await verifyEnveloped(bytesOf(xml), [])).verdict).to.equal('invalid')
    }
  })

  it('reads an end tag with blanks, and L1 says nothing on the console', async () => {
    const said: unknown[] = []
    const { warn, error } = console
    console.warn = console.error = (...words: unknown[]) => void said.push(words)
    try {
      const xml = enveloped('<a>1</a><a>2</a\n>', [`${DS}enveloped-signature`])
      expect((await verifyEnveloped(bytesOf(xml), certificateOf('rsa3072'))).verdict).to.equal('valid')
      expect((await verifyEnveloped(bytesOf(xml.replace('2', '3')), certificateOf('rsa3072'))).verdict).to.equal('invalid')
    } finally {
      Object.assign(console, { warn, error })
    }
    expect(said).to.deep.equal([])
  })

  it('agrees whatever the order of prefixes and attributes', async () => {
    for (const body of [
      '<a xmlns:Z="urn:z" xmlns:b="urn:b"/>',
      '<a xmlns:Z="urn:z" xmlns:b="urn:b" Z:c="1" b:c="2" d="3"/>',
      '<a xmlns:p="urn:a" xmlns:q="urn:ab" p:bc="1" q:c="2"/>',
      '<a xmlns:q="urn:a" xmlns:p="urn:ab" p:c="1" q:bc="2"/>',
    ])
      expect((await verifyEnveloped(bytesOf(enveloped(body, chain)), certificateOf('rsa3072'))).verdict, body).to.equal('valid')
  })

  it('has no verdict over names that its parser does not read: a sound signature must not be called broken', async () => {
    for (const xml of ['<𐐀/>', '<n:kopf 𐐀="1"/>', '<n:kopf xmlns:𐐀="urn:x"/>'])
      expect(await verifyEnveloped(bytesOf(enveloped(xml, chain)), certificateOf('rsa3072'))).to.deep.equal({
        verdict: 'error',
        reasons: ['a name that the second verifier cannot read'],
      })
    expect((await verifyEnveloped(bytesOf(enveloped('<n:kopf a="𝒳">😀</n:kopf>', chain)), certificateOf('rsa3072'))).verdict).to.equal(
      'valid',
    )
  })

  it('agrees with xmlsec1', function () {
    needsCommand(this, 'xmlsec1')
    const folder = mkdtempSync(join(tmpdir(), 'protektor-enveloped-'))
    try {
      const file = join(folder, 'x.xml')
      writeFileSync(file, enveloped('<n:kopf>Grüße</n:kopf>\n', chain))
      expect(spawnSync('xmlsec1', ['--verify', '--pubkey-cert-pem', `${VECTORS}keys/rsa3072.crt.pem`, file]).status).to.equal(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('G1 refuses changes, wrappers and signatures over a part', async () => {
    const good = enveloped('<n:kopf>eins</n:kopf>', chain)
    const verdict = async (xml: string): Promise<string> => (await verifyEnveloped(bytesOf(xml), certificateOf('rsa3072'))).verdict
    expect(await verdict(good.replace('eins', 'zwei'))).to.equal('invalid')
    expect(await verdict(good.replace('eins', 'ei<?p x?>ns'))).to.equal('error')
    const signature = /<ds:Signature[^]*<\/ds:Signature>/.exec(good)?.[0] ?? ''
    expect(await verdict(good.replace(signature, signature + signature))).to.equal('error')
    expect(await verdict(good.replace(signature, `<n:x>${signature}</n:x>`))).to.equal('error')
    expect(await verdict(`<n:w xmlns:n="urn:n">${good}</n:w>`)).to.equal('error')
    expect(await verdict(good.replace('URI=""', 'URI="#kopf"'))).to.equal('error')
    expect(
      await verdict(
        good.replace(`<ds:Transform Algorithm="${C14N}"/>`, '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>'),
      ),
    ).to.equal('error')
    expect(await verdict(good.replace(signature, ''))).to.equal('error')
    expect(await verdict(good)).to.equal('valid')
  })
})
