// SPDX-License-Identifier: EUPL-1.2
/**
 * The rules of `CardStore`, for the durable store and for the reference in memory alike.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import type { CardRule } from '../../../src/osci/parts.js'
import type { CardQuery, CardRecord, CardStore } from '../../../src/gateway/intermediary/ports.js'
import { ALICE, BOB, DAY_MS, EVE, KINDS, SWEEP_MS, cardFor, plain, type OpenStore } from './stores.js'

const refusalOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const idsOf = ({ cards }: { readonly cards: readonly CardRecord[] }): string[] => cards.map((card) => card.messageId)

/** What a client would get if somebody looked through all cards, one by one. Told apart from the code on purpose. */
function lookThrough(cards: readonly CardRecord[], { certificates, rule, limit = 1000 }: CardQuery): { ids: string[]; more: boolean } {
  const sent = (card: CardRecord) => certificates.some((one) => one === card.originator)
  const got = (card: CardRecord) => certificates.some((one) => one === card.addressee)
  const since = rule === undefined || 'messageIds' in rule ? 0 : Date.parse(rule.since)
  const found = cards.filter((card) => {
    if (rule === undefined) return sent(card) || got(card)
    if ('messageIds' in rule) return rule.messageIds.includes(card.messageId) && (sent(card) || got(card))
    if (rule.noReception === true && card.reception !== undefined) return false
    if (rule.role === 'Originator' && !sent(card)) return false
    if (rule.role === 'Addressee' && !got(card)) return false
    if (!sent(card) && !got(card)) return false
    return Date.parse(rule.by === 'ReceptionOfDelivery' ? card.createdAt : card.recentModification) >= since
  })
  const order = (card: CardRecord) => (rule === undefined && card.reception !== undefined ? 'b' : 'a') + card.recentModification
  found.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return { ids: found.slice(0, limit).map((card) => card.messageId), more: found.length > limit }
}

type Step =
  | { readonly kind: 'write'; readonly writes: readonly { readonly id: number; readonly who: number; readonly received: boolean }[] }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'select'; readonly asker: number; readonly rule: number; readonly ageMs: number; readonly limit: number | undefined }

const certificates = [ALICE, BOB, EVE]
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    writes: fc.array(fc.record({ id: fc.nat(12), who: fc.nat(8), received: fc.boolean() }), { minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: -5000, max: 5000 }) }),
  fc.record({
    kind: fc.constant('select' as const),
    asker: fc.nat(3),
    rule: fc.nat(12),
    ageMs: fc.integer({ min: -20, max: 8000 }),
    limit: fc.option(fc.nat(5), { nil: undefined }),
  }),
)

function ruleOf(number: number, since: string): CardRule | undefined {
  if (number === 0) return undefined
  if (number === 1) return { messageIds: ['m-1', 'm-5', 'm-9', 'm-99', '', 'x'.repeat(5000)] }
  const role = [undefined, 'Originator', 'Addressee'][number % 3] as 'Originator' | 'Addressee' | undefined
  return {
    by: number % 2 === 0 ? 'ReceptionOfDelivery' : 'RecentModification',
    since,
    ...(role === undefined ? {} : { role }),
    ...(number > 7 ? { noReception: true } : {}),
  }
}

