// SPDX-License-Identifier: EUPL-1.2
/**
 * Facts about certificates and verdicts of the trust store, one certificate per pitfall.
 * @module
 */
import { expect } from 'chai'
import { createHash, generateKeyPairSync, sign, type X509Certificate } from 'node:crypto'
import type { TrustVerdict } from '../../src/env.js'
import { CertificateError } from '../../src/errors.js'
import {
  isCa,
  issuerRfc2253,
  keyUsage,
  publicKeyFacts,
  readCertificate,
  serialDecimal,
  sha256Hex,
  subjectRfc2253,
} from '../../src/pki/certificate.js'
import { readAll, readOid, readTlv, TAG, writeInteger, writeOid, writeTlv } from '../../src/pki/der.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { nameRfc2253 } from '../../src/pki/name.js'
import { pinnedTrust } from '../../src/pki/pinned.js'
import { trustStore, type RevocationPort, type TrustStoreOptions } from '../../src/pki/path.js'
import { isCrl } from '../../src/pki/revocation-list.js'
import { issueCertificate, issueCrl, writeExtension, type TestCertificateSpec } from '../../src/pki/test-pki.js'

const notBefore = new Date('2026-01-01T00:00:00Z')
const notAfter = new Date('2030-01-01T00:00:00Z')
const now = new Date('2027-06-01T12:00:00Z')
const dates = { notBefore, notAfter }
const ldap = writeTlv(0x86, Buffer.from('ldap://x/y'))

const EC_PUBLIC_KEY = Buffer.from('2a8648ce3d0201', 'hex')

