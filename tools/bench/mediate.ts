// SPDX-License-Identifier: EUPL-1.2
/**
 * The round trip of a mediateDelivery, client → intermediary → passive recipient → back: 10 KB, author-signed, content and transport
 * encrypted, signed, RSA-2048, one open dialog, one in flight. All ours against all Java; then Java at both ends, with us in the middle
 * against the mock in the middle. Chains take turns, so that a slow moment of the machine meets both.
 *
 *   client (process) ──► intermediary (serve) ──► passive recipient (serve) ──► register (process)
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateEnvelopeKey } from '../../src/envelope/keys.js'
import type { BenchResult } from './main.js'
import type { Laps, Ridden } from './mediate/client.js'
import { intermediaryHouse, protectKeys, recipientHouse } from './mediate/configs.js'
import { end, freePort, peerSays, peerServer, processorMs, said, serve, type Running } from './mediate/processes.js'

const PAYLOAD_BYTES = 10_000
const WARM = 60
/** 200 in all. */
const TIMES = 100
const ROUNDS = 2
const RUN_MS = 180_000
const GOALS = { rate: 4, p50: 1 / 4, middleRate: 1.3, middleProcessor: 1 / 3 }

/** What one chain did, over all rounds. */
interface Chain {
  readonly perSecond: number
  readonly p50Ms: number
}

/** Everything that is up during a measurement; ended last to first. */
class Place {
  readonly pki: string
  readonly #up: Running[] = []

  constructor(pki: string) {
    this.pki = pki
  }

  async start<T extends Running>(starting: Promise<T>): Promise<T> {
    const one = await starting
    this.#up.push(one)
    return one
  }

