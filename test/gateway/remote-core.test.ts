// SPDX-License-Identifier: EUPL-1.2
/**
 * A core elsewhere behind the same port: hand-overs and their ends, what is said when it is away, and the whole OSCI ride through it.
 * @module
 */
import { expect } from 'chai'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { httpTransport } from '../../src/client/index.js'
import { connect } from '../../src/client/connect.js'
import { TransportError, type Transport } from '../../src/client/ports.js'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { systemSleep } from '../../src/client/transport.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { CoreError } from '../../src/core/errors.js'
import type { Core } from '../../src/core/ports.js'
import { importSigningKey } from '../../src/envelope/keys.js'
import { remoteCore } from '../../src/gateway/adapters/remote-core.js'
import { until } from '../until.js'
import { BOX, LEASED, newId, random, Setup } from './core-api-setup.js'
import { certificateRequest, echo, openHouse, removeDirectories } from './support.js'

const rejected = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('remote core', function () {
  this.timeout(60_000)
  let setup: Setup
  let portal: Core
  let register: Core
  beforeEach(async () => {
    setup = await Setup.start()
    portal = await open('portal')
    register = await open('register')
  })
  afterEach(async () => {
    await setup.stop()
  })
  after(removeDirectories)

  async function open(who: 'portal' | 'register', change: (inner: Transport) => Partial<Transport> = () => ({})): Promise<Core> {
    const person = setup[who]
    const inner = httpTransport({ url: setup.url, participant: person.id, key: await importSigningKey(person.sig.privateJwk) })
    const transport = { ...boundOf(inner), ...change(inner) }
    return remoteCore({ transport, participant: person.id, clock: systemClock, random, sleep: systemSleep })
  }

  const boundOf = (inner: Transport): Transport => ({
    put: (envelope) => inner.put(envelope),
    take: (...args) => inner.take(...args),
    confirm: (id) => inner.confirm(id),
    refuse: (id, code) => inner.refuse(id, code),
    giveBack: (id) => inner.giveBack(id),
    withdraw: (id) => inner.withdraw(id),
    outcome: (...args) => inner.outcome(...args),
  })

  async function put(to = BOX, more: { replyTo?: string } = {}): Promise<string> {
    const id = newId()
    await portal.put({ id, to, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(to, id), ...more })
    return id
  }

  it('hands over what the port promises: bytes, sender, reply mailbox, life; and ends by the word of the taker, also at most once', async () => {
    const ends = [
      ['confirm', 'delivered'],
      ['refuse', 'refused'],
      ['broken', 'unknown'],
    ] as const
    for (const [end, outcome] of ends) {
      const replyTo = 'reply.' + newId()
      const waits = register.take(BOX, 20_000)
      const id = await put(BOX, { replyTo })
      const claim = await waits
      expect(claim?.envelope).to.deep.include({ id, to: BOX, sender: 'portal-1', replyTo, ttlSeconds: 10 })
      expect(claim?.envelope.body.length).to.equal(4096)
      expect(claim?.remainingMs).to.be.within(1, 10_000)
      expect(claim?.leaseMs).to.equal(undefined)
      expect(await portal.settled(id, 5000, 'claimed')).to.include({ outcome: 'waiting', claimed: true, sender: 'portal-1' })
      await (end === 'refuse' ? claim?.refuse('X001') : claim?.[end]())
      expect(await portal.settled(id, 5000)).to.include({ outcome, ...(end === 'refuse' ? { reason: 'X001' } : {}) })
      expect((await portal.outcome(id))?.link).to.include.keys('node', 'seq', 'prev')
      expect(await rejected(claim?.confirm() ?? Promise.resolve())).to.include({ kind: 'gone' })
      expect(await register.take(BOX, 0)).to.equal(undefined)
    }
    expect(setup.core.stats().bytes).to.equal(0)
  })

  it('leases: chosen by id, for as long as asked, and waiting again when given back', async () => {
    const first = await put(LEASED)
    const second = await put(LEASED)
    const claim = await register.take(LEASED, 0, undefined, { id: second, leaseMs: 40_000 })
    expect(claim).to.deep.include({ leaseMs: 40_000 })
    expect(claim?.envelope.id).to.equal(second)
    await claim?.broken()
    const again = await register.take(LEASED, 0, undefined, { id: second })
    await again?.confirm()
    expect(await portal.outcome(second)).to.include({ outcome: 'delivered' })
    expect(await portal.withdraw(first)).to.equal(true)
    expect(await portal.withdraw(second)).to.equal(false)
    expect(await portal.withdraw(newId())).to.equal(false)
  })

  it('ends a wait when it is aborted or over, and leaves nobody waiting there', async () => {
    const abort = new AbortController()
    const waits = register.take(BOX, 20_000, abort.signal)
    await until(() => setup.api.waiting === 1)
    abort.abort()
    expect(await waits).to.equal(undefined)
    await until(() => setup.api.waiting === 0)
    expect(await register.take(BOX, 300)).to.equal(undefined)
    expect(await portal.settled(newId(), 300)).to.equal(undefined)
    const id = await put()
    expect(await portal.settled(id, 300)).to.include({ outcome: 'waiting' })
  })

  it('answers in the words of the port: unknown, duplicate, invalid; a mailbox that is not ours is found at the start', async () => {
    const id = await put()
    const again = { id, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, id) }
    expect(await rejected(portal.put(again)))
      .to.be.instanceOf(CoreError)
      .and.include({ kind: 'duplicate' })
    const elsewhere = { ...again, id: newId(), to: 'no.such.box', body: await setup.envelope('no.such.box') }
    expect(await rejected(portal.put(elsewhere))).to.include({ kind: 'unknown' })
    expect(await rejected(portal.put({ ...again, body: new Uint8Array(4096) }))).to.include({ kind: 'invalid' })
    expect(await rejected(portal.take(BOX, 0))).to.include({ kind: 'unknown' })
    const policy = { ttlSeconds: 10, handover: 'at-most-once' } as const
    expect(await rejected(portal.openMailbox(BOX, 'portal-1', policy))).to.include({ kind: 'unknown' })
    await portal.openMailbox(BOX, 'register-1', policy)
    await register.openMailbox(BOX, 'register-1', policy)
    expect(await register.owner(BOX)).to.equal('register-1')
    expect(await register.take(BOX, 0), 'asking took nothing').not.to.equal(undefined)
  })

  it('says full at once when the core is away, and serves again when it is back', async () => {
    const { url } = setup
    await setup.stop()
    const id = newId()
    const envelope = async () => ({ id, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, id) })
    expect(await rejected(portal.put(await envelope()))).to.include({ kind: 'full', status: 503 })
    expect(await rejected(portal.reserve(BOX, 'portal-1', 1))).to.include({ kind: 'full' })
    expect(await portal.figures()).to.include({ adapter: 'remote', state: 'away' })
    const waits = register.take(BOX, 10_000)
    setup = await Setup.start({}, {}, { again: { url, people: setup } })
    await until(async () => (await rejected(portal.put(await envelope()))) === undefined)
    const claim = await waits
    expect(claim?.envelope.id).to.equal(id)
    await claim?.confirm()
    expect(await portal.figures()).to.include({ state: 'ok' })
  })

  it('a put that broke in the middle is asked for, never repeated; without an answer nobody is told that nothing happened', async () => {
    let puts = 0
    const broken = new TransportError('client.no-answer', 'reset')
    const arrived = await open('portal', (inner) => ({
      put: async (envelope) => {
        puts += 1
        await inner.put(envelope)
        throw broken
      },
    }))
    const id = newId()
    await arrived.put({ id, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, id) })
    const lost = await open('portal', () => ({
      put: () => {
        puts += 1
        return Promise.reject(broken)
      },
    }))
    const other = newId()
    const error = await rejected(
      lost.put({ id: other, to: BOX, sender: 'portal-1', ttlSeconds: 10, body: await setup.envelope(BOX, other) }),
    )
    expect(error).to.include({ finding: 'core.no-answer' }).and.not.be.instanceOf(CoreError)
    expect(puts).to.equal(2)
    expect(setup.core.stats().envelopes).to.equal(1)
  })

  it('drains: waits end but those for answers, puts are refused but answers, claims may still end', async () => {
    await put()
    const claim = await register.take(BOX, 0)
    const replyTo = 'reply.' + newId()
    await put(LEASED, { replyTo })
    const waits = register.take(BOX, 20_000)
    const answer = portal.take(replyTo, 1500)
    const ended = Promise.all([register.drain(5000), portal.drain(5000)])
    expect(await waits).to.equal(undefined)
    expect(await rejected(register.reserve(BOX, 'register-1', 1))).to.include({ kind: 'full' })
    const body = await setup.envelope(replyTo)
    await register.put({ id: newId(), to: replyTo, sender: 'register-1', ttlSeconds: 10, body })
    await (await answer)?.confirm()
    await claim?.confirm()
    await ended
    await Promise.all([register.close(), portal.close()])
    expect(setup.core.stats()).to.include({ envelopes: 1, waiters: 0 })
  })

  it('an end that was not heard may be said again for as long as the lease lasts; at most once it is over', async () => {
    let isAway = true
    const failing = await open('register', (inner) => ({
      confirm: (id) => (isAway ? Promise.reject(new TransportError('client.no-answer', 'reset')) : inner.confirm(id)),
    }))
    const again = async (to: string, end: 'confirm' | 'broken') => {
      isAway = true
      const id = await put(to)
      const claim = await failing.take(to, 0)
      const bytes = claim?.envelope.body.slice()
      expect(await rejected(claim?.confirm() ?? Promise.resolve())).to.include({ finding: 'core.no-answer' })
      const isKept = claim?.envelope.body.some((byte) => byte !== 0)
      isAway = false
      const second = await rejected(claim?.[end]() ?? Promise.resolve())
      expect(bytes?.length).to.equal(4096)
      return [isKept, second instanceof CoreError ? second.kind : second, (await portal.outcome(id))?.outcome] as const
    }
    expect(await again(LEASED, 'confirm')).to.deep.equal([true, undefined, 'delivered'])
    expect(await again(LEASED, 'broken')).to.deep.equal([true, undefined, 'waiting'])
    expect(await failing.take(LEASED, 0)).to.not.equal(undefined)
    expect(await again(BOX, 'confirm')).to.deep.equal([false, 'gone', 'waiting'])
    expect(await failing.figures()).to.include({ envelopes: 1 })
  })

  it('drains and closes when the last end has been heard, and forgets leases that are over', async () => {
    let hear = (): void => undefined
    const heard = new Promise<void>((resolve) => (hear = resolve))
    const slow = await open('register', (inner) => ({ confirm: (id) => heard.then(() => inner.confirm(id)) }))
    const id = await put()
    const ending = (await slow.take(BOX, 0))?.confirm()
    let isOver = false
    const over = Promise.all([slow.drain(20_000), slow.close()]).then(() => (isOver = true))
    await systemSleep(200)
    expect(isOver).to.equal(false)
    hear()
    await Promise.all([over, ending])
    expect(await portal.outcome(id)).to.include({ outcome: 'delivered' })
    await put(LEASED)
    const lapsing = await register.take(LEASED, 0, undefined, { leaseMs: 1000 })
    expect(await register.figures()).to.include({ envelopes: 1 })
    await systemSleep(1100)
    expect(await register.figures()).to.include({ envelopes: 0 })
    expect(lapsing?.envelope.body.every((byte) => byte === 0)).to.equal(true)
    expect(await rejected(lapsing?.confirm() ?? Promise.resolve())).to.include({ kind: 'gone' })
  })

  it('carries an OSCI ride through a gateway whose core is another process', async () => {
    const house = await openHouse()
    const { directory } = house.demo
    const { identity } = house.gateway
    await house.close()
    const coreDirectory = join(directory, 'core')
    await mkdir(coreDirectory)
    await cp(join(directory, 'keys'), join(coreDirectory, 'keys'), { recursive: true })
    await writeFile(join(coreDirectory, 'keys', 'gateway-1.json'), JSON.stringify(identity.jwks))
    const core = await openHouse({
      directory: coreDirectory,
      configuration: `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
publicUrl: http://core.example
dataDirectory: ./data
participants:
  - { id: register-1, jwks: keys/register-1.json, mailboxes: [ '${DEMO_REGISTER}' ] }
  - { id: gateway-1, jwks: keys/gateway-1.json }
`,
    })
    const remote = `core: { remote: { url: ${core.url}, audience: http://core.example, participant: gateway-1 } }`
    const gateway = await openHouse({ directory, topOptions: remote })
    const stopped = new AbortController()
    try {
      const client = await connect({
        url: core.url,
        audience: 'http://core.example',
        participant: 'register-1',
        key: core.demo.register.sign,
        openingKeys: [core.demo.register.open],
        senders: [{ id: 'gateway-1', jwks: identity.jwks.keys }],
      })
      const serving = (async () => {
        for await (const request of client.requests(DEMO_REGISTER, { signal: stopped.signal })) await echo(request)
      })()
      const answer = await gateway.ride({ document: certificateRequest() })
      expect(answer.codes).to.deep.equal(['0800'])
      expect((await fetch(`${gateway.url}/core/v1/envelopes/x/outcome`)).status).to.equal(404)
      stopped.abort()
      await serving
    } finally {
      stopped.abort()
      await gateway.close()
      await core.close()
    }
  })
})
