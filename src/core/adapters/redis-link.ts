// SPDX-License-Identifier: EUPL-1.2
/**
 * The way to the server: one connection for scripts, one for wake-ups. Nothing is queued while the server is away and nothing is ever sent
 * twice: a script whose answer was lost may have run.
 *
 * A connection counts as up when its server has named its run: only then do scripts know what was put before a restart or a fail-over.
 * Errors of the library carry the arguments of their command, so none of them leaves this file.
 * @module
 */
import { Cluster, Redis } from 'ioredis'
import { createHash } from 'node:crypto'
import { TLS_CIPHERS } from '../../env.js'
import { CoreError } from '../errors.js'
import { renewPassword } from './redis-password.js'
import { serverFacts, type RedisRemark, type ServerFacts } from './redis-health.js'

export interface RedisLinkOptions {
  readonly urls: readonly string[]
  /** Several servers that share the slots. */
  readonly cluster: boolean
  readonly password?: string
  /** Asked when a single server refuses the one that was given. */
  readonly readPassword?: () => Promise<string>
  /** Text of the script. */
  readonly script: string
  /** Answers that take longer count as lost. */
  readonly commandMs: number
  /** Once per connection to a server that is no good place; see `redis-health.ts`. */
  readonly onRemark: (remark: RedisRemark) => void
  /** Told when a server that was there is lost, and when one is there again. */
  readonly onReach?: (isThere: boolean) => void
}

/** The server did not answer, so that nobody knows whether it ran. */
export class AnswerLost extends CoreError {
  constructor() {
    super('full', 'The core does not answer at the moment.')
  }
}

/** Nothing was done: the server is away, or refused. */
export const away = (): CoreError => new CoreError('full', 'The core cannot be reached at the moment.')

type Run = (...args: readonly unknown[]) => Promise<unknown>

/** What the script returned, see `redis-scripts.ts`. `bodies`: one for each key fetched; null: nothing was there. */
export interface Ran {
  readonly answers: readonly (readonly unknown[])[]
  readonly said: readonly (readonly [id: string, record: string, mailbox: string, dwellMs: number])[]
  readonly bodies: readonly (Uint8Array | null)[]
}

function ran(answer: unknown, bodies: Ran['bodies']): Ran {
  const [answers, said = []] = JSON.parse(String(answer)) as [Ran['answers'], Ran['said']?]
  return { answers, said, bodies }
}

const NEVER_SENT =
  /enableOfflineQueue|^(OOM|EXECABORT|READONLY|NOSCRIPT|LOADING|BUSY|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|MASTERDOWN|NOREPLICAS|NOAUTH|NOPERM|WRONGPASS)\b/

const retryMs = (times: number): number => Math.min(50 * times, 1000)

export class RedisLink {
  readonly #options: RedisLinkOptions
  readonly #client: Redis | Cluster
  readonly #subscriber: Redis | Cluster
  readonly #sha: string
  #facts: ServerFacts | undefined
  #remarks: readonly RedisRemark[] = []
  #channels: readonly string[] = []
  /** Counts connections: what an older one still learns is void. */
  #epoch = 0
  #closed = false
  #wasLost = false
  /** Called with every connection that is up. */
  onUp: () => Promise<void> = async () => undefined
  onMessage: (text: string) => void = () => undefined
  /** Subscribed anew: messages may have been missed. */
  onListening: () => void = () => undefined

  constructor(options: RedisLinkOptions) {
    this.#options = options
    this.#client = open(options)
    this.#subscriber = options.cluster ? this.#client : open(options)
    this.#sha = createHash('sha1').update(options.script).digest('hex')
  }

  /** '' in a cluster: its scripts ask the server they run on. undefined: away. */
  get run(): string | undefined {
    return this.#facts === undefined ? undefined : this.#options.cluster ? '' : this.#facts.runId
  }

  get remarks(): readonly RedisRemark[] {
    return this.#remarks
  }

