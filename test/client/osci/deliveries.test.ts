// SPDX-License-Identifier: EUPL-1.2
/**
 * Mailboxes: nothing that was fetched is lost, nothing that was not kept is acknowledged.
 * @module
 */
import { expect } from 'chai'
import { oscCaller } from '../../../src/client/osci/caller.js'
import { cardOf, fetchAll, listMailbox } from '../../../src/client/osci/deliveries.js'
import { OsciCallError, type OsciDialog } from '../../../src/client/osci/ports.js'
import type { OsciMessage } from '../../../src/osci/types.js'
import { bundle, clientIdentity, ends, FakePeer, feedbackOf, strictPeer } from './fake-peer.js'

const STAMP = { plain: '2026-11-24T09:00:00Z' }
const delivered = (id: string) => bundle(id, { forwarding: STAMP })
const ruleOf = (m: OsciMessage): { messageId?: string; receptionOfDelivery?: string } =>
  (m.order as { selectionRule?: { messageId?: string } }).selectionRule ?? {}

/** A mailbox with these ids; without a rule the oldest that was not handed out comes. */
async function mailbox(
  ids: readonly string[],
  over: (id: string | undefined) => object = () => ({}),
): Promise<{ fake: FakePeer; dialog: OsciDialog }> {
  const fake = new FakePeer(await ends())
  const waiting = [...ids]
  fake.orders.set('fetchDelivery', (m) => {
    const asked = ruleOf(m).messageId
    const id = asked ?? waiting.shift()
    const known = id !== undefined && ids.includes(id)
    const codes = known ? ['0801', ...(asked === undefined && waiting.length > 0 ? ['3800'] : [])] : ['9803']
    return { ...feedbackOf(...codes), processCardBundle: known ? delivered(id) : undefined, ...over(id) }
  })
  return { fake, dialog: await oscCaller(fake).openDialog(await clientIdentity(), await strictPeer()) }
}

const asError = (error: unknown): OsciCallError => {
  expect(error).to.be.instanceOf(OsciCallError)
  return error as OsciCallError
}

