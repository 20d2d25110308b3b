// SPDX-License-Identifier: EUPL-1.2
/**
 * What every core does, whatever it stands on: run by each adapter's own test with its own way to open one and to let time pass.
 * Times are short and never exact, so that an adapter on a real clock passes as well.
 * @module
 */
import { expect } from 'chai'
import { setMaxListeners } from 'node:events'
import type { MemoryCoreLimits } from '../../src/core/adapters/memory.js'
import { verifyChain } from '../../src/core/chain.js'
import { CoreError } from '../../src/core/errors.js'
import type { Claim, MailboxPolicy, Reservation, StoredEnvelope } from '../../src/core/ports.js'
import { checkTrace } from '../../src/core/trace.js'
import { drainContract } from './contract-drain.js'
import type { OpenCore, OpenedCore } from './opened.js'
import { BOX, envelope, failure, LEASED, MAILBOXES, newId, stillWorks, taken, waiters } from './opened.js'

const allZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

export function coreContract(name: string, open: OpenCore): void {
  describe(`core contract: ${name}`, () => {
    const opened: OpenedCore[] = []
    const setUp = async (limits: Partial<MemoryCoreLimits> = {}, mailboxes = MAILBOXES): Promise<OpenedCore> => {
      const one = await open(limits, mailboxes)
      opened.push(one)
      return one
    }

    afterEach(async () => {
      for (const { close, events } of opened.splice(0)) {
        await close()
        const handover = (mailbox: string) => (MAILBOXES[mailbox] ?? { handover: 'at-most-once' as const }).handover
        expect(checkTrace(events, { handover, ended: false }), 'a run of the state machine').to.deep.equal([])
      }
    })

    it('hands an envelope over once and reports delivered after the confirmation', async () => {
      const { core } = await setUp()
      const sent = envelope()
      await core.put(sent)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: false, sender: 'portal-1' })
      const claim = await taken(core)
      expect(claim.envelope).to.include({ id: sent.id, to: BOX, sender: 'portal-1' })
      expect([...claim.envelope.body]).to.deep.equal(Array.from({ length: 1000 }, () => 7))
      expect(claim.remainingMs).to.be.within(1, 10_000)
      expect(claim.leaseMs).to.equal(undefined)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: true })
      expect(await core.take(BOX, 0)).to.equal(undefined)
      await claim.confirm()
      expect(await core.outcome(sent.id)).to.include({ outcome: 'delivered', claimed: true })
      expect(await failure(claim.refuse('X001'))).to.equal('gone')
      expect(await failure(claim.broken())).to.equal('gone')
      expect(await failure(claim.confirm())).to.equal('gone')
      expect(await core.outcome(newId())).to.equal(undefined)
    })

    it('hands out in the order of arrival, and a chosen one out of it', async () => {
      const { core } = await setUp()
      const ids = [newId(), newId(), newId(), newId()]
      for (const id of ids) await core.put(envelope({ id }))
      const chosen = await core.take(BOX, 0, undefined, { id: ids[2] ?? '' })
      expect(chosen?.envelope.id).to.equal(ids[2])
      expect(await core.take(BOX, 0, undefined, { id: ids[2] ?? '' })).to.equal(undefined)
      expect(await core.take(LEASED, 0, undefined, { id: ids[1] ?? '' }), 'in another mailbox').to.equal(undefined)
      const order = [await taken(core), await taken(core), await taken(core)].map((claim) => claim.envelope.id)
      expect(order).to.deep.equal([ids[0], ids[1], ids[3]])
    })

    for (const putFirst of [true, false])
      it(`C1 has exactly one winner among 200 concurrent takes, ${putFirst ? 'the envelope there first' : 'the takers there first'}`, async () => {
        const one = await setUp()
        const { core } = one
        const sent = envelope()
        if (putFirst) await core.put(sent)
        const abort = new AbortController()
        setMaxListeners(0, abort.signal)
        const takes = Array.from({ length: 200 }, () => core.take(BOX, 20_000, abort.signal))
        await waiters(one, putFirst ? 199 : 200)
        if (!putFirst) await core.put(sent)
        await waiters(one, 199)
        abort.abort()
        const claims = (await Promise.all(takes)).filter((claim) => claim !== undefined)
        expect(claims.map((claim) => claim.envelope.id)).to.deep.equal([sent.id])
        expect((await core.figures()).waiters).to.equal(0)
        await claims[0]?.confirm()
        await stillWorks(core)
      })

    it('C1 gives each of many envelopes to one of many takers', async () => {
      const { core } = await setUp()
      const ids = Array.from({ length: 100 }, newId)
      const got: string[] = []
      const takers = Array.from({ length: 8 }, async () => {
        for (;;) {
          const claim = await core.take(BOX, 20_000)
          if (claim === undefined || claim.envelope.sender === 'end') return claim?.confirm()
          got.push(claim.envelope.id)
          await claim.confirm()
        }
      })
      await Promise.all(ids.map((id) => core.put(envelope({ id }))))
      for (let i = 0; i < takers.length; i += 1) await core.put(envelope({ sender: 'end' }))
      await Promise.all(takers)
      expect(got.sort()).to.deep.equal(ids.sort())
    })

    it('ends a wait after its time or by its signal, without a claim', async () => {
      const one = await setUp()
      const { core, pass } = one
      const short = core.take(BOX, 300)
      await pass(600)
      expect(await short).to.equal(undefined)
      const abort = new AbortController()
      const wait = core.take(BOX, 20_000, abort.signal)
      await waiters(one, 1)
      abort.abort()
      expect(await wait).to.equal(undefined)
      expect(await core.take(BOX, 20_000, abort.signal)).to.equal(undefined)
      await stillWorks(core)
    })

    it('C3 never hands out after the deadline', async () => {
      const { core, pass } = await setUp()
      const sent = envelope({ ttlSeconds: 1 })
      await core.put(sent)
      await pass(1200)
      expect(await core.take(BOX, 0)).to.equal(undefined)
      expect(await core.take(BOX, 0, undefined, { id: sent.id })).to.equal(undefined)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'expired', claimed: false })
      expect((await core.figures()).bytes).to.equal(0)
      await stillWorks(core)
    })

    it('C4 refuses with quota or full at 100 %, others still work, and room comes back', async () => {
      const policy: MailboxPolicy = { ttlSeconds: 10, handover: 'at-most-once' }
      const { core } = await setUp(
        { maxBytes: 10_000, maxBytesPerSender: 6000, maxBytesPerMailbox: 4000, maxCountPerMailbox: 3 },
        { ...MAILBOXES, b1: policy, b2: policy, b3: policy, b4: policy },
      )
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
      await (await taken(core, 'b1')).confirm()
      await put('b1', 's1', 4000)
      expect(await core.figures()).to.deep.include({
        bytes: 8003,
        envelopes: 5,
        waiting: { [BOX]: 0, [LEASED]: 0, b1: 1, b2: 1, b3: 0, b4: 3 },
      })
    })

    it('C4 does not grow however often it is asked when it is full', async () => {
      const { core } = await setUp({ maxBytes: 5000 })
      for (let i = 0; i < 5; i += 1) await core.put(envelope({ sender: `s${i}` }))
      const before = await core.figures()
      for (let i = 0; i < 200; i += 1) {
        expect(await failure(core.put(envelope({ sender: `x${i}`, replyTo: 'reply.' + newId() })))).to.equal('full')
        expect(await failure(core.reserve(BOX, `x${i}`, 1000))).to.equal('full')
      }
      expect(await core.figures()).to.deep.equal(before)
      for (let i = 0; i < 5; i += 1) await (await taken(core)).confirm()
      await stillWorks(core)
    })

    it('C4 counts a reservation before the bytes arrive and gives it back', async () => {
      const { core } = await setUp({ maxBytesPerMailbox: 4000 })
      const reservation = await core.reserve(BOX, 'portal-1', 3000)
      expect(await failure(core.put(envelope({ body: new Uint8Array(1001) })))).to.equal('quota')
      expect(() => reservation.grow(4001)).to.throw(CoreError)
      reservation.grow(4000)
      reservation.release()
      reservation.release()
      expect((await core.figures()).bytes).to.equal(0)
      const used = await core.reserve(BOX, 'portal-1', 10)
      await core.put(envelope({ body: new Uint8Array(10) }), used)
      used.release()
      expect((await core.figures()).bytes, 'the room of what lies there').to.equal(10)
      await core.put(envelope({ body: new Uint8Array(20) }), used)
      expect((await core.figures()).bytes, 'a reservation lasts for one put').to.equal(30)
      for (let i = 0; i < 2; i += 1) await (await taken(core)).confirm()
      expect((await core.figures()).bytes).to.equal(0)
      expect(await failure(core.reserve('nowhere', 'portal-1', 1))).to.equal('unknown')
    })

    it('C4 counts what a put brings, whatever was reserved, and uses the reservation up even when the put is refused', async () => {
      const { core } = await setUp({ maxBytesPerMailbox: 4000 })
      const reserved = (bytes: number, to = BOX, sender = 'portal-1') => core.reserve(to, sender, bytes)
      const refused = async (sent: StoredEnvelope, reservation: Reservation, code: string) => {
        expect(await failure(core.put(sent, reservation))).to.equal(code)
        expect((await core.figures()).bytes).to.equal(1000)
      }
      await core.put(envelope(), await reserved(10))
      expect((await core.figures()).bytes, 'more than was reserved').to.equal(1000)
      await refused(envelope({ body: new Uint8Array(3001) }), await reserved(10), 'quota')
      await refused(envelope({ ttlSeconds: 61 }), await reserved(500), 'invalid')
      await refused(envelope(), await reserved(1000, LEASED), 'invalid')
      await refused(envelope(), await reserved(1000, BOX, 'portal-2'), 'invalid')
      await core.put(envelope())
      await (await taken(core)).confirm()
      expect(await failure(core.reserve(BOX, 'portal-1', 3001)), 'one of two is gone').to.equal('quota')
      const rest = await reserved(3000)
      rest.release()
      await (await taken(core)).confirm()
    })

    it('C4 bounds a mailbox by its own numbers, where they are larger and where they are smaller than those of the core', async () => {
      const wide: MailboxPolicy = { ttlSeconds: 10, handover: 'at-most-once', maxBytes: 5000, maxCount: 3 }
      const { core } = await setUp(
        { maxBytesPerMailbox: 2000, maxCountPerMailbox: 2 },
        { wide, narrow: { ...wide, maxBytes: 1000, maxCount: 1 } },
      )
      const held = [
        await core.reserve('wide', 'portal-1', 3000),
        await core.reserve('wide', 'portal-1', 1),
        await core.reserve('wide', 'portal-1', 1),
      ]
      expect(await failure(core.reserve('wide', 'portal-1', 1)), 'count').to.equal('quota')
      held[0]?.grow(4998)
      expect(() => held[1]?.grow(3)).to.throw(CoreError)
      for (const one of held) one.release()
      expect(await failure(core.reserve('narrow', 'portal-1', 1001)), 'bytes').to.equal('quota')
      const narrow = await core.reserve('narrow', 'portal-1', 1000)
      expect(await failure(core.reserve('narrow', 'portal-1', 0)), 'count').to.equal('quota')
      narrow.release()
      ;(await core.reserve('narrow', 'portal-1', 1000)).release()
    })

    it('C4 bounds the reply mailboxes of a sender without touching others', async () => {
      const { core, pass } = await setUp({ maxReplyMailboxesPerSender: 3 })
      const ask = (sender: string) => core.put(envelope({ sender, ttlSeconds: 1, replyTo: 'reply.' + newId() }))
      for (let i = 0; i < 3; i += 1) await ask('loud')
      expect(await failure(ask('loud'))).to.equal('quota')
      await ask('quiet')
      await pass(1200)
      expect(await failure(ask('loud')), 'it outlives its request').to.equal('quota')
      await stillWorks(core)
    })

    it('C5 overwrites the bytes whatever the end was', async () => {
      const { core, pass } = await setUp()
      const ends: ((claim: Claim) => Promise<void>)[] = [(c) => c.confirm(), (c) => c.refuse('X001'), (c) => c.broken()]
      for (const end of ends) {
        const sent = envelope()
        await core.put(sent)
        const claim = await taken(core)
        await end(claim)
        expect(allZero(sent.body) && allZero(claim.envelope.body)).to.equal(true)
      }
      const expired = envelope({ ttlSeconds: 1 })
      const withdrawn = envelope()
      const refused = envelope({ to: 'nowhere' })
      await core.put(expired)
      await pass(1200)
      await core.put(withdrawn)
      expect(await core.withdraw(withdrawn.id)).to.equal(true)
      expect(await failure(core.put(refused))).to.equal('unknown')
      for (const { body } of [expired, withdrawn, refused]) expect(allZero(body)).to.equal(true)
      expect((await core.figures()).bytes).to.equal(0)
    })

    it('C6 at most once: refused, broken and forgotten hand-overs each have an outcome and are never repeated', async () => {
      const { core, pass } = await setUp({ handoverSeconds: 1 })
      const cases: [string, (claim: Claim) => Promise<void>][] = [
        ['refused', (c) => c.refuse('X001')],
        ['unknown', (c) => c.broken()],
        ['unknown', () => pass(1200)],
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
      const { core, pass } = await setUp()
      const sent = envelope({ to: LEASED, ttlSeconds: 3 })
      const other = envelope({ to: LEASED, ttlSeconds: 3 })
      await core.put(sent)
      await core.put(other)
      const lost = await core.take(LEASED, 0, undefined, { leaseMs: 400 })
      expect(lost?.leaseMs).to.equal(400)
      await pass(700)
      expect(lost === undefined ? 'none' : await failure(lost.confirm())).to.equal('gone')
      expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: false })
      const again = await taken(core, LEASED)
      expect(again.envelope.id, 'stands in front').to.equal(sent.id)
      expect([...again.envelope.body]).to.deep.equal(Array.from({ length: 1000 }, () => 7))
      await again.broken()
      const third = await core.take(LEASED, 0, undefined, { leaseMs: 3000 })
      expect(third?.envelope.id).to.equal(sent.id)
      await pass(4000)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'unknown', claimed: true })
      expect((await core.outcome(other.id))?.outcome).to.equal('expired')
      await stillWorks(core)
    })

    it('C6 lease and confirm: what came back is unknown when it expires or is withdrawn, never "not delivered"', async () => {
      const { core, pass } = await setUp()
      const ends: ((id: string) => Promise<unknown>)[] = [() => pass(1200), (id) => core.withdraw(id)]
      for (const end of ends) {
        const sent = envelope({ to: LEASED, ttlSeconds: 1 })
        await core.put(sent)
        await (await taken(core, LEASED)).broken()
        expect(await end(sent.id)).to.not.equal(true)
        expect(await core.outcome(sent.id)).to.include({ outcome: 'unknown', claimed: true })
        expect(await core.take(LEASED, 0)).to.equal(undefined)
      }
    })

    it('C6 lease and confirm: a confirmation within the lease counts even after the deadline, though the bytes are gone by then', async () => {
      const { core, pass } = await setUp({ handoverSeconds: 1 })
      const sent = envelope({ to: LEASED, ttlSeconds: 1 })
      await core.put(sent)
      const claim = await taken(core, LEASED)
      expect(claim.leaseMs).to.equal(5000)
      await pass(2300)
      expect(allZero(sent.body), 'C5').to.equal(true)
      expect((await core.figures()).bytes, 'its room is free').to.equal(0)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'waiting', claimed: true })
      await claim.confirm()
      expect((await core.figures()).bytes, 'given back once').to.equal(0)
      expect((await core.outcome(sent.id))?.outcome).to.equal('delivered')
    })

    it('refuses an id used before, an unknown mailbox and an unacceptable life', async () => {
      const { core } = await setUp()
      const sent = envelope()
      await core.put(sent)
      expect(await failure(core.put(envelope({ id: sent.id })))).to.equal('duplicate')
      await (await taken(core)).confirm()
      expect(await failure(core.put(envelope({ id: sent.id })))).to.equal('duplicate')
      expect(await failure(core.put(envelope({ ttlSeconds: 61 })))).to.equal('invalid')
      expect(await failure(core.put(envelope({ ttlSeconds: 0 })))).to.equal('invalid')
      expect(await failure(core.put(envelope({ id: 'short' })))).to.equal('invalid')
      expect(await failure(core.put(envelope({ replyTo: 'reply.short' })))).to.equal('invalid')
      expect(await failure(core.take('nowhere', 0))).to.equal('unknown')
      expect(await failure(core.openMailbox('No Address', 'x', { ttlSeconds: 10, handover: 'at-most-once' }))).to.equal('invalid')
      expect(await failure(core.openMailbox(BOX, 'somebody', { ttlSeconds: 10, handover: 'at-most-once' }))).to.equal('duplicate')
      await stillWorks(core)
    })

    it('C1 C2 changes how a mailbox hands over only while it is empty', async () => {
      const { core } = await setUp()
      const turn = (address: string, handover: MailboxPolicy['handover'], leaseSeconds?: number) =>
        failure(
          core.openMailbox(address, 'register-1', { ttlSeconds: 10, handover, ...(leaseSeconds === undefined ? {} : { leaseSeconds }) }),
        )
      const toOnce = () => turn(LEASED, 'at-most-once')
      await core.put(envelope({ to: LEASED }))
      expect(await toOnce(), 'waiting').to.equal('in-use')
      const first = await taken(core, LEASED)
      expect(await toOnce(), 'leased').to.equal('in-use')
      expect(await turn(LEASED, 'lease-and-confirm', 4), 'the same rule').to.equal('none')
      await first.broken()
      expect(await toOnce(), 'returned').to.equal('in-use')
      // by its own rule it is handed out again, and nothing of that changed
      const again = await taken(core, LEASED)
      expect(again.leaseMs).to.equal(4000)
      await again.confirm()
      expect(await toOnce(), 'empty').to.equal('none')
      await core.put(envelope({ to: LEASED }))
      expect(await turn(LEASED, 'lease-and-confirm'), 'waiting at most once').to.equal('in-use')
      const claim = await taken(core, LEASED)
      expect(claim.leaseMs).to.equal(undefined)
      expect(await turn(LEASED, 'lease-and-confirm'), 'claimed').to.equal('in-use')
      await claim.confirm()
      expect(await turn(LEASED, 'lease-and-confirm'), 'delivered').to.equal('none')
      await stillWorks(core)
    })

    it('opens the reply mailbox with the request, for its sender, and it outlives the request', async () => {
      const { core, pass } = await setUp()
      const replyTo = 'reply.' + newId()
      expect(await core.owner(replyTo)).to.equal(undefined)
      await core.put(envelope({ replyTo, ttlSeconds: 1 }))
      expect(await core.owner(replyTo)).to.equal('portal-1')
      expect(await core.owner(BOX)).to.equal('register-1')
      expect(await failure(core.put(envelope({ replyTo })))).to.equal('duplicate')
      expect((await taken(core)).envelope.replyTo).to.equal(replyTo)
      await pass(1200)
      const answer = envelope({ to: replyTo, sender: 'register-1' })
      await core.put(answer)
      const claim = await taken(core, replyTo)
      expect(claim.envelope.id).to.equal(answer.id)
      await claim.confirm()
      expect((await core.figures()).waiting).to.include({ reply: 0 })
    })

    it('withdraws what nobody claimed, and only that', async () => {
      const { core } = await setUp()
      const sent = envelope()
      await core.put(sent)
      expect(await core.withdraw(sent.id)).to.equal(true)
      expect(await core.outcome(sent.id)).to.include({ outcome: 'refused', claimed: false, reason: 'withdrawn' })
      expect(await core.take(BOX, 0)).to.equal(undefined)
      const other = envelope()
      await core.put(other)
      const claim = await taken(core)
      expect(await core.withdraw(other.id)).to.equal(false)
      await claim.confirm()
      expect(await core.withdraw(other.id)).to.equal(false)
    })

    it('wakes who waits for an outcome at the claim or at the end', async () => {
      const { core, pass } = await setUp()
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
      const nothing = core.settled(slow.id, 300)
      await pass(600)
      expect(await nothing).to.include({ outcome: 'waiting', claimed: false })
      expect(await core.settled(newId(), 0)).to.equal(undefined)
    })

    it('L1 keeps no byte of the envelope, no reply mailbox and no content in an outcome record', async () => {
      const { core } = await setUp()
      const canary = 'CANARY-77'
      const replyTo = 'reply.' + newId()
      const sent = envelope({ replyTo, body: new TextEncoder().encode(canary.repeat(20)) })
      await core.put(sent)
      await (await taken(core)).refuse('X001')
      const record = await core.outcome(sent.id)
      const allowed = ['at', 'claimed', 'id', 'link', 'outcome', 'reason', 'sender']
      expect(Object.keys(record ?? {}).filter((key) => !allowed.includes(key))).to.deep.equal([])
      expect(JSON.stringify(record)).to.not.contain(canary).and.not.contain(replyTo)
    })

    it('C6 chains the settled records of a node, and says of each envelope once what became of it', async () => {
      const { core, events } = await setUp()
      for (let i = 0; i < 10; i += 1) {
        const sent = envelope()
        await core.put(sent)
        if (i % 3 === 0) await core.withdraw(sent.id)
        else await (await taken(core)).confirm()
      }
      const settled = events.filter(({ kind }) => kind === 'settled')
      const records = await Promise.all(settled.map(({ id }) => core.outcome(id)))
      expect(records).to.have.length(10)
      expect(verifyChain(records.filter((record) => record !== undefined))).to.deep.equal([])
      expect(checkTrace(events)).to.deep.equal([])
    })

    it('L1 tells its observer sizes and times, and of a reply mailbox only that it is one', async () => {
      const { core, events } = await setUp()
      const replyTo = 'reply.' + newId()
      const sent = envelope({ replyTo })
      const answer = envelope({ to: replyTo })
      await core.put(sent)
      await core.put(answer)
      await (await taken(core, replyTo)).refuse('X001')
      const untimed = events.map((event) => ({ ...event, ...('dwellMs' in event ? { dwellMs: event.dwellMs >= 0 } : {}) }))
      expect(untimed).to.deep.equal([
        { kind: 'put', id: sent.id, mailbox: BOX, bytes: 1000 },
        { kind: 'put', id: answer.id, mailbox: 'reply', bytes: 1000 },
        { kind: 'claimed', id: answer.id, mailbox: 'reply', dwellMs: true },
        { kind: 'settled', id: answer.id, mailbox: 'reply', outcome: 'refused', dwellMs: true },
      ])
    })

    drainContract(setUp)
  })
}
