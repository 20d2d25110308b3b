// SPDX-License-Identifier: EUPL-1.2
/**
 * Time stamps of process cards: quality as wished, refusal at creation, fall-back at reception.
 * @module
 */
import { expect } from 'chai'
import { ProtektorError } from '../../../src/errors.js'
import type { TimeStamper } from '../../../src/gateway/intermediary/ports.js'
import { creationStamp, plainStamp, receptionStamp, wishedQuality } from '../../../src/gateway/intermediary/stamps.js'
import type { GatewayLog, LogFields } from '../../../src/gateway/log.js'
import type { TimestampWish } from '../../../src/osci/types.js'

const at = new Date('2026-11-24T09:00:00.007Z')
const sha256 = new Uint8Array(32).fill(7)
const plain = { plain: '2026-11-24T09:00:00.007Z' }
const token = { cryptographic: { algorithm: 'urn:ietf:rfc:3161', token: new Uint8Array([0x30, 0]) } }
const wish = (service: TimestampWish['service'], quality: TimestampWish['quality']): TimestampWish => ({ service, quality })
const both = [wish('creation', 'cryptographic'), wish('reception', 'cryptographic')]
const down: TimeStamper = { stamp: () => Promise.reject(new ProtektorError('timestamp.timeout', 'too late')) }

describe('time stamps of process cards', () => {
  let lines: { level: string; event: string; fields: LogFields }[]
  let asked: Uint8Array[]
  const log: GatewayLog = { write: (level, event, fields) => void lines.push({ level, event, fields }) }
  const authority: TimeStamper = { stamp: async (digest) => (asked.push(digest), token) }
  const occasion = { at, sha256, fields: { messageId: 'm-1' } }

  beforeEach(() => {
    lines = []
    asked = []
  })

  it('are plain, in UTC with milliseconds, where nothing or plain was wished for; the authority is not asked', async () => {
    for (const wishes of [undefined, [], [wish('creation', 'plain'), wish('reception', 'plain')]]) {
      expect(await creationStamp(wishes, occasion, { timeStamper: authority, log })).to.deep.equal({ stamp: plain })
      expect(await receptionStamp(wishes, occasion, { timeStamper: authority, log })).to.deep.equal(plain)
    }
    expect(plainStamp(at)).to.deep.equal(plain)
    expect(asked).to.deep.equal([])
  })

  it('are the authority’s tokens over the digest that was given, for just the service they were wished for', async () => {
    const onlyCreation = [wish('creation', 'cryptographic')]
    expect(await creationStamp(onlyCreation, occasion, { timeStamper: authority, log })).to.deep.equal({ stamp: token })
    expect(await receptionStamp(onlyCreation, occasion, { timeStamper: authority, log })).to.deep.equal(plain)
    expect(await receptionStamp(both, occasion, { timeStamper: authority, log })).to.deep.equal(token)
    expect(asked).to.deep.equal([sha256, sha256])
    expect(wishedQuality(onlyCreation, 'reception')).to.equal('plain')
  })

  it('refuses creation with 9811 without an authority, and when it fails', async () => {
    expect(await creationStamp(both, occasion, { log })).to.deep.equal({ refusal: '9811' })
    expect(await creationStamp(both, occasion, { timeStamper: down, log })).to.deep.equal({ refusal: '9811' })
    expect(lines.map(({ fields }) => [fields.error, fields.outcome, fields.messageId])).to.deep.equal([
      ['ERR_TIMESTAMP_NO_AUTHORITY', 'refused', 'm-1'],
      ['ERR_TIMESTAMP_TIMEOUT', 'refused', 'm-1'],
    ])
  })

  it('falls back to plain for reception, and logs it', async () => {
    const odd: TimeStamper = { stamp: () => Promise.reject(new TypeError('secret')) }
    expect(await receptionStamp(both, occasion, { log })).to.deep.equal(plain)
    expect(await receptionStamp(both, occasion, { timeStamper: odd, log })).to.deep.equal(plain)
    expect(lines.map(({ level, event, fields }) => [level, event, fields.error, fields.outcome])).to.deep.equal([
      ['warn', 'time-stamp-failed', 'ERR_TIMESTAMP_NO_AUTHORITY', 'plain'],
      ['warn', 'time-stamp-failed', 'ERR_INTERNAL', 'plain'],
    ])
    expect(JSON.stringify(lines)).not.to.contain('secret')
  })
})
