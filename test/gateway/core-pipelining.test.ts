// SPDX-License-Identifier: EUPL-1.2
/**
 * Calls that are sent before the last one is answered: what consumes waits for its turn on the connection, so that nothing is claimed for
 * a caller that may never be handed it.
 * @module
 */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { connect as connectSocket, type Socket } from 'node:net'
import { until } from '../until.js'
import { BOX, LEASED, newId, Setup } from './core-api-setup.js'

const pathTo = (mailbox: string, waitSeconds = 0) => `/core/v1/mailboxes/${mailbox}/take?waitSeconds=${waitSeconds}`
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('core API, pipelined calls', () => {
  let setup: Setup
  const sockets: Socket[] = []
  const warnings: string[] = []
  const onWarning = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`)
  before(() => void process.on('warning', onWarning))
  after(() => void process.off('warning', onWarning))
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await setup.stop()
    expect(setup.errors).to.deep.equal([])
  })

  /** One connection, all calls in one write. `heard` grows with what comes back. */
  async function pipeline(...paths: readonly (string | { readonly outcomeOf: string })[]) {
    const calls = await Promise.all(
      paths.map(async (call) => {
        const [who, method, path] =
          typeof call === 'string'
            ? ([setup.register, 'POST', call] as const)
            : ([setup.portal, 'GET', `/core/v1/envelopes/${call.outcomeOf}/outcome?waitSeconds=20`] as const)
        const authorization = await setup.token(who, method, path)
        return `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nauthorization: ${authorization}\r\n\r\n`
      }),
    )
    const { port, hostname } = new URL(setup.url)
    const socket = connectSocket(Number(port), hostname)
    sockets.push(socket)
    const heard: Buffer[] = []
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => heard.push(chunk))
    socket.write(calls.join(''))
    return { socket, bytes: () => Buffer.concat(heard) }
  }
  const statusesIn = (bytes: Buffer) => [...bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
  const outcomeOf = async (id: string) => (await setup.core.outcome(id))?.outcome
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  it('C6 a take behind a waiting one is handed its envelope when its turn comes, whole, and delivered is not said before', async () => {
    setup = await Setup.start()
    const body = await setup.envelope(BOX, newId(), 100_000)
    const sha = sha256(body)
    const id = newId()
    await setup.core.put({ id, to: BOX, sender: 'portal-1', ttlSeconds: 10, body })
    const { bytes } = await pipeline(pathTo(LEASED, 1), pathTo(BOX))
    await until(() => setup.api.waiting === 1)
    await pause(300)
    expect(await setup.core.outcome(id)).to.include({ outcome: 'waiting', claimed: false })
    await until(async () => (await outcomeOf(id)) === 'delivered')
    await until(() => sha256(bytes().subarray(-body.length)) === sha)
    expect(statusesIn(bytes().subarray(0, -body.length))).to.deep.equal([204, 200])
    expect((await setup.call(setup.register, pathTo(BOX))).status).to.equal(204)
  })

  it('C6 a caller that leaves before the turn of a call has lost nothing: the next taker gets the envelope, once', async () => {
    setup = await Setup.start()
    const id = await setup.put()
    const { socket } = await pipeline(pathTo(LEASED, 20), pathTo(BOX), pathTo(BOX, 20))
    await until(() => setup.api.waiting === 2)
    socket.destroy()
    await until(() => setup.api.waiting === 0)
    expect(await setup.core.outcome(id)).to.include({ outcome: 'waiting', claimed: false })
    const taken = await setup.call(setup.register, pathTo(BOX))
    expect(taken.headers.get('protektor-envelope-id')).to.equal(id)
    await taken.arrayBuffer()
    await until(async () => (await outcomeOf(id)) === 'delivered')
  })

  it('C6 a connection that ends in the middle of an envelope: that one is unknown, the one behind it was never claimed', async () => {
    setup = await Setup.start({ transfers: { minBytesPerSecond: 64 * 1024 * 1024, graceMs: 300 } })
    const first = newId()
    await setup.core.put({ id: first, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, first, 16_000_000) })
    const second = await setup.put()
    const { socket } = await pipeline(pathTo(BOX), pathTo(BOX))
    socket.pause()
    await until(async () => (await outcomeOf(first)) === 'unknown')
    await pause(100)
    expect(await setup.core.outcome(second)).to.include({ outcome: 'waiting', claimed: false })
    expect(setup.api.underway).to.equal(0)
  })

  it('H1 whoever waits behind another call is known to have gone when the connection ends, askers too', async () => {
    setup = await Setup.start()
    const [one, two] = [await setup.put(), await setup.put()]
    const { socket } = await pipeline(pathTo(LEASED, 20), pathTo(LEASED, 20), { outcomeOf: one }, { outcomeOf: two })
    await until(() => setup.api.waiting === 4)
    socket.destroy()
    await until(() => setup.api.waiting === 0)
    expect(setup.core.stats().waiters).to.equal(0)
  }).timeout(10_000)

  it('H1 many calls over one connection leave no listeners behind, and warn of none', async () => {
    setup = await Setup.start()
    const calls = Array.from({ length: 40 }, () => pathTo(BOX))
    const { socket, bytes } = await pipeline(pathTo(LEASED, 1), ...calls)
    await until(() => statusesIn(bytes()).length === 41)
    expect(new Set(statusesIn(bytes()))).to.deep.equal(new Set([204]))
    socket.destroy()
    expect(warnings.filter((warning) => warning.includes('MaxListeners'))).to.deep.equal([])
  })
})
