// SPDX-License-Identifier: EUPL-1.2
/**
 * What a node of a core in Redis is opened with.
 * @module
 */
import type { Clock } from '../../env.js'
import type { CoreObserver, OutcomeJournal } from '../ports.js'
import type { StartTimer } from '../ttl.js'
import type { RedisRemark } from './redis-health.js'
import type { RedisLimits } from './redis-lua.js'

export interface RedisCoreOptions extends RedisLimits {
  readonly urls: readonly string[]
  /** The servers share the slots. */
  readonly cluster: boolean
  readonly password?: string
  /** Asked when a single server refuses the one that was given. */
  readonly readPassword?: () => Promise<string>
  /** Before every key; no braces. */
  readonly prefix: string
  /** Name of this node and this life of it; no other may have it. */
  readonly node: string
  readonly maxWaiters: number
  readonly journal?: OutcomeJournal
  readonly observe?: CoreObserver
  /** The server is no good place for what must not last; called at every connect. */
  readonly onRemark: (remark: RedisRemark) => void
  /** A server that was there is lost, or one is there again. */
  readonly onReach?: (isThere: boolean) => void
  readonly clock?: Clock
  readonly startTimer?: StartTimer
  /** Answers that take longer count as lost. Default 2000. */
  readonly commandMs?: number
  /** How long opening waits for the server. Default 10 000. */
  readonly connectMs?: number
  /** Tests only, no configuration leads here: a clock in place of the server's. Milliseconds. */
  readonly nowMs?: () => number
}
