// SPDX-License-Identifier: EUPL-1.2
/**
 * The mailboxes that this node opened. It opens them anew from time to time, so that they outlive a lost server.
 * @module
 */
import type { MailboxLimits } from '../budget.js'
import { CoreError } from '../errors.js'
import type { MailboxAddress, MailboxPolicy } from '../ports.js'
import { assertMailbox, leaseMsOf } from '../rules.js'
import { text, type Calls, type Places } from './redis-calls.js'
import type { RedisLimits } from './redis-lua.js'

const isInUse = (error: unknown): boolean => error instanceof CoreError && error.kind === 'in-use'

/** Each moves some hundred envelopes at most. */
const MAX_SWEEPS = 100

export class Mailboxes {
  readonly #calls: Calls
  readonly #places: Places
  readonly #limits: Pick<RedisLimits, 'maxBytesPerMailbox' | 'maxCountPerMailbox'>
  readonly #opened = new Map<MailboxAddress, readonly (string | number)[]>()

  constructor(calls: Calls, places: Places, limits: Pick<RedisLimits, 'maxBytesPerMailbox' | 'maxCountPerMailbox'>) {
    this.#calls = calls
    this.#places = places
    this.#limits = limits
  }

  /** @throws {CoreError} invalid; duplicate: it belongs to somebody else; in-use; full: the server is away */
  async open(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void> {
    assertMailbox(address, policy)
    const { maxBytesPerMailbox, maxCountPerMailbox } = this.#limits
    const { ttlSeconds, handover, maxBytes = maxBytesPerMailbox, maxCount = maxCountPerMailbox } = policy
    const args = [address, owner, ttlSeconds, handover, leaseMsOf(policy, undefined), maxBytes, maxCount]
    const tag = this.#places.tagOf(address)
    await this.#calls.run('open', tag, args).catch(async (error: unknown) => {
      if (!isInUse(error)) throw error
      // what is over may lie there still: nobody looked since all nodes stopped
      await this.#sweepAll(tag)
      await this.#calls.run('open', tag, args)
    })
    this.#opened.set(address, args)
  }

  async #sweepAll(tag: string): Promise<void> {
    for (let rounds = 0; rounds < MAX_SWEEPS; rounds++) {
      const [nextMs] = await this.#calls.run('sweep', tag, [])
      if (Number(nextMs) !== 0) return
    }
  }

  /** Bounds of a mailbox that was opened here, for what is counted at this node; others have the core's. */
  limitsOf(address: MailboxAddress): MailboxLimits {
    const [maxBytes, maxCount] = this.#opened.get(address)?.slice(-2) ?? []
    return maxBytes === undefined || maxCount === undefined ? {} : { maxBytes: Number(maxBytes), maxCount: Number(maxCount) }
  }

  async owner(address: MailboxAddress): Promise<string | undefined> {
    const [owner] = await this.#calls.run('owner', this.#places.tagOf(address), [address])
    return text(owner) === '' ? undefined : text(owner)
  }

  /** A mailbox that another node opened otherwise meanwhile, and that is not empty, stays as it is. */
  async reopen(): Promise<void> {
    const again = async ([address, args]: [MailboxAddress, readonly (string | number)[]]): Promise<void> => {
      await this.#calls.run('open', this.#places.tagOf(address), args).catch((error: unknown) => {
        if (!isInUse(error)) throw error
      })
    }
    await Promise.all([...this.#opened].map(again))
  }
}
