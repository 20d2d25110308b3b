// SPDX-License-Identifier: EUPL-1.2
/**
 * The policy layer: forbidden is an error, legacy and small keys are warnings (threat model §7, "Offline inspection").
 * @module
 */
import { expect } from 'chai'
import { Journal } from '../../src/check/journal.js'
import { judgeEncryption, judgeKey } from '../../src/check/policy.js'
import { issueCertificate, type TestKey } from '../../src/pki/test-pki.js'
import type { EncryptedData } from '../../src/xml/xenc.js'
import { element } from '../../src/xml/tree.js'

const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'
const OAEP = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` }
const RSA15 = { algorithm: `${ENC}rsa-1_5` }

function judged(
  where: 'transport' | 'content',
  cipher: string,
  keyTransport: EncryptedData['keys'][number]['keyTransport'],
  ivLength?: number,
) {
  const layer = `${where}-encryption` as const
  const data: EncryptedData = {
    layer,
    element: element(ENC, 'xenc', 'EncryptedData'),
    cipher,
    keys: [{ layer, keyTransport, wrapped: new Uint8Array(0) }],
    ...(ivLength === undefined ? {} : { ivLength }),
  }
  const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
  judgeEncryption(journal, data, where)
  return { verdict: journal.verdict, found: journal.findings.map((f) => `${f.severity} ${f.id}`) }
}

describe('policy layer', () => {
  it('the preferred algorithms give no finding', () => {
    for (const where of ['transport', 'content'] as const)
      expect(judged(where, `${ENC11}aes256-gcm`, OAEP, 12)).to.deep.equal({ verdict: 'valid', found: [] })
  })

  it('GCM with 16 bytes of IV, said or unsaid, is a warning', () => {
    for (const iv of [undefined, 16])
      expect(judged('transport', `${ENC11}aes256-gcm`, OAEP, iv)).to.deep.equal({ verdict: 'valid', found: ['warning policy.gcm-iv16'] })
  })

  it('CBC and RSA 1.5 are errors on the transport and warnings in content', () => {
    expect(judged('transport', `${ENC}aes256-cbc`, RSA15)).to.deep.equal({
      verdict: 'invalid',
      found: ['error policy.forbidden-algorithm', 'error policy.forbidden-algorithm'],
    })
    expect(judged('content', `${ENC}aes256-cbc`, RSA15)).to.deep.equal({
      verdict: 'valid',
      found: ['warning policy.legacy-algorithm', 'warning policy.legacy-algorithm'],
    })
  })

  it('Triple DES, OAEP over SHA-1 and what the table does not know are errors everywhere', () => {
    for (const where of ['transport', 'content'] as const) {
      expect(judged(where, `${ENC}tripledes-cbc`, OAEP).verdict).to.equal('invalid')
      expect(judged(where, `${ENC11}aes256-gcm`, { ...OAEP, mgf: `${ENC11}mgf1sha1` }, 12).verdict).to.equal('invalid')
      expect(judged(where, 'urn:nobody', OAEP).verdict).to.equal('invalid')
    }
  })

  for (const [key, found] of [
    ['rsa-2048', ['warning policy.small-key']],
    ['rsa-3072', []],
    ['ec-p256', []],
    ['ec-brainpool256', []],
  ] as const satisfies readonly (readonly [TestKey, readonly string[]])[])
    it(`a certificate with a key of kind ${key}: ${found.join(', ') || 'no finding'}`, async () => {
      const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
      const { certificate } = await issueCertificate({ commonName: 'Somebody', usage: 'signature', key, ...dates })
      const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
      judgeKey(journal, certificate)
      judgeKey(journal, certificate)
      expect(journal.findings.map((f) => `${f.severity} ${f.id}`)).to.deep.equal(found)
    })
})
