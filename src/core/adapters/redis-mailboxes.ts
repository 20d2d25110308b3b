// SPDX-License-Identifier: EUPL-1.2
/**
 * The mailboxes that this node opened. It opens them anew from time to time, so that they outlive a lost server.
 * @module
 */
import type { MailboxAddress, MailboxPolicy } from '../ports.js'
import { assertMailbox, leaseMsOf } from '../rules.js'
import { text, type Calls, type Places } from './redis-calls.js'
import type { RedisLimits } from './redis-lua.js'

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

  /** @throws {CoreError} invalid; duplicate: it belongs to somebody else; full: the server is away */
  async open(address: MailboxAddress, owner: string, policy: MailboxPolicy): Promise<void> {
    assertMailbox(address, policy)
    const { maxBytesPerMailbox, maxCountPerMailbox } = this.#limits
    const { ttlSeconds, handover, maxBytes = maxBytesPerMailbox, maxCount = maxCountPerMailbox } = policy
    const args = [address, owner, ttlSeconds, handover, leaseMsOf(policy, undefined), maxBytes, maxCount]
    await this.#calls.run('open', this.#places.tagOf(address), args)
    this.#opened.set(address, args)
  }

  async owner(address: MailboxAddress): Promise<string | undefined> {
    const [owner] = await this.#calls.run('owner', this.#places.tagOf(address), [address])
    return text(owner) === '' ? undefined : text(owner)
  }

  async reopen(): Promise<void> {
    await Promise.all([...this.#opened].map(([address, args]) => this.#calls.run('open', this.#places.tagOf(address), args)))
  }
}
