// SPDX-License-Identifier: EUPL-1.2
/**
 * How much the embedded core holds, and how long.
 * @module
 */
import type { BudgetLimits } from '../budget.js'
import type { OutcomeLimits } from '../retention.js'

const MIB = 1024 * 1024

export interface MemoryCoreLimits extends BudgetLimits, OutcomeLimits {
  readonly maxReplyMailboxesPerSender: number
  readonly maxWaiters: number
  /** A hand-over that neither ends nor breaks is `unknown` after this; so long a taker may read what he was handed, whatever its deadline. */
  readonly handoverSeconds: number
}

export const MEMORY_CORE_LIMITS: MemoryCoreLimits = {
  maxBytes: 256 * MIB,
  maxBytesPerSender: 128 * MIB,
  maxBytesPerMailbox: 64 * MIB,
  maxCountPerMailbox: 1000,
  maxOutcomes: 500_000,
  maxOutcomesPerSender: 200_000,
  outcomeSeconds: 24 * 3600,
  maxReplyMailboxesPerSender: 10_000,
  maxWaiters: 10_000,
  handoverSeconds: 60,
}