describe('OSCI deliveries', () => {
  it('drains oldest first, each kept before the next request leaves, until the peer has no more', async () => {
    const { fake, dialog } = await mailbox(['a', 'b', 'c'])
    const kept: string[] = []
    const drained = await fetchAll(dialog, async ({ messageId, answer }) => {
      expect(fake.names.filter((n) => n === 'fetchDelivery').length).to.equal(kept.length + 1)
      expect(answer.bytes.byteLength).to.be.greaterThan(0)
      await Promise.resolve()
      kept.push(messageId)
    })
    expect(drained).to.deep.equal({ fetched: ['a', 'b', 'c'], more: false })
    expect(kept).to.deep.equal(['a', 'b', 'c'])
    expect(fake.names.filter((n) => n === 'fetchDelivery').length).to.equal(3)
  })

  it('an empty mailbox is no failure', async () => {
    const { dialog } = await mailbox([])
    expect(await fetchAll(dialog, () => undefined)).to.deep.equal({ fetched: [], more: false })
  })

  it('fetches the ids that it is given, in their order, and says when it stopped at the limit', async () => {
    const { fake, dialog } = await mailbox(['a', 'b', 'c'])
    expect(await fetchAll(dialog, () => undefined, { messageIds: ['c', 'a'] })).to.deep.equal({ fetched: ['c', 'a'], more: false })
    expect(fake.seen.slice(-2).map((m) => ruleOf(m).messageId)).to.deep.equal(['c', 'a'])
    expect(await fetchAll(dialog, () => undefined, { messageIds: ['a', 'b'], limit: 1 })).to.deep.equal({ fetched: ['a'], more: true })
    expect(await fetchAll(dialog, () => undefined, { since: '2026-01-01T00:00:00Z', limit: 2 })).to.deep.equal({
      fetched: ['a', 'b'],
      more: true,
    })
    expect(ruleOf(fake.seen.at(-1) as OsciMessage).receptionOfDelivery).to.equal('2026-01-01T00:00:00Z')
  })

  it('stops at the first failing fetch, and gives what was fetched with the id that failed', async () => {
    const { fake, dialog } = await mailbox(['a', 'c'])
    const drained = await fetchAll(dialog, () => undefined, { messageIds: ['a', 'b', 'c'] })
    expect(drained.fetched).to.deep.equal(['a'])
    expect(drained.failed?.messageId).to.equal('b')
    expect(asError(drained.failed?.error)).to.deep.include({ stage: 'refused', feedback: '9803' })
    expect(fake.seen.length).to.equal(3)
    await dialog.close()
    expect(fake.names.at(-1)).to.equal('exitDialog')
  })

  it('a lost answer ends the draining and the dialog, not what was fetched before', async () => {
    const { fake, dialog } = await mailbox(['a', 'b'])
    const drained = await fetchAll(dialog, ({ messageId }) => {
      if (messageId === 'a')
        fake.bends.set('fetchDelivery', { reply: () => Promise.reject(new OsciCallError('no-answer', 'client.timeout', '')) })
    })
    expect(drained.fetched).to.deep.equal(['a'])
    expect(asError(drained.failed?.error).stage).to.equal('no-answer')
    expect(dialog.dead).to.equal(true)
  })

  it('what could not be kept is not acknowledged', async () => {
    const { fake, dialog } = await mailbox(['a', 'b'])
    const drained = await fetchAll(dialog, () => {
      throw new RangeError('disk full')
    })
    expect(drained).to.deep.include({ fetched: [] })
    expect(drained.failed?.messageId).to.equal('a')
    expect(drained.failed?.error).to.be.instanceOf(RangeError)
    await dialog.close()
    expect(fake.names).to.deep.equal(['initDialog', 'fetchDelivery'])
  })

  for (const [what, given] of [
    ['another id', delivered('z')],
    ['an empty id', delivered('')],
    ['no card', undefined],
  ] as const)
    it(`${what} than was asked for is not taken, and not acknowledged`, async () => {
      const { fake, dialog } = await mailbox(['a'], () => ({ processCardBundle: given }))
      let kept = 0
      const drained = await fetchAll(dialog, () => void kept++, { messageIds: ['a'] })
      expect(asError(drained.failed?.error)).to.deep.include({ stage: 'answered-wrongly', finding: 'client.other-delivery' })
      expect(kept).to.equal(0)
      await dialog.close()
      expect(fake.names).to.deep.equal(['initDialog', 'fetchDelivery'])
    })

  it('a peer that hands out the same delivery for ever is stopped', async () => {
    const { fake, dialog } = await mailbox(['a'], () => ({ ...feedbackOf('0801', '3800'), processCardBundle: delivered('a') }))
    const drained = await fetchAll(dialog, () => undefined)
    expect(drained.fetched).to.deep.equal(['a'])
    expect(asError(drained.failed?.error).finding).to.equal('client.other-delivery')
    expect(fake.seen.length).to.equal(3)
  })

  it('lists what waits: an old date makes the filters travel, received cards are dropped, ids stand once', async () => {
    const { fake, dialog } = await mailbox([])
    const received = bundle('old', { forwarding: STAMP, reception: STAMP })
    fake.orders.set('fetchProcessCard', () => ({
      ...feedbackOf('0801', '3801'),
      processCardBundles: [bundle('a'), received, bundle('a'), bundle('b')],
    }))
    const { cards, more } = await listMailbox(dialog, { limit: 50 })
    expect(cards.map((c) => c.messageId)).to.deep.equal(['a', 'b'])
    expect(more).to.equal(true)
    expect(fake.seen.at(-1)?.order).to.deep.equal({
      selectionRule: { by: 'ReceptionOfDelivery', since: '2000-01-01T00:00:00Z', role: 'Addressee', noReception: true },
      quantity: { limit: 50 },
    })
  })

  it('a full page is not a cut one; 3800 in place of 3801 is', async () => {
    const { fake, dialog } = await mailbox([])
    fake.orders.set('fetchProcessCard', () => ({ ...feedbackOf('0801'), processCardBundles: [bundle('a')] }))
    expect((await listMailbox(dialog, { limit: 1 })).more).to.equal(false)
    fake.orders.set('fetchProcessCard', () => ({ ...feedbackOf('3800', '0801'), processCardBundles: [bundle('a')] }))
    expect((await listMailbox(dialog)).more).to.equal(true)
  })

  it('no card is an empty list, and tells that a delivery may be stored again; another refusal is an error', async () => {
    const { fake, dialog } = await mailbox([])
    fake.orders.set('fetchProcessCard', () => ({ ...feedbackOf('9804'), processCardBundles: [] }))
    expect(await listMailbox(dialog)).to.deep.equal({ cards: [], more: false })
    expect(await cardOf(dialog, 'a')).to.equal(undefined)
    fake.orders.set('fetchProcessCard', () => ({ ...feedbackOf('0801'), processCardBundles: [bundle('b'), bundle('a')] }))
    expect((await cardOf(dialog, 'a'))?.messageId).to.equal('a')
    fake.orders.set('fetchProcessCard', () => ({ ...feedbackOf('9802'), processCardBundles: [] }))
    const error: unknown = await listMailbox(dialog).catch((e: unknown) => e)
    expect(asError(error)).to.deep.include({ stage: 'refused', feedback: '9802' })
  })
})
