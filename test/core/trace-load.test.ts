// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { memoryCore } from '../../src/core/adapters/memory.js'
import type { Claim, Core } from '../../src/core/ports.js'
import { CoreError } from '../../src/core/errors.js'
import type { TraceEntry, TraceFacts } from '../../src/core/trace.js'
import { checkTrace } from '../../src/core/trace.js'
import { FakeTime } from './fake-time.js'
import { BOX, envelope, LEASED, MAILBOXES } from './opened.js'

/** The same numbers in every run (mulberry32). @returns a whole number below `end` */
function dice(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % end
  }
}

const TTL_SECONDS = [1, 3, 10]

interface Load {
  readonly trace: readonly TraceEntry[]
  readonly facts: TraceFacts
}

/** So many random steps: puts, takes that wait or not, all ends of hand-overs (some much too late), withdrawals, time, late timers. */
async function load(seed: number, steps: number): Promise<Load> {
  const time = new FakeTime()
  const random = dice(seed)
  const trace: TraceEntry[] = []
  const lives = new Map<string, number>()
  const core: Core = memoryCore({
    clock: time,
    startTimer: time.startTimer,
    handoverSeconds: 2,
    observe: (event) => trace.push({ ...event, atMs: time.ms }),
  })
  for (const [address, policy] of Object.entries(MAILBOXES)) await core.openMailbox(address, 'register-1', { ...policy, leaseSeconds: 1 })
  const claims: Claim[] = []
  const pick = <T>(list: readonly T[]): T | undefined => list[random(list.length)]
  const replies = new Set<string>()
  const put = async (): Promise<void> => {
    const one = envelope({ to: pick([BOX, LEASED, ...replies]) ?? BOX, ttlSeconds: pick(TTL_SECONDS) ?? 1, body: new Uint8Array(8) })
    const replyTo = random(4) === 0 ? { replyTo: `reply.${one.id}` } : {}
    if (replyTo.replyTo !== undefined) replies.add(replyTo.replyTo)
    await core.put({ ...one, ...replyTo })
    // a reply may have less than it asks for; the core alone knows
    lives.set(one.id, one.ttlSeconds * 1000)
  }
  const take = (waitMs: number): void =>
    void core.take(pick([BOX, LEASED, ...replies]) ?? BOX, waitMs).then(
      (claim) => claim && claims.push(claim),
      () => undefined,
    )
  const end = (how: (claim: Claim) => Promise<void>): Promise<void> | undefined => {
    const [claim] = claims.splice(random(claims.length + 1), 1)
    return claim && how(claim)
  }
  const STEPS: readonly (() => unknown)[] = [
    put,
    put,
    put,
    () => take(0),
    () => take(0),
    () => take(random(3000)),
    () => end((claim) => claim.confirm()),
    () => end((claim) => claim.confirm()),
    () => end((claim) => claim.refuse('X001')),
    () => end((claim) => claim.broken()),
    () => core.withdraw(pick([...lives.keys()]) ?? ''),
    () => time.pass(random(600)),
    () => {
      time.timersRun = random(3) > 0
    },
  ]
  for (let i = 0; i < steps; i += 1) {
    try {
      await STEPS[random(STEPS.length)]?.()
    } catch (error) {
      if (!(error instanceof CoreError)) throw error
    }
  }
  await core.close()
  return { trace, facts: { handover: (mailbox) => MAILBOXES[mailbox]?.handover ?? 'at-most-once', lifeMs: (id) => lives.get(id) } }
}

/** A false trace from a true one, and the rule that must name it. */
const FORGERIES: readonly (readonly [what: string, rule: string, forge: (trace: readonly TraceEntry[]) => TraceEntry[]])[] = [
  ['a second hand-over', 'impossible', (trace) => afterFirst(trace, isTaken, (entry) => [entry, entry])],
  [
    'a hand-over after the deadline',
    'late',
    (trace) => afterFirst(trace, isTaken, (entry) => [{ ...entry, dwellMs: 10_000 } as TraceEntry]),
  ],
  [
    'a hand-over after the outcome',
    'impossible',
    (trace) => {
      const settled = trace.findIndex((entry) => entry.kind === 'settled' && entry.outcome === 'delivered')
      const id = trace[settled]?.id
      const claimed = trace.find((entry) => entry.kind === 'claimed' && entry.id === id)
      return claimed === undefined ? [] : trace.toSpliced(settled + 1, 0, { ...claimed, atMs: trace[settled]?.atMs ?? 0 })
    },
  ],
  [
    'a lost outcome',
    'no-outcome',
    (trace) =>
      afterFirst(
        trace,
        ({ kind }) => kind === 'settled',
        () => [],
      ),
  ],
  [
    'another outcome',
    'impossible',
    (trace) =>
      afterFirst(
        trace,
        (entry) => entry.kind === 'settled' && entry.outcome === 'expired',
        (entry) => [{ ...entry, outcome: 'delivered' } as TraceEntry],
      ),
  ],
  [
    'a second outcome',
    'impossible',
    (trace) =>
      afterFirst(
        trace,
        ({ kind }) => kind === 'settled',
        (entry) => [entry, entry],
      ),
  ],
  [
    'an envelope from nowhere',
    'never-put',
    (trace) =>
      afterFirst(
        trace,
        ({ kind }) => kind === 'put',
        () => [],
      ),
  ],
  ['events in another order', 'back-in-time', (trace) => [...trace].reverse()],
]

const isTaken = (entry: TraceEntry): boolean => entry.kind === 'claimed' && entry.mailbox === BOX

function afterFirst(
  trace: readonly TraceEntry[],
  which: (entry: TraceEntry) => boolean,
  change: (entry: TraceEntry) => TraceEntry[],
): TraceEntry[] {
  const at = trace.findIndex(which)
  expect(at, 'there is such an event').to.be.at.least(0)
  return trace.flatMap((entry, index) => (index === at ? change(entry) : [entry]))
}

describe('core trace of the real core', () => {
  it('C1 C3 C6 random load in memory is a run of the state machine, to the last envelope', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { trace, facts } = await load(seed, 5000)
      expect(checkTrace(trace, facts), `seed ${seed}`).to.deep.equal([])
      const kinds = new Set(trace.map((entry) => (entry.kind === 'settled' ? entry.outcome : entry.kind)))
      expect([...kinds].sort(), `seed ${seed}`).to.deep.equal(['claimed', 'delivered', 'expired', 'put', 'refused', 'returned', 'unknown'])
    }
  })

  for (const [what, rule, forge] of FORGERIES)
    it(`names a forged trace: ${what}`, async () => {
      const { trace, facts } = await load(5, 2000)
      const rules = checkTrace(forge(trace), facts).map((fault) => fault.rule)
      expect(rules).to.include(rule)
    })
})
