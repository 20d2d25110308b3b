// SPDX-License-Identifier: EUPL-1.2
/**
 * Event-loop delay while large messages are processed: how long another request may have to wait until its turn. Measured inside the
 * gateway's process; caller and register are another process, and the requests are built beforehand, so that the gateway is never idle.
 * A delay contains the resolution of the timer that measures it (2 ms).
 * @module
 */
import { readFileSync } from 'node:fs'
import type { Delay } from './gateway/child.js'
import { openHouse, times } from './gateway/house.js'
import type { BenchResult } from './main.js'

const MB = 1_000_000
const IN_FLIGHT = 4
const WARM_UP = 24
const MESSAGES = 60
const GOAL_MS = 50

const SAMPLE = new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/meldebescheinigung.antwort.1001.dokument.xml', import.meta.url)

/** What makes a register message large: a PDF in it, as base64. */
function documentWithPdf(bytes: number): Uint8Array {
  const sample = readFileSync(SAMPLE, 'utf8').replace(/<xp:sha256>[^<]*<\/xp:sha256>/, '')
  const filler = 'QUJD'.repeat(Math.floor((bytes - sample.length) / 4))
  return Buffer.from(sample.replace(/(<xp:inhalt>)[^<]*/, `$1${filler}`), 'utf8')
}

async function eventLoop(what: string, documentBytes: number): Promise<BenchResult> {
  const house = await openHouse(documentWithPdf(documentBytes))
  try {
    await times(WARM_UP, IN_FLIGHT, async () => house.send(await house.build()))
    const requests: Uint8Array[] = []
    await times(MESSAGES, 2, async () => void requests.push(await house.build()))
    const megabytes = (requests[0]?.byteLength ?? 0) / MB
    await house.ask('reset-delay')
    const began = performance.now()
    await times(MESSAGES, IN_FLIGHT, async (at) => house.send(requests[at] ?? new Uint8Array()))
    const perSecond = MESSAGES / ((performance.now() - began) / 1000)
    const { p50, p99, max } = await house.ask<Delay>('delay')
    return {
      name: `event-loop delay p99, ${what} (${megabytes.toFixed(2)} MB on the wire, ${perSecond.toFixed(0)}/s)`,
      ours: `${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)}, max ${max.toFixed(0)})`,
      reference: undefined,
      ratio: undefined,
      goal: `< ${GOAL_MS} ms`,
      ok: p99 < GOAL_MS,
    }
  } finally {
    await house.close()
  }
}

/** Encryption writes base64 inside base64, so that a message of 1 MB holds a good half of that as its document. */
export const benchEventLoopMessage = (): Promise<BenchResult> => eventLoop('messages of 1 MB', 540_000)
export const benchEventLoopDocument = (): Promise<BenchResult> => eventLoop('documents of 1 MB', MB)
