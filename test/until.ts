// SPDX-License-Identifier: EUPL-1.2
/**
 * Waits for what happens elsewhere, instead of for a time.
 * @module
 */
const WITHIN_MS = 20_000
const LOOK_MS = 5

/**
 * Asks until the answer is neither undefined nor false.
 * @param what it waits for, for whoever reads that it did not come; else the words of the question.
 * @throws Error after twenty seconds: what never comes true must not pass for true.
 */
export async function until<T>(probe: () => T | Promise<T>, what = String(probe)): Promise<Exclude<T, false | undefined>> {
  const endMs = performance.now() + WITHIN_MS
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value as Exclude<T, false | undefined>
    if (performance.now() > endMs) throw new Error(`never came true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
