// SPDX-License-Identifier: EUPL-1.2
/**
 * One run: nodes, putters and takers in processes of their own, disturbed at random until everything is put; then every outcome is asked
 * for and held against what the processes wrote down.
 * @module
 */
import { build } from 'esbuild'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Outcome } from '../../src/core/ports.js'
import type { TraceFault } from '../../src/core/trace.js'
import { makePki, writeExtension } from '../../src/pki/test-pki.js'
import { ROOT } from '../generated.js'
import type { PutNote, Setting, TakeNote } from './boxes.js'
import { PARTICIPANTS } from './boxes.js'
import { Member, nextSaid, script } from './crowd.js'
import type { NodeHears, NodeSetting } from './node.js'
import { checkClaims, checkLives, lines } from './traces.js'
import type { Verdict } from './verdict.js'
import { judge } from './verdict.js'

export interface RunOptions {
  readonly envelopes: number
  readonly takers: number
  /** undefined: the embedded core. */
  readonly redisUrl?: string
  /** Told about once a second. */
  readonly onProgress?: (put: number, seconds: number) => void
}

export interface RunResult {
  readonly adapter: 'memory' | 'redis'
  readonly envelopes: number
  readonly takers: number
  readonly putters: number
  readonly nodes: number
  /** From the first put to the last. */
  readonly seconds: number
  /** Puts that were asked to come later (429, 503). */
  readonly refusals: number
  readonly done: Readonly<Record<Disturbance['name'], number>>
  readonly verdict: Verdict
  readonly traceFaults: readonly TraceFault[]
  /** Notes and traces of all processes; kept when something is wrong. */
  readonly folder: string
}

interface Disturbance {
  readonly name: 'taker killed' | 'taker stopped' | 'node killed' | 'node stopped'
  /** Happens about every so many envelopes, but at least three times. */
  readonly every: number
}

const PUTTERS = 2
/** Longer than a lease and a hand-over take. */
const MAX_STOP_MS = 4000
const DISTURBANCES: Readonly<Record<RunResult['adapter'], readonly Disturbance[]>> = {
  memory: [
    { name: 'taker killed', every: 2500 },
    { name: 'taker stopped', every: 2000 },
    { name: 'node killed', every: 50_000 },
  ],
  redis: [
    { name: 'taker killed', every: 2500 },
    { name: 'taker stopped', every: 2000 },
    { name: 'node killed', every: 5000 },
    { name: 'node stopped', every: 4000 },
  ],
}
const AT_LEAST = 3

/** subjectAltName 127.0.0.1. */
const LOOPBACK = writeExtension('2.5.29.17', false, Buffer.from([0x30, 0x06, 0x87, 0x04, 127, 0, 0, 1]))

/** Nothing is open longer than this: the longest life, and a hand-over or lease that began at its end. */
const SETTLED_WITHIN_MS = 60_000
const ASKED_AT_ONCE = 500

/** @throws when a process fails by itself, or nothing comes to an end */
export async function proveRun(options: RunOptions): Promise<RunResult> {
  const run = new Run(options)
  try {
    return await run.result()
  } finally {
    await run.end()
  }
}

class Run {
  readonly #options: RunOptions
  readonly #adapter: RunResult['adapter']
  readonly #folder = mkdtempSync(join(tmpdir(), 'protektor-proof-'))
  readonly #run = randomBytes(4).toString('hex')
  /** Beside the packages, for the one that cannot be bundled. */
  readonly #bundles = join(ROOT, 'node_modules/.cache/prove-core', this.#run)
  readonly #nodes: Member[] = []
  readonly #takers: Member[] = []
  readonly #putters: Member[] = []
  readonly #counts = new Map<Member, { readonly puts: number; readonly refusals: number }>()
  readonly #done: Record<Disturbance['name'], number> = { 'taker killed': 0, 'taker stopped': 0, 'node killed': 0, 'node stopped': 0 }
  readonly #failed: Promise<never>
  #fail: (error: Error) => void = () => undefined
  #isClean = false

  constructor(options: RunOptions) {
    this.#options = options
    this.#adapter = options.redisUrl === undefined ? 'memory' : 'redis'
    this.#failed = new Promise((_, reject) => (this.#fail = reject))
    this.#failed.catch(() => undefined)
  }

