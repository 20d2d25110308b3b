// SPDX-License-Identifier: EUPL-1.2
/**
 * Breathing: parsing, canonical form and digests of a large message stay on the event loop; within and between these steps other
 * requests get their turn, so that no one message holds the loop for long, and the work of one message has an end (threat model H6).
 * @module
 */
import { StructureError, type StageName } from '../errors.js'
import type { Turn } from '../xml/turns.js'
import type { OsciEnv } from './types.js'

const LARGE_BYTES = 64 * 1024
/** Work on the event loop that the opening of one message may take. */
const MAX_WORK_MS = 5000

type Breathing = Pick<OsciEnv, 'breathe' | 'work' | 'monotonicMs'>

/**
 * Turns for one step on so many bytes. Only the step's own time counts as work, not what others do in between.
 * @returns undefined for a step that needs none: the message is small, or nobody waits (offline `check`).
 * @throws {StructureError} `osci-structure.too-costly` (9100), from a turn: the message has worked for {@link MAX_WORK_MS}.
 */
export function turnsFor(env: Breathing, bytes: number, stage: StageName): Turn | undefined {
  const { breathe, work = { milliseconds: 0 } } = env
  if (breathe === undefined || bytes <= LARGE_BYTES) return undefined
  let since = env.monotonicMs()
  return async () => {
    work.milliseconds += env.monotonicMs() - since
    if (work.milliseconds > MAX_WORK_MS)
      throw new StructureError(stage, 'osci-structure.too-costly', `the message takes more than ${MAX_WORK_MS} ms of work`)
    await breathe()
    since = env.monotonicMs()
  }
}

/** One turn between two steps of a large message. */
export async function breatheIfLarge(env: Pick<OsciEnv, 'breathe'>, bytes: number): Promise<void> {
  if (bytes > LARGE_BYTES) await env.breathe?.()
}
