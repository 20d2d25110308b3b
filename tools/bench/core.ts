// SPDX-License-Identifier: EUPL-1.2
/**
 * The embedded core over loopback HTTP, against a bare koa-router that reads the same bodies: how long a hand-over takes, how many puts a
 * second one core of the machine carries, and what happens to others when a mailbox is full.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './core/load.js'
import { FULL, settle, type People } from './core/people.js'
import type { Question, Started } from './core/server.js'
import type { BenchResult } from './main.js'

const here = (name: string): string => fileURLToPath(new URL(`./core/${name}`, import.meta.url))
const ROUNDS = 3
const PUTS = 5000
const CONNECTIONS = 50
const PER_SECOND = 500
const HANDOVERS = 10_000

/** A process on one core of the machine, where the system can bind it. */
function onCore(core: number, args: readonly string[], stdio: 'ipc' | 'pipe'): ChildProcess {
  const node = [...(process.env.PROTEKTOR_BENCH_NODE?.split(' ') ?? []), '--expose-gc', '--import', 'tsx', ...args]
  const pinned = process.platform === 'linux' && availableParallelism() > 1
  const [command, argv] = pinned ? ['taskset', ['-c', String(core), process.execPath, ...node]] : [process.execPath, node]
  return spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit', ...(stdio === 'ipc' ? (['ipc'] as const) : [])] })
}

interface Served {
  readonly url: string
  ask<T>(question: Question): Promise<T>
  close(): Promise<void>
}

async function serve(...args: readonly string[]): Promise<Served> {
  const child = onCore(0, [here('server.ts'), ...args], 'ipc')
  const message = <T>() =>
    new Promise<T>((resolve, reject) => {
      child.once('message', (value) => resolve(value as T))
      child.once('exit', () => reject(new Error('the measured process ended')))
    })
  const { url } = await message<Started>()
  const ask = async <T>(question: Question): Promise<T> => {
    const answer = message<{ answer: T }>()
    child.send(question)
    return (await answer).answer
  }
  return { url, ask, close: async () => void (await ask('end')) }
}

async function load(order: Order): Promise<Report> {
  const child = onCore(1, [here('load.ts'), JSON.stringify(order)], 'pipe')
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error('the load generator failed')
  return JSON.parse(text) as Report
}

interface House {
  readonly people: People
  readonly ours: Served
  readonly bare: Served
}

