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
import type { RedisLink } from './redis-link.js'
import type { ScriptName } from './redis-scripts.js'

/** Enough to spread over many servers; each costs a node one subscription and one look per second. */
const CLUSTER_PARTITIONS = 16

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
  'not-owner': ['duplicate', 'The mailbox belongs to somebody else.'],
} // prettier-ignore

export interface Places {
  readonly tags: readonly string[]
  tagOf(address: MailboxAddress): string
  /** Where room in all and per sender is kept: beside the mailboxes, or in a slot of its own. */
  readonly room: string
  /** In a cluster: names the partition of an envelope. */
  indexKey(id: string): string
}

export function places(prefix: string, isCluster: boolean): Places {
  const tags = Array.from({ length: isCluster ? CLUSTER_PARTITIONS : 1 }, (_, n) => `{${prefix}.${n}}`)
  const [first = ''] = tags
  return {
    tags,
    tagOf: (address) => (tags.length === 1 ? first : (tags[(createHash('sha256').update(address).digest()[0] ?? 0) % tags.length] ?? first)),
    room: isCluster ? `{${prefix}.q}` : first,
    indexKey: (id) => `${prefix}:i:${id}`,
  }
}

export const refusal = (why: string): CoreError => new CoreError(...(REFUSALS[why] ?? ['full', 'The core refused.']))

export const text = (value: unknown): string => (typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value).toString() : String(value))

export class Calls {
  readonly #link: RedisLink
  readonly #node: string
  readonly #nowMs: (() => number) | undefined
  readonly #onSaid: (said: readonly Said[], tag: string) => void

  /** @param nowMs tests only: in place of the server's clock */
  constructor(link: RedisLink, node: string, nowMs: (() => number) | undefined, onSaid: (said: readonly Said[], tag: string) => void) {
    this.#link = link
    this.#node = node
    this.#nowMs = nowMs
    this.#onSaid = onSaid
  }

  /** @returns the answer without its first and its last part. @throws {CoreError} what the script refused; full: away or lost */
  async run(script: ScriptName, tag: string, args: readonly unknown[], isBinary = false): Promise<readonly unknown[]> {
    const now = this.#nowMs === undefined ? '' : String(Math.floor(this.#nowMs()))
    const answer = await this.#link.call(script, [tag, now, this.#link.run ?? '', this.#node, ...args], isBinary)
    const said = answer.at(-1) as readonly (readonly unknown[])[]
    if (said.length > 0)
      this.#onSaid(said.map(([id, record, mailbox, dwellMs]) => ({ id: text(id), record: text(record), mailbox: text(mailbox), dwellMs: Number(dwellMs) })), tag)
    if (Number(answer[0]) === 0) throw refusal(text(answer[1]))
    return answer.slice(Number(answer[0]) === 2 ? 0 : 1, -1)
  }
}
