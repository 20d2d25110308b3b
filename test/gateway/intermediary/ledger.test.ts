// SPDX-License-Identifier: EUPL-1.2
/**
 * The ledger on disk: whose directory it is, what a restart finds, what shares a commit.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { lmdbIds } from '../../../src/gateway/adapters/lmdb-ids.js'
import { openLedger } from '../../../src/gateway/adapters/lmdb-ledger.js'
import { messageIds } from '../../../src/gateway/intermediary/message-ids.js'
import { ConfigError } from '../../../src/errors.js'
import { FakeTime } from '../../core/fake-time.js'
import { ALICE, BOB, DAY_MS, cardFor, inDirectory, openLmdb, plain } from './stores.js'

/** A ledger with a few pages, closed; one card is larger than a page. */
async function filled(path: string): Promise<void> {
  const { store, time, end } = await openLmdb(path, new FakeTime())
  await store.add('u', cardFor('large', time.now(), { subject: 'x'.repeat(20_000) }))
  await Promise.all(Array.from({ length: 200 }, (_, n) => store.add('t', cardFor(`m-${n}`, time.now()))))
  await end()
}

describe('the ledger', () => {
  it('makes its directory, and those above it, for us alone (0700)', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'data', 'ledger')
      await openLedger(path).close()
      for (const made of [path, join(directory, 'data')]) expect(statSync(made).mode & 0o777).to.equal(0o700)
    }))

  it('refuses a foreign or damaged store with an error that names the path, and leaves it as it is', () =>
    inDirectory(async (directory) => {
      const cases: Readonly<Record<string, (path: string, file: string) => void>> = {
        'another format': (path) => writeFileSync(join(path, 'FORMAT'), 'something-else 1\n'),
        'no lmdb header': (_path, file) => writeFileSync(file, Buffer.alloc(65_536, 'x')),
        'cut off': (_path, file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
        'almost nothing left': (_path, file) => truncateSync(file, 100),
        'page size of no lmdb': (_path, file) => {
          const bytes = readFileSync(file)
          bytes.writeUInt32LE(0xffffffff, 48)
          writeFileSync(file, bytes)
        },
        'a lock that is a directory': (path) => {
          rmSync(join(path, 'lock.mdb'))
          mkdirSync(join(path, 'lock.mdb'))
        },
        'another version of lmdb': (_path, file) => {
          const bytes = readFileSync(file)
          for (const at of [28, 4096 + 28]) bytes.writeUInt32LE(99, at)
          writeFileSync(file, bytes)
        },
      }
      for (const [name, damage] of Object.entries(cases)) {
        const path = join(directory, name.replaceAll(' ', '-'))
        await filled(path)
        const file = join(path, 'data.mdb')
        damage(path, file)
        const before = readFileSync(file)
        expect(() => openLedger(path), name)
          .to.throw(ConfigError)
          .with.property('message')
          .that.includes(path)
        expect(readFileSync(file).equals(before), name).to.equal(true)
      }
    }))

  it('refuses a directory with other things in it, and a path that is none, and puts nothing there', () =>
    inDirectory(async (directory) => {
      const file = join(directory, 'precious.txt')
      writeFileSync(file, 'x')
      for (const path of [directory, file])
        expect(() => openLedger(path))
          .to.throw(ConfigError)
          .with.property('message')
          .that.includes(path)
      expect(readdirSync(directory)).to.deep.equal(['precious.txt'])
      expect(existsSync(join(directory, 'data.mdb'))).to.equal(false)
    }))

  it('opens a store whose file is shorter than its header says, if no page in use is missing', () =>
    inDirectory(async (directory) => {
      await filled(directory)
      const file = join(directory, 'data.mdb')
      const bytes = readFileSync(file)
      for (const at of [144, 4096 + 144]) bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) + 5n, at)
      writeFileSync(file, bytes)
      const { store, end } = await openLmdb(directory, new FakeTime())
      expect(store.select('t', { certificates: [ALICE] }).cards.length).to.equal(200)
      await end()
    }))

  it('opens again after a start that ended before anything was written', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'ledger')
      await openLedger(path).close()
      truncateSync(join(path, 'data.mdb'), 0)
      await filled(path)
    }))

  it('after a restart cards whose message lay in memory are lost, changed at the moment of opening; all others stay', () =>
    inDirectory(async (directory) => {
      const first = await openLmdb(directory, new FakeTime())
      const { time } = first
      const stamp = { plain: time.now().toISOString() }
      const states = ['stored', 'forwarded', 'received', 'expired', 'failed', 'lost'] as const
      await Promise.all(states.map((state) => first.store.add('t', cardFor(state, time.now(), { state }))))
      await first.store.add('t', cardFor('acknowledged', time.now(), { state: 'forwarded', reception: stamp }))
      const before = new Map([...states, 'acknowledged'].map((id) => [id, first.store.get('t', id)]))
      await first.end()
      time.pass(DAY_MS)
      const second = await openLmdb(directory, time)
      const after = new Map([...before.keys()].map((id) => [id, second.store.get('t', id)]))
      const states2 = Object.fromEntries([...after].map(([id, card]) => [id, card?.state]))
      expect(states2).to.deep.equal({
        ...Object.fromEntries(states.map((state) => [state, state])),
        stored: 'lost',
        forwarded: 'lost',
        acknowledged: 'received',
      })
      for (const id of ['received', 'expired', 'failed', 'lost']) expect(plain(after.get(id))).to.deep.equal(plain(before.get(id)))
      for (const id of ['stored', 'forwarded', 'acknowledged']) {
        const sinceMs = Date.parse(after.get(id)?.recentModification ?? '') - time.wallMs
        expect(sinceMs >= 0 && sinceMs < 10, id).to.equal(true)
      }
      const since = time.now().toISOString()
      const found = second.store.select('t', { certificates: [ALICE], rule: { by: 'RecentModification', since } })
      expect(found.cards.map(({ messageId }) => messageId).sort()).to.deep.equal(['acknowledged', 'forwarded', 'stored'])
      await second.end()
    }))

  it('after a restart with a clock that was set back a change is still later than all before', () =>
    inDirectory(async (directory) => {
      const first = await openLmdb(directory, new FakeTime())
      await first.store.add('t', cardFor('m-1', first.time.now(), { state: 'received' }))
      const card = await first.store.add('t', cardFor('m-2', first.time.now()))
      await first.end()
      first.time.wallMs -= 365 * DAY_MS
      const second = await openLmdb(directory, first.time)
      const lost = second.store.get('t', 'm-2')
      const next = await second.store.add('t', cardFor('m-3', first.time.now()))
      expect((lost?.recentModification ?? '') > card.recentModification).to.equal(true)
      expect(next.recentModification > (lost?.recentModification ?? '')).to.equal(true)
      await second.end()
    }))

  it('lets writers of one moment share a commit, each with its own result', () =>
    inDirectory(async (directory) => {
      const ledger = openLedger(directory)
      const rows = ledger.table<number, string>('rows')
      let commits = 0
      rows.on('aftercommit', () => (commits += 1))
      const results = await Promise.allSettled(
        Array.from({ length: 400 }, (_, n) =>
          ledger.write((draft) => {
            const sum = (draft.get(rows, 'sum') ?? 0) + 1
            draft.put(rows, 'sum', sum)
            draft.put(rows, `row ${n}`, n)
            // a work that throws leaves nothing behind
            if (n % 4 === 3) throw new Error('no')
            return sum
          }),
        ),
      )
      expect(results.filter(({ status }) => status === 'rejected').length).to.equal(100)
      expect(results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))).to.deep.equal(
        Array.from({ length: 300 }, (_, n) => n + 1),
      )
      expect([rows.get('sum'), rows.get('row 3'), rows.get('row 4')]).to.deep.equal([300, undefined, 4])
      expect(commits).to.be.within(1, 4)
      await ledger.close()
    }))

  it('takes what is entered together as one: a part that throws takes the others along, and nothing else', () =>
    inDirectory(async (directory) => {
      const ledger = openLedger(directory)
      const rows = ledger.table<number, string>('rows')
      const put = (name: string) => ledger.write((draft) => draft.put(rows, name, 1))
      const no = new Error('no')
      const [before, together, within, after] = await Promise.all([
        put('before'),
        Promise.allSettled(
          ledger.together(() => [
            put('first'),
            ledger.write(() => {
              throw no
            }),
            put('last'),
          ]),
        ),
        Promise.all(ledger.together(() => ledger.together(() => [put('inner'), put('other')]))),
        put('after'),
      ])
      expect([before, within, after].flat()).to.deep.equal([undefined, undefined, undefined, undefined])
      expect(together).to.deep.equal(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: no })))
      expect([...rows.getKeys()].sort()).to.deep.equal(['after', 'before', 'inner', 'other'])
      await ledger.close()
    }))

  it('P1 a MessageId is used up only with its card: a full table leaves it issued, on the disk as well', () =>
    inDirectory(async (directory) => {
      const opened = await openLmdb(directory, new FakeTime(), { maxPerTenant: 1 })
      const journal = await lmdbIds(opened.ledger, (bytes) => randomBytes(bytes))
      const ids = messageIds({ clock: opened.time, random: (bytes) => randomBytes(bytes), unusedIdHours: 24, journal })
      const [first, second] = [await ids.issue('t', 'portal'), await ids.issue('t', 'portal')]
      const begin = (id: string) => ids.take('t', id)?.used(() => opened.store.add('t', cardFor(id, opened.time.now())))
      expect((await begin(first))?.messageId).to.equal(first)
      const refusal = await begin(second)?.catch((error: unknown) => error)
      expect(refusal).to.include({ status: 503, finding: 'gateway.card-table-full' })
      expect([...journal.load()].map(({ id }) => id)).to.deep.equal([second])
      expect([ids.take('t', first), ids.take('t', second) !== undefined]).to.deep.equal([undefined, true])
      await opened.end()
    }))

  it('when closed waits for what was entered, refuses the rest, and reads nothing', () =>
    inDirectory(async (directory) => {
      const opened = await openLmdb(directory, new FakeTime())
      const adding = opened.store.add('t', cardFor('m-1', opened.time.now()))
      await opened.ledger.close()
      expect((await adding).messageId).to.equal('m-1')
      expect(() => opened.store.get('t', 'm-1')).to.throw('closed')
      expect(() => opened.store.select('t', { certificates: [BOB] })).to.throw('closed')
      expect(await opened.store.add('t', cardFor('m-2', opened.time.now())).catch((error: unknown) => error)).to.be.instanceOf(Error)
      await opened.store.close()
    }))
})
