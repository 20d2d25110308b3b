// SPDX-License-Identifier: EUPL-1.2
/**
 * Calls of the scripts: where their keys lie, what goes before their arguments, and what their refusals mean.
 *
 *   one server:  everything in partition 0
 *   a cluster:   mailbox → partition by hash of its address · `{prefix.q}` room in all and per sender · `prefix:i:<id>` → partition
 * @module
 */
import { createHash } from 'node:crypto'
import type { CoreErrorKind } from '../errors.js'
import { CoreError } from '../errors.js'
import type { MailboxAddress } from '../ports.js'
import { AnswerLost, type RedisLink } from './redis-link.js'
import type { StepName } from './redis-scripts.js'

/** Enough to spread over many servers; each costs a node one subscription and one look per second. */
const CLUSTER_PARTITIONS = 16
const MAX_RUNNING = 2
/** Few enough that the server works on one call while this node reads the answer of another. */
const MAX_STEPS = 16
const MAX_BYTES = 1024 * 1024
/** What an answer leads to is asked for within so many turns. */
const QUIET_TURNS = 3

/** What a script did to an envelope on its way. `record`: JSON, '' when it waits again. */
export interface Said {
  readonly id: string
  readonly record: string
  readonly mailbox: MailboxAddress
  readonly dwellMs: number
}

const REFUSALS: Readonly<Record<string, readonly [CoreErrorKind, string]>> = {
  'no-mailbox': ['unknown', 'There is no such mailbox.'],
  'life': ['invalid', 'Id or life of the envelope is not acceptable.'],
  'used': ['duplicate', 'This id was used before.'],
  'reply-used': ['duplicate', 'The reply mailbox was named before.'],
  'replies': ['quota', 'Too many reply mailboxes.'],
  'mailbox-count': ['quota', 'The mailbox holds too many envelopes.'],
  'mailbox-bytes': ['quota', 'The mailbox holds too many bytes.'],
  'sender-bytes': ['quota', 'The sender holds too many bytes.'],
  'full': ['full', 'The core is full.'],
  'over': ['gone', 'This hand-over is over.'],
  'in-use': ['in-use', 'The mailbox cannot change how it hands over while something lies in it.'],
  'not-owner': ['duplicate', 'The mailbox belongs to somebody else.'],
} // prettier-ignore

export interface Places {
  readonly tags: readonly string[]
  readonly tagOf: (address: MailboxAddress) => string
  /** Where room in all and per sender is kept: beside the mailboxes, or in a slot of its own. */
  readonly room: string
  /** In a cluster: names the partition of an envelope. */
  readonly indexKey: (id: string) => string
}

export function places(prefix: string, isCluster: boolean): Places {
  const tags = Array.from({ length: isCluster ? CLUSTER_PARTITIONS : 1 }, (_, n) => `{${prefix}.${n}}`)
  const [first = ''] = tags
  return {
    tags,
    tagOf: (address) =>
      tags.length === 1 ? first : (tags[(createHash('sha256').update(address).digest()[0] ?? 0) % tags.length] ?? first),
    room: isCluster ? `{${prefix}.q}` : first,
    indexKey: (id) => `${prefix}:i:${id}`,
  }
}

export function refusal(why: string): CoreError {
  const known = REFUSALS[why]
  // a step that failed half-way may have done its work
  return known === undefined ? new AnswerLost() : new CoreError(...known)
}

/** Strings that are no Unicode become what they would become on the wire; the server's reader would refuse them. */
function stepOf(name: StepName, args: readonly Argument[]): string {
  const step = JSON.stringify([name, ...args])
  return step.includes('\\ud') ? JSON.stringify([name, ...args.map((arg) => String(arg).replace(/\p{Surrogate}/gu, '\ufffd'))]) : step
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : String(value))

type Argument = string | number

interface Ask {
  /** JSON, see `redis-scripts.ts`. */
  readonly step: string
  /** Bytes to be uploaded, and under which key. */
  readonly upload?: readonly [key: string, body: Uint8Array]
  /** Key under which the step leaves bytes to be fetched. */
  readonly fetched?: string
  /** Asked once more before it is sent. */
  readonly isWanted: () => boolean
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export interface Answer {
  readonly values: readonly unknown[]
  readonly body?: Uint8Array
}

interface Line {
  readonly tag: string
  asks: Ask[]
  running: number
  isDue: boolean
}

/**
 * What is to be done at a moment goes to a partition together, as one call of the script; bytes go up before it and come down after it.
 * While a few are under way the next one grows. Puts, takes and the rest go apart: when the server has no more room, only
 * puts must fail.
 */
export class Calls {
  readonly #link: RedisLink
  readonly #node: string
  readonly #nowMs: (() => number) | undefined
  readonly #onSaid: (said: readonly Said[], tag: string) => void
  readonly #lines = new Map<string, Line>()

