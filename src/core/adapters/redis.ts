// SPDX-License-Identifier: EUPL-1.2
/**
 * The core in Redis or Valkey: several nodes share what waits, and each promise of the port holds between them.
 *
 *   node 1 ── put ──►  mailbox, envelope, deadline  ◄── take ── node 2        every step one script, atomic, by the server's clock
 *      ▲                        │
 *      └──── called by channel ─┴─ something waits · claimed · settled
 *
 * Nothing is handed out twice: the claim takes the bytes away in the script that finds them. After a restart or a fail-over nothing that
 * was put before is handed out; the node that accepted it reports `unknown`. While the server is away, calls fail at once and nothing waits
 * for it. See docs/adr/0011-core-in-redis.md.
 * @module
 */
import type { Clock } from '../../env.js'
import { CoreError } from '../errors.js'
import type {
  Claim,
  Core,
  CoreFigures,
  CoreObserver,
  MailboxAddress,
  MailboxPolicy,
  Once,
  OutcomeJournal,
  OutcomeRecord,
  Reservation,
  StoredEnvelope,
  TakeChoice,
} from '../ports.js'
import type { StartTimer } from '../ttl.js'
import { Deadlines } from '../ttl.js'
import { MEMORY_CORE_LIMITS } from './memory.js'
import { Calls, places, text, type Places } from './redis-calls.js'
import { Claims } from './redis-claim.js'
import { Fates, readRecord, shown } from './redis-fates.js'
import type { RedisRemark } from './redis-health.js'
import { AnswerLost, RedisLink } from './redis-link.js'
import type { RedisLimits } from './redis-lua.js'
import { Put } from './redis-put.js'
import { Room } from './redis-room.js'
import { redisScripts } from './redis-scripts.js'
import { Sweeper } from './redis-sweeper.js'
import { Takers, type Look } from './redis-takers.js'
import { systemClock, startTimer as systemTimer } from './timers.js'
