// SPDX-License-Identifier: EUPL-1.2
/**
 * Message ids: issued once, used once, never again.
 *
 *   issue ─► issued ─► take ─► taken ─► used: gone for good
 *              ▲                 └─ giveBack ─┘
 *              └─ over after `unusedIdHours`
 *
 * Only an id that stands in the table as issued can be taken, and no id is ever made twice (128 bit). So using one means taking it out,
 * durably: whatever is not there is refused, a replay after ten minutes and after ten years, across restarts. No list of used ids is kept,
 * in memory or on disk, that could fill up, or that could forget one.
 *
 * A crash between `take` and the end of `used()` leaves the id issued. Nothing was said to the client by then, because a delivery is
 * acknowledged only after `used()` has resolved: its repetition under the same id is the first delivery. Enter the card and call `used()`
 * in one synchronous step: the ledger makes it one commit, so that there is no card whose id can be used again.
 * Specs: osci-1.2 §4; threat model P1, P7.
 * @module
 */
import { HttpError } from '../../errors.js'
import type { Clock } from '../../env.js'
import type { IdClaim, MessageIds } from './ports.js'

/** Durable side of the table. */
export interface IdJournal {
  /** Of this installation; the same after every restart. */
  readonly token: string
  /** Issued and unused ids with the wall clock of their issue. */
  load(): Iterable<{ readonly tenant: string; readonly id: string; readonly atMs: number }>
  /** Resolves when it is on the disk. */
  enter(tenant: string, id: string, atMs: number): Promise<void>
  /** Resolves when it is on the disk. Enters the removal in the call itself, before anything is waited for. */
  remove(ids: readonly (readonly [tenant: string, id: string])[]): Promise<void>
  close(): Promise<void>
}

export interface MessageIdOptions {
  readonly clock: Clock
  /** Unguessable bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly unusedIdHours: number
  /** Issued and unused ids of all tenants. */
  readonly maxIssued?: number
  /** Absent: the table does not survive the process. */
  readonly journal?: IdJournal
}

export const ID_LIMITS = { maxIssued: 100_000, sweepIds: 1000 }

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

const keyOf = (tenant: string, id: string): string => `${tenant}\n${id}`

export function messageIds(options: MessageIdOptions): MessageIds {
  const { clock, random, journal } = options
  const maxIssued = options.maxIssued ?? ID_LIMITS.maxIssued
  const livesMs = options.unusedIdHours * HOUR_MS
  const token = journal?.token ?? makeToken(random)
  /** Tenant and id → wall clock of the issue, in order of issue. */
  const issued = new Map<string, number>()
  /** Being written, or taken and neither used nor given back: they count as well. */
  let underWay = 0
  const now = () => clock.now().getTime()
  for (const { tenant, id, atMs } of [...(journal?.load() ?? [])].sort((a, b) => a.atMs - b.atMs)) issued.set(keyOf(tenant, id), atMs)

  /** In bounded steps. A clock that jumped back only keeps ids longer; whether one still holds is decided when it is taken. */
  const sweep = (): void => {
    const over: [string, string][] = []
    for (const [key, atMs] of issued) {
      if (atMs + livesMs > now() || over.length >= ID_LIMITS.sweepIds) break
      issued.delete(key)
      const end = key.indexOf('\n')
      over.push([key.slice(0, end), key.slice(end + 1)])
    }
    // one that could not be removed is over again after the next start
    if (over.length > 0) void journal?.remove(over).catch(() => undefined)
  }

  const claim = (tenant: string, id: string, atMs: number): IdClaim => {
    let ended: Promise<void> | undefined
    return {
      used() {
        ended ??= (async () => {
          // without a confirmed removal the id stays taken: neither usable again nor acknowledged
          await journal?.remove([[tenant, id]])
          underWay -= 1
        })()
        return ended
      },
      giveBack() {
        if (ended) return
        ended = Promise.reject(new Error('the id was given back'))
        ended.catch(() => undefined)
        underWay -= 1
        issued.set(keyOf(tenant, id), atMs)
      },
    }
  }

  return {
    async issue(tenant) {
      sweep()
      if (issued.size + underWay >= maxIssued)
        throw new HttpError(503, 'gateway.message-id-table-full', 'The table of issued message ids is full.', { retryAfterSeconds: 60 })
      const id = `${token}-${base32(random(ID_BYTES))}`
      const atMs = now()
      underWay += 1
      try {
        await journal?.enter(tenant, id, atMs)
        issued.set(keyOf(tenant, id), atMs)
      } finally {
        underWay -= 1
      }
      return id
    },
    take(tenant, id) {
      const key = keyOf(tenant, id)
      const atMs = issued.get(key)
      if (atMs === undefined || atMs + livesMs <= now()) return undefined
      issued.delete(key)
      underWay += 1
      return claim(tenant, id, atMs)
    },
    async close() {
      await journal?.close()
    },
  }
}