describe('certificates and trust', () => {
  let root: KeyPair
  let good: KeyPair
  const leaf = (spec: Partial<TestCertificateSpec> = {}, issuer: KeyPair = root) =>
    issueCertificate({ commonName: 'Leaf', usage: 'signature', key: 'ec-p256', ...dates, ...spec }, issuer)
  const ca = (spec: Partial<TestCertificateSpec> = {}, issuer?: KeyPair) =>
    issueCertificate({ commonName: 'CA', usage: 'ca', key: 'ec-p256', ...dates, ...spec }, issuer)

  before(async () => {
    root = await issueCertificate({ commonName: 'Root', usage: 'ca', key: 'rsa-2048', ...dates })
    good = await leaf({ serial: 77n })
  })

  /** The verdict, and that the good certificate is still valid in the same store. */
  async function verdict(
    pair: KeyPair | X509Certificate,
    options: Partial<TrustStoreOptions> = {},
    usage: 'signature' | 'cipher' = 'signature',
    at = now,
  ) {
    const store = trustStore({ roots: [root.certificate], ...options })
    const answer = await store.check('privateKey' in pair ? pair.certificate : pair, usage, at)
    if (options.revocation === undefined && options.roots === undefined)
      expect((await store.check(good.certificate, 'signature', now)).verdict).to.equal('valid')
    return answer.verdict
  }

  it('tells subject, issuer, serial number, hash, usage and key', () => {
    const { certificate } = good
    expect(subjectRfc2253(certificate)).to.equal('CN=Leaf,O=Protektor Test,C=DE')
    expect(issuerRfc2253(certificate)).to.equal('CN=Root,O=Protektor Test,C=DE')
    expect(serialDecimal(certificate)).to.equal('77')
    expect(sha256Hex(certificate)).to.equal(createHash('sha256').update(certificate.raw).digest('hex'))
    expect([...(keyUsage(certificate) ?? [])]).to.deep.equal(['digitalSignature', 'nonRepudiation'])
    expect(publicKeyFacts(certificate)).to.deep.equal({ type: 'ec', bits: 256, curve: 'prime256v1' })
    expect(publicKeyFacts(root.certificate)).to.deep.equal({ type: 'rsa', bits: 2048 })
    expect([isCa(certificate), isCa(root.certificate)]).to.deep.equal([false, true])
    expect([...(keyUsage(root.certificate) ?? [])]).to.deep.equal(['keyCertSign', 'cRLSign'])
  })

  it('writes names as RFC 2253 wants them: reversed, escaped, unknown types as OID', () => {
    const part = (oid: string, value: string, tag = 0x0c) =>
      writeTlv(TAG.sequence, writeOid(oid), writeTlv(tag, Buffer.from(value, 'utf8')))
    const one = (...parts: Buffer[]) => writeTlv(TAG.set, ...parts)
    const cn = (value: string) => nameRfc2253(one(part('2.5.4.3', value)))
    expect(
      nameRfc2253(Buffer.concat([one(part('2.5.4.6', 'DE', 0x13)), one(part('2.5.4.10', 'A, B')), one(part('2.5.4.3', 'Müller'))])),
    ).to.equal('CN=Müller,O=A\\, B,C=DE')
    expect(nameRfc2253(one(part('2.5.4.3', 'x'), part('2.5.4.11', 'y')))).to.equal('CN=x+OU=y')
    expect(nameRfc2253(one(part('1.2.840.113549.1.9.1', 'a@b', 0x16)))).to.equal('1.2.840.113549.1.9.1=#1603614062')
    expect(nameRfc2253(one(part('2.5.4.5', '7', 0x13)))).to.equal('2.5.4.5=#130137')
    expect(['a+b', 'a"b', 'a\\b', '<a>', 'a;b', '#a', 'a=b', '  a ', 'a\0'].map(cn)).to.deep.equal(
      ['a\\+b', 'a\\"b', 'a\\\\b', '\\<a\\>', 'a\\;b', '\\#a', 'a\\=b', '\\ \\ a\\ ', 'a\\00'].map((text) => 'CN=' + text),
    )
    expect(['a\n', '\u0001', '\uffff'].map(cn)).to.deep.equal(['CN=a\\0a', 'CN=\\01', 'CN=\\ef\\bf\\bf'])
    expect(nameRfc2253(one(writeTlv(TAG.sequence, writeOid('2.5.4.3'), writeTlv(0x1e, Buffer.from('00e40062', 'hex')))))).to.equal('CN=äb')
  })

  it('reads DER strictly', () => {
    for (const bad of ['', '30', '3080', '308100', '30820001ff', '3081050102030405', '3005010203', '1f0100', '30850000000000'])
      expect(() => readTlv(Buffer.from(bad, 'hex')), bad).to.throw(RangeError)
    expect(() => readAll(Buffer.from('020101ff', 'hex'))).to.throw(RangeError)
    for (const oid of ['1.2.840.113549.1.1.11', '2.5.4.3', '0.9.2342.19200300.100.1.25', '2.16.840.1.101.3.4.2.1'])
      expect(readOid(readTlv(writeOid(oid)).value)).to.equal(oid)
    expect(writeInteger(128n).toString('hex')).to.equal('02020080')
  })

  it('G10 refuses what is too large, no certificate, cut off or followed by more, before it is used', () => {
    const { raw } = good.certificate
    const nested = Array.from({ length: 3000 }).reduce<Buffer>((inner) => writeTlv(TAG.sequence, inner), Buffer.alloc(0))
    for (const bad of [
      Buffer.alloc(16 * 1024 + 1),
      Buffer.from('no'),
      new Uint8Array(),
      raw.subarray(0, -1),
      Buffer.concat([raw, raw]),
      nested,
    ])
      expect(() => readCertificate(bad)).to.throw(CertificateError)
    const view = Buffer.concat([Buffer.from('junk'), raw, Buffer.from('junk')]).subarray(4, -4)
    // OpenSSL looks at the key when somebody asks for it: that must not be later, in the middle of a verification
    const key = Buffer.from(raw)
    const algorithm = key.indexOf(EC_PUBLIC_KEY)
    key.fill(0xff, algorithm, algorithm + 1)
    expect(() => readCertificate(key)).to.throw(CertificateError)
    expect(readCertificate(view).raw.equals(raw)).to.equal(true)
    expect(readCertificate(raw)).to.equal(readCertificate(Buffer.from(raw)))
  })

  it('G10 accepts RSA, RSA-PSS, EC and brainpool signatures, through intermediates', async () => {
    const rsa = await leaf({ key: 'rsa-2048' })
    const pss = await leaf({ signedWith: 'pss' })
    const brainpool = await ca({ commonName: 'Brainpool', key: 'ec-brainpool256' }, root)
    const below = await leaf({ key: 'ec-brainpool256' }, brainpool)
    const options = { intermediates: [brainpool.certificate] }
    for (const one of [rsa, pss, below]) expect(await verdict(one, options)).to.equal('valid')
    const answer: TrustVerdict = await trustStore({ roots: [root.certificate], ...options }).check(below.certificate, 'signature', now)
    expect(answer.path.map(subjectRfc2253)).to.deep.equal(['Leaf', 'Brainpool', 'Root'].map((cn) => `CN=${cn},O=Protektor Test,C=DE`))
  })

  it('G10 tells expired from not yet valid, for the leaf and for what is above it', async () => {
    expect(await verdict(good, {}, 'signature', new Date('2031-01-01'))).to.equal('expired')
    expect(await verdict(good, {}, 'signature', new Date('2025-01-01'))).to.equal('not-yet-valid')
    const old = await ca({ notAfter: new Date('2027-01-01') }, root)
    const below = await leaf({}, old)
    expect(await verdict(below, { intermediates: [old.certificate] })).to.equal('expired')
    expect(await verdict(below, { intermediates: [old.certificate] }, 'signature', new Date('2026-06-01'))).to.equal('valid')
  })

  it('G10 refuses an unknown issuer, a self-signed look-alike and a forged issuer signature', async () => {
    const foreign = await ca({ commonName: 'Root' })
    expect(await verdict(await leaf({}, foreign))).to.equal('unknown')
    expect(await verdict(await ca({ commonName: 'Foreign', usage: 'signature', ca: false }))).to.equal('unknown')
    expect(await verdict(foreign)).to.equal('unknown')
    const forged = Buffer.from(good.certificate.raw)
    forged[forged.length - 5] = (forged.at(-5) ?? 0) ^ 1
    expect(await verdict(readCertificate(forged))).to.equal('bad-signature')
    expect(await verdict(await leaf({ signedWith: 'sha1' }))).to.equal('bad-signature')
  })

  it('G10 G8 refuses an issuer that is no CA, may not sign certificates, has a small key, or stands beyond its path length', async () => {
    const noCa = await leaf({ commonName: 'NoCA' })
    const noWord = await leaf({ commonName: 'NoWord', usage: 'none' })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2040 })
    const small = await ca({ commonName: 'Small', keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() }, root)
    const noSign = await ca({ commonName: 'NoSign', usage: 'signature', ca: true }, root)
    const limited = await ca({ commonName: 'Limited', pathLength: 0 }, root)
    const beyond = await ca({ commonName: 'Beyond' }, limited)
    for (const issuer of [noCa, noWord, noSign, small, beyond]) {
      const below = await leaf({}, issuer)
      expect(await verdict(below, { intermediates: [issuer.certificate, limited.certificate] })).to.equal('unknown')
    }
    expect(await verdict(await leaf({}, limited), { intermediates: [limited.certificate] })).to.equal('valid')
  })

  it('G10 refuses more than five certificates in a path, and is not led in circles', async () => {
    const chain = [root]
    for (let i = 1; i <= 4; i++) chain.push(await ca({ commonName: `Level ${i}` }, chain.at(-1)))
    const intermediates = chain.slice(1).map(({ certificate }) => certificate)
    expect(await verdict(await leaf({}, chain[3]), { intermediates })).to.equal('valid')
    expect(await verdict(await leaf({}, chain[4]), { intermediates })).to.equal('unknown')
  })

  it('G10 refuses a CA as leaf and the wrong key usage', async () => {
    const sub = await ca({ commonName: 'Sub' }, root)
    expect(await verdict(sub, { intermediates: [sub.certificate] })).to.equal('wrong-usage')
    expect(await verdict(root)).to.equal('wrong-usage')
    expect(await verdict(await leaf({ usage: 'signature', ca: true }))).to.equal('wrong-usage')
    expect(await verdict(good, {}, 'cipher')).to.equal('wrong-usage')
    expect(await verdict(await leaf({ usage: 'cipher' }))).to.equal('wrong-usage')
    expect(await verdict(await leaf({ usage: 'cipher' }), {}, 'cipher')).to.equal('valid')
    for (const usage of ['signature', 'cipher'] as const) {
      expect(await verdict(await leaf({ usage: 'none' }), {}, usage)).to.equal('valid')
      expect(await verdict(await leaf({ usage: 'both' }), {}, usage)).to.equal('valid')
    }
  })

  it('G10 refuses critical extensions nobody understands, and honours name constraints', async () => {
    expect(await verdict(await leaf({ extensions: [writeExtension('1.2.3.4', true, Buffer.from('0500', 'hex'))] }))).to.equal('unknown')
    expect(await verdict(await leaf({ extensions: [writeExtension('1.2.3.4', false, Buffer.from('0500', 'hex'))] }))).to.equal('valid')
    const dns = (name: string) => writeTlv(0x82, Buffer.from(name))
    const onlyDe = writeExtension('2.5.29.30', true, writeTlv(TAG.sequence, writeTlv(0xa0, writeTlv(TAG.sequence, dns('amt.example')))))
    for (const key of ['ec-p256', 'ec-brainpool256'] as const) {
      const constrained = await ca({ commonName: 'Constrained', key, extensions: [onlyDe] }, root)
      const named = (name: string) =>
        leaf({ extensions: [writeExtension('2.5.29.17', false, writeTlv(TAG.sequence, dns(name)))] }, constrained)
      const options = { intermediates: [constrained.certificate] }
      expect(await verdict(await named('osci.amt.example'), options), key).to.equal('valid')
      expect(await verdict(await named('osci.fremd.example'), options), key).to.equal('unknown')
    }
  })

  it('G10 finds revoked certificates in a CRL, and does not take a stale or forged CRL for good news', async () => {
    const from = new Date('2027-05-01')
    const until = new Date('2027-07-01')
    const revoked = await leaf({ serial: 4711n })
    const crl = issueCrl(root, [4711n], from, until)
    expect(await verdict(revoked, { crls: [crl] })).to.equal('revoked')
    expect(await verdict(revoked, { crls: [crl] }, 'signature', new Date('2026-06-01'))).to.equal('unchecked')
    // as long as those of a large authority
    const long = issueCrl(root, [...Array.from({ length: 100_000 }, (_, i) => BigInt(i + 10_000)), 4711n], from, until)
    expect(isCrl(long)).to.equal(true)
    expect(await verdict(revoked, { crls: [long] })).to.equal('revoked')
    const later = trustStore({ roots: [root.certificate], crls: [crl] })
    expect((await later.check(good.certificate, 'signature', new Date('2028-01-01'))).verdict).to.equal('unchecked')
    expect((await later.check(revoked.certificate, 'signature', new Date('2028-01-01'))).verdict).to.equal('revoked')
    const foreign = await ca({ commonName: 'Root' })
    const forged = trustStore({ roots: [root.certificate], crls: [issueCrl(foreign, [77n], from, until)] })
    expect((await forged.check(good.certificate, 'signature', now)).verdict).to.equal('unchecked')
    const sub = await ca({ commonName: 'Sub', serial: 99n }, root)
    const options = { intermediates: [sub.certificate], crls: [issueCrl(root, [99n], from, until)] }
    expect(await verdict(await leaf({}, sub), options)).to.equal('revoked')
  })

  it('G10 answers unchecked without revocation data where they are required', async () => {
    const required = { revocation: 'required' } as const
    expect(await verdict(good, required)).to.equal('unchecked')
    expect(await verdict(good, { ...required, crls: [issueCrl(root, [], notBefore, notAfter)] })).to.equal('valid')
  })

  it('G10 asks addresses of a certificate only through the port and only after the path holds', async () => {
    const point = (...names: Buffer[]) => writeTlv(TAG.sequence, writeTlv(TAG.sequence, writeTlv(0xa0, writeTlv(0xa0, ...names))))
    const url = 'http://crl.test/root.crl'
    const extensions = [writeExtension('2.5.29.31', false, point(ldap, writeTlv(0x86, Buffer.from(url))))]
    const asked: string[] = []
    const port: RevocationPort = {
      crl(address) {
        asked.push(address)
        return Promise.resolve(issueCrl(root, [5n], notBefore, notAfter))
      },
    }
    const options = { port, revocation: 'required' } as const
    expect(await verdict(await leaf({ serial: 5n, extensions }), options)).to.equal('revoked')
    expect(await verdict(await leaf({ serial: 6n, extensions }), options)).to.equal('valid')
    expect(asked).to.deep.equal([url, url])
    expect(await verdict(await leaf({ extensions }, await ca({ commonName: 'Foreign' })), options)).to.equal('unknown')
    expect(asked).to.have.length(2)
    const down: RevocationPort = { crl: () => Promise.reject(new Error('down')) }
    expect(await verdict(await leaf({ extensions }), { port: down, revocation: 'required' })).to.equal('unchecked')
    const nonsense: RevocationPort = { crl: () => Promise.resolve(Buffer.from('nonsense')) }
    expect(await verdict(await leaf({ extensions }), { port: nonsense, revocation: 'required' })).to.equal('unchecked')
  })

  it('G10 believes OCSP answers of the issuer and of its delegate, and of nobody else', async () => {
    const access = writeTlv(
      TAG.sequence,
      writeTlv(TAG.sequence, writeOid('1.3.6.1.5.5.7.48.1'), writeTlv(0x86, Buffer.from('http://ocsp.test/'))),
    )
    const asking = await leaf({ serial: 8n, extensions: [writeExtension('1.3.6.1.5.5.7.1.1', false, access)] })
    const eku = writeExtension('2.5.29.37', false, writeTlv(TAG.sequence, writeOid('1.3.6.1.5.5.7.3.9')))
    const delegate = await leaf({ commonName: 'OCSP', extensions: [eku] })
    const ask = (signer: KeyPair, status: Buffer, until = notAfter) =>
      verdict(asking, {
        port: { ocsp: (_, request) => Promise.resolve(ocspAnswer(request, signer, status, until)) },
        revocation: 'required',
      })
    const isGood = Buffer.from('8000', 'hex')
    const isRevoked = writeTlv(0xa1, writeTlv(0x18, Buffer.from('20270101000000Z')))
    expect(await ask(delegate, isGood)).to.equal('valid')
    let response: Uint8Array | undefined
    const port: RevocationPort = { ocsp: async (_, request) => (response = ocspAnswer(request, delegate, isGood, notAfter)) }
    const { details } = await trustStore({ roots: [root.certificate], port }).check(asking.certificate, 'signature', now)
    expect(details?.revocation).to.deep.equal({ status: 'good', source: 'ocsp', at: notBefore, response })
    expect(await ask(delegate, isRevoked)).to.equal('revoked')
    expect(await ask(delegate, Buffer.from('8200', 'hex'))).to.equal('unchecked')
    expect(await ask(delegate, isGood, new Date('2027-01-02'))).to.equal('unchecked')
    expect(await ask(good, isGood)).to.equal('unchecked')
    expect(await ask(await leaf({ extensions: [eku] }, await ca({ commonName: 'Root' })), isGood)).to.equal('unchecked')
    const authority = await ca({ commonName: 'Authority' })
    const below = await leaf({ serial: 8n, extensions: [writeExtension('1.3.6.1.5.5.7.1.1', false, access)] }, authority)
    const told = async (spec: Partial<TestCertificateSpec>, copies = 1, forge = (pair: KeyPair) => pair) => {
      const signer = forge(await leaf({ commonName: 'OCSP', extensions: [eku], ...spec }, authority))
      const ocsp: RevocationPort['ocsp'] = (_, request) => Promise.resolve(ocspAnswer(request, signer, isGood, notAfter, copies))
      return verdict(below, { roots: [authority.certificate], port: { ocsp }, revocation: 'required' })
    }
    expect(await told({})).to.equal('valid')
    // says all that a certificate of the authority says: only the signature is another
    const forge = (pair: KeyPair): KeyPair => {
      const raw = Buffer.from(pair.certificate.raw)
      raw[raw.length - 5] = (raw.at(-5) ?? 0) ^ 1
      return { ...pair, certificate: readCertificate(raw) }
    }
    expect(await told({}, 1, forge), 'forged').to.equal('unchecked')
    expect(await told({ notAfter: new Date('2027-06-01') }), 'expired').to.equal('unchecked')
    expect(await told({}, 2), 'two answers').to.equal('unchecked')
  })

  it('tells the facts behind a verdict, each by itself', async () => {
    const crls = [issueCrl(root, [4711n], new Date('2027-05-01'), notAfter), issueCrl(root, [], new Date('2027-04-01'), notAfter)]
    const store = trustStore({ roots: [root.certificate], crls })
    const details = async ({ certificate }: KeyPair, usage: 'signature' | 'cipher' = 'signature') =>
      (await store.check(certificate, usage, now)).details
    const list = { source: 'crl', at: new Date('2027-05-01') }
    const fine = { issuerSignature: 'ok', inTime: true, fitsUse: true, isComplete: true }
    const past = { notAfter: new Date('2027-01-01') }
    expect(await details(good)).to.deep.equal({ ...fine, revocation: { status: 'good', ...list } })
    expect(await details(await leaf({ ...past, serial: 4711n }), 'cipher')).to.deep.equal({
      ...fine,
      inTime: false,
      fitsUse: false,
      revocation: { status: 'revoked', ...list },
    })
    const open = { ...fine, isComplete: false }
    const foreign = await leaf(past, await ca({ commonName: 'Foreign' }))
    expect(await details(foreign)).to.deep.equal({ ...open, issuerSignature: 'indeterminate', inTime: false })
    expect(await details(await leaf({ signedWith: 'sha1' }))).to.deep.equal({ ...open, issuerSignature: 'indeterminate' })
    const forged = Buffer.from(good.certificate.raw)
    forged[forged.length - 5] = (forged.at(-5) ?? 0) ^ 1
    const { details: ofForged } = await store.check(readCertificate(forged), 'signature', now)
    expect(ofForged).to.deep.equal({ ...open, issuerSignature: 'corrupted' })
    const stale = trustStore({ roots: [root.certificate], crls: [issueCrl(root, [], notBefore, new Date('2026-02-01'))] })
    expect((await stale.check(good.certificate, 'signature', now)).details).to.deep.equal(open)
  })

  it('tells nothing good of a certificate whose issuer’s own revocation is in doubt', async () => {
    const sub = await ca({ commonName: 'Sub' }, root)
    const crls = [issueCrl(sub, [], notBefore, notAfter), issueCrl(root, [], notBefore, new Date('2026-02-01'))]
    const store = trustStore({ roots: [root.certificate], intermediates: [sub.certificate], crls })
    const { verdict: found, details } = await store.check((await leaf({}, sub)).certificate, 'signature', now)
    expect(found).to.equal('unchecked')
    expect(details).not.to.have.property('revocation')
  })

  it('keeps answers for the minute, per certificate and use', async () => {
    const store = trustStore({ roots: [root.certificate] })
    const first = store.check(good.certificate, 'signature', now)
    expect(store.check(readCertificate(good.certificate.raw), 'signature', new Date(now.getTime() + 5_000))).to.equal(first)
    expect(store.check(good.certificate, 'cipher', now)).to.not.equal(first)
    expect(store.check(good.certificate, 'signature', new Date(now.getTime() + 61_000))).to.not.equal(first)
    await first
  })

  it('G9 pins whole certificates: same name, same key or same issuer is not enough', async () => {
    const keyPem = good.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const twin = await leaf({ serial: 77n, keyPem, notAfter: new Date('2030-01-02T00:00:00Z') })
    const store = pinnedTrust([good.certificate])
    expect((await store.check(readCertificate(good.certificate.raw), 'signature', now)).verdict).to.equal('valid')
    expect((await store.check(twin.certificate, 'signature', now)).verdict).to.equal('unknown')
    expect((await store.check(root.certificate, 'signature', now)).verdict).to.equal('unknown')
    expect((await store.check(good.certificate, 'cipher', now)).verdict).to.equal('wrong-usage')
    expect((await store.check(good.certificate, 'signature', new Date('2031-01-01'))).verdict).to.equal('expired')
  })
})

