// SPDX-License-Identifier: EUPL-1.2
/**
 * A core to be killed: puts, takes, ends hand-overs in all ways and says what its callers were told. Argument: directory.
 * Lines: `accepted ID`, `settled ID OUTCOME SEQ`.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { memoryCore } from '../../src/core/adapters/memory.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import { openJournal } from './journals.js'

const LANES = 12
const [directory = ''] = process.argv.slice(2)
const { journal } = openJournal(directory, systemClock)
const core = memoryCore({ clock: systemClock, journal })

/** At once, so that no line is lost in a buffer. */
const say = (line: string): void => void writeSync(1, line + '\n')

async function lane(number: number): Promise<void> {
  const box = `box-${number}`
  await core.openMailbox(box, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
  for (let round = 0; ; round += 1) {
    const id = randomBytes(16).toString('hex')
    await core.put({ id, to: box, sender: 'portal-1', ttlSeconds: 10, body: new Uint8Array(100) })
    say(`accepted ${id}`)
    // left lying, or in somebody's hands
    if (round % 5 === 0) continue
    const claim = await core.take(box, 0, undefined, { id })
    if (round % 5 === 1) continue
    if (round % 5 === 2) await claim?.refuse('X001')
    else await claim?.confirm()
    const record = await core.settled(id, 0)
    say(`settled ${id} ${record?.outcome ?? ''} ${record?.link?.seq ?? 0}`)
  }
}

await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
