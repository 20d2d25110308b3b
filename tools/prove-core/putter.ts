// SPDX-License-Identifier: EUPL-1.2
/**
 * A process that puts its share of the envelopes and writes down what it was told: accepted, no answer, and of some the outcome.
 *
 * The core sees a real frame and a real header; what it cannot see, the ciphertext, is random bytes.
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { FORMAT_VERSION, sizeClass, writeContainer, ENVELOPE_LIMITS } from '../../src/envelope/container.js'
import { JWE_TYPE } from '../../src/envelope/header.js'
import type { PutNote } from './boxes.js'
import { BOXES, envelopeId, PARTICIPANTS, readSetting } from './boxes.js'
import { Caller } from './caller.js'

const LANES = 16
/** A node that is away comes back. */
const AWAY_MS = 250
/** Of how many envelopes the sender asks for the outcome: one in so many. */
const ASKS_ONE_IN = 100
const BYTES = 4096

const { setting, index } = readSetting()
const caller = new Caller(setting, PARTICIPANTS.sender)
const file = openSync(`${setting.folder}/put-${index}.log`, 'a')
process.once('disconnect', () => process.exit(1))
const note = (...words: PutNote): void => void writeSync(file, words.join(' ') + '\n')

const sealedKey = randomBytes(40).toString('base64url')
const rest = `${randomBytes(12).toString('base64url')}.${randomBytes(300).toString('base64url')}.${randomBytes(16).toString('base64url')}`
const block = randomBytes(BYTES)

function envelope(id: string, to: string, ttlSeconds: number): Buffer {
  const epk = { kty: 'EC', crv: 'P-256', x: sealedKey.slice(0, 43), y: sealedKey.slice(0, 43) }
  const header = { typ: JWE_TYPE, alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: 'proof', epk, v: FORMAT_VERSION, id, to, ttlSeconds }
  const jwe = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${sealedKey}.${rest}`
  const bytes = Buffer.from(writeContainer(jwe, [block.subarray(0, BYTES - 12 - jwe.length)], ENVELOPE_LIMITS).buffer)
  if (bytes.length !== sizeClass(bytes.length)) throw new Error('no size class')
  return bytes
}

function anyBox(): number {
  let dice = Math.random()
  return Math.max(
    0,
    BOXES.findIndex(({ share }) => (dice -= share) < 0),
  )
}

/** Until it is accepted or its answer is lost: a core that is full or away asks for patience. */
async function put(id: string, box: number): Promise<void> {
  const { address, policy } = BOXES[box] ?? { address: '', policy: { ttlSeconds: 1 } }
  for (;;) {
    try {
      const { status, headers } = await caller.call(
        'POST',
        `/core/v1/mailboxes/${address}/envelopes`,
        envelope(id, address, policy.ttlSeconds),
      )
      if (status === 201) return note('a', id)
      if (status !== 429 && status !== 503) throw new Error(`put: ${status}`)
      counts.refusals += 1
      await pause(Number(headers['retry-after'] ?? 1) * 1000 * Math.random())
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === undefined) throw error
      if (code !== 'ECONNREFUSED') return note('x', id)
      await pause(AWAY_MS)
    }
  }
}

async function ask(id: string): Promise<void> {
  try {
    const { status, body } = await caller.call('GET', `/core/v1/envelopes/${id}/outcome?waitSeconds=2`)
    if (status !== 200) return
    const { outcome } = JSON.parse(body.toString()) as { outcome: string }
    if (outcome !== 'waiting') note('o', id, outcome)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

const counts = { puts: 0, refusals: 0 }
let number = index

async function lane(): Promise<void> {
  for (; number < setting.envelopes;) {
    const box = anyBox()
    const id = envelopeId(setting.run, box, number)
    const asks = Math.floor(number / setting.putters) % ASKS_ONE_IN === 0
    number += setting.putters
    await put(id, box)
    counts.puts += 1
    if (asks) await ask(id)
  }
}

const told = setInterval(() => process.send?.({ ...counts }), 500)
await Promise.all(Array.from({ length: LANES }, lane))
clearInterval(told)
process.send?.({ ...counts }, () => process.exit(0))
