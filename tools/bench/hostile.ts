// SPDX-License-Identifier: EUPL-1.2
/**
 * What valid deliveries lose when one message in twenty is hostile (threat model §9.6): the same gateway, by turns clean and mixed, so that a
 * slow moment of the machine meets both. The gateway is a process of its own; all requests are built beforehand.
 *
 *   as they lie     fixtures/evil (frames, signatures, encryption, bombs) and the captured messages of others
 *   in deliveries   hostile documents, sealed and signed by a known peer for this very gateway
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../generated.js'
import { openHouse, times, type House } from './gateway/house.js'
import type { BenchResult } from './main.js'

const IN_FLIGHT = 8
const WARM_UP = 400
const ROUNDS = 6
/** Valid deliveries of a round. */
const VALID = 300
/** One in so many is hostile. */
const HOSTILE_EVERY = 20
const GOAL = 0.9

const SAMPLE = new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/meldebescheinigung.antwort.1001.dokument.xml', import.meta.url)

function filesIn(folder: string, ending: RegExp): Uint8Array[] {
  const files = readdirSync(join(ROOT, folder)).filter((name) => ending.test(name))
  return files.sort().map((name) => readFileSync(join(ROOT, folder, name)))
}

async function hostileMessages(house: House): Promise<Uint8Array[]> {
  const areas = ['mime', 'base64', 'xml', 'signature', 'encryption']
  const asTheyLie = [
    ...areas.flatMap((area) => filesIn(`fixtures/evil/${area}`, /\.(mime|xml)$/)),
    ...filesIn('fixtures/foreign/osci-bibliothek-2.4.1', /\.bin$/),
  ]
  const inDeliveries: Uint8Array[] = []
  for (const document of ['xml', 'xoev'].flatMap((area) => filesIn(`fixtures/evil/${area}`, /\.xml$/)))
    inDeliveries.push(await house.build(document))
  // by turns, so that every stretch of the run has both
  return asTheyLie.flatMap((message, at) => [message, ...inDeliveries.slice(at, at + 1)])
}

export async function benchHostile(): Promise<BenchResult> {
  const house = await openHouse(readFileSync(SAMPLE))
  try {
    const hostile = await hostileMessages(house)
    let sent = 0
    /** @returns valid deliveries per second. */
    const round = async (mixed: boolean): Promise<number> => {
      const requests: Uint8Array[] = []
      await times(VALID, 2, async () => void requests.push(await house.build()))
      const all: (() => Promise<void>)[] = requests.map((request) => () => house.send(request))
      const attack = async (): Promise<void> => {
        const status = await house.post(hostile[sent++ % hostile.length] ?? new Uint8Array())
        if (status >= 500) throw new Error(`a hostile message was answered with ${status}`)
      }
      if (mixed) for (let at = HOSTILE_EVERY - 1; at < all.length; at += HOSTILE_EVERY) all.splice(at, 0, attack)
      const began = performance.now()
      await times(all.length, IN_FLIGHT, async (at) => all[at]?.())
      return VALID / ((performance.now() - began) / 1000)
    }
    await times(WARM_UP, IN_FLIGHT, async () => house.send(await house.build()))
    let clean = 0
    let mixed = 0
    for (let at = 0; at < ROUNDS; at++) {
      clean += (await round(false)) / ROUNDS
      mixed += (await round(true)) / ROUNDS
    }
    const ratio = mixed / clean
    return {
      name: `valid deliveries/s beside 5 % hostile ones (${sent} of ${hostile.length} kinds, ${IN_FLIGHT} in flight)`,
      ours: `${mixed.toFixed(0)}/s`,
      reference: `${clean.toFixed(0)}/s clean`,
      ratio,
      goal: `≥ ${GOAL.toFixed(2)}`,
      ok: ratio >= GOAL,
    }
  } finally {
    await house.close()
  }
}
