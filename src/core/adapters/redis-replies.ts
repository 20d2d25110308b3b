// SPDX-License-Identifier: EUPL-1.2
/**
 * Which answers may still come: a node that is about to stop lets those to requests through that were handed out.
 * @module
 */
import type { MailboxAddress } from '../ports.js'
import { REPLY_GRACE_MS } from '../rules.js'

interface Reply {
  /** Of the request, where it was put at this node. */
  readonly request: string | undefined
  /** The request was handed out at this node. */
  readonly expected: boolean
  readonly untilMs: number
}

export class Replies {
  readonly #replies = new Map<MailboxAddress, Reply>()

  /** @param deadlineMs of the request; its reply mailbox lives on. */
  asked(address: MailboxAddress, request: string, deadlineMs: number): void {
    this.#set(address, { request, expected: this.isExpected(address) }, deadlineMs)
  }

  expect(address: MailboxAddress, deadlineMs: number): void {
    this.#set(address, { request: this.requestOf(address), expected: true }, deadlineMs)
  }

  isExpected(address: MailboxAddress): boolean {
    return this.#replies.get(address)?.expected === true
  }

  requestOf(address: MailboxAddress): string | undefined {
    return this.#replies.get(address)?.request
  }

  /** Those that are over. */
  forget(nowMs: number): void {
    for (const [address, { untilMs }] of this.#replies) if (untilMs <= nowMs) this.#replies.delete(address)
  }

  #set(address: MailboxAddress, reply: Omit<Reply, 'untilMs'>, deadlineMs: number): void {
    this.#replies.set(address, { ...reply, untilMs: deadlineMs + REPLY_GRACE_MS })
  }
}
