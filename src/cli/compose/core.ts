// SPDX-License-Identifier: EUPL-1.2
/**
 * Which core a configuration means: the one in this process, one in Redis that several nodes share, or that of another Protektor.
 * @module
 */
import { hostname } from 'node:os'
import type { Config } from '../../config/types.js'
import { memoryCore } from '../../core/adapters/memory.js'
import { MEMORY_CORE_LIMITS } from '../../core/adapters/memory-limits.js'
import type { RedisCoreOptions } from '../../core/adapters/redis-options.js'
import { memoryOnce } from '../../core/adapters/memory-once.js'
import type { Core, CoreObserver, Once, OutcomeJournal } from '../../core/ports.js'
import { CoreError } from '../../core/errors.js'
import type { Clock } from '../../env.js'
import type { GatewayLog } from '../../gateway/log.js'
import type { GatewayIdentity } from '../../gateway/ports.js'
import { CommandError } from '../arguments.js'
import { firstLine } from './keys.js'
import { openOutcomeJournal } from './outcome-journal.js'
import { openRemoteCore } from './remote-core.js'

export interface CoreEnv {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly log: GatewayLog
  /** Ours, towards a core elsewhere. */
  readonly identity: GatewayIdentity
  readonly observe: CoreObserver
}

/** Without what may stand before the host. */
function unreachable(urls: readonly string[]): CommandError {
  const hosts = urls.map((url) => new URL(url).host).join(', ')
  return new CommandError('core.unreachable', {
    de: `der Kern in Redis ist nicht erreichbar, hat keine Datenbank dieser Nummer, oder dort lässt sich nicht schreiben (core.redis: ${hosts})`,
    en: `the core in Redis cannot be reached, has no database of this number, or cannot be written to (core.redis: ${hosts})`,
  })
}

export interface OpenedCore {
  readonly core: Core
  /** Tokens seen, by all nodes that share the core. */
  readonly once: Once
  /** undefined: the core elsewhere keeps its own. */
  readonly journal: OutcomeJournal | undefined
}

async function passwordOf(file: string | undefined): Promise<Pick<RedisCoreOptions, 'password' | 'readPassword'>> {
  if (file === undefined) return {}
  const readPassword = (): Promise<string> => firstLine(file)
  return { password: await readPassword(), readPassword }
}

/** What the configuration makes larger must not stop at a share of the default. */
function quotasOf({
  limits: { coreBytes },
  core: { longPolls },
}: Config): Pick<RedisCoreOptions, 'maxBytes' | 'maxBytesPerSender' | 'maxWaiters'> {
  const { maxBytesPerSender, maxWaiters } = MEMORY_CORE_LIMITS
  return {
    maxBytes: coreBytes,
    maxBytesPerSender: Math.max(maxBytesPerSender, Math.floor(coreBytes / 2)),
    // those of participants, beside the gateway's own
    maxWaiters: maxWaiters + longPolls.total,
  }
}

/**
 * @param opened is told what must be closed when the start fails later on.
 * @throws {CommandError} `core.unreachable` the server of a core in Redis cannot be reached, or cannot be written to.
 */
export async function openCore(config: Config, env: CoreEnv, opened: (() => Promise<unknown>)[]): Promise<OpenedCore> {
  const { redis, remote } = config.core
  const { clock, observe } = env
  if (remote !== undefined) return { core: openRemoteCore(remote, env.identity, clock), once: memoryOnce({ clock }), journal: undefined }
  const journal = openOutcomeJournal(config, env)
  opened.push(() => journal.close())
  const shared = { clock, journal, observe, ...quotasOf(config) }
  if (redis === undefined) return { core: memoryCore(shared), once: memoryOnce({ clock }), journal }
  // only who shares a core pays for its library
  const { openRedisCore } = await import('../../core/adapters/redis.js')
  const urls: readonly string[] = redis.urls ?? [redis.url ?? '']
  const core = await openRedisCore({
    ...MEMORY_CORE_LIMITS,
    ...shared,
    outcomeSeconds: config.core.outcomeHours * 3600,
    urls,
    cluster: redis.urls !== undefined,
    ...(await passwordOf(redis.passwordFile)),
    prefix: redis.prefix,
    node: `${redis.node ?? hostname()}-${Buffer.from(env.random(9)).toString('hex')}`,
    onRemark: (remark) => env.log.write('error', `redis-${remark}`, { role: 'core', error: 'ERR_CORE_SERVER_UNFIT' }),
    onReach: (isThere) => env.log.write(isThere ? 'info' : 'error', isThere ? 'redis-back' : 'redis-away', { role: 'core' }),
  }).catch((error: unknown) => {
    throw error instanceof CoreError && error.kind === 'full' ? unreachable(urls) : error
  })
  opened.push(() => core.close())
  return { core, once: core.once, journal }
}
