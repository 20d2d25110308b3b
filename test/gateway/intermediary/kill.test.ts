// SPDX-License-Identifier: EUPL-1.2
/**
 * A process that is killed in the middle of its work: what it had acknowledged is there, what it had not is there wholly or not at all
 * (threat model P1, C6).
 * @module
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { cardTables } from '../../../src/gateway/adapters/lmdb-card-tables.js'
import { lmdbIds } from '../../../src/gateway/adapters/lmdb-ids.js'
import { messageIds } from '../../../src/gateway/intermediary/message-ids.js'
import { FakeTime } from '../../core/fake-time.js'
import { ALICE, inDirectory, openLmdb } from './stores.js'

const CHILD = fileURLToPath(new URL('ledger-child.ts', import.meta.url))
const ROUNDS = 2

/** Lets the child work for `workMs` after its first word, kills it, and tells what it had said. */
async function killed(directory: string, tenant: string, workMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory, tenant], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    timer ??= setTimeout(() => child.kill('SIGKILL'), workMs)
  })
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  expect(child.signalCode).to.equal('SIGKILL')
  return said.slice(0, said.lastIndexOf('\n')).split('\n')
}

describe('a killed process', () => {
  it('P1 has lost nothing that it acknowledged, and left nothing by halves', () =>
    inDirectory(async (directory) => {
      for (let round = 0; round < ROUNDS; round++) {
        const tenant = `/osci/intermediary/${round}`
        const said = (await killed(directory, tenant, 50 + Math.random() * 700)).map((line) => line.split(' '))
        const idsOf = (word: string) => said.filter(([first]) => first === word).map(([, id = '']) => id)
        const time = new FakeTime()
        time.wallMs = Date.now()
        const { store, ledger, end } = await openLmdb(directory, time)
        const journal = await lmdbIds(ledger, (bytes) => new Uint8Array(bytes))
        const issued = new Set([...journal.load()].filter((row) => row.tenant === tenant).map(({ id }) => id))
        const ids = messageIds({ clock: time, random: (bytes) => new Uint8Array(bytes), unusedIdHours: 24, journal })

        const used = new Set(idsOf('used'))
        for (const id of used) {
          expect(store.get(tenant, id)?.subject).to.equal('a subject')
          expect(ids.take(tenant, id)).to.equal(undefined)
        }
        for (const id of idsOf('state')) expect(store.get(tenant, id)?.state).to.equal('received')
        for (const id of idsOf('gaveBack')) expect(ids.take(tenant, id)).not.to.equal(undefined)
        // a card and the end of its id are one commit
        for (const id of idsOf('issued')) expect(issued.has(id), id).to.equal(store.get(tenant, id) === undefined)

        const tables = cardTables(ledger)
        const kept = [...tables.cards.getRange()].filter(({ key }) => key[0] === tenant).map(({ value }) => value)
        expect(kept.length).to.be.greaterThanOrEqual(used.size)
        expect(tables.counts.get(tenant) ?? 0).to.equal(kept.length)
        expect([...tables.living.getKeys()]).to.deep.equal([])
        for (const card of kept) expect(card.state).to.be.oneOf(['received', 'lost'])
        const marks = [...tables.seen.getKeys()].filter((key) => key[0] === tenant)
        expect(marks.length).to.equal(2 * kept.length)
        expect([...tables.gone.getKeys()].filter((key) => key[1] === tenant).length).to.equal(kept.length)
        if (kept.length <= 1000) expect(store.select(tenant, { certificates: [ALICE] }).cards.length).to.equal(kept.length)
        await end()
      }
    })).timeout(60_000)
})
