// SPDX-License-Identifier: EUPL-1.2
/**
 * A process to be killed: several lanes issue ids, use them, enter cards and change them, and say so when it is acknowledged.
 * Arguments: directory, tenant. Lines: `issued ID`, `used ID`, `state ID STATE`, `gaveBack ID`.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { lmdbCards } from '../../../src/gateway/adapters/lmdb-cards.js'
import { lmdbIds } from '../../../src/gateway/adapters/lmdb-ids.js'
import { openLedger } from '../../../src/gateway/adapters/lmdb-ledger.js'
import { instantsIn } from '../../../src/gateway/intermediary/instants.js'
import { messageIds } from '../../../src/gateway/intermediary/message-ids.js'
import { cardFor } from './stores.js'

const LANES = 12
const [directory = '', tenant = ''] = process.argv.slice(2)
const random = (bytes: number): Uint8Array => randomBytes(bytes)
const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
const ledger = openLedger(directory)
const cards = await lmdbCards(ledger, { clock, startTimer: () => () => undefined, toInstant: instantsIn('UTC'), keepDays: 30 })
const ids = messageIds({ clock, random, unusedIdHours: 24, journal: await lmdbIds(ledger, random) })

/** At once, so that no line is lost in a buffer. */
const say = (line: string): void => void writeSync(1, line + '\n')

async function lane(): Promise<void> {
  for (let round = 0; ; round++) {
    const id = await ids.issue(tenant, 'peer')
    say(`issued ${id}`)
    if (round % 4 === 3) continue
    const claim = ids.take(tenant, id)
    if (!claim) throw new Error('an issued id could not be taken')
    if (round % 4 === 2) {
      claim.giveBack()
      say(`gaveBack ${id}`)
      continue
    }
    const card = cardFor(id, clock.now(), { subject: 'a subject' })
    await claim.used(() => cards.add(tenant, card))
    say(`used ${id}`)
    if (round % 4 === 1) continue
    const reception = { plain: clock.now().toISOString() }
    await cards.change(tenant, id, { state: 'received', reception })
    say(`state ${id} received`)
  }
}

await Promise.all(Array.from({ length: LANES }, lane))
