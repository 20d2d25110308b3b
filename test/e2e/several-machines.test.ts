// SPDX-License-Identifier: EUPL-1.2
/**
 * The configurations of docs/compose as they stand, of their addresses only changed: two core nodes on one server, two gateways, each a process
 * of its own over TLS. And the compose file itself: what it names is there.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { JWK } from 'jose'
import { parse } from 'yaml'
import { DEMO_REGISTER, openDemo, type Demo } from '../../src/cli/compose/demo-kit.js'
import { buildDelivery, readAnswer, type ReadAnswer } from '../../src/cli/compose/demo-request.js'
import { connect } from '../../src/client/connect.js'
import { makePki, writeExtension } from '../../src/pki/test-pki.js'
import { certificateRequest, echo } from '../gateway/support.js'
import { freePort } from '../free-port.js'
import { RedisServer } from '../core/redis/server.js'
import { needsCommand } from '../needs.js'
import { until } from '../until.js'

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))
const COMPOSE = fileURLToPath(new URL('../../docs/compose/', import.meta.url))
/** subjectAltName 127.0.0.1. */
const LOOPBACK = writeExtension('2.5.29.17', false, Buffer.from([0x30, 0x06, 0x87, 0x04, 127, 0, 0, 1]))
const NODES = ['core-1', 'core-2', 'gateway-1', 'gateway-2'] as const
type Node = (typeof NODES)[number]

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command: readonly string[]
  readonly volumes: readonly string[]
  readonly networks: readonly string[]
  readonly depends_on?: readonly string[]
}

describe('compose file', () => {
  it('names only files, volumes, networks and services that are there', async () => {
    const file = parse(await readFile(join(COMPOSE, 'compose.yaml'), 'utf8'), { merge: true }) as {
      services: Record<string, Service>
      networks: object
      volumes: object
    }
    expect(Object.keys(file.services).sort()).to.deep.equal([...NODES, 'valkey'].sort())
    for (const [name, { image, build, command, volumes, networks, depends_on = [] }] of Object.entries(file.services)) {
      expect(image === undefined, `${name}: image or build`).to.equal(build !== undefined)
      if (build) await readFile(join(COMPOSE, build.context, build.dockerfile))
      expect(Object.keys(file.services), name).to.include.members([...depends_on])
      expect(Object.keys(file.networks), name).to.include.members([...networks])
      const mounts = volumes.map((volume) => volume.split(':'))
      for (const [from = ''] of mounts)
        if (!from.startsWith('./')) expect(Object.keys(file.volumes), name).to.include(from)
        else if (from.endsWith('.yaml')) await readFile(join(COMPOSE, from))
      const config = command[command.indexOf('--config') + 1] ?? ''
      if (build) expect(mounts.map(([, to]) => to)).to.include(config)
    }
    expect(file.services.valkey?.command.join(' ')).to.contain('--save  --appendonly no').and.to.contain('noeviction')
  })
})

describe('configurations of the two gateways', () => {
  it('differ in the name of the participant only', async () => {
    const [one, two] = await Promise.all([1, 2].map((n) => readFile(join(COMPOSE, `gateway-${n}.yaml`), 'utf8')))
    expect(one).to.contain('participant: gateway-1')
    expect(two).to.equal(one?.replace('participant: gateway-1', 'participant: gateway-2'))
  })
})

