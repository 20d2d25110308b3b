// SPDX-License-Identifier: EUPL-1.2
/**
 * Our own keys in `serve`: which pair of a keystore is taken, and what an operator reads where none, or more than one, is meant.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openOwnKeys, type OwnKeys } from '../../src/cli/compose/keys.js'
import { loadConfig } from '../../src/config/load.js'
import { ConfigError } from '../../src/errors.js'
import { writePkcs12, type KeyPair } from '../../src/pki/keystore.js'
import { issueCertificate, type TestCertificateSpec } from '../../src/pki/test-pki.js'

const at = new Date('2026-11-01T00:00:00Z')
const notBefore = new Date('2026-01-01T00:00:00Z')
const notAfter = new Date('2027-01-01T00:00:00Z')
const lastYear = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2025-12-31T00:00:00Z') }

describe('own keys of serve', () => {
  let directory: string
  let signature: KeyPair
  const certificates: Partial<Record<'cipher' | 'second' | 'expired' | 'ec', KeyPair>> = {}
  const issue = (spec: Partial<TestCertificateSpec> & Pick<TestCertificateSpec, 'usage'>) =>
    issueCertificate({ commonName: 'Own', key: 'rsa-2048', notBefore, notAfter, ...spec })

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'protektor-own-keys-'))
    writeFileSync(join(directory, 'pin'), 'pin\n', { mode: 0o600 })
    signature = await issue({ usage: 'signature' })
    const keyPem = signature.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    certificates.cipher = await issue({ usage: 'cipher', keyPem })
    certificates.second = await issue({ usage: 'cipher', keyPem })
    certificates.expired = await issue({ usage: 'cipher', keyPem, ...lastYear })
    certificates.ec = await issue({ usage: 'none', key: 'ec-p256' })
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const of = (name: keyof typeof certificates): KeyPair => {
    const pair = certificates[name]
    if (!pair) throw new TypeError(name)
    return pair
  }

  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(directory, name), bytes, { mode: 0o600 })

  /** Opens with a store of these pairs, all of one key, as `cipher`. */
  const open = (first: KeyPair, ...others: readonly KeyPair[]): Promise<OwnKeys> => openWith('', first, ...others)

  async function openWith(more: string, first: KeyPair, ...others: readonly KeyPair[]): Promise<OwnKeys> {
    const chain = others.map(({ certificate }) => certificate)
    put('cipher.p12', writePkcs12({ ...first, chain }, 'pin', randomBytes(8)))
    put('signature.p12', writePkcs12(signature, 'pin', randomBytes(8)))
    put('portal.pem', signature.certificate.toString())
    put(
      'gateway.yaml',
      `allowSmallOwnKeys: true
keyrings: { town: { cipher: { pkcs12: cipher.p12, pinFile: pin }, signature: { pkcs12: signature.p12, pinFile: pin }${more} } }
peers: [ { name: portal, signatureCertificates: [ portal.pem ] } ]
endpoints: [ { path: /osci/intermediary, role: intermediary, keys: town, peers: [ portal ] } ]
`,
    )
    return openOwnKeys(await loadConfig(join(directory, 'gateway.yaml')), at)
  }

  const taken = (own: OwnKeys): Buffer | undefined => own.rings.get('town')?.cipher.raw

  const refusal = (...pairs: [KeyPair, ...KeyPair[]]): Promise<string> => refusalOf(open(...pairs))

  async function refusalOf(opening: Promise<OwnKeys>): Promise<string> {
    const error: unknown = await opening.catch((cause: unknown) => cause)
    expect(error).to.be.instanceOf(ConfigError)
    return (error as ConfigError).problems.map(({ key, message }) => `${key}: ${message.en} | ${message.de}`).join('\n')
  }

  it('takes of a keystore the pair that fits the option, wherever it stands', async () => {
    expect(taken(await open(signature, of('cipher')))).to.deep.equal(of('cipher').certificate.raw)
    expect(taken(await open(of('cipher'), signature))).to.deep.equal(of('cipher').certificate.raw)
  })

  it('opens with a PIN whose file an editor began with a byte order mark', async () => {
    put('pin', '\ufeffpin\r\n')
    const own = await open(of('cipher'))
    put('pin', 'pin\n')
    expect(taken(own)).to.deep.equal(of('cipher').certificate.raw)
  })

  it('takes of several that fit the one that is valid', async () => {
    expect(taken(await open(of('expired'), of('cipher')))).to.deep.equal(of('cipher').certificate.raw)
  })

  it('takes the only one that fits also when it has run out, and says so beside its length', async () => {
    const own = await open(of('expired'))
    expect(taken(own)).to.deep.equal(of('expired').certificate.raw)
    const said = own.warnings.filter(({ key }) => key === 'keyrings.town.cipher').map(({ message }) => message.en)
    expect(said).to.deep.equal(['RSA of only 2048 bits', 'the certificate has expired'])
  })

  it('refuses with words a keystore in which none fits, or in which several do', async () => {
    expect(await refusal(signature)).to.match(/^keyrings\.town\.cipher: no key in it is one that opens .*\| kein Schlüssel darin/)
    expect(await refusal(of('ec'))).to.match(/^keyrings\.town\.cipher: no key in it is one that opens/)
    expect(await refusal(of('cipher'), of('second'))).to.match(/^keyrings\.town\.cipher: 2 keys in it fit, 2 of them valid at present/)
  })

  it('opens for former certificates as well, whose end is no alarm, and refuses one that is current or named twice', async () => {
    put('former.p12', writePkcs12(of('expired'), 'pin', randomBytes(8)))
    const former = (...names: readonly string[]): string =>
      `, formerCiphers: [ ${names.map((name) => `{ pkcs12: ${name}.p12, pinFile: pin }`).join(', ')} ]`
    const own = await openWith(former('former'), of('cipher'))
    const [current, before] = [of('cipher').certificate, of('expired').certificate]
    for (const certificate of [current, before]) expect(own.rings.get('town')?.ring.decrypter(certificate.raw)).not.to.equal(undefined)
    expect(taken(own)).to.deep.equal(current.raw)
    expect([...(own.rings.get('town')?.formerCiphers ?? [])]).to.deep.equal([before.fingerprint256])
    expect(own.certificates.map(({ use }) => use)).to.deep.equal(['cipher', 'signature'])
    expect(own.warnings.filter(({ key }) => key === 'keyrings.town.formerCiphers[0]').map(({ message }) => message.en)).to.include(
      'the certificate has expired',
    )
    expect(await refusalOf(openWith(former('cipher'), of('cipher')))).to.match(
      /^keyrings\.town\.formerCiphers\[0\]: the same certificate as keyrings\.town\.cipher \| dasselbe Zertifikat/,
    )
    expect(await refusalOf(openWith(former('former', 'former'), of('cipher')))).to.match(
      /^keyrings\.town\.formerCiphers\[1\]: the same certificate as keyrings\.town\.formerCiphers\[0\]/,
    )
  })
})
