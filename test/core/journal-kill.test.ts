// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { verifyChain } from '../../src/core/chain.js'
import { openJournal } from './journals.js'

const CHILD = fileURLToPath(new URL('journal-child.ts', import.meta.url))
const LIVES = 3
const LINE_BYTES = 50

/** Lets the child say some lines (into a file: a full pipe would stop it), kills it, and tells what it had said. */
async function killed(directory: string, lines: number): Promise<string[][]> {
  const file = directory + '.said'
  const said = openSync(file, 'w')
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory], { stdio: ['ignore', said, 'inherit'] })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const look = setInterval(() => {
    if (fstatSync(said).size > lines * LINE_BYTES) child.kill('SIGKILL')
  }, 10)
  await ended
  clearInterval(look)
  closeSync(said)
  expect(child.signalCode).to.equal('SIGKILL')
  const text = readFileSync(file, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => line.split(' '))
}

describe('a killed core', () => {
  it('C6 knows in its next life all that it accepted: settled as it had said, or unknown; and its chain has no gap', async () => {
    const root = mkdtempSync(join(tmpdir(), 'outcomes-'))
    const path = join(root, 'outcomes')
    const told = new Map<string, readonly [outcome: string, seq: string]>()
    try {
      for (let life = 0; life < LIVES; life += 1) {
        const said = await killed(path, 300 + 400 * life)
        const { journal, unclean } = openJournal(path, systemClock)
        expect(unclean).to.deep.equal([])
        const core = memoryCore({ clock: systemClock, journal })
        for (const [word = '', id = '', outcome = '', seq = ''] of said) {
          const record = await core.outcome(id)
          expect(record, `${word} ${id}`).to.not.equal(undefined)
          if (word === 'settled') told.set(id, [outcome, seq])
          else if (!told.has(id)) told.set(id, [record?.outcome ?? '', String(record?.link?.seq)])
        }
        // also what an earlier life had said
        for (const [id, expected] of told) {
          const { outcome, link } = (await core.outcome(id)) ?? {}
          expect([outcome, String(link?.seq)], id).to.deep.equal(expected)
        }
        const outcomes = new Set([...told.values()].map(([outcome]) => outcome))
        expect([...outcomes].sort()).to.deep.equal(['delivered', 'refused', 'unknown'])
        expect([...journal.open()]).to.deep.equal([])
        expect(verifyChain(journal.since(0, 1_000_000))).to.deep.equal([])
        await core.close()
        await journal.close()
      }
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
