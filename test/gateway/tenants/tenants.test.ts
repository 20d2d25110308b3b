// SPDX-License-Identifier: EUPL-1.2
/**
 * Several intermediaries with keys and peers of their own in one process: what is broken in one leaves the others alone, and nobody sees
 * anything of another tenant.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { startGateway, type RunningGateway } from '../../../src/cli/compose/gateway.js'
import { connectOsci, type OsciConnection } from '../../../src/client/osci/connect.js'
import { loadConfig } from '../../../src/config/load.js'
import { ConfigError } from '../../../src/errors.js'
import { gatewayLog } from '../../../src/gateway/log.js'
import type { KeyPair } from '../../../src/pki/keystore.js'
import { openHouse, removeDirectories, type House } from '../support.js'

const pair = (name: string, pin = 'pin'): string => `{ pkcs12: keys/${name}.p12, pinFile: keys/${pin} }`

interface Broken {
  readonly a?: boolean
  readonly b?: boolean
}

const yaml = ({ a = false, b = false }: Broken): string => `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
allowSmallOwnKeys: true
dataDirectory: ./tenants
directory: { file: tenants.directory.yaml }
keyrings:
  a: { cipher: ${pair('town-cipher')}, signature: ${pair('town-signature', a ? 'wrong-pin' : 'pin')} }
  b.two: { cipher: ${pair('intermediary-cipher', b ? 'wrong-pin' : 'pin')}, signature: ${pair('intermediary-signature')} }
peers:
  - { name: client-a, signatureCertificates: [ keys/portal-author.pem ] }
  - { name: client-b, signatureCertificates: [ keys/town-author.pem ] }
participants:
  - { id: portal-1, jwks: keys/portal-1.json }
mailboxes:
  'osci:shared': { ttlSeconds: 30, cipherCertificates: [ keys/portal-cipher.pem ] }
  'ags:99002000': { ttlSeconds: 10 }
outgoing:
  - { mailbox: 'ags:99002000', organization: 'ags:99002000', service: 'urn:example:s', keys: b.two, peer: client-a }
endpoints:
  - { path: /osci/intermediary/a, role: intermediary, keys: a, peers: [ client-a ] }
  - { path: /osci/intermediary/b, role: intermediary, keys: b.two, peers: [ client-b ] }
`

describe('tenants', function () {
  this.timeout(60_000)
  let house: House
  let gateway: RunningGateway | undefined
  const connections: OsciConnection[] = []
  let lines: string[] = []

  before(async () => {
    house = await openHouse()
  })
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close()
    await gateway?.close(200)
    gateway = undefined
  })
  after(async () => {
    await house.close()
    await removeDirectories()
  })

  async function load(broken: Broken) {
    const { directory } = house.demo
    await writeFile(join(directory, 'keys/wrong-pin'), 'not the pin\n', { mode: 0o600 })
    await writeFile(
      join(directory, 'tenants.directory.yaml'),
      "formatVersion: 1\norganizations: [ { keys: [ 'ags:99002000' ], name: Demo } ]\n",
    )
    await writeFile(join(directory, 'tenants.yaml'), yaml(broken), { mode: 0o600 })
    return loadConfig(join(directory, 'tenants.yaml'))
  }

  async function start(broken: Broken = {}): Promise<RunningGateway> {
    lines = []
    const log = gatewayLog({ write: (line: string) => void lines.push(line) })
    return (gateway = await startGateway(await load(broken), { log, workers: 1 }))
  }

  const keysOf = (tenant: 'a' | 'b'): readonly [own: KeyPair, signs: KeyPair, cipher: KeyPair, signature: KeyPair] => {
    const { keys } = house.demo
    return tenant === 'a'
      ? [keys['portal-cipher'], keys['portal-author'], keys['town-cipher'], keys['town-signature']]
      : [keys['portal-cipher'], keys['town-author'], keys['intermediary-cipher'], keys['intermediary-signature']]
  }

  /** Both clients have the same cipher key: only the tenant keeps them apart. */
  async function client(tenant: 'a' | 'b'): Promise<OsciConnection> {
    const [own, signs, cipher, signature] = keysOf(tenant)
    const connection = await connectOsci({
      url: `${gateway?.public.url ?? ''}/osci/intermediary/${tenant}`,
      keys: { cipher: own, signature: signs },
      intermediary: { cipherCertificate: cipher.certificate, signatureCertificates: [signature.certificate] },
    })
    connections.push(connection)
    return connection
  }

  const idOf = async (osci: OsciConnection): Promise<string> => (await osci.getMessageId({})).message.order.messageId ?? ''

  async function store(osci: OsciConnection, messageId: string): Promise<readonly string[]> {
    const parts = await osci.content({ document: Buffer.from('<a/>'), addressee: osci.identity.cipher })
    return (await osci.storeDelivery({ messageId }, parts)).feedback.errors
  }

  const cardsOf = (osci: OsciConnection): Promise<readonly string[]> =>
    osci.dialog(async (dialog) => (await dialog.fetchProcessCard({})).message.order.processCardBundles.map((card) => card.messageId))

  it('a MessageId of one tenant is worth nothing at another, and cards are seen where they were made only', async () => {
    await start()
    const [a, b] = await Promise.all([client('a'), client('b')])
    const [idA, idB] = await Promise.all([idOf(a), idOf(b)])
    expect(await store(b, idA)).to.deep.equal(['9801'])
    expect(await store(a, idA)).to.deep.equal([])
    expect(await store(b, idB)).to.deep.equal([])
    expect(await cardsOf(a)).to.deep.equal([idA])
    expect(await cardsOf(b)).to.deep.equal([idB])
  })

  it('a delivery of one tenant is not fetched at another, though the mailbox is of the same certificate', async () => {
    await start()
    const [a, b] = await Promise.all([client('a'), client('b')])
    const messageId = await idOf(a)
    expect(await store(a, messageId)).to.deep.equal([])
    expect(await b.dialog(async (dialog) => (await dialog.fetchDelivery({})).feedback.errors)).to.deep.equal(['9803'])
    const { feedback, message } = await a.dialog((dialog) => dialog.fetchDelivery({}))
    expect(feedback.ok).to.equal(true)
    expect(message.order.processCardBundle?.messageId).to.equal(messageId)
  })

  it('a peer of one tenant is nobody at another', async () => {
    await start()
    const b = await client('b')
    const [own, signs] = keysOf('a')
    const [, , cipher, signature] = keysOf('b')
    const stranger = await connectOsci({
      url: `${gateway?.public.url ?? ''}/osci/intermediary/b`,
      keys: { cipher: own, signature: signs },
      intermediary: { cipherCertificate: cipher.certificate, signatureCertificates: [signature.certificate] },
    })
    connections.push(stranger)
    expect((await stranger.getMessageId({})).feedback.errors).to.deep.equal(['9601'])
    expect((await b.getMessageId({})).feedback.ok).to.equal(true)
  })

  it('a keyring that cannot be opened takes down its own endpoint and way out; the other tenant serves', async () => {
    const { public: open, admin, warnings } = await start({ b: true })
    const warning = warnings.find((one) => one.key === 'keyrings["b.two"].cipher')
    expect(warning?.line).to.equal(7)
    expect(warning?.file).to.match(/tenants\.yaml$/)
    expect(warning?.message.de).to.contain('/osci/intermediary/b, ags:99002000').and.to.contain('b.two')
    expect(warning?.message.en).to.contain('out of service')
    const a = await client('a')
    expect(await store(a, await idOf(a))).to.deep.equal([])

    const answer = await fetch(`${open.url}/osci/intermediary/b`, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: '<a/>' })
    expect(answer.status).to.equal(503)
    expect(answer.headers.get('content-type')).to.contain('application/problem+json')
    expect(Number(answer.headers.get('retry-after'))).to.be.greaterThan(0)
    expect(await answer.json()).to.include({ status: 503, code: 'gateway.keyring-broken' })
    const index = (await (await fetch(open.url)).json()) as { links: { osci: { url: string; state: string }[] } }
    expect(index.links.osci.map(({ url, state }) => [url.replace(/.*\//, ''), state])).to.deep.equal([
      ['a', 'serving'],
      ['b', 'keyring-broken'],
    ])
    expect((await fetch(`${admin.url}/readyz`)).status).to.be.oneOf([200, 503])
    await new Promise<void>((resolve) => {
      const look = (): void => void (gateway?.ready() === true ? resolve() : setTimeout(look, 20))
      look()
    })
    expect((await fetch(`${admin.url}/readyz`)).status).to.equal(200)
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.event === 'keyring-broken')
    expect(said.map((line) => line.endpoint)).to.have.members(['/osci/intermediary/b', 'ags:99002000'])
    expect(lines.join('')).to.not.contain('not the pin')
  })

  it('an envelope for a way out whose keyring is broken is refused with 503 before it is put', async () => {
    const running = await start({ b: true })
    const { connect } = await import('../../../src/client/connect.js')
    const { sealingKeyOf } = await import('../../../src/envelope/keys.js')
    const { identity } = running
    const owner = { id: identity.participant, jwks: identity.jwks.keys }
    const recipientKey = sealingKeyOf(owner)
    if (!recipientKey) throw new Error('no key to seal for')
    const { sign } = JSON.parse(await readFile(join(house.demo.directory, 'keys/portal-1.private.json'), 'utf8')) as {
      sign: Parameters<typeof connect>[0]['key']
    }
    const audience = (await load({ b: true })).publicUrl
    const portal = await connect({ url: running.public.url, audience, participant: 'portal-1', key: sign, senders: [owner] })
    const failed = await portal.send({ to: 'ags:99002000', recipientKey, document: Buffer.from('<a/>') }).catch((error: unknown) => error)
    expect(failed).to.be.instanceOf(Error)
    expect(JSON.stringify(failed) + String(failed)).to.match(/503|keyring/)
  })

  it('without any keyring that can be opened the configuration is refused, with every problem', async () => {
    const config = await load({ a: true, b: true })
    const refused = await startGateway(config, { log: gatewayLog({ write: () => undefined }), workers: 1 }).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(ConfigError)
    expect((refused as ConfigError).problems.map((one) => one.key)).to.deep.equal(['keyrings.a.signature', 'keyrings["b.two"].cipher'])
  })
})
