// SPDX-License-Identifier: EUPL-1.2
/**
 * The Java reference library as caller: its client sends through its mock intermediary to our passive recipient, and its parsers read
 * what we seal. The peer lies outside the repository; without it everything here is skipped, visibly.
 * @module
 */
import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../../src/client/connect.js'
import { startGateway, type RunningGateway } from '../../src/cli/compose/gateway.js'
import { loadConfig } from '../../src/config/load.js'
import { generateEnvelopeKey } from '../../src/envelope/keys.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { certificateRequest } from '../gateway/support.js'
import { openPki, peer, needsPeer, readable, saidIn, sha256, SHARED, startPeer, type PeerServer, type Said } from './java.js'
import { parseByLibrary } from './responses.js'
import { needsMaterial } from '../needs.js'

const WIRE = join(SHARED, 'osci-wire')
const MAILBOX = 'ags:99001000'

const key = (file: string): string => `{ pkcs12: ${file}.p12, pinFile: pin }`

interface PeerRow {
  readonly path: string
  readonly name: string
  readonly options: string
  readonly unknownContent: 'refuse' | 'pass'
}

const STRICT = '    signed: required\n    encrypted: required'
const OPTIONAL = '    signed: required\n    encrypted: optional'
const LEGACY = `${OPTIONAL}\n    legacy: { cbcContent: true, rsa15Content: true }`
const ROWS: readonly PeerRow[] = [
  { path: 'strict', name: 'im-strict', options: STRICT, unknownContent: 'refuse' },
  { path: 'pass', name: 'im-pass', options: OPTIONAL, unknownContent: 'pass' },
  { path: 'legacy', name: 'im-legacy', options: LEGACY, unknownContent: 'pass' },
  { path: 'unsigned', name: 'im-unsigned', options: '    signed: optional\n    encrypted: optional', unknownContent: 'pass' },
]

function configOf(rows: readonly PeerRow[], signer: string): string {
  return `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
dataDirectory: ./data
allowSmallOwnKeys: true
keyrings:
  town:
    cipher: ${key('addressee-cipher')}
    signature: ${key('addressee-sign')}
    reader: [ ${key('reader-cipher')} ]
    author: ${key('author-sign')}
peers:
${rows.map((r) => `  - name: ${r.name}\n    signatureCertificates: [ ${signer} ]\n${r.options}`).join('\n')}
participants:
  - { id: register-1, jwks: register.json, mailboxes: [ '${MAILBOX}' ] }
endpoints:
${rows.map((r) => `  - { path: /osci/recipient/${r.path}, role: passiveRecipient, mode: terminating, keys: town, peers: [ ${r.name} ], defaultMailbox: '${MAILBOX}', unknownContent: ${r.unknownContent} }`).join('\n')}
`
}

const ANSWER = new TextEncoder().encode('Antwort des Registers: äöü ß €')

interface Town {
  readonly gateway: RunningGateway
  readonly url: string
  /** Documents that reached the register. */
  readonly got: Uint8Array[]
  readonly attachments: Uint8Array[]
  close(): Promise<void>
}

async function openTown(directory: string, rows: readonly PeerRow[], signer: string): Promise<Town> {
  await readable(directory)
  const sign = await generateEnvelopeKey('sig')
  const open = await generateEnvelopeKey('enc')
  await writeFile(join(directory, 'register.json'), JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }))
  await writeFile(join(directory, 'gateway.yaml'), configOf(rows, signer))
  const config = await loadConfig(join(directory, 'gateway.yaml'))
  const gateway = await startGateway(config, { log: gatewayLog({ write: () => undefined }), workers: 1 })
  const client = await connect({
    url: gateway.public.url,
    audience: config.publicUrl,
    participant: 'register-1',
    key: sign.privateJwk,
    openingKeys: [open.privateJwk],
    senders: [{ id: gateway.identity.participant, jwks: gateway.identity.jwks.keys }],
  })
  const stopped = new AbortController()
  const got: Uint8Array[] = []
  const attachments: Uint8Array[] = []
  const loop = (async () => {
    for await (const request of client.requests(MAILBOX, { signal: stopped.signal })) {
      if (request.document) got.push(request.document)
      attachments.push(...request.content.parts.filter((p) => p.role === 'attachment').map((p) => p.bytes))
      if (request.content.kind === 'request')
        await request.result({ parts: [{ name: 'content0', mediaType: 'text/plain', role: 'document', bytes: ANSWER }] })
    }
  })()
  return {
    gateway,
    url: `${gateway.public.url}/osci/recipient`,
    got,
    attachments,
    async close() {
      stopped.abort()
      await loop.catch(() => undefined)
      await gateway.close(200)
    },
  }
}

