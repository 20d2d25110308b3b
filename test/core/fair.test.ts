// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { CoreError } from '../../src/core/errors.js'
import type { FairLimits } from '../../src/core/fair.js'
import { fairQueue } from '../../src/core/fair.js'
import { FakeTime } from './fake-time.js'

const LIMITS: FairLimits = { atOnce: 1, maxWaiting: 1000, maxWaitingPerLine: 500 }
const settle = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
}

/** Work that ends when told, in the order in which it began. */
function bench(limits: Partial<FairLimits> = {}) {
  const queue = fairQueue({ ...LIMITS, ...limits })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const failed: unknown[] = []
  const start = (line: string, name: string, signal?: AbortSignal, sender?: string) =>
    queue
      .run(
        line,
        () => {
          begun.push(name)
          return new Promise<void>((resolve) => ends.push(resolve))
        },
        signal,
        sender,
      )
      .catch((error: unknown) => failed.push(error))
  const endOne = async () => {
    ends.shift()?.()
    await settle()
  }
  const endAll = async () => {
    while (ends.length > 0) await endOne()
  }
  return { queue, begun, failed, start, endOne, endAll }
}

const kinds = (failed: readonly unknown[]) => failed.map((error) => (error instanceof CoreError ? error.kind : String(error)))

describe('core fair turns', () => {
  it('C4 a flood on one mailbox delays another by its turn only', async () => {
    const { queue, begun, start, endOne, endAll } = bench({ atOnce: 2 })
    for (let i = 0; i < 300; i += 1) void start('flooded', `f${i}`)
    void start('quiet', 'q0')
    await settle()
    expect(begun).to.deep.equal(['f0', 'f1'])
    await endOne()
    await endOne()
    expect(begun).to.deep.equal(['f0', 'f1', 'q0', 'f2'])
    await endAll()
    expect(begun).to.have.length(301)
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0])
  })

  it('C4 serves lines in turn, and senders inside a line in turn', async () => {
    const { begun, start, endAll } = bench()
    for (const name of ['a1', 'a2', 'a3', 'a4']) void start('a', name, undefined, 'loud')
    void start('a', 'A1', undefined, 'shy')
    for (const name of ['b1', 'b2']) void start('b', name)
    await endAll()
    expect(begun).to.deep.equal(['a1', 'b1', 'a2', 'b2', 'A1', 'a3', 'a4'])
  })

  it('C4 leaves room beside a line whose work is slow', async () => {
    const { begun, start, endAll } = bench({ atOnce: 4, atOncePerLine: 3 })
    for (let i = 0; i < 10; i += 1) void start('slow', `s${i}`)
    await settle()
    expect(begun).to.deep.equal(['s0', 's1', 's2'])
    void start('quick', 'q')
    await settle()
    expect(begun).to.deep.equal(['s0', 's1', 's2', 'q'])
    await endAll()
    expect(begun).to.have.length(11)
  })

  it('C4 refuses with "full" beyond its bounds, and takes in again when there is room', async () => {
    const { queue, begun, failed, start, endOne, endAll } = bench({ maxWaiting: 5, maxWaitingPerLine: 3 })
    for (let i = 0; i < 6; i += 1) void start('a', `a${i}`)
    for (let i = 0; i < 4; i += 1) void start('b', `b${i}`)
    void start('c', 'c0')
    await settle()
    expect(kinds(failed)).to.deep.equal(Array.from({ length: 5 }, () => 'full'))
    expect(queue.waiting).to.equal(5)
    await endOne()
    void start('c', 'c1')
    await settle()
    expect(failed).to.have.length(5)
    await endAll()
    expect(begun.sort()).to.deep.equal(['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'c1'])
  })

  it('ends a wait by its signal or after its time, and forgets whoever left', async () => {
    const time = new FakeTime()
    const { queue, begun, failed, start, endAll } = bench({ maxWaitMs: 1000, startTimer: time.startTimer })
    const abort = new AbortController()
    void start('a', 'a0')
    void start('a', 'a1', abort.signal)
    void start('b', 'b0')
    abort.abort(new Error('gone'))
    await settle()
    expect(kinds(failed)).to.deep.equal(['Error: gone'])
    time.pass(1000)
    await settle()
    expect(kinds(failed)).to.deep.equal(['Error: gone', 'full'])
    expect([queue.running, queue.waiting, time.timers]).to.deep.equal([1, 0, 0])
    void start('c', 'c0', AbortSignal.abort(new Error('before')))
    await endAll()
    expect(begun).to.deep.equal(['a0'])
    expect(kinds(failed).at(-1)).to.equal('Error: before')
  })

  it('goes on when work fails, and passes the failure to whom it belongs', async () => {
    const { queue, begun, start, endAll } = bench()
    const broken = queue.run('a', () => Promise.reject(new Error('no')))
    void start('a', 'a1')
    expect(await broken.catch(String)).to.equal('Error: no')
    await settle()
    await endAll()
    expect(begun).to.deep.equal(['a1'])
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0])
  })
})
