// SPDX-License-Identifier: EUPL-1.2
/**
 * Random lives of a core against the model, for every adapter: after each command outcomes and figures are the model's, at the end every
 * accepted envelope has exactly one outcome, and what the core told its observer is a run of the state machine.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { verifyChain } from '../../src/core/chain.js'
import type { Claim, MailboxPolicy } from '../../src/core/ports.js'
import { checkTrace } from '../../src/core/trace.js'
import type { Asked, Life, ModelLimits, Wait } from './model-state.js'
import { ModelState } from './model-state.js'
import type { OpenCore, OpenedCore } from './opened.js'
import { envelope, failure } from './opened.js'

/**
 * Numbers that an adapter can be tested with. On a real clock `passMs` must lie well between the sums of the others. Events at the same
 * instant have no order: with `passMs` and `ttlSeconds` multiples of 50 ms, leases should be 1 ms more than one, waits 25 ms.
 */
export interface ModelTimes {
  readonly ttlSeconds: readonly number[]
  readonly leaseMs: readonly number[]
  readonly waitMs: readonly number[]
  readonly passMs: readonly number[]
  readonly drainMs: readonly number[]
  /** Long enough for everything to end. */
  readonly lastMs: number
}

export interface ModelOptions {
  readonly times: ModelTimes
  readonly runs: number
  readonly maxCommands: number
  /** Closing this node ends all that lies in the core: every other run is closed instead of waited out. */
  readonly closes: boolean
  /** Other nodes hand out what lies there. */
  readonly shared?: boolean
}

const LIMITS: ModelLimits = {
  maxBytes: 2600,
  maxBytesPerSender: 1500,
  maxBytesPerMailbox: 1200,
  maxCountPerMailbox: 4,
  maxReplyMailboxesPerSender: 3,
  handoverSeconds: 2,
}

const BOXES: Readonly<Record<string, MailboxPolicy>> = {
  once: { ttlSeconds: 10, handover: 'at-most-once' },
  leased: { ttlSeconds: 10, handover: 'lease-and-confirm', leaseSeconds: 5 },
}

interface RunningWait {
  readonly wait: Wait
  readonly over: Promise<Claim | undefined>
  readonly abort: AbortController
  seen: boolean
  ended: boolean
}

interface Real {
  readonly opened: OpenedCore
  readonly bodies: Map<string, Uint8Array>
  /** By number of the hand-over, and of whom. */
  readonly claims: Map<number, readonly [id: string, claim: Claim]>
  readonly waits: RunningWait[]
  drain: { readonly over: Promise<unknown>; ended: boolean } | undefined
  /** For names that no other run uses. */
  readonly names: () => string
}

type Command = fc.AsyncCommand<ModelState, Real>

/** The n-th of those there are, whatever n. */
const nth = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(list.length, 1)]

