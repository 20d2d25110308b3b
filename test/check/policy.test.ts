// SPDX-License-Identifier: EUPL-1.2
/**
 * The policy layer: forbidden is an error, legacy and small keys are warnings (threat model §7, "Offline inspection").
 * @module
 */
import { expect } from 'chai'
import { Journal } from '../../src/check/journal.js'
import { algorithmFinding, judgeEncryption, judgeKey, judgeSignature } from '../../src/check/policy.js'
import { ALGORITHM_DATES } from '../../src/check/policy-dates.js'
import { issueCertificate, type TestKey } from '../../src/pki/test-pki.js'
import type { Where } from '../../src/xml/algorithms.js'
import type { Signature } from '../../src/xml/dsig.js'
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
  at = '2026-11-24T09:00:00Z',
) {
  const layer = `${where}-encryption` as const
  const data: EncryptedData = {
    layer,
    element: element(ENC, 'xenc', 'EncryptedData'),
    cipher,
    keys: [{ layer, keyTransport, wrapped: new Uint8Array(0) }],
    ...(ivLength === undefined ? {} : { ivLength }),
  }
  const journal = new Journal(new Date(at))
  judgeEncryption(journal, data, where)
  return { verdict: journal.verdict, found: journal.findings.map((f) => `${f.severity} ${f.id}`) }
}

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE07 = 'http://www.w3.org/2007/05/xmldsig-more#'

type Days = readonly (readonly [day: string, found: string | undefined])[]
const since = (before: string, first: string): Days => [
  [before, 'not-yet-in-profile'],
  [first, undefined],
]
const KORR2 = since('2008-01-31', '2008-02-01')
const KORR3 = since('2010-10-31', '2010-11-01')
const KORR4 = since('2014-02-19', '2014-02-20')
const KORR5 = since('2016-12-31', '2017-01-01')
const PKCS1: Days = [...KORR2, ['2018-12-31', undefined], ['2019-01-01', 'discouraged-algorithm']]
const over = (last: string, next: string, now: string): Days => [
  [last, 'once-allowed'],
  [next, now],
]
const SHA1 = over('2008-06-30', '2008-07-01', 'forbidden-algorithm')
const RIPEMD160 = over('2010-12-31', '2011-01-01', 'forbidden-algorithm')
const LAST_CBC = { transport: ['2019-11-14', '2019-11-15'], content: ['2019-10-31', '2019-11-01'] } as const
const cbc = (content: string) => ({
  transport: over(...LAST_CBC.transport, 'forbidden-algorithm'),
  content: over(...LAST_CBC.content, content),
})
const sealing = (days: Days) => ({ transport: days, content: days })
const signing = (days: Days) => ({ signature: days })

/** What each algorithm was on the days beside its dates. */
const DAYS: Readonly<Record<string, Partial<Readonly<Record<Where, Days>>>>> = {
  [`${ENC}sha256`]: { ...signing(KORR2), ...sealing(KORR2) },
  [`${ENC}sha512`]: { ...signing(KORR2), ...sealing(KORR2) },
  [`${MORE07}sha3-256`]: signing(KORR5),
  [`${MORE07}sha3-384`]: signing(KORR5),
  [`${MORE07}sha3-512`]: signing(KORR5),
  [`${DSIG}sha1`]: { ...signing(SHA1), ...sealing(SHA1) },
  [`${DSIG}rsa-sha1`]: signing(SHA1),
  [`${ENC}ripemd160`]: signing(RIPEMD160),
  [`${MORE}rsa-ripemd160`]: signing(RIPEMD160),
  'http://www.w3.org/2001/04/xmldsig-more/rsa-ripemd160': signing(RIPEMD160),
  [`${MORE07}sha256-rsa-MGF1`]: signing(KORR4),
  [`${MORE07}sha512-rsa-MGF1`]: signing(KORR4),
  [`${MORE07}sha3-256-rsa-MGF1`]: signing(KORR5),
  [`${MORE07}sha3-384-rsa-MGF1`]: signing(KORR5),
  [`${MORE07}sha3-512-rsa-MGF1`]: signing(KORR5),
  [`${MORE}rsa-sha256`]: signing(PKCS1),
  [`${MORE}rsa-sha512`]: signing(PKCS1),
  [`${MORE}ecdsa-sha256`]: signing(KORR3),
  [`${MORE}ecdsa-sha512`]: signing(KORR3),
  [`${MORE}ecdsa-sha384`]: signing(since('2025-05-25', '2025-05-26')),
  [`${ENC11}aes128-gcm`]: sealing(KORR5),
  [`${ENC11}aes192-gcm`]: sealing(KORR5),
  [`${ENC11}aes256-gcm`]: sealing(KORR5),
  [`${ENC}aes128-cbc`]: cbc('legacy-algorithm'),
  [`${ENC}aes192-cbc`]: cbc('legacy-algorithm'),
  [`${ENC}aes256-cbc`]: cbc('legacy-algorithm'),
  [`${ENC}tripledes-cbc`]: cbc('forbidden-algorithm'),
  [`${ENC11}rsa-oaep`]: sealing(KORR4),
  [`${ENC}rsa-1_5`]: {
    transport: over('2022-12-12', '2022-12-13', 'forbidden-algorithm'),
    content: over('2022-12-12', '2022-12-13', 'legacy-algorithm'),
  },
}

