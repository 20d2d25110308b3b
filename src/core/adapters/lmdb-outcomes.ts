// SPDX-License-Identifier: EUPL-1.2
/**
 * The journal of outcomes in an lmdb store: which ids were accepted, what became of them, the chain. No content, no reply mailbox.
 *
 *   open     id  → sender                                                    accepted, not settled
 *   records  seq → [id, outcome, claimed, wall clock ms, sender, prev, reason?]
 *   ids      id  → seq
 *   marks    "node" → name of the chain;  "head" → [seq, hash]
 *
 * What is handed in while a commit is under way shares the next one. A commit is in the operating system's hands when its promise
 * resolves: it survives a kill of the process at once, a failure of the machine only after its last orderly end. Therefore the store says
 * in which run of the machine it was written; after another, unclean one it is put aside and a new chain begins.
 * @module
 */
import { closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { steadyClock, type Clock } from '../../env.js'
import type { ChainHead } from '../chain.js'
import { CHAIN_START, linked } from '../chain.js'
import type { Outcome, OutcomeJournal, OutcomeRecord } from '../ports.js'
import type { OutcomeLimits } from '../retention.js'
import { Retention } from '../retention.js'

export interface LmdbOutcomesOptions extends OutcomeLimits {
  /** Directory of its own, below `dataDirectory`. */
  readonly path: string
  /** Address space that the store maps from the start; a larger file gets more. */
  readonly mapBytes: number
  readonly clock: Clock
  /** Names a new chain: unguessable, so that no other node has the name. */
  readonly newNode: () => string
  /** Makes the directory, or checks that it is a sound store of this format. @throws when it is not */
  readonly prepare: (path: string, format: string) => void
  /** Throws while nothing may be written, since the disk is nearly full. */
  readonly assertRoom: () => void
  /** The machine failed: what was settled shortly before may be missing, so the old store was put aside. */
  readonly onUnclean: (asidePath: string) => void
  /** A commit failed; it is tried again with the next one. */
  readonly onProblem: (error: unknown) => void
}

const FORMAT = 'protektor-outcomes 1'
const RUN = 'RUN'
const ENDED = 'ended'
/** As long as the longest of its texts: one covers the other. */
const RUN_BYTES = 36
const OUTCOMES: readonly Outcome[] = ['waiting', 'delivered', 'expired', 'refused', 'unknown']

/** Values as they are, without a description of their shape before each. */
const PLAIN_MAPS = { useRecords: false }

type Row = readonly [id: string, outcome: number, claimed: boolean, atMs: number, sender: string, prev: string, reason?: string]

/** @throws {ConfigError} of `prepare`; lmdb's errors */
export function lmdbOutcomes(options: LmdbOutcomesOptions): OutcomeJournal {
  const { path } = options
  const run = join(path, RUN)
  const now = machineRun()
  const before = textOf(run)
  if (before !== undefined && before !== ENDED && before !== now) {
    const aside = path + '.unclean'
    rmSync(aside, { recursive: true, force: true })
    renameSync(path, aside)
    options.onUnclean(aside)
  }
  options.prepare(path, FORMAT)
  note(run, now)
  // batching by event turns rejects a promise that nobody can catch when a commit fails; overlapping syncs would make commits wait for the disk
  const root = open({
    path,
    compression: false,
    mapSize: options.mapBytes,
    maxDbs: 6,
    noSync: true,
    overlappingSync: false,
    eventTurnBatching: false,
  })
  return new LmdbJournal(root, options, () => {
    const file = openSync(join(path, 'data.mdb'), 'r+')
    fsyncSync(file)
    closeSync(file)
    note(run, ENDED)
  })
}

/** Another text after every start of the machine; where that cannot be told, always the same. */
function machineRun(): string {
  return textOf('/proc/sys/kernel/random/boot_id') ?? 'unknown'
}

/**
 * Writes over what stands there, without emptying the file first: on a full disk, or when the process is killed between, the old text must
 * stand, since a store that does not say in which run it was written is put aside.
 */
function note(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(file, text.padEnd(RUN_BYTES))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** What one commit writes. */
interface Changes {
  /** undefined: no longer open. */
  readonly open: Map<string, string | undefined>
  readonly settled: Map<number, OutcomeRecord>
  /** The ids of records that are no longer kept. */
  readonly dropped: Map<number, string>
  readonly accepted: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[]
  /** Who waits for the end of this commit, however it ends. */
  readonly waiting: (() => void)[]
}

const noChanges = (): Changes => ({ open: new Map(), settled: new Map(), dropped: new Map(), accepted: [], waiting: [] })

class LmdbJournal implements OutcomeJournal {
  readonly #options: LmdbOutcomesOptions
  readonly #root: RootDatabase
  readonly #open: Database<string, string>
  readonly #records: Database<Row, number>
  readonly #ids: Database<number, string>
  readonly #marks: Database<unknown, string>
  readonly #retention: Retention
  readonly #steadyMs: () => number
  readonly #node: string
  readonly #onEnd: () => void
  /** Settled, and perhaps not yet in the store. */
  readonly #unsaved = new Map<number, OutcomeRecord>()
  readonly #unsavedSeqs = new Map<string, number>()
  /** Dropped, and perhaps still in the store. */
  readonly #gone = new Set<number>()
  #head: ChainHead
  #changes = noChanges()
  #writing: Promise<void> | undefined
  /** The commit under way; never rejects. */
  #committing: Promise<void> | undefined
  #closed = false

  constructor(root: RootDatabase, options: LmdbOutcomesOptions, onEnd: () => void) {
    const table = <V, K extends string | number>(name: string): Database<V, K> => root.openDB<V, K>({ ...PLAIN_MAPS, name })
    this.#options = options
    this.#steadyMs = steadyClock(options.clock)
    this.#root = root
    this.#onEnd = onEnd
    this.#open = table('open')
    this.#records = table('records')
    this.#ids = table('ids')
    this.#marks = table('marks')
    const [seq, hash] = (this.#marks.get('head') as [number, string] | undefined) ?? [CHAIN_START.seq, CHAIN_START.hash]
    this.#head = { seq, hash }
    this.#node = (this.#marks.get('node') as string | undefined) ?? options.newNode()
    this.#retention = new Retention(options, {
      kept: (one) => {
        const record = this.#at(one)
        return record && { sender: record.sender, atMs: Date.parse(record.at) }
      },
      drop: (one) => this.#drop(one),
    })
    for (const { key, value } of this.#records.getRange()) this.#retention.add(key, value[4])
  }

  get size(): number {
    this.#dropOld()
    return this.#retention.size
  }

  async accepted(id: string, sender: string): Promise<void> {
    if (this.#closed) throw new Error('the journal is closed')
    return new Promise((resolve, reject) => {
      this.#changes.open.set(id, sender)
      this.#changes.accepted.push({ resolve, reject })
      this.#write()
    })
  }

  settled(given: OutcomeRecord): OutcomeRecord {
    if (this.#closed) throw new Error('the journal is closed')
    const first = this.get(given.id)
    if (first !== undefined) return first
    const { record, head } = linked(this.#head, this.#node, given)
    const { id, sender } = record
    this.#head = head
    this.#unsaved.set(head.seq, record)
    this.#unsavedSeqs.set(id, head.seq)
    this.#changes.settled.set(head.seq, record)
    // accepted and settled within one commit: it is never written that it was open
    if (this.#changes.open.get(id) === undefined) this.#changes.open.set(id, undefined)
    else this.#changes.open.delete(id)
    this.#retention.add(head.seq, sender)
    this.#write()
    return record
  }

  elsewhere(id: string): void {
    this.#changes.open.set(id, undefined)
    this.#write()
  }

  async saved(): Promise<void> {
    if (this.#closed || this.#changes.settled.size === 0) return this.#committing
    return new Promise((resolve) => {
      this.#changes.waiting.push(resolve)
      // one that failed lies there still
      this.#write()
    })
  }

  get(id: string): OutcomeRecord | undefined {
    if (this.#closed) return undefined
    this.#dropOld()
    const seq = this.#unsavedSeqs.get(id) ?? this.#ids.get(id)
    return seq === undefined ? undefined : this.#at(seq)
  }

  *open(): Iterable<{ readonly id: string; readonly sender: string }> {
    const { open: changed } = this.#changes
    for (const { key, value } of this.#open.getRange())
      if (!this.#unsavedSeqs.has(key) && !changed.has(key)) yield { id: key, sender: value }
    for (const [id, sender] of changed) if (sender !== undefined) yield { id, sender }
  }

  *since(afterSeq: number, limit: number): Iterable<OutcomeRecord> {
    if (this.#closed) return
    this.#dropOld()
    const [oldest = this.#head.seq] = this.#records.getKeys({ limit: 1 })
    const [unsaved = oldest] = this.#unsaved.keys()
    let left = limit
    for (let seq = Math.max(afterSeq + 1, Math.min(oldest, unsaved)); seq <= this.#head.seq && left > 0; seq += 1) {
      const record = this.#at(seq)
      if (record === undefined) continue
      left -= 1
      yield record
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#write()
    while (this.#writing !== undefined) await this.#writing
    this.#closed = true
    await this.#root.close()
    this.#onEnd()
  }

  #at(seq: number): OutcomeRecord | undefined {
    const unsaved = this.#unsaved.get(seq)
    if (unsaved !== undefined || this.#gone.has(seq)) return unsaved
    const row = this.#records.get(seq)
    if (row === undefined) return undefined
    const [id, outcome, claimed, atMs, sender, prev, reason] = row
    return {
      id,
      outcome: OUTCOMES[outcome] ?? 'unknown',
      claimed,
      ...(reason === undefined ? {} : { reason }),
      at: new Date(atMs).toISOString(),
      sender,
      link: { node: this.#node, seq, prev },
    }
  }

  #dropOld(): void {
    // records bear the wall clock, which may jump ahead for a moment: an id that is forgotten early could be put again
    if (!this.#closed) this.#retention.dropOld(Math.min(this.#options.clock.now().getTime(), this.#steadyMs()))
  }

  #drop(seq: number): void {
    const id = this.#at(seq)?.id
    if (id === undefined) return
    this.#unsaved.delete(seq)
    this.#unsavedSeqs.delete(id)
    this.#gone.add(seq)
    this.#changes.settled.delete(seq)
    this.#changes.dropped.set(seq, id)
  }

  #write(): void {
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    // the rest of this step comes along
    await Promise.resolve()
    while (hasAny(this.#changes)) {
      const changes = this.#changes
      this.#changes = noChanges()
      const committing = this.#commit(changes)
      this.#committing = committing.catch(() => undefined)
      try {
        await committing
        this.#forget(changes)
      } catch (error) {
        const later = this.#changes
        this.#changes = keptForLater(changes, later)
        for (const { reject } of changes.accepted) reject(error)
        this.#options.onProblem(error)
        // whoever came meanwhile must be answered; else the next change tries again
        if (later.accepted.length + later.waiting.length === 0) break
      } finally {
        for (const resolve of changes.waiting) resolve()
      }
    }
    this.#writing = this.#committing = undefined
  }

  /** It stands in the store. */
  #forget({ settled, dropped, accepted }: Changes): void {
    for (const [seq, { id }] of settled) {
      this.#unsaved.delete(seq)
      this.#unsavedSeqs.delete(id)
    }
    for (const seq of dropped.keys()) this.#gone.delete(seq)
    for (const { resolve } of accepted) resolve()
  }

  async #commit({ open: opened, settled, dropped }: Changes): Promise<void> {
    this.#options.assertRoom()
    const { seq, hash } = this.#head
    const done = await this.#root
      .batch(() => {
        void this.#marks.put('node', this.#node)
        void this.#marks.put('head', [seq, hash])
        for (const [id, sender] of opened) void (sender === undefined ? this.#open.remove(id) : this.#open.put(id, sender))
        for (const [one, id] of dropped) {
          void this.#records.remove(one)
          void this.#ids.remove(id)
        }
        for (const [one, record] of settled) {
          void this.#records.put(one, rowOf(record))
          void this.#ids.put(record.id, one)
        }
      })
      .catch(async (error: unknown) => {
        // lmdb tells the reason in a second promise, which nobody else listens to
        throw error instanceof Error && 'commitError' in error
          ? await Promise.resolve(error.commitError).catch((why: unknown) => why)
          : error
      })
    if (!done) throw new Error('the commit was not carried out')
  }
}

function hasAny({ open: opened, settled, dropped }: Changes): boolean {
  return opened.size + settled.size + dropped.size > 0
}

/** What a commit could not write, before what came since. Whose acceptance was refused is not open. */
function keptForLater(failed: Changes, later: Changes): Changes {
  const stillOpen = [...failed.open].filter(([, sender]) => sender === undefined)
  return {
    open: new Map([...stillOpen, ...later.open]),
    settled: new Map([...failed.settled, ...later.settled]),
    dropped: new Map([...failed.dropped, ...later.dropped]),
    accepted: later.accepted,
    waiting: later.waiting,
  }
}

function rowOf({ id, outcome, claimed, reason, at, sender, link }: OutcomeRecord): Row {
  const row = [id, OUTCOMES.indexOf(outcome), claimed, Date.parse(at), sender, link?.prev ?? ''] as const
  return reason === undefined ? row : [...row, reason]
}
