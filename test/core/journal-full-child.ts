// SPDX-License-Identifier: EUPL-1.2
/**
 * A core on a full disk (its files may not grow beyond a limit), then with room again. Argument: directory. Prints one JSON object.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { verifyChain } from '../../src/core/chain.js'
import { CoreError } from '../../src/core/errors.js'
import { openJournal } from './journals.js'

const [directory = ''] = process.argv.slice(2)
let problems = 0
const { journal } = openJournal(directory, systemClock, {}, () => (problems += 1))
const core = memoryCore({ clock: systemClock, journal })
await core.openMailbox('box', 'register-1', { ttlSeconds: 60, handover: 'at-most-once' })

const accepted: string[] = []
const refused: string[] = []

async function putSome(count: number): Promise<void> {
  const puts = Array.from({ length: count }, async () => {
    const id = randomBytes(16).toString('hex')
    try {
      await core.put({ id, to: 'box', sender: 'portal-1', ttlSeconds: 60, body: new Uint8Array(10) })
      accepted.push(id)
      await (await core.take('box', 0, undefined, { id }))?.confirm()
    } catch (error) {
      if (!(error instanceof CoreError && error.kind === 'full')) throw error
      refused.push(id)
    }
  })
  await Promise.all(puts)
}

while (refused.length < 50) await putSome(20)
const before = accepted.length
const outcomes = await Promise.all([...accepted, ...refused].map(async (id) => (await core.outcome(id))?.outcome))
const whileFull = { accepted: before, problems, outcomes: [...new Set(outcomes)].sort(), bytes: (await core.figures()).bytes }
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
const refusedBefore = refused.length
await putSome(20)
const chain = [...journal.since(0, 1_000_000)]
await core.close()
await journal.close()
const reopened = openJournal(directory, systemClock).journal
const kept = [...reopened.since(0, 1_000_000)]
const afterwards = {
  refused: refused.length - refusedBefore,
  accepted: accepted.length - before,
  settled: chain.length - accepted.length - refused.length,
  lost: chain.length - kept.length,
  open: [...reopened.open()].length,
  faults: verifyChain(kept).length,
}
await reopened.close()
process.stdout.write(JSON.stringify({ whileFull, afterwards }))
