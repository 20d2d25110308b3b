// SPDX-License-Identifier: EUPL-1.2
/**
 * The end of a node: what is claimed is finished, who waits is sent elsewhere, and what could not be finished is said.
 * Specs: product.md, "The core" (outcome); docs/adr/0012-long-polls.md.
 * @module
 */
import type { Core } from '../../core/ports.js'
import type { Clock } from '../../env.js'
import type { CoreApi } from '../../gateway/core-api.js'
import type { GatewayLog } from '../../gateway/log.js'

export interface DrainingPorts {
  readonly core: Core
  /** Absent: the core is elsewhere. */
  readonly api: CoreApi | undefined
  readonly clock: Clock
  readonly log: GatewayLog
}

/** Whoever is told at the last moment gets a sealed answer, on a busy machine as well. */
export const FLUSH_MS = 1000

/** Envelopes that end with this node, by the outcome they get. Those of a core that lives on are its own affair, but for hand-overs here. */
async function leftBehind(core: Core, api: CoreApi | undefined): Promise<{ readonly refused: number; readonly unknown: number }> {
  const { adapter, envelopes, waiting } = await core.figures()
  if (adapter !== 'memory') return { refused: 0, unknown: api?.underway ?? 0 }
  const lying = Object.values(waiting).reduce((sum, count) => sum + count, 0)
  return { refused: lying, unknown: envelopes - lying }
}

/**
 * Drains, for `withinMs` at most, and logs `drained` for each outcome that something left over gets, or once without one. Which envelopes
 * those are stands in the outcome records; a log has no field for numbers of them (threat model L1).
 * @returns milliseconds that are left of `withinMs`.
 */
export async function drainCore({ core, api, clock, log }: DrainingPorts, withinMs: number): Promise<number> {
  const beganMs = clock.monotonicMs()
  api?.drain()
  await core.drain(withinMs)
  const durationMs = Math.round(clock.monotonicMs() - beganMs)
  const left = Object.entries(await leftBehind(core, api)).filter(([, count]) => count > 0)
  for (const [outcome] of left) log.write('warn', 'drained', { outcome, durationMs })
  if (left.length === 0) log.write('info', 'drained', { durationMs })
  return Math.max(0, withinMs - durationMs)
}

/**
 * Ends everything, in order. What cannot be ended keeps nothing else: a store on a disk that has become read-only must not leave a process
 * that answers nothing and never ends.
 * @throws the first failure, when all have had their turn.
 */
export async function endAll(ends: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const end of ends) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
