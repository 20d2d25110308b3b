// SPDX-License-Identifier: EUPL-1.2
/**
 * Putting. On one server it is one script. In a cluster four slots take part, in two steps:
 *
 *   1  together: the id is claimed for its partition · room in all and of the sender · the reply mailbox
 *   2  the envelope into its mailbox
 *
 * What the first step took is given back when the second refuses; what a dying node took lapses by itself.
 * @module
 */
import { CoreError } from '../errors.js'
import type { StoredEnvelope } from '../ports.js'
import { REPLY_GRACE_MS } from '../rules.js'
import { refusal, type Calls, type Places } from './redis-calls.js'
import { AnswerLost, type RedisLink } from './redis-link.js'
import type { RedisLimits } from './redis-lua.js'
import type { Held } from './redis-room.js'

/** How long a lease may last at most, beyond the deadline: room in a cluster is held so long when no node gives it back. */
const LONGEST_LEASE_MS = 3_600_000

/** Room of an envelope in a cluster goes by this name. */
export const roomName = (id: string): string => `e ${id}`

export class Put {
  readonly #calls: Calls
  readonly #link: RedisLink
  readonly #places: Places
  readonly #limits: RedisLimits
  readonly #node: string
  #uploads = 0

  constructor(calls: Calls, link: RedisLink, places: Places, limits: RedisLimits & { readonly node: string }) {
    this.#calls = calls
    this.#link = link
    this.#places = places
    this.#limits = limits
    this.#node = limits.node
  }

  /** @returns milliseconds until its deadline. @throws {CoreError} refused, or nothing was sent; {@link AnswerLost} it may lie there */
  async put(envelope: StoredEnvelope, held: Held | undefined): Promise<number> {
    if (this.#places.tags.length === 1) return this.#intoMailbox(envelope, held)
    const undo = await this.#prepare(envelope, held)
    try {
      return await this.#intoMailbox(envelope, held)
    } catch (error) {
      if (!(error instanceof AnswerLost)) undo()
      throw error
    }
  }

  async #intoMailbox({ id, to, sender, ttlSeconds, replyTo = '', body }: StoredEnvelope, held: Held | undefined): Promise<number> {
    this.#uploads += 1
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const opened = this.#places.tags.length === 1 ? '' : '1'
    const args = [id, to, sender, ttlSeconds, replyTo, held?.name ?? '', opened]
    const [lifeMs] = await this.#calls.put(this.#places.tagOf(to), `${this.#node} ${this.#uploads}`, bytes, args)
    return Number(lifeMs)
  }

  /** @returns what gives it all back. */
  async #prepare({ id, to, sender, ttlSeconds, replyTo, body }: StoredEnvelope, held: Held | undefined): Promise<() => void> {
    const { room } = this.#places
    const lifeMs = ttlSeconds * 1000
    const replyMs = lifeMs + REPLY_GRACE_MS
    const keptMs = lifeMs + LONGEST_LEASE_MS + this.#limits.outcomeSeconds * 1000
    const hold = [roomName(id), '', sender, body.length, lifeMs + LONGEST_LEASE_MS, held?.name ?? '', replyTo ?? '', replyMs]
    const steps: readonly { readonly work: Promise<unknown>; readonly back: () => Promise<unknown> }[] = [
      { work: this.#claimId(id, this.#places.tagOf(to), keptMs), back: () => this.#link.remove(this.#places.indexKey(id)) },
      { work: this.#calls.run('hold', room, hold), back: () => this.#calls.run('release', room, [roomName(id)]) },
      ...(replyTo === undefined
        ? []
        : [
            {
              work: this.#calls.run('openReply', this.#places.tagOf(replyTo), [replyTo, sender, replyMs]),
              back: () => this.#calls.run('openReply', this.#places.tagOf(replyTo), [replyTo, '', 0]),
            },
          ]),
    ]
    const results = await Promise.allSettled(steps.map(({ work }) => work))
    const undo = (): void =>
      steps.forEach(({ back }, index) => {
        if (results[index]?.status === 'fulfilled') void back().catch(() => undefined)
      })
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return undo
    undo()
    // nothing lies in a mailbox yet: a lost answer is no more than a refusal here
    throw failed.reason instanceof AnswerLost ? new CoreError('full', failed.reason.message) : failed.reason
  }

  async #claimId(id: string, tag: string, ms: number): Promise<void> {
    if (!(await this.#link.setOnce(this.#places.indexKey(id), tag, ms))) throw refusal('used')
  }
}
