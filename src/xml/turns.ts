// SPDX-License-Identifier: EUPL-1.2
/**
 * Long work in turns: written once as a generator that stops every few milliseconds, then run to its end at once or with a turn of
 * the event loop at each stop (threat model H6).
 * @module
 */

/** Awaited at each stop. Gives the loop to others; throws when the work may not go on. */
export type Turn = () => Promise<void>

/** Work that stops now and then, and gives its result at the end. */
export type Stops<T> = Generator<undefined, T, undefined>

export function atOnce<T>(work: Stops<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** @param turn undefined: at once. @throws whatever the work or `turn` throws. */
export async function inTurns<T>(work: Stops<T>, turn: Turn | undefined): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await turn?.()
  }
}
