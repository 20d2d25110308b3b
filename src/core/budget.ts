// SPDX-License-Identifier: EUPL-1.2
/**
 * Who holds how much: bytes and counts in all, per mailbox and per sender, reserved before the bytes arrive (threat model C4). Nothing
 * is ever evicted to make room.
 * @module
 */
import { CoreError } from './errors.js'
import type { MailboxAddress, Reservation } from './ports.js'

export interface BudgetLimits {
  readonly maxBytes: number
  readonly maxBytesPerSender: number
  readonly maxBytesPerMailbox: number
  readonly maxCountPerMailbox: number
}

interface Account {
  bytes: number
  count: number
}

export interface MailboxLimits {
  readonly maxBytes?: number | undefined
  readonly maxCount?: number | undefined
}

/** Reservation and, after the put, the envelope's holding. */
export interface Holding extends Reservation {
  readonly bytes: number
  readonly to: MailboxAddress
  readonly sender: string
  /** Gives the bytes back, and keeps the place among the envelopes: of an envelope that has no bytes any more, but no outcome yet. */
  empty(): void
}

export class Budget {
  readonly #limits: BudgetLimits
  readonly #mailboxes = new Map<string, Account>()
  readonly #senders = new Map<string, Account>()
  #bytes = 0

  constructor(limits: BudgetLimits) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws {CoreError} quota, full */
  hold(to: MailboxAddress, sender: string, bytes: number, mailbox: MailboxLimits): Holding {
    const maxCount = mailbox.maxCount ?? this.#limits.maxCountPerMailbox
    if ((this.#mailboxes.get(to)?.count ?? 0) >= maxCount) throw new CoreError('quota', 'The mailbox holds too many envelopes.')
    const maxBytes = mailbox.maxBytes ?? this.#limits.maxBytesPerMailbox
    this.#add(to, sender, bytes, 1, maxBytes)
    let held = bytes
    let over = false
    return {
      to,
      sender,
      get bytes() {
        return held
      },
      grow: (toBytes) => {
        if (over || toBytes <= held) return
        this.#add(to, sender, toBytes - held, 0, maxBytes)
        held = toBytes
      },
      empty: () => {
        if (over) return
        this.#remove(to, sender, held, 0)
        held = 0
      },
      release: () => {
        if (over) return
        over = true
        this.#remove(to, sender, held, 1)
      },
    }
  }

  #add(to: string, sender: string, bytes: number, count: number, maxMailboxBytes: number): void {
    const mailbox = this.#mailboxes.get(to) ?? { bytes: 0, count: 0 }
    const own = this.#senders.get(sender) ?? { bytes: 0, count: 0 }
    if (mailbox.bytes + bytes > maxMailboxBytes) throw new CoreError('quota', 'The mailbox holds too many bytes.')
    if (own.bytes + bytes > this.#limits.maxBytesPerSender) throw new CoreError('quota', 'The sender holds too many bytes.')
    if (this.#bytes + bytes > this.#limits.maxBytes) throw new CoreError('full', 'The core is full.')
    this.#mailboxes.set(to, { bytes: mailbox.bytes + bytes, count: mailbox.count + count })
    this.#senders.set(sender, { bytes: own.bytes + bytes, count: own.count + count })
    this.#bytes += bytes
  }

  #remove(to: string, sender: string, bytes: number, count: number): void {
    this.#bytes -= bytes
    for (const [table, key] of [
      [this.#mailboxes, to],
      [this.#senders, sender],
    ] as const) {
      const account = table.get(key)
      if (account === undefined) continue
      account.bytes -= bytes
      account.count -= count
      if (account.count === 0) table.delete(key)
    }
  }
}
