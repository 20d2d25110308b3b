// SPDX-License-Identifier: EUPL-1.2
/**
 * The load generator, a process of its own: as many puts as 50 connections carry, or hand-overs at a fixed rate. Envelopes and tokens are
 * made before the clock runs. One order as argument (JSON), one report on standard output.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { authorization, type TokenIssuer } from '../../../src/client/token.js'
import { portionedRandom } from '../../../src/cli/compose/world.js'
import { readHeader } from '../../../src/envelope/header.js'
import { importSigningKey } from '../../../src/envelope/keys.js'
import { DRAINED, envelope, ENVELOPE_TYPE, PUBLIC_URL, putPath, TAKEN, type People, type Person } from './people.js'

export interface Order {
  readonly kind: 'puts' | 'posts' | 'handovers'
  readonly url: string
  readonly people: People
  readonly token: boolean
  readonly mailbox?: string
  readonly count: number
  readonly connections: number
  /** For `posts` and `handovers`: this many a second. */
  readonly perSecond?: number
}

/** Times in milliseconds: of the median of the windows. `done`: answered as wanted. */
export interface Report {
  readonly done: number
  readonly elapsedMs: number
  readonly p50: number
  readonly p99: number
  readonly windowsP99: readonly number[]
  readonly statuses: Readonly<Record<string, number>>
}

interface Prepared {
  readonly body: Uint8Array
  readonly headers: Record<string, string | number>
}

const random = portionedRandom()
const NOTHING = new Uint8Array(0)
const AHEAD_MS = 50_000
const LATE_MS = 10_000
/** This share does not count: until then the engine's compiler is busy with both programs, on the same cores. */
const WARM_UP = 0.5
/** What counts is cut into as many: whatever stops the whole machine for a moment is seen in one of them, and not taken for the core. */
const WINDOWS = 5

async function issuerOf(person: Person): Promise<TokenIssuer> {
  const key = await importSigningKey(person.jwk)
  // dated ahead, as far as a core allows: many are made before the first is used
  return { participant: person.id, key, audience: PUBLIC_URL, now: () => new Date(Date.now() + AHEAD_MS), random }
}

async function prepare(issuer: TokenIssuer | undefined, path: string, body: Uint8Array): Promise<Prepared> {
  const headers: Record<string, string | number> = { 'content-length': body.length }
  if (body.length > 0) headers['content-type'] = ENVELOPE_TYPE
  if (issuer) headers.authorization = await authorization(issuer, { method: 'POST', pathAndQuery: path, body })
  return { body, headers }
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
const share = (ascending: readonly number[], part: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? NaN

async function main(order: Order): Promise<Report> {
  const { url, people, token, count, connections, perSecond, mailbox = order.kind === 'handovers' ? TAKEN : DRAINED } = order
  const secure = url.startsWith('https:')
  const { hostname, port } = new URL(url)
  const call = secure ? httpsRequest : httpRequest
  const agentOf = (sockets: number) =>
    secure
      ? new HttpsAgent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false, ...people.client })
      : new HttpAgent({ keepAlive: true, maxSockets: sockets, noDelay: true })
  const agent = agentOf(connections)
  const statuses: Record<string, number> = {}
  const times: number[] = []

  /** @param onSent told when the last byte was handed to the system. @returns the answer, read to its end; undefined: none. */
  const post = async (path: string, { body, headers }: Prepared, by = agent, onSent?: (atMs: number) => void) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = call({ hostname, port, path, method: 'POST', agent: by, headers }, (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer))
        answer.once('error', reject)
      })
      request.once('error', reject)
      if (onSent) request.once('finish', () => onSent(performance.now()))
      request.end(body)
    }).catch(() => undefined)
    const status = response?.statusCode ?? 'broken'
    statuses[status] = (statuses[status] ?? 0) + 1
    return response
  }
  /** The same, timed from the last byte sent to the last byte read. */
  const timed = async (prepared: Prepared): Promise<void> => {
    let sentMs = NaN
    await post(putTo, prepared, agent, (atMs) => (sentMs = atMs))
    times.push(performance.now() - sentMs)
  }

  const portal = token ? await issuerOf(people.portal) : undefined
  const putTo = putPath(mailbox)
  const puts: Prepared[] = []
  for (let i = 0; i < count; i++) puts.push(await prepare(portal, putTo, envelope(mailbox)))

  /** One every `1000 / perSecond` ms by the clock, to the millisecond of a timer. The warm-up begins five times as slowly. */
  const paced = async (act: (prepared: Prepared) => unknown): Promise<void> => {
    const everyMs = 1000 / (perSecond ?? 1)
    let nextMs = performance.now()
    for (const [index, prepared] of puts.entries()) {
      while (performance.now() < nextMs) await pause(1)
      nextMs += index < (count * WARM_UP) / 4 ? 5 * everyMs : everyMs
      act(prepared)
    }
  }

  const drive: Readonly<Record<Order['kind'], () => Promise<void>>> = {
    puts: async () => {
      const worker = async (): Promise<void> => {
        for (let next = puts.pop(); next !== undefined; next = puts.pop()) await timed(next)
      }
      await Promise.all(Array.from({ length: connections }, worker))
    },
    posts: async () => {
      const open: Promise<void>[] = []
      await paced((prepared) => open.push(timed(prepared)))
      await Promise.all(open)
    },
    handovers: async () => {
      const path = `/core/v1/mailboxes/${mailbox}/take?waitSeconds=30`
      const register = await issuerOf(people.register)
      const takes: Prepared[] = []
      for (let i = 0; i < count + 4; i++) takes.push(await prepare(register, path, NOTHING))
      const takers = agentOf(4)
      const sent = new Map<unknown, number>()
      let waiting = true
      const taker = async (): Promise<void> => {
        while (waiting && times.length < count) {
          const next = takes.pop()
          if (next === undefined) return
          const response = await post(path, next, takers)
          const takenMs = performance.now()
          const sentMs = sent.get(response?.headers['protektor-envelope-id'])
          if (response?.statusCode !== 200) continue
          if (sentMs === undefined) throw new Error('taken, and never put')
          times.push(takenMs - sentMs)
        }
      }
      const all = Promise.all([taker(), taker(), taker(), taker()])
      await pause(300)
      const open: Promise<unknown>[] = []
      await paced((prepared) => {
        const { id } = readHeader(prepared.body)
        open.push(post(putTo, prepared, agent, (atMs) => sent.set(id, atMs)))
      })
      await Promise.all(open)
      const untilMs = performance.now() + LATE_MS
      while (times.length < count && performance.now() < untilMs) await pause(5)
      waiting = false
      takers.destroy()
      await all
    },
  }

  const beganMs = performance.now()
  await drive[order.kind]()
  const elapsedMs = performance.now() - beganMs
  agent.destroy()
  const counting = times.slice(Math.floor(times.length * WARM_UP))
  const length = Math.ceil(counting.length / WINDOWS)
  const windows = Array.from({ length: WINDOWS }, (_, i) => sorted(counting.slice(i * length, (i + 1) * length)))
  const windowsP99 = windows.map((window) => share(window, 0.99))
  const median = (values: readonly number[]): number => share(sorted(values), 0.5)
  const p50 = median(windows.map((window) => share(window, 0.5)))
  const done = (statuses['201'] ?? 0) + (statuses['200'] ?? 0)
  return { done, elapsedMs, p50, p99: median(windowsP99), windowsP99, statuses }
}

const [order] = process.argv.slice(2)
if (order !== undefined) process.stdout.write(JSON.stringify(await main(JSON.parse(order) as Order)))
