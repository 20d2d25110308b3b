// SPDX-License-Identifier: EUPL-1.2
/**
 * RFC 3161 against `openssl ts`: what is accepted, and one refusal per way to be wrong.
 * @module
 */
import { expect } from 'chai'
import { createHash, randomBytes, type X509Certificate } from 'node:crypto'
import { ProtektorError } from '../../src/errors.js'
import { issuerAndSerial } from '../../src/pki/certificate.js'
import { expectTag, readAll, readTlv, TAG, writeInteger, writeTlv } from '../../src/pki/der.js'
import { timestampRequest, timestampVerifier, type TimestampQuestion, type TimestampTrust } from '../../src/pki/timestamp.js'
import { openAuthority, type OpensslAuthority, type SignerName } from './openssl-authority.js'

const TST_INFO = '1.2.840.113549.1.9.16.1.4'

describe('time stamps by RFC 3161', () => {
  let authority: OpensslAuthority
  let trust: TimestampTrust
  let question: TimestampQuestion
  let good: Uint8Array

  const ask = (): TimestampQuestion => ({ sha256: createHash('sha256').update(randomBytes(20)).digest(), nonce: randomBytes(8) })
  const reply = (signer: SignerName, options?: Parameters<OpensslAuthority['reply']>[2]) =>
    authority.reply(timestampRequest(question), signer, options)

  async function verdict(answer: Uint8Array, roots: readonly X509Certificate[] = trust.certificates, at = new Date()): Promise<string> {
    try {
      await timestampVerifier({ ...trust, certificates: roots })(answer, question, at)
      return 'accepted'
    } catch (error) {
      expect(error).to.be.instanceOf(ProtektorError)
      return (error as ProtektorError).finding
    }
  }

  before(async () => {
    authority = await openAuthority()
    trust = { certificates: [authority.certificates.root] }
    question = ask()
    good = await reply('rsa')
  })
  after(() => authority.close())

  it('accepts a token under a configured root and gives it byte for byte; openssl accepts it too', async () => {
    const at = new Date()
    const { token, genTime } = await timestampVerifier(trust)(good, question, at)
    expect(Buffer.from(good).subarray(-token.length).equals(token)).to.equal(true)
    expect(Math.abs(genTime.getTime() - at.getTime())).to.be.lessThan(60_000)
    expect(await authority.accepts(token, question.sha256)).to.equal(true)
  })

  it('accepts RSA, brainpool, and certificate identifiers by SHA-1 and SHA-256', async () => {
    expect(await verdict(await reply('brainpool'))).to.equal('accepted')
    expect(await verdict(await reply('rsa', { ess: 'sha1' }))).to.equal('accepted')
  })

  it('accepts the authority’s own certificate or an intermediate in place of the root', async () => {
    const { rsa, sub, brainpool } = authority.certificates
    expect(await verdict(good, [rsa])).to.equal('accepted')
    expect(await verdict(good, [sub])).to.equal('accepted')
    expect(await verdict(good, [brainpool])).to.equal('timestamp.foreign-signer')
    expect(await verdict(good, [])).to.equal('timestamp.foreign-signer')
  })

  it('accepts a request whose nonce begins with zeros', async () => {
    question = { ...question, nonce: Buffer.from('00000000000000ff', 'hex') }
    expect(await verdict(await reply('rsa'))).to.equal('accepted')
    question = ask()
    good = await reply('rsa')
  })

  it('refuses a stamp of something else, and an answer to another request', async () => {
    const other = ask()
    const replayed = await authority.reply(timestampRequest({ ...question, nonce: other.nonce }), 'rsa')
    const elsewhere = await authority.reply(timestampRequest({ ...question, sha256: other.sha256 }), 'rsa')
    expect(await verdict(replayed)).to.equal('timestamp.wrong-nonce')
    expect(await verdict(elsewhere)).to.equal('timestamp.wrong-imprint')
  })

  it('refuses a foreign signer, an expired one, and tells them apart', async () => {
    expect(await verdict(await reply('foreign'))).to.equal('timestamp.foreign-signer')
    expect(await verdict(await reply('expired'))).to.equal('timestamp.signer-out-of-time')
    expect(await verdict(await reply('expired'), [authority.certificates.expired])).to.equal('timestamp.signer-out-of-time')
  })

  it('refuses a revoked signer, and one whose revocation list is too old', async () => {
    const crl = await authority.revoke('brainpool')
    const answer = await reply('brainpool')
    const judge = async (at: Date) => {
      const failed = timestampVerifier({ ...trust, crls: [crl] })(answer, question, at)
      return failed.then(
        () => 'accepted',
        (error: unknown) => (error as ProtektorError).finding,
      )
    }
    expect(await judge(new Date())).to.equal('timestamp.signer-revoked')
    question = ask()
    const stale = { ...trust, crls: [crl] }
    const other = await timestampVerifier(stale)(await reply('rsa'), question, new Date(Date.now() + 3 * 86_400_000)).catch(
      (error: unknown) => error,
    )
    expect((other as ProtektorError).finding).to.equal('timestamp.signer-unchecked')
    good = await reply('rsa')
  })

  it('refuses an answer that is not granted', async () => {
    expect(await verdict(await reply('rsa', { choosy: true }))).to.equal('timestamp.not-granted')
  })

  it('refuses a time that is not ours', async () => {
    const { genTime } = await timestampVerifier(trust)(good, question, new Date())
    for (const minutes of [-6, 6])
      expect(await verdict(good, undefined, new Date(genTime.getTime() + minutes * 60_000))).to.equal('timestamp.implausible-time')
    for (const minutes of [-4, 4])
      expect(await verdict(good, undefined, new Date(genTime.getTime() + minutes * 60_000))).to.equal('accepted')
  })

  it('refuses signers that may do other things, or more than stamp', async () => {
    const info = tstInfo(good)
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'mail', ['-cades'])))).to.equal('timestamp.signer-purpose')
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'loose', ['-cades'])))).to.equal('timestamp.signer-purpose')
  })

  it('accepts RSA-PSS over SHA-256, and refuses PSS over SHA-1', async () => {
    const info = tstInfo(good)
    const pss = ['-cades', '-keyopt', 'rsa_padding_mode:pss']
    // the signer's issuer is not in the message, so it is configured
    const { rsa } = authority.certificates
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'rsa', pss)), [rsa])).to.equal('accepted')
    const sha1 = [...pss, '-keyopt', 'rsa_mgf1_md:sha1']
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'rsa', sha1)), [rsa])).to.equal('timestamp.bad-signature')
  })

  it('refuses a signature that does not name its certificate, is over another type, or by weak hashes', async () => {
    const info = tstInfo(good)
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'rsa', [])))).to.equal('timestamp.bad-signature')
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'rsa', ['-noattr'])))).to.equal('timestamp.unreadable')
    expect(await verdict(granted(await authority.sign(info, '1.2.840.113549.1.7.1', 'rsa', ['-cades'])))).to.equal('timestamp.unreadable')
    expect(await verdict(granted(await authority.sign(info, TST_INFO, 'rsa', ['-cades', '-md', 'sha1'])))).to.equal('timestamp.unreadable')
  })

  it('refuses a token whose signer is another than the signed attribute names', async () => {
    const { rsa, brainpool } = authority.certificates
    const swapped = replaced(replaced(Buffer.from(good), issuerAndSerial(rsa), issuerAndSerial(brainpool)), rsa.raw, brainpool.raw)
    expect(await verdict(swapped, [brainpool])).to.equal('timestamp.bad-signature')
  })

  it('refuses garbage, cuts, additions', async () => {
    const bytes = Buffer.from(good)
    for (const odd of [
      new Uint8Array(),
      Buffer.from('<html>'),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, bytes]),
      granted(Buffer.alloc(0)),
    ])
      expect(await verdict(odd)).to.equal('timestamp.unreadable')
  })

  it('never throws anything else, and never gives another time, for answers with a changed byte', async () => {
    const { genTime } = await timestampVerifier(trust)(good, question, new Date())
    let accepted = 0
    for (let i = 0; i < good.length; i++) {
      const bytes = Buffer.from(good)
      bytes[i] = (bytes[i] ?? 0) ^ 1
      try {
        const stamp = await timestampVerifier(trust)(bytes, question, new Date())
        expect(stamp.genTime).to.deep.equal(genTime)
        accepted++
      } catch (error) {
        expect((error as ProtektorError).finding).to.match(/^timestamp\./)
      }
    }
    // status 1, versions and digest list of SignedData: nobody signed them
    expect(accepted).to.be.lessThan(40)
  })
})

/** The TSTInfo inside an answer. */
function tstInfo(answer: Uint8Array): Buffer {
  const token = readAll(readTlv(Buffer.from(answer)).value)[1]
  const signedData = readAll(readTlv(readAll(expectTag(token, TAG.sequence))[1]?.value ?? Buffer.alloc(0)).value)
  return readTlv(readAll(expectTag(signedData[2], TAG.sequence))[1]?.value ?? Buffer.alloc(0)).value
}

/** An answer that grants a token. */
function granted(token: Uint8Array): Buffer {
  return writeTlv(TAG.sequence, writeTlv(TAG.sequence, writeInteger(0n)), Buffer.from(token))
}

/** Puts DER elements in place of others, all lengths above mended. */
function replaced(bytes: Buffer, from: Buffer, to: Buffer): Buffer {
  return Buffer.concat(
    readAll(bytes).map(({ tag, value, raw }) => {
      if (raw.equals(from)) return to
      return (tag & 0x20) === 0 || !raw.includes(from) ? raw : writeTlv(tag, replaced(value, from, to))
    }),
  )
}
