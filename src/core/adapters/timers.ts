// SPDX-License-Identifier: EUPL-1.2
/**
 * The real timer and the real clock for the core.
 * @module
 */
import { clearTimeout, setTimeout } from 'node:timers'
import type { Clock } from '../../env.js'
import type { StartTimer } from '../ttl.js'

/** Does not keep the process alive. */
export const startTimer: StartTimer = (delayMs, run) => {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() }
