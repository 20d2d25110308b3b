// SPDX-License-Identifier: EUPL-1.2
/**
 * Where the core's outcomes are kept: `<dataDirectory>/outcomes`.
 * @module
 */
import { join } from 'node:path'
import type { Config } from '../../config/types.js'
import { lmdbOutcomes } from '../../core/adapters/lmdb-outcomes.js'
import { MEMORY_CORE_LIMITS } from '../../core/adapters/memory-limits.js'
import type { OutcomeJournal } from '../../core/ports.js'
import type { Clock } from '../../env.js'
import { diskGuard, MAP_BYTES, openStoreDirectory } from '../../gateway/adapters/store-directory.js'
import type { GatewayLog } from '../../gateway/log.js'

export interface JournalEnv {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: GatewayLog
}

/**
 * Whoever opened it closes it, after the core. One process per `dataDirectory`.
 * @throws {ConfigError} the directory cannot be used, or is damaged.
 */
export function openOutcomeJournal(config: Config, { clock, random, log }: JournalEnv): OutcomeJournal {
  const { maxOutcomes, maxOutcomesPerSender } = MEMORY_CORE_LIMITS
  const path = join(config.dataDirectory, 'outcomes')
  return lmdbOutcomes({
    path,
    mapBytes: MAP_BYTES,
    clock,
    maxOutcomes,
    maxOutcomesPerSender,
    outcomeSeconds: config.core.outcomeHours * 3600,
    newNode: () => Buffer.from(random(16)).toString('hex'),
    prepare: openStoreDirectory,
    assertRoom: diskGuard(path),
    onUnclean: () => log.write('warn', 'outcomes-put-aside', { role: 'core', error: 'ERR_MACHINE_FAILED' }),
    onProblem: () => log.write('error', 'outcomes-not-written', { role: 'core', error: 'ERR_INTERNAL' }),
  })
}
