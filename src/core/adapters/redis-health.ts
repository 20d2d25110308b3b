// SPDX-License-Identifier: EUPL-1.2
/**
 * What a server says of itself when a node connects: which run of it this is, whether it is the one that may be written to, and whether
 * anything could reach a disk. What it does not tell counts as bad.
 * @module
 */

/** Why a server is no good place for what must not last. */
export type RedisRemark = 'saves-snapshots' | 'writes-log' | 'may-evict' | 'does-not-tell'

export interface ServerFacts {
  /** Differs after every restart and on every other server. */
  readonly runId: string
  readonly isMaster: boolean
  readonly isCluster: boolean
  readonly remarks: readonly RedisRemark[]
}

/** Answers of `INFO`, and of `CONFIG GET` (flat: name, value, …; undefined: refused). */
export function serverFacts(info: string, config: readonly string[] | undefined): ServerFacts {
  const said = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : []
    }),
  )
  const set = new Map<string, string>()
  for (let i = 0; config !== undefined && i + 1 < config.length; i += 2) set.set(config[i] ?? '', config[i + 1] ?? '')
  const policy = set.get('maxmemory-policy') ?? said.get('maxmemory_policy')
  const save = set.get('save')
  const log = set.get('appendonly')
  const remarks: RedisRemark[] = []
  if (save !== undefined && save.trim() !== '') remarks.push('saves-snapshots')
  if (log === 'yes' || said.get('aof_enabled') === '1') remarks.push('writes-log')
  if (policy !== undefined && policy !== 'noeviction') remarks.push('may-evict')
  if (save === undefined || (log ?? said.get('aof_enabled')) === undefined || policy === undefined) remarks.push('does-not-tell')
  return {
    runId: said.get('run_id') ?? '',
    isMaster: said.get('role') === 'master',
    isCluster: said.get('cluster_enabled') === '1',
    remarks,
  }
}
