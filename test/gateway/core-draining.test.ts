// SPDX-License-Identifier: EUPL-1.2
/**
 * The end of a node, as its callers see it: who waits goes elsewhere, what is claimed is finished, the rest is said; and a client that
 * knows several nodes goes on to the next one, but puts nothing twice.
 * @module
 */
import { expect } from 'chai'
import type { RequestListener } from 'node:http'
import { connect, TransportError } from '../../src/client/index.js'
import { drainCore } from '../../src/cli/compose/draining.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { gatewayLog } from '../../src/gateway/log.js'
import { listen } from '../../src/gateway/server.js'
import { until } from '../until.js'
import { BOX, LEASED, newId, Setup } from './core-api-setup.js'
import { openHouse, removeDirectories } from './support.js'

const take = `/core/v1/mailboxes/${BOX}/take`
const putPath = `/core/v1/mailboxes/${BOX}/envelopes`

describe('core API, draining', function () {
  this.timeout(60_000)
  let setup: Setup
  let lines: { event: string; outcome?: string }[]
  beforeEach(async () => {
    setup = await Setup.start()
    lines = []
  })
  afterEach(() => setup.stop())
  after(removeDirectories)

  const drain = (withinMs: number) => {
    const log = gatewayLog({ write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) })
    return drainCore({ core: setup.core, api: setup.api, clock: systemClock, log }, withinMs)
  }
  const facts = async (response: Response) => [response.status, response.headers.get('retry-after'), response.headers.get('connection')]
  const drained = () => lines.map(({ event, outcome }) => ({ event, outcome }))

  it('sends takers and askers elsewhere at once, refuses puts, and finishes what is claimed', async () => {
    const leased = await setup.put(LEASED)
    await (await setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take`)).arrayBuffer()
    const taker = setup.call(setup.register, `${take}?waitSeconds=30`)
    const asker = setup.call(setup.portal, `/core/v1/envelopes/${leased}/outcome?waitSeconds=30`, { method: 'GET' })
    await until(() => setup.api.waiting === 2)
    const ended = drain(20_000)
    for (const call of [taker, asker]) expect(await facts(await call)).to.deep.equal([503, '1', 'close'])
    expect(await facts(await setup.call(setup.register, `${take}?waitSeconds=30`))).to.deep.equal([503, '1', 'close'])
    expect(await facts(await setup.call(setup.register, take))).to.deep.equal([503, '1', 'close'])
    expect(await facts(await setup.call(setup.portal, putPath, { body: await setup.envelope(BOX) }))).to.deep.equal([503, '1', 'close'])
    expect((await setup.call(setup.register, `/core/v1/envelopes/${leased}/confirm`)).status).to.equal(204)
    await ended
    expect(drained()).to.deep.equal([{ event: 'drained', outcome: undefined }])
  })

  it('still hands out what lies there, and lets the answer to what was taken through', async () => {
    const replyTo = 'reply.' + newId()
    const body = await setup.envelope(BOX)
    expect((await setup.call(setup.portal, `${putPath}?replyTo=${replyTo}`, { body })).status).to.equal(201)
    const ended = drain(20_000)
    const taken = await setup.call(setup.register, take)
    expect(await facts(taken)).to.deep.equal([200, null, 'close'])
    await taken.arrayBuffer()
    const asker = setup.call(setup.portal, `/core/v1/mailboxes/${replyTo}/take?waitSeconds=30`)
    await until(() => setup.api.waiting === 1)
    const answer = await setup.call(setup.register, `/core/v1/mailboxes/${replyTo}/envelopes`, { body: await setup.envelope(replyTo) })
    expect(answer.status).to.equal(201)
    expect((await asker).status).to.equal(200)
    await (await asker).arrayBuffer()
    await ended
    expect(drained()).to.deep.equal([{ event: 'drained', outcome: undefined }])
  })

  it('L1 tells that something could not be finished, by the outcome it gets', async () => {
    const lying = [await setup.put(), await setup.put()]
    const held = await setup.put(LEASED)
    await (await setup.call(setup.register, `/core/v1/mailboxes/${LEASED}/take`)).arrayBuffer()
    await drain(100)
    expect(drained()).to.deep.equal([
      { event: 'drained', outcome: 'refused' },
      { event: 'drained', outcome: 'unknown' },
    ])
    await setup.core.close()
    for (const id of lying) expect(await setup.core.outcome(id)).to.include({ outcome: 'refused' })
    expect(await setup.core.outcome(held)).to.include({ outcome: 'unknown' })
  })

  /** A node in front of the real one; `act` sees each of its calls. */
  async function front(act: RequestListener): Promise<{ url: string; calls: string[]; close(): Promise<void> }> {
    const calls: string[] = []
    const handler: RequestListener = (request, response) => {
      calls.push(`${request.method} ${request.url}`)
      act(request, response)
    }
    const server = await listen(handler, { host: '127.0.0.1', port: 0 })
    return { url: server.url, calls, close: () => server.close(0) }
  }

  const clientOf = (who: 'portal' | 'register', first: string) =>
    connect({
      url: [first, setup.url],
      audience: setup.url,
      participant: setup[who].id,
      key: setup[who].sig.privateJwk,
      openingKeys: [setup[who].enc.privateJwk],
      senders: [setup.portal, setup.register],
    })

  const message = () => ({ to: BOX, recipientKey: setup.register.enc.publicJwk, document: new Uint8Array([1]) })

  it('a client with several nodes goes on to the next one where a node is about to stop, or is away', async () => {
    const stopping = await front((request, response) => {
      request.resume()
      response.writeHead(503, { 'retry-after': '1', connection: 'close' }).end('{"code":"core.stopping"}')
    })
    const away = await front(() => undefined)
    await away.close()
    try {
      for (const first of [stopping.url, away.url]) {
        const portal = await clientOf('portal', first)
        const register = await clientOf('register', first)
        const { id } = await portal.send(message())
        expect((await register.take(BOX, { waitSeconds: 20 }))?.id).to.equal(id)
        expect((await portal.outcome(id))?.outcome).to.equal('delivered')
      }
      expect(stopping.calls).to.have.length(2)
    } finally {
      await stopping.close()
    }
  })

  it('a client puts nothing twice: where a node broke off in the middle, no other one is asked to take it', async () => {
    const breaking = await front((request, response) => {
      if (request.method === 'GET') response.writeHead(503).end()
      else request.once('data', () => request.socket.destroy())
    })
    try {
      const portal = await clientOf('portal', breaking.url)
      const error = await portal.send(message()).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).to.be.instanceOf(TransportError).and.include({ nothingSent: false, status: undefined })
      expect(breaking.calls.filter((call) => call.startsWith('POST'))).to.have.length(1)
      expect(setup.core.stats().envelopes).to.equal(0)
    } finally {
      await breaking.close()
    }
  })

  it('is not ready from the first moment, while calls under way are finished', async () => {
    const house = await openHouse()
    const id = newId()
    const { core } = house.gateway
    const [mailbox = ''] = Object.keys((await core.figures()).waiting)
    await core.put({ id, to: mailbox, sender: 'portal-1', ttlSeconds: 30, body: new Uint8Array(4096) })
    const claim = await core.take(mailbox, 0)
    const ready = async () => (await fetch(`${house.gateway.admin.url}/readyz`)).status
    await until(async () => (await ready()) === 200)
    const closed = house.gateway.close(20_000)
    expect(await ready()).to.equal(503)
    expect((await fetch(`${house.url}/healthz`)).status).to.equal(200)
    await claim?.confirm()
    await closed
    const said = house.lines
      .map((line) => JSON.parse(line) as { event: string; outcome?: string })
      .filter(({ event }) => event === 'drained')
    expect(said.map(({ outcome }) => outcome)).to.deep.equal([undefined])
  })
})
