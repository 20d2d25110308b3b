// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { MemoryCoreLimits } from '../../src/core/adapters/memory.js'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { CoreError } from '../../src/core/errors.js'
import type { Claim, Core, StoredEnvelope } from '../../src/core/ports.js'
import { FakeTime } from './fake-time.js'

const BOX = 'ags:99001000'
const newId = () => randomBytes(16).toString('hex')

function envelope(change: Partial<StoredEnvelope> = {}): StoredEnvelope {
  return { id: newId(), to: BOX, sender: 'portal-1', ttlSeconds: 10, body: new Uint8Array(1000).fill(7), ...change }
}

async function setUp(limits: Partial<MemoryCoreLimits> = {}, handover: 'at-most-once' | 'lease-and-confirm' = 'at-most-once') {
  const time = new FakeTime()
  const core = memoryCore({ clock: time, startTimer: time.startTimer, ...limits })
  await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover })
  return { time, core }
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    expect(error).to.be.instanceOf(CoreError)
    return (error as CoreError).kind
  }
  return 'none'
}

async function taken(core: Core): Promise<Claim> {
  const claim = await core.take(BOX, 0)
  expect(claim, 'something to take').to.not.equal(undefined)
  return claim as Claim
}

async function stillWorks(core: Core): Promise<void> {
  const next = envelope({ sender: 'portal-9' })
  await core.put(next)
  const claim = await taken(core)
  expect(claim.envelope.id).to.equal(next.id)
  await claim.confirm()
  expect((await core.outcome(next.id))?.outcome).to.equal('delivered')
}

