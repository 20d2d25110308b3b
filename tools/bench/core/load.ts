// SPDX-License-Identifier: EUPL-1.2
/**
 * The load generator, a process of its own: as many puts as 50 connections carry, or hand-overs at a fixed rate. Envelopes and tokens are
 * made before the clock runs. One order as argument (JSON), one report on standard output.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { authorization, type TokenIssuer } from '../../../src/client/token.js'
import { portionedRandom } from '../../../src/cli/compose/world.js'
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

/** Times in milliseconds. `done`: answered as wanted. */
export interface Report {
  readonly done: number
  readonly elapsedMs: number
  readonly p50: number
  readonly p99: number
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

  /** @returns when the last byte was sent, and the answer read to its end. */
  const post = (path: string, { body, headers }: Prepared, by = agent) => {
    let sentMs = 0
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const request = call({ hostname, port, path, method: 'POST', agent: by, headers }, (response) => {
        response.resume()
        response.once('end', () => resolve(response))
        response.once('error', reject)
      })
      request.once('error', reject)
      request.end(body)
      sentMs = performance.now()
    })
    return { sentMs, answer }
  }
  const counted = async (answer: Promise<IncomingMessage>): Promise<IncomingMessage | undefined> => {
    const response = await answer.catch(() => undefined)
    const status = response?.statusCode ?? 'broken'
    statuses[status] = (statuses[status] ?? 0) + 1
    return response
  }

  const portal = token ? await issuerOf(people.portal) : undefined
  const putTo = putPath(mailbox)
  const puts: Prepared[] = []
  for (let i = 0; i < count; i++) puts.push(await prepare(portal, putTo, envelope(mailbox)))

  /** One every `1000 / perSecond` ms by the clock, spinning: a timer is too coarse. */
  const paced = async (act: (prepared: Prepared) => void): Promise<void> => {
    const everyMs = 1000 / (perSecond ?? 1)
    let nextMs = performance.now()
    for (const prepared of puts) {
      while (performance.now() < nextMs) await new Promise<void>((resolve) => setImmediate(resolve))
      nextMs += everyMs
      act(prepared)
    }
  }

  const drive: Readonly<Record<Order['kind'], () => Promise<void>>> = {
    puts: async () => {
      const worker = async (): Promise<void> => {
        for (let next = puts.pop(); next !== undefined; next = puts.pop()) {
          const { sentMs, answer } = post(putTo, next)
          await counted(answer)
          times.push(performance.now() - sentMs)
        }
      }
      await Promise.all(Array.from({ length: connections }, worker))
    },
    posts: async () => {
      const open: Promise<void>[] = []
      await paced((prepared) => {
        const { sentMs, answer } = post(putTo, prepared)
        open.push(counted(answer).then(() => void times.push(performance.now() - sentMs)))
      })
      await Promise.all(open)
    },
    handovers: async () => {
      const path = `/core/v1/mailboxes/${mailbox}/take?waitSeconds=30`
      const register = await issuerOf(people.register)
      const takes: Prepared[] = []
      for (let i = 0; i < count + 4; i++) takes.push(await prepare(register, path, NOTHING))
      const takers = agentOf(4)
      const sent: number[] = []
      let waiting = true
      const taker = async (): Promise<void> => {
        while (waiting && times.length < count) {
          const next = takes.pop()
          if (next === undefined) return
          const response = await counted(post(path, next, takers).answer)
          // one mailbox, in order: the n-th envelope taken is the n-th put, as long as none is refused
          if (response?.statusCode === 200) times.push(performance.now() - (sent[times.length] ?? NaN))
        }
      }
      const all = Promise.all([taker(), taker(), taker(), taker()])
      await new Promise((resolve) => setTimeout(resolve, 300))
      const open: Promise<unknown>[] = []
      await paced((prepared) => {
        const { sentMs, answer } = post(putTo, prepared)
        sent.push(sentMs)
        open.push(counted(answer))
      })
      await Promise.all(open)
      const untilMs = performance.now() + LATE_MS
      while (times.length < count && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5))
      waiting = false
      takers.destroy()
      await all
    },
  }

  const beganMs = performance.now()
  await drive[order.kind]()
  const elapsedMs = performance.now() - beganMs
  agent.destroy()
  // the first fifth is warm-up
  const counting = times.slice(Math.floor(times.length / 5)).sort((a, b) => a - b)
  const at = (share: number): number => counting[Math.min(counting.length - 1, Math.floor(counting.length * share))] ?? NaN
  const done = (statuses['201'] ?? 0) + (statuses['200'] ?? 0)
  return { done, elapsedMs, p50: at(0.5), p99: at(0.99), statuses }
}

const [order] = process.argv.slice(2)
if (order !== undefined) process.stdout.write(JSON.stringify(await main(JSON.parse(order) as Order)))
