// SPDX-License-Identifier: EUPL-1.2
/**
 * Revocation lists that say less than everything, and who may have signed them: one list per pitfall.
 * @module
 */
import { expect } from 'chai'
import { rawSubject, serialDecimal } from '../../src/pki/certificate.js'
import { TAG, writeInteger, writeTlv } from '../../src/pki/der.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { trustStore } from '../../src/pki/path.js'
import { issueCertificate, issueCrl, writeExtension, type TestCertificateSpec } from '../../src/pki/test-pki.js'

const notBefore = new Date('2026-01-01T00:00:00Z')
const notAfter = new Date('2030-01-01T00:00:00Z')
const now = new Date('2027-06-01T12:00:00Z')
const dates = { notBefore, notAfter }

const yes = Buffer.from([0xff])
/** IssuingDistributionPoint of these fields. */
const part = (...fields: Buffer[]) => writeExtension('2.5.29.28', true, writeTlv(TAG.sequence, ...fields))
const point = (url: string) => writeTlv(0xa0, writeTlv(0xa0, writeTlv(0x86, Buffer.from(url))))
const delta = writeExtension('2.5.29.27', true, writeInteger(1n))

describe('revocation lists', () => {
  let root: KeyPair
  const leaf = (spec: Partial<TestCertificateSpec> = {}, issuer: KeyPair = root) =>
    issueCertificate({ commonName: 'Leaf', usage: 'signature', key: 'ec-p256', ...dates, ...spec }, issuer)

  before(async () => {
    root = await issueCertificate({ commonName: 'Root', usage: 'ca', key: 'ec-p256', ...dates })
  })

  const judged = async ({ certificate }: KeyPair, crls: readonly Uint8Array[], trusted: KeyPair = root) => {
    const { verdict, details } = await trustStore({ roots: [trusted.certificate], crls }).check(certificate, 'signature', now)
    return [verdict, details?.revocation?.status]
  }
  const list = (serials: readonly bigint[], ...extensions: Buffer[]) => issueCrl(root, serials, notBefore, notAfter, { list: extensions })

  it('G10 are believed whatever their issuer signs with: brainpool, P-384, P-521, RSA', async () => {
    for (const key of ['ec-brainpool256', 'ec-p384', 'ec-p521', 'rsa-2048'] as const) {
      const authority = await issueCertificate({ commonName: 'Authority', usage: 'ca', key, ...dates })
      const one = await leaf({ serial: 9n }, authority)
      const told = (serials: readonly bigint[]) => judged(one, [issueCrl(authority, serials, notBefore, notAfter)], authority)
      expect(await told([9n]), key).to.deep.equal(['revoked', 'revoked'])
      expect(await told([8n]), key).to.deep.equal(['valid', 'good'])
    }
  })

  it('G10 name a certificate whose serial number its authority wrote without the zero that makes it positive', async () => {
    const negative = await leaf({ serial: -102n })
    expect(serialDecimal(negative.certificate)).to.equal('-102')
    expect(await judged(negative, [list([-102n])])).to.deep.equal(['revoked', 'revoked'])
    // the same octets, with the zero
    expect(await judged(negative, [list([154n])])).to.deep.equal(['revoked', 'revoked'])
    expect(await judged(negative, [list([102n])])).to.deep.equal(['valid', 'good'])
  })

  it('G10 are not believed where their issuer may sign certificates only', async () => {
    const certificatesOnly = writeExtension('2.5.29.15', true, writeTlv(TAG.bitString, Buffer.from([2, 0b0000_0100])))
    const spec = { usage: 'none', ca: true, key: 'ec-p256', extensions: [certificatesOnly], ...dates } as const
    const authority = await issueCertificate({ commonName: 'Authority', ...spec })
    const one = await leaf({ serial: 9n }, authority)
    expect(await judged(one, [], authority)).to.deep.equal(['valid', undefined])
    for (const serials of [[9n], []])
      expect(await judged(one, [issueCrl(authority, serials, notBefore, notAfter)], authority)).to.deep.equal(['unchecked', undefined])
  })

  it('G10 about others say nothing of a certificate, neither good nor doubtful', async () => {
    const one = await leaf({ serial: 9n })
    for (const tag of [0x82, 0x85]) expect(await judged(one, [list([], part(writeTlv(tag, yes)))])).to.deep.equal(['valid', undefined])
    expect(await judged(one, [list([], part(writeTlv(0x81, yes)))])).to.deep.equal(['valid', 'good'])
    // a fresh list of CAs does not make the stale one of users good
    const stale = issueCrl(root, [], notBefore, new Date('2026-02-01'), { list: [part(writeTlv(0x81, yes))] })
    expect(await judged(one, [stale, list([], part(writeTlv(0x82, yes)))])).to.deep.equal(['unchecked', undefined])
  })

  it('G10 of one distribution point speak of the certificates that name it', async () => {
    const here = 'http://crl.example/1.crl'
    const points = writeExtension('2.5.29.31', false, writeTlv(TAG.sequence, writeTlv(TAG.sequence, point(here))))
    const one = await leaf({ serial: 9n, extensions: [points] })
    expect(await judged(one, [list([], part(point(here)))])).to.deep.equal(['valid', 'good'])
    expect(await judged(one, [list([], part(point('http://crl.example/2.crl')))])).to.deep.equal(['valid', undefined])
    // what is listed is revoked, wherever
    expect(await judged(one, [list([9n], part(point('http://crl.example/2.crl')))])).to.deep.equal(['revoked', 'revoked'])
  })

  it('G10 of changes or of some reasons tell who is revoked, and by themselves nobody good', async () => {
    const one = await leaf({ serial: 9n })
    for (const some of [delta, part(writeTlv(0x83, Buffer.from('0640', 'hex')))]) {
      expect(await judged(one, [list([], some)])).to.deep.equal(['unchecked', undefined])
      expect(await judged(one, [list([], some), list([])])).to.deep.equal(['valid', 'good'])
      expect(await judged(one, [list([9n], some), list([])])).to.deep.equal(['revoked', 'revoked'])
    }
    const removed = { list: [delta], entry: [writeExtension('2.5.29.21', false, Buffer.from('0a0108', 'hex'))] }
    expect(await judged(one, [issueCrl(root, [9n], notBefore, notAfter, removed), list([])])).to.deep.equal(['valid', 'good'])
  })

  it('G10 of several authorities revoke nobody whose serial number another one used', async () => {
    const one = await leaf({ serial: 9n })
    const named = ({ certificate }: KeyPair) => {
      const name = writeTlv(TAG.sequence, writeTlv(0xa4, rawSubject(certificate)))
      return issueCrl(root, [9n], notBefore, notAfter, {
        list: [part(writeTlv(0x84, yes))],
        entry: [writeExtension('2.5.29.29', true, name)],
      })
    }
    const other = await issueCertificate({ commonName: 'Other', usage: 'ca', key: 'ec-p256', ...dates })
    expect(await judged(one, [named(other)])).to.deep.equal(['valid', 'good'])
    expect(await judged(one, [named(root)])).to.deep.equal(['revoked', 'revoked'])
  })

  it('are not believed with a critical extension that nobody understands', async () => {
    const odd = writeExtension('1.2.3.4', true, Buffer.from('0500', 'hex'))
    expect(await judged(await leaf(), [list([], odd)])).to.deep.equal(['unchecked', undefined])
  })
})
