// SPDX-License-Identifier: EUPL-1.2
/**
 * The parent's side: keys and configuration of the demo, the measured gateway as a child, a register that answers at once, and a caller.
 *
 *   caller ──HTTP──► gateway (child) ──► core (child) ──HTTP──► register
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEMO_REGISTER, openDemo, type Demo } from '../../../src/cli/compose/demo-kit.js'
import { connect } from '../../../src/client/connect.js'
import type { Received } from '../../../src/client/received.js'
import { caller } from './caller.js'
import type { Question, Started } from './child.js'

const ANSWER_WITHIN_MS = 30_000
/** A thousand peers, on a machine that does other things as well. */
const START_WITHIN_MS = 180_000
const REGISTER_LOOPS = 4
const MESSAGE_UUID = /(<xp:identifikation\.nachricht>\s*<xp:nachrichtenUUID>)[^<]*/
const REQUEST_UUID = /(<xp:ursprungsnachricht>\s*<xp:nachrichtenUUID>)[^<]*/

/** A gateway as a process of its own. */
export interface Measured {
  readonly started: Started
  readonly ask: <T>(question: Question) => Promise<T>
  /** Lets calls under way finish, then waits for its end. */
  end(): Promise<void>
}

export interface House {
  /** A processDelivery that was never sent: fresh message id, and a fresh document UUID unless a document is given. */
  build(document?: Uint8Array): Promise<Uint8Array>
  /** Sends one. @throws {Error} it does not come back as 0800 with a document. */
  send(request: Uint8Array): Promise<void>
  /** Sends anything to the recipient. @returns the HTTP status, once the answer is read. */
  post(body: Uint8Array): Promise<number>
  readonly ask: <T>(question: Question) => Promise<T>
  close(): Promise<void>
}

/** The child's next message, or its end as an error. */
function nextMessage(child: ChildProcess, withinMs = ANSWER_WITHIN_MS): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      settle()
    }
    const onMessage = (message: unknown) => done(() => resolve(message))
    const onExit = (code: number | null) => done(() => reject(new Error(`the measured gateway ended (${code ?? 'signal'})`)))
    const timer = setTimeout(() => done(() => reject(new Error('the measured gateway does not answer'))), withinMs)
    child.on('message', onMessage).on('exit', onExit)
  })
}

/** The document is valid as question and as answer; only its UUIDs are exchanged per message. */
function documents(sample: Uint8Array): { fresh(): Uint8Array; answerTo(uuid: string): Uint8Array } {
  const text = Buffer.from(sample).toString('utf8')
  if (!MESSAGE_UUID.test(text) || !REQUEST_UUID.test(text)) throw new Error('the sample document has changed its head')
  return {
    fresh: () => Buffer.from(text.replace(MESSAGE_UUID, `$1${randomUUID()}`), 'utf8'),
    answerTo: (uuid) => Buffer.from(text.replace(MESSAGE_UUID, `$1${randomUUID()}`).replace(REQUEST_UUID, `$1${uuid}`), 'utf8'),
  }
}

async function startRegister(demo: Demo, gateway: Started, answerTo: (uuid: string) => Uint8Array): Promise<() => Promise<void>> {
  const stopped = new AbortController()
  const answer = async (request: Received): Promise<void> => {
    const head = Buffer.from((request.document ?? new Uint8Array()).subarray(0, 4096)).toString('utf8')
    const uuid = /<xp:nachrichtenUUID>([^<]*)/.exec(head)?.[1] ?? ''
    await request.result({ parts: [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: answerTo(uuid) }] })
  }
  const loops = Array.from({ length: REGISTER_LOOPS }, async () => {
    const client = await connect({
      url: gateway.url,
      audience: gateway.audience,
      participant: demo.register.participant,
      key: demo.register.sign,
      openingKeys: [demo.register.open],
      senders: [{ id: gateway.participant, jwks: gateway.jwks }],
    })
    for await (const request of client.requests(DEMO_REGISTER, { signal: stopped.signal })) await answer(request)
  })
  return async () => {
    stopped.abort()
    await Promise.allSettled(loops)
  }
}

/** @throws {Error} it does not come up. */
export async function startMeasured(configFile: string): Promise<Measured> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [configFile], {
    execArgv: ['--expose-gc', '--import', import.meta.resolve('tsx')],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism()) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ask = async <T>(question: Question): Promise<T> => {
    const answered = nextMessage(child)
    child.send(question)
    return ((await answered) as { answer: T }).answer
  }
  try {
    return {
      started: (await nextMessage(child, START_WITHIN_MS)) as Started,
      ask,
      async end() {
        await ask('end').catch(() => child.kill())
        await ended
      },
    }
  } catch (error) {
    child.kill()
    await ended
    throw error
  }
}

/** @param document of question and answer, an answer in its standard. Keys are RSA-2048, made for the run. */
export async function openHouse(document: Uint8Array): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-bench-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const demo = await openDemo(directory, { publicPort: 0, adminPort: 0, key: 'rsa-2048', topOptions: 'allowSmallOwnKeys: true' })
    const measured = await startMeasured(demo.configFile)
    closing.push(() => measured.end())
    const { started, ask } = measured
    const made = documents(document)
    const intermediary = await caller(demo.keys)
    closing.push(await startRegister(demo, started, (uuid) => made.answerTo(uuid)))
    const exchange = (body: Uint8Array): Promise<Response> =>
      fetch(`${started.url}/osci/recipient`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/xml' },
        body: Buffer.from(body),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
    return {
      ask,
      build: (own = made.fresh()) => intermediary.build(own),
      send: async (request) => intermediary.read(new Uint8Array(await (await exchange(request)).arrayBuffer())),
      async post(body) {
        const reply = await exchange(body)
        await reply.arrayBuffer()
        return reply.status
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Calls `work` `count` times, `inFlight` at a time. The first failure ends all. */
export async function times(count: number, inFlight: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(inFlight, count) }, async () => {
      try {
        for (let at = next++; at < count; at = next++) await work(at)
      } catch (error) {
        next = count
        throw error
      }
    }),
  )
}