/** A core that keeps somebody waiting for ever fails with the step that did it, and the run ends. Generous: nothing else is measured. */
async function inTime(text: string, step: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${text} does not come to an end`)), 15_000)
  })
  try {
    await Promise.race([step, late])
  } finally {
    clearTimeout(timer)
  }
}

function command(text: string, check: (model: ModelState) => boolean, run: (model: ModelState, real: Real) => Promise<void>): Command {
  return {
    check: (model) => check(model as ModelState),
    run: (model, real) =>
      inTime(
        text,
        run(model, real).then(() => agrees(model, real)),
      ),
    toString: () => text,
  }
}

/** Whatever can be seen of the core is what the model says. */
async function agrees(model: ModelState, real: Real): Promise<void> {
  const { core, pass } = real.opened
  await pass(0)
  for (const running of real.waits) {
    const { wait, over } = running
    if (wait.got === undefined) {
      expect(running.ended, 'a wait ended early').to.equal(false)
      continue
    }
    const claim = await over
    if (running.seen) continue
    running.seen = true
    expect(claim?.envelope.id ?? null).to.equal(wait.got)
    if (claim !== undefined) real.claims.set(wait.claim, [claim.envelope.id, claim])
  }
  if (real.drain !== undefined) {
    if (model.phase === 'draining') expect(real.drain.ended, 'drained early').to.equal(false)
    else await real.drain.over
  }
  for (const { id, outcome, claimed, reason } of model.lives.values()) {
    const { link, at: _at, sender: _sender, ...record } = (await core.outcome(id)) ?? {}
    expect(record).to.deep.equal({ id, outcome, claimed, ...(reason === undefined ? {} : { reason }) })
    expect(link === undefined, 'linked when settled').to.equal(outcome === 'waiting')
  }
  for (const { id, heldBytes } of model.lives.values())
    if (heldBytes === 0)
      expect(
        real.bodies.get(id)?.every((byte) => byte === 0),
        'C5 bytes are overwritten',
      ).to.equal(true)
  if (model.phase === 'closed') return
  const { bytes, envelopes, waiters, waiting } = await core.figures()
  // whether reply mailboxes in which nothing lies are counted as none is the adapter's business
  const shown = ({ reply = 0, ...named }: Readonly<Record<string, number>>) => ({ ...named, reply })
  const figures = model.figures()
  expect({ bytes, envelopes, waiters, waiting: shown(waiting) }).to.deep.equal({ ...figures, waiting: shown(figures.waiting) })
}

const put = (box: number, sender: string, ttlSeconds: number, bytes: number, asks: boolean): Command =>
  command(
    `put(${box}, ${sender}, ${ttlSeconds} s, ${bytes}${asks ? ', asks' : ''})`,
    () => true,
    async (model, real) => {
      const replyTo = asks ? { replyTo: 'reply.' + real.names() } : {}
      const asked: Asked = { id: real.names(), to: nth([...model.boxes.keys()], box) ?? '', sender, ttlSeconds, bytes, ...replyTo }
      const body = new Uint8Array(bytes).fill(7)
      const refusals = model.refusals(asked)
      const got = await failure(real.opened.core.put(envelope({ ...asked, body })))
      expect(refusals.length === 0 ? ['none'] : refusals).to.include(got)
      if (refusals.length > 0) return
      real.bodies.set(asked.id, body)
      model.put(asked)
    },
  )

const take = (box: number, leaseMs: number): Command =>
  command(
    `take(${box}, lease ${leaseMs} ms)`,
    () => true,
    async (model, real) => {
      const address = nth([...model.boxes.keys()], box) ?? ''
      const life = model.lives.get(model.box(address).queue[0] ?? '')
      const claim = await real.opened.core.take(address, 0, undefined, { leaseMs })
      expect(claim?.envelope.id).to.equal(life?.id)
      if (life === undefined || claim === undefined) return
      expect(claim.envelope.body.every((byte) => byte === 7)).to.equal(true)
      real.claims.set(model.claim(life, leaseMs), [life.id, claim])
    },
  )

const wait = (box: number, waitMs: number, leaseMs: number): Command =>
  command(
    `wait(${box}, ${waitMs} ms, lease ${leaseMs} ms)`,
    // which of several waits at one mailbox is served is the adapter's business
    (model) => !model.waiting.some((one) => one.box === nth([...model.boxes.keys()], box)),
    async (model, real) => {
      const address = nth([...model.boxes.keys()], box) ?? ''
      const { queue, expected } = model.box(address)
      if (queue.length > 0) return
      const abort = new AbortController()
      const over = real.opened.core.take(address, waitMs, abort.signal, { leaseMs })
      if (model.phase !== 'open' && !expected) {
        expect(await failure(over)).to.equal('full')
        return
      }
      const one: Wait = { box: address, untilMs: model.nowMs + waitMs, leaseMs, got: undefined, claim: -1 }
      const running: RunningWait = { wait: one, over, abort, seen: false, ended: false }
      void over.finally(() => (running.ended = true))
      model.waits.push(one)
      real.waits.push(running)
    },
  )

const abortWait = (n: number): Command =>
  command(
    `abort(${n})`,
    (model) => model.waiting.length > 0,
    async (model, real) => {
      const one = nth(model.waiting, n)
      real.waits.find((running) => running.wait === one)?.abort.abort()
      if (one) model.endWait(one)
    },
  )

const ENDS: {
  readonly [E in 'confirm' | 'refuse' | 'broken']: [(claim: Claim) => Promise<void>, (model: ModelState, life: Life) => void]
} = {
  confirm: [(claim) => claim.confirm(), (model, life) => model.settle(life, 'delivered', true)],
  refuse: [(claim) => claim.refuse('X001'), (model, life) => model.settle(life, 'refused', true, 'X001')],
  broken: [(claim) => claim.broken(), (model, life) => model.broken(life)],
}

const end = (n: number, how: keyof typeof ENDS): Command =>
  command(
    `${how}(${n})`,
    (model) => model.claims > 0,
    async (model, real) => {
      const [number = -1, held] = nth([...real.claims], n) ?? []
      if (held === undefined) return
      const life = model.lives.get(held[0])
      const [really, ideally] = ENDS[how]
      const got = await failure(really(held[1]))
      expect(got).to.equal(life?.claim === number ? 'none' : 'gone')
      if (life?.claim === number) ideally(model, life)
    },
  )

const withdraw = (n: number): Command =>
  command(
    `withdraw(${n})`,
    (model) => model.lives.size > 0,
    async (model, real) => {
      const life = nth([...model.lives.values()], n)
      if (life === undefined) return
      const untouched = life.where === 'lies' && !life.returned
      expect(await real.opened.core.withdraw(life.id)).to.equal(untouched)
      if (life.where !== 'lies') return
      model.settle(life, untouched ? 'refused' : 'unknown', !untouched, untouched ? 'withdrawn' : undefined)
    },
  )

const pass = (ms: number): Command =>
  command(
    `pass(${ms} ms)`,
    () => true,
    async (model, real) => {
      model.pass(ms)
      await real.opened.pass(ms)
    },
  )

const jump = (ms: number): Command =>
  command(
    `wall clock jumps ${ms} ms`,
    () => true,
    async (_model, real) => real.opened.jump?.(ms),
  )

const drain = (ms: number): Command =>
  command(
    `drain(${ms} ms)`,
    (model) => model.phase === 'open',
    async (model, real) => {
      const running: Real['drain'] = { over: real.opened.core.drain(ms), ended: false }
      void running.over.then(() => (running.ended = true))
      real.drain = running
      model.drain(ms)
    },
  )

function commands({ times, maxCommands }: ModelOptions): fc.Arbitrary<Iterable<Command>> {
  const of = <T>(values: readonly T[]) => fc.constantFrom(...values)
  const any = fc.nat(20)
  const sender = of(['s1', 's2', 's3'])
  const puts = fc.tuple(any, sender, of(times.ttlSeconds), of([0, 100, 400, 700]), fc.boolean()).map((all) => put(...all))
  const takes = fc.tuple(any, of(times.leaseMs)).map((all) => take(...all))
  const ends = fc.tuple(any, of(['confirm', 'refuse', 'broken'] as const)).map((all) => end(...all))
  const common = [puts, puts, puts, takes, takes, takes, ends, ends, ends, of(times.passMs).map(pass), of(times.passMs).map(pass)]
  return fc.commands(
    [
      ...common, ...common, ...common,
      fc.tuple(any, of(times.waitMs), of(times.leaseMs)).map((all) => wait(...all)),
      fc.tuple(any, of(times.waitMs), of(times.leaseMs)).map((all) => wait(...all)),
      any.map(abortWait),
      any.map(withdraw),
      of([3_600_000, -3_600_000]).map(jump),
      of(times.drainMs).map(drain),
    ],
    { maxCommands, size: 'max' },
  ) // prettier-ignore
}

/** Nothing is left, everything has one outcome, and the way there was allowed. */
async function ends(model: ModelState, real: Real, { times, closes }: ModelOptions, early: boolean): Promise<void> {
  const { core, events } = real.opened
  if (closes && early) {
    await core.close()
    model.close()
    await agrees(model, real)
  } else await pass(times.lastMs).run(model, real)
  for (const { id } of model.lives.values()) {
    const settled = events.filter((event) => event.kind === 'settled' && event.id === id)
    expect(settled, `one outcome of ${id}`).to.have.length(1)
    expect(settled[0]).to.include({ outcome: (await core.outcome(id))?.outcome })
  }
  const faults = checkTrace(events, {
    handover: (mailbox) => BOXES[mailbox]?.handover ?? 'at-most-once',
    lifeMs: (id) => (model.lives.get(id)?.ttlSeconds ?? 0) * 1000,
  })
  expect(faults).to.deep.equal([])
  const order = events.filter((event) => event.kind === 'settled')
  const records = await Promise.all(order.map(({ id }) => core.outcome(id)))
  expect(verifyChain(records.filter((record) => record !== undefined))).to.deep.equal([])
}

export function coreModel(name: string, open: OpenCore, options: ModelOptions): void {
  describe(`core model: ${name}`, () => {
    it(`C1 C3 C4 C6 does in ${options.runs} random lives what the model says`, async function () {
      this.timeout(300_000)
      let count = 0
      const names = () => (++count).toString(16).padStart(32, '0')
      await fc.assert(
        fc.asyncProperty(commands(options), fc.boolean(), async (list, early) => {
          const opened = await open(LIMITS, BOXES)
          const model = new ModelState(LIMITS, BOXES, options.shared)
          const real: Real = { opened, bodies: new Map(), claims: new Map(), waits: [], drain: undefined, names }
          try {
            await fc.asyncModelRun(() => ({ model, real }), list)
            await ends(model, real, options, early)
          } finally {
            await opened.close()
          }
        }),
        { numRuns: options.runs },
      )
    })
  })
}