  /** @param nowMs tests only: in place of the server's clock */
  constructor(link: RedisLink, node: string, nowMs: (() => number) | undefined, onSaid: (said: readonly Said[], tag: string) => void) {
    this.#link = link
    this.#node = node
    this.#nowMs = nowMs
    this.#onSaid = onSaid
  }

  /** @returns the answer without its first part. @throws {CoreError} what the step refused; full: away or lost */
  async run(step: StepName, tag: string, args: readonly Argument[]): Promise<readonly unknown[]> {
    return (await this.#ask('', tag, { step: stepOf(step, args) })).values
  }

  /** @param upload name of the key, used once */
  async put(tag: string, upload: string, body: Uint8Array, args: readonly Argument[]): Promise<readonly unknown[]> {
    return (await this.#ask('put', tag, { step: stepOf('put', [upload, ...args]), upload: [`${tag}:b:${upload}`, body] })).values
  }

  /** @param token used once. @param isWanted false: nothing is sent. Nothing there: the first value is 2. */
  take(tag: string, token: string, args: readonly Argument[], isWanted: () => boolean): Promise<Answer> {
    return this.#ask('take', tag, { step: stepOf('take', [...args, token]), fetched: `${tag}:c:${token}`, isWanted })
  }

  /** Nothing is under way, or about to be. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      await new Promise((resolve) => setImmediate(resolve))
      quiet = [...this.#lines.values()].some(({ asks, running }) => asks.length + running > 0) ? 0 : quiet + 1
    }
  }

  #ask(kind: string, tag: string, ask: Omit<Ask, 'isWanted' | 'resolve' | 'reject'> & Partial<Ask>): Promise<Answer> {
    const name = kind + tag
    let line = this.#lines.get(name)
    if (line === undefined) this.#lines.set(name, (line = { tag, asks: [], running: 0, isDue: false }))
    const { asks } = line
    const answer = new Promise<Answer>((resolve, reject) => asks.push({ isWanted: () => true, ...ask, resolve, reject }))
    this.#schedule(line)
    return answer
  }

  #schedule(line: Line): void {
    if (line.isDue || line.running >= MAX_RUNNING || line.asks.length === 0) return
    line.isDue = true
    setImmediate(() => {
      line.isDue = false
      void this.#send(line)
      this.#schedule(line)
    })
  }

  async #send(line: Line): Promise<void> {
    const { tag } = line
    for (const { isWanted, resolve } of line.asks) if (!isWanted()) resolve({ values: [2, -1] })
    line.asks = line.asks.filter(({ isWanted }) => isWanted())
    const asks = line.asks.splice(0, portion(line.asks))
    if (asks.length === 0) return
    const now = this.#nowMs === undefined ? '' : String(Math.floor(this.#nowMs()))
    const args = [tag, now, this.#link.run ?? '', this.#node]
    const uploads: (string | Uint8Array)[] = []
    const fetched: string[] = []
    for (const { step, upload, fetched: key } of asks) {
      args.push(step)
      if (upload !== undefined) uploads.push(...upload)
      if (key !== undefined) fetched.push(key)
    }
    line.running += 1
    try {
      const { answers, said, bodies } = await this.#link.call(args, uploads, fetched)
      this.#onSaid(
        said.map(([id, record, mailbox, dwellMs]) => ({ id, record, mailbox, dwellMs })),
        tag,
      )
      for (const [index, ask] of asks.entries()) settle(ask, answers[index] ?? [], bodies[index])
    } catch (error) {
      for (const ask of asks) ask.reject(error)
    } finally {
      line.running -= 1
      this.#schedule(line)
    }
  }
}

function settle({ resolve, reject }: Ask, answer: readonly unknown[], body: Uint8Array | null | undefined): void {
  if (answer[0] === 1) resolve({ values: answer.slice(1), ...(body ? { body } : {}) })
  else if (answer[0] === 2) resolve({ values: answer })
  else reject(refusal(text(answer[1])))
}

/** How many of them go together. */
function portion(asks: readonly Ask[]): number {
  let bytes = 0
  const tooMany = asks.findIndex(({ upload }, index) => {
    bytes += upload?.[1].byteLength ?? 0
    return index === MAX_STEPS || (index > 0 && bytes > MAX_BYTES)
  })
  return tooMany < 0 ? asks.length : tooMany
}
