// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { verifyChain } from '../../src/core/chain.js'
import { openJournal } from './journals.js'

const CHILD = fileURLToPath(new URL('journal-child.ts', import.meta.url))
const LIVES = 3

/** Lets the child say some lines, kills it, and tells what it had said. */
async function killed(directory: string, lines: number): Promise<string[][]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let count = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    count += text.split('\n').length - 1
    if (count >= lines) child.kill('SIGKILL')
  })
  await new Promise((resolve) => child.on('close', resolve))
  expect(child.signalCode).to.equal('SIGKILL')
  return said
    .slice(0, said.lastIndexOf('\n'))
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
