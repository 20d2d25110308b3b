// SPDX-License-Identifier: EUPL-1.2
/**
 * DVDV2 over REST: what it answers, how it misbehaves, and that the gateway lives without it.
 * @module
 */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { dvdvDirectory, type DvdvDirectory, type DvdvOptions } from '../../src/directory/dvdv.js'
import { decodeWords } from '../../src/directory/dvdv-answers.js'
import { descriptionFacts } from '../../src/directory/dvdv-description.js'
import { DirectoryError } from '../../src/directory/errors.js'
import { sha256Hex } from '../../src/pki/certificate.js'
import { momentOf } from '../../src/xoev/time-zone.js'
import { FakeTime } from '../core/fake-time.js'
import { behaviours as does, standIn, type StandIn } from './dvdv-stand-in.js'
import { certificate, makeFolder, open, SERVICE, type CertificateName } from './support.js'

const KEY = 'ags:99001000'
const WSDL = `<?xml version="1.0"?><!-- <x:operation communicationType="one-way-active" subject="comment"/> -->
<definitions xmlns:o="urn:osci"><documentation><![CDATA[<o:container name="NOT_THIS">]]></documentation>
<operation name="ask"><o:operation communicationType='request-response' subject="A &amp; B"/>
<input><o:container signatureLevel="none" encrypted="true" name="XPROTEKTOR_DATA"/></input>
<output><o:container signatureLevel="advanced" encrypted="false" name="OTHER"/></output></operation></definitions>`

const fingerprint = (raw: Buffer): string => createHash('sha1').update(raw).digest('hex')

async function inline(name: CertificateName, more: Record<string, string | null> = {}) {
  const { raw } = await certificate(name)
  return { content: raw.toString('base64'), fingerprint: fingerprint(raw), serial: '1', validFrom: null, ...more }
}

const element = (
  type: string,
  name: string | null,
  uri: string | null,
  certificates: Record<string, Awaited<ReturnType<typeof inline>> | null> = {},
) => ({
  serviceElementType: type,
  serviceElementDescriptionName: name,
  serviceElementUri: uri,
  serviceElementText: null,
  cipherCertificate: null,
  signatureCertificate: null,
  unknownField: { deep: [1, 2, 3] },
  ...certificates,
})

const service = (serviceElements: readonly ReturnType<typeof element>[], more: Record<string, string | null> = {}) => ({
  id: null,
  validFrom: null,
  validTo: null,
  serviceSpecificationUri: null,
  serviceSpecificationDocument: WSDL,
  serviceElements,
  ...more,
})

const usual = async () =>
  service([
    element('OSCI_INTERMEDIARY', 'InternetIntermediär', 'http://127.0.0.1:8081/osci', {
      cipherCertificate: await inline('intermediary'),
      signatureCertificate: await inline('intermediary-signature'),
    }),
    element('OSCI_ADDRESSEE', 'InternetEmpfänger', 'http://127.0.0.1:8082/osci', { cipherCertificate: await inline('register') }),
    element('OSCI_INTERMEDIARY', 'TESTAIntermediär', 'http://10.0.0.1/osci', { cipherCertificate: await inline('other') }),
    element('OSCI_ADDRESSEE', 'TESTAEmpfänger', 'http://10.0.0.2/osci', { cipherCertificate: await inline('portal') }),
    element('SOMETHING_OF_THE_HOUSE', null, ''),
  ])

