// SPDX-License-Identifier: EUPL-1.2
/**
 * Open + answer against its floor: the same private-key operations (two unwraps, two signatures) through the same API with the same
 * number in flight, nothing else.
 * @module
 */
import { publicEncrypt, constants, randomBytes } from 'node:crypto'
import type { BenchResult } from './main.js'
import { KEY_TRANSPORT, scenario, type Scenario } from './scenario.js'
import { demoDocument, validatorOfDemo } from './document.js'
import type { TestKey } from '../../src/pki/test-pki.js'

const IN_FLIGHT = 8
/** A gateway runs for days: measured is what it does when the engine's compiler has settled, not its first seconds. */
const WARM_UP_MESSAGES = 2500

/** Runs `work` so many times, `IN_FLIGHT` at a time. */
async function times(work: () => Promise<unknown>, count: number): Promise<void> {
  let begun = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (begun++ < count) await work()
    }),
  )
}

/** Runs `work` with `IN_FLIGHT` at a time until `seconds` are over; gives completions per second. */
async function perSecond(work: () => Promise<unknown>, seconds: number): Promise<number> {
  let done = 0
  const until = performance.now() + seconds * 1000
  const start = performance.now()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < until) {
        await work()
        done++
      }
    }),
  )
  return done / ((performance.now() - start) / 1000)
}

function floorWork({ addressee }: Scenario): () => Promise<unknown> {
  const key = { key: addressee.decrypter.certificate.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const wrapped = publicEncrypt(key, randomBytes(32))
  const data = randomBytes(2000)
  const signature = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
  return async () => {
    await addressee.decrypter.unwrap(KEY_TRANSPORT, wrapped)
    await addressee.decrypter.unwrap(KEY_TRANSPORT, wrapped)
    await addressee.signer.sign(signature, data)
    await addressee.signer.sign(signature, data)
  }
}

async function openAnswer(key: TestKey, goal: number): Promise<BenchResult> {
  const document = demoDocument(10_000)
  const measured = await scenario(key, document)
  const validator = await validatorOfDemo()
  const work = async (): Promise<void> => {
    const { message, document: received } = await measured.open(measured.request)
    const { verdict } = await validator.validate(received)
    if (verdict !== 'valid') throw new Error(`the document is ${verdict}`)
    await measured.answer(message, document)
  }
  const floor = floorWork(measured)
  await times(work, WARM_UP_MESSAGES)
  await perSecond(floor, 0.5)
  // alternating, so that a slow moment of the machine meets both
  let ours = 0
  let reference = 0
  const rounds = 3
  for (let round = 0; round < rounds; round++) {
    ours += await perSecond(work, 2)
    reference += await perSecond(floor, 1)
  }
  await validator.close()
  const ratio = ours / reference
  return {
    name: `open + answer, ${key}`,
    ours: `${(ours / rounds).toFixed(0)} messages/s`,
    reference: `${(reference / rounds).toFixed(0)} floors/s`,
    ratio,
    goal: `≥ ${goal.toFixed(2)}`,
    ok: ratio >= goal,
  }
}

export const benchOpenAnswer2048 = (): Promise<BenchResult> => openAnswer('rsa-2048', 0.4)
export const benchOpenAnswer4096 = (): Promise<BenchResult> => openAnswer('rsa-4096', 0.75)
