// SPDX-License-Identifier: EUPL-1.2
/**
 * Which outcome records are kept: for a time, so many in all, so many per sender. When a sender exceeds its share its own oldest record
 * goes; when all together exceed the whole, the oldest of all. Only numbers are held here, whoever holds the records is told what to drop.
 * @module
 */

export interface OutcomeLimits {
  readonly maxOutcomes: number
  readonly maxOutcomesPerSender: number
  readonly outcomeSeconds: number
}

/** Of any one clock, in milliseconds. */
export interface Kept {
  readonly sender: string
  readonly atMs: number
}

export interface Records {
  /** undefined: dropped before. */
  kept(seq: number): Kept | undefined
  drop(seq: number): void
}

/** Numbers in order. What was taken from the front stays until it is half of all, so that taking is cheap. */
class Line {
  #seqs: number[] = []
  #from = 0

  get size(): number {
    return this.#seqs.length - this.#from
  }

  get first(): number | undefined {
    return this.#seqs[this.#from]
  }

  push(seq: number): void {
    this.#seqs.push(seq)
  }

  shift(): number | undefined {
    const seq = this.first
    if (seq !== undefined) this.#from += 1
    if (this.#from * 2 > this.#seqs.length) {
      this.#seqs = this.#seqs.slice(this.#from)
      this.#from = 0
    }
    return seq
  }

  keep(only: (seq: number) => boolean): void {
    this.#seqs = this.#seqs.filter((seq, index) => index >= this.#from && only(seq))
    this.#from = 0
  }
}

export class Retention {
  readonly #limits: OutcomeLimits
  readonly #records: Records
  /** All in order; records dropped for their sender's sake stay in it until it is cleaned. */
  readonly #all = new Line()
  readonly #bySender = new Map<string, Line>()
  #size = 0
  /** Before this nothing is too old. */
  #quietUntilMs = -Infinity

  constructor(limits: OutcomeLimits, records: Records) {
    this.#limits = limits
    this.#records = records
  }

  get size(): number {
    return this.#size
  }

  /** After the record is there. In order of `seq`. What is too old by now is dropped by {@link dropOld} alone: a record's own time may be wrong. */
  add(seq: number, sender: string): void {
    const own = this.#bySender.get(sender) ?? new Line()
    this.#bySender.set(sender, own)
    own.push(seq)
    this.#all.push(seq)
    this.#size += 1
    if (own.size > this.#limits.maxOutcomesPerSender) this.#dropFirstOf(sender)
    if (this.#size > this.#limits.maxOutcomes) this.#dropOldest(() => true)
    if (this.#all.size > 2 * this.#size + 1024) this.#all.keep((one) => this.#records.kept(one) !== undefined)
  }

  dropOld(nowMs: number): void {
    if (nowMs < this.#quietUntilMs) return
    const lifeMs = this.#limits.outcomeSeconds * 1000
    const isOld = ({ atMs }: Kept): boolean => {
      this.#quietUntilMs = atMs + lifeMs
      return nowMs >= this.#quietUntilMs
    }
    while (this.#dropOldest(isOld));
  }

  /** The oldest of all is also the oldest of its sender. */
  #dropOldest(may: (kept: Kept) => boolean): boolean {
    for (let seq = this.#all.first; seq !== undefined; seq = this.#all.first) {
      const kept = this.#records.kept(seq)
      if (kept !== undefined && !may(kept)) return false
      this.#all.shift()
      if (kept === undefined) continue
      this.#dropFirstOf(kept.sender)
      return true
    }
    return false
  }

  #dropFirstOf(sender: string): void {
    const own = this.#bySender.get(sender)
    const seq = own?.shift()
    if (own?.size === 0) this.#bySender.delete(sender)
    if (seq === undefined) return
    this.#size -= 1
    this.#records.drop(seq)
  }
}