describe('Java peer', function () {
  this.timeout(240_000)
  let pki = ''
  let keys: Awaited<ReturnType<typeof openPki>> | undefined
  let mock: PeerServer | undefined
  let town: Town | undefined

  before(async function () {
    await needsPeer(this)
    keys = await openPki('protektor-java-')
    pki = keys.directory
    town = await openTown(pki, ROWS, 'intermed-sign.pem')
    mock = await startPeer('intermediary', '--pki', pki, '--quiet')
  })
  after(async () => {
    mock?.child.kill()
    await town?.close()
    await keys?.remove()
  })

  /** One call of the Java client; its line of JSON. */
  const call = async (command: 'mediate' | 'forward', endpoint: string, ...options: readonly string[]): Promise<Said> =>
    saidIn(await peer(command, '--url', mock?.url ?? '', '--receiver', `${town?.url ?? ''}/${endpoint}`, '--pki', pki, ...options))

  async function served(endpoint: string, ...options: readonly string[]): Promise<void> {
    const said = await call('mediate', endpoint, ...options)
    expect(said.ok, JSON.stringify(said)).to.equal(true)
    expect(JSON.stringify(said)).to.contain(sha256(ANSWER))
  }

  const payload = async (): Promise<string> => {
    const file = join(pki, `request-${Math.random().toString(36).slice(2)}.xml`)
    await writeFile(file, certificateRequest())
    return file
  }

  it('mediate: an XProtektor request, all layers on, reaches the register byte for byte', async () => {
    const file = await payload()
    await served('strict', '--payload', file, '--sign', '--encrypt')
    expect(Buffer.from(town?.got.at(-1) ?? []).equals(await readFile(file))).to.equal(true)
  })

  it('mediate: plain text where unknown content passes, with and without transport encryption', async () => {
    await served('pass')
    await served('pass', '--no-transport-encrypt')
    const refused = await call('mediate', 'strict')
    expect(refused.ok).to.equal(false)
  })

  it('mediate: with a message id of its own', () => served('pass', '--with-id', '--encrypt', '--sign'))

  for (const algorithm of [
    'rsa-sha256',
    'rsa-sha512',
    'pss-sha256',
    'pss-sha512',
    'sha3-256',
    'sha3-384',
    'sha3-512',
    'ecdsa-sha256',
    'ecdsa-sha512',
  ])
    it(`mediate: author-signed by ${algorithm}`, async () => {
      const author = algorithm.startsWith('ecdsa') ? ['--author-p12', join(pki, 'author-ec-sign.p12')] : []
      await served('strict', '--payload', await payload(), '--sign', '--sign-algo', algorithm, ...author)
    })

  for (const cipher of ['aes256-gcm', 'aes128-gcm'])
    for (const iv of ['12', '16'])
      it(`mediate: content encrypted with ${cipher}, ${iv}-byte vector`, async () =>
        served('strict', '--payload', await payload(), '--encrypt', '--sign', '--cipher', cipher, '--iv', iv))

  it('mediate: with an attachment, encrypted and in clear, exact to the byte', async () => {
    const file = join(pki, 'attachment.bin')
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256))
    await writeFile(file, bytes)
    await served('strict', '--payload', await payload(), '--attachment', file, '--sign', '--encrypt')
    await served('strict', '--payload', await payload(), '--attachment', file, '--sign')
    expect(town?.attachments.slice(-2).every((a) => bytes.equals(a))).to.equal(true)
  })

  for (const options of [
    ['--cipher', 'aes256-cbc'],
    ['--wrap', 'rsa15'],
    ['--cipher', 'aes128-cbc', '--wrap', 'rsa15'],
  ])
    it(`mediate: content with ${options.join(' ')} only where it is switched on`, async () => {
      await served('legacy', '--encrypt', '--sign', ...options)
      const before = town?.got.length
      expect((await call('mediate', 'pass', '--encrypt', '--sign', ...options)).ok).to.equal(false)
      expect(town?.got.length).to.equal(before)
    })

  it('forward: acceptDelivery is taken, with and without transport encryption', async () => {
    expect((await call('forward', 'strict', '--payload', await payload(), '--sign', '--encrypt')).ok).to.equal(true)
    expect((await call('forward', 'pass', '--no-transport-encrypt')).ok).to.equal(true)
  })

  it("the library's parser accepts both responses that we seal", async function () {
    const { buildDelivery } = await import('../../src/cli/compose/demo-request.js')
    const pair = (name: string) => {
      if (!keys) throw new Error('before() has not run')
      return keys.pair(name)
    }
    const demo = {
      'town-cipher': await pair('addressee-cipher'),
      'town-signature': await pair('addressee-sign'),
      'town-reader': await pair('reader-cipher'),
      'town-author': await pair('author-sign'),
      'intermediary-cipher': await pair('intermed-cipher'),
      'intermediary-signature': await pair('intermed-sign'),
      'portal-cipher': await pair('originator-cipher'),
      'portal-author': await pair('originator-sign'),
    }
    const responses: Uint8Array[] = []
    for (const type of ['processDelivery', 'acceptDelivery'] as const) {
      const body = await buildDelivery({ type, document: certificateRequest(), encryptTransport: false }, demo)
      const reply = await fetch(`${town?.url ?? ''}/pass`, { method: 'POST', body: Buffer.from(body) })
      responses.push(new Uint8Array(await reply.arrayBuffer()))
    }
    const verdicts = await parseByLibrary(responses, pki)
    expect(verdicts.length).to.equal(2)
    for (const verdict of verdicts) expect(verdict, JSON.stringify(verdict)).to.include({ signatureValidByJdk: true })
    for (const verdict of verdicts) expect(verdict.error ?? null, JSON.stringify(verdict)).to.equal(null)
  })

  describe('capture 13, unsigned', function () {
    let small: Town | undefined
    let body: Uint8Array | undefined

    before(async function () {
      const folder = join(WIRE, '13-mediate-process-unsigned')
      needsMaterial(this, existsSync(folder), 'capture 13 (../shared)')
      const files = await readdir(folder, { recursive: true })
      const request = files.find((f) => /process/i.test(f) && /request/i.test(f) && !/response/i.test(f))
      body = request === undefined ? undefined : await readFile(join(folder, request))
      const directory = join(pki, 'wire')
      await mkdir(directory)
      for (const file of await readdir(join(WIRE, 'pki'))) await writeFile(join(directory, file), await readFile(join(WIRE, 'pki', file)))
      const rows = ROWS.filter((r) => r.path === 'unsigned' || r.path === 'pass')
      small = await openTown(directory, rows, 'intermed-sign.pem')
    })
    after(() => small?.close())

    const post = async (path: string): Promise<string> => {
      const reply = await fetch(`${small?.url ?? ''}/${path}`, { method: 'POST', body: Buffer.from(body ?? []) })
      const file = join(pki, `capture13-${path}.osci`)
      await writeFile(file, new Uint8Array(await reply.arrayBuffer()))
      return (await peer('inspect', file, '--pki', join(WIRE, 'pki'))).out
    }

    it('gets 9600 under signed: required and is served under optional', async () => {
      expect(body?.length ?? 0).to.be.greaterThan(100)
      expect(await post('pass')).to.contain('9600')
      const before = small?.got.length ?? 0
      const served = await post('unsigned')
      expect(served).to.contain('0800').and.not.to.contain('9600')
      expect(small?.got.length).to.equal(before + 1)
    })
  })
})
