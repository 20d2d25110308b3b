// SPDX-License-Identifier: EUPL-1.2
/**
 * Message ids: issued once, used once, never again.
 *
 *   issue ─► issued ─► take ─► taken ─► used: gone for good
 *              ▲ │                └─ giveBack, or nothing could be entered under it ─► issued
 *              │ └─ over after `unusedIdHours`
 *              └─ a tenth of the table for each peer: none takes the ids of all
 *
 * Only an id that stands in the table as issued can be taken, and no id is ever made twice (128 bit). So using one means taking it out,
 * durably: whatever is not there is refused, a replay after ten minutes and after ten years, across restarts. No list of used ids is kept,
 * in memory or on disk, that could fill up, or that could forget one.
 *
 * A crash between `take` and the end of `used()` leaves the id issued. Nothing was said to the client by then, because a delivery is
 * acknowledged only after `used()` has resolved: its repetition under the same id is the first delivery. What the id is used for (the card)
 * is entered by `used()` itself, as one with the removal: there is no card whose id can be used again, and where no card can be entered
 * the id is as if it had not been taken.
 * Specs: osci-1.2 §4; threat model P1, P7.
 * @module
 */
import { HttpError } from '../../errors.js'
import { steadyClock, type Clock } from '../../env.js'
import type { IdClaim, MessageIds } from './ports.js'

/** Durable side of the table. */
export interface IdJournal {
  /** Of this installation; the same after every restart. */
  readonly token: string
  /** Issued and unused ids with the wall clock of their issue. */
  load(): Iterable<{ readonly tenant: string; readonly id: string; readonly atMs: number }>
  /** Resolves when it is on the disk. */
  enter(tenant: string, id: string, atMs: number): Promise<void>
  /** Resolves when it is on the disk. */
  remove(ids: readonly (readonly [tenant: string, id: string])[]): Promise<void>
  /** What `work` enters into the store in this very call is written as one: all of it, or nothing. */
  together<T>(work: () => T): T
  close(): Promise<void>
}

export interface MessageIdOptions {
  readonly clock: Clock
  /** Unguessable bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly unusedIdHours: number
  /** Issued and unused ids of all tenants. */
  readonly maxIssued?: number
  /** Of these, ids that one peer may hold. */
  readonly maxPerPeer?: number
  /** Absent: the table does not survive the process. */
  readonly journal?: IdJournal
}

/** A peer may hold a tenth: whoever asks for ids and uses none takes nobody else's. Those of a former run count for nobody. */
export const ID_LIMITS = { maxIssued: 100_000, maxPerPeer: 10_000, sweepIds: 1000 }

const ID_BYTES = 16
const HOUR_MS = 3_600_000
/** Crockford's base 32 in lower case: without i, l, o and u, nothing in it can be taken for something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** 5 bits a character, the last one filled with zeros. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31]
}

/** `p` and 6 characters: tells installations apart in logs and files, proves nothing. */
export const makeToken = (random: (bytes: number) => Uint8Array): string => 'p' + base32(random(4)).slice(0, 6)

/** `atMs`: of the issue, by the steady clock. `peer`: absent in those of a former run. */
interface Issued {
  readonly atMs: number
  readonly peer?: string
}

const keyOf = (tenant: string, id: string): string => `${tenant}\n${id}`

const tableFull = (): HttpError =>
  new HttpError(503, 'gateway.message-id-table-full', 'The table of issued message ids is full.', { retryAfterSeconds: 60 })

export function messageIds(options: MessageIdOptions): MessageIds {
  const { clock, random, journal } = options
  const { maxIssued = ID_LIMITS.maxIssued, maxPerPeer = ID_LIMITS.maxPerPeer } = options
  const livesMs = options.unusedIdHours * HOUR_MS
  const token = journal?.token ?? makeToken(random)
  /** By tenant and id, in order of issue. */
  const issued = new Map<string, Issued>()
  /** Being written, or taken and neither used nor given back: they count as well. */
  let underWay = 0
  /** All that count, by peer. */
  const held = new Map<string, number>()
  const now = steadyClock(clock)
  const openedAtMs = now()
  for (const { tenant, id, atMs } of [...(journal?.load() ?? [])].sort((a, b) => a.atMs - b.atMs))
    issued.set(keyOf(tenant, id), { atMs: Math.min(atMs, openedAtMs) })

  const release = (peer: string | undefined): void => {
    if (peer === undefined) return
    const left = (held.get(peer) ?? 1) - 1
    if (left > 0) held.set(peer, left)
    else held.delete(peer)
  }

  /** In bounded steps. Whether an id still holds is decided when it is taken. */
  const sweep = (): void => {
    const over: [string, string][] = []
    for (const [key, { atMs, peer }] of issued) {
      if (atMs + livesMs > now() || over.length >= ID_LIMITS.sweepIds) break
      issued.delete(key)
      release(peer)
      const end = key.indexOf('\n')
      over.push([key.slice(0, end), key.slice(end + 1)])
    }
    // one that could not be removed is over again after the next start
    if (over.length > 0) void journal?.remove(over).catch(() => undefined)
  }

  const claim = (tenant: string, id: string, entry: Issued): IdClaim => {
    let state: 'open' | 'under way' | 'ended' = 'open'
    const giveBack = (): void => {
      state = 'ended'
      underWay -= 1
      issued.set(keyOf(tenant, id), entry)
    }
    return {
      async used(enter) {
        if (state !== 'open') throw new TypeError('the id was ended before')
        state = 'under way'
        try {
          const remove = () => Promise.all([enter(), journal?.remove([[tenant, id]])])
          const [entered] = await (journal ? journal.together(remove) : remove())
          state = 'ended'
          underWay -= 1
          release(entry.peer)
          return entered
        } catch (error) {
          // nothing stands: as after a crash in this moment, the repetition is the first delivery
          giveBack()
          throw error
        }
      },
      giveBack() {
        if (state === 'open') giveBack()
      },
    }
  }

  return {
    async issue(tenant, peer) {
      sweep()
      const own = held.get(peer) ?? 0
      if (issued.size + underWay >= maxIssued || own >= maxPerPeer) throw tableFull()
      const id = `${token}-${base32(random(ID_BYTES))}`
      const atMs = now()
      underWay += 1
      held.set(peer, own + 1)
      try {
        await journal?.enter(tenant, id, clock.now().getTime())
        issued.set(keyOf(tenant, id), { atMs, peer })
      } catch (error) {
        release(peer)
        throw error
      } finally {
        underWay -= 1
      }
      return id
    },
    take(tenant, id) {
      const key = keyOf(tenant, id)
      const entry = issued.get(key)
      if (entry === undefined || entry.atMs + livesMs <= now()) return undefined
      issued.delete(key)
      underWay += 1
      return claim(tenant, id, entry)
    },
    async close() {
      await journal?.close()
    },
  }
}
