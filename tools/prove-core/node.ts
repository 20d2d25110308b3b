// SPDX-License-Identifier: EUPL-1.2
/**
 * A process that is a node of the core: the real adapter, the real journal, the real API over TLS; nothing of OSCI. It may be killed at
 * any time and begins anew with the same journal and port. Every event of the core is written down as it is told.
 * @module
 */
import Koa from 'koa'
import { openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { lmdbOutcomes } from '../../src/core/adapters/lmdb-outcomes.js'
import { memoryCore, MEMORY_CORE_LIMITS } from '../../src/core/adapters/memory.js'
import { memoryOnce } from '../../src/core/adapters/memory-once.js'
import { openRedisCore } from '../../src/core/adapters/redis.js'
import { systemClock } from '../../src/core/adapters/timers.js'
import type { Core, CoreObserver, Outcome, OutcomeJournal } from '../../src/core/ports.js'
import type { TraceEntry } from '../../src/core/trace.js'
import { diskGuard, openStoreDirectory } from '../../src/gateway/adapters/store-directory.js'
import { CORE_API_LIMITS, coreApi } from '../../src/gateway/core-api.js'
import { listen } from '../../src/gateway/server.js'
import { BOXES, HANDOVER_SECONDS, PARTICIPANTS } from './boxes.js'

/** What a node is told, as JSON in its argument. */
export interface NodeSetting {
  readonly folder: string
  /** Other than that of any node of the run. */
  readonly name: string
  /** Counts its lives. */
  readonly life: number
  /** 0: any. */
  readonly port: number
  /** Client certificates as base64 of DER, by participant. */
  readonly certificates: Readonly<Record<string, string>>
  /** undefined: the embedded core. */
  readonly redis?: { readonly url: string; readonly prefix: string }
}

/** From the node. */
export type NodeSays = { readonly url: string } | { readonly outcomes: readonly (Outcome | null)[] }
/** To the node. */
export type NodeHears = { readonly ask: readonly string[] } | 'end'

const setting = JSON.parse(process.argv[2] ?? '{}') as NodeSetting
const { folder, name, life, redis } = setting
const say = (what: NodeSays): void => void process.send?.(what)

/** More than any run puts: what is forgotten proves nothing. */
const limits = {
  ...MEMORY_CORE_LIMITS,
  maxOutcomes: 20_000_000,
  maxOutcomesPerSender: 20_000_000,
  handoverSeconds: HANDOVER_SECONDS,
}

const trace = openSync(`${folder}/trace-${name}-${life}.log`, 'a')
const observe: CoreObserver = (event) => {
  const entry: TraceEntry = { ...event, atMs: performance.timeOrigin + performance.now() }
  writeSync(trace, JSON.stringify(entry) + '\n')
}

function openJournal(): OutcomeJournal {
  const path = `${folder}/journal-${name}`
  return lmdbOutcomes({
    ...limits,
    path,
    mapBytes: 16 * 1024 * 1024,
    clock: systemClock,
    newNode: () => name,
    prepare: openStoreDirectory,
    assertRoom: diskGuard(path),
    onUnclean: () => undefined,
    onProblem: (error) => {
      throw error
    },
  })
}

function openCore(journal: OutcomeJournal): Promise<Core> | Core {
  const shared = { ...limits, journal, observe }
  if (redis === undefined) return memoryCore({ ...shared, clock: systemClock })
  return openRedisCore({
    ...shared,
    urls: [redis.url],
    cluster: false,
    prefix: redis.prefix,
    node: `${name}-${life}`,
    onRemark: (remark) => console.error(`redis: ${remark}`),
  })
}

const journal = openJournal()
const core = await openCore(journal)
for (const { address, policy } of BOXES) await core.openMailbox(address, PARTICIPANTS.taker, policy)

const app = new Koa()
app.silent = true
const api = coreApi({
  core,
  // No tokens are used here, so the audience is never looked at.
  publicUrl: 'https://127.0.0.1',
  participants: Object.entries(setting.certificates).map(([id, der]) => ({
    id,
    jwks: [],
    mailboxes: id === PARTICIPANTS.taker ? BOXES.map(({ address }) => address) : [],
    tls: [Buffer.from(der, 'base64')],
  })),
  clock: systemClock,
  // All takers are one participant and stand at the same mailboxes: that is what is to be proven.
  limits: { longPolls: { ...CORE_API_LIMITS.longPolls, perTarget: 1000, perParticipant: 1000 } },
  once: memoryOnce({ clock: systemClock }),
  onError: (error) => console.error(error),
})
app.use(api.router.routes())
const tls = { key: readFileSync(`${folder}/server.key.pem`, 'utf8'), certificate: readFileSync(`${folder}/server.pem`, 'utf8') }
const handler = app.callback()
const server = await listen((request, response) => void handler(request, response), { host: '127.0.0.1', port: setting.port }, { tls })

process.on('message', (heard: NodeHears) => {
  if (heard === 'end') void end()
  else
    void Promise.all(heard.ask.map((id) => core.outcome(id))).then((records) =>
      say({ outcomes: records.map((record) => record?.outcome ?? null) }),
    )
})
process.once('disconnect', () => process.exit(1))
say({ url: server.url })

async function end(): Promise<void> {
  api.drain()
  await Promise.race([core.drain(5000), pause(10_000)])
  await server.close(1000)
  await core.close()
  await journal.close()
  process.exit(0)
}
