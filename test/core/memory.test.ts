// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { MemoryCoreLimits } from '../../src/core/adapters/memory.js'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { memoryJournal } from '../../src/core/outcomes.js'
import { FakeTime } from './fake-time.js'
import { LIMITS, withMethods } from './journals.js'
import { BOX, envelope, failure, newId, stillWorks, taken } from './opened.js'

async function setUp(limits: Partial<MemoryCoreLimits> = {}, handover: 'at-most-once' | 'lease-and-confirm' = 'at-most-once') {
  const time = new FakeTime()
  const core = memoryCore({ clock: time, startTimer: time.startTimer, ...limits })
  await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover })
  return { time, core }
}

describe('core in memory', () => {
  it('serves waiting takers in the order of their coming', async () => {
    const { core } = await setUp()
    const order: string[] = []
    const takes = ['a', 'b', 'c'].map((name) => core.take(BOX, 1000).then((claim) => order.push(`${name}:${claim?.envelope.id ?? ''}`)))
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await core.put(envelope({ id }))
    await Promise.all(takes)
    expect(order).to.deep.equal(['a', 'b', 'c'].map((name, i) => `${name}:${ids[i] ?? ''}`))
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

  it('C6 lease and confirm: the end of a lease that was given back is not the end of the next one', async () => {
    const { core, time } = await setUp({}, 'lease-and-confirm')
    const sent = envelope()
    await core.put(sent)
    const lease = (leaseMs: number) => core.take(BOX, 0, undefined, { leaseMs })
    await (await lease(400))?.broken()
    const next = await lease(3000)
    time.pass(1000)
    expect(await core.take(BOX, 0)).to.equal(undefined)
    await next?.confirm()
    expect(await core.outcome(sent.id)).to.include({ outcome: 'delivered' })
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

  it('C6 refuses a put that cannot be recorded, unless somebody has it already', async () => {
    const time = new FakeTime()
    const journal = memoryJournal({ ...LIMITS, clock: time, node: 'n1' })
    const core = memoryCore({
      clock: time,
      startTimer: time.startTimer,
      journal: withMethods(journal, { accepted: () => Promise.reject(new Error('disk full')) }),
    })
    await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    const lying = envelope()
    expect(await failure(core.put(lying))).to.equal('full')
    expect(await core.outcome(lying.id)).to.include({ outcome: 'refused', claimed: false, reason: 'not-recorded' })
    expect(await core.take(BOX, 0)).to.equal(undefined)
    const taker = core.take(BOX, 1000)
    const awaited = envelope()
    await core.put(awaited)
    await (await taker)?.confirm()
    expect((await core.outcome(awaited.id))?.outcome).to.equal('delivered')
    expect(core.stats()).to.include({ bytes: 0, envelopes: 0 })
  })

  it('C6 hands over before the journal has answered, and tells the sender after it', async () => {
    const time = new FakeTime()
    const journal = memoryJournal({ ...LIMITS, clock: time, node: 'n1' })
    let stands = () => undefined as void
    const accepted = () => new Promise<void>((resolve) => (stands = resolve))
    const core = memoryCore({ clock: time, startTimer: time.startTimer, journal: withMethods(journal, { accepted }) })
    await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    const taker = core.take(BOX, 1000)
    const sent = envelope()
    let told = false
    const put = core.put(sent).then(() => (told = true))
    expect((await taker)?.envelope.id).to.equal(sent.id)
    await new Promise((resolve) => setImmediate(resolve))
    expect(told).to.equal(false)
    stands()
    await put
  })

  it('C6 says unknown of what an earlier life accepted and never settled, to its sender, and takes no such id again', async () => {
    const time = new FakeTime()
    const journal = memoryJournal({ ...LIMITS, clock: time, node: 'n1' })
    const [left, over] = [newId(), newId()]
    await journal.accepted(left, 'portal-1')
    await journal.accepted(over, 'portal-2')
    const record = journal.settled({ id: over, outcome: 'delivered', claimed: true, at: time.now().toISOString(), sender: 'portal-2' })
    const core = memoryCore({ clock: time, startTimer: time.startTimer, journal })
    await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    expect(await core.outcome(left)).to.include({ outcome: 'unknown', claimed: true, sender: 'portal-1' })
    expect(await core.settled(left, 1000)).to.include({ outcome: 'unknown' })
    expect(await core.outcome(over)).to.deep.equal(record)
    for (const id of [left, over]) expect(await failure(core.put(envelope({ id })))).to.equal('duplicate')
    expect([...journal.open()]).to.deep.equal([])
  })

  it('C6 drains: what lies here may be taken to the end, then it is refused; what is claimed is unknown', async () => {
    const { core, time } = await setUp()
    const [taken1, held, lying] = [envelope(), envelope(), envelope()]
    for (const one of [taken1, held, lying]) await core.put(one)
    const drain = core.drain(1000)
    await (await taken(core)).confirm()
    await taken(core)
    time.pass(1000)
    await drain
    await core.close()
    const outcomes = await Promise.all([taken1, held, lying].map(({ id }) => core.outcome(id)))
    expect(outcomes.map((record) => record?.outcome)).to.deep.equal(['delivered', 'unknown', 'refused'])
  })
})
