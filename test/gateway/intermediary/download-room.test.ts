// SPDX-License-Identifier: EUPL-1.2
/**
 * A dialog that fetches one large delivery after the other: what was received is let go, long before the dialog ends.
 * @module
 */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { sourceOf } from '../../../src/client/osci/chunks.js'
import { fetchInChunks } from '../../../src/client/osci/chunk-fetch.js'
import { packDelivery, storeInChunks } from '../../../src/client/osci/chunk-store.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './house.js'
import { issueId } from './raw.js'

const DELIVERIES = 12
const BYTES = 90 * 1024
const CHUNKS = { chunkKilobytes: 64 }

describe('downloads of a long dialog', () => {
  let house: ThreatHouse
  const warnings: string[] = []
  const onWarning = ({ name }: Error): void => void warnings.push(name)
  before(async () => {
    // less than all deliveries together
    house = await openThreatHouse({ more: 'chunks: { spoolKilobytes: 1024 }\n' })
    process.on('warning', onWarning)
  })
  after(async () => {
    process.off('warning', onWarning)
    await house.close()
  })

  it('P8 hold no spool of what was received, and leave nothing behind at the dialog', async () => {
    const [alice, bob] = [await house.client('alice', 'strict'), await house.client('bob', 'strict')]
    const addressee = (await keysOf('bob')).cipher.certificate
    const [storing, fetching] = [await alice.openDialog(), await bob.openDialog()]
    for (let n = 0; n < DELIVERIES; n++) {
      const messageId = await issueId(alice)
      const parts = await alice.content({ document: randomBytes(BYTES), addressee })
      const whole = await packDelivery({ messageId, subject: 'large' }, parts, alice.identity, alice.peer)
      const upload = { messageId, source: sourceOf(whole), certificates: parts.certificates ?? [] }
      await storeInChunks(storing, upload, alice.identity.env, CHUNKS)
      const fetched = await fetchInChunks(fetching, {}, bob.identity.env, CHUNKS)
      expect([fetched.messageId, fetched.chunks > 1]).to.deep.equal([messageId, true])
    }
    await Promise.all([storing.close(), fetching.close()])
    expect(warnings).to.deep.equal([])
  })
})
