// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificate inspection: every role against every state of a certificate, and what the inspection report says of it.
 * @module
 */
import { expect } from 'chai'
import type { X509Certificate } from 'node:crypto'
import { GATEWAY_LIMITS, type TrustStore } from '../../../src/env.js'
import { INSPECTION_ROWS, makeInspector } from '../../../src/gateway/intermediary/inspect.js'
import type { InspectionResult } from '../../../src/gateway/intermediary/ports.js'
import { feedbackRow } from '../../../src/osci/feedback.js'
import { CERTIFICATE_ORDER, type CertificateRole } from '../../../src/osci/messages.js'
import { OSCI } from '../../../src/osci/names.js'
import { processCardBundle } from '../../../src/osci/parts.js'
import type { CertificateEntry } from '../../../src/osci/types.js'
import { readCertificate } from '../../../src/pki/certificate.js'
import { TAG, writeOid, writeTlv } from '../../../src/pki/der.js'
import type { KeyPair } from '../../../src/pki/keystore.js'
import { trustStore } from '../../../src/pki/path.js'
import { pinnedTrust } from '../../../src/pki/pinned.js'
import { issueCertificate, issueCrl, writeExtension, type TestCertificateSpec } from '../../../src/pki/test-pki.js'
import { parseXml } from '../../../src/xml/gate.js'
import { element } from '../../../src/xml/tree.js'
import { writeXml } from '../../../src/xml/write.js'

const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2030-01-01T00:00:00Z') }
const at = new Date('2027-06-01T12:00:00.123Z')
const LISTED = new Date('2027-05-31T00:00:00Z')

/** The table of osci-1.2 §9.3, written down a second time: out of period, math wrong, revoked, not complete. */
const TABLE: Readonly<Record<string, readonly [string, string, string, string]>> = {
  clientCipher: ['3500', '9501', '9502', '3501'],
  clientSignature: ['3700', '9700', '9701', '3707'],
  recipientSignature: ['3708', '9711', '9712', '3707'],
  SignatureCertificateOriginator: ['3701', '3702', '3703', '3707'],
  SignatureCertificateOtherAuthor: ['3701', '3702', '3703', '3707'],
  CipherCertificateOriginator: ['3704', '9704', '9705', '3707'],
  CipherCertificateOtherAuthor: ['3704', '9704', '9705', '3707'],
  CipherCertificateAddressee: ['3705', '9706', '9707', '3707'],
  CipherCertificateOtherReader: ['3706', '9708', '9709', '3707'],
  SignatureCertificateAddressee: ['3708', '9711', '9712', '3707'],
}
const SINGLE = ['clientCipher', 'clientSignature', 'recipientSignature'] as const

