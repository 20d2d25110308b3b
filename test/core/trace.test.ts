// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { CoreEvent, Outcome } from '../../src/core/ports.js'
import type { Event, State } from '../../src/core/states.js'
import { isSettled, next, outcomeOf, TRANSITIONS } from '../../src/core/states.js'
import type { TraceEntry, TraceFacts } from '../../src/core/trace.js'
import { checkTrace } from '../../src/core/trace.js'

const put = (id = 'a', mailbox = 'box'): CoreEvent => ({ kind: 'put', id, mailbox, bytes: 1 })
const claimed = (dwellMs = 1, id = 'a', mailbox = 'box'): CoreEvent => ({ kind: 'claimed', id, mailbox, dwellMs })
const returned = (id = 'a'): CoreEvent => ({ kind: 'returned', id, mailbox: 'box' })
const settled = (outcome: Exclude<Outcome, 'waiting'>, id = 'a'): CoreEvent => ({
  kind: 'settled',
  id,
  mailbox: 'box',
  outcome,
  dwellMs: 2,
})

const leases: TraceFacts = { handover: () => 'lease-and-confirm' }
const rules = (entries: readonly TraceEntry[], facts?: TraceFacts) => checkTrace(entries, facts).map(({ rule }) => rule)

describe('core states', () => {
  it('C6 every state that is not an end has ways out, also when its node closes or is killed; an end has none', () => {
    for (const [state, row] of Object.entries(TRANSITIONS) as [State, { [E in Event]?: State }][]) {
      if (isSettled(state)) expect(row).to.deep.equal({})
      else for (const event of ['close', 'lost'] as const) expect(isSettled(row[event] ?? state), `${state} ${event}`).to.equal(true)
    }
  })

  it('C1 at most once: from claimed no way leads back to where it could be handed out', () => {
    const reached = new Set<State>(['claimed'])
    for (const state of reached) for (const to of Object.values(TRANSITIONS[state])) reached.add(to)
    expect([...reached].filter((state) => next(state, 'claim', 'at-most-once') !== undefined)).to.deep.equal([])
  })

  it('C6 never says refused or expired of what may have been processed', () => {
    const told = (Object.entries(TRANSITIONS.returned) as [Event, State][]).map(([, to]) => outcomeOf(to))
    expect(new Set(told)).to.deep.equal(new Set(['unknown']))
  })
})

describe('core trace', () => {
  it('accepts the runs of both kinds of mailboxes', () => {
    for (const end of ['delivered', 'refused', 'unknown'] as const) expect(rules([put(), claimed(), settled(end)]), end).to.deep.equal([])
    for (const end of ['expired', 'refused'] as const) expect(rules([put(), settled(end)]), end).to.deep.equal([])
    for (const end of ['delivered', 'refused', 'unknown'] as const)
      expect(rules([put(), claimed(), returned(), claimed(), settled(end)], leases), end).to.deep.equal([])
    expect(rules([put(), claimed(), returned(), settled('unknown')], leases)).to.deep.equal([])
  })

  it('C1 names a second hand-over of an at-most-once mailbox', () => {
    expect(rules([put(), claimed(), claimed(), settled('delivered')])).to.deep.equal(['impossible'])
    expect(rules([put(), claimed(), settled('unknown'), claimed()])).to.deep.equal(['impossible'])
    expect(rules([put(), claimed(), returned(), settled('unknown')])).to.deep.equal(['impossible'])
    expect(rules([put(), claimed(), claimed(), settled('delivered')], leases), 'leased twice at once').to.deep.equal(['impossible'])
  })

  it('C3 names a hand-over at or after the deadline', () => {
    const facts: TraceFacts = { lifeMs: () => 1000 }
    expect(rules([put(), claimed(999.5), settled('delivered')], facts)).to.deep.equal([])
    expect(rules([put(), claimed(1000), settled('delivered')], facts)).to.deep.equal(['late'])
  })

  it('C6 names what has no outcome, two outcomes, or one that nothing leads to', () => {
    expect(checkTrace([put('b'), put(), claimed()]).map(({ rule, id, index }) => [rule, id, index])).to.deep.equal([
      ['no-outcome', 'b', 0],
      ['no-outcome', 'a', 1],
    ])
    expect(rules([put()], { ended: false })).to.deep.equal([])
    expect(rules([put(), settled('expired'), settled('refused')])).to.deep.equal(['impossible'])
    expect(rules([put(), settled('delivered')])).to.deep.equal(['impossible', 'no-outcome'])
    expect(rules([put(), claimed(), returned(), settled('refused')], leases)).to.deep.equal(['impossible', 'no-outcome'])
  })

  it('C6 takes "unknown" for a waiting envelope only where its node was killed', () => {
    expect(rules([put(), settled('unknown')])).to.deep.equal(['impossible', 'no-outcome'])
    expect(rules([put(), settled('unknown')], { lost: (id) => id === 'a' })).to.deep.equal([])
    expect(rules([put(), settled('delivered')], { lost: () => true })).to.deep.equal(['impossible', 'no-outcome'])
  })

  it('names ids put twice or never, other mailboxes and time that goes back', () => {
    expect(rules([put(), put(), settled('expired')])).to.deep.equal(['put-twice'])
    expect(rules([claimed()])).to.deep.equal(['never-put'])
    expect(rules([put(), claimed(1, 'a', 'other'), settled('delivered')])).to.deep.equal(['other-mailbox'])
    expect(
      rules([
        { ...put(), atMs: 5 },
        { ...settled('expired'), atMs: 4 },
      ]),
    ).to.deep.equal(['back-in-time'])
  })
})
