// SPDX-License-Identifier: EUPL-1.2
/**
 * The directory file: what it answers, what it refuses, and how it says so.
 * @module
 */
import { createHash } from 'node:crypto'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { DirectoryError } from '../../src/directory/errors.js'
import type { ServiceDirectory } from '../../src/directory/ports.js'
import { ConfigError } from '../../src/errors.js'
import { sha256Hex } from '../../src/pki/certificate.js'
import { certificate, makeFolder, open, refused, SERVICE, type Folder } from './support.js'

const sha1 = async (name: Parameters<typeof certificate>[0]): Promise<string> =>
  createHash('sha1')
    .update((await certificate(name)).raw)
    .digest('hex')

const ELEMENTS = `
          - { type: OSCI_INTERMEDIARY, uri: 'http://127.0.0.1:8081/osci', cipherCertificate: certs/intermediary.pem, signatureCertificate: certs/intermediary-signature.pem }
          - { type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:8082/osci', cipherCertificate: certs/register.pem }`

const one = (elements = ELEMENTS, service = 'communicationType: request-response', organization = ''): string => `formatVersion: 1
organizations:
  - keys: [ 'ags:99001000' ]
    name: Meldebehörde Musterstadt (Demo)
    categories: [ Meldebehörde ]
    ${organization}
    services:
      - serviceUri: ${SERVICE}
        ${service}
        elements: ${elements}
`

const kindOf = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof DirectoryError ? error.kind : String(error)),
  )

