// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verifyChain } from '../../src/core/chain.js'
import { memoryJournal } from '../../src/core/outcomes.js'
import type { OutcomeJournal, OutcomeRecord } from '../../src/core/ports.js'
import type { OutcomeLimits } from '../../src/core/retention.js'
import { diskGuard } from '../../src/gateway/adapters/store-directory.js'
import { until } from '../until.js'
import { FakeTime } from './fake-time.js'
import { LIMITS, openJournal } from './journals.js'
import { newId } from './opened.js'

function record(time: FakeTime, change: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return { id: newId(), outcome: 'delivered', claimed: true, at: time.now().toISOString(), sender: 'portal-1', ...change }
}

const all = (journal: OutcomeJournal) => [...journal.since(0, 1_000_000)]

describe('core journals of outcomes', () => {
  const roots: string[] = []
  const opened: OutcomeJournal[] = []

  function lmdb(time: FakeTime, limits: Partial<OutcomeLimits> = {}, path = newPath()) {
    const one = openJournal(path, time, limits)
    opened.push(one.journal)
    return { ...one, path }
  }

  function newPath(): string {
    const root = mkdtempSync(join(tmpdir(), 'outcomes-'))
    roots.push(root)
    return join(root, 'outcomes')
  }

  afterEach(async () => {
    for (const journal of opened.splice(0)) await journal.close()
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
  })

  const kinds: readonly [string, (time: FakeTime, limits?: Partial<OutcomeLimits>) => OutcomeJournal][] = [
    ['memory', (time, limits) => memoryJournal({ ...LIMITS, ...limits, clock: time, node: randomUUID() })],
    ['lmdb', (time, limits) => lmdb(time, limits).journal],
  ]
  for (const [name, open] of kinds) {
    it(`C6 ${name}: an id settles once, its record is linked and found again`, async () => {
      const time = new FakeTime()
      const journal = open(time)
      const given = [
        record(time),
        record(time, { outcome: 'refused', reason: 'X001', claimed: false }),
        record(time, { outcome: 'unknown' }),
      ]
      for (const { id, sender } of given) await journal.accepted(id, sender)
      expect([...journal.open()].map(({ id }) => id).sort()).to.deep.equal(given.map(({ id }) => id).sort())
      const settled = given.map((one) => journal.settled(one))
      expect(settled.map(({ link }) => link?.seq)).to.deep.equal([1, 2, 3])
      for (const round of ['at once', 'when saved']) {
        for (const [i, one] of settled.entries()) {
          expect(journal.get(one.id), round).to.deep.equal({ ...given[i], link: one.link })
          expect(journal.settled({ ...one, outcome: 'expired' }), round).to.deep.equal(one)
        }
        expect(all(journal), round).to.deep.equal(settled)
        expect([...journal.since(1, 1)], round).to.deep.equal([settled[1]])
        expect([...journal.open()], round).to.deep.equal([])
        await journal.saved()
      }
      expect(verifyChain(settled)).to.deep.equal([])
      expect(journal.get(newId())).to.equal(undefined)
    })

    it(`C4 ${name}: keeps so many in all, so many of a sender, and for so long; what is left is still a chain with named gaps`, async () => {
      const time = new FakeTime()
      const journal = open(time, { maxOutcomes: 15, maxOutcomesPerSender: 10 })
      const quiet = journal.settled(record(time, { sender: 'quiet' }))
      const loud = Array.from({ length: 40 }, () => journal.settled(record(time, { sender: 'loud' })))
      await journal.saved()
      expect(journal.size).to.equal(11)
      expect(journal.get(quiet.id)).to.deep.equal(quiet)
      expect(loud.map(({ id }) => journal.get(id) !== undefined).lastIndexOf(false)).to.equal(29)
      expect(verifyChain(all(journal)).map(({ rule, link }) => [rule, link?.seq])).to.deep.equal([['gap', 32]])
      for (let i = 0; i < 8; i += 1) journal.settled(record(time, { sender: `other-${i}` }))
      expect([journal.size, journal.get(quiet.id)]).to.deep.equal([15, undefined])
      expect(verifyChain(all(journal))).to.deep.equal([])
      time.pass(24 * 3_600_000 - 1)
      const late = journal.settled(record(time))
      time.pass(1)
      expect(journal.size).to.equal(1)
      expect(all(journal)).to.deep.equal([late])
      await journal.saved()
      expect(all(journal)).to.deep.equal([late])
    })

    it(`C6 ${name}: a wall clock that jumps ahead, even for a moment, forgets no id`, async () => {
      const time = new FakeTime()
      const journal = open(time)
      const before = journal.settled(record(time))
      await journal.saved()
      time.wallMs += 48 * 3_600_000
      const within = journal.settled(record(time))
      for (const { id } of [before, within]) expect(journal.get(id)?.id).to.equal(id)
      await journal.saved()
      time.wallMs -= 48 * 3_600_000
      expect(all(journal)).to.deep.equal([before, within])
    })
  }

  it('C6 lmdb: another life knows what was settled, what was not, and goes on with the chain', async () => {
    const time = new FakeTime()
    const first = lmdb(time)
    const left = newId()
    const ids = Array.from({ length: 5 }, newId)
    for (const id of [...ids, left]) void first.journal.accepted(id, 'portal-1')
    const before = ids.map((id) => first.journal.settled(record(time, { id })))
    await first.journal.close()
    const { journal } = lmdb(time, {}, first.path)
    expect([...journal.open()]).to.deep.equal([{ id: left, sender: 'portal-1' }])
    expect(journal.size).to.equal(5)
    for (const one of before) expect(journal.get(one.id)).to.deep.equal(one)
    journal.settled(record(time, { id: left, outcome: 'unknown' }))
    await journal.saved()
    const chain = all(journal)
    expect(chain.map(({ link }) => link?.seq)).to.deep.equal([1, 2, 3, 4, 5, 6])
    expect(verifyChain(chain)).to.deep.equal([])
    await journal.close()
    time.pass(24 * 3_600_000)
    const third = lmdb(time, {}, first.path).journal
    expect([third.size, all(third)]).to.deep.equal([0, []])
    expect(third.settled(record(time)).link, 'the chain goes on though all of it is gone').to.include({
      seq: 7,
      node: before[0]?.link?.node,
    })
  })

  it('L1 lmdb: keeps ids, senders and outcomes, and nothing else of an envelope', async () => {
    const time = new FakeTime()
    const { journal, path } = lmdb(time)
    const given = record(time)
    await journal.accepted(given.id, given.sender)
    journal.settled({ ...given, body: 'CANARY-77', replyTo: 'reply.CANARY' } as OutcomeRecord)
    await journal.saved()
    const file = readFileSync(join(path, 'data.mdb')).toString('latin1')
    expect(file).to.contain(given.id).and.not.contain('CANARY')
  })

  it('C6 lmdb: after a failure of the machine the old store is put aside and a new chain begins; after an orderly end or a kill it goes on', async () => {
    const time = new FakeTime()
    const { journal, path } = lmdb(time)
    const one = journal.settled(record(time))
    await journal.close()
    writeFileSync(join(path, 'RUN'), 'another run of the machine')
    const { journal: next, unclean } = lmdb(time, {}, path)
    expect(unclean).to.deep.equal([path + '.unclean'])
    expect(next.get(one.id)).to.equal(undefined)
    const { link } = next.settled(record(time))
    expect(link?.seq).to.equal(1)
    expect(link?.node).to.not.equal(one.link?.node)
  })

  it('C6 lmdb: a start that finds no room on the disk leaves the store as it was', async () => {
    const time = new FakeTime()
    const { journal, path } = lmdb(time)
    const one = journal.settled(record(time))
    await journal.close()
    const program = `
      const { openJournal } = await import(${JSON.stringify(new URL('journals.ts', import.meta.url).href)})
      try { openJournal(${JSON.stringify(path)}, { now: () => new Date(), monotonicMs: () => 0 }) } catch (error) { console.log(error.code) }`
    // no file may be written to
    const shell = 'ulimit -f 0 && exec "$0" --import tsx --input-type=module -e "$1"'
    const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, program])
    expect(stdout.trim()).to.equal('EFBIG')
    const { journal: next, unclean } = lmdb(time, {}, path)
    expect(unclean).to.deep.equal([])
    expect(next.get(one.id)?.link).to.deep.equal(one.link)
  })

  it('lmdb: is silent and harmless when it is closed', async () => {
    const time = new FakeTime()
    const { journal } = lmdb(time)
    const one = journal.settled(record(time))
    await journal.close()
    await journal.close()
    expect(journal.get(one.id)).to.equal(undefined)
    expect(await journal.accepted(newId(), 'portal-1').catch(String)).to.contain('closed')
  })

  it('C6 lmdb: on a full disk nothing is accepted, everybody is answered, and all of it is written when there is room again', async () => {
    const time = new FakeTime()
    let free = 1e9
    let problems = 0
    const path = newPath()
    const assertRoom = diskGuard(path, () => free)
    const { journal } = openJournal(path, time, {}, { assertRoom, onProblem: () => (problems += 1) })
    opened.push(journal)
    const [open, lying] = [newId(), newId()]
    await journal.accepted(open, 'portal-1')
    free = 1e6
    // the last look at the disk still counts for a moment
    while (problems === 0) await journal.accepted(lying, 'portal-1').catch(() => undefined)
    const refused = Array.from({ length: 20 }, () => journal.accepted(newId(), 'portal-1').then(String, String))
    const settled = journal.settled(record(time, { id: open }))
    const meanwhile = Promise.resolve().then(() => journal.accepted(newId(), 'portal-1').then(String, String))
    for (const said of [...(await Promise.all(refused)), await meanwhile]) expect(said).to.contain('full')
    await journal.saved()
    expect(journal.get(open)).to.deep.equal(settled)
    free = 1e9
    const last = newId()
    await until(() => journal.accepted(last, 'portal-1').then(() => true, () => false)) // prettier-ignore
    await journal.close()
    const next = lmdb(time, {}, path).journal
    expect(next.get(open)).to.deep.equal(settled)
    expect([...next.open()].map(({ id }) => id)).to.include(last)
    expect(verifyChain(all(next))).to.deep.equal([])
  })

  it('C6 lmdb: what was settled while the wall clock was ahead drops nothing in the next life', async () => {
    const time = new FakeTime()
    const first = lmdb(time)
    const before = first.journal.settled(record(time))
    time.wallMs += 48 * 3_600_000
    const within = first.journal.settled(record(time))
    await first.journal.close()
    time.wallMs -= 48 * 3_600_000
    expect(all(lmdb(time, {}, first.path).journal)).to.deep.equal([before, within])
  })
})