async function withHouse<T>(tls: boolean, work: (house: House) => Promise<T>, more = ''): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const people = await settle(directory, { tls, more })
    const ours = await serve('core', join(directory, 'gateway.yaml'))
    const bare = await serve('bare', ...(tls ? [join(directory, 'server.key.pem'), join(directory, 'server.pem')] : []))
    try {
      return await work({ people, ours, bare })
    } finally {
      await Promise.all([ours.close(), bare.close()])
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Puts of one round, and the processor time that one took in the measured process. */
async function round(served: Served, order: Omit<Order, 'url'>): Promise<{ perSecond: number; cpuUs: number }> {
  type Usage = { user: number; system: number }
  const before = await served.ask<Usage>('cpu')
  const { done, elapsedMs, statuses } = await load({ ...order, url: served.url })
  const after = await served.ask<Usage>('cpu')
  if (done !== order.count) throw new Error(`not every put was taken: ${JSON.stringify(statuses)}`)
  return { perSecond: done / (elapsedMs / 1000), cpuUs: (after.user + after.system - before.user - before.system) / done }
}

async function puts(name: string, tls: boolean, token: boolean, goal: number): Promise<BenchResult> {
  return withHouse(tls, async ({ people, ours, bare }) => {
    const order = { kind: 'puts', people, token, count: PUTS, connections: CONNECTIONS } as const
    const rounds: { ours: { perSecond: number; cpuUs: number }; bare: { perSecond: number; cpuUs: number } }[] = []
    // in turns, so that a slow moment of the machine meets both; the first round warms up
    for (let i = 0; i <= ROUNDS; i++) rounds.push({ ours: await round(ours, order), bare: await round(bare, { ...order, token: false }) })
    const counted = rounds.slice(1)
    const mean = (of: (one: (typeof counted)[number]) => number) => counted.reduce((sum, one) => sum + of(one), 0) / counted.length
    const [mine, theirs] = [mean((r) => r.ours.perSecond), mean((r) => r.bare.perSecond)]
    const [mineUs, theirsUs] = [mean((r) => r.ours.cpuUs), mean((r) => r.bare.cpuUs)]
    const ratio = mine / theirs
    return {
      name: `${name} (processor time ${mineUs.toFixed(0)} against ${theirsUs.toFixed(0)} µs a put: ${(theirsUs / mineUs).toFixed(2)})`,
      ours: `${mine.toFixed(0)} puts/s`,
      reference: `${theirs.toFixed(0)} posts/s`,
      ratio,
      goal: `≥ ${goal.toFixed(2)}`,
      ok: ratio >= goal,
    }
  })
}

export const benchCorePutsMutualTls = (): Promise<BenchResult> => puts('puts/s, mutual TLS, 16 KiB, 50 connections', true, false, 0.5)
export const benchCorePutsToken = (): Promise<BenchResult> => puts('puts/s, a token per call, 16 KiB, 50 connections', false, true, 0.3)

export async function benchCoreHandover(): Promise<readonly BenchResult[]> {
  return withHouse(false, async ({ people, ours, bare }) => {
    const order = { people, token: true, count: HANDOVERS, connections: CONNECTIONS, perSecond: PER_SECOND } as const
    const handed = await load({ ...order, kind: 'handovers', url: ours.url })
    if (handed.done !== 2 * HANDOVERS) throw new Error(`not everything was handed over: ${JSON.stringify(handed.statuses)}`)
    const posted = await load({ ...order, kind: 'posts', token: false, url: bare.url })
    const name = `hand-over at ${PER_SECOND}/s, 16 KiB, taker waiting`
    const ms = (value: number): string => `${value.toFixed(2)} ms`
    const p99 = `${ms(handed.p99)} (${handed.windowsP99.map((one) => one.toFixed(1)).join(', ')})`
    const reference = `${ms(posted.p50)} (bare POST)`
    const ratio = handed.p50 / posted.p50
    const absolute = { reference: undefined, ratio: undefined }
    return [
      { name: `${name}, p50`, ours: ms(handed.p50), ...absolute, goal: '< 1 ms', ok: handed.p50 < 1 },
      { name: `${name}, p99`, ours: p99, ...absolute, goal: '< 10 ms', ok: handed.p99 < 10 },
      { name: `${name}, p50 against a bare POST`, ours: ms(handed.p50), reference, ratio, goal: 3 },
    ]
  })
}

/** A mailbox is filled to its bound and hammered; meanwhile others put, and are taken. */
export async function benchCoreFull(): Promise<readonly BenchResult[]> {
  return withHouse(
    false,
    async ({ people, ours }) => {
      const order = { people, token: true, url: ours.url }
      const flood = (count: number) => load({ ...order, kind: 'puts', mailbox: FULL, count, connections: CONNECTIONS })
      await flood(5000)
      const before = await ours.ask<number>('memory')
      const [flooded, served] = await Promise.all([
        flood(10_000),
        load({ ...order, kind: 'handovers', count: 1000, connections: CONNECTIONS, perSecond: 100 }),
      ])
      const after = await ours.ask<number>('memory')
      const refused = flooded.statuses['429'] ?? 0
      const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
      const share = (served.statuses['201'] ?? 0) / 1000
      return [
        {
          name: `others served beside a full mailbox (${refused} puts refused; p99 of the others ${served.p99.toFixed(1)} ms)`,
          ours: share,
          reference: 1,
          ratio: share,
          goal: '= 1.00',
          ok: share === 1 && refused > 0,
        },
        { name: 'resident memory after 10,000 refused puts', ours: mib(after), reference: mib(before), ratio: after / before, goal: 1.2 },
      ]
    },
    'limits: { coreBytes: 134217728 }',
  )
}
