// SPDX-License-Identifier: EUPL-1.2
/**
 * Message ids: issued once, used once, never again (osci-1.2 §4; threat model P1, P7).
 * @module
 */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { lmdbIds } from '../../../src/gateway/adapters/lmdb-ids.js'
import { openLedger } from '../../../src/gateway/adapters/lmdb-ledger.js'
import { messageIds, type IdJournal, type MessageIdOptions } from '../../../src/gateway/intermediary/message-ids.js'
import type { MessageIds } from '../../../src/gateway/intermediary/ports.js'
import { FakeTime } from '../../core/fake-time.js'
import { inDirectory } from './stores.js'

const HOUR_MS = 3_600_000
const TENANT = '/osci/intermediary'
const PEER = 'portal'
/** Nothing is entered under the id. */
const nothing = () => Promise.resolve()
const random = (bytes: number): Uint8Array => randomBytes(bytes)
const take50 = (ids: MessageIds, id: string) => Array.from({ length: 50 }, () => ids.take(TENANT, id)).filter((one) => one !== undefined)

describe('message ids', () => {
  const time = new FakeTime()
  const table = (more: Partial<MessageIdOptions> = {}) => messageIds({ clock: time, random, unusedIdHours: 24, ...more })

  /** Opens, works and closes: one run of the process. */
  const run = <T>(path: string, work: (ids: MessageIds) => Promise<T>, clock = time): Promise<T> => {
    const ledger = openLedger(path)
    return lmdbIds(ledger, random)
      .then((journal) => work(table({ journal, clock })))
      .finally(() => ledger.close())
  }

  it('are printable, short, without ambiguous characters, and carry 128 random bits behind the token', async () => {
    const ids = table()
    const made = await Promise.all(Array.from({ length: 200 }, () => ids.issue(TENANT, PEER)))
    for (const id of made) expect(id).to.match(/^p[0-9a-hjkmnp-tv-z]{6}-[0-9a-hjkmnp-tv-z]{26}$/)
    expect(new Set(made).size).to.equal(200)
    expect(new Set(made.map((id) => id.slice(0, 8))).size).to.equal(1)
    // every bit of the random bytes is in the id
    const bits = new Set<string>()
    for (let bit = 0; bit < 128; bit++) {
      const bytes = new Uint8Array(16)
      bytes[bit >> 3] = 1 << (bit & 7)
      bits.add(await table({ random: (count) => (count === 16 ? bytes : new Uint8Array(count)) }).issue(TENANT, PEER))
    }
    expect(bits.size).to.equal(128)
  })

  it('P1 of 50 who take an id at once one gets it; given back it can be taken once more', async () => {
    const ids = table()
    const id = await ids.issue(TENANT, PEER)
    const [claim, ...others] = take50(ids, id)
    expect(others).to.deep.equal([])
    claim?.giveBack()
    claim?.giveBack()
    const again = take50(ids, id)
    expect(again.length).to.equal(1)
    const [first, second] = [again[0]?.used(nothing), again[0]?.used(nothing).catch((error: unknown) => error)]
    await first
    expect(await second).to.be.instanceOf(TypeError)
    again[0]?.giveBack()
    expect(ids.take(TENANT, id)).to.equal(undefined)
  })

  it('P7 refuses ids of another tenant, unknown ones and expired ones alike', async () => {
    const ids = table()
    const id = await ids.issue(TENANT, PEER)
    for (const [tenant, other] of [
      ['/osci/intermediary/b', id],
      [TENANT, id.toUpperCase()],
      [TENANT, ''],
      [TENANT, id + '_Partial'],
    ] as const)
      expect(ids.take(tenant, other)).to.equal(undefined)
    time.pass(24 * HOUR_MS - 1)
    ids.take(TENANT, id)?.giveBack()
    time.pass(1)
    expect(ids.take(TENANT, id)).to.equal(undefined)
  })

  it('P1 a full table refuses with 503 and forgets nothing; taken ids count until they are used', async () => {
    const ids = table({ maxIssued: 2 })
    const [first, second] = await Promise.all([ids.issue(TENANT, PEER), ids.issue(TENANT, PEER)])
    const claim = ids.take(TENANT, first)
    const refusal = await ids.issue(TENANT, PEER).catch((error: unknown) => error)
    expect(refusal).to.include({ status: 503, finding: 'gateway.message-id-table-full' })
    await claim?.used(nothing)
    for (let i = 0; i < 2; i++) ids.take(TENANT, second)?.giveBack()
    await ids.issue(TENANT, PEER)
    expect(ids.take(TENANT, second)).not.to.equal(undefined)
    time.pass(24 * HOUR_MS)
    await ids.issue(TENANT, PEER)
  })

  it('P4 a peer that takes ids and uses none fills its share; what it uses or lets run out makes room', async () => {
    const ids = table({ maxIssued: 20, maxPerPeer: 2 })
    const own = await ids.issue(TENANT, 'loud')
    await ids.issue('/osci/intermediary/b', 'loud')
    const full = () => ids.issue(TENANT, 'loud').catch((error: unknown) => error)
    expect(await full()).to.include({ status: 503, finding: 'gateway.message-id-table-full' })
    for (let i = 0; i < 2; i++) await ids.issue(TENANT, PEER)
    const claim = ids.take(TENANT, own)
    expect(await full()).to.include({ status: 503 })
    claim?.giveBack()
    expect(await full()).to.include({ status: 503 })
    await ids.take(TENANT, own)?.used(nothing)
    await ids.issue(TENANT, 'loud')
    expect(await full()).to.include({ status: 503 })
    time.pass(24 * HOUR_MS)
    for (let i = 0; i < 2; i++) await ids.issue(TENANT, 'loud')
    expect(await full()).to.include({ status: 503 })
  })

  it('an id that could not be written was not issued, nor counted', async () => {
    const broken = new Error('disk full')
    let works = false
    const write = () => (works ? Promise.resolve() : Promise.reject(broken))
    const journal: IdJournal = { token: 'p000000', load: () => [], enter: write, remove: write, together: (work) => work(), close: write }
    const ids = table({ journal, maxPerPeer: 1 })
    expect(await ids.issue(TENANT, PEER).catch((error: unknown) => error)).to.equal(broken)
    works = true
    await ids.issue(TENANT, PEER)
  })

  it('P1 an id is gone as one with what is entered under it; where that cannot be, it is as if it had not been taken', async () => {
    const broken = new Error('disk full')
    for (const isRemoved of [true, false]) {
      let works = isRemoved
      const write = () => (works ? Promise.resolve() : Promise.reject(broken))
      const journal: IdJournal = {
        token: 'p000000',
        load: () => [],
        enter: nothing,
        remove: write,
        together: (work) => work(),
        close: write,
      }
      for (const ids of isRemoved ? [table(), table({ journal })] : [table({ journal })]) {
        const id = await ids.issue(TENANT, PEER)
        const claim = ids.take(TENANT, id)
        const refusal = claim?.used(isRemoved ? () => Promise.reject(broken) : nothing).catch((error: unknown) => error)
        expect(ids.take(TENANT, id), 'while it is being used').to.equal(undefined)
        expect(await refusal).to.equal(broken)
        claim?.giveBack()
        works = true
        expect(await ids.take(TENANT, id)?.used(() => Promise.resolve('card'))).to.equal('card')
        expect(ids.take(TENANT, id)).to.equal(undefined)
      }
    }
  })

  it('P1 issued ids survive a restart, used ones are refused for ever, taken ones are as if unused, the token stays', () =>
    inDirectory(async (directory) => {
      const [used, open, taken] = await run(directory, async (ids) => {
        const made = [await ids.issue(TENANT, PEER), await ids.issue(TENANT, PEER), await ids.issue(TENANT, PEER)] as const
        await ids.take(TENANT, made[0])?.used(nothing)
        ids.take(TENANT, made[2])
        return made
      })
      await run(directory, async (ids) => {
        expect([used, open, taken].map((id) => ids.take(TENANT, id) !== undefined)).to.deep.equal([false, true, true])
        expect((await ids.issue(TENANT, PEER)).slice(0, 8)).to.equal(used.slice(0, 8))
      })
      time.pass(365 * 24 * HOUR_MS)
      await run(directory, async (ids) => {
        // the expired ones are removed with the next issue
        await ids.issue(TENANT, PEER)
        expect([used, open, taken].map((id) => ids.take(TENANT, id))).to.deep.equal([undefined, undefined, undefined])
      })
      const ledger = openLedger(directory)
      expect([...(await lmdbIds(ledger, random)).load()].length).to.equal(1)
      await ledger.close()
    }))

  it('P1 no clock makes a used id usable, also one that jumps', () =>
    inDirectory(async (directory) => {
      const jumping = new FakeTime()
      const id = await run(
        directory,
        async (ids) => {
          const made = await ids.issue(TENANT, PEER)
          await ids.take(TENANT, made)?.used(nothing)
          for (const ms of [-400, 400, 4000]) {
            jumping.wallMs += ms * 24 * HOUR_MS
            expect(ids.take(TENANT, made)).to.equal(undefined)
          }
          return made
        },
        jumping,
      )
      jumping.wallMs -= 10_000 * 24 * HOUR_MS
      await run(directory, async (ids) => expect(ids.take(TENANT, id)).to.equal(undefined), jumping)
    }))

  it('P7 a wall clock that jumps ahead for a moment takes no issued id away', () =>
    inDirectory(async (directory) => {
      const jumping = new FakeTime()
      const id = await run(
        directory,
        async (ids) => {
          const made = await ids.issue(TENANT, PEER)
          jumping.wallMs += 48 * HOUR_MS
          await ids.issue(TENANT, PEER)
          jumping.wallMs -= 48 * HOUR_MS
          const claim = ids.take(TENANT, made)
          claim?.giveBack()
          expect(claim).not.to.equal(undefined)
          jumping.pass(24 * HOUR_MS - 1)
          return made
        },
        jumping,
      )
      await run(directory, async (ids) => expect(ids.take(TENANT, id)).not.to.equal(undefined), jumping)
    }))
})