/** Plays the steps on a tenant of its own and compares every answer with what looking through all cards finds. */
async function play({ store, time }: OpenStore, tenant: string, steps: readonly Step[]): Promise<void> {
  const model = new Map<string, CardRecord>()
  const write = async ({ id, who, received }: { id: number; who: number; received: boolean }): Promise<void> => {
    const messageId = `m-${id}`
    const parties = { originator: certificates[who % 3] ?? ALICE, addressee: certificates[Math.floor(who / 3)] ?? BOB }
    const former = model.get(messageId)
    const change = received ? { state: 'received' as const, reception: { plain: 'now' } } : { state: 'forwarded' as const }
    const card = former ? await store.change(tenant, messageId, change) : await store.add(tenant, cardFor(messageId, time.now(), parties))
    if (!card) throw new Error('the card is not there')
    if (former) expect(card.recentModification > former.recentModification).to.equal(true)
    model.set(messageId, card)
    expect(plain(store.get(tenant, messageId))).to.deep.equal(plain(card))
  }
  for (const one of steps) {
    if (one.kind === 'time') time.wallMs += one.ms
    // ids of one round differ, so that its writes can run at once
    else if (one.kind === 'write') await Promise.all([...new Map(one.writes.map((w) => [w.id, w])).values()].map(write))
    else {
      const rule = ruleOf(one.rule, new Date(time.wallMs - one.ageMs).toISOString())
      const asked = one.asker === 3 ? [ALICE, EVE, ALICE] : [certificates[one.asker] ?? ALICE]
      const query: CardQuery = { certificates: asked, ...(rule ? { rule } : {}), ...(one.limit === undefined ? {} : { limit: one.limit }) }
      const answer = store.select(tenant, query)
      expect({ ids: idsOf(answer), more: answer.more }).to.deep.equal(lookThrough([...model.values()], query))
    }
  }
}

const RUNS: Readonly<Record<string, number>> = { memory: 300, lmdb: 60 }

