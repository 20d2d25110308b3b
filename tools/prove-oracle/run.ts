// SPDX-License-Identifier: EUPL-1.2
/**
 * Sends spoiled deliveries to a gateway of its own, in random order, and takes the time of each answer.
 *
 *   transport   one in flight, as fast as they are answered
 *   content     so many a second whatever comes back: each answer waits for its slot. Built a batch ahead. Ten failures an hour close
 *               CBC for a sender, so every ten come from another one
 * @module
 */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DEMO_REGISTER, openDemo } from '../../src/cli/compose/demo-kit.js'
import type { DemoKeys } from '../../src/cli/compose/demo-request.js'
import { SLOT_MS } from '../../src/gateway/answer-slot.js'
import { LEGACY_FAILURES_PER_HOUR } from '../../src/gateway/decrypt-failures.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { startMeasured } from '../bench/gateway/house.js'
import { comparable, CONTENT_CAUSES, contentSender, SAMPLE } from './content.js'
import type { Groups } from './statistics.js'
import { TRANSPORT_CAUSES, transportSpoiler, WITHOUT_KEY } from './transport.js'

export interface RunOptions {
  /** Per cause. */
  readonly samples: number
  /** Contents sent a second. */
  readonly perSecond: number
  readonly onProgress: (done: number, of: number) => void
}

export type Layer = 'transport' | 'content'

export interface Measurements {
  /** Answer times in milliseconds by cause. */
  readonly groups: Groups
  /** Times that must differ from those of the causes: refused before the private key is touched, with the same words. */
  readonly withoutKey: readonly number[]
  /** Answers that left later than their first slot: work that lasted longer. */
  readonly later: number
}

/** Requests that do not count, at the beginning of each layer. */
const WARM_UP = 300
const DELIVERIES = 50
/** Contents built and sent together; the first such is the warm-up. */
const BATCH = WARM_UP

interface Answer {
  readonly milliseconds: number
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** From the sending of the whole request to the head of the answer. */
function exchange(url: string, agent: Agent, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, method: 'POST', headers: { 'Content-Type': 'text/xml', 'Content-Length': body.byteLength } })
    let sentAtMs = 0
    call.on('error', (error: NodeJS.ErrnoException) => {
      // the gateway ended a connection that stood idle, at the very moment at which it was used again
      if (call.reusedSocket && error.code === 'ECONNRESET') resolve(exchange(url, agent, body))
      else reject(error)
    })
    call.on('response', (response) => {
      const milliseconds = performance.now() - sentAtMs
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        // it did not come in time on a machine that stood still: nothing was looked at
        if (response.statusCode === 408) return resolve(exchange(url, agent, body))
        const { date: _date, ...headers } = response.headers
        return resolve({ milliseconds, status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) })
      })
    })
    sentAtMs = performance.now()
    call.end(body)
  })
}

function shuffled<T>(list: readonly T[]): T[] {
  const all = [...list]
  for (let i = all.length - 1; i > 0; i--) {
    const other = randomInt(i + 1)
    ;[all[i], all[other]] = [all[other] as T, all[i] as T]
  }
  return all
}

const manyOf = (names: readonly string[], samples: number): string[] => shuffled(names.flatMap((name) => Array<string>(samples).fill(name)))

/** Demands that every answer is the first one again. */
function sameAsFirst(text: (body: Buffer) => string): (answer: Answer, cause: string) => void {
  let first: string | undefined
  return ({ status, headers, body }, cause) => {
    const shown = JSON.stringify([status, headers, text(body)])
    first ??= shown
    if (shown !== first) throw new Error(`the answer to "${cause}" is another one:\n${shown}\n${first}`)
  }
}

const emptyGroups = (names: readonly string[]): Map<string, number[]> => new Map(names.map((name) => [name, []]))

