// SPDX-License-Identifier: EUPL-1.2
/**
 * Card stores to test, of both kinds, under one fake time.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbCards } from '../../../src/gateway/adapters/lmdb-cards.js'
import { openLedger, type Ledger } from '../../../src/gateway/adapters/lmdb-ledger.js'
import { CARD_LIMITS, type CardOptions } from '../../../src/gateway/intermediary/card-life.js'
import { instantsIn } from '../../../src/gateway/intermediary/instants.js'
import { memoryCards } from '../../../src/gateway/intermediary/memory-cards.js'
import type { CardRecord, CardStore } from '../../../src/gateway/intermediary/ports.js'
import { FakeTime } from '../../core/fake-time.js'

export type NewCard = Omit<CardRecord, 'recentModification'>

export const ALICE = 'a'.repeat(64)
export const BOB = 'b'.repeat(64)
export const EVE = 'e'.repeat(64)
export const DAY_MS = 86_400_000
export const SWEEP_MS = CARD_LIMITS.sweepSeconds * 1000

export function cardFor(messageId: string, createdAt: Date, more: Partial<NewCard> = {}): NewCard {
  const at = createdAt.toISOString()
  return {
    messageId,
    originator: ALICE,
    addressee: BOB,
    state: 'stored',
    creation: { plain: at },
    createdAt: at,
    inspections: [],
    ...more,
  }
}

/** lmdb gives bytes back as Buffers; what counts is what they hold. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

export interface OpenStore {
  readonly store: CardStore
  readonly time: FakeTime
  /** Lets time pass, until a sweep that begins then is through. */
  passAndSweep(ms: number): Promise<void>
  end(): Promise<void>
}

type Settings = Partial<Pick<CardOptions, 'keepDays' | 'maxPerTenant'>>

const optionsFor = (time: FakeTime, settings: Settings): CardOptions => ({
  clock: time,
  startTimer: time.startTimer,
  toInstant: instantsIn('Europe/Berlin'),
  keepDays: 30,
  ...settings,
})

/** A sweep is armed again only when it is through: the second one runs at the end of the time. */
async function passAndSweep(time: FakeTime, ms: number, settled: () => Promise<void>): Promise<void> {
  for (const part of [ms - SWEEP_MS, SWEEP_MS]) {
    time.pass(part)
    await settled()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const inDirectory = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), 'protektor-ledger-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export async function openLmdb(path: string, time: FakeTime, settings: Settings = {}): Promise<OpenStore & { readonly ledger: Ledger }> {
  const ledger = openLedger(path)
  const store = await lmdbCards(ledger, optionsFor(time, settings))
  return {
    store,
    time,
    ledger,
    passAndSweep: (ms) => passAndSweep(time, ms, () => ledger.write(() => undefined)),
    async end() {
      await store.close()
      await ledger.close()
    },
  }
}

export const KINDS: Readonly<Record<string, (settings?: Settings) => Promise<OpenStore>>> = {
  async memory(settings = {}) {
    const time = new FakeTime()
    const store = memoryCards(optionsFor(time, settings))
    return { store, time, passAndSweep: (ms) => passAndSweep(time, ms, () => Promise.resolve()), end: () => store.close() }
  },
  async lmdb(settings = {}) {
    const directory = await mkdtemp(join(tmpdir(), 'protektor-ledger-'))
    const opened = await openLmdb(join(directory, 'ledger'), new FakeTime(), settings)
    return {
      ...opened,
      async end() {
        await opened.end()
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
}
