// SPDX-License-Identifier: EUPL-1.2
/**
 * Hand-overs of the core in Redis: put, take, delivered, 10 KB each, 64 in flight, against the least that any store behind the same client
 * could do: `SET … PX` and `GETDEL` of the same bytes, pipelined, as many in flight. Without a journal on either side.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import { openRedisCore, type RedisCore } from '../../src/core/adapters/redis.js'
import { MEMORY_CORE_LIMITS } from '../../src/core/adapters/memory-limits.js'
import { RedisServer } from '../../test/core/redis/server.js'
import { times } from './gateway/house.js'
import type { BenchResult } from './main.js'

const BODY_BYTES = 10_240
const IN_FLIGHT = 64
const ROUNDS = 3
const PAIRS = 6000
const BOX = 'bench'
const NAME = 'hand-overs/s in Redis, 10 KB, 64 in flight (reference: SET PX + GETDEL pairs/s)'
const GOAL = '≥ 0.50'

const newId = (): string => randomBytes(16).toString('hex')

async function perSecond(each: () => Promise<void>): Promise<number> {
  await times(PAIRS / 10, IN_FLIGHT, each)
  const began = performance.now()
  await times(PAIRS, IN_FLIGHT, each)
  return PAIRS / ((performance.now() - began) / 1000)
}

const handOver = (core: RedisCore) => async (): Promise<void> => {
  await core.put({ id: newId(), to: BOX, sender: 'portal-1', ttlSeconds: 10, body: Buffer.alloc(BODY_BYTES, 7) })
  const claim = await core.take(BOX, 0)
  if (claim?.envelope.body.length !== BODY_BYTES) throw new Error('nothing was handed over')
  await claim.confirm()
}

const bare = (client: Redis) => async (): Promise<void> => {
  const key = newId()
  await client.set(key, Buffer.alloc(BODY_BYTES, 7), 'PX', 10_000)
  const body = await client.getdelBuffer(key)
  if (body?.length !== BODY_BYTES) throw new Error('nothing came back')
}

/** Rounds take turns, so that whatever else the machine does falls on both. */
export async function benchRedis(): Promise<BenchResult> {
  if (spawnSync('redis-server', ['--version']).error)
    return { name: `${NAME}: no redis-server here`, ours: '–', reference: undefined, ratio: undefined, goal: GOAL }
  const server = await RedisServer.start()
  const client = new Redis(server.url, { enableAutoPipelining: true })
  const core = await openRedisCore({
    ...MEMORY_CORE_LIMITS,
    outcomeSeconds: 60,
    urls: [server.url],
    cluster: false,
    prefix: 'bench',
    node: 'bench',
    onRemark: () => undefined,
  })
  try {
    await core.openMailbox(BOX, 'register-1', { ttlSeconds: 10, handover: 'at-most-once' })
    let [ours, reference] = [0, 0]
    for (let round = 0; round < ROUNDS; round += 1) {
      reference = Math.max(reference, await perSecond(bare(client)))
      ours = Math.max(ours, await perSecond(handOver(core)))
    }
    const ratio = ours / reference
    return { name: NAME, ours: ours.toFixed(0), reference: reference.toFixed(0), ratio, goal: GOAL, ok: ratio >= 0.5 }
  } finally {
    await core.close()
    client.disconnect()
    await server.stop()
  }
}