  result(): Promise<RunResult> {
    return Promise.race([this.#failed, this.#prove()])
  }

  async end(): Promise<void> {
    await Promise.all([...this.#putters, ...this.#takers, ...this.#nodes].map((member) => member.kill()))
    rmSync(this.#bundles, { recursive: true, force: true })
    if (this.#isClean) rmSync(this.#folder, { recursive: true })
  }

  async #prove(): Promise<RunResult> {
    const { envelopes, takers } = this.#options
    await build({
      entryPoints: ['node', 'putter', 'taker'].map((name) => join(import.meta.dirname, `${name}.ts`)),
      outdir: this.#bundles,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      external: ['lmdb'],
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
    })
    const urls = await this.#startNodes()
    const setting: Setting = { folder: this.#folder, run: this.#run, urls, envelopes, putters: PUTTERS, takers }
    writeFileSync(join(this.#folder, 'run.json'), JSON.stringify(setting))
    for (let i = 0; i < takers; i++)
      this.#join(this.#takers, `taker ${i + 1}`, () => script(this.#bundle('taker'), this.#folder, String(i)))
    const seconds = await this.#put()
    const outcomes = await this.#outcomes()
    await Promise.all(this.#takers.map((taker) => taker.kill()))
    await Promise.all(this.#nodes.map((node) => this.#endNode(node)))

    const verdict = judge({ puts: this.#notes<PutNote>('put-'), takes: this.#notes<TakeNote>('take-'), outcomes })
    const traces = this.#nodes.flatMap(({ name, lives }) =>
      Array.from({ length: lives }, (_, life) => this.#path(`trace-${name}-${life}.log`)),
    )
    const traceFaults = this.#adapter === 'memory' ? checkLives(traces) : checkClaims(traces)
    this.#isClean = verdict.faults.length + traceFaults.length === 0
    const refusals = [...this.#counts.values()].reduce((sum, one) => sum + one.refusals, 0)
    const facts = { adapter: this.#adapter, envelopes, takers, putters: PUTTERS, nodes: this.#nodes.length, folder: this.#folder }
    return { ...facts, seconds, refusals, done: this.#done, verdict, traceFaults }
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #bundle(name: string): string {
    return join(this.#bundles, `${name}.mjs`)
  }

  #join(group: Member[], name: string, start: (life: number) => ChildProcess): Member {
    const member = new Member(name, start, (error) => this.#fail(error))
    group.push(member)
    member.start()
    return member
  }

  /** @returns their addresses, which they keep in every life. */
  async #startNodes(): Promise<string[]> {
    const certificates = await this.#makeKeys()
    const { redisUrl } = this.#options
    const urls: string[] = []
    for (const name of this.#adapter === 'memory' ? ['a'] : ['a', 'b']) {
      let port = 0
      const redis = redisUrl === undefined ? {} : { redis: { url: redisUrl, prefix: `prove-${this.#run}` } }
      const start = (life: number): ChildProcess => {
        const setting: NodeSetting = { folder: this.#folder, name, life, port, certificates, ...redis }
        return script(this.#bundle('node'), JSON.stringify(setting))
      }
      const { url } = await nextSaid<{ url: string }>(this.#join(this.#nodes, name, start).process)
      port = Number(new URL(url).port)
      urls.push(url)
    }
    return urls
  }

  /** Writes what the processes need to know each other. @returns the participants' certificates */
  async #makeKeys(): Promise<Record<string, string>> {
    const now = Date.now()
    const leaf = { usage: 'both', key: 'ec-p256' } as const
    const { ca, leaves } = await makePki({
      notBefore: new Date(now - 3_600_000),
      notAfter: new Date(now + 7 * 86_400_000),
      caKey: 'ec-p256',
      leaves: {
        server: { ...leaf, extensions: [LOOPBACK] },
        [PARTICIPANTS.sender]: leaf,
        [PARTICIPANTS.taker]: leaf,
      },
    })
    writeFileSync(this.#path('ca.pem'), ca.certificate.toString())
    for (const [name, { certificate, privateKey }] of leaves) {
      writeFileSync(this.#path(`${name}.pem`), certificate.toString())
      writeFileSync(this.#path(`${name}.key.pem`), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    }
    return Object.fromEntries([...leaves].map(([name, { certificate }]) => [name, certificate.raw.toString('base64')]))
  }

  /** Until everything is put. @returns seconds */
  async #put(): Promise<number> {
    const began = performance.now()
    const seconds = (): number => (performance.now() - began) / 1000
    const ended = Array.from({ length: PUTTERS }, (_, i) => {
      const putter = this.#join(this.#putters, `putter ${i + 1}`, () => script(this.#bundle('putter'), this.#folder, String(i)))
      putter.process.on('message', (counts: { puts: number; refusals: number }) => this.#counts.set(putter, counts))
      return once(putter.process, 'exit')
    })
    const over = new AbortController()
    const disturbing = this.#disturb(seconds, over.signal)
    await Promise.all(ended)
    const took = seconds()
    over.abort()
    await disturbing
    return took
  }

  async #disturb(seconds: () => number, signal: AbortSignal): Promise<void> {
    const due = DISTURBANCES[this.#adapter].map(({ name, every }) => {
      const step = Math.min(every, this.#options.envelopes / (AT_LEAST + 1))
      return { name, step, at: step }
    })
    const under = new Set<Promise<void>>()
    for (let told = 0; !signal.aborted;) {
      await pause(100)
      const put = [...this.#counts.values()].reduce((sum, one) => sum + one.puts, 0)
      if (seconds() - told > 1) {
        told = seconds()
        this.#options.onProgress?.(put, told)
      }
      for (const one of due) {
        if (put < one.at) continue
        one.at += one.step * (0.5 + Math.random())
        const work = this.#disturbOnce(one.name).catch((error: unknown) => this.#fail(error as Error))
        under.add(work)
        void work.then(() => under.delete(work))
      }
    }
    await Promise.all(under)
  }

  async #disturbOnce(name: Disturbance['name']): Promise<void> {
    const group = name.startsWith('taker') ? this.#takers : this.#nodes
    const free = group.filter(({ busy }) => !busy)
    // one node at least goes on: that the others take over is what is to be proven
    if (free.length === 0 || (group === this.#nodes && group.length > 1 && free.length < group.length)) return
    const member = free[Math.floor(Math.random() * free.length)]
    if (member === undefined) return
    this.#done[name] += 1
    if (name.endsWith('stopped')) return member.freeze(Math.random() * MAX_STOP_MS)
    return member.replace(() => (group === this.#nodes ? nextSaid(member.process) : Promise.resolve()))
  }

  /** Asks until nothing waits any more, and once more after the longest time that anything may take. */
  async #outcomes(): Promise<ReadonlyMap<string, Outcome | undefined>> {
    const outcomes = new Map<string, Outcome | undefined>()
    const [node] = this.#nodes
    let open = [...this.#notes<PutNote>('put-')].flatMap(([kind, id]) => (kind === 'o' ? [] : [id]))
    const untilMs = performance.now() + SETTLED_WITHIN_MS
    for (let isLast = false; node !== undefined && open.length > 0 && !isLast;) {
      isLast = performance.now() >= untilMs
      const waiting: string[] = []
      for (let i = 0; i < open.length; i += ASKED_AT_ONCE) {
        const ids = open.slice(i, i + ASKED_AT_ONCE)
        const answer = nextSaid<{ outcomes: readonly (Outcome | null)[] }>(node.process)
        node.process.send({ ask: ids } satisfies NodeHears)
        const said = (await answer).outcomes
        ids.forEach((id, at) => {
          outcomes.set(id, said[at] ?? undefined)
          if (said[at] === 'waiting') waiting.push(id)
        })
      }
      open = waiting
      if (open.length > 0) await pause(1000)
    }
    return outcomes
  }

  async #endNode(node: Member): Promise<void> {
    const gone = once(node.process, 'exit')
    node.process.send('end' satisfies NodeHears)
    await gone
  }

  *#notes<T>(prefix: 'put-' | 'take-'): Generator<T> {
    for (const name of readdirSync(this.#folder))
      if (name.startsWith(prefix)) for (const line of lines(this.#path(name))) yield line.split(' ') as T
  }
}