describe('directory file', () => {
  let folder: Folder
  before(async () => {
    folder = await makeFolder()
  })
  after(() => folder.remove())

  const opened = async (content: string, options: Parameters<typeof open>[0] = {}) => {
    await folder.write(content)
    return open({ file: folder.file, ...options })
  }
  const problems = async (content: string, options: Parameters<typeof open>[0] = {}) => {
    await folder.write(content)
    return refused({ file: folder.file, ...options })
  }

  describe('services', () => {
    it('finds a service with intermediary, addressee, certificates and the way that follows from them', async () => {
      const house = await opened(
        one(ELEMENTS, 'communicationType: request-response\n        subject: XProtektor 1.0\n        containerId: XPROTEKTOR_DATA'),
      )
      const entry = await house.services.findService(' ags:99001000 ', SERVICE)
      expect(entry).to.include({
        organizationKey: 'ags:99001000',
        delivery: 'mediate',
        mode: 'terminating',
        contentEncrypted: true,
        contentSigned: true,
        subject: 'XProtektor 1.0',
        containerId: 'XPROTEKTOR_DATA',
      })
      expect(entry.intermediary?.uri).to.equal('http://127.0.0.1:8081/osci')
      expect(sha256Hex(entry.addressee.cipherCertificate)).to.equal(sha256Hex(await certificate('register')))
      expect(entry.intermediary?.signatureCertificates.map(sha256Hex)).to.deep.equal([
        sha256Hex(await certificate('intermediary-signature')),
      ])
      await house.close()
    })

    const intermediary = `{ type: OSCI_INTERMEDIARY, uri: 'http://127.0.0.1:8081/osci', cipherCertificate: certs/intermediary.pem }`
    const addressee = `{ type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:8082/osci', cipherCertificate: certs/register.pem }`
    const silent = `{ type: OSCI_ADDRESSEE, cipherCertificate: certs/register.pem }`
    for (const [elements, communication, delivery] of [
      [[intermediary, addressee], 'request-response', 'mediate'],
      [[addressee], 'request-response', 'process'],
      [[intermediary, addressee], 'one-way', 'forward'],
      [[intermediary, silent], 'one-way', 'store'],
      [[addressee], 'one-way', 'accept'],
    ] as const) {
      it(`leaves by ${delivery}: ${communication}, ${elements.length} elements${elements.at(-1) === silent ? ', addressee without address' : ''}`, async () => {
        const house = await opened(one(`[ ${elements.join(', ')} ]`, `communicationType: ${communication}`))
        const entry = await house.services.findService('ags:99001000', SERVICE)
        expect(entry.delivery).to.equal(delivery)
        expect(entry.intermediary === undefined).to.equal(elements.length === 1)
        expect(entry.addressee.uri).to.equal(elements.at(-1) === silent ? undefined : 'http://127.0.0.1:8082/osci')
        await house.close()
      })
    }

    it('takes a certificate of its own element first, else the standalone one of the same name and type, never another', async () => {
      const named = (name: string, rest = '') => `[ { type: OSCI_ADDRESSEE, name: ${name}, uri: 'http://127.0.0.1:8082/osci' ${rest} },
            { type: SIGNATURE_CERTIFICATE, name: Abruf, signatureCertificate: certs/other.pem },
            { type: CIPHER_CERTIFICATE, name: Meldung, cipherCertificate: certs/portal.pem },
            { type: CIPHER_CERTIFICATE, name: Abruf, cipherCertificate: certs/register.pem } ]`
      const cipherOf = async (elements: string) => {
        const house = await opened(one(elements))
        try {
          return (await house.services.findService('ags:99001000', SERVICE)).addressee.cipherCertificate.subject.split('\n').at(-1)
        } finally {
          await house.close()
        }
      }
      expect(await cipherOf(named('Abruf'))).to.equal('CN=register')
      expect(await cipherOf(named('Abruf', ', cipherCertificate: certs/other.pem'))).to.equal('CN=other')
      expect(await kindOf(cipherOf(named('abruf')))).to.equal('certificate-missing')
      expect(await kindOf(cipherOf(named('Anderes')))).to.equal('certificate-missing')
    })

    it('says with a kind of error what is missing', async () => {
      const house = await opened(one())
      const { services } = house
      expect(await kindOf(services.findService('ags:99002000', SERVICE))).to.equal('unknown-organization')
      expect(await kindOf(services.findService('AGS:99001000', SERVICE))).to.equal('unknown-organization')
      expect(await kindOf(services.findService('ags:99001000', SERVICE + '0'))).to.equal('unknown-service')
      expect(await kindOf(services.findOrganization('ags:9900100'))).to.equal('unknown-organization')
      expect((await services.findOrganization('ags:99001000')).categories).to.deep.equal(['Meldebehörde'])
      await house.close()
      const elsewhere = await opened(one(), { network: 'testa' })
      expect(await kindOf(elsewhere.services.findService('ags:99001000', SERVICE))).to.equal('element-missing')
      await elsewhere.close()
    })

    it('opens with an expired certificate, warns with the finding, and does not hand it out', async () => {
      const house = await opened(
        one(`[ { type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:8082/osci', cipherCertificate: certs/expired.pem } ]`),
      )
      expect(house.report().warnings.map(({ finding, key, line, message }) => [finding, key, line, message.de, message.en])).to.deep.equal([
        [
          'directory.certificate-expired',
          'organizations[0].services[0].elements[0].cipherCertificate',
          10,
          'abgelaufen am 2026-02-01',
          'expired on 2026-02-01',
        ],
      ])
      expect(await kindOf(house.services.findService('ags:99001000', SERVICE))).to.equal('certificate-expired')
      await house.close()
    })

    it('hands out no revoked certificate, from the moment of the revocation on', async () => {
      const revocation = `certificates: [ { fingerprint: '${await sha1('register')}', file: certs/register.pem, revocation: '2026-11-23T09:16:00Z' } ]\n`
      const house = await opened(one() + revocation)
      expect(await kindOf(house.services.findService('ags:99001000', SERVICE))).to.equal('answered')
      expect(house.osci.receiver('http://127.0.0.1:8082/osci')?.kind).to.equal('passive')
      house.time.pass(60_000)
      expect(await kindOf(house.services.findService('ags:99001000', SERVICE))).to.equal('certificate-revoked')
      expect(house.osci.receiver('http://127.0.0.1:8082/osci')).to.equal(undefined)
      await house.close()
    })

    it('knows the categories of a client certificate, not those its organisation acts for, and none once it is revoked', async () => {
      const [portal, other] = [await sha1('portal'), await sha1('other')]
      const house = await opened(`formatVersion: 1
organizations:
  - { keys: [ 'mbp:99001' ], name: Portal, categories: [ Meldebehördenportal ], clientCertificates: [ 'SHA1:${portal.toUpperCase()}' ], representatives: [ 'gsb:clearing' ] }
  - { keys: [ 'gsb:clearing' ], name: Clearingstelle, categories: [ Clearingstelle ], clientCertificates: [ '${other}' ] }
certificates: [ { fingerprint: '${portal}', revocation: '2026-11-23T10:00:00Z' } ]
`)
      const { services, time } = house
      const colons = portal.toUpperCase().replace(/(..)(?!$)/g, '$1:')
      expect(await services.verifyCategory(colons, 'Meldebehördenportal')).to.equal(true)
      expect(await services.verifyCategory(portal, 'Clearingstelle')).to.equal(false)
      expect(await services.findCategories(other)).to.deep.equal(['Clearingstelle'])
      expect(await services.verifyCategory('x', 'Meldebehördenportal')).to.equal(false)
      time.pass(3_600_000)
      expect(await services.findCategories(portal)).to.deep.equal([])
      await house.close()
    })

    it('asks the directory behind it only for what it does not know, also where its own word is an error', async () => {
      const asked: string[] = []
      const behind: ServiceDirectory = {
        findService: async (key) => Promise.reject(new DirectoryError('away', asked.push(`service ${key}`).toString())),
        findOrganization: async (key) => ({ keys: [key], name: asked.push(`organization ${key}`).toString(), categories: [] }),
        findCategories: async (fingerprint) => [`${asked.push(`categories ${fingerprint}`)}`],
        verifyCategory: async (fingerprint) => asked.push(`verify ${fingerprint}`) > 0,
        close: async () => void asked.push('close'),
      }
      const house = await opened(
        one(`[ { type: OSCI_ADDRESSEE, uri: 'http://127.0.0.1:8082/osci' } ]`, undefined, `clientCertificates: [ '${'a'.repeat(40)}' ]`),
        { behind },
      )
      expect(await kindOf(house.services.findService('ags:99001000', SERVICE))).to.equal('certificate-missing')
      await house.services.findOrganization('ags:99001000')
      expect(await house.services.verifyCategory('a'.repeat(40), 'Meldebehördenportal')).to.equal(false)
      expect(asked).to.deep.equal([])
      expect(await kindOf(house.services.findService('ags:99001000', 'urn:other'))).to.equal('away')
      await house.services.findOrganization(' ags:99002000')
      await house.services.verifyCategory('B'.repeat(40), 'x')
      await house.close()
      expect(asked).to.deep.equal(['service ags:99001000', 'organization ags:99002000', 'verify ' + 'b'.repeat(40), 'close'])
    })
  })

  describe('mailboxes and receivers', () => {
    const addressee = (rest: string) => `[ { type: OSCI_ADDRESSEE, ${rest} } ]`
    const configured = async () => ({
      mailboxes: [{ mailbox: 'osci.box', certificates: [await certificate('portal')] }],
      participantsMailboxes: new Set(['ags:99001000']),
    })

    it('works without any file: mailboxes of the configuration, nothing else', async () => {
      const house = await open(await configured())
      const sha256 = sha256Hex(await certificate('portal'))
      expect(house.osci.mailboxOf(sha256)).to.deep.equal({ mailbox: 'osci.box', cipherSha256: [sha256] })
      expect(house.osci.mailboxOf(sha256Hex(await certificate('other')))).to.equal(undefined)
      expect(house.osci.receiver('http://127.0.0.1:8082/osci')).to.equal(undefined)
      expect(await kindOf(house.services.findService('ags:99001000', SERVICE))).to.equal('unknown-organization')
      await house.close()
    })

    it('takes a renewed certificate and former ones of the file for the same OSCI mailbox', async () => {
      const house = await opened(
        one(
          addressee(
            `mailbox: osci.box, uri: 'http://gateway.example/box', cipherCertificate: certs/register.pem, formerCertificates: certs/register-former.pem`,
          ),
        ),
        await configured(),
      )
      const all = await Promise.all(
        (['portal', 'register', 'register-former'] as const).map(async (name) => sha256Hex(await certificate(name))),
      )
      for (const sha256 of all) expect(house.osci.mailboxOf(sha256)).to.deep.equal({ mailbox: 'osci.box', cipherSha256: all })
      expect(house.osci.receiver('HTTP://Gateway.Example:80/box#x')).to.deep.equal({
        kind: 'active',
        uri: 'http://gateway.example/box',
        mailbox: 'osci.box',
      })
      await house.close()
    })

    it('opens no mailbox with a revoked certificate, a former one as well, while the others go on', async () => {
      const service = addressee(
        `mailbox: osci.box, uri: 'http://gateway.example/box', cipherCertificate: certs/register.pem, formerCertificates: certs/register-former.pem`,
      )
      const revocation = `certificates: [ { fingerprint: '${await sha1('register-former')}', revocation: '2026-11-23T09:16:00Z' } ]\n`
      const house = await opened(one(service) + revocation, await configured())
      const names = ['portal', 'register', 'register-former'] as const
      const open = async (): Promise<boolean[]> =>
        Promise.all(names.map(async (name) => house.osci.mailboxOf(sha256Hex(await certificate(name))) !== undefined))
      expect(await open()).to.deep.equal([true, true, true])
      house.time.pass(60_000)
      expect(await open()).to.deep.equal([true, true, false])
      const [, current] = await Promise.all(names.map(async (name) => sha256Hex(await certificate(name))))
      // cards of what the former one sent or got are still the owner's to see
      expect(house.osci.mailboxOf(current ?? '')?.cipherSha256).to.have.length(3)
      await house.close()
    })

    it('leads the address of a participant into its mailbox, which no cipher certificate opens for fetchDelivery', async () => {
      const house = await opened(
        one(addressee(`mailbox: 'ags:99001000', uri: 'https://gateway.example/register', cipherCertificate: certs/register.pem`)),
        await configured(),
      )
      expect(house.osci.receiver('https://gateway.example:443/register')).to.deep.equal({
        kind: 'participant',
        uri: 'https://gateway.example/register',
        mailbox: 'ags:99001000',
      })
      expect(house.osci.mailboxOf(sha256Hex(await certificate('register')))).to.equal(undefined)
      await house.close()
    })

    it('calls no address of another network, but knows names of its own mailboxes there', async () => {
      const house = await opened(
        one(`[ { type: OSCI_ADDRESSEE, network: testa, uri: 'http://10.0.0.1/osci', cipherCertificate: certs/register.pem },
            { type: OSCI_ADDRESSEE, network: internet, mailbox: osci.box, uri: 'http://gateway.example/box' } ]`),
        await configured(),
      )
      expect(house.osci.receiver('http://10.0.0.1/osci')).to.equal(undefined)
      expect(house.osci.receiver('http://gateway.example/box')?.kind).to.equal('active')
      await house.close()
    })

    it('refuses mailboxes that nobody has, and receivers that cannot be', async () => {
      const refusals = async (rest: string) => (await problems(one(addressee(rest)), await configured())).join('\n')
      expect(await refusals('mailbox: nobody')).to.match(
        /^organizations\[0\]\.services\[0\]\.elements\[0\]\.mailbox:10 belongs to no participant and is no OSCI mailbox/,
      )
      expect(await refusals('mailbox: osci.box, receiver: participant')).to.contain('belongs to no participant of the configuration')
      expect(await refusals("mailbox: 'ags:99001000', receiver: active")).to.contain('is no OSCI mailbox')
      expect(await refusals("mailbox: osci.box, receiver: passive, uri: 'http://127.0.0.1/osci'")).to.contain(
        'a passive recipient has no mailbox',
      )
      expect(await refusals('receiver: passive')).to.contain('uri:10 is missing')
      expect(await refusals("receiver: active, uri: 'http://127.0.0.1/osci'")).to.contain('mailbox:10 is missing')
      expect(await refusals("uri: 'http://127.0.0.1/osci', formerCertificates: certs/other.pem")).to.contain('only together with mailbox')
      expect(await refusals("mailbox: 'reply.0'")).to.contain('value not allowed')
    })

    it('refuses a certificate of two mailboxes, a mailbox of two organisations, an address of two meanings', async () => {
      const organization = (key: string, element: string) =>
        `  - { keys: [ '${key}' ], name: X, services: [ { serviceUri: 'urn:x', communicationType: one-way, elements: [ { type: OSCI_ADDRESSEE, ${element} } ] } ] }\n`
      const file = (...list: string[]) =>
        'formatVersion: 1\norganizations:\n' + list.map((element, i) => organization(`x:${i}`, element)).join('')
      const house = await configured()
      const two = { ...house, mailboxes: [...house.mailboxes, { mailbox: 'two.box', certificates: [await certificate('other')] }] }
      expect(await problems(file('mailbox: two.box, cipherCertificate: certs/portal.pem'), two)).to.deep.equal([
        'organizations[0].services[0].elements[0].cipherCertificate:3 stands for the mailbox osci.box already',
      ])
      expect(await problems(file('mailbox: osci.box', 'mailbox: osci.box'), two)).to.deep.equal([
        'organizations[1].services[0].elements[0].mailbox:4 belongs to another organisation already',
      ])
      const passive = `uri: 'http://127.0.0.1/osci', cipherCertificate: certs/register.pem`
      expect(await problems(file(passive, passive), two)).to.deep.equal([])
      expect(await problems(file(passive, `uri: 'HTTP://127.0.0.1:80/osci', cipherCertificate: certs/other.pem`), two)).to.deep.equal([
        'organizations[1].services[0].elements[0].uri:4 is registered with another meaning already',
      ])
      expect(await problems(file(passive, `uri: 'http://127.0.0.1/osci', mailbox: osci.box`), two)).to.have.length(1)
    })

    it('refuses a configuration in which a certificate stands for two mailboxes', async () => {
      const certificates = [await certificate('portal')]
      const mailboxes = ['one.box', 'two.box'].map((mailbox) => ({ mailbox, certificates }))
      const error = await open({ mailboxes }).catch((caught: unknown) => caught)
      expect(error).to.include({ finding: 'directory.ambiguous' })
    })
  })

  describe('what is wrong', () => {
    it('is said all at once, with key, file, line, German, English and example', async () => {
      await writeFile(join(folder.path, 'certs/broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
      await copyFile(join(folder.path, 'certs/register.pem'), join(folder.path, 'certs/two.pem'))
      await writeFile(join(folder.path, 'certs/two.pem'), String(await certificate('register')) + String(await certificate('other')))
      const content = `formatVersion: 2
organisations: []
organizations:
  - keys: [ 'ags:123', ' ags:99001000 ', 'AGS:99001000' ]
    name: ''
    services:
      - serviceUri: ${SERVICE}
        communicationType: both
        elements:
          - { type: OSCI_ADDRESSEE, uri: 'ftp://127.0.0.1/osci', cypherCertificate: certs/register.pem }
          - { type: OSCI_INTERMEDIARY, cipherCertificate: certs/nowhere.pem, mailbox: x }
          - { type: OSCI_ADDRESSEE, uri: '', cipherCertificate: certs/broken.pem, signatureCertificate: [ certs/two.pem, certs ] }
  - { keys: [ 'x:1' ], name: A }
  - { keys: [ 'x:1' ], name: B, representatives: [ 'x:9' ] }
certificates:
  - { fingerprint: 'abc' }
`
      expect(await problems(content)).to.have.members([
        'formatVersion:1 value not allowed; expected: 1',
        'organisations:2 unknown key; known are: formatVersion, validFrom, organizations, certificates',
        'organizations[0].keys[0]:4 value not allowed; expected: prefix:id; an AGS as ags: and 8 digits',
        'organizations[0].keys[2]:4 value not allowed; expected: prefix:id; an AGS as ags: and 8 digits',
        'organizations[0].name:5 value not allowed; expected: text',
        'organizations[0].services[0].communicationType:8 value not allowed; expected: request-response | one-way',
        'organizations[0].services[0].elements[0].cypherCertificate:10 unknown key; known are: type, network, name, uri, mailbox, receiver, cipherCertificate, formerCertificates, signatureCertificate, text',
        'organizations[0].services[0].elements[0].uri:10 value not allowed; expected: http(s) address without user information',
        'organizations[0].services[0].elements[1].cipherCertificate:11 certs/nowhere.pem: cannot be read (ENOENT)',
        'organizations[0].services[0].elements[2].uri:12 value not allowed; expected: http(s) address without user information',
        'organizations[0].services[0].elements[2].cipherCertificate:12 certs/broken.pem: no certificate in PEM or DER',
        'organizations[0].services[0].elements[2].signatureCertificate[0]:12 certs/two.pem: several certificates in one file',
        'organizations[0].services[0].elements[2].signatureCertificate[1]:12 certs: is not a file',
        'organizations[2].keys[0]:14 this key occurs before',
        'certificates[0].fingerprint:16 value not allowed; expected: SHA-1 of the certificate, 40 hex digits',
      ])
      const error = await open({ file: folder.file }).catch((caught: unknown) => caught as ConfigError)
      const first = error instanceof ConfigError ? error.problems.find(({ key }) => key === 'formatVersion') : undefined
      expect(first).to.deep.equal({
        key: 'formatVersion',
        file: folder.file,
        line: 1,
        message: { de: 'ungültiger Wert; erwartet: 1', en: 'value not allowed; expected: 1' },
        example: '1',
      })
    })

    it('is said of elements and services that fit the format but not each other', async () => {
      const elements = `
          - { type: OSCI_INTERMEDIARY, mailbox: x, cipherCertificate: certs/other.pem }
          - { type: CIPHER_CERTIFICATE }
          - { type: SIGNATURE_CERTIFICATE, name: x, receiver: active }
          - { type: OSCI_ADDRESSEE, cipherCertificate: certs/other.pem }
          - { type: OSCI_ADDRESSEE, cipherCertificate: certs/other.pem }`
      const at = 'organizations[0].services[0]'
      expect(
        await problems(
          one(elements, 'communicationType: one-way\n        delivery: forward') +
            `certificates: [ { fingerprint: '${'a'.repeat(40)}', file: certs/other.pem } ]\n`,
        ),
      ).to.have.members([
        `${at}.elements[0].uri:12 is missing: OSCI_INTERMEDIARY demands it`,
        `${at}.elements[0].mailbox:12 at OSCI_ADDRESSEE only`,
        `${at}.elements[1].cipherCertificate:13 is missing: CIPHER_CERTIFICATE demands it`,
        `${at}.elements[1].name:13 is missing: CIPHER_CERTIFICATE demands it`,
        `${at}.elements[2].signatureCertificate:14 is missing: SIGNATURE_CERTIFICATE demands it`,
        `${at}.elements[2].receiver:14 at OSCI_ADDRESSEE only`,
        `${at}.elements[4]:16 the service has an element OSCI_ADDRESSEE in this network already`,
        `${at}.delivery:10 forward demands a uri of the addressee`,
        `certificates[0].fingerprint:17 the file has ${await sha1('other')}`,
      ])
    })

    it('is said of a file that is no YAML, has a key twice, uses aliases, is empty, too large, not UTF-8 or not yet valid', async () => {
      const first = async (content: string) => (await problems(content))[0]
      expect(await first('formatVersion: 1\norganizations: [\n')).to.match(/^\(file\):\d+ |^\(file\):– not valid YAML or JSON/)
      expect(await first('formatVersion: 1\nformatVersion: 1\norganizations: []\n')).to.contain('not valid YAML or JSON (line 2)')
      expect(await first('formatVersion: 1\norganizations: &a []\ncertificates: *a\n')).to.contain('aliases')
      expect(await first('')).to.contain('section with keys expected')
      expect(await first('formatVersion: 1\norganizations: []\n__proto__: 1\n')).to.contain('unknown key')
      expect(await first('#' + ' '.repeat(2 * 1024 * 1024))).to.contain('larger than')
      await writeFile(folder.file, Buffer.from([0x66, 0xff, 0xfe]))
      expect((await refused({ file: folder.file }))[0]).to.contain('cannot be read')
      expect(await first("formatVersion: 1\nvalidFrom: '2027-01-01T00:00:00Z'\norganizations: []\n")).to.contain(
        'validFrom:2 does not hold yet',
      )
    })

    it('warns, and no more, where a representative is not in the file', async () => {
      const house = await opened("formatVersion: 1\norganizations: [ { keys: [ 'x:1' ], name: A, representatives: [ 'x:2' ] } ]\n")
      expect(house.report().warnings.map(({ finding }) => finding)).to.deep.equal(['directory.unknown-organization'])
      await house.close()
    })
  })

  it('reads JSON, indented with tabs, and certificates in DER', async () => {
    const json = await makeFolder('directory.json')
    await writeFile(join(json.path, 'certs/register.der'), (await certificate('register')).raw)
    const elements = [{ type: 'OSCI_ADDRESSEE', uri: 'http://127.0.0.1:8082/osci', cipherCertificate: 'certs/register.der' }]
    const services = [{ serviceUri: SERVICE, communicationType: 'one-way', elements }]
    await json.write(
      JSON.stringify({ formatVersion: 1, organizations: [{ keys: ['ags:99001000'], name: 'Ä', services }] }, undefined, '\t'),
    )
    const house = await open({ file: json.file })
    expect((await house.services.findService('ags:99001000', SERVICE)).delivery).to.equal('accept')
    await house.close()
    await json.remove()
  })
})
