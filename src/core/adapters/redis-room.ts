// SPDX-License-Identifier: EUPL-1.2
/**
 * Room held before the first byte is read (threat model C4). The server keeps the accounts; a reservation lapses there by itself, so that a
 * node that dies leaves none behind.
 *
 * `grow` must answer at once: it counts against this node's own bound, asks the server meanwhile, and what the server refuses shows at the
 * next `grow`, at the latest at the put.
 * @module
 */
import type { BudgetLimits, Holding, MailboxLimits } from '../budget.js'
import { Budget } from '../budget.js'
import { CoreError } from '../errors.js'
import type { MailboxAddress, Reservation } from '../ports.js'
import type { Calls, Places } from './redis-calls.js'

/** Longer than any upload may take. */
const HOLD_MS = 120_000

export class Room {
  readonly #calls: Calls
  readonly #places: Places
  readonly #node: string
  readonly #local: Budget
  readonly #held = new WeakMap<Reservation, Held>()
  #count = 0

  constructor(calls: Calls, places: Places, node: string, limits: BudgetLimits) {
    this.#calls = calls
    this.#places = places
    this.#node = node
    this.#local = new Budget(limits)
  }

  async reserve(to: MailboxAddress, sender: string, bytes: number, limits: MailboxLimits): Promise<Reservation> {
    this.#count += 1
    const held = new Held(this.#calls, this.#places, this.#local.hold(to, sender, bytes, limits), `${this.#node} ${this.#count}`)
    await held.ask()
    const reservation: Reservation = { grow: (toBytes) => held.grow(toBytes), release: () => held.release() }
    this.#held.set(reservation, held)
    return reservation
  }

  /** The reservation is used up; the put takes its place. @throws {CoreError} invalid: it is for another envelope */
  use(reservation: Reservation | undefined, to: MailboxAddress, sender: string): Held | undefined {
    const held = reservation && this.#held.get(reservation)
    if (held === undefined || held.isOver) return undefined
    if (held.to !== to || held.sender !== sender) {
      held.release()
      throw new CoreError('invalid', 'The reservation is for another envelope.')
    }
    return held
  }
}

export class Held {
  readonly #calls: Calls
  readonly #tags: readonly string[]
  readonly #room: string
  readonly #holding: Holding
  readonly name: string
  #trouble: CoreError | undefined
  #asking = false
  #over = false

  constructor(calls: Calls, places: Places, holding: Holding, name: string) {
    this.#calls = calls
    this.#room = places.room
    this.#tags = [...new Set([places.tagOf(holding.to), places.room])]
    this.#holding = holding
    this.name = name
  }

  get to(): MailboxAddress {
    return this.#holding.to
  }

  get sender(): string {
    return this.#holding.sender
  }

  get isOver(): boolean {
    return this.#over
  }

  grow(toBytes: number): void {
    if (this.#trouble !== undefined) throw this.#trouble
    if (this.#over || toBytes <= this.#holding.bytes) return
    this.#holding.grow(toBytes)
    if (!this.#asking) void this.ask().catch((error: unknown) => (this.#trouble = error instanceof CoreError ? error : undefined))
  }

  /** Until the server has what is held by now. */
  async ask(): Promise<void> {
    const { to, sender } = this.#holding
    this.#asking = true
    try {
      for (let asked = -1; asked < this.#holding.bytes && !this.#over;) {
        asked = this.#holding.bytes
        // in a cluster the mailbox counts in its partition, sender and whole in the slot of the room
        const isOne = this.#tags.length === 1
        await Promise.all(
          this.#tags.map((tag) =>
            this.#calls.run('hold', tag, [this.name, isOne || tag !== this.#room ? to : '', sender, asked, HOLD_MS, '', '', 0]),
          ),
        )
      }
    } catch (error) {
      this.release()
      throw error
    } finally {
      this.#asking = false
    }
  }

  /** The server's accounts are the caller's business from here on. */
  end(): void {
    this.#over = true
    this.#holding.release()
  }

  release(): void {
    if (this.#over) return
    this.end()
    for (const tag of this.#tags) void this.#calls.run('release', tag, [this.name]).catch(() => undefined)
  }
}