describe('DVDV2 directory', () => {
  let server: StandIn
  let time: FakeTime
  let dvdv: DvdvDirectory
  const make = (more: Partial<DvdvOptions> = {}): DvdvDirectory =>
    dvdvDirectory({
      url: server.url,
      network: 'internet',
      timeoutSeconds: 0.25,
      hitSeconds: 3600,
      missSeconds: 60,
      staleSeconds: 86_400,
      clock: time,
      momentOf: (local) => momentOf(local, 'Asia/Tokyo'),
      ...more,
    })
  const ask = () => dvdv.findService(KEY, SERVICE)
  const failure = async (asked: Promise<unknown>): Promise<DirectoryError> => {
    const error = await asked.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    if (error instanceof DirectoryError) return error
    throw new Error(`no DirectoryError: ${String(error)}`)
  }
  const kind = async (asked: Promise<unknown>): Promise<string> => (await failure(asked)).kind

  beforeEach(async () => {
    server = await standIn()
    time = new FakeTime()
    dvdv = make()
  })
  afterEach(() => server.close())

  describe('answers', () => {
    it('finds a service: elements of our network, facts of its description, unknown fields and types ignored', async () => {
      server.behave.set('findservicedescription', does.json(await usual()))
      const entry = await ask()
      expect(entry).to.include({
        organizationKey: KEY,
        serviceUri: SERVICE,
        communicationType: 'request-response',
        delivery: 'mediate',
        contentSigned: false,
        contentEncrypted: true,
        subject: 'A & B',
        containerId: 'XPROTEKTOR_DATA',
      })
      expect([entry.intermediary?.uri, entry.addressee.uri]).to.deep.equal(['http://127.0.0.1:8081/osci', 'http://127.0.0.1:8082/osci'])
      expect(sha256Hex(entry.addressee.cipherCertificate)).to.equal(sha256Hex(await certificate('register')))
      expect(entry.intermediary?.signatureCertificates.map(sha256Hex)).to.deep.equal([
        sha256Hex(await certificate('intermediary-signature')),
      ])
      expect(server.asked.map(({ path, request }) => [path, request])).to.deep.equal([
        ['/dvdv2-backend/intern/directory/v2/findservicedescription', { organizationKey: KEY, serviceSpecificationUri: SERVICE }],
      ])
      dvdv = make({ network: 'testa' })
      expect((await ask()).intermediary?.uri).to.equal('http://10.0.0.1/osci')
      dvdv = make({ url: server.url + 'v3/' })
      await ask()
      expect(server.asked.at(-1)?.path).to.match(/directory\/v3\/find/)
    })

    it('reads certificates as DER or PEM in base64, or PEM', async () => {
      const cert = await certificate('register')
      for (const content of [
        cert.toString(),
        Buffer.from(cert.toString()).toString('base64'),
        cert.raw.toString('base64').replace(/(.{64})/g, '$1\r\n'),
      ]) {
        const addressee = element('OSCI_ADDRESSEE', null, 'http://127.0.0.1/osci', {
          cipherCertificate: await inline('register', { content }),
        })
        server.behave.set('findservicedescription', does.json(service([addressee])))
        dvdv = make()
        expect((await ask()).addressee.cipherCertificate.raw.equals(cert.raw)).to.equal(true)
      }
    })

    it('fetches a certificate that is only named, and believes its revocation', async () => {
      const named = await inline('register', { content: null })
      server.behave.set(
        'findservicedescription',
        does.json(service([element('OSCI_ADDRESSEE', null, 'http://127.0.0.1/osci', { cipherCertificate: named })])),
      )
      server.behave.set('findCertificateByFingerprint', does.json(await inline('register')))
      await ask()
      expect(server.asked.at(-1)?.request).to.deep.equal({ fingerPrint: named.fingerprint })
      server.behave.set('findCertificateByFingerprint', does.json(await inline('register', { revocationReason: 'KEY_COMPROMISE' })))
      dvdv = make()
      expect(await kind(ask())).to.equal('certificate-revoked')
      server.behave.set('findCertificateByFingerprint', does.raw(404, undefined))
      dvdv = make()
      expect(await kind(ask())).to.equal('certificate-missing')
    })

    it('takes the standalone cipher certificate of the same name and type only, the inline one first', async () => {
      const cipher = async (name: string, which: CertificateName) =>
        element('CIPHER_CERTIFICATE', name, null, { cipherCertificate: await inline(which) })
      const addressee = element('OSCI_ADDRESSEE', 'InternetEmpfänger', 'http://127.0.0.1/osci')
      const signature = element('SIGNATURE_CERTIFICATE', 'InternetEmpfänger', null, { cipherCertificate: await inline('other') })
      const subject = async (...elements: ReturnType<typeof element>[]) => {
        server.behave.set('findservicedescription', does.json(service(elements)))
        dvdv = make()
        return (await ask()).addressee.cipherCertificate.subject.split('\n').at(-1)
      }
      expect(await subject(signature, await cipher('Anderes', 'other'), await cipher('InternetEmpfänger', 'register'), addressee)).to.equal(
        'CN=register',
      )
      expect(await kind(subject(signature, await cipher('Anderes', 'other'), addressee))).to.equal('certificate-missing')
      expect(
        await kind(subject(addressee, await cipher('InternetEmpfänger', 'register'), await cipher('InternetEmpfänger', 'other'))),
      ).to.equal('certificate-missing')
      const nameless = { ...addressee, serviceElementDescriptionName: null }
      expect(await kind(subject(nameless, { ...(await cipher('x', 'other')), serviceElementDescriptionName: null }))).to.equal(
        'certificate-missing',
      )
    })

    it('never lets another certificate stand in for one that is broken', async () => {
      const stand = element('CIPHER_CERTIFICATE', 'Empfänger', null, { cipherCertificate: await inline('other') })
      for (const cipherCertificate of [
        await inline('register', { content: 'AAAA' }),
        await inline('register', { fingerprint: 'a'.repeat(40) }),
      ]) {
        server.behave.set(
          'findservicedescription',
          does.json(service([element('OSCI_ADDRESSEE', 'Empfänger', 'http://127.0.0.1/osci', { cipherCertificate }), stand])),
        )
        dvdv = make()
        expect(await kind(ask())).to.equal('certificate-missing')
      }
    })

    it('says what a service lacks: an address that is empty or no http, an element, a valid or unrevoked certificate, a valid service', async () => {
      const cipherCertificate = await inline('register')
      const kinds = async (elements: ReturnType<typeof element>[], more: Record<string, string | null> = {}) => {
        server.behave.set('findservicedescription', does.json(service(elements, more)))
        dvdv = make()
        return kind(ask())
      }
      expect(await kinds([element('OSCI_ADDRESSEE', null, ' ', { cipherCertificate })])).to.equal('element-missing')
      expect(await kinds([element('OSCI_ADDRESSEE', null, null, { cipherCertificate })])).to.equal('element-missing')
      expect(await kinds([element('OSCI_ADDRESSEE', null, 'http://user@127.0.0.1/osci', { cipherCertificate })])).to.equal(
        'element-missing',
      )
      expect(await kinds([element('TEXT', null, null)])).to.equal('element-missing')
      const twice = element('OSCI_ADDRESSEE', null, 'http://127.0.0.1/osci', { cipherCertificate })
      expect(await kinds([twice, twice])).to.equal('element-missing')
      const expired = await inline('expired')
      expect(await kinds([element('OSCI_ADDRESSEE', null, 'http://127.0.0.1/osci', { cipherCertificate: expired })])).to.equal(
        'certificate-expired',
      )
      const revoked = await inline('register', { revocationDate: '2026-03-01T00:00:00.000Z' })
      expect(await kinds([element('OSCI_ADDRESSEE', null, 'http://127.0.0.1/osci', { cipherCertificate: revoked })])).to.equal(
        'certificate-revoked',
      )
      expect(await kinds([twice], { validTo: '2026-01-01T00:00:00.000Z' })).to.equal('unknown-service')
      expect(await kinds([twice], { serviceSpecificationUri: 'urn:another' })).to.equal('away')
    })

    it('reads times without a zone in ours, and a last day alone as a whole day', async () => {
      const answer = await usual()
      const valid = async (period: Record<string, string>): Promise<boolean> => {
        server.behave.set('findservicedescription', does.json({ ...answer, ...period }))
        dvdv = make()
        return ask().then(
          () => true,
          () => false,
        )
      }
      // 09:15:30 in UTC is 18:15:30 in the zone of this directory
      for (const validTo of ['2026-11-23', '2026-11-23T18:16:00', '2026-11-23 18:16', '2026-11-23T09:16:00Z', '2026-11-23T10:16:00+01:00'])
        expect(await valid({ validTo }), `to ${validTo}`).to.equal(true)
      for (const validTo of ['2026-11-22', '2026-11-23T18:15:00.500', '2026-11-23T18:15', '2026-11-23T09:15:00.000+00:00'])
        expect(await valid({ validTo }), `to ${validTo}`).to.equal(false)
      for (const validFrom of ['2026-11-23', '2026-11-23T18:15:00', '2026-11-23T09:15:00Z'])
        expect(await valid({ validFrom }), `from ${validFrom}`).to.equal(true)
      for (const validFrom of ['2026-11-24', '2026-11-23T18:16:00']) expect(await valid({ validFrom }), `from ${validFrom}`).to.equal(false)
    })

    it('stores where the description says one-way-active', async () => {
      const answer = await usual()
      server.behave.set(
        'findservicedescription',
        does.json({ ...answer, serviceSpecificationDocument: WSDL.replaceAll('request-response', 'one-way-active') }),
      )
      const entry = await ask()
      expect([entry.communicationType, entry.delivery]).to.deep.equal(['one-way', 'store'])
    })

    it('finds an organisation, also where one object comes instead of a list, with nothing but null in it', async () => {
      const organization = { nameDe: 'Stadt X', category: 'Meldebehörde', organizationKeys: [], clientCertificates: [], id: null }
      server.behave.set(
        'findauthoritydescriptions',
        does.json([{ organization, representatives: [] }, { organization: { ...organization, category: 'Passbehörde' } }]),
      )
      expect(await dvdv.findOrganization(' ags:99001000')).to.deep.equal({
        keys: [KEY],
        name: 'Stadt X',
        categories: ['Meldebehörde', 'Passbehörde'],
      })
      server.behave.set('findauthoritydescriptions', does.json({ organization: { nameDe: null, category: null, organizationKeys: null } }))
      expect(await dvdv.findOrganization('ags:99002000')).to.deep.equal({ keys: ['ags:99002000'], name: '', categories: [] })
      server.behave.set('findauthoritydescriptions', does.json([]))
      expect(await kind(dvdv.findOrganization('ags:99003000'))).to.equal('unknown-organization')
      expect(await kind(dvdv.findOrganization('nonsense'))).to.equal('unknown-organization')
    })

    it('verifies categories by fingerprint in one form; a miss is no', async () => {
      server.behave.set('verifycategory', (response, asked) =>
        does.json({ verifyCategory: asked.request['category'] === 'A' })(response, asked),
      )
      expect(await dvdv.verifyCategory('AA:'.repeat(19) + 'AA', 'A')).to.equal(true)
      expect(server.asked[0]?.request).to.deep.equal({ fingerPrint: 'a'.repeat(40), category: 'A' })
      expect(await dvdv.verifyCategory('a'.repeat(40), 'B')).to.equal(false)
      expect(await dvdv.verifyCategory('too short', 'A')).to.equal(false)
      server.behave.set('verifycategory', does.nothing)
      expect(await dvdv.verifyCategory('b'.repeat(40), 'A')).to.equal(false)
      server.behave.set('findcategories', does.json(['A']))
      expect(await dvdv.findCategories('a'.repeat(40), KEY)).to.deep.equal(['A'])
      expect(server.asked.at(-1)?.request).to.deep.equal({ fingerPrint: 'a'.repeat(40), organizationKey: KEY })
    })

    it('takes 204 and a documented 404 for misses, and passes on what the directory says of an invalid entry', async () => {
      server.behave.set('findservicedescription', does.onlyInvalid('Dienst ungültig seit 2025'))
      const first = await failure(ask())
      expect([first.kind, first.detail]).to.deep.equal(['unknown-service', 'Dienst ungültig seit 2025'])
      server.behave.set('findservicedescription', does.notFound)
      const second = await failure(dvdv.findService(KEY, 'urn:other'))
      expect([second.kind, second.detail]).to.deep.equal(['unknown-service', '5005: Kein Dienst'])
      expect(decodeWords('a =?ISO-8859-1?Q?=FCber_=3F?= =?utf-8?B?w6Q=?= b')).to.equal('a über ?ä b')
      expect(decodeWords('=?x-none?Q?a?=')).to.equal('=?x-none?Q?a?=')
    })
  })

  describe('misbehaviour', () => {
    const cases: Readonly<Record<string, (server: StandIn) => Parameters<StandIn['behave']['set']>[1]>> = {
      'a redirect': (s) => does.redirect(s.url + 'v2/verifycategory'),
      'a redirect to somewhere else': () => does.redirect('http://127.0.0.1:1/'),
      'HTML with 200': () => does.raw(200, 'text/html', '<html>{}</html>'),
      'JSON as plain text': () => does.raw(200, 'text/plain', '{"verifyCategory":true}'),
      'no media type': () => does.raw(200, undefined, '{"verifyCategory":true}'),
      'garbage behind the JSON': () => does.raw(200, 'application/json', '{"verifyCategory":true}}'),
      'half a JSON': () => does.raw(200, 'application/json', '{"verifyCategory":tr'),
      'no UTF-8': () => (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from([0x22, 0xff, 0x22])),
      'an empty 200': () => does.raw(200, 'application/json'),
      'another type than agreed': () => does.json({ verifyCategory: 'yes' }),
      'an answer without end': () => does.endless,
      'an answer that gets stuck': () => does.stuck,
      'no answer': () => does.silent,
      'a cut connection': () => does.cut,
      'a 404 of a proxy': () => does.raw(404, 'text/html', 'not found'),
      'a 404 without a word': () => does.raw(404, undefined),
      'a 400': () => does.badRequest,
      'a 401': () => does.unauthorized,
      'a 429': () => does.raw(429, 'application/problem+json', '{}', { 'retry-after': '60' }),
      'a 500 in HTML': () => does.raw(500, 'text/html', 'oops'),
      'a 503': () => does.raw(503, undefined),
    }
    for (const [name, behaviour] of Object.entries(cases)) {
      it(`takes ${name} for "away", never for a verdict`, async () => {
        server.behave.set('verifycategory', behaviour(server))
        const began = performance.now()
        const error = await failure(dvdv.verifyCategory('a'.repeat(40), 'A'))
        expect(error.kind).to.equal('away')
        expect(error.message).not.to.contain('aaaa')
        expect(performance.now() - began).to.be.below(1500)
        expect(server.asked.length).to.equal(1)
      })
    }

    it('takes a refused connection for "away"', async () => {
      const { url } = server
      await server.close()
      dvdv = make({ url })
      expect(await kind(dvdv.verifyCategory('a'.repeat(40), 'A'))).to.equal('away')
      server = await standIn()
    })

    it('reads a hostile description in one pass', () => {
      const began = performance.now()
      for (const part of ['<!--', '<![CDATA[', '<x:operation ', 'a'.repeat(64), '<operation a="', ' = '])
        descriptionFacts('<operation communicationType="x" ' + part.repeat(140_000 / part.length))
      expect(performance.now() - began).to.be.below(1500)
      expect(descriptionFacts(undefined)).to.deep.equal({
        communicationType: 'request-response',
        contentEncrypted: true,
        contentSigned: true,
      })
    })
  })

  describe('cache', () => {
    it('asks once for as long as a hit holds, and sooner again after a miss', async () => {
      server.behave.set('findservicedescription', does.notFound)
      await failure(ask())
      time.pass(59_000)
      await failure(ask())
      expect(server.asked.length).to.equal(1)
      server.behave.set('findservicedescription', does.json(await usual()))
      time.pass(2000)
      await ask()
      time.pass(3_599_000)
      await ask()
      expect(server.asked.length).to.equal(2)
      time.pass(2000)
      await ask()
      expect(server.asked.length).to.equal(3)
    })

    it('asks once however many wait, and a failure reaches all of them', async () => {
      server.behave.set('findservicedescription', does.json(await usual()))
      await Promise.all(Array.from({ length: 200 }, ask))
      expect(server.asked.length).to.equal(1)
      server.behave.set('verifycategory', does.raw(503, undefined))
      const all = await Promise.all(Array.from({ length: 50 }, () => kind(dvdv.verifyCategory('a'.repeat(40), 'A'))))
      expect(new Set(all)).to.deep.equal(new Set(['away']))
      expect(server.asked.length).to.equal(2)
    })

    it('lives on the last hit while the directory is away, for so long and no longer, and does not wait for it each time', async () => {
      server.behave.set('findservicedescription', does.json(await usual()))
      await ask()
      server.behave.set('*', does.silent)
      server.behave.delete('findservicedescription')
      time.pass(3_601_000)
      await ask()
      const began = performance.now()
      for (let i = 0; i < 20; i++) await ask()
      expect(performance.now() - began).to.be.below(200)
      expect(server.asked.length).to.equal(2)
      expect(await kind(dvdv.findService(KEY, 'urn:never-seen'))).to.equal('away')
      time.pass(86_400_000)
      expect(await kind(ask())).to.equal('away')
      server.behave.set('findservicedescription', does.json(await usual()))
      time.pass(100_000)
      await ask()
    })

    it('keeps to Retry-After', async () => {
      server.behave.set('verifycategory', does.raw(429, undefined, '', { 'retry-after': '60' }))
      await failure(dvdv.verifyCategory('a'.repeat(40), 'A'))
      server.behave.set('verifycategory', does.json(true))
      time.pass(59_000)
      expect(await kind(dvdv.verifyCategory('a'.repeat(40), 'A'))).to.equal('away')
      time.pass(2000)
      expect(await dvdv.verifyCategory('a'.repeat(40), 'A')).to.equal(true)
      const date = new Date(time.wallMs + 60_000).toUTCString()
      server.behave.set('verifycategory', does.raw(503, undefined, '', { 'retry-after': date }))
      await failure(dvdv.verifyCategory('b'.repeat(40), 'A'))
      server.behave.set('verifycategory', does.json(true))
      time.pass(58_000)
      expect(await kind(dvdv.verifyCategory('b'.repeat(40), 'A'))).to.equal('away')
      time.pass(2000)
      expect(await dvdv.verifyCategory('b'.repeat(40), 'A')).to.equal(true)
    })

    it('waits longer between two attempts the longer the directory is away, and starts over once it answered', async () => {
      server.behave.set('verifycategory', does.raw(503, undefined))
      const tries = async (seconds: number) => {
        const before = server.asked.length
        for (let i = 0; i < seconds; i++) {
          await kind(dvdv.verifyCategory('a'.repeat(40), 'A'))
          time.pass(1000)
        }
        return server.asked.length - before
      }
      expect(await tries(600)).to.be.within(8, 13)
      server.behave.set('verifycategory', does.nothing)
      time.pass(100_000)
      expect(await dvdv.verifyCategory('a'.repeat(40), 'A')).to.equal(false)
      server.behave.set('verifycategory', does.raw(503, undefined))
      time.pass(100_000)
      expect(await tries(10)).to.equal(2)
    })

    it('takes questions that fail together for one failure, and never shortens what Retry-After asked for', async () => {
      const category = (name: string) => kind(dvdv.verifyCategory('a'.repeat(40), name))
      server.behave.set('verifycategory', does.raw(503, undefined))
      await Promise.all(Array.from({ length: 16 }, (_, i) => category(String(i))))
      server.behave.set('verifycategory', does.json(true))
      time.pass(5000)
      expect(await dvdv.verifyCategory('a'.repeat(40), 'A')).to.equal(true)
      server.behave.set('verifycategory', does.raw(503, undefined, '', { 'retry-after': '60' }))
      server.behave.set('findcategories', does.silent)
      await Promise.all([category('B'), failure(dvdv.findCategories('a'.repeat(40)))])
      server.behave.set('verifycategory', does.json(true))
      time.pass(59_000)
      expect(await category('B')).to.equal('away')
      time.pass(1000)
      expect(await dvdv.verifyCategory('a'.repeat(40), 'B')).to.equal(true)
    })

    it('sees the end of a certificate in an answer it kept', async () => {
      server.behave.set('findservicedescription', does.json(await usual()))
      dvdv = make({ hitSeconds: 2e9 })
      await ask()
      time.pass(Date.UTC(2037, 0, 1) - time.wallMs)
      expect(await kind(ask())).to.equal('certificate-expired')
      expect(server.asked.length).to.equal(1)
    })

    it('asks for a category again after five minutes, whatever the hits of others may live', async () => {
      server.behave.set('verifycategory', does.json({ verifyCategory: true }))
      await dvdv.verifyCategory('a'.repeat(40), 'A')
      time.pass(301_000)
      server.behave.set('verifycategory', does.json({ verifyCategory: false }))
      expect(await dvdv.verifyCategory('a'.repeat(40), 'A')).to.equal(false)
    })

    it('is bounded: the answer unused for longest is asked for again, and nobody waits in a crowd', async () => {
      let calls = 0
      let hold: (() => void)[] = []
      const held = make({
        fetch: () => {
          calls++
          return new Promise((resolve) => hold.push(() => resolve({ status: 204, header: () => undefined, body: new Uint8Array() })))
        },
      })
      const crowd = Array.from({ length: 100 }, (_, i) =>
        held.verifyCategory('a'.repeat(40), String(i)).catch((error: DirectoryError) => error.kind),
      )
      expect(calls).to.equal(64)
      for (const go of hold.splice(0)) go()
      expect((await Promise.all(crowd)).filter((one) => one === 'away').length).to.equal(36)
      hold = []
      const quick = make({ fetch: async () => ({ status: (calls++, 204), header: () => undefined, body: new Uint8Array() }) })
      for (let i = 0; i < 5001; i++) await quick.verifyCategory('a'.repeat(40), String(i))
      calls = 0
      await quick.verifyCategory('a'.repeat(40), '5000')
      expect(calls).to.equal(0)
      await quick.verifyCategory('a'.repeat(40), '0')
      expect(calls).to.equal(1)
    })
  })

  it('stands behind a directory file, which wins for what it knows', async () => {
    const folder = await makeFolder()
    await folder.write(`formatVersion: 1
organizations:
  - { keys: [ '${KEY}' ], name: Aus der Datei, services: [ { serviceUri: 'urn:file', communicationType: one-way, elements: [ { type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:9/osci', cipherCertificate: certs/register.pem } ] } ] }
`)
    server.behave.set('findservicedescription', does.json(await usual()))
    const house = await open({ file: folder.file, clock: time, behind: dvdv })
    expect((await house.services.findService(KEY, 'urn:file')).addressee.uri).to.equal('http://127.0.0.1:9/osci')
    expect((await house.services.findOrganization(KEY)).name).to.equal('Aus der Datei')
    expect(server.asked.length).to.equal(0)
    expect((await house.services.findService(KEY, SERVICE)).addressee.uri).to.equal('http://127.0.0.1:8082/osci')
    // what only DVDV knows is no address that others may name
    expect(house.osci.receiver('http://127.0.0.1:8082/osci')).to.equal(undefined)
    await house.close()
    await folder.remove()
  })
})
