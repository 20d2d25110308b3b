// SPDX-License-Identifier: EUPL-1.2
/**
 * Which core a configuration means: the one in this process, or one in Redis that several nodes share.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Config } from '../../config/types.js'
import { memoryCore } from '../../core/adapters/memory.js'
import { MEMORY_CORE_LIMITS } from '../../core/adapters/memory-limits.js'
import type { Core, CoreObserver, Once, OutcomeJournal } from '../../core/ports.js'
import type { Clock } from '../../env.js'
import type { GatewayLog } from '../../gateway/log.js'

export interface CoreEnv {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: GatewayLog
  readonly journal: OutcomeJournal
  readonly observe?: CoreObserver
}

export interface OpenedCore {
  readonly core: Core
  /** Shared by all nodes of this core; undefined: this process is the only one. */
  readonly once: Once | undefined
}

/** @throws {CoreError} full: the server of a core in Redis cannot be reached. */
export async function openCore(config: Config, env: CoreEnv): Promise<OpenedCore> {
  const { redis } = config.core
  const { clock, journal, observe } = env
  const shared = { ...(observe === undefined ? {} : { observe }), clock, journal }
  if (redis === undefined) return { core: memoryCore({ ...shared, maxBytes: config.limits.coreBytes }), once: undefined }
  // only who shares a core pays for its library
  const { openRedisCore } = await import('../../core/adapters/redis.js')
  const core = await openRedisCore({
    ...MEMORY_CORE_LIMITS,
    ...shared,
    maxBytes: config.limits.coreBytes,
    outcomeSeconds: config.core.outcomeHours * 3600,
    urls: redis.urls ?? [redis.url ?? ''],
    cluster: redis.urls !== undefined,
    ...(redis.passwordFile === undefined ? {} : { password: await firstLine(redis.passwordFile) }),
    prefix: redis.prefix,
    node: `${redis.node ?? hostname()}-${Buffer.from(env.random(9)).toString('hex')}`,
    onRemark: (remark) => env.log.write('error', `redis-${remark}`, { role: 'core', error: 'ERR_CORE_SERVER_UNFIT' }),
  })
  return { core, once: core.once }
}

async function firstLine(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0] ?? ''
}