describe('policy layer', () => {
  it('has days for every algorithm with dates', () => {
    expect(Object.keys(DAYS).sort()).to.deep.equal(Object.keys(ALGORITHM_DATES).sort())
  })

  for (const [uri, places] of Object.entries(DAYS))
    it(`${uri} on the days beside its dates`, () => {
      for (const [where, days] of Object.entries(places))
        expect(
          days.map(([day]) => [day, algorithmFinding(uri, where as Where, day)]),
          where,
        ).to.deep.equal(days)
    })

  it('each of these is told with its own severity and date, by the day in Germany', () => {
    const told = (where: 'transport' | 'content', cipher: string, at: string) => judged(where, cipher, OAEP, 12, at).found
    expect(told('transport', `${ENC}aes256-cbc`, '2019-11-14T22:59:59Z')).to.deep.equal(['info policy.once-allowed'])
    expect(told('transport', `${ENC}aes256-cbc`, '2019-11-14T23:00:00Z')).to.deep.equal(['error policy.forbidden-algorithm'])
    expect(told('content', `${ENC}aes256-cbc`, '2019-10-31T23:00:00Z')).to.deep.equal(['warning policy.legacy-algorithm'])
    expect(told('content', `${ENC11}aes256-gcm`, '2016-12-31T22:59:59Z')).to.deep.equal(['warning policy.not-yet-in-profile'])
    expect(told('content', `${ENC11}aes256-gcm`, '2016-12-31T23:00:00Z')).to.deep.equal([])
    const iv16 = (at: string) => judged('content', `${ENC11}aes256-gcm`, OAEP, 16, at).found
    expect([iv16('2020-01-31T22:59:59Z'), iv16('2020-01-31T23:00:00Z')]).to.deep.equal([[], ['warning policy.gcm-iv16']])
    const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
    const signature: Signature = {
      layer: 'message-signature',
      element: element(DSIG, 'ds', 'Signature'),
      signedInfo: element(DSIG, 'ds', 'SignedInfo'),
      canonicalizationMethod: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
      signatureMethod: `${MORE}rsa-sha256`,
      references: [],
      signatureValue: new Uint8Array(0),
      retrievalUri: 'signer',
      objects: [],
    }
    judgeSignature(journal, signature)
    expect(journal.findings.map((f) => `${f.severity} ${f.id}`)).to.deep.equal(['info policy.discouraged-algorithm'])
  })

  it('a small RSA key was in order until the end of 2023', async () => {
    const dates = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
    const { certificate } = await issueCertificate({ commonName: 'Somebody', usage: 'signature', key: 'rsa-2048', ...dates })
    for (const [at, found] of [
      ['2023-12-31T22:59:59Z', []],
      ['2023-12-31T23:00:00Z', ['policy.small-key']],
    ] as const) {
      const journal = new Journal(new Date(at))
      judgeKey(journal, certificate, {})
      expect(journal.findings.map(({ id }) => id)).to.deep.equal(found)
    }
  })

  it('a certificate that its issuer signed over SHA-1 is told', async () => {
    const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
    const { certificate } = await issueCertificate({
      commonName: 'Somebody',
      usage: 'signature',
      key: 'rsa-3072',
      signedWith: 'sha1',
      ...dates,
    })
    const journal = new Journal(new Date('2026-11-24T09:00:00Z'))
    judgeKey(journal, certificate, {})
    expect(journal.findings.map((f) => [f.severity, f.id, f.detail])).to.deep.equal([
      ['warning', 'policy.certificate-signature', 'RSA SHA-1: CN=Somebody,O=Protektor Test,C=DE'],
    ])
  })

  it('the preferred algorithms give no finding', () => {
    for (const where of ['transport', 'content'] as const)
      expect(judged(where, `${ENC11}aes256-gcm`, OAEP, 12)).to.deep.equal({ verdict: 'valid', found: [] })
  })

  it('GCM with 16 bytes of IV, said or unsaid, is a warning', () => {
    for (const iv of [undefined, 16])
      expect(judged('transport', `${ENC11}aes256-gcm`, OAEP, iv)).to.deep.equal({ verdict: 'valid', found: ['warning policy.gcm-iv16'] })
  })

  it('another length of IV is an error, also where no key would try it', () => {
    for (const iv of [0, 8, 13, 17])
      expect(judged('content', `${ENC11}aes256-gcm`, OAEP, iv).found).to.deep.equal(['error policy.forbidden-algorithm'])
    expect(judged('content', `${ENC}aes256-cbc`, OAEP, 8).found).to.deep.equal(['warning policy.legacy-algorithm'])
  })

  it('OAEP that leaves digest or mask unsaid means SHA-1, an error', () => {
    const { algorithm, digest, mgf } = OAEP
    for (const [unsaid, count] of [
      [{ algorithm, digest }, 1],
      [{ algorithm, mgf }, 1],
      [{ algorithm }, 2],
    ] as const)
      // prettier-ignore
      expect(judged('content', `${ENC11}aes256-gcm`, unsaid, 12).found.filter((f) => f === 'error policy.forbidden-algorithm')).to.have.length(
        count,
      )
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
      judgeKey(journal, certificate, {})
      judgeKey(journal, certificate, {})
      expect(journal.findings.map((f) => `${f.severity} ${f.id}`)).to.deep.equal(found)
    })
})
