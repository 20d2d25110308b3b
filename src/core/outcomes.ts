// SPDX-License-Identifier: EUPL-1.2
/**
 * The journal in memory: what became of an envelope, without a byte of it, chained and bounded. Half a million records are kept in blocks of
 * columns: some 150 bytes each, and nothing for the garbage collector to walk through but the ids.
 * @module
 */
import type { Clock } from '../env.js'
import type { ChainHead } from './chain.js'
import { CHAIN_START, linked } from './chain.js'
import type { Outcome, OutcomeJournal, OutcomeRecord } from './ports.js'
import type { OutcomeLimits } from './retention.js'
import { Retention } from './retention.js'

export interface MemoryJournalOptions extends OutcomeLimits {
  readonly clock: Clock
  /** Name of this node's chain. Another life needs another name: its chain begins anew. */
  readonly node: string
}

export function memoryJournal(options: MemoryJournalOptions): OutcomeJournal {
  return new InMemoryJournal(options)
}

const BLOCK = 1024
const HASH_BYTES = 32
/** Codes of a column; the order is of no meaning outside this process. */
const OUTCOMES: readonly Outcome[] = ['waiting', 'delivered', 'expired', 'refused', 'unknown']

/** Records `first` … `first + BLOCK - 1` of the chain. */
interface Block {
  left: number
  readonly ids: (string | undefined)[]
  readonly senders: (string | undefined)[]
  readonly reasons: (string | undefined)[]
  /** Twice the outcome's code, and one more when claimed. */
  readonly outcomes: Uint8Array
  readonly atMs: Float64Array
  readonly settledAtMs: Float64Array
  readonly prevs: Buffer
}

function emptyBlock(): Block {
  const column = (): (string | undefined)[] => new Array<string | undefined>(BLOCK).fill(undefined)
  return {
    left: 0,
    ids: column(),
    senders: column(),
    reasons: column(),
    outcomes: new Uint8Array(BLOCK),
    atMs: new Float64Array(BLOCK),
    settledAtMs: new Float64Array(BLOCK),
    prevs: Buffer.alloc(BLOCK * HASH_BYTES),
  }
}

class InMemoryJournal implements OutcomeJournal {
  readonly #options: MemoryJournalOptions
  readonly #open = new Map<string, string>()
  readonly #seqs = new Map<string, number>()
  readonly #blocks = new Map<number, Block>()
  readonly #retention: Retention
  #head: ChainHead = CHAIN_START

  constructor(options: MemoryJournalOptions) {
    this.#options = options
    this.#retention = new Retention(options, {
      kept: (seq) => {
        const [block, row] = this.#at(seq)
        const sender = block?.senders[row]
        return sender === undefined ? undefined : { sender, atMs: block?.settledAtMs[row] ?? 0 }
      },
      drop: (seq) => this.#drop(seq),
    })
  }

  get size(): number {
    this.#retention.dropOld(this.#options.clock.monotonicMs())
    return this.#retention.size
  }

  async accepted(id: string, sender: string): Promise<void> {
    if (!this.#seqs.has(id)) this.#open.set(id, sender)
  }

  settled(given: OutcomeRecord): OutcomeRecord {
    const first = this.get(given.id)
    if (first !== undefined) return first
    const { record, head } = linked(this.#head, this.#options.node, given)
    this.#head = head
    this.#open.delete(record.id)
    this.#keep(head.seq, record)
    return record
  }

  elsewhere(id: string): void {
    this.#open.delete(id)
  }

  async saved(): Promise<void> {}

  get(id: string): OutcomeRecord | undefined {
    this.#retention.dropOld(this.#options.clock.monotonicMs())
    const seq = this.#seqs.get(id)
    return seq === undefined ? undefined : this.#record(seq)
  }

  *open(): Iterable<{ readonly id: string; readonly sender: string }> {
    for (const [id, sender] of this.#open) yield { id, sender }
  }

  *since(afterSeq: number, limit: number): Iterable<OutcomeRecord> {
    const oldest = (this.#blocks.keys().next().value ?? 0) * BLOCK
    let left = limit
    for (let seq = Math.max(afterSeq + 1, oldest); seq <= this.#head.seq && left > 0; seq += 1) {
      const record = this.#record(seq)
      if (record === undefined) continue
      left -= 1
      yield record
    }
  }

  async close(): Promise<void> {}

  #at(seq: number): readonly [Block | undefined, number] {
    return [this.#blocks.get(Math.floor(seq / BLOCK)), seq % BLOCK]
  }

  #keep(seq: number, { id, outcome, claimed, reason, at, sender, link }: OutcomeRecord): void {
    const number = Math.floor(seq / BLOCK)
    const row = seq % BLOCK
    const block = this.#blocks.get(number) ?? emptyBlock()
    this.#blocks.set(number, block)
    if (this.#blocks.get(number - 1)?.left === 0) this.#blocks.delete(number - 1)
    block.left += 1
    block.ids[row] = id
    block.senders[row] = sender
    block.reasons[row] = reason
    block.outcomes[row] = 2 * OUTCOMES.indexOf(outcome) + Number(claimed)
    block.atMs[row] = Date.parse(at)
    block.settledAtMs[row] = this.#options.clock.monotonicMs()
    block.prevs.write(link?.prev ?? '', row * HASH_BYTES, 'base64url')
    this.#seqs.set(id, seq)
    this.#retention.add(seq, sender)
  }

  #record(seq: number): OutcomeRecord | undefined {
    const [block, row] = this.#at(seq)
    const [id, sender, reason, code] = [block?.ids[row], block?.senders[row], block?.reasons[row], block?.outcomes[row]]
    const outcome = OUTCOMES[(code ?? 0) >> 1]
    if (block === undefined || id === undefined || sender === undefined || code === undefined || outcome === undefined) return undefined
    return {
      id,
      outcome,
      claimed: code % 2 === 1,
      ...(reason === undefined ? {} : { reason }),
      at: new Date(block.atMs[row] ?? 0).toISOString(),
      sender,
      link: {
        node: this.#options.node,
        seq,
        prev: block.prevs.toString('base64url', row * HASH_BYTES, (row + 1) * HASH_BYTES),
      },
    }
  }

  #drop(seq: number): void {
    const [block, row] = this.#at(seq)
    const id = block?.ids[row]
    if (block === undefined || id === undefined) return
    this.#seqs.delete(id)
    block.ids[row] = block.senders[row] = block.reasons[row] = undefined
    block.left -= 1
    const number = Math.floor(seq / BLOCK)
    // the newest block has rows to come
    if (block.left === 0 && number < Math.floor(this.#head.seq / BLOCK)) this.#blocks.delete(number)
  }
}
