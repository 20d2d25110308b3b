// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { memoryJournal } from '../../../src/core/outcomes.js'
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import type { RedisRemark } from '../../../src/core/adapters/redis-health.js'
import type { RedisCore } from '../../../src/core/adapters/redis.js'
import { systemClock } from '../../../src/core/adapters/timers.js'
import { CoreError } from '../../../src/core/errors.js'
import type { Core, OutcomeJournal } from '../../../src/core/ports.js'
import { BOX, envelope, failure, LEASED, MAILBOXES, stillWorks, taken } from '../opened.js'
import { Proxy } from './proxy.js'
import { needsCommand } from '../../needs.js'
import { until } from '../../until.js'
import { later, newPrefix, openNode, RedisServer, type Change } from './server.js'

const journal = (node: string): OutcomeJournal => memoryJournal({ ...MEMORY_CORE_LIMITS, clock: systemClock, node })

const isUp = (core: Core) => async () => (await core.figures()).state !== 'away'

describe('failures around a core in Redis', () => {
  const closing: (() => Promise<unknown>)[] = []

  before(function () {
    needsCommand(this, 'redis-server', '--version')
  })

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  async function server(...args: string[]): Promise<RedisServer> {
    const one = await RedisServer.start(...args)
    closing.push(() => one.stop())
    return one
  }

  async function proxy(to: RedisServer): Promise<Proxy> {
    const one = await Proxy.start(to.port)
    closing.push(() => one.stop())
    return one
  }

  async function node(url: string, prefix: string, change: Change = {}): Promise<RedisCore> {
    const core = await openNode(url, prefix, { commandMs: 400, ...change })
    closing.push(() => core.close())
    for (const [address, policy] of Object.entries(MAILBOXES)) await core.openMailbox(address, 'register-1', policy)
    return core
  }

  it('C6 after a restart of the server everything put before is unknown, nothing of it is handed out, and all goes on', async () => {
    const redis = await server()
    const prefix = newPrefix()
    const reach: boolean[] = []
    const one = await node(redis.url, prefix, { journal: journal('a'), onReach: (isThere) => reach.push(isThere) })
    const two = await node(redis.url, prefix, { journal: journal('b') })
    const [waiting, claimed, done] = [envelope(), envelope(), envelope()]
    await one.put(done)
    await (await taken(two)).confirm()
    await until(async () => (await one.outcome(done.id))?.outcome === 'delivered', 'the node that accepted it knows')
    await one.put(claimed)
    const claim = await taken(two)
    await one.put(waiting)
    const poll = two.take(LEASED, 20_000)
    await until(async () => (await two.figures()).waiters === 1, 'it waits')
    const watched = one.settled(waiting.id, 20_000)
    expect((await one.outcome(waiting.id))?.outcome).to.equal('waiting')
    await redis.kill()
    await until(async () => (await one.figures()).state === 'away' && (await two.figures()).state === 'away', 'it is noticed')
    const calls: Record<string, () => Promise<unknown>> = {
      put: () => one.put(envelope()),
      take: () => one.take(BOX, 20_000),
      reserve: () => one.reserve(BOX, 'portal-1', 1),
      withdraw: () => one.withdraw(waiting.id),
    }
    for (const [name, call] of Object.entries(calls)) expect(await failure(call()), name).to.equal('full')
    await redis.start()
    await until(async () => (await isUp(one)()) && (await isUp(two)()), 'both are back')
    expect(await watched).to.include({ outcome: 'unknown', claimed: true, sender: 'portal-1' })
    for (const id of [waiting.id, claimed.id])
      for (const core of [one, two]) expect(await core.outcome(id)).to.include({ outcome: 'unknown', claimed: true })
    expect((await two.outcome(done.id))?.outcome, 'the node that settled it knows').to.equal('delivered')
    expect(reach).to.deep.equal([false, true])
    expect(await failure(claim.confirm())).to.equal('gone')
    expect(await one.take(BOX, 0)).to.equal(undefined)
    await stillWorks(one)
    const late = envelope({ to: LEASED })
    await one.put(late)
    expect((await poll)?.envelope.id, 'who waited goes on waiting').to.equal(late.id)
  })

  it('C1 C6 after a fail-over nothing put before is handed out, though the new server holds it', async () => {
    const master = await server()
    const replica = await server('--replicaof', `127.0.0.1 ${master.port}`)
    const line = await proxy(master)
    const prefix = newPrefix()
    const [one, two] = [await node(line.url, prefix, { journal: journal('a') }), await node(line.url, prefix)]
    const [waiting, claimed, leased, done] = [envelope(), envelope(), envelope({ to: LEASED }), envelope()]
    await one.put(done)
    await (await taken(two)).confirm()
    await one.put(claimed)
    await taken(two)
    await one.put(leased)
    const lease = await taken(two, LEASED)
    await one.put(waiting)
    const look = replica.client()
    closing.push(async () => look.disconnect())
    await until(async () => (await look.keys(`*:e:${waiting.id}`)).length === 1, 'the replica has it')
    await master.kill()
    await look.replicaof('NO', 'ONE')
    line.lead(replica.port)
    line.cut()
    await until(async () => (await isUp(one)()) && (await isUp(two)()), 'both are back')
    for (const core of [one, two]) {
      expect(await core.take(BOX, 0)).to.equal(undefined)
      expect(await core.take(BOX, 0, undefined, { id: waiting.id })).to.equal(undefined)
      expect(await core.take(LEASED, 0)).to.equal(undefined)
    }
    await until(async () => (await one.outcome(waiting.id))?.outcome === 'unknown', 'all is told')
    for (const { id } of [waiting, claimed, leased]) expect(await two.outcome(id)).to.include({ outcome: 'unknown', claimed: true })
    expect((await two.outcome(done.id))?.outcome).to.equal('delivered')
    expect(await failure(lease.confirm())).to.equal('gone')
    expect((await one.figures()).bytes).to.equal(0)
    await stillWorks(one)
  })

  it('C6 never writes to a replica', async () => {
    const master = await server()
    const replica = await server('--replicaof', `127.0.0.1 ${master.port}`)
    expect(await failure(openNode(replica.url, newPrefix(), { connectMs: 500 }))).to.equal('full')
  })

  it('C6 a claim whose answer is lost ends unknown and is never handed out again', async () => {
    const redis = await server()
    const line = await proxy(redis)
    const prefix = newPrefix()
    const limits = { handoverSeconds: 2 }
    const [one, two] = [await node(redis.url, prefix, limits), await node(line.url, prefix, limits)]
    const sent = envelope()
    await one.put(sent)
    line.deaf = true
    expect(await failure(two.take(BOX, 0))).to.equal('full')
    line.cut()
    expect(await one.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: true })
    expect(await one.take(BOX, 0)).to.equal(undefined)
    expect(await one.settled(sent.id, 20_000)).to.include({ outcome: 'unknown', claimed: true })
    await until(isUp(two), 'it is back')
    expect(await two.take(BOX, 0)).to.equal(undefined)
    await stillWorks(two)
  })

  it('C6 a put whose answer is lost counts as accepted: delivered if it lay there, unknown if not', async () => {
    const redis = await server()
    const line = await proxy(redis)
    const prefix = newPrefix()
    const [one, two] = [await node(line.url, prefix), await node(redis.url, prefix)]
    const [there, lost] = [envelope(), envelope()]
    line.deaf = true
    await one.put(there)
    line.cut()
    const claim = await taken(two)
    expect(claim.envelope.id).to.equal(there.id)
    expect(
      [...claim.envelope.body].every((byte) => byte === 7),
      'whole',
    ).to.equal(true)
    await claim.confirm()
    await until(isUp(one), 'it is back')
    expect((await one.outcome(there.id))?.outcome).to.equal('delivered')
    line.mute = true
    await one.put(lost)
    line.cut()
    expect(await two.take(BOX, 0)).to.equal(undefined)
    await until(async () => (await two.outcome(lost.id))?.outcome === 'unknown', 'it is asked for')
  })

  it('C6 says again what could not be said: a hand-over that ended while the server was away', async () => {
    const redis = await server()
    const line = await proxy(redis)
    const prefix = newPrefix()
    const [one, two] = [await node(redis.url, prefix), await node(line.url, prefix)]
    const sent = envelope()
    await one.put(sent)
    const claim = await taken(two)
    line.shut = true
    line.cut()
    await until(async () => (await two.figures()).state === 'away', 'it is away')
    expect(await failure(claim.confirm())).to.equal('full')
    line.shut = false
    expect(await one.settled(sent.id, 20_000)).to.include({ outcome: 'delivered' })
  })

  it('misses no call while a connection is cut again and again', async () => {
    const redis = await server()
    const line = await proxy(redis)
    const prefix = newPrefix()
    const [one, two] = [await node(redis.url, prefix), await node(line.url, prefix)]
    const ids: string[] = []
    const got = new Set<string>()
    let ended = false
    const taker = (async () => {
      while (!ended) {
        const claim = await two.take(BOX, 20_000).catch(() => undefined)
        if (claim === undefined) {
          await later(20)
          continue
        }
        expect(got.has(claim.envelope.id), 'handed out once').to.equal(false)
        got.add(claim.envelope.id)
        await claim.confirm().catch(() => undefined)
      }
    })()
    for (let round = 0; round < 12; round += 1) {
      const sent = envelope({ ttlSeconds: 60 })
      ids.push(sent.id)
      await one.put(sent)
      if (round % 2 === 0) line.cut()
      await later(60)
    }
    await until(async () => {
      const records = await Promise.all(ids.map((id) => one.outcome(id)))
      return records.every((record) => record?.claimed === true)
    }, 'each is taken')
    ended = true
    await one.put(envelope())
    await taker
  })

  it('C6 a node killed in the middle of a hand-over: at most once → unknown, a lease waits again', async function () {
    this.timeout(120_000)
    const redis = await server()
    const prefix = newPrefix()
    const one = await node(redis.url, prefix, { handoverSeconds: 2 })
    const [sent, leased] = [envelope({ ttlSeconds: 60 }), envelope({ to: LEASED, ttlSeconds: 60 })]
    await one.put(sent)
    await one.put(leased)
    const script = fileURLToPath(new URL('taker.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', script, redis.url, prefix, '2', BOX, LEASED], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = once(child, 'exit')
    for (let i = 0; i < 3000 && !said.includes(leased.id); i += 1) await later(20)
    expect(said).to.equal(`claimed ${sent.id}\nclaimed ${leased.id}\n`)
    child.kill('SIGKILL')
    await ended
    expect(await one.settled(sent.id, 20_000)).to.include({ outcome: 'unknown', claimed: true })
    const again = await one.take(LEASED, 20_000)
    expect(again?.envelope.id).to.equal(leased.id)
    await again?.confirm()
    expect(await one.take(BOX, 0)).to.equal(undefined)
  })

  it('C6 tells after its restart what became of what a node had accepted', async () => {
    const redis = await server()
    const prefix = newPrefix()
    const book = journal('a')
    const one = await openNode(redis.url, prefix, { journal: book })
    for (const [address, policy] of Object.entries(MAILBOXES)) await one.openMailbox(address, 'register-1', policy)
    const two = await node(redis.url, prefix)
    const [taken1, waiting, lost] = [envelope(), envelope(), envelope()]
    await one.put(taken1)
    await one.put(waiting)
    await book.accepted(lost.id, 'portal-1')
    await one.close()
    await (await taken(two)).confirm()
    const again = await node(redis.url, prefix, { journal: book })
    expect((await again.outcome(taken1.id))?.outcome).to.equal('delivered')
    expect((await again.outcome(waiting.id))?.outcome).to.equal('waiting')
    expect(await again.outcome(lost.id)).to.include({ outcome: 'unknown' })
    expect([...book.open()].map(({ id }) => id)).to.deep.equal([waiting.id])
    await (await taken(two)).confirm()
    await until(() => [...book.open()].length === 0, 'nothing is open')
  })

  it('J4 teaches a lost server what may not be used again', async () => {
    const redis = await server()
    const one = await node(redis.url, newPrefix())
    expect(await one.once.enter('a', 60_000, 'p')).to.equal('new')
    await redis.kill()
    await until(async () => (await one.figures()).state === 'away', 'it is away')
    expect(await failure(one.once.enter('b', 60_000, 'p')), 'nobody can remember it').to.equal('full')
    await redis.start()
    await until(isUp(one), 'it is back')
    expect(await one.once.enter('a', 60_000, 'p')).to.equal('seen')
  })

  it('asks for the password again when the server refuses the one it has, and goes on with the new one', async () => {
    const redis = await server('--requirepass', 'first')
    let password = 'first'
    let asked = 0
    const readPassword = async () => ((asked += 1), password)
    const prefix = newPrefix()
    const [one, two] = [
      await node(redis.url, prefix, { password, readPassword }),
      await node(redis.url, prefix, { password, readPassword }),
    ]
    expect(asked).to.equal(0)
    const client = new Redis(redis.url, { password: 'first' })
    await client.config('SET', 'requirepass', 'second')
    await client.call('CLIENT', 'KILL', 'SKIPME', 'yes')
    client.disconnect()
    await until(() => asked > 4, 'they ask, and get the old one')
    expect([(await one.figures()).state, (await two.figures()).state]).to.deep.equal(['away', 'away'])
    password = 'second'
    await until(isUp(one), 'one is back')
    await until(isUp(two), 'the other is back')
    const poll = two.take(BOX, 20_000)
    await until(async () => (await two.figures()).waiters === 1, 'it waits')
    await one.put(envelope())
    expect(await poll).not.to.equal(undefined)
  })

  it('is the user of the address from the first call on, by the password that stands beside it', async () => {
    const redis = await server('--user', 'default', 'off', '--user', 'core', 'on', '>secret', '~*', '&*', '+@all')
    let asked = 0
    const url = redis.url.replace('//', '//core@')
    const core = await node(url, newPrefix(), { password: 'secret', readPassword: async () => ((asked += 1), 'secret') })
    expect((await core.figures()).state).to.equal('ok')
    expect(asked).to.equal(0)
  })

  it('is refused a number that the server does not have: number 0 may be another core', async () => {
    const redis = await server('--databases', '2')
    const refused: unknown = await node(`${redis.url}/2`, newPrefix(), { connectMs: 500 }).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(CoreError)
    const core = await node(`${redis.url}/1`, newPrefix())
    await core.put(envelope())
    const client = redis.client()
    const [none, some] = [await client.dbsize(), (await client.select(1), await client.dbsize())]
    client.disconnect()
    expect([none, some > 0]).to.deep.equal([0, true])
  })

  it('C5 says loudly what a server keeps, throws away or does not tell', async () => {
    const cases: [RedisRemark | undefined, string[], string][] = [
      [undefined, [], 'ok'],
      ['saves-snapshots', ['--save', '3600 1'], 'persists'],
      ['writes-log', ['--appendonly', 'yes'], 'persists'],
      ['may-evict', ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'], 'ok'],
      ['does-not-tell', ['--rename-command', 'CONFIG', ''], 'persists'],
    ]
    for (const [remark, args, state] of cases) {
      const said: RedisRemark[] = []
      const core = await node((await server(...args)).url, newPrefix(), { onRemark: (one) => said.push(one) })
      expect(said, args.join(' ')).to.deep.equal(remark === undefined ? [] : [remark])
      expect((await core.figures()).state).to.equal(state)
    }
  })

  it('C4 a server without room refuses puts, and nothing else', async () => {
    const redis = await server('--maxmemory', '4mb')
    const core = await node(redis.url, newPrefix(), { commandMs: 5000 })
    let count = 0
    let why = 'none'
    while (why === 'none' && count < 100) {
      why = await failure(core.put(envelope({ sender: `s${count}`, body: new Uint8Array(100_000).fill(7) })))
      count += 1
    }
    expect(why).to.equal('full')
    expect(count).to.be.greaterThan(3)
    for (let i = 1; i < count; i += 1) await (await taken(core)).confirm()
    expect((await core.figures()).bytes).to.equal(0)
    await stillWorks(core)
  })

  it('C4 without room hand-overs end, leases go back, what is over is settled, and who waits is told', async () => {
    const redis = await server()
    const prefix = newPrefix()
    const [one, two] = [await node(redis.url, prefix), await node(redis.url, prefix)]
    const admin = new Redis(redis.url)
    closing.push(async () => admin.disconnect())
    const [given, lapsing, short, watched] = [
      envelope({ to: LEASED }),
      envelope({ to: LEASED }),
      envelope({ ttlSeconds: 1 }),
      envelope({ to: 'ags:99001000.rest', ttlSeconds: 5 }),
    ]
    await one.openMailbox('ags:99001000.rest', 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    for (const each of [given, lapsing, short, watched]) await one.put(each)
    const claim = await two.take(LEASED, 0, undefined, { id: given.id })
    await two.take(LEASED, 0, undefined, { id: lapsing.id, leaseMs: 300 })
    await admin.config('SET', 'maxmemory', '1')
    expect(await failure(one.put(envelope()))).to.equal('full')
    const told = two.settled(watched.id, 8000, 'claimed')
    expect(await failure(claim?.broken() ?? Promise.reject(new Error('nothing')))).to.equal('none')
    expect((await taken(one, LEASED)).envelope.id).to.equal(given.id)
    await until(async () => (await one.outcome(lapsing.id))?.claimed === false, 'the lease that was overdue is waiting again')
    await until(async () => (await admin.keys(`*:e:${short.id}`)).length === 0, 'what expired is gone')
    expect((await one.outcome(short.id))?.outcome).to.equal('expired')
    await (await taken(one, 'ags:99001000.rest')).confirm()
    expect((await told)?.claimed).to.equal(true)
  })
})