describe('two core nodes, two gateways', function () {
  this.timeout(120_000)
  const running = new Map<Node, ChildProcess>()
  const said = new Map<Node, string>()
  const ports = new Map<Node, number>()
  let folder = ''
  let demo: Demo
  let ca = ''
  let redis: RedisServer

  before(async function () {
    needsCommand(this, 'redis-server', '--version')
    folder = await mkdtemp(join(tmpdir(), 'protektor-machines-'))
    demo = await openDemo(folder, { publicPort: 0, adminPort: 0, key: 'rsa-2048' })
    redis = await RedisServer.start('--requirepass', 'secret')
    for (const node of NODES) ports.set(node, await freePort())
    await mkdir(join(folder, 'peers'))
    await cp(join(folder, 'keys', 'register-1.json'), join(folder, 'peers', 'register-1.json'))
    await cp(join(folder, 'keys', 'intermediary-signature.pem'), join(folder, 'peers', 'intermediary-signature.pem'))
    await makeTls()
    for (const node of NODES) await writeConfiguration(node)
  })
  after(async () => {
    for (const child of running.values()) child.kill('SIGKILL')
    await (redis as RedisServer | undefined)?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function makeTls(): Promise<void> {
    const now = Date.now()
    const dates = { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + 3_600_000) }
    const leaf = { usage: 'both', key: 'ec-p256', extensions: [LOOPBACK] } as const
    const pki = await makePki({ ...dates, caKey: 'ec-p256', leaves: { core: leaf, gateway: leaf } })
    ca = pki.ca.certificate.toString()
    await writeFile(join(folder, 'keys', 'tls-ca.pem'), ca)
    for (const [name, { certificate, privateKey }] of pki.leaves) {
      await writeFile(join(folder, 'keys', `${name}.pem`), certificate.toString())
      await writeFile(join(folder, 'keys', `${name}.key.pem`), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    }
    await writeFile(join(folder, 'keys', 'valkey.password'), 'secret\n', { mode: 0o600 })
  }

  /** The file that the compose file mounts, with addresses of this machine; test keys are short. */
  async function writeConfiguration(node: Node): Promise<void> {
    const text = await readFile(join(COMPOSE, node.startsWith('core') ? 'core.yaml' : `${node}.yaml`), 'utf8')
    const here = text
      .replace('0.0.0.0:8443', `127.0.0.1:${ports.get(node)}`)
      .replace('127.0.0.1:8081', '127.0.0.1:0')
      .replace('/data', `./data-${node}`)
      .replace('redis://valkey:6379', redis.url)
      .replace(/https:\/\/(core-\d):8443/g, (_, name: Node) => `https://127.0.0.1:${ports.get(name)}`)
    await writeFile(join(folder, `${node}.yaml`), `allowSmallOwnKeys: true\n${here}`)
  }

  async function start(node: Node): Promise<void> {
    const child = spawn(process.execPath, [LAUNCHER, 'serve', '--config', join(folder, `${node}.yaml`), '--lang', 'en'], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'keys', 'tls-ca.pem') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.set(node, child)
    said.set(node, '')
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => said.set(node, (said.get(node) ?? '') + text.toString()))
    await until(() => {
      if (child.exitCode !== null) throw new Error(`${node} ended: ${said.get(node)}`)
      return said.get(node)?.includes('public: https://') === true
    }, `${node} is up`)
  }

  async function end(node: Node, signal: NodeJS.Signals): Promise<number | null> {
    const child = running.get(node)
    if (child === undefined) throw new Error(`${node} does not run`)
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill(signal)
    running.delete(node)
    return ended
  }

  async function ride(gateway: Node): Promise<ReadAnswer> {
    const body = await buildDelivery({ document: certificateRequest() }, demo.keys)
    const reply = await new Promise<Buffer>((resolve, reject) => {
      const options = { method: 'POST', ca, headers: { 'content-type': 'text/xml' } }
      const call = request(`https://127.0.0.1:${ports.get(gateway)}/osci/recipient`, options, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.once('error', reject).once('end', () => resolve(Buffer.concat(pieces)))
      })
      call.once('error', reject)
      call.end(body)
    })
    return readAnswer(new Uint8Array(reply), demo.keys)
  }

  async function publicHalf(gateway: Node): Promise<{ keys: JWK[] }> {
    return JSON.parse(await readFile(join(folder, `data-${gateway}`, 'gateway.jwks.json'), 'utf8')) as { keys: JWK[] }
  }

  it('C1 C6 serve one register: put at one node, taken at the other, with a node gone, and with the other gateway', async () => {
    // the order of the page: gateways make their keys before there is a core, which then gets to know them
    await Promise.all([start('gateway-1'), start('gateway-2')])
    expect((await ride('gateway-1')).codes, 'no core yet').to.deep.equal(['9809', '9811'])
    const gateways = await Promise.all((['gateway-1', 'gateway-2'] as const).map(async (id) => ({ id, jwks: (await publicHalf(id)).keys })))
    for (const { id, jwks } of gateways) await writeFile(join(folder, 'peers', `${id}.json`), JSON.stringify({ keys: jwks }))
    await Promise.all([start('core-1'), start('core-2')])

    const stopped = new AbortController()
    // asks the second node first; the gateways ask the first one first
    const register = await connect({
      url: [`https://127.0.0.1:${ports.get('core-2')}`, `https://127.0.0.1:${ports.get('core-1')}`],
      audience: 'https://core.example',
      tls: { ca },
      participant: 'register-1',
      key: demo.register.sign,
      openingKeys: [demo.register.open],
      senders: gateways,
    })
    const serving = (async () => {
      for await (const asked of register.requests(DEMO_REGISTER, { signal: stopped.signal })) await echo(asked)
    })()
    try {
      await until(async () => (await ride('gateway-1')).codes[0] === '0800', 'the gateway finds the core')
      expect((await ride('gateway-2')).codes).to.deep.equal(['0800'])
      await end('core-1', 'SIGKILL')
      for (const gateway of ['gateway-1', 'gateway-2'] as const) expect((await ride(gateway)).codes, 'one node').to.deep.equal(['0800'])
      await start('core-1')
      expect(await end('core-2', 'SIGTERM'), said.get('core-2')).to.equal(0)
      expect((await ride('gateway-1')).codes, 'the other node').to.deep.equal(['0800'])
      expect(await end('gateway-1', 'SIGTERM'), said.get('gateway-1')).to.equal(0)
      expect((await ride('gateway-2')).codes, 'the other gateway').to.deep.equal(['0800'])
    } finally {
      stopped.abort()
      await serving
    }
  })
})
