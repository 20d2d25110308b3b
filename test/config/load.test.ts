// SPDX-License-Identifier: EUPL-1.2
/**
 * The configuration: its fixed shape, its defaults, and every problem with key, file, line and example.
 * @module
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { isCheckEnabled, isPlainOffLoopback } from '../../src/config/cross-checks.js'
import { loadConfig } from '../../src/config/load.js'
import { describe as describeOptions } from '../../src/config/option.js'
import { OPTIONS } from '../../src/config/options.js'
import { checkKeys } from '../../src/config/own-keys.js'
import { ConfigError } from '../../src/errors.js'
import type { ConfigProblem } from '../../src/errors.js'
import { asNobody } from '../unreadable.js'

/** Every section of the fixed shape, with values unlike the defaults where a default exists. */
const WHOLE = `
listen: { public: 127.0.0.1:9080, admin: 127.0.0.1:9081 }
publicUrl: http://127.0.0.1:9080
dataDirectory: ./data
timeZone: Europe/Berlin
core: { memory: {} }
limits: { messageBytes: 33554432, xmlBytes: 8388608, chunkKilobytes: [16, 16384], chunkedMessageKilobytes: 512000 }
soap: { faultStatus: 500 }
allowSmallOwnKeys: false
schemas: { directories: [] }
keyrings:
  town:
    cipher:    { pkcs12: keys/a.p12, pinFile: keys/a.pin }
    signature: { key: keys/a.key.pem, certificate: keys/a.pem }
    reader:    [ { pkcs12: keys/a.p12, pinFile: keys/a.pin } ]
    author:    { pkcs12: keys/a.p12, pinFile: keys/a.pin }
peers:
  - name: intermediary-1
    signatureCertificates: [ keys/a.pem ]
    signed: required
    encrypted: required
    verdictFirst: false
    sending: { signature: rsa-sha256 }
    legacy: { cbcContent: false, rsa15Content: false, iv16Reading: true }
    tolerate: []
participants:
  - { id: register-1, jwks: keys/r.json, mailboxes: [ 'ags:99001000' ], tls: [ keys/a.pem ] }
mailboxes:
  'ags:99001000': { ttlSeconds: 10, handover: at-most-once }
endpoints:
  - path: /osci/recipient
    role: passiveRecipient
    mode: terminating
    keys: town
    peers: [ intermediary-1 ]
    routes: [ { addresseeCertificate: keys/a.pem, mailbox: 'ags:99001000' } ]
    defaultMailbox: 'ags:99001000'
    takeWithinSeconds: 10
    answerWithinSeconds: 20
    unknownContent: refuse
    requireSealedContent: true
`

