// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { setMaxListeners } from 'node:events'
import { memoryJournal } from '../../../src/core/outcomes.js'
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import { ONCE_LIMITS } from '../../../src/core/adapters/memory-once.js'
import { systemClock } from '../../../src/core/adapters/timers.js'
import { verifyChain } from '../../../src/core/chain.js'
import type { Core, CoreEvent, Once, OutcomeJournal } from '../../../src/core/ports.js'
import { checkTrace } from '../../../src/core/trace.js'
import { until } from '../../until.js'
import { BOX, envelope, failure, LEASED, MAILBOXES, newId, taken } from '../opened.js'
import { later, newPrefix, openNode, sharedServer, type Change } from './server.js'

const journal = (node: string): OutcomeJournal => memoryJournal({ ...MEMORY_CORE_LIMITS, clock: systemClock, node })

describe('two nodes of a core in Redis', () => {
  const redis = sharedServer()
  const opened: Core[] = []

  async function nodes(count = 2, change: Change = {}, each: readonly Change[] = []): Promise<Core[]> {
    const prefix = newPrefix()
    const cores: Core[] = []
    for (let i = 0; i < count; i += 1) {
      const core = await openNode(redis.url(), prefix, { ...change, ...each[i] })
      for (const [address, policy] of Object.entries(MAILBOXES)) await core.openMailbox(address, 'register-1', policy)
      cores.push(core)
    }
    opened.push(...cores)
    return cores
  }
  const pair = async (change: Change = {}, each: readonly Change[] = []) => (await nodes(2, change, each)) as [Core, Core]

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((core) => core.close()))
  })

  it('puts on one, takes on the other, and both know the outcome', async () => {
    const [one, two] = await pair()
    const sent = envelope()
    await one.put(sent)
    const claim = await taken(two)
    expect(claim.envelope.id).to.equal(sent.id)
    expect([...claim.envelope.body]).to.deep.equal(Array.from({ length: 1000 }, () => 7))
    expect(await one.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: true })
    expect(await one.withdraw(sent.id)).to.equal(false)
    await claim.confirm()
    for (const core of [one, two])
      expect(await core.outcome(sent.id)).to.include({ outcome: 'delivered', claimed: true, sender: 'portal-1' })
  })

  it('changes how a mailbox hands over when all that lies in it is over, also when nobody has looked since', async () => {
    const [one, two] = await pair({ startTimer: () => () => undefined })
    await one.put(envelope({ to: LEASED, ttlSeconds: 1 }))
    const change = () => failure(two.openMailbox(LEASED, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' }))
    expect(await change()).to.equal('in-use')
    await later(1100)
    expect(await change()).to.equal('none')
    await one.put(envelope({ to: LEASED }))
    expect((await taken(one, LEASED)).leaseMs).to.equal(undefined)
  })

  it('lets the taker end a hand-over at another node than where it began', async () => {
    const [one, two] = await pair()
    for (const box of [BOX, LEASED]) {
      const [confirmed, refused] = [envelope({ to: box }), envelope({ to: box })]
      for (const sent of [confirmed, refused]) {
        await one.put(sent)
        expect((await one.take(box, 0))?.envelope.id).to.equal(sent.id)
        expect(await one.held?.(sent.id), 'it began here').to.equal(undefined)
      }
      const first = await two.held?.(confirmed.id)
      expect(first?.from).to.equal(box)
      await first?.confirm()
      await (await two.held?.(refused.id))?.refuse('X001')
      expect(await one.outcome(confirmed.id)).to.include({ outcome: 'delivered' })
      expect(await two.outcome(refused.id)).to.include({ outcome: 'refused', reason: 'X001' })
      for (const { id } of [confirmed, refused]) expect(await two.held?.(id), 'over').to.equal(undefined)
      expect(await failure(first?.confirm() ?? Promise.resolve())).to.equal('gone')
    }
    expect(await two.held?.(newId())).to.equal(undefined)
  })

  it('wakes a taker at the other node, and who waits for the outcome there', async () => {
    const [one, two] = await pair()
    const wait = two.take(BOX, 20_000)
    await until(async () => (await two.figures()).waiters === 1, 'the taker waits')
    const sent = envelope()
    await one.put(sent)
    const claimed = one.settled(sent.id, 20_000, 'claimed')
    const settled = one.settled(sent.id, 20_000)
    const claim = await wait
    expect(claim?.envelope.id).to.equal(sent.id)
    expect(await claimed).to.include({ outcome: 'waiting', claimed: true })
    await claim?.refuse('X001')
    expect(await settled).to.include({ outcome: 'refused', reason: 'X001' })
  })

  it('C1 has exactly one winner among 200 concurrent takes at two nodes', async () => {
    const [one, two] = await pair()
    for (let round = 0; round < 3; round += 1) {
      const sent = envelope()
      const abort = new AbortController()
      setMaxListeners(0, abort.signal)
      const takes = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? one : two).take(BOX, 20_000, abort.signal))
      if (round > 0) await until(async () => (await one.figures()).waiters + (await two.figures()).waiters === 200, 'all wait')
      await one.put(sent)
      await until(async () => (await one.figures()).waiters + (await two.figures()).waiters === 199, 'one is through')
      await later(50)
      abort.abort()
      const claims = (await Promise.all(takes)).filter((claim) => claim !== undefined)
      expect(claims.map((claim) => claim.envelope.id)).to.deep.equal([sent.id])
      await claims[0]?.confirm()
    }
  })

  it('C1 C6 gives each of 500 envelopes to one of 8 takers at two nodes; the two traces together are a run of the state machine', async () => {
    const events: (CoreEvent & { atMs: number })[] = []
    const observe = (event: CoreEvent) => void events.push({ ...event, atMs: performance.now() })
    const [one, two] = await pair({ observe })
    const got: string[] = []
    const takers = Array.from({ length: 8 }, async (_, i) => {
      for (;;) {
        const claim = await (i % 2 === 0 ? one : two).take(BOX, 20_000)
        if (claim === undefined) return
        await claim.confirm()
        if (claim.envelope.sender === 'end') return
        got.push(claim.envelope.id)
      }
    })
    const ids = Array.from({ length: 500 }, newId)
    await Promise.all(ids.map((id, i) => (i % 2 === 0 ? one : two).put(envelope({ id }))))
    for (let i = 0; i < takers.length; i += 1) await one.put(envelope({ sender: 'end' }))
    await Promise.all(takers)
    expect(got.sort()).to.deep.equal(ids.sort())
    // a claim may be told before its put is: each node tells what it knows
    const order = { put: 0, claimed: 1, returned: 2, settled: 3 }
    const sorted = [...events].sort((a, b) => order[a.kind] - order[b.kind]).map(({ atMs: _atMs, ...event }) => event)
    expect(checkTrace(sorted)).to.deep.equal([])
    expect(await one.figures()).to.include({ bytes: 0, envelopes: 0, waiters: 0 })
  })

  it('C4 counts the quotas of all nodes together', async () => {
    const [one, two] = await pair({ maxBytes: 5000, maxBytesPerSender: 3000 })
    const body = (bytes: number) => ({ body: new Uint8Array(bytes).fill(7) })
    await one.put(envelope({ sender: 's1', ...body(2500) }))
    expect(await failure(two.put(envelope({ sender: 's1', ...body(600) }))), 'of a sender').to.equal('quota')
    const reservation = await two.reserve(BOX, 's2', 2000)
    expect(await failure(one.put(envelope({ sender: 's3', ...body(600) }))), 'in all').to.equal('full')
    reservation.release()
    await until(async () => (await one.figures()).bytes === 2500, 'the room is given back')
    await one.put(envelope({ sender: 's3', ...body(600) }))
  })

  it('C4 lets the reservations of a dead node lapse', async () => {
    let ms = Date.now()
    const [one] = await pair({ nowMs: () => ms })
    await one.reserve(BOX, 'portal-1', 4000)
    expect((await one.figures()).bytes).to.equal(4000)
    ms += 121_000
    expect((await one.figures()).bytes).to.equal(0)
  })

  it('C4 lets a body grow whose length nobody announced, and refuses it when the server has no room', async () => {
    const [one, two] = await pair({ maxBytes: 100_000 })
    const growing = await one.reserve(BOX, 'portal-1', 0)
    growing.grow(60_000)
    await until(async () => (await one.figures()).bytes === 60_000, 'the server knows')
    expect(await failure(two.put(envelope({ body: new Uint8Array(50_000) })))).to.equal('full')
    await two.put(envelope({ body: new Uint8Array(30_000) }))
    growing.grow(90_000)
    await until(() => {
      try {
        growing.grow(90_001)
        return false
      } catch {
        return true
      }
    }, 'the server refuses')
    expect(await failure(one.put(envelope({ body: new Uint8Array(90_000) }), growing))).to.equal('full')
    await until(async () => (await one.figures()).bytes === 30_000, 'nothing of it is left')
  })

  it('C3 settles at one node what another put and could not look after: expiry, overdue hand-over, overdue lease', async () => {
    let ms = Date.now()
    const [one, two] = await pair({ nowMs: () => ms, handoverSeconds: 5 })
    const [expired, claimed, leased] = [envelope(), envelope(), envelope({ to: LEASED })]
    await one.put(claimed)
    await taken(one)
    await one.put(expired)
    await one.put(leased)
    await taken(one, LEASED)
    ms += 5000
    await two.figures()
    expect(await two.outcome(claimed.id)).to.include({ outcome: 'unknown', claimed: true })
    const again = await taken(two, LEASED)
    expect(again.envelope.id).to.equal(leased.id)
    expect([...again.envelope.body].every((byte) => byte === 7)).to.equal(true)
    ms += 5000
    await two.figures()
    expect(await one.outcome(expired.id)).to.include({ outcome: 'expired', claimed: false })
    expect(await one.outcome(leased.id)).to.include({ outcome: 'unknown', claimed: true })
  })

  it('C6 links each record into the chain of the node that settled it, and no id stands in two chains', async () => {
    const journals = [journal('a'), journal('b')] as const
    const [one, two] = await pair({}, [{ journal: journals[0] }, { journal: journals[1] }])
    const ids = Array.from({ length: 20 }, newId)
    for (const id of ids) await one.put(envelope({ id }))
    for (const [i] of ids.entries()) await (await taken(i % 3 === 0 ? one : two)).confirm()
    await until(async () => (await Promise.all(ids.map((id) => one.outcome(id)))).every((record) => record?.link), 'all records are linked')
    for (const id of ids) expect(await one.outcome(id)).to.deep.equal(await two.outcome(id))
    const records = journals.flatMap((one) => [...one.since(0, 100)])
    expect(verifyChain(records)).to.deep.equal([])
    expect(records.map(({ id }) => id).sort()).to.deep.equal([...ids].sort())
    await until(() => [...journals[0].open()].length === 0, 'nothing is open at the node that accepted them')
  })

  it('bounds the outcome records per sender and in all, without touching those of others before', async () => {
    const [one] = await pair({ maxOutcomesPerSender: 10, maxOutcomes: 15 })
    const send = async (sender: string) => {
      const { id } = envelope()
      await one.put(envelope({ id, sender }))
      await (await taken(one)).confirm()
      return id
    }
    const quiet = await send('quiet')
    for (let i = 0; i < 30; i += 1) await send('loud')
    expect((await one.figures()).outcomes).to.equal(11)
    expect((await one.outcome(quiet))?.outcome).to.equal('delivered')
    for (let i = 0; i < 10; i += 1) await send('third')
    expect((await one.figures()).outcomes).to.equal(15)
    expect(await one.outcome(quiet), 'the oldest of all').to.equal(undefined)
  })

  it('forgets an outcome after its time', async () => {
    let ms = Date.now()
    const [one] = await pair({ nowMs: () => ms })
    const sent = envelope()
    await one.put(sent)
    await (await taken(one)).confirm()
    ms += 24 * 3_600_000 + 1
    expect(await one.outcome(sent.id)).to.equal(undefined)
    expect((await one.figures()).outcomes).to.equal(0)
  })

  it('leaves what waits to the other node when one ends; what it held is told', async () => {
    const [one, two] = await pair()
    const [waiting, held, leased] = [envelope(), envelope(), envelope({ to: LEASED })]
    await one.put(held)
    await taken(one)
    await one.put(waiting)
    await one.put(leased)
    await taken(one, LEASED)
    await one.close()
    expect(await two.outcome(held.id)).to.include({ outcome: 'unknown' })
    expect((await taken(two)).envelope.id).to.equal(waiting.id)
    expect((await taken(two, LEASED)).envelope.id).to.equal(leased.id)
  })

  it('J4 lets a key be used once by all nodes together', async () => {
    const [one, two] = (await pair()) as unknown as { once: Once }[]
    expect(await one?.once.enter('a', 60_000, 'p')).to.equal('new')
    expect(await two?.once.enter('a', 60_000, 'p')).to.equal('seen')
    expect(await one?.once.enter('a', 60_000, 'p')).to.equal('seen')
    expect(await two?.once.enter('b', 200, 'p')).to.equal('new')
    await later(300)
    expect(await one?.once.enter('b', 200, 'p')).to.equal('new')
  })

  it('C4 gives each owner its share of what may be used once, at all nodes together', async () => {
    const [one, two] = (await pair()) as unknown as { once: Once }[]
    expect(await one?.once.enter('sharer a', 60_000, 'sharer')).to.equal('new')
    const client = new Redis(redis.url())
    const [own = ''] = await client.keys('*:1:sharer')
    // many at a time: a server that is busy for long is taken for one that is away
    const fill = `for i = 1, ${ONCE_LIMITS.maxKeysPerOwner / 1000} do
      local some = {}
      for j = 1, 1000 do some[2 * j - 1], some[2 * j] = 9e15, i * 1000 + j end
      redis.call('ZADD', KEYS[1], unpack(some))
    end`
    await client.eval(fill, 1, own)
    await client.quit()
    expect(await two?.once.enter('sharer b', 60_000, 'sharer')).to.equal('full')
    expect(await two?.once.enter('sharer a', 60_000, 'sharer')).to.equal('seen')
    expect(await two?.once.enter('other a', 60_000, 'other')).to.equal('new')
  })
})
