// SPDX-License-Identifier: EUPL-1.2
/**
 * The ledger: one lmdb store for process cards and message ids, and one writer that lets concurrent changes share a commit.
 *
 *   write(work) ─┐
 *   write(work) ─┼─► queue ─► drafts ─► one transaction, synced ─► all promises resolve
 *   write(work) ─┘            └ while it is written the next ones gather
 *
 * What was handed in within one synchronous step (no `await` between) is one commit: after a crash all of it is there, or nothing. A work
 * that throws leaves nothing behind, and takes along what was entered together with it. `overlappingSync` is off: a commit is on the disk when its promise resolves, and a failed sync rejects it.
 * Transactions with callbacks are not used: in lmdb 3.5 they never came back under Node 20; a draft in memory does the same. lmdb's own
 * batching by event turns is off as well: when a commit fails (disk full), it rejects a promise that nobody can catch.
 * @module
 */
import { open, type Database, type Key, type RootDatabase } from 'lmdb'
import { commit } from './lmdb-commit.js'
import { diskGuard, MAP_BYTES, openStoreDirectory, storeBroken } from './store-directory.js'

const FORMAT = 'protektor-ledger 1'
/** Works of one commit; the rest of a step joins it. */
const MAX_WORKS = 500

/** Reads what the commit will hold, writes into memory. Keys and values must fit lmdb: they are encoded only when all works are through. */
export interface Draft {
  get<V, K extends Key>(table: Database<V, K>, key: K): V | undefined
  put<V, K extends Key>(table: Database<V, K>, key: K, value: V): void
  remove<V, K extends Key>(table: Database<V, K>, key: K): void
}

export interface Ledger {
  table<V, K extends Key>(name: string): Database<V, K>
  /**
   * Resolves with the result of `work` when it is on the disk. The call enters it at once, without waiting for anything.
   * @param work is run once, synchronously; in order of the calls.
   */
  write<T>(work: (draft: Draft) => T): Promise<T>
  /** All that `enter` writes in this very call is one work: when one part throws, all are rejected with that. @returns what `enter` returns. */
  together<T>(enter: () => T): T
  /** @throws when closed: reading a closed lmdb store would end the process. */
  assertOpen(): void
  /** Waits for everything entered. */
  close(): Promise<void>
}

interface Entry {
  readonly key: Key
  readonly value: unknown
}
type Entries = Map<Database<unknown, Key>, Map<string, Entry>>

interface Part {
  /** @returns resolves it. */
  readonly run: (draft: Draft) => () => void
  readonly reject: (error: unknown) => void
}

interface Work {
  readonly step: number
  readonly parts: readonly Part[]
}

/** Values as they are, without a description of their shape before each: reading is several times faster. */
const PLAIN_MAPS = { useRecords: false }

const REMOVED = Symbol('removed')

/**
 * @param path directory of its own, below `dataDirectory`; made with mode 0700.
 * @throws {ConfigError} it cannot be used, is another store, or is damaged.
 */
export function openLedger(path: string): Ledger {
  openStoreDirectory(path, FORMAT)
  try {
    const root = open({ path, compression: false, mapSize: MAP_BYTES, maxDbs: 12, overlappingSync: false, eventTurnBatching: false })
    return new LmdbLedger(root, diskGuard(path))
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw storeBroken(path, `lässt sich nicht öffnen: ${why}`, `cannot be opened: ${why}`)
  }
}

class LmdbLedger implements Ledger {
  readonly #root: RootDatabase
  readonly #assertRoom: () => void
  readonly #queue: Work[] = []
  /** Set while parts are entered together. */
  #parts: Part[] | undefined
  #step = 0
  #stepEnds = false
  #writing: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(root: RootDatabase, assertRoom: () => void) {
    this.#root = root
    this.#assertRoom = assertRoom
  }

  table<V, K extends Key>(name: string): Database<V, K> {
    return this.#root.openDB<V, K>({ ...PLAIN_MAPS, name })
  }

  write<T>(work: (draft: Draft) => T): Promise<T> {
    if (this.#closing) return Promise.reject(new Error('the ledger is closed'))
    return new Promise<T>((resolve, reject) => {
      const run = (draft: Draft) => {
        const result = work(draft)
        return () => resolve(result)
      }
      const part = { run, reject }
      if (this.#parts) this.#parts.push(part)
      else this.#enter([part])
    })
  }

  together<T>(enter: () => T): T {
    if (this.#parts) return enter()
    const parts: Part[] = []
    this.#parts = parts
    try {
      return enter()
    } finally {
      this.#parts = undefined
      if (parts.length > 0) this.#enter(parts)
    }
  }

  assertOpen(): void {
    if (this.#closing) throw new Error('the ledger is closed')
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#writing
      await this.#root.close()
    })()
    return this.#closing
  }

  #enter(parts: readonly Part[]): void {
    this.#queue.push({ step: this.#thisStep(), parts })
    this.#writing ??= this.#writeAll()
  }

  #thisStep(): number {
    if (!this.#stepEnds) {
      this.#stepEnds = true
      queueMicrotask(() => {
        this.#stepEnds = false
        this.#step += 1
      })
    }
    return this.#step
  }

  async #writeAll(): Promise<void> {
    // the rest of this step comes along
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const works = this.#nextWorks()
      const entries: Entries = new Map()
      // refusals wait for the commit as well: they may rest on something that is only being written
      const settle = works.map((work) => {
        const draft = draftOn(entries)
        try {
          const resolves = work.parts.map(({ run }) => run(draft))
          draft.keep()
          return () => resolves.forEach((resolve) => resolve())
        } catch (error) {
          return () => work.parts.forEach(({ reject }) => reject(error))
        }
      })
      try {
        if (entries.size > 0) await this.#commit(entries)
        for (const one of settle) one()
      } catch (error) {
        for (const { reject } of works.flatMap(({ parts }) => parts)) reject(error)
      }
    }
    this.#writing = undefined
  }

  #nextWorks(): Work[] {
    let count = Math.min(MAX_WORKS, this.#queue.length)
    while (count < this.#queue.length && this.#queue[count]?.step === this.#queue[count - 1]?.step) count += 1
    return this.#queue.splice(0, count)
  }

  async #commit(entries: Entries): Promise<void> {
    this.#assertRoom()
    await commit(this.#root, () => {
      for (const [table, rows] of entries)
        for (const { key, value } of rows.values()) void (value === REMOVED ? table.remove(key) : table.put(key, value))
    })
  }
}

function draftOn(entries: Entries): Draft & { keep(): void } {
  const own: Entries = new Map()
  const enter = (into: Entries, table: Database<unknown, Key>, name: string, entry: Entry): void => {
    const rows = into.get(table) ?? new Map<string, Entry>()
    into.set(table, rows.set(name, entry))
  }
  return {
    get<V, K extends Key>(table: Database<V, K>, key: K): V | undefined {
      const [any, name] = [table as Database<unknown, Key>, JSON.stringify(key)]
      const entry = own.get(any)?.get(name) ?? entries.get(any)?.get(name)
      if (entry === undefined) return table.get(key)
      return entry.value === REMOVED ? undefined : (entry.value as V)
    },
    put: (table, key, value) => enter(own, table, JSON.stringify(key), { key, value }),
    remove: (table, key) => enter(own, table, JSON.stringify(key), { key, value: REMOVED }),
    keep() {
      for (const [table, rows] of own) for (const [name, entry] of rows) enter(entries, table, name, entry)
    },
  }
}