describe('config', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'protektor-config-'))
    await mkdir(join(folder, 'keys'))
    for (const name of ['a.p12', 'a.pin', 'a.key.pem']) await writeFile(join(folder, 'keys', name), 'x', { mode: 0o600 })
    for (const name of ['a.pem', 'r.json']) await writeFile(join(folder, 'keys', name), 'x')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const write = async (text: string): Promise<string> => {
    const file = join(folder, 'gateway.yaml')
    await writeFile(file, text)
    return file
  }
  const load = async (text: string) => loadConfig(await write(text))
  const problems = async (text: string): Promise<readonly ConfigProblem[]> => {
    const error: unknown = await load(text).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    if (!(error instanceof ConfigError)) throw new Error('no ConfigError', { cause: error })
    return error.problems
  }
  const change = (from: string, to: string): string => {
    expect(WHOLE).to.contain(from)
    return WHOLE.replace(from, to)
  }
  /** The one problem there must be. */
  const only = async (text: string): Promise<ConfigProblem> => {
    const found = await problems(text)
    expect(found.map((one) => `${one.key}: ${one.message.en}`)).to.have.length(1)
    return found[0] as ConfigProblem
  }
  /** Line of the first occurrence in the text, from 1. */
  const line = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length

  it('takes the whole fixed shape and resolves paths against the file', async () => {
    const config = await load(WHOLE)
    expect(config.listen.public.address).to.deep.equal({ host: '127.0.0.1', port: 9080 })
    expect(config.soap.faultStatus).to.equal(500)
    expect(config.keyrings['town']?.cipher).to.deep.equal({ pkcs12: join(folder, 'keys/a.p12'), pinFile: join(folder, 'keys/a.pin') })
    expect(config.keyrings['town']?.reader[0]?.pkcs12).to.equal(join(folder, 'keys/a.p12'))
    expect(config.peers[0]?.signatureCertificates).to.deep.equal([join(folder, 'keys/a.pem')])
    expect(config.peers[0]?.sending.signature).to.equal('rsa-sha256')
    expect(config.endpoints[0]?.routes[0]?.addresseeCertificate).to.equal(join(folder, 'keys/a.pem'))
    expect(config.dataDirectory).to.equal(join(folder, 'data'))
    expect(config.warnings).to.deep.equal([])
  })

  it('fills in the documented defaults for an empty file', async () => {
    const config = await load('# nothing\n')
    expect(config.listen.public.address).to.deep.equal({ host: '127.0.0.1', port: 8080 })
    expect(config.listen.admin.address).to.deep.equal({ host: '127.0.0.1', port: 8081 })
    expect(config.publicUrl).to.equal('http://127.0.0.1:8080')
    expect(config.timeZone).to.equal('Europe/Berlin')
    expect(config.limits).to.deep.include({ messageBytes: 33554432, xmlBytes: 8388608, chunkedMessageKilobytes: 512000 })
    expect(config.limits.chunkKilobytes).to.deep.equal([16, 16384])
    expect(config.soap.faultStatus).to.equal(200)
    expect(config.allowSmallOwnKeys).to.equal(false)
    expect(config.http.requestTimeoutSeconds).to.equal(60)
    expect(config.core.memory).to.deep.equal({})
  })

  it('derives publicUrl from the listener, never from a request', async () => {
    expect((await load('listen: { public: "[::1]:9999" }')).publicUrl).to.equal('http://[::1]:9999')
  })

  it('refuses an unknown key, names its line and the key that was meant', async () => {
    const text = change('unknownContent: refuse', 'unknownContents: refuse')
    const found = await only(text)
    expect(found).to.deep.include({
      key: 'endpoints[0].unknownContents',
      line: line(text, 'unknownContents'),
      file: join(folder, 'gateway.yaml'),
    })
    expect(found.message.en).to.contain('did you mean unknownContent')
    expect(found.message.de).to.contain('gemeint ist wohl unknownContent')
  })

  it('reports all problems at once, each with key, line, both languages and an example', async () => {
    const text = change('faultStatus: 500', 'faultStatus: 404')
      .replace('signed: required', 'signed: maybe')
      .replace('Europe/Berlin', 'Berlin')
    const found = await problems(text)
    expect(found.map((one) => one.key)).to.have.members(['soap.faultStatus', 'peers[0].signed', 'timeZone'])
    for (const one of found) {
      expect(one.line).to.be.greaterThan(1)
      expect(one.example).to.be.a('string')
      expect(one.message.de).to.match(/ungültiger Wert/)
      expect(one.message.en).to.match(/value not allowed/)
    }
    expect(found.find((one) => one.key === 'peers[0].signed')?.message.en).to.contain('required | optional')
  })

  it('refuses what only looks like an address, once, at the key that was written', async () => {
    const cases: readonly (readonly [text: string, key: string])[] = [
      ['listen: { public: 127.0.0.1:99999 }', 'listen.public'],
      ['listen: { public: "${HOST}:8080" }', 'listen.public'],
      ['publicUrl: http://127.0.0.1:99999', 'publicUrl'],
      ['publicUrl: http://user:secret@gateway.example', 'publicUrl'],
      ['core: { remote: { url: "https://core:84430", participant: gateway-1 } }', 'core.remote.url'],
      ['core: { redis: { url: "redis://a:b:c" } }', 'core.redis.url'],
      ['core: { redis: { url: "redis://127.0.0.1:99999" } }', 'core.redis.url'],
      ['directory: { dvdv: { url: "http://[" } }', 'directory.dvdv.url'],
      ['timestamping: { url: "http://[" }', 'timestamping.url'],
      // nobody could ever call it: fetch takes no user
      ['directory: { dvdv: { url: "http://user:secret@127.0.0.1/v2" } }', 'directory.dvdv.url'],
      ['timestamping: { url: "https://user@tsa.example?a" }', 'timestamping.url'],
    ]
    for (const [text, key] of cases) {
      const [found, ...more] = await problems(`${text}\n`)
      expect([found?.key, found?.line, more.length], text).to.deep.equal([key, 1, 0])
      expect(found?.message.en).to.match(/^value not allowed; expected: /)
    }
  })

  it('says of an entry of a list what it must look like, with the example of the list; and everything once', async () => {
    for (const [text, key, expected] of [
      ['limits: { chunkKilobytes: [0, 64] }', 'limits.chunkKilobytes[0]', 'whole number 1 … 16384'],
      ['limits: { chunkKilobytes: [16, 0.5] }', 'limits.chunkKilobytes[1]', 'whole number 1 … 65536'],
      ['participants: [ { id: a, jwks: keys/r.json, mailboxes: [ 99001000 ] } ]', 'participants[0].mailboxes[0]', 'lower-case letters'],
      ['peers: [ { name: a, tolerate: [ nothing ] } ]', 'peers[0].tolerate[0]', 'finding ids'],
      ['keyrings: { town: }', 'keyrings.town', 'section with keys'],
      ['directory: { dvdv: { url: http://127.0.0.1/, network: DOI } }', 'directory.dvdv.network', 'lower-case letters'],
    ] as const) {
      const found = await only(text)
      expect([found.key, found.line]).to.deep.equal([key, 1])
      expect(found.message.en).to.contain(`; expected: ${expected}`)
      expect(found.example, key).to.be.a('string')
    }
  })

  it('refuses a missing required key at the line of its section', async () => {
    const text = change('    mode: terminating\n', '')
    const found = await only(text)
    expect(found).to.deep.include({ key: 'endpoints[0].mode', line: line(text, 'path: /osci/recipient') })
    expect(found.message.en).to.contain('is missing')
  })

  it('refuses broken YAML, duplicate keys and aliases', async () => {
    expect((await problems('a: [1\n'))[0]?.message.en).to.contain('not valid YAML')
    expect((await problems('timeZone: UTC\ntimeZone: UTC\n'))[0]?.line).to.equal(2)
    const aliased = await only('schemas: &a { directories: [] }\nkeyrings: *a\n')
    expect([aliased.line, aliased.message.en]).to.deep.equal([2, 'aliases (&, *) are not allowed'])
  })

  it('takes no name for another one than what was written: YAML reads some as numbers', async () => {
    for (const [name, as] of [
      ['01001000', '1001000'],
      ['990010001234567890123', '990010001234567900000'],
      ['1e3', '1000'],
      ['True', 'true'],
    ] as const) {
      const found = await only(`timeZone: UTC\nmailboxes: { ${name}: { handover: lease-and-confirm } }`)
      expect([found.key, found.line, found.message.en]).to.deep.equal([name, 2, `written so, the name is "${as}"; it belongs into quotes`])
    }
    for (const name of ['99001000', "'01001000'"])
      expect(Object.keys((await load(`mailboxes: { ${name}: { ttlSeconds: 5 } }`)).mailboxes)).to.deep.equal([name.replaceAll("'", '')])
    // one of the two would hold without a word
    const twice = await only("mailboxes: {\n '1': { ttlSeconds: 5 },\n 1: { ttlSeconds: 6 } }")
    expect([twice.key, twice.line, twice.message.en]).to.deep.equal(['1', 3, 'occurs before'])
    expect((await only('{ [ a ]: b }')).message.en).to.equal('a name is a text')
  })

  it('refuses a file that is no UTF-8, at the line where it is not', async () => {
    const file = join(folder, 'latin-1.yaml')
    await writeFile(file, Buffer.from('# ä\ndataDirectory: Müll\n', 'latin1'))
    const error: unknown = await loadConfig(file).catch((caught: unknown) => caught)
    const message = { de: 'kein gültiges UTF-8', en: 'not valid UTF-8' }
    expect((error as ConfigError).problems).to.deep.equal([{ key: '(file)', file, line: 1, message }])
    await writeFile(file, Buffer.concat([Buffer.from('\ufeff# ä\n'), Buffer.from('dataDirectory: Müll\n', 'latin1')]))
    const later: unknown = await loadConfig(file).catch((caught: unknown) => caught)
    expect((later as ConfigError).problems.map((one) => one.line)).to.deep.equal([2])
  })

  it('tells a directory in the place of a file, and a file in the place of a directory, at the key', async () => {
    const folderForFile = await only(change('jwks: keys/r.json', 'jwks: keys'))
    expect(folderForFile).to.deep.include({ key: 'participants[0].jwks' })
    expect(folderForFile.message.en).to.match(/keys is not a file$/)
    const fileForFolder = await only(change('directories: []', 'directories: [ keys/r.json ]'))
    expect(fileForFolder).to.deep.include({ key: 'schemas.directories[0]' })
    expect(fileForFolder.message.en).to.match(/r\.json is not a directory$/)
  })

  it('says of a name that does not do what names must look like', async () => {
    const found = await only('mailboxes: { Nonsense: { ttlSeconds: 10 } }')
    expect(found.key).to.equal('mailboxes.Nonsense')
    expect(found.message.de).to.match(/^ungültiger Name; erwartet: Kleinbuchstaben/)
  })

  it('does not take __proto__ for a name', async () => {
    expect((await problems('mailboxes: { __proto__: { ttlSeconds: 10 } }')).length).to.be.greaterThan(0)
    expect(({} as Record<string, unknown>)['ttlSeconds']).to.equal(undefined)
  })

  it('K1 refuses a key or PIN file that others can read, and a file that is not there', async () => {
    await chmod(join(folder, 'keys/a.pin'), 0o640)
    const found = await problems(WHOLE)
    await chmod(join(folder, 'keys/a.pin'), 0o600)
    expect(found.map((one) => one.key)).to.include('keyrings.town.cipher.pinFile')
    expect(found[0]?.message.de).to.contain('0640')
    const missing = await only(change('jwks: keys/r.json', 'jwks: keys/none.json'))
    expect(missing).to.deep.include({ key: 'participants[0].jwks' })
    expect((await load(WHOLE)).peers).to.have.length(1)
  })

  it('names key and line of a file whose rights keep it from us', async () => {
    const file = join(folder, 'keys/r.json')
    await chmod(folder, 0o755)
    await chmod(file, 0)
    const text = '\nparticipants: [ { id: register-1, jwks: keys/r.json } ]\n'
    await write(text)
    const found = await asNobody(() => loadConfig(join(folder, 'gateway.yaml'))).catch((error: unknown) => error)
    await chmod(file, 0o644)
    await chmod(folder, 0o700)
    if (!(found instanceof ConfigError)) throw new Error('no ConfigError', { cause: found })
    expect(found.problems.map(({ key, line, message }) => [key, line, message.en])).to.deep.equal([
      ['participants[0].jwks', 2, `${file} is not there or cannot be read`],
    ])
  })

  it('takes a key as PKCS#12 with PIN file or as PEM with certificate, not half of either', async () => {
    expect((await only(change('cipher:    { pkcs12: keys/a.p12, pinFile: keys/a.pin }', 'cipher: { pkcs12: keys/a.p12 }'))).key).to.equal(
      'keyrings.town.cipher',
    )
  })

  it('refuses names that occur twice, and the name of the gateway itself', async () => {
    const again = 'participants:\n  - { id: register-1, jwks: keys/r.json }'
    expect((await only(change('participants:', again))).key).to.equal('participants[1].id')
    expect((await only(change('id: register-1', 'id: gateway'))).key).to.equal('participants[0].id')
  })

  it('refuses references that lead nowhere', async () => {
    expect((await problems(change('keys: town', 'keys: city')))[0]?.key).to.equal('endpoints[0].keys')
    expect((await only(change('peers: [ intermediary-1 ]', 'peers: [ nobody ]'))).key).to.equal('endpoints[0].peers[0]')
    expect((await only(change("defaultMailbox: 'ags:99001000'", "defaultMailbox: 'ags:1'"))).key).to.equal('endpoints[0].defaultMailbox')
  })

  it('takes no name of the language itself for a keyring or a mailbox', async () => {
    expect((await problems(change('keys: town', 'keys: constructor')))[0]?.key).to.equal('endpoints[0].keys')
    const way = 'outgoing: [ { mailbox: constructor, organization: a, service: b, keys: toString, peer: intermediary-1 } ]\n'
    expect((await only(`${WHOLE}${way}directory: { file: keys/r.json }`)).key).to.equal('outgoing[0].keys')
  })

  it('warns of peers whose roots prove nothing in the role of the endpoint', async () => {
    const rooted = (role: string) => change('signatureCertificates: [ keys/a.pem ]', `roots: [ keys/a.pem ]\n    role: ${role}`)
    expect((await load(rooted('user'))).warnings.map((one) => one.key)).to.deep.equal(['endpoints[0].peers[0]'])
    expect((await load(rooted('intermediary'))).warnings).to.deep.equal([])
  })

  it('refuses what an intermediary would not read, and says of unknown content what is so', async () => {
    const before = WHOLE.slice(0, WHOLE.indexOf('endpoints:'))
    const withoutReader = before.replace(/ +reader:.*\n/, '')
    const intermediary = (rest: string, sections = withoutReader) =>
      `${sections}endpoints: [ { path: /osci/intermediary, role: intermediary, keys: town, peers: [ intermediary-1 ], ${rest} } ]`
    expect((await only(intermediary("defaultMailbox: 'ags:99001000'"))).key).to.equal('endpoints[0].defaultMailbox')
    expect((await only(intermediary("routes: [ { metadataReader: a, mailbox: 'ags:99001000' } ]"))).key).to.equal('endpoints[0].routes')
    expect((await load(intermediary('unknownContent: pass'))).warnings).to.deep.equal([])
    const { key, message } = await only(intermediary('unknownContent: pass', before))
    expect([key, message.en.includes('formerCiphers')]).to.deep.equal(['keyrings.town.reader', true])
    // a keyring that somebody who reads content uses as well
    const shared = WHOLE + '  - { path: /osci/intermediary, role: intermediary, keys: town, peers: [ intermediary-1 ] }'
    expect((await load(shared)).warnings).to.deep.equal([])
  })

  it('refuses limits that contradict one another', async () => {
    const limits = (text: string) => change('limits: {', `chunks: { ${text} }\nlimits: {`)
    expect((await only(limits('spoolKilobytes: 511999'))).key).to.equal('chunks.spoolKilobytes')
    expect((await load(limits('spoolKilobytes: 512000'))).warnings).to.deep.equal([])
    const announced = change('[16, 16384]', '[16, 32737]')
    expect((await load(announced)).warnings).to.deep.equal([])
    const intermediary = `  - { path: /osci/intermediary, role: intermediary, keys: town, peers: [ intermediary-1 ] }`
    // the message around it has no room
    expect((await only(announced + intermediary)).key).to.equal('limits.chunkKilobytes')
    expect((await load(change('[16, 16384]', '[16, 32736]') + intermediary)).warnings).to.deep.equal([])
    expect((await only(change('ttlSeconds: 10', 'maxBytes: 4095'))).key).to.equal('mailboxes["ags:99001000"].maxBytes')
    // no larger one could be read by anybody (docs/envelope.md)
    expect((await only(change('limits: {', 'limits: { envelopeBytes: 34603009,'))).key).to.equal('limits.envelopeBytes')
  })

  it('warns of a directory without TLS in a network, and of tokens for an address that nobody calls', async () => {
    const keys = async (text: string) => (await load(text)).warnings.map((one) => one.key)
    expect(await keys('directory: { dvdv: { url: http://dvdv.example/ } }')).to.deep.equal(['directory.dvdv.url'])
    for (const url of ['https://dvdv.example/', 'http://127.0.0.1:9080/', 'http://[::1]:9080/'])
      expect(await keys(`directory: { dvdv: { url: '${url}' } }`), url).to.deep.equal([])
    const everywhere = `listen: { public: 0.0.0.0:9443, tls: { pkcs12: keys/a.p12, pinFile: keys/a.pin } }\n`
    const participants = 'participants: [ { id: a, jwks: keys/r.json } ]\n'
    expect(await keys(everywhere + participants)).to.deep.equal(['publicUrl'])
    expect(await keys(`${everywhere}${participants}publicUrl: https://gateway.example`)).to.deep.equal([])
    expect(await keys(everywhere)).to.deep.equal([])
  })

  it('knows the line of a key that was not written: that of its section', async () => {
    const config = await load(WHOLE)
    expect(config.lineOf('endpoints[0].routes[0].mailbox')).to.equal(line(WHOLE, 'routes:'))
    expect(config.lineOf('mailboxes["ags:99001000"].leaseSeconds')).to.equal(line(WHOLE, 'ttlSeconds: 10'))
    expect(config.lineOf('core.redis.urls[3]')).to.equal(line(WHOLE, 'core:'))
    expect(config.lineOf('timestamping.certificates')).to.equal(undefined)
  })

  it('keeps reply. for reply mailboxes, wherever a mailbox is named', async () => {
    const reply = `reply.${'0'.repeat(32)}`
    expect((await only(change("mailboxes: [ 'ags:99001000' ]", `mailboxes: [ 'ags:99001000', '${reply}' ]`))).key).to.equal(
      'participants[0].mailboxes[1]',
    )
    const way = `outgoing: [ { mailbox: ${reply}, organization: a, service: b, keys: town, peer: intermediary-1 } ]\ndirectory: { file: keys/r.json }`
    expect((await only(WHOLE + way)).key).to.equal('outgoing[0].mailbox')
  })

  it('has one address for each role, with one name behind it', async () => {
    for (const path of ['/osci/recipient/a', '/osci/recipient/A.b-c_1'])
      expect((await load(change('/osci/recipient', path))).endpoints[0]?.path).to.equal(path)
    for (const path of [
      '/osci/intermediary',
      '/osci/intermediary/a',
      '/osci/other',
      '/osci/recipients',
      '/osci/recipient/a/b',
      '/osci/recipient/..',
    ])
      expect((await only(change('/osci/recipient', path))).key, path).to.equal('endpoints[0].path')
  })

  it('keeps a mailbox at 60 seconds, or 3600 for a slow poller, who is warned of', async () => {
    const found = await only(change('ttlSeconds: 10', 'ttlSeconds: 61'))
    expect(found.key).to.equal('mailboxes["ags:99001000"].ttlSeconds')
    expect(found.line).to.be.greaterThan(1)
    const config = await load(change('ttlSeconds: 10', 'ttlSeconds: 3600, slowPoller: true'))
    expect(config.warnings.map((one) => one.key)).to.deep.equal(['mailboxes["ags:99001000"].slowPoller'])
    expect(await problems(change('ttlSeconds: 10', 'ttlSeconds: 3601, slowPoller: true'))).to.have.length(1)
  })

  it('refuses takeWithinSeconds that is not below answerWithinSeconds', async () => {
    expect((await only(change('takeWithinSeconds: 10', 'takeWithinSeconds: 20'))).key).to.equal('endpoints[0].takeWithinSeconds')
  })

  it('warns of messages for which nothing behind the endpoint has room', async () => {
    const said = async (from: string, to: string) =>
      (await load(change(from, to))).warnings.map(({ key, message }) => [key, message.en.split(':')[0]])
    const room = ['limits.messageBytes', 'more than ags']
    expect(await said('ttlSeconds: 10', 'maxBytes: 33554431')).to.deep.equal([room])
    expect(await said('limits: {', 'limits: { envelopeBytes: 65536, coreBytes: 33554431,')).to.deep.equal([room])
    const envelope = ['limits.messageBytes', 'no envelope holds more than 33 MiB']
    expect(await said('messageBytes: 33554432', 'messageBytes: 67108864')).to.deep.equal([envelope])
    expect(await said('messageBytes: 33554432', 'messageBytes: 67108865')).to.deep.equal([envelope, room])
  })

  it('warns of an OSCI mailbox that holds less than a message may have', async () => {
    const endpoint = '  - { path: /osci/intermediary, role: intermediary, keys: town, peers: [ intermediary-1 ] }\n'
    const warned = async (maxBytes: number) => {
      const mailbox = `  'osci:a': { maxBytes: ${maxBytes}, cipherCertificates: [ keys/a.pem ] }\n`
      return (await load(change('endpoints:\n', `${mailbox}endpoints:\n`) + endpoint)).warnings.map(({ key }) => key)
    }
    expect(await warned(33554431)).to.deep.equal(['mailboxes["osci:a"].maxBytes'])
    expect(await warned(33554432)).to.deep.equal([])
  })

  it('warns of an answer that is waited for longer than a reply mailbox lives', async () => {
    const waiting = async (seconds: number, life = 10) =>
      (await load(change('answerWithinSeconds: 20', `answerWithinSeconds: ${seconds}`).replace('ttlSeconds: 10', `ttlSeconds: ${life}`)))
        .warnings
    expect(await waiting(71)).to.deep.equal([])
    const [{ key, message } = { key: '', message: { en: '' } }, ...more] = await waiting(300)
    expect([key, more.length]).to.deep.equal(['endpoints[0].answerWithinSeconds', 0])
    expect(message.en).to.match(/^after 71 s no answer can come/)
    expect((await waiting(71, 9)).map((one) => one.key)).to.deep.equal(['endpoints[0].answerWithinSeconds'])
  })

  it('warns of a participant who has only certificates, where no TLS shows them', async () => {
    const keys = async (more: string) =>
      (await load(`participants: [ { id: a, tls: [ keys/a.pem ] } ]\n${more}`)).warnings.map((one) => one.key)
    expect(await keys('')).to.deep.equal(['participants[0].tls'])
    expect(await keys('listen: { tls: { pkcs12: keys/a.p12, pinFile: keys/a.pin } }')).to.deep.equal([])
  })

  it('refuses mode terminating without reader or author keys, not mode blind', async () => {
    const bare = WHOLE.split('\n')
      .filter((one) => !/^ {4}(reader|author):/.test(one))
      .join('\n')
    expect((await problems(bare)).map((one) => one.key)).to.have.members(['keyrings.town.reader', 'keyrings.town.author'])
    expect((await load(bare.replace('mode: terminating', 'mode: blind'))).endpoints[0]?.mode).to.equal('blind')
  })

  it('refuses to listen off loopback without TLS, but for OSCI paths alone, which is a warning', async () => {
    expect((await only('listen: { admin: 0.0.0.0:8081 }')).key).to.equal('listen.admin')
    expect((await only(change('public: 127.0.0.1:9080', 'public: 0.0.0.0:9080'))).key).to.equal('listen.public')
    expect((await load('listen: { public: 0.0.0.0:9080 }')).warnings.map((one) => one.key)).to.deep.equal(['listen.public'])
    // with a core elsewhere participants call nothing here
    const elsewhere = change('public: 127.0.0.1:9080', 'public: 0.0.0.0:9080').replace(
      'core: { memory: {} }',
      'core: { remote: { url: https://core.example, participant: gateway-1 } }',
    )
    expect((await load(elsewhere)).warnings.map((one) => one.key)).to.deep.equal(['listen.public'])
    const tls = 'tls: { pkcs12: keys/a.p12, pinFile: keys/a.pin }'
    const config = await load(`listen: { public: { address: 0.0.0.0:9443, ${tls} }, admin: 0.0.0.0:9444, ${tls} }`)
    expect(config.warnings).to.deep.equal([])
    expect(config.publicUrl).to.equal('https://0.0.0.0:9443')
  })

  it('takes no name for loopback that only begins like its addresses', async () => {
    for (const [host, isOpen] of [
      ['127.0.0.1', false],
      ['localhost', false],
      ['127.gateway.example', true],
      ['127.0.0.1.example', true],
    ] as const)
      expect(isPlainOffLoopback(await load(`listen: { public: '${host}:9080' }`), 'public'), host).to.equal(isOpen)
  })

  it('takes a core elsewhere, over https off loopback, under a name of its own', async () => {
    const remote = (inside: string) => `core: { remote: { ${inside} } }`
    const { core } = await load(remote('url: https://core.example, urls: [ https://core-2.example ], participant: gateway-1'))
    expect(core.remote).to.include({ url: 'https://core.example', participant: 'gateway-1' })
    expect((await only(remote('url: http://core.example, participant: gateway-1'))).key).to.equal('core.remote.url')
    expect((await only(remote('url: http://127.0.0.1:9000, urls: [ http://core.example ], participant: g'))).key).to.equal(
      'core.remote.urls[0]',
    )
    expect((await only('core: { memory: {}, remote: { url: http://127.0.0.1:9000, participant: g } }')).key).to.equal('core')
  })

  it('K1 takes one server or a cluster for a shared core, never a password in the address', async () => {
    const { core, warnings } = await load('core: { redis: { url: "redis://127.0.0.1:6379" } }')
    expect(core.redis).to.deep.equal({ url: 'redis://127.0.0.1:6379', prefix: 'protektor' })
    expect(core.memory).to.equal(undefined)
    expect(warnings).to.deep.equal([])
    for (const [text, key] of [
      ['{ prefix: a }', 'core.redis'],
      ['{ url: "redis://a", urls: [ "redis://a" ] }', 'core.redis'],
      ['{ url: "redis://:secret@127.0.0.1" }', 'core.redis.url'],
      ['{ url: "redis://user:secret@127.0.0.1" }', 'core.redis.url'],
      ['{ url: "redis://127.0.0.1", prefix: "{a}" }', 'core.redis.prefix'],
      ['{ urls: [ "redis://127.0.0.1", "rediss://127.0.0.2" ] }', 'core.redis.urls'],
      ['{ urls: [ "redis://a@127.0.0.1", "redis://127.0.0.2" ] }', 'core.redis.urls'],
      ['{ urls: [ "redis://127.0.0.1/0", "redis://127.0.0.2/3" ] }', 'core.redis.urls[1]'],
    ] as const)
      expect((await only(`core: { redis: ${text} }`)).key, text).to.equal(key)
    expect((await only('core: { memory: {}, redis: { url: "redis://127.0.0.1" } }')).key).to.equal('core')
  })

  it('warns of a shared core without TLS or password in a network', async () => {
    const keys = async (text: string) => (await load(`core: { redis: ${text} }`)).warnings.map((one) => one.key)
    expect(await keys('{ url: "redis://redis.example" }')).to.deep.equal(['core.redis', 'core.redis.passwordFile'])
    expect(await keys('{ url: "rediss://redis.example" }')).to.deep.equal([])
  })

  it('never tolerates a finding of a signature, encryption or certificate layer', async () => {
    for (const finding of ['message-signature.digest-mismatch', 'content-encryption.tag', 'certificates.untrusted'])
      expect((await only(change('tolerate: []', `tolerate: [ ${finding} ]`))).key).to.equal('peers[0].tolerate[0]')
    expect((await load(change('tolerate: []', 'tolerate: [ policy.small-key ]'))).warnings.map((one) => one.key)).to.deep.equal([
      'peers[0].tolerate[0]',
    ])
  })

  it('K2 checks over HTTP without an access token are for loopback only, a proxy in front included', async () => {
    const enabled = async (text: string) => isCheckEnabled(await load(text))
    const core = 'core: { memory: {} }'
    expect(await enabled(core)).to.equal(true)
    expect(await enabled(`${core}\ncheck: { enabled: false }`)).to.equal(false)
    for (const exposed of ['listen: { public: 0.0.0.0:8443 }', 'publicUrl: https://gateway.example']) {
      expect(await enabled(`${core}\n${exposed}`), exposed).to.equal(false)
      expect((await only(`${core}\n${exposed}\ncheck: { enabled: true }`)).key, exposed).to.equal('check.tokenFile')
    }
  })

  it('warns of every weak mode', async () => {
    const text = change('signed: required', 'signed: optional')
      .replace('encrypted: required', 'encrypted: optional')
      .replace('cbcContent: false', 'cbcContent: true')
      .replace('unknownContent: refuse', 'unknownContent: pass')
      .replace('allowSmallOwnKeys: false', 'allowSmallOwnKeys: true')
    expect((await load(text)).warnings.map((one) => one.key)).to.have.members([
      'peers[0].signed',
      'peers[0].encrypted',
      'peers[0].legacy.cbcContent',
      'endpoints[0].unknownContent',
      'allowSmallOwnKeys',
    ])
  })

  it('refuses own RSA keys below 3000 bits unless allowed, and below 2048 always', async () => {
    const at = new Date('2026-01-01T00:00:00Z')
    const fact = (bits: number) => ({ key: 'keyrings.town.cipher', kind: 'rsa' as const, bits })
    const config = await load(WHOLE)
    expect(checkKeys(config, [fact(3072)], at)).to.deep.equal([])
    expect(() => checkKeys(config, [fact(2048)], at)).to.throw(ConfigError, /allowSmallOwnKeys/)
    const lax = await load(change('allowSmallOwnKeys: false', 'allowSmallOwnKeys: true'))
    const [warning] = checkKeys(lax, [fact(2048)], at)
    expect(warning).to.deep.include({ key: 'keyrings.town.cipher', line: line(WHOLE, 'cipher:') })
    expect(() => checkKeys(lax, [fact(1024)], at)).to.throw(ConfigError)
    expect(checkKeys(config, [{ ...fact(4096), notAfter: new Date('2025-01-01T00:00:00Z') }], at)).to.have.length(1)
  })

  it('documents every option in both languages, with an example', () => {
    const rows = describeOptions(OPTIONS)
    expect(rows.length).to.be.greaterThan(60)
    for (const row of rows) for (const text of [row.note.de, row.note.en, row.note.example]) expect(text, row.key).to.match(/\S/)
    expect(rows.map((row) => row.key)).to.include.members(['listen.public', 'peers[].legacy.cbcContent', 'mailboxes.*.ttlSeconds'])
  })

  it('reports a file that is not there', async () => {
    const error: unknown = await loadConfig(join(dirname(folder), 'no-such-file.yaml')).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(ConfigError)
  })
})