for (const [kind, open] of Object.entries(KINDS)) {
  describe(`process cards in ${kind}`, () => {
    let opened: OpenStore
    let store: CardStore
    let tenant = 0
    before(async () => {
      opened = await open()
      store = opened.store
    })
    after(() => opened.end())
    const now = () => opened.time.now()
    const nextTenant = () => `/osci/intermediary/${++tenant}`

    it('selects what looking through all cards finds, whatever was entered and changed before', () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => play(opened, nextTenant(), steps)),
        { numRuns: RUNS[kind] ?? 1 },
      ))

    it('keeps exactly the fields of a card', async () => {
      const at = nextTenant()
      const full = cardFor('m-1', now(), {
        subject: 'über',
        creation: { cryptographic: { algorithm: 'urn:ietf:rfc:3161', token: new Uint8Array([0, 255]) } },
        forwarding: { plain: '2026-11-23T09:15:30.000Z' },
      })
      const { recentModification, ...kept } = await store.add(at, { ...full, content: 'secret' } as typeof full)
      expect(recentModification).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(plain(kept)).to.deep.equal(plain(full))
      expect(plain(store.get(at, 'm-1'))).to.deep.equal(plain({ ...full, recentModification }))
      const change = { content: 'secret', messageId: 'other', recentModification: 'x', state: 'forwarded' as const }
      expect(Object.keys((await store.change(at, 'm-1', change)) ?? {}).sort()).to.deep.equal(
        [...Object.keys(full), 'recentModification'].sort(),
      )
      expect(store.get(at, 'other')).to.equal(undefined)
    })

    it('refuses a second card with the same id, also at the same time, and knows no card of another tenant', async () => {
      const [at, other] = [nextTenant(), nextTenant()]
      const entered = await Promise.allSettled(Array.from({ length: 50 }, () => store.add(at, cardFor('m-1', now()))))
      expect(entered.filter(({ status }) => status === 'fulfilled').length).to.equal(1)
      expect(await refusalOf(store.add(at, cardFor('m-1', now())))).to.include({ finding: 'gateway.card-exists' })
      expect(store.get(other, 'm-1')).to.equal(undefined)
      expect(await store.change(other, 'm-1', { state: 'received' })).to.equal(undefined)
      expect(idsOf(store.select(other, { certificates: [ALICE, BOB] }))).to.deep.equal([])
    })

    it('P7 says the same of a card of others as of one that is not there', async () => {
      const at = nextTenant()
      await store.add(at, cardFor('m-1', now()))
      const { originator: _nobody, ...unasked } = cardFor('m-2', now())
      await store.add(at, unasked)
      for (const id of ['m-1', 'nothing', 'x'.repeat(100_000), 'ü', ''])
        expect(store.select(at, { certificates: [EVE], rule: { messageIds: [id] } })).to.deep.equal({ cards: [], more: false })
      expect(store.get(at, 'x'.repeat(100_000))).to.equal(undefined)
      expect(idsOf(store.select(at, { certificates: [ALICE] }))).to.deep.equal(['m-1'])
      expect(idsOf(store.select(at, { certificates: [] }))).to.deep.equal([])
    })

    it('refuses a card that could not be found again', async () => {
      for (const wrong of [
        { messageId: 'ü' },
        { messageId: '' },
        { messageId: 'x'.repeat(201) },
        { createdAt: '2026-11-23T09:15:30+01:00' },
      ])
        expect(await refusalOf(store.add(nextTenant(), cardFor('m', now(), wrong)))).to.include({ finding: 'gateway.card-invalid' })
    })

    it('gives 1000 of 1001 cards and says that there are more; a client that goes on with the last time it saw gets all', async () => {
      const at = nextTenant()
      await Promise.all(Array.from({ length: 1001 }, (_, n) => store.add(at, cardFor(`m-${n}`, now()))))
      const first = store.select(at, { certificates: [BOB], limit: 5000 })
      expect([first.cards.length, first.more]).to.deep.equal([1000, true])
      const since = first.cards.at(-1)?.recentModification ?? ''
      const rest = store.select(at, { certificates: [BOB], rule: { by: 'RecentModification', since } })
      expect([idsOf(rest), rest.more]).to.deep.equal([[idsOf(first).at(-1), 'm-1000'], false])
      expect(new Set(idsOf(first)).size).to.equal(1000)
    })

    it('orders two changes in one millisecond, and a clock that jumps back never makes a card older', async () => {
      const at = nextTenant()
      const card = await store.add(at, cardFor('m-1', now()))
      const again = await store.change(at, 'm-1', { state: 'forwarded' })
      opened.time.wallMs -= 3_600_000
      const third = await store.change(at, 'm-1', { state: 'received', reception: { plain: now().toISOString() } })
      const [a = 0, b = 0, c = 0] = [card, again, third].map((one) => Date.parse(one?.recentModification ?? ''))
      expect(a < b && b < c).to.equal(true)
      opened.time.wallMs += 3_600_000
    })

    it('removes a card keepDays after its last change, once its message is gone, and never before', async () => {
      const own = await open({ keepDays: 2 })
      try {
        const { time } = own
        const states = ['received', 'expired', 'failed', 'lost', 'stored', 'forwarded'] as const
        await Promise.all(states.map((state) => own.store.add('t', cardFor(state, time.now(), { state }))))
        await own.store.add('t', cardFor('changed', time.now(), { state: 'forwarded' }))
        time.pass(DAY_MS)
        await own.store.change('t', 'changed', { state: 'failed' })
        // a clock that jumps forward removes nothing early
        time.wallMs += 365 * DAY_MS
        await own.passAndSweep(DAY_MS - SWEEP_MS)
        expect(own.store.select('t', { certificates: [ALICE] }).cards.length).to.equal(7)
        time.wallMs -= 365 * DAY_MS
        await own.passAndSweep(2 * SWEEP_MS)
        expect(idsOf(own.store.select('t', { certificates: [ALICE] })).sort()).to.deep.equal(['changed', 'forwarded', 'stored'])
        expect(own.store.get('t', 'received')).to.equal(undefined)
      } finally {
        await own.end()
      }
    })

    it('refuses with 503 when the table of a tenant is full, and removes nothing to make room', async () => {
      const own = await open({ maxPerTenant: 3, keepDays: 1 })
      try {
        const results = await Promise.allSettled(
          Array.from({ length: 5 }, (_, n) => own.store.add('t', cardFor(`m-${n}`, own.time.now(), { state: 'received' }))),
        )
        expect(results.map(({ status }) => status === 'fulfilled')).to.deep.equal([true, true, true, false, false])
        expect(await refusalOf(own.store.add('t', cardFor('m-9', own.time.now())))).to.include({
          status: 503,
          finding: 'gateway.card-table-full',
        })
        await own.store.add('u', cardFor('m-9', own.time.now()))
        await own.passAndSweep(DAY_MS + SWEEP_MS)
        await own.store.add('t', cardFor('m-9', own.time.now()))
      } finally {
        await own.end()
      }
    })

    it('leaves no timer behind when it is closed', async () => {
      const own = await open()
      await own.end()
      expect(own.time.timers).to.equal(0)
    })
  })
}
