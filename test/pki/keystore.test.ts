// SPDX-License-Identifier: EUPL-1.2
/**
 * Keystores old and new, as openssl and the reference library's world write them, and the keys that come out of them.
 * @module
 */
import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { constants, createPublicKey, publicEncrypt, randomBytes, verify } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProtektorError } from '../../src/errors.js'
import { inspectKeyFile } from '../../src/pki/inspection.js'
import { keyRing, makeDecrypter, makeSigner } from '../../src/pki/keys.js'
import { readPem, readPkcs12, writePkcs12, type KeyPair } from '../../src/pki/keystore.js'
import { makePki, type TestPki } from '../../src/pki/test-pki.js'
import { needsCommand, needsMaterial } from '../needs.js'

const wire = join(fileURLToPath(new URL('../..', import.meta.url)), '..', 'shared', 'osci-wire', 'pki')
const notBefore = new Date('2026-01-01T00:00:00Z')
const notAfter = new Date('2030-01-01T00:00:00Z')

function finding(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtektorError) return error.finding
    throw error
  }
  return 'nothing thrown'
}

describe('keystores', () => {
  let pki: TestPki
  let directory: string
  const leaf = (id: string): KeyPair => {
    const pair = pki.leaves.get(id)
    if (pair === undefined) throw new Error(`no leaf ${id}`)
    return pair
  }

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'protektor-keystore-'))
    const leaves = { rsa: { usage: 'cipher' }, other: { usage: 'cipher' }, ec: { usage: 'signature', key: 'ec-p256' } } as const
    pki = await makePki({ notBefore, notAfter, leaves })
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  function openssl(...args: string[]): Buffer {
    return execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  for (const id of ['rsa', 'ec'])
    for (const [form, pin, options] of [
      ['modern (PBES2, AES-256)', 'gehäim€', []],
      ['legacy (RC2, Triple DES)', 'gehäim', ['-legacy']],
      ['with an empty PIN', '', []],
      ['without MAC', 'geheim', ['-nomac']],
      ['with certificates in clear', 'geheim', ['-certpbe', 'NONE']],
      ['with Triple DES and SHA-1', 'geheim', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
      ['with AES-128 and SHA-512', 'geheim', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha512']],
    ] as const)
      it(`reads what openssl wrote: ${id}, ${form}`, function () {
        needsCommand(this, 'openssl')
        const { certificate, privateKey } = leaf(id)
        writeFileSync(join(directory, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
        writeFileSync(join(directory, 'cert.pem'), certificate.toString())
        writeFileSync(join(directory, 'ca.pem'), pki.ca.certificate.toString())
        const store = ['-inkey', 'key.pem', '-in', 'cert.pem', '-certfile', 'ca.pem', '-out', 'store.p12', '-passout', `pass:${pin}`]
        openssl('pkcs12', '-export', ...store, ...options)
        const bytes = readFileSync(join(directory, 'store.p12'))
        const pairs = readPkcs12(bytes, pin)
        expect(pairs).to.have.length(1)
        expect(pairs[0]?.certificate.raw.equals(certificate.raw)).to.equal(true)
        expect(pairs[0]?.privateKey.equals(privateKey)).to.equal(true)
        expect(pairs[0]?.chain.map((one) => one.raw.equals(pki.ca.certificate.raw))).to.deep.equal([true])
        for (const wrong of ['falsch', pin + ' ']) expect(finding(() => readPkcs12(bytes, wrong))).to.equal('keystore.wrong-pin')
      })

  for (const id of ['rsa', 'ec'])
    it(`writes stores that openssl and we read: ${id}`, function () {
      const bytes = writePkcs12(leaf(id), 'gehäim€', randomBytes(16))
      expect(readPkcs12(bytes, 'gehäim€')[0]?.privateKey.equals(leaf(id).privateKey)).to.equal(true)
      expect(finding(() => readPkcs12(bytes, 'gehaim'))).to.equal('keystore.wrong-pin')
      needsCommand(this, 'openssl')
      writeFileSync(join(directory, 'ours.p12'), bytes)
      const text = openssl('pkcs12', '-in', 'ours.p12', '-passin', 'pass:gehäim€', '-nodes').toString()
      expect(text.match(/BEGIN (CERTIFICATE|PRIVATE KEY)/g)).to.have.members([
        'BEGIN CERTIFICATE',
        'BEGIN CERTIFICATE',
        'BEGIN PRIVATE KEY',
      ])
      expect(createPublicKey(text.slice(text.indexOf('-----BEGIN PRIVATE'))).equals(leaf(id).certificate.publicKey)).to.equal(true)
    })

  it('reads a store from a view into a larger buffer, and refuses damaged ones', () => {
    const bytes = writePkcs12(leaf('ec'), 'x', randomBytes(8))
    const large = Buffer.concat([Buffer.from('junk'), bytes, Buffer.from('junk')])
    expect(readPkcs12(large.subarray(4, 4 + bytes.length), 'x')).to.have.length(1)
    for (const broken of [new Uint8Array(), Buffer.from('no store'), bytes.subarray(0, 400), Buffer.alloc(2 * 1024 * 1024)])
      expect(finding(() => readPkcs12(broken, 'x'))).to.equal('keystore.unreadable')
    const changed = Buffer.from(bytes)
    changed[200] = (changed[200] ?? 0) ^ 1
    expect(finding(() => readPkcs12(changed, 'x'))).to.equal('keystore.wrong-pin')
  })

  it('refuses iteration counts that buy CPU time', () => {
    const bytes = Buffer.from(writePkcs12(leaf('ec'), 'x', randomBytes(8)))
    const at = bytes.lastIndexOf(Buffer.from([0x02, 0x02, 0x08, 0x00]))
    const huge = Buffer.concat([bytes.subarray(0, at), Buffer.from([0x02, 0x04, 0x7f, 0xff, 0xff, 0xff])])
    // Two octets more: the lengths of the store and of its MAC grow with them.
    huge.writeUInt16BE(huge.readUInt16BE(2) + 2, 2)
    const mac = huge.lastIndexOf(Buffer.from([0x30, 0x31, 0x30, 0x0d])) - 1
    huge[mac] = (huge[mac] ?? 0) + 2
    expect(finding(() => readPkcs12(huge, 'x'))).to.equal('keystore.unsupported')
  })

  it('reads PEM pairs, encrypted ones too, and refuses pairs that do not fit', () => {
    const { certificate, privateKey } = leaf('rsa')
    const chain = certificate.toString() + pki.ca.certificate.toString()
    const sealed = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'geheim' }).toString()
    expect(readPem(sealed, chain, 'geheim').chain).to.have.length(1)
    expect(finding(() => readPem(sealed, chain, 'falsch'))).to.equal('keystore.wrong-pin')
    expect(finding(() => readPem(sealed, chain))).to.equal('keystore.wrong-pin')
    expect(finding(() => readPem('nothing', chain))).to.equal('keystore.unreadable')
    expect(finding(() => readPem(sealed, 'nothing', 'geheim'))).to.equal('keystore.unreadable')
    expect(finding(() => readPem(sealed, leaf('other').certificate.toString(), 'geheim'))).to.equal('keystore.no-key')
  })

  it('reads PEM behind a byte order mark, and with keys encrypted in the old way', () => {
    const { certificate, privateKey } = leaf('rsa')
    const plain = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(readPem(`\ufeff${plain}`, `\ufeff${certificate.toString()}`).certificate.raw.equals(certificate.raw)).to.equal(true)
    const old = privateKey.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'geheim' }).toString()
    expect(old).to.include('DEK-Info')
    expect(readPem(old, certificate.toString(), 'geheim').certificate.raw.equals(certificate.raw)).to.equal(true)
    expect(inspectKeyFile(Buffer.from(old), 'geheim')).to.deep.equal([{ kind: 'private-key', key: 'RSA 2048' }])
    const [both] = inspectKeyFile(Buffer.from(old + certificate.toString()), 'geheim')
    expect(both?.kind === 'certificate' && both.hasPrivateKey).to.equal(true)
    expect(finding(() => inspectKeyFile(Buffer.from(old)))).to.equal('keystore.wrong-pin')
  })

  it('K1 says nothing of PIN or key in an error', () => {
    const bytes = writePkcs12(leaf('rsa'), 'richtig-4711', randomBytes(8))
    try {
      readPkcs12(bytes, 'falsch-0815')
      expect.fail('the wrong PIN opened the store')
    } catch (error) {
      const said = JSON.stringify(error, Object.getOwnPropertyNames(error))
      expect(said).to.not.match(/falsch-0815|richtig-4711|ERR_OSSL|PRIVATE/)
    }
  })

  it('reads the keystores of the captures', function () {
    needsMaterial(this, existsSync(wire), 'osci-wire')
    const stores = readdirSync(wire).filter((name) => name.endsWith('.p12'))
    expect(stores.length).to.be.greaterThan(10)
    for (const name of stores) {
      const [pair] = readPkcs12(readFileSync(join(wire, name)), 'test')
      expect(pair?.certificate.raw.equals(readFileSync(join(wire, name.replace(/p12$/, 'der')))), name).to.equal(true)
      expect(pair?.chain, name).to.have.length(1)
    }
  })

  const OAEP = 'http://www.w3.org/2009/xmlenc11#rsa-oaep'
  const HASHES = [
    ['sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
    ['sha384', 'http://www.w3.org/2001/04/xmldsig-more#sha384'],
    ['sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
  ] as const
  const rejected = async (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => false,
      () => true,
    )

  it('E9 unwraps OAEP with equal hashes and refuses everything else', async () => {
    const { certificate, privateKey } = leaf('rsa')
    const decrypter = await makeDecrypter(certificate, privateKey)
    const key = randomBytes(32)
    for (const [oaepHash, digest] of HASHES) {
      const wrapped = publicEncrypt({ key: certificate.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, key)
      const mgf = `http://www.w3.org/2009/xmlenc11#mgf1${oaepHash}`
      expect(key.equals(await decrypter.unwrap({ algorithm: OAEP, digest, mgf }, wrapped))).to.equal(true)
      for (const transport of [
        { algorithm: OAEP },
        { algorithm: OAEP, digest },
        { algorithm: OAEP, mgf },
        { algorithm: OAEP, digest, mgf: 'http://www.w3.org/2009/xmlenc11#mgf1sha1' },
        { algorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p', digest, mgf },
      ])
        expect(await rejected(decrypter.unwrap(transport, wrapped)), JSON.stringify(transport)).to.equal(true)
      expect(await rejected(decrypter.unwrap({ algorithm: OAEP, digest, mgf }, randomBytes(256)))).to.equal(true)
    }
  })

  it('E2 unwraps RSA 1.5 in a thread, with one error for every failure', async () => {
    const { certificate, privateKey } = leaf('rsa')
    const decrypter = await makeDecrypter(certificate, privateKey)
    const transport = { algorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' }
    const key = randomBytes(24)
    const wrapped = publicEncrypt({ key: certificate.publicKey, padding: constants.RSA_PKCS1_PADDING }, key)
    expect(key.equals(await decrypter.unwrap(transport, wrapped))).to.equal(true)
    const raw = (block: Buffer) => publicEncrypt({ key: certificate.publicKey, padding: constants.RSA_NO_PADDING }, block)
    const block = (head: number[], fill: number, zeroAt?: number) => {
      const bytes = Buffer.alloc(256, fill)
      Buffer.from(head).copy(bytes)
      if (zeroAt !== undefined) bytes[zeroAt] = 0
      return bytes
    }
    const bad = [
      raw(block([0, 1], 9, 100)),
      raw(block([1, 2], 9, 100)),
      raw(block([0, 2], 9)),
      raw(block([0, 2], 9, 9)),
      Buffer.from('short'),
    ]
    const texts = await Promise.all(
      bad.map((one) =>
        decrypter.unwrap(transport, one).then(
          () => 'opened',
          (error: unknown) => String(error),
        ),
      ),
    )
    expect([...new Set(texts)]).to.deep.equal(['Error: the key cannot be unwrapped'])
    expect(await decrypter.unwrap(transport, raw(block([0, 2], 9, 10)))).to.have.length(245)
    expect(key.equals(await decrypter.unwrap(transport, wrapped))).to.equal(true)
  })

  it('signs with every algorithm of its key, verifiable by node:crypto, and with no other', async () => {
    const rsa = makeSigner(leaf('rsa').certificate, leaf('rsa').privateKey)
    const ec = makeSigner(leaf('ec').certificate, leaf('ec').privateKey)
    const data = Buffer.from('SignedInfo')
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING }
    const more = 'http://www.w3.org/2001/04/xmldsig-more#'
    const later = 'http://www.w3.org/2007/05/xmldsig-more#'
    for (const [uri, hash, options] of [
      [more + 'rsa-sha256', 'sha256', {}],
      [more + 'rsa-sha512', 'sha512', {}],
      [later + 'sha256-rsa-MGF1', 'sha256', { ...pss, saltLength: 32 }],
      [later + 'sha512-rsa-MGF1', 'sha512', { ...pss, saltLength: 64 }],
      [later + 'sha3-256-rsa-MGF1', 'sha3-256', { ...pss, saltLength: 32 }],
      [later + 'sha3-384-rsa-MGF1', 'sha3-384', { ...pss, saltLength: 48 }],
      [later + 'sha3-512-rsa-MGF1', 'sha3-512', { ...pss, saltLength: 64 }],
    ] as const) {
      expect(verify(hash, data, { key: rsa.certificate.publicKey, ...options }, await rsa.sign(uri, data)), uri).to.equal(true)
      expect(await rejected(ec.sign(uri, data))).to.equal(true)
    }
    for (const hash of ['sha256', 'sha384', 'sha512']) {
      const signature = await ec.sign(more + 'ecdsa-' + hash, data)
      expect(signature).to.have.length(64)
      expect(verify(hash, data, { key: ec.certificate.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).to.equal(true)
      expect(await rejected(rsa.sign(more + 'ecdsa-' + hash, data))).to.equal(true)
    }
    for (const uri of ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', more + 'hmac-sha256', '', 'toString'])
      expect(await rejected(rsa.sign(uri, data)), uri).to.equal(true)
  })

  it('refuses a key that is not the certificate’s, and EC keys for opening', async () => {
    const { certificate } = leaf('rsa')
    expect(finding(() => makeSigner(certificate, leaf('other').privateKey))).to.equal('keystore.mismatch')
    expect(await rejected(makeDecrypter(certificate, leaf('other').privateKey))).to.equal(true)
    expect(await rejected(makeDecrypter(leaf('ec').certificate, leaf('ec').privateKey))).to.equal(true)
  })

  it('E8 finds a pair by the whole certificate only', async () => {
    const { certificate, privateKey } = leaf('rsa')
    const ring = keyRing([await makeDecrypter(certificate, privateKey)])
    const padded = Buffer.concat([Buffer.from([7]), certificate.raw, Buffer.from([7])])
    expect(ring.decrypter(padded.subarray(1, -1))?.certificate).to.equal(certificate)
    const changed = Buffer.from(certificate.raw)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    for (const other of [changed, padded, leaf('other').certificate.raw, new Uint8Array()])
      expect(ring.decrypter(other)).to.equal(undefined)
  })
})