describe('certificate inspection', () => {
  let root: KeyPair
  let trust: TrustStore
  const made: Record<'good' | 'expired' | 'forged' | 'revoked' | 'foreign', X509Certificate> = {} as never
  const leaf = async (spec: Partial<TestCertificateSpec> = {}, issuer: KeyPair | undefined = root) =>
    (await issueCertificate({ commonName: 'Leaf', usage: 'both', key: 'ec-p256', ...dates, ...spec }, issuer)).certificate
  const foreignIssuer = () => issueCertificate({ commonName: 'Foreign', usage: 'ca', key: 'ec-p256', ...dates })

  before(async () => {
    root = await issueCertificate({ commonName: 'Root', usage: 'ca', key: 'rsa-2048', ...dates })
    made.good = await leaf({ serial: 7n })
    made.expired = await leaf({ notAfter: new Date('2027-01-01T00:00:00Z') })
    const bytes = Buffer.from((await leaf()).raw)
    bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1
    made.forged = readCertificate(bytes)
    made.revoked = await leaf({ serial: 4711n })
    made.foreign = await leaf({}, await foreignIssuer())
    trust = trustStore({ roots: [root.certificate], crls: [issueCrl(root, [4711n], LISTED, dates.notAfter)] })
  })

  const entry = (role: CertificateRole, certificate: X509Certificate | Uint8Array): CertificateEntry => {
    const der = new Uint8Array('raw' in certificate ? certificate.raw : certificate)
    return { role, id: `${role}_${der.length}`, der }
  }

  function ask(role: string, certificate: X509Certificate, store = trust): Promise<InspectionResult> {
    const inspector = makeInspector({ trust: store })
    const single = SINGLE.find((name) => name === role)
    return single === undefined
      ? inspector.delivery([entry(role as CertificateRole, certificate)], at)
      : inspector.single(certificate, single, at)
  }

  const codesOf = ({ warnings, refusal }: InspectionResult) => [...warnings, ...(refusal === undefined ? [] : [refusal])]
  const resultsOf = ({ inspections }: InspectionResult) =>
    inspections.map((one) => [one.mathResult.result, one.offlineResult.result, one.onlineResult?.result, one.certType.type])

  for (const [role, [outOfPeriod, mathWrong, revoked, notComplete]] of Object.entries(TABLE)) {
    it(`${role}: answers ${outOfPeriod} out of period, ${mathWrong} forged, ${revoked} revoked, ${notComplete} of unknown issuer, else nothing`, async () => {
      const told = new Map<string, readonly string[]>()
      for (const [state, certificate] of Object.entries(made)) told.set(state, codesOf(await ask(role, certificate)))
      expect(Object.fromEntries(told)).to.deep.equal({
        good: [],
        expired: [outOfPeriod],
        forged: [mathWrong],
        revoked: [revoked],
        foreign: [notComplete],
      })
    })
  }

  it('has codes of the feedback table only, and produces every one of them', async () => {
    const all = new Set(Object.values(INSPECTION_ROWS).flatMap(({ usage: _usage, ...codes }) => Object.values(codes)))
    const broken: TrustStore = { check: () => Promise.reject(new Error('down')) }
    const seen = new Set<string>()
    for (const role of Object.keys(TABLE)) {
      for (const certificate of Object.values(made)) for (const code of codesOf(await ask(role, certificate))) seen.add(code)
      for (const code of codesOf(await ask(role, made.good, broken))) seen.add(code)
    }
    expect([...seen].sort()).to.deep.equal([...all].sort())
    expect([...all].filter((code) => feedbackRow(code) === undefined)).to.deep.equal([])
  })

  it('answers 9710 for a failure of its own, 9503 where the client is to be encrypted for, and then reports nothing', async () => {
    const broken: TrustStore = { check: () => Promise.reject(new Error('down')) }
    const failed = await ask('CipherCertificateAddressee', made.good, broken)
    expect(failed).to.deep.equal({ inspections: [], warnings: [], refusal: '9710' })
    expect((await ask('clientCipher', made.good, broken)).refusal).to.equal('9503')
  })

  it('reports the three results and the type of each state', async () => {
    const results: Record<string, unknown> = {}
    for (const [state, certificate] of Object.entries(made))
      results[state] = resultsOf(await ask('SignatureCertificateOtherAuthor', certificate))[0]
    expect(results).to.deep.equal({
      good: ['ok', 'valid', 'ok', 'advanced'],
      expired: ['ok', 'invalid', 'ok', 'advanced'],
      forged: ['corrupted', 'indeterminate', undefined, 'unknown'],
      revoked: ['ok', 'valid', 'revoked', 'advanced'],
      foreign: ['indeterminate', 'indeterminate', undefined, 'unknown'],
    })
  })

  it('writes names by RFC 2253, the serial number in digits, times in UTC with milliseconds, the date of the list', async () => {
    const [inspection] = (await ask('CipherCertificateAddressee', made.good)).inspections
    expect(inspection).to.deep.equal({
      timestamp: { plain: '2027-06-01T12:00:00.123Z' },
      subjectName: 'CN=Leaf,O=Protektor Test,C=DE',
      issuerName: 'CN=Root,O=Protektor Test,C=DE',
      serialNumber: '7',
      certType: { type: 'advanced' },
      mathResult: { result: 'ok' },
      offlineResult: { result: 'valid' },
      onlineResult: { result: 'ok', crl: LISTED.toISOString() },
    })
  })

  it('tells nothing of an online check when no revocation list speaks for the issuer', async () => {
    const answer = await ask('CipherCertificateAddressee', made.revoked, trustStore({ roots: [root.certificate] }))
    expect(answer.inspections[0]).not.to.have.property('onlineResult')
    expect(codesOf(answer)).to.deep.equal([])
  })

  it('answers 3707 without OnlineResult when the revocation list is too old', async () => {
    const old = issueCrl(root, [], dates.notBefore, new Date('2026-02-01'))
    const answer = await ask('CipherCertificateAddressee', made.good, trustStore({ roots: [root.certificate], crls: [old] }))
    expect(codesOf(answer)).to.deep.equal(['3707'])
    expect(resultsOf(answer)).to.deep.equal([['ok', 'valid', undefined, 'advanced']])
  })

  it('says both when two things are wrong: expired of an unknown issuer, expired and revoked', async () => {
    const past = { notAfter: new Date('2027-01-01T00:00:00Z') }
    const foreign = await ask('CipherCertificateAddressee', await leaf(past, await foreignIssuer()))
    expect(codesOf(foreign)).to.deep.equal(['3705', '3707'])
    expect(resultsOf(foreign)).to.deep.equal([['indeterminate', 'invalid', undefined, 'unknown']])
    const revoked = await ask('CipherCertificateAddressee', await leaf({ ...past, serial: 4711n }))
    expect(codesOf(revoked)).to.deep.equal(['3705', '9707'])
    expect(resultsOf(revoked)).to.deep.equal([['ok', 'invalid', 'revoked', 'advanced']])
  })

  it('answers 3707 and invalid for a key that is not for this use, and for the certificate of a CA', async () => {
    for (const certificate of [await leaf({ usage: 'signature' }), root.certificate]) {
      const answer = await ask('CipherCertificateAddressee', certificate)
      expect(codesOf(answer)).to.deep.equal(['3707'])
      expect(resultsOf(answer)[0]?.[1]).to.equal('invalid')
    }
  })

  it('leaves open what an issuer signed over SHA-1: neither right nor forged', async () => {
    const answer = await ask('CipherCertificateAddressee', await leaf({ signedWith: 'sha1' }))
    expect(codesOf(answer)).to.deep.equal(['3707'])
    expect(resultsOf(answer)).to.deep.equal([['indeterminate', 'indeterminate', undefined, 'unknown']])
  })

  it('calls a certificate qualified when it says so itself and a root of ours stands above it, never else', async () => {
    const statement = writeTlv(TAG.sequence, writeTlv(TAG.sequence, writeOid('0.4.0.1862.1.1')))
    const other = writeTlv(TAG.sequence, writeTlv(TAG.sequence, writeOid('0.4.0.1862.1.4')))
    const claims = (value: Buffer) => ({ extensions: [writeExtension('1.3.6.1.5.5.7.1.3', false, value)] })
    const typeOf = async (certificate: X509Certificate) => resultsOf(await ask('SignatureCertificateOriginator', certificate))[0]?.[3]
    expect(await typeOf(await leaf(claims(statement)))).to.equal('qualified')
    expect(await typeOf(await leaf(claims(other)))).to.equal('advanced')
    expect(await typeOf(await leaf(claims(Buffer.from('3003020101', 'hex'))))).to.equal('advanced')
    expect(await typeOf(await leaf(claims(statement), await foreignIssuer()))).to.equal('unknown')
  })

  it('inspects a certificate once that comes in two roles, and answers the codes of both', async () => {
    const inspector = makeInspector({ trust })
    const roles = ['CipherCertificateOriginator', 'CipherCertificateAddressee', 'SignatureCertificateOriginator'] as const
    const answer = await inspector.delivery(
      roles.map((role) => entry(role, made.expired)),
      at,
    )
    expect(answer.inspections).to.have.length(1)
    expect(answer.warnings).to.deep.equal(['3704', '3705', '3701'])
    const mixed = await inspector.delivery(
      [entry('SignatureCertificateOriginator', await leaf({ usage: 'cipher' })), entry('CipherCertificateOriginator', made.good)],
      at,
    )
    expect(mixed.inspections.map((one) => one.offlineResult.result)).to.deep.equal(['invalid', 'valid'])
  })

  it('reports every certificate, each warning once, and the first refusal in the order of the message', async () => {
    const answer = await makeInspector({ trust }).delivery(
      [
        entry('CipherCertificateOriginator', made.foreign),
        entry('CipherCertificateAddressee', made.revoked),
        entry('CipherCertificateOtherReader', made.forged),
        entry('SignatureCertificateOtherAuthor', await leaf({}, await foreignIssuer())),
        entry('CipherCertificateIntermediary', made.expired),
      ],
      at,
    )
    expect(answer.inspections).to.have.length(4)
    expect(answer.warnings).to.deep.equal(['3707'])
    expect(answer.refusal).to.equal('9707')
  })

  it('without roots leaves everything open: indeterminate, 3707 once', async () => {
    const entries = [entry('CipherCertificateAddressee', made.good), entry('SignatureCertificateOriginator', made.revoked)]
    for (const store of [pinnedTrust([]), trustStore({ roots: [] })]) {
      const answer = await makeInspector({ trust: store }).delivery(entries, at)
      expect(codesOf(answer)).to.deep.equal(['3707'])
      for (const results of resultsOf(answer)) expect(results).to.deep.equal(['indeterminate', 'indeterminate', undefined, 'unknown'])
    }
  })

  it('understands stores that say no more than one word', async () => {
    const told: Record<string, readonly string[]> = {}
    for (const verdict of ['valid', 'expired', 'not-yet-valid', 'revoked', 'unknown', 'wrong-usage', 'bad-signature', 'unchecked'] as const)
      told[verdict] = codesOf(await ask('CipherCertificateAddressee', made.good, { check: async () => ({ verdict, path: [] }) }))
    expect(told).to.deep.equal({
      valid: [],
      expired: ['3705'],
      'not-yet-valid': ['3705'],
      revoked: ['9707'],
      unknown: ['3707'],
      'wrong-usage': ['3707'],
      'bad-signature': ['9706'],
      unchecked: ['3707'],
    })
  })

  it('lets others have their turn while a message with many certificates is checked', async () => {
    let turns = 0
    const entries = Array.from({ length: 64 }, (_, i) => entry('CipherCertificateOtherReader', Buffer.from([0x30, 1, i])))
    await makeInspector({ trust, breathe: async () => void turns++ }).delivery(entries, at)
    expect(turns).to.equal(4)
  })

  it('G10 answers as for a wrong issuer signature what cannot be read or named, and does not report it', async () => {
    const longSerial = await leaf({ serial: 1n << 500n })
    for (const der of [new Uint8Array(), Buffer.from('nonsense'), Buffer.alloc(20_000), new Uint8Array(longSerial.raw)]) {
      const answer = await makeInspector({ trust }).delivery([entry('CipherCertificateAddressee', der)], at)
      expect(answer).to.deep.equal({ inspections: [], warnings: [], refusal: '9706' })
      const author = await makeInspector({ trust }).delivery([entry('SignatureCertificateOriginator', der)], at)
      expect(author).to.deep.equal({ inspections: [], warnings: ['3702'] })
    }
    expect((await makeInspector({ trust }).single(longSerial, 'clientSignature', at)).refusal).to.equal('9700')
  })

  it('G10 never fails for mutated certificates, and writes only reports that can be read again', async () => {
    const inspectors = [makeInspector({ trust }), makeInspector({ trust: pinnedTrust([]) })]
    const odd = await leaf({ commonName: 'a\u0000\u0001\u0008\u000d\ufffe]]><&\ud800' })
    let state = 20270601
    const chance = (below: number) => (state = (state * 48271) % 2147483647) % below
    for (let round = 0; round < 1500; round++) {
      const bytes = Buffer.from((round % 2 === 0 ? odd : made.good).raw)
      for (let i = chance(3); i > 0; i--) bytes[chance(bytes.length)] = chance(256)
      const role = CERTIFICATE_ORDER[chance(CERTIFICATE_ORDER.length)] ?? 'CipherCertificateAddressee'
      for (const inspector of inspectors) {
        const answer = await inspector.delivery([entry(role, bytes), entry('CipherCertificateAddressee', bytes)], at)
        expect(answer.refusal ?? '9706').to.not.be.oneOf(['9710', '9503'])
        expect(readAgain(answer)).to.deep.equal(answer.inspections)
      }
    }
  })

  function readAgain({ inspections }: InspectionResult) {
    const codec = processCardBundle('!--')
    const bundle = {
      messageId: 'm',
      processCard: { recentModification: at.toISOString(), creation: { plain: at.toISOString() } },
      inspectionReport: { inspections },
    }
    const spec = codec.write(bundle)
    const written = element(OSCI, 'osci', 'ProcessCardBundle', { ...spec, namespaces: [{ prefix: 'osci', uri: OSCI }] })
    return codec.read(parseXml(writeXml(written), { limits: GATEWAY_LIMITS, frame: 'content' }).root).inspectionReport.inspections
  }
})
