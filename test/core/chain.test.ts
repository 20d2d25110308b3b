// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { OutcomeFacts } from '../../src/core/chain.js'
import { CHAIN_START, linked, outcomePayload, readOutcome, verifyChain } from '../../src/core/chain.js'
import type { OutcomeRecord } from '../../src/core/ports.js'

const record = (n: number, change: Partial<OutcomeRecord> = {}): OutcomeRecord => ({
  id: `id-${n}`,
  outcome: 'delivered',
  claimed: true,
  at: '2026-11-23T09:15:30.000Z',
  sender: 'portal-1',
  ...change,
})

function chain(count: number, node = 'n1'): OutcomeRecord[] {
  let head = CHAIN_START
  return Array.from({ length: count }, (_, i) => {
    const next = linked(head, node, record(i, { id: `${node}-${i}` }))
    head = next.head
    return next.record
  })
}

const rules = (records: Iterable<OutcomeFacts>) => verifyChain(records).map(({ rule, id }) => `${rule} ${id}`)

describe('core outcome chain', () => {
  it('L1 writes exact bytes without sender, and reads only these', () => {
    const { record: first } = linked(CHAIN_START, 'n1', record(0, { outcome: 'refused', reason: 'X001' }))
    const text = new TextDecoder().decode(outcomePayload(first))
    expect(text).to.equal(
      `{"id":"id-0","outcome":"refused","claimed":true,"reason":"X001","at":"2026-11-23T09:15:30.000Z","node":"n1","seq":1,"prev":"${'A'.repeat(43)}"}`,
    )
    const { sender: _sender, ...facts } = first
    expect(readOutcome(outcomePayload(first))).to.deep.equal(facts)
    const waiting = record(1, { outcome: 'waiting', claimed: false })
    expect(new TextDecoder().decode(outcomePayload(waiting))).to.equal(
      '{"id":"id-1","outcome":"waiting","claimed":false,"at":"2026-11-23T09:15:30.000Z"}',
    )
    const bytes = (value: string) => new TextEncoder().encode(value)
    for (const other of [text + ' ', text.replace('"id"', ' "id"'), text.replace('{', '{"x":1,'), 'null', '{}'])
      expect(() => readOutcome(bytes(other)), other).to.throw()
  })

  it('C6 accepts whole chains, of several nodes and from where they begin', () => {
    expect(rules(chain(50))).to.deep.equal([])
    expect(rules([...chain(3, 'n1'), ...chain(3, 'n2')])).to.deep.equal([])
    expect(rules(chain(50).slice(20))).to.deep.equal([])
    expect(rules([])).to.deep.equal([])
  })

  it('C6 names a record left out, changed, exchanged or written twice', () => {
    const whole = chain(6)
    expect(rules(whole.filter((_, i) => i !== 3))).to.deep.equal(['gap n1-4'])
    expect(rules(whole.map((r, i) => (i === 3 ? { ...r, outcome: 'unknown' as const } : r)))).to.deep.equal(['fork n1-4'])
    const [a, b, c] = whole
    if (!a || !b || !c) throw new Error('records')
    expect(rules([a, c, b])).to.deep.equal(['gap n1-2', 'fork n1-1'])
    expect(rules([a, b, b])).to.deep.equal(['settled-twice n1-1', 'fork n1-1'])
    const other = linked({ seq: 1, hash: CHAIN_START.hash }, 'n1', record(9)).record
    expect(rules([a, other])).to.deep.equal(['fork id-9'])
    expect(rules([a, b, linked({ seq: 1, hash: b.link?.prev ?? '' }, 'n1', record(9)).record])).to.deep.equal(['fork id-9'])
    const { link: _link, ...bare } = b
    expect(rules([a, bare])).to.deep.equal(['unlinked n1-1'])
    expect(rules([{ ...a, link: { node: 'n1', seq: 1, prev: 'B'.repeat(43) } }])).to.deep.equal(['fork n1-0'])
  })
})
