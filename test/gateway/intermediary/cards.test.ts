// SPDX-License-Identifier: EUPL-1.2
/**
 * Selection of process cards and the times in it (osci-1.2 §9.6).
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { MAX_SELECTED, planOf, selectFrom } from '../../../src/gateway/intermediary/cards.js'
import { instantsIn } from '../../../src/gateway/intermediary/instants.js'
import { OrderError } from '../../../src/errors.js'
import type { CardRecord } from '../../../src/gateway/intermediary/ports.js'
import { ALICE, BOB, cardFor } from './stores.js'

describe('selection of process cards', () => {
  const at = (ms: number) => new Date(Date.UTC(2026, 10, 23) + ms)
  const card = (id: string, modifiedMs: number, more: Partial<CardRecord> = {}): CardRecord => ({
    ...cardFor(id, at(0)),
    recentModification: at(modifiedMs).toISOString(),
    ...more,
  })
  const select = (cards: readonly CardRecord[], query: Parameters<typeof planOf>[0]) =>
    selectFrom(planOf(query, Date.parse), cards).cards.map(({ messageId }) => messageId)

  it('puts the oldest change first and keeps the order of entry among equals', () => {
    expect(select([card('b', 2), card('c', 1), card('a', 2), card('d', 0)], { certificates: [ALICE] })).to.deep.equal(['d', 'c', 'b', 'a'])
  })

  it('answers a request without a rule with all cards, unreceived ones first', () => {
    const received = card('old', 0, { reception: { plain: 'x' } })
    expect(select([received, card('new', 9)], { certificates: [BOB] })).to.deep.equal(['new', 'old'])
  })

  it('never gives more than 1000, whatever the client asks for', () => {
    const cards = Array.from({ length: MAX_SELECTED + 1 }, (_, n) => card(`m-${n}`, n))
    for (const limit of [undefined, 1e9, MAX_SELECTED]) {
      const plan = planOf({ certificates: [ALICE], ...(limit === undefined ? {} : { limit }) }, Date.parse)
      expect(selectFrom(plan, cards)).to.deep.include({ more: true }).and.to.have.property('cards').with.length(MAX_SELECTED)
    }
    expect(selectFrom(planOf({ certificates: [ALICE], limit: 0 }, Date.parse), cards)).to.deep.equal({ cards: [], more: true })
  })

  it('a role restricts which of the own cards are found', () => {
    const cards = [card('sent', 0), card('got', 1, { originator: BOB, addressee: ALICE }), card('self', 2, { addressee: ALICE })]
    const asked = (role: 'Originator' | 'Addressee') =>
      select(cards, { certificates: [ALICE], rule: { by: 'RecentModification', since: '2000-01-01T00:00:00Z', role } })
    expect([asked('Originator'), asked('Addressee')]).to.deep.equal([
      ['sent', 'self'],
      ['got', 'self'],
    ])
  })
})

describe('times in selection rules', () => {
  const berlin = instantsIn('Europe/Berlin')

  it('reads any offset, and none as the configured time zone', () => {
    const noon = Date.UTC(2026, 6, 1, 12)
    for (const text of ['2026-07-01T12:00:00Z', '2026-07-01T14:00:00', '2026-07-01T14:00:00+02:00', '2026-07-02T02:00:00+14:00'])
      expect(berlin(text), text).to.equal(noon)
    expect(berlin('2026-06-30T22:30:00-13:30')).to.equal(noon)
    expect(berlin('2026-12-01T13:00:00')).to.equal(Date.UTC(2026, 11, 1, 12))
    expect(instantsIn('America/New_York')('2026-07-01T08:00:00')).to.equal(noon)
    expect(berlin(' 2026-06-30T24:00:00Z ')).to.equal(Date.UTC(2026, 6, 1))
  })

  it('takes the earlier moment in the hour that the clocks show twice, so that nothing which came in it is missed', () => {
    expect(berlin('2026-10-25T02:30:00')).to.equal(Date.UTC(2026, 9, 25, 0, 30))
    expect(['2026-10-25T01:59:59', '2026-10-25T03:00:00'].map(berlin)).to.deep.equal([
      Date.UTC(2026, 9, 24, 23, 59, 59),
      Date.UTC(2026, 9, 25, 2),
    ])
    expect(instantsIn('America/New_York')('2026-11-01T01:30:00')).to.equal(Date.UTC(2026, 10, 1, 5, 30))
    expect(instantsIn('Australia/Lord_Howe')('2026-04-05T01:45:00')).to.equal(Date.UTC(2026, 3, 4, 14, 45))
    // an hour that no clock shows
    expect(berlin('2026-03-29T02:30:00')).to.equal(Date.UTC(2026, 2, 29, 1, 30))
  })

  it('rounds up what is finer than a millisecond, so that no card before the time is at or after it', () => {
    const start = Date.UTC(2026, 6, 1)
    expect(berlin('2026-07-01T00:00:00.000000000001Z')).to.equal(start + 1)
    expect(berlin('2026-07-01T00:00:00.001000000000Z')).to.equal(start + 1)
    expect(berlin('2026-07-01T02:00:00.999999999999')).to.equal(start + 1000)
    expect(berlin('2026-07-01T00:00:00.5Z')).to.equal(start + 500)
  })

  it('takes years that no card is from as before or after all', () => {
    expect(['-0044-03-15T12:00:00Z', '0001-01-01T00:00:00', '12026-01-01T00:00:00Z', '9999-12-31T23:59:59'].map(berlin)).to.deep.equal([
      -Infinity,
      -Infinity,
      Infinity,
      Infinity,
    ])
  })

  it('refuses with 9300 what is no date and time', () => {
    for (const text of [
      '',
      'now',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-01-01T24:00:01Z',
      '2026-01-01T00:60:00',
      '2026-01-01T00:00:00+14:01',
    ])
      expect(() => berlin(text), text)
        .to.throw(OrderError)
        .with.property('feedback', '9300')
  })

  it('agrees with the language on every moment that has milliseconds', () =>
    fc.assert(
      fc.property(fc.date({ min: new Date('1901-01-01'), max: new Date('9990-01-01'), noInvalidDate: true }), (date) => {
        expect(berlin(date.toISOString())).to.equal(date.getTime())
      }),
    ))
})
