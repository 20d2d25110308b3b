// SPDX-License-Identifier: EUPL-1.2
/**
 * Resident memory of a gateway after 20,000 messages against that after 2,000: what stays behind of a message, be it a leak or a table
 * that grows. The whole way over HTTP (opened, checked, core, register, answer sealed), 10 KB documents, RSA-2048; the gateway is a
 * process of its own and collects its garbage before each reading. Takes minutes: the caller's keys work on the same machine.
 * @module
 */
import { demoDocument } from './document.js'
import { openHouse, times } from './gateway/house.js'
import type { BenchResult } from './main.js'

const DOCUMENT_BYTES = 10_000
const FIRST = 2_000
const LAST = 20_000
const IN_FLIGHT = 8
const GOAL = 1.2
const MIB = 1024 * 1024
/** The loop ends here whatever the machine; then nothing is judged. */
const MAX_SECONDS = 900

const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`

export async function benchMemory(): Promise<BenchResult> {
  const house = await openHouse(demoDocument(DOCUMENT_BYTES))
  try {
    const began = performance.now()
    const seconds = (): number => (performance.now() - began) / 1000
    let sent = 0
    const ride = async (): Promise<void> => {
      if (seconds() > MAX_SECONDS) return
      await house.send(await house.build())
      sent++
    }
    await times(FIRST, IN_FLIGHT, ride)
    const reference = await house.ask<number>('memory')
    await times(LAST - FIRST, IN_FLIGHT, ride)
    const ours = await house.ask<number>('memory')
    const ratio = ours / reference
    const name = `resident memory after ${LAST} messages against ${FIRST}`
    const took = `${sent} messages in ${seconds().toFixed(0)} s`
    if (sent < LAST)
      return { name: `${name}: ended early, ${took}`, ours: inMib(ours), reference: inMib(reference), ratio, goal: `≤ ${GOAL}` }
    return { name: `${name} (${took})`, ours: inMib(ours), reference: inMib(reference), ratio, goal: GOAL }
  } finally {
    await house.close()
  }
}