async function measureTransport(url: string, keys: DemoKeys, { samples, onProgress }: RunOptions): Promise<Measurements> {
  const spoiled = await transportSpoiler(keys, readFileSync(SAMPLE), DELIVERIES)
  const names = Object.keys(TRANSPORT_CAUSES)
  const groups = emptyGroups(names)
  const withoutKey: number[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const same = sameAsFirst((body) => body.toString('latin1'))
  const order = [...manyOf(names, WARM_UP / names.length), ...manyOf([...names, ''], samples)]
  for (const [at, name] of order.entries()) {
    const answer = await exchange(url, agent, spoiled(TRANSPORT_CAUSES[name] ?? WITHOUT_KEY))
    same(answer, name)
    if (at >= WARM_UP) (groups.get(name) ?? withoutKey).push(answer.milliseconds)
    if (at % 1000 === 0) onProgress(at, order.length)
  }
  agent.destroy()
  return { groups, withoutKey, later: 0 }
}

async function measureContent(url: string, keys: DemoKeys, options: RunOptions, senders: readonly KeyPair[]): Promise<Measurements> {
  const { samples, perSecond, onProgress } = options
  const names = Object.keys(CONTENT_CAUSES)
  const groups = emptyGroups(names)
  const same = sameAsFirst(comparable)
  const order = [...manyOf(names, WARM_UP / names.length), ...manyOf(names, samples)]
  let later = 0
  const build = async (from: number) => {
    const requests: { readonly cause: string; readonly bytes: Uint8Array }[] = []
    for (let at = from; at < Math.min(from + BATCH, order.length); at += LEGACY_FAILURES_PER_HOUR) {
      const pair = senders[at / LEGACY_FAILURES_PER_HOUR]
      if (!pair) throw new TypeError('a sender for every ten failures')
      const sender = await contentSender(keys, pair)
      const built = new Map<string, Uint8Array>()
      for (const cause of order.slice(at, at + LEGACY_FAILURES_PER_HOUR)) {
        const bytes = built.get(cause) ?? (await sender.build(cause))
        built.set(cause, bytes)
        requests.push({ cause, bytes })
      }
    }
    return requests
  }
  let ahead = build(0)
  for (let from = 0; from < order.length; from += BATCH) {
    const requests = await ahead
    ahead = build(from + BATCH)
    // not kept from batch to batch: the gateway ends connections that stand idle for so long
    const agent = new Agent({ keepAlive: true })
    const beganMs = performance.now()
    await Promise.all(
      shuffled(requests).map(async ({ cause, bytes }, at) => {
        await pause(beganMs + (at * 1000) / perSecond - performance.now())
        const answer = await exchange(url, agent, bytes)
        same(answer, cause)
        if (answer.milliseconds < SLOT_MS) throw new Error(`an answer to "${cause}" left before its slot ended`)
        if (from < WARM_UP) return
        if (answer.milliseconds >= 2 * SLOT_MS) later++
        groups.get(cause)?.push(answer.milliseconds)
      }),
    )
    agent.destroy()
    onProgress(from + requests.length, order.length)
  }
  return { groups, later, withoutKey: [] }
}

/** One key, many certificates. */
async function makeSenders(directory: string, issuer: KeyPair, count: number): Promise<KeyPair[]> {
  const keyPem = issuer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const dates = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) }
  const pairs: KeyPair[] = []
  for (let i = 0; i < count; i++) {
    const pair = await issueCertificate({ commonName: `Sender ${i}`, usage: 'signature', keyPem, serial: BigInt(i + 1), ...dates }, issuer)
    await writeFile(join(directory, `sender-${i}.pem`), pair.certificate.toString(), { mode: 0o600 })
    pairs.push(pair)
  }
  return pairs
}

const DELIVERY = '    signed: required\n    encrypted: '

const MEASURE: Readonly<Record<Layer, typeof measureContent>> = { transport: measureTransport, content: measureContent }

/** The demo's gateway, as `serve` builds it, with one peer more for every ten contents. */
export async function measure(layer: Layer, options: RunOptions): Promise<Measurements> {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-oracle-'))
  try {
    const basics = { publicPort: 0, adminPort: 0, key: 'rsa-2048' } as const
    const { keys } = await openDemo(directory, basics)
    const contents = layer === 'content' ? WARM_UP + options.samples * Object.keys(CONTENT_CAUSES).length : 0
    const count = Math.ceil(contents / LEGACY_FAILURES_PER_HOUR)
    const senders = await makeSenders(join(directory, 'keys'), keys['intermediary-signature'], count)
    const peers = senders.map(
      (_, i) =>
        `  - name: sender-${i}\n    signatureCertificates: [ keys/sender-${i}.pem ]\n${DELIVERY}optional\n    legacy: { cbcContent: true }`,
    )
    const { configFile } = await openDemo(directory, {
      ...basics,
      topOptions: 'allowSmallOwnKeys: true',
      peerOptions: [`${DELIVERY}required`, ...peers].join('\n'),
      endpointPeers: ['intermediary-1', ...senders.map((_, i) => `sender-${i}`)].join(', '),
      endpointOptions: `    defaultMailbox: '${DEMO_REGISTER}'`,
    })
    const gateway = await startMeasured(configFile)
    try {
      return await MEASURE[layer](`${gateway.started.url}/osci/recipient`, keys, options, senders)
    } finally {
      await gateway.end()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