describe('core in memory', () => {
  it('hands an envelope over once and reports delivered after the confirmation', async () => {
    const { core } = await setUp()
    const sent = envelope()
    await core.put(sent)
    expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: false, sender: 'portal-1' })
    const claim = await taken(core)
    expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: true })
    expect(await core.take(BOX, 0)).to.equal(undefined)
    await claim.confirm()
    expect(await core.outcome(sent.id)).to.include({ outcome: 'delivered', claimed: true })
    expect(await failure(claim.refuse('X001'))).to.equal('gone')
    expect(await failure(claim.confirm())).to.equal('gone')
  })

  it('C1 has exactly one winner among 200 concurrent takes, waiting or not', async () => {
    for (const putFirst of [true, false]) {
      const { core, time } = await setUp()
      const sent = envelope()
      if (putFirst) await core.put(sent)
      const takes = Array.from({ length: 200 }, () => core.take(BOX, 1000))
      if (!putFirst) await core.put(sent)
      await Promise.resolve()
      time.pass(2000)
      const claims = (await Promise.all(takes)).filter((claim) => claim !== undefined)
      expect(claims.map((claim) => claim.envelope.id)).to.deep.equal([sent.id])
      expect(core.stats().waiters).to.equal(0)
      await claims[0]?.confirm()
      await stillWorks(core)
    }
  })

  it('serves waiting takers in the order of their coming', async () => {
    const { core } = await setUp()
    const order: string[] = []
    const takes = ['a', 'b', 'c'].map((name) => core.take(BOX, 1000).then((claim) => order.push(`${name}:${claim?.envelope.id ?? ''}`)))
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await core.put(envelope({ id }))
    await Promise.all(takes)
    expect(order).to.deep.equal(['a', 'b', 'c'].map((name, i) => `${name}:${ids[i] ?? ''}`))
  })

  it('ends the wait of an aborted taker without a claim', async () => {
    const { core } = await setUp()
    const abort = new AbortController()
    const wait = core.take(BOX, 10_000, abort.signal)
    abort.abort()
    expect(await wait).to.equal(undefined)
    expect(await core.take(BOX, 10_000, abort.signal)).to.equal(undefined)
    await stillWorks(core)
  })

  it('C3 counts on the monotonic clock: jumps of the wall clock by an hour neither lose nor revive anything', async () => {
    for (const jump of [3_600_000, -3_600_000]) {
      const { core, time } = await setUp()
      const sent = envelope()
      await core.put(sent)
      time.wallMs += jump
      time.pass(9_999)
      const claim = await taken(core)
      await claim.confirm()
      const late = envelope()
      await core.put(late)
      time.wallMs -= jump
      time.pass(10_000)
      expect(await core.take(BOX, 0)).to.equal(undefined)
      expect(await core.outcome(late.id)).to.include({ outcome: 'expired', claimed: false })
      await stillWorks(core)
    }
  })

  it('C3 never hands out after the deadline even when no timer ever runs', async () => {
    const { core, time } = await setUp()
    time.timersRun = false
    const sent = envelope()
    await core.put(sent)
    time.pass(10_000)
    expect(await core.take(BOX, 0)).to.equal(undefined)
    expect((await core.outcome(sent.id))?.outcome).to.equal('expired')
    await stillWorks(core)
  })

  it('keeps one timer for all deadlines and forgets outcomes after 24 h', async () => {
    const { core, time } = await setUp()
    const ids = Array.from({ length: 100 }, newId)
    for (const [i, id] of ids.entries()) await core.put(envelope({ id, ttlSeconds: 1 + (i % 60) }))
    expect(time.timers).to.equal(1)
    time.pass(60_000)
    expect(core.stats()).to.include({ bytes: 0, envelopes: 0, outcomes: 100 })
    time.pass(24 * 3_600_000 + 1)
    expect(await core.outcome(ids[0] ?? '')).to.equal(undefined)
    expect(core.stats().outcomes).to.equal(0)
  })

  it('C4 refuses with quota or full at 100 %, others still work, and room comes back', async () => {
    const { core } = await setUp({ maxBytes: 10_000, maxBytesPerSender: 6000, maxBytesPerMailbox: 4000, maxCountPerMailbox: 3 })
    for (const box of ['b1', 'b2', 'b3', 'b4']) await core.openMailbox(box, 'x', { ttlSeconds: 10, handover: 'at-most-once' })
    const put = (to: string, sender: string, bytes: number) => core.put(envelope({ to, sender, body: new Uint8Array(bytes) }))
    await put('b1', 's1', 4000)
    expect(await failure(put('b1', 's2', 1)), 'mailbox bytes').to.equal('quota')
    expect(await failure(put('b2', 's1', 2001)), 'sender bytes').to.equal('quota')
    await put('b2', 's2', 4000)
    expect(await failure(put('b3', 's3', 2001)), 'core bytes').to.equal('full')
    for (let i = 0; i < 3; i += 1) await put('b4', 's4', 1)
    expect(await failure(put('b4', 's4', 1)), 'mailbox count').to.equal('quota')
    await put(BOX, 's5', 1000)
    await (await taken(core)).confirm()
    const first = await core.take('b1', 0)
    await first?.confirm()
    await put('b1', 's1', 4000)
    expect(core.stats().bytes).to.equal(8003)
  })

  it('C4 counts a reservation before the bytes arrive and gives it back', async () => {
    const { core } = await setUp({ maxBytesPerMailbox: 4000 })
    const reservation = await core.reserve(BOX, 'portal-1', 3000)
    expect(await failure(core.put(envelope({ body: new Uint8Array(1001) })))).to.equal('quota')
    expect(() => reservation.grow(4001)).to.throw(CoreError)
    reservation.grow(4000)
    reservation.release()
    reservation.release()
    expect(core.stats().bytes).to.equal(0)
    const used = await core.reserve(BOX, 'portal-1', 4000)
    await core.put(envelope({ body: new Uint8Array(10) }), used)
    expect(await failure(core.reserve(BOX, 'nobody', 1))).to.equal('quota')
    await (await taken(core)).confirm()
    expect(core.stats().bytes).to.equal(0)
  })

  it('C5 overwrites the bytes whatever the end was', async () => {
    const { core, time } = await setUp()
    const ends: ((claim: Claim) => Promise<void>)[] = [(c) => c.confirm(), (c) => c.refuse('X001'), (c) => c.broken()]
    for (const end of ends) {
      const sent = envelope()
      await core.put(sent)
      await end(await taken(core))
      expect(sent.body.every((byte) => byte === 0)).to.equal(true)
    }
    const expired = envelope()
    const withdrawn = envelope()
    const refused = envelope({ to: 'nowhere' })
    await core.put(expired)
    time.pass(10_000)
    await core.put(withdrawn)
    expect(await core.withdraw(withdrawn.id)).to.equal(true)
    expect(await failure(core.put(refused))).to.equal('unknown')
    for (const { body } of [expired, withdrawn, refused]) expect(body.every((byte) => byte === 0)).to.equal(true)
    expect(core.stats().bytes).to.equal(0)
  })

  it('C6 at most once: refused, broken and forgotten hand-overs each have an outcome and are never repeated', async () => {
    const { core, time } = await setUp()
    const cases: [string, (claim: Claim) => Promise<void>][] = [
      ['refused', (c) => c.refuse('X001')],
      ['unknown', (c) => c.broken()],
      ['unknown', async () => time.pass(60_000)],
    ]
    for (const [outcome, end] of cases) {
      const sent = envelope()
      await core.put(sent)
      const claim = await taken(core)
      await end(claim)
      expect(await core.outcome(sent.id)).to.include({ outcome, claimed: true })
      expect(await core.take(BOX, 0)).to.equal(undefined)
      expect(await failure(claim.confirm())).to.equal('gone')
    }
    await stillWorks(core)
  })

  it('C6 lease and confirm: unconfirmed before the deadline it waits again under its id, after it the outcome is unknown', async () => {
    const { core, time } = await setUp({}, 'lease-and-confirm')
    const sent = envelope()
    await core.put(sent)
    const other = envelope()
    await core.put(other)
    const lost = await taken(core)
    time.pass(5000)
    expect(await failure(lost.confirm())).to.equal('gone')
    expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: false })
    const again = await taken(core)
    expect(again.envelope.id, 'stands in front').to.equal(sent.id)
    expect(again.envelope.body.every((byte) => byte === 7)).to.equal(true)
    await again.broken()
    const third = await taken(core)
    expect(third.envelope.id).to.equal(sent.id)
    time.pass(5000)
    expect(await core.outcome(sent.id)).to.include({ outcome: 'unknown', claimed: true })
    expect((await core.outcome(other.id))?.outcome).to.equal('expired')
    await stillWorks(core)
  })

  it('C6 lease and confirm: a confirmation within the lease counts even after the deadline', async () => {
    const { core, time } = await setUp({}, 'lease-and-confirm')
    const sent = envelope({ ttlSeconds: 1 })
    await core.put(sent)
    const claim = await taken(core)
    time.pass(3000)
    await claim.confirm()
    expect((await core.outcome(sent.id))?.outcome).to.equal('delivered')
  })

  it('C6 settles every envelope when the core closes', async () => {
    const { core } = await setUp()
    const [claimed, waiting] = [envelope(), envelope()]
    await core.put(claimed)
    await taken(core)
    await core.put(waiting)
    const wait = core.settled(waiting.id, 10_000)
    await core.close()
    expect(await wait).to.include({ outcome: 'refused', reason: 'closed' })
    expect((await core.outcome(claimed.id))?.outcome).to.equal('unknown')
  })

  it('refuses an id used before, an unknown mailbox and an unacceptable life', async () => {
    const { core } = await setUp()
    const sent = envelope()
    await core.put(sent)
    expect(await failure(core.put(envelope({ id: sent.id })))).to.equal('duplicate')
    await (await taken(core)).confirm()
    expect(await failure(core.put(envelope({ id: sent.id })))).to.equal('duplicate')
    expect(await failure(core.put(envelope({ ttlSeconds: 61 })))).to.equal('invalid')
    expect(await failure(core.put(envelope({ id: 'short' })))).to.equal('invalid')
    expect(await failure(core.take('nowhere', 0))).to.equal('unknown')
    await stillWorks(core)
  })

  it('opens the reply mailbox with the request; it dies 60 s after the deadline', async () => {
    const { core, time } = await setUp()
    const replyTo = 'reply.' + newId()
    await core.put(envelope({ replyTo }))
    time.pass(69_000)
    await core.put(envelope({ to: replyTo, sender: 'register-1' }))
    const late = envelope({ to: replyTo, sender: 'register-1' })
    await core.put(late)
    const claim = await core.take(replyTo, 0)
    await claim?.confirm()
    const wait = core.take(replyTo, 0)
    await (await wait)?.broken()
    time.pass(1000)
    expect(await failure(core.take(replyTo, 0))).to.equal('unknown')
    expect(core.stats().mailboxes).to.equal(1)
    expect((await core.outcome(late.id))?.outcome).to.equal('unknown')
    expect(await failure(core.openMailbox(BOX, 'somebody', { ttlSeconds: 10, handover: 'at-most-once' }))).to.equal('duplicate')
  })

  it('withdraws what nobody claimed, and only that', async () => {
    const { core } = await setUp()
    const sent = envelope()
    await core.put(sent)
    expect(await core.withdraw(sent.id)).to.equal(true)
    expect(await core.outcome(sent.id)).to.include({ outcome: 'refused', claimed: false, reason: 'withdrawn' })
    const other = envelope()
    await core.put(other)
    const claim = await taken(core)
    expect(await core.withdraw(other.id)).to.equal(false)
    await claim.confirm()
    expect(await core.withdraw(other.id)).to.equal(false)
  })

  it('wakes who waits for an outcome at the claim or at the end', async () => {
    const { core, time } = await setUp()
    const sent = envelope()
    await core.put(sent)
    const claimed = core.settled(sent.id, 5000, 'claimed')
    const settled = core.settled(sent.id, 5000)
    const claim = await taken(core)
    expect(await claimed).to.include({ outcome: 'waiting', claimed: true })
    await claim.confirm()
    expect(await settled).to.include({ outcome: 'delivered' })
    const slow = envelope()
    await core.put(slow)
    const nothing = core.settled(slow.id, 1000)
    time.pass(1000)
    expect(await nothing).to.include({ outcome: 'waiting', claimed: false })
  })

  it('bounds the outcome records per sender without touching those of others', async () => {
    const { core } = await setUp({ maxOutcomesPerSender: 10, maxOutcomes: 15 })
    const quiet = envelope({ sender: 'quiet' })
    await core.put(quiet)
    await (await taken(core)).confirm()
    for (let i = 0; i < 50; i += 1) {
      await core.put(envelope({ sender: 'loud' }))
      await (await taken(core)).confirm()
    }
    expect(core.stats().outcomes).to.equal(11)
    expect((await core.outcome(quiet.id))?.outcome).to.equal('delivered')
  })

  it('L1 keeps no byte of the envelope, no reply mailbox and no content in an outcome record', async () => {
    const { core } = await setUp()
    const canary = 'CANARY-77'
    const replyTo = 'reply.' + newId()
    const sent = envelope({ replyTo, body: new TextEncoder().encode(canary.repeat(20)) })
    await core.put(sent)
    await (await taken(core)).refuse('X001')
    const record = await core.outcome(sent.id)
    expect(Object.keys(record ?? {}).sort()).to.deep.equal(['at', 'claimed', 'id', 'outcome', 'reason', 'sender'])
    expect(JSON.stringify(record)).to.not.contain(canary).and.not.contain(replyTo)
  })

  it('every envelope of a random run ends with exactly one outcome and no byte is kept', async () => {
    const { core, time } = await setUp({}, 'lease-and-confirm')
    const ids: string[] = []
    let seed = 42
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    const open: Claim[] = []
    for (let i = 0; i < 3000; i += 1) {
      const action = random(6)
      if (action < 2) {
        const sent = envelope({ ttlSeconds: 1 + random(20) })
        ids.push(sent.id)
        await core.put(sent)
      } else if (action === 2) {
        const claim = await core.take(BOX, 0)
        if (claim !== undefined) open.push(claim)
      } else if (action === 3) {
        const claim = open.shift()
        if (claim !== undefined)
          await [() => claim.confirm(), () => claim.refuse('X'), () => claim.broken()][random(3)]?.().catch(() => undefined)
      } else time.pass(random(1500))
    }
    time.pass(60_000)
    const outcomes = await Promise.all(ids.map(async (id) => (await core.outcome(id))?.outcome))
    expect(outcomes.filter((outcome) => outcome === undefined || outcome === 'waiting')).to.deep.equal([])
    expect(new Set(outcomes)).to.deep.equal(new Set(['delivered', 'expired', 'refused', 'unknown']))
    expect(core.stats()).to.include({ bytes: 0, envelopes: 0, waiters: 0 })
  })
})