/** A BasicOCSPResponse for the one certificate of `request`, over an EC key [RFC6960 §4.2.1]. */
function ocspAnswer(request: Uint8Array, signer: KeyPair, status: Buffer, until: Date, copies = 1): Uint8Array {
  const time = (date: Date) => writeTlv(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')))
  // OCSPRequest → TBSRequest → requestList → Request → CertID, which is echoed.
  let at = readTlv(Buffer.from(request))
  for (let i = 0; i < 4; i++) at = readAll(at.value).find(({ tag }) => tag === TAG.sequence) ?? at
  const single = writeTlv(TAG.sequence, at.raw, status, time(notBefore), writeTlv(0xa0, time(until)))
  const keyHash = createHash('sha1')
    .update(signer.certificate.publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
  const data = writeTlv(
    TAG.sequence,
    writeTlv(0xa2, writeTlv(TAG.octetString, keyHash)),
    time(notBefore),
    writeTlv(TAG.sequence, ...Array<Buffer>(copies).fill(single)),
  )
  const algorithm = writeTlv(TAG.sequence, writeOid('1.2.840.10045.4.3.2'))
  const signature = writeTlv(TAG.bitString, Buffer.from([0]), sign('sha256', data, signer.privateKey))
  const basic = writeTlv(TAG.sequence, data, algorithm, signature, writeTlv(0xa0, writeTlv(TAG.sequence, signer.certificate.raw)))
  const bytes = writeTlv(TAG.sequence, writeOid('1.3.6.1.5.5.7.48.1.1'), writeTlv(TAG.octetString, basic))
  return writeTlv(TAG.sequence, writeTlv(0x0a, Buffer.from([0])), writeTlv(0xa0, bytes))
}
