// SPDX-License-Identifier: EUPL-1.2
/**
 * A Redis of our own for a test: started on a free port, nothing on disk, ended by its process id. With `REDIS_URL` the tests that need no
 * server of their own use that one, under a prefix of their own.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { openRedisCore, type RedisCore, type RedisCoreOptions } from '../../../src/core/adapters/redis.js'
import { MEMORY_CORE_LIMITS } from '../../../src/core/adapters/memory-limits.js'
import { freePort } from '../../free-port.js'
import { needsCommand } from '../../needs.js'
import { until } from '../../until.js'

export const later = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

export class RedisServer {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'protektor-redis-'))
  readonly #args: readonly string[]
  #process: ChildProcess | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  async start(): Promise<void> {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#directory]
    const child = spawn('redis-server', [...fixed, ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await until(() => {
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${output}`)
      return output.includes('Ready to accept connections')
    }, `redis-server is ready: ${output}`)
  }

  /** As the power would go. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** A plain connection, to look from outside. */
  client(): Redis {
    return new Redis(this.url, { lazyConnect: false })
  }
}

/** The server of a whole file of tests: that of `REDIS_URL`, or one of our own. */
export function sharedServer(): { url(): string; server(): RedisServer } {
  let own: RedisServer | undefined
  before(async function () {
    if (process.env.REDIS_URL !== undefined) return
    needsCommand(this, 'redis-server', '--version')
    own = await RedisServer.start()
  })
  after(async () => own?.stop())
  return {
    url: () => process.env.REDIS_URL ?? own?.url ?? '',
    server: () => {
      if (own === undefined) throw new Error('no server of our own')
      return own
    },
  }
}

export const newPrefix = (): string => `test-${randomBytes(6).toString('hex')}`

export type Change = Partial<RedisCoreOptions>

let nodes = 0

/** A node with the usual limits. */
export function openNode(url: string, prefix: string, change: Change = {}): Promise<RedisCore> {
  nodes += 1
  return openRedisCore({
    ...MEMORY_CORE_LIMITS,
    urls: [url],
    cluster: false,
    prefix,
    node: `node-${process.pid}-${nodes}`,
    onRemark: () => undefined,
    ...change,
  })
}