  /** Begins to connect, and keeps at it. @returns when it was up once. @throws {CoreError} full: not within `withinMs` */
  async start(channels: readonly string[], withinMs: number, startTimer: (ms: number, run: () => void) => () => void): Promise<void> {
    this.#channels = channels
    const up = new Promise<void>((resolve) => {
      this.#client.on('ready', () => void this.#learn().then((isUp) => isUp && resolve()))
    })
    for (const event of ['close', 'end', 'reconnecting'])
      this.#client.on(event, () => {
        this.#epoch += 1
        // a connection that ends says so three times
        if (this.#facts === undefined || this.#closed) return
        this.#facts = undefined
        this.#wasLost = true
        this.#options.onReach?.(false)
      })
    const { readPassword } = this.#options
    for (const client of new Set([this.#client, this.#subscriber])) {
      client.on('error', () => undefined)
      if (readPassword !== undefined && client instanceof Redis) renewPassword(client, readPassword)
    }
    this.#subscriber.on(this.#options.cluster ? 'smessage' : 'message', (_channel: string, text: string) => this.onMessage(text))
    if (this.#subscriber !== this.#client) this.#subscriber.on('ready', () => void this.#listen().catch(() => undefined))
    for (const client of new Set([this.#client, this.#subscriber])) void client.connect().catch(() => undefined)
    let stop: () => void = () => undefined
    const late = new Promise<void>((_, reject) => (stop = startTimer(withinMs, () => reject(away()))))
    try {
      await Promise.race([up, late])
    } finally {
      stop()
    }
  }

  /**
   * Uploads and runs the script, in one transaction; or runs the script, fetches and removes. A server without room queues nothing for a
   * transaction, and must still hand out: what is fetched lies under a name that only this node knows, and lasts no longer than the envelope.
   * @param args KEYS[1], ARGV. @param uploads key, bytes, key, bytes …
   * @throws {CoreError} full; {@link AnswerLost}
   */
  async call(args: readonly string[], uploads: readonly (string | Uint8Array)[], fetched: readonly string[]): Promise<Ran> {
    if (this.#facts === undefined) throw away()
    try {
      return await this.#run(false, args, uploads, fetched)
    } catch (error) {
      // it ran nothing: a server that has not seen the script yet
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw this.#translated(error)
    }
    try {
      return await this.#run(true, args, uploads, fetched)
    } catch (error) {
      throw this.#translated(error)
    }
  }

  async #run(isNew: boolean, args: readonly string[], uploads: readonly unknown[], fetched: readonly string[]): Promise<Ran> {
    const script = [isNew ? this.#options.script : this.#sha, 1, ...args]
    const name = isNew ? 'eval' : 'evalsha'
    if (uploads.length === 0 && fetched.length === 0) {
      const client = this.#client as unknown as Record<typeof name, Run>
      return ran(await client[name](...script), [])
    }
    const steps = (uploads.length > 0 ? this.#client.multi() : this.#client.pipeline()) as unknown as Record<
      'mset' | 'mgetBuffer' | 'del' | typeof name,
      (...args: readonly unknown[]) => unknown
    > & {
      exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>
    }
    if (uploads.length > 0) steps.mset(...uploads)
    steps[name](...script)
    if (fetched.length > 0) {
      steps.mgetBuffer(...fetched)
      steps.del(...fetched)
    }
    const results = (await steps.exec()) ?? []
    const failed = results.find(([error]) => error)
    if (failed?.[0]) throw failed[0]
    const at = uploads.length > 0 ? 1 : 0
    return ran(results[at]?.[1], fetched.length > 0 ? (results[at + 1]?.[1] as Ran['bodies']) : [])
  }

  /** `SET key value NX PX ms`. */
  async setOnce(key: string, value: string, ms: number): Promise<boolean> {
    if (this.#facts === undefined) throw away()
    try {
      return (await this.#client.set(key, value, 'PX', ms, 'NX')) === 'OK'
    } catch (error) {
      throw this.#translated(error)
    }
  }

  async get(key: string): Promise<string | undefined> {
    if (this.#facts === undefined) throw away()
    try {
      return (await this.#client.get(key)) ?? undefined
    } catch (error) {
      throw this.#translated(error)
    }
  }

  async remove(key: string): Promise<void> {
    await this.#client.del(key).catch(() => undefined)
  }

  close(): void {
    this.#closed = true
    this.#facts = undefined
    for (const client of new Set([this.#client, this.#subscriber])) client.disconnect()
  }

  #translated(error: unknown): CoreError {
    const text = error instanceof Error ? error.message : ''
    // a server that became a replica, or one that no longer answers: this connection is of no use
    if (/^READONLY\b|timed out/.test(text) && !this.#closed && this.#client instanceof Redis) this.#client.disconnect(true)
    return NEVER_SENT.test(text) ? away() : new AnswerLost()
  }

  /** The server names itself; then those who wait are told. */
  async #learn(): Promise<boolean> {
    const epoch = ++this.#epoch
    try {
      const servers = this.#client instanceof Redis ? [this.#client] : this.#client.nodes('master')
      if (this.#client instanceof Redis) await assertDatabase(this.#client)
      const all = await Promise.all(servers.map((server) => factsOf(server)))
      const [facts] = all
      if (epoch !== this.#epoch || facts === undefined) return false
      if (!facts.isMaster || facts.runId === '' || facts.isCluster !== this.#options.cluster) {
        if (this.#client instanceof Redis) this.#client.disconnect(true)
        return false
      }
      await Promise.all(servers.map((server) => server.script('LOAD', this.#options.script)))
      if (epoch !== this.#epoch) return false
      this.#remarks = [...new Set(all.flatMap((one) => one.remarks))]
      for (const remark of this.#remarks) this.#options.onRemark(remark)
      if (this.#options.cluster) await this.#listen()
      this.#facts = facts
      if (this.#wasLost) this.#options.onReach?.(true)
      this.#wasLost = false
      await this.onUp()
      return true
    } catch {
      if (epoch === this.#epoch && !this.#closed && this.#client instanceof Redis) this.#client.disconnect(true)
      return false
    }
  }

  async #listen(): Promise<void> {
    if (this.#options.cluster) for (const channel of this.#channels) await (this.#subscriber as Cluster).ssubscribe(channel)
    else await this.#subscriber.subscribe(...this.#channels)
    this.onListening()
  }
}

/**
 * The library goes on in number 0 when the server has none of the number that was asked for, and there another core may lie.
 * @throws the server's error
 */
async function assertDatabase(server: Redis): Promise<void> {
  const { db = 0 } = server.options
  if (db !== 0) await server.select(db)
}

async function factsOf(server: Redis): Promise<ServerFacts> {
  const [info, config] = await Promise.all([
    server.info(),
    server.config('GET', 'save', 'appendonly', 'maxmemory-policy').catch(() => undefined),
  ])
  return serverFacts(info, config)
}

/**
 * The library takes a user in an address for one whose password is empty, whatever it is told beside it; and in a cluster it speaks of him to
 * those servers alone that were named. So he is told like the password, and the addresses go without him.
 */
function userOf(urls: readonly string[]): { readonly username: string | undefined; readonly bare: readonly string[] } {
  const all = urls.map((url) => new URL(url))
  const username = all.find((url) => url.username !== '')?.username
  for (const url of all) url.username = ''
  return { username, bare: all.map((url) => url.href) }
}

function open({ urls, cluster, password, commandMs }: RedisLinkOptions): Redis | Cluster {
  const secure = urls.some((url) => url.startsWith('rediss:'))
  const { username, bare } = userOf(urls)
  const each = {
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandMs,
    connectTimeout: commandMs,
    disableClientInfo: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(secure ? { tls: { ciphers: TLS_CIPHERS } } : {}),
  }
  const both = { lazyConnect: true, enableOfflineQueue: false }
  if (!cluster) return new Redis(bare[0] ?? '', { ...each, ...both, retryStrategy: retryMs })
  return new Cluster([...bare], {
    ...both,
    clusterRetryStrategy: retryMs,
    clusterNodeRetryStrategy: retryMs,
    // a script whose answer was lost may have run
    retryDelayOnFailover: 0,
    shardedSubscribers: true,
    redisOptions: each,
  })
}
