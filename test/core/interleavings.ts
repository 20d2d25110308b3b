// SPDX-License-Identifier: EUPL-1.2
/**
 * Putters, takers, a sender that withdraws and a node that drains at the same time, in every order that a scheduler thinks of: each step
 * of each of them waits for its turn, and so does what the adapter itself waits for, where it lets the test in.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { setMaxListeners } from 'node:events'
import type { Claim } from '../../src/core/ports.js'
import { checkTrace } from '../../src/core/trace.js'
import type { OpenCore } from './opened.js'
import { BOX, envelope, failure, LEASED, MAILBOXES, newId } from './opened.js'

/** Resolves when it is this step's turn. */
export type Turn = (step: string) => Promise<unknown>

const ENDS: readonly ((claim: Claim) => Promise<void>)[] = [
  (claim) => claim.confirm(),
  (claim) => claim.refuse('X001'),
  (claim) => claim.broken(),
  // forgotten
  () => Promise.resolve(),
]

const PLAN = fc.record({
  puts: fc.array(fc.record({ box: fc.constantFrom(BOX, LEASED), withdraws: fc.boolean() }), { minLength: 1, maxLength: 6 }),
  takes: fc.array(fc.record({ box: fc.constantFrom(BOX, LEASED), waits: fc.boolean(), end: fc.nat(ENDS.length - 1) }), {
    minLength: 1,
    maxLength: 8,
  }),
  drains: fc.boolean(),
})

export interface InterleavingOptions {
  readonly runs: number
  /** Long enough for everything to end. */
  readonly lastMs: number
}

export function coreInterleavings(name: string, openWith: (turn: Turn) => OpenCore, { runs, lastMs }: InterleavingOptions): void {
  describe(`core interleavings: ${name}`, () => {
    it(`C1 C6 hands nothing out twice and leaves nothing without outcome in ${runs} orders of steps`, async function () {
      this.timeout(300_000)
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), PLAN, async (scheduler, { puts, takes, drains }) => {
          const turn: Turn = (step) => scheduler.schedule(Promise.resolve(), step)
          const opened = await openWith(turn)({}, MAILBOXES)
          const { core, events } = opened
          const enough = new AbortController()
          setMaxListeners(0, enough.signal)
          const accepted: string[] = []
          const bodies: Uint8Array[] = []
          try {
            const putters = puts.map(async ({ box, withdraws }, i) => {
              await turn(`put ${i}`)
              const sent = envelope({ id: newId(), to: box, ttlSeconds: 1 })
              bodies.push(sent.body)
              const got = await failure(core.put(sent))
              if (got === 'none') accepted.push(sent.id)
              else expect(got).to.equal(drains ? 'full' : 'none')
              if (!withdraws) return
              await turn(`withdraw ${i}`)
              await core.withdraw(sent.id)
            })
            const takers = takes.map(async ({ box, waits, end }, i) => {
              await turn(`take ${i}`)
              const claim = await core.take(box, waits ? 20_000 : 0, enough.signal).catch(() => undefined)
              if (claim === undefined) return
              await turn(`end ${i}`)
              await failure(ENDS[end]?.(claim) ?? Promise.resolve())
            })
            const drain = drains ? turn('drain').then(() => core.drain(lastMs)) : Promise.resolve()
            const puttersDone = Promise.all(putters).then(() => enough.abort())
            await scheduler.waitFor(Promise.all([puttersDone, ...takers]))
            await opened.pass(lastMs)
            await scheduler.waitFor(drain)
            const outcomes = await scheduler.waitFor(Promise.all(accepted.map((id) => core.outcome(id))))
            expect(outcomes.filter((record) => record === undefined || record.outcome === 'waiting')).to.deep.equal([])
            expect(
              bodies.every((body) => body.every((byte) => byte === 0)),
              'C5 bytes are overwritten',
            ).to.equal(true)
            expect(await core.figures()).to.include({ bytes: 0, envelopes: 0, waiters: 0 })
            const handover = (mailbox: string) => MAILBOXES[mailbox]?.handover ?? ('at-most-once' as const)
            expect(checkTrace(events, { handover, lifeMs: () => 1000 })).to.deep.equal([])
          } finally {
            await opened.close()
          }
        }),
        { numRuns: runs },
      )
    })
  })
}
