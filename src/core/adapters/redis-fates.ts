// SPDX-License-Identifier: EUPL-1.2
/**
 * What becomes of envelopes, as one node sees it: who waits for an outcome here, what this node accepted and has not heard of since, and
 * the links that its chain gives to what it settled.
 *
 *   settled here        journal → link → written to the record
 *   settled elsewhere   heard by channel; its record is in that node's chain
 *   never heard of      asked after the deadline and after every reconnect; a server that knows nothing any more → `unknown`
 * @module
 */
import type { CoreObserver, MailboxAddress, Outcome, OutcomeJournal, OutcomeLink, OutcomeRecord } from '../ports.js'
import { publicName } from '../rules.js'
import type { Deadlines } from '../ttl.js'
import { text, type Calls, type Said } from './redis-calls.js'

/** How many ids one question names. */
const BATCH = 200
/** Asked this long after the deadline when nothing was heard, and again. */
const PATIENCE_MS = 5000

interface Stored {
  readonly outcome: Outcome
  readonly claimed: boolean
  readonly at: number
  readonly sender: string
  readonly reason?: string
  readonly link?: OutcomeLink
}

interface Own {
  readonly sender: string
  readonly tag: string
  askAtMs: number
}

export interface FatesOptions {
  readonly calls: Calls
  readonly nowMs: () => number
  readonly journal: OutcomeJournal | undefined
  readonly observe: CoreObserver | undefined
  /** Something waits again. */
  readonly onReturned: (mailbox: MailboxAddress) => void
  /** Settled by this node: room elsewhere can be given back. */
  readonly onSettled: (id: string) => void
}

export interface Watching {
  /** Resolves at the first change since the last time, or at `untilMs`, or when `signal` is aborted. */
  change(untilMs: number, deadlines: Deadlines, signal: AbortSignal | undefined): Promise<void>
  end(): void
}

export function readRecord(id: string, stored: string): OutcomeRecord {
  const { at, ...rest } = JSON.parse(stored) as Stored
  return { id, ...rest, at: new Date(at).toISOString() }
}

export class Fates {
  readonly #options: FatesOptions
  readonly #own = new Map<string, Own>()
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #links = new Map<string, string[]>()
  #linking = false

  constructor(options: FatesOptions) {
    this.#options = options
  }

  /** This node has told, or will tell, a sender that it has it. @returns false: it has it already */
  accept(id: string, sender: string, tag: string, lifeMs: number): boolean {
    if (this.#own.has(id)) return false
    this.#own.set(id, { sender, tag, askAtMs: this.#options.nowMs() + lifeMs + PATIENCE_MS })
    return true
  }

  /** Who sent what this node accepted and has not heard the end of. */
  senderOf(id: string): string | undefined {
    return this.#own.get(id)?.sender
  }

  /** Partition of what this node accepted and has not heard the end of. */
  tagOf(id: string): string | undefined {
    return this.#own.get(id)?.tag
  }

  /** Refused after all. */
  forget(id: string): void {
    this.#own.delete(id)
  }

  /** From now on no change of its outcome is missed. */
  watch(id: string): Watching {
    let changes = 0
    let stir = (): void => undefined
    const listener = (): void => {
      changes += 1
      stir()
    }
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return {
      change: (untilMs, deadlines, signal) =>
        new Promise((resolve) => {
          const finish = (): void => {
            deadlines.cancel(deadline)
            signal?.removeEventListener('abort', finish)
            changes = 0
            resolve()
          }
          const deadline = deadlines.set(untilMs, finish)
          signal?.addEventListener('abort', finish)
          stir = finish
          if (changes > 0) finish()
        }),
      end: () => {
        listeners.delete(listener)
        if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id)
      },
    }
  }

  /** Claimed or settled, here or elsewhere: whoever waits looks again. */
  changed(id: string): void {
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener()
  }

  /** By a script that this node called. */
  said(list: readonly Said[], tag: string): void {
    for (const { id, record, mailbox, dwellMs } of list) {
      if (record === '') {
        this.#options.observe?.({ kind: 'returned', id, mailbox: publicName(mailbox) })
        this.#options.onReturned(mailbox)
        continue
      }
      this.#own.delete(id)
      const settled = readRecord(id, record)
      const { link } = this.#options.journal?.settled(settled) ?? settled
      if (link !== undefined) this.#link(tag, [id, link.node, String(link.seq), link.prev])
      if (settled.outcome !== 'waiting')
        this.#options.observe?.({ kind: 'settled', id, mailbox: publicName(mailbox), outcome: settled.outcome, dwellMs })
      this.#options.onSettled(id)
      this.changed(id)
    }
  }

  /** By another node. */
  heard(id: string, settled: boolean): void {
    if (settled && this.#own.delete(id)) this.#options.journal?.elsewhere(id)
    this.changed(id)
  }

  /** Asks what became of what this node accepted: everything, or what is overdue. Nothing is asked twice at a time. */
  async ask(isAll: boolean): Promise<void> {
    const nowMs = this.#options.nowMs()
    const byTag = new Map<string, [string, Own][]>()
    for (const [id, own] of this.#own) {
      if (!isAll && own.askAtMs > nowMs) continue
      own.askAtMs = nowMs + PATIENCE_MS
      byTag.set(own.tag, [...(byTag.get(own.tag) ?? []), [id, own]])
    }
    for (const [tag, list] of byTag)
      for (let from = 0; from < list.length; from += BATCH) await this.#askOf(tag, list.slice(from, from + BATCH))
  }

  async #askOf(tag: string, list: readonly (readonly [string, Own])[]): Promise<void> {
    const [records] = await this.#options.calls.run(
      'fate',
      tag,
      list.flatMap(([id, { sender }]) => [id, sender]),
    )
    for (const [index, [id]] of list.entries()) if (text((records as readonly unknown[])[index]) !== '') this.heard(id, true)
  }

  #link(tag: string, link: readonly string[]): void {
    const waiting = this.#links.get(tag)
    if (waiting === undefined) this.#links.set(tag, [...link])
    else waiting.push(...link)
    if (!this.#linking) void this.#writeLinks()
  }

  /** Looks may have been missed: everybody who waits looks again. */
  changedAll(): void {
    for (const id of [...this.#listeners.keys()]) this.changed(id)
  }

  /** Many at a time: what comes while one call is under way goes with the next. What cannot be written stays in the journal. */
  async #writeLinks(): Promise<void> {
    this.#linking = true
    await Promise.resolve()
    for (let [next] = this.#links; next !== undefined; [next] = this.#links) {
      const [tag, links] = next
      this.#links.delete(tag)
      await this.#options.calls.run('link', tag, links).catch(() => undefined)
    }
    this.#linking = false
  }
}