  async close(): Promise<void> {
    for (const one of this.#up.reverse()) await one.end()
    await rm(this.pki, { recursive: true, force: true })
  }

  get payload(): string {
    return join(this.pki, 'payload')
  }
}

/** Keys and payload, or why nothing can be measured. */
async function openPlace(): Promise<Place | string> {
  const pki = await mkdtemp(join(tmpdir(), 'protektor-bench-'))
  const made = await peerSays('pki.sh', [pki, '2048'], RUN_MS)
  const there = typeof made === 'string' ? made : await peerSays('run.sh', ['inspect', join(pki, 'ca.pem')], RUN_MS)
  if (typeof there === 'string' && there.startsWith('peer absent')) {
    await rm(pki, { recursive: true, force: true })
    return there
  }
  await protectKeys(pki)
  await writeFile(join(pki, 'payload'), randomBytes(PAYLOAD_BYTES))
  return new Place(pki)
}

async function serveIntermediary(place: Place, receiver: string): Promise<Running & { readonly url: string }> {
  const ports = { open: await freePort(), admin: await freePort() }
  const gateway = await place.start(serve(await intermediaryHouse(place.pki, ports, [receiver]), ports.admin))
  return { ...gateway, url: `http://127.0.0.1:${ports.open}/osci/intermediary` }
}

/** @returns the address of the recipient; its register is up. */
async function serveRecipient(place: Place): Promise<string> {
  const [sign, open] = [await generateEnvelopeKey('sig'), await generateEnvelopeKey('enc')]
  const keys = join(place.pki, 'register.private.json')
  await writeFile(join(place.pki, 'register.json'), JSON.stringify({ keys: [sign.publicJwk, open.publicJwk] }))
  await writeFile(keys, JSON.stringify({ sign: sign.privateJwk, open: open.privateJwk }), { mode: 0o600 })
  const ports = { open: await freePort(), admin: await freePort() }
  await place.start(serve(await recipientHouse(place.pki, ports), ports.admin))
  const register = await place.start(end('register', [`http://127.0.0.1:${ports.open}`, keys]))
  await said(register)
  return `http://127.0.0.1:${ports.open}/osci/recipient`
}

/** The Java client through an intermediary. @throws {Error} it failed. */
async function javaRide(place: Place, url: string, receiver: string, { warm, times }: Laps): Promise<Chain> {
  const content = ['--sign', '--encrypt', '--payload', place.payload]
  const laps = ['--threads', '1', '--warm', String(warm), '--times', String(times)]
  const to = ['--url', url, '--receiver', receiver, '--pki', place.pki]
  const line = await peerSays<{ n: number; perSecond: number; p50ms: number }>(
    'run.sh',
    ['bench', '--mode', 'mediate', ...to, ...laps, ...content],
    RUN_MS,
  )
  if (typeof line === 'string' || line.n !== times) throw new Error(`the Java client failed: ${JSON.stringify(line)}`)
  return { perSecond: line.perSecond, p50Ms: line.p50ms }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
const over = (chains: readonly Chain[]): Chain => ({
  perSecond: mean(chains.map((one) => one.perSecond)),
  p50Ms: mean(chains.map((one) => one.p50Ms)),
})

const absent = (name: string, why: string, goal: string): BenchResult => ({
  name: `${name}: ${why}`,
  ours: '–',
  reference: undefined,
  ratio: undefined,
  goal,
})

/** All ours against all Java: rate and p50. */
export async function benchMediate(): Promise<readonly BenchResult[]> {
  const names = ['mediate round trips, all ours against all Java', 'the same, p50'] as const
  const goals = [`≥ ${GOALS.rate.toFixed(2)}`, `≤ ${GOALS.p50.toFixed(2)}`] as const
  const place = await openPlace()
  if (typeof place === 'string') return [absent(names[0], place, goals[0]), absent(names[1], place, goals[1])]
  try {
    const recipient = await serveRecipient(place)
    const middle = await serveIntermediary(place, recipient)
    const client = await place.start(end('client', [middle.url, recipient, place.pki, place.payload]))
    await said(client)
    const [passive, mock] = [await place.start(peerServer('passive', place.pki)), await place.start(peerServer('intermediary', place.pki))]
    const ours: Chain[] = []
    const theirs: Chain[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const answered = said<Ridden>(client, RUN_MS)
      client.child.send({ warm: WARM, times: TIMES } satisfies Laps)
      ours.push(await answered)
      theirs.push(await javaRide(place, mock.url, `${passive.url}/passive`, { warm: WARM, times: TIMES }))
    }
    const [we, they] = [over(ours), over(theirs)]
    const rate = we.perSecond / they.perSecond
    const p50 = we.p50Ms / they.p50Ms
    return [
      { name: names[0], ours: `${we.perSecond.toFixed(1)}/s`, reference: `${they.perSecond.toFixed(1)}/s`, ratio: rate, goal: goals[0], ok: rate >= GOALS.rate }, // prettier-ignore
      { name: names[1], ours: `${we.p50Ms.toFixed(1)} ms`, reference: `${they.p50Ms.toFixed(1)} ms`, ratio: p50, goal: goals[1], ok: p50 <= GOALS.p50 }, // prettier-ignore
    ]
  } finally {
    await place.close()
  }
}

/** Java client and Java recipient; we in the middle against the mock in the middle: rate, and the middle's processor time. */
export async function benchMediateMiddle(): Promise<readonly BenchResult[]> {
  const names = ['mediate between Java ends, we against the mock in the middle', 'the same, processor time of the middle'] as const
  const goals = [`≥ ${GOALS.middleRate.toFixed(2)}`, `≤ ${GOALS.middleProcessor.toFixed(2)}`] as const
  const place = await openPlace()
  if (typeof place === 'string') return [absent(names[0], place, goals[0]), absent(names[1], place, goals[1])]
  try {
    const passive = await place.start(peerServer('passive', place.pki))
    const receiver = `${passive.url}/passive`
    const middles = [await serveIntermediary(place, receiver), await place.start(peerServer('intermediary', place.pki))] as const
    // both middles have seen as many before anything counts
    for (const { url } of middles) await javaRide(place, url, receiver, { warm: WARM, times: 1 })
    const rides = middles.map(() => [] as (Chain & { readonly processorMs: number })[])
    for (let round = 0; round < ROUNDS; round++)
      for (const [at, middle] of middles.entries()) {
        const before = processorMs(middle)
        const ridden = await javaRide(place, middle.url, receiver, { warm: WARM, times: TIMES })
        rides[at]?.push({ ...ridden, processorMs: (processorMs(middle) - before) / (WARM + TIMES) })
      }
    const [we, they] = rides.map((all) => ({ ...over(all), processorMs: mean(all.map((one) => one.processorMs)) }))
    if (!we || !they) throw new TypeError('two middles were measured')
    const rate = we.perSecond / they.perSecond
    const spent = we.processorMs / they.processorMs
    return [
      { name: names[0], ours: `${we.perSecond.toFixed(1)}/s`, reference: `${they.perSecond.toFixed(1)}/s`, ratio: rate, goal: goals[0], ok: rate >= GOALS.middleRate }, // prettier-ignore
      { name: names[1], ours: `${we.processorMs.toFixed(1)} ms`, reference: `${they.processorMs.toFixed(1)} ms`, ratio: spent, goal: goals[1], ok: spent <= GOALS.middleProcessor }, // prettier-ignore
    ]
  } finally {
    await place.close()
  }
}
