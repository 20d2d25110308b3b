// SPDX-License-Identifier: EUPL-1.2
/**
 * What the pure rooms get from the world: turns of the event loop, and chance.
 * @module
 */
import { randomFillSync } from 'node:crypto'

/** Lets everything else that is ready run first. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

const PORTION_BYTES = 4096

/**
 * Chance in portions: a call of the system's generator costs the same for a key as for a hundred. Octets leave once, and the portion
 * forgets them.
 */
export function portionedRandom(): (bytes: number) => Uint8Array {
  const portion = new Uint8Array(PORTION_BYTES)
  let used = PORTION_BYTES
  return (bytes) => {
    if (bytes > PORTION_BYTES / 8) return randomFillSync(new Uint8Array(bytes))
    if (used + bytes > PORTION_BYTES) {
      randomFillSync(portion)
      used = 0
    }
    const octets = portion.slice(used, used + bytes)
    portion.fill(0, used, used + bytes)
    used += bytes
    return octets
  }
}
