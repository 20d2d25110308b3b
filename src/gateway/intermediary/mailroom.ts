// SPDX-License-Identifier: EUPL-1.2
/**
 * OSCI mailboxes on the core: what storeDelivery puts, fetchDelivery leases and the next correct request of the dialog confirms.
 *
 *   deposit ─► core (lease and confirm) ─► lease, for as long as the dialog lives ─┬─ next correct request ─► Reception, gone
 *                                                                                   └─ dialog over ─► waiting again until the deadline
 *
 * The bytes lie sealed in the core; here stand ids and times only. Nobody is handed what another dialog holds, but: a client that
 * comes back in a dialog opened after the hand-out may ask for it by its id, or gets it when the older dialog has been silent for the
 * length of a lease. Specs: osci-1.2 §9.5; product.md, Decisions, "lease and confirm".
 * @module
 */
import type { Claim, Outcome, OutcomeRecord } from '../../core/ports.js'
import type { OsciEvidence } from '../../envelope/types.js'
import type { FetchRule } from '../../osci/parts.js'
import type { GatewayPorts } from '../ports.js'
import { isCoreBusy } from '../recipient/room.js'
import { DeliveryRefused, sealingFailure } from '../recipient/verdict.js'
import { depositEnd } from './deposit-end.js'
import type { OpenDialog } from './dialogs.js'
import type { ReceptionWish } from './ports.js'
import { openStored, sealStored, type StoredDelivery } from './stored.js'

/** Silence of a dialog after which what it holds may be handed out in a younger one. */
const LEASE_MS = 5000

export interface Deposit {
  readonly messageId: string
  readonly mailbox: string
  readonly ttlSeconds: number
  readonly delivery: StoredDelivery
  readonly evidence: OsciEvidence
  readonly reception: ReceptionWish
  /** Told once how it ended, when it was not confirmed. */
  readonly onGone: (how: 'expired' | 'withdrawn') => void
}

/** Handed out to a dialog. Exactly one of the two ends it. */
export interface Leased {
  readonly messageId: string
  readonly delivery: StoredDelivery
  readonly reception: ReceptionWish
  /** Another one meets the same selection (3800). */
  readonly more: boolean
  /** false: too late, it is no longer this dialog's. */
  confirm(): Promise<boolean>
  giveBack(): Promise<void>
}

/** `unknown`: somebody was handed it and did not acknowledge it in time. */
export type Ending = 'received' | 'expired' | 'withdrawn' | 'unknown'

/** Lies in the mailbox. */
export interface Deposited {
  /** The end of its life. Never rejects: while the core cannot say, it goes on. */
  readonly ended: Promise<Ending>
  /** Somebody was handed it, at whatever time. */
  readonly wasHandedOut: () => boolean
  /** Takes it back. @returns how it ended, by this or before; `held`: somebody has it and has not acknowledged it. */
  withdraw(): Promise<Ending | 'held'>
  /** Whoever was handed it has it for certain, acknowledged or not. Never rejects. @returns false: it ended otherwise. */
  acknowledge(): Promise<boolean>
}

/** Sealed, room held. Exactly one of the two ends it. */
export interface Prepared {
  commit(): Promise<Deposited>
  cancel(): void
}

/** Times of a selection, in milliseconds since 1970. */
export interface SelectionTimes {
  readonly toInstant: (text: string) => number
  /** RecentModification of the card: what the client saw is what it goes on with, and cards may run ahead of the clock. */
  readonly changedAtMs: (messageId: string) => number
}

export interface Mailroom {
  /** @throws {DeliveryRefused} 9811 no such mailbox, no room, or no envelope holds so much. */
  prepare(deposit: Deposit): Promise<Prepared>
  /** The oldest that meets the rule. undefined: none (9803). */
  lease(mailbox: string, rule: FetchRule, times: SelectionTimes, dialog: OpenDialog): Promise<Leased | undefined>
  close(): Promise<void>
}

interface Entry {
  readonly messageId: string
  readonly envelopeId: string
  readonly reception: ReceptionWish
  readonly large: StoredDelivery['large']
  readonly createdAtMs: number
  handedOut: boolean
  holder: { readonly dialog: OpenDialog; readonly atMs: number; claim?: Claim } | undefined
}

const ENDINGS: Readonly<Record<Exclude<Outcome, 'waiting'>, Ending>> = {
  delivered: 'received',
  expired: 'expired',
  refused: 'withdrawn',
  unknown: 'unknown',
}

/** What the core no longer knows may have happened. */
const endingOf = (record: OutcomeRecord | undefined): Ending =>
  record === undefined || record.outcome === 'waiting' ? 'unknown' : ENDINGS[record.outcome]

/** false: it was no longer this claim's. */
const confirmed = (claim: Claim): Promise<boolean> =>
  claim.confirm().then(
    () => true,
    () => false,
  )

export function mailroom(ports: GatewayPorts, leaseMs: number): Mailroom {
  const { core, clock, random } = ports
  const boxes = new Map<string, Entry[]>()
  const lives = new Set<Promise<unknown>>()
  const closing = new AbortController()
  const settled = depositEnd(ports, closing.signal)

  const remove = (mailbox: string, entry: Entry): void => {
    const left = (boxes.get(mailbox) ?? []).filter((other) => other !== entry)
    if (left.length > 0) boxes.set(mailbox, left)
    else boxes.delete(mailbox)
  }

  /** Never rejects. */
  const follow = async (entry: Entry, { mailbox, ttlSeconds, onGone }: Deposit): Promise<Ending> => {
    const letGo = entry.large?.hold()
    const record = await settled(entry.envelopeId, ttlSeconds * 1000 + leaseMs + 1000)
    remove(mailbox, entry)
    letGo?.()
    const ending = endingOf(record)
    if (ending !== 'received') onGone(record === undefined || ending === 'withdrawn' ? 'withdrawn' : 'expired')
    return ending
  }

  const matches = (entry: Entry, rule: FetchRule, { toInstant, changedAtMs }: SelectionTimes): boolean => {
    if (rule.messageId !== undefined) return entry.messageId === rule.messageId
    if (rule.receptionOfDelivery !== undefined) return entry.createdAtMs >= toInstant(rule.receptionOfDelivery)
    return rule.recentModification === undefined || changedAtMs(entry.messageId) >= toInstant(rule.recentModification)
  }

  const isFree = (entry: Entry, rule: FetchRule, dialog: OpenDialog): boolean => {
    const { holder } = entry
    if (!holder) return true
    if (holder.dialog === dialog || holder.claim === undefined || dialog.openedAtMs <= holder.atMs) return false
    // a download in chunks is many requests that do not acknowledge it
    const heardAtMs = Math.max(holder.atMs, holder.dialog.usedAtMs)
    return rule.messageId !== undefined || clock.monotonicMs() - heardAtMs >= LEASE_MS
  }

  /** Takes it from whoever holds it, then from the core. undefined: its time is over, or it is still leased. */
  const claim = async (mailbox: string, entry: Entry, dialog: OpenDialog): Promise<Claim | undefined> => {
    const former = entry.holder
    const holder: NonNullable<Entry['holder']> = { dialog, atMs: clock.monotonicMs() }
    // set before anything is awaited: of two that ask at once one gets it
    entry.holder = holder
    await former?.claim?.broken().catch(() => undefined)
    try {
      const taken = await core.take(mailbox, 0, undefined, { id: entry.envelopeId, leaseMs })
      if (taken) {
        holder.claim = taken
        entry.handedOut = true
      }
      return taken
    } finally {
      // whatever the core said: who got nothing holds nothing
      if (!holder.claim) entry.holder = undefined
    }
  }

  return {
    async prepare(deposit) {
      const { mailbox, ttlSeconds, messageId, reception, delivery } = deposit
      const { large } = delivery
      const envelopeId = Buffer.from(random(18)).toString('base64url')
      const header = { id: envelopeId, to: mailbox, ttlSeconds }
      const body = await sealStored(delivery, deposit.evidence, header, ports).catch((cause: unknown) => {
        throw sealingFailure(cause, ['9811'])
      })
      const { participant } = ports.identity
      const reservation = await core.reserve(mailbox, participant, body.byteLength).catch((cause: unknown) => {
        const text = isCoreBusy(cause) ? 'there is no room at the moment' : 'the mailbox cannot be used'
        throw new DeliveryRefused(isCoreBusy(cause) ? 'core.full' : 'policy.no-mailbox', text, { codes: ['9811'], cause })
      })
      return {
        cancel: () => reservation.release(),
        async commit() {
          await core.put({ ...header, sender: participant, body }, reservation)
          const createdAtMs = clock.now().getTime()
          const entry: Entry = { messageId, envelopeId, reception, large, createdAtMs, handedOut: false, holder: undefined }
          boxes.set(mailbox, [...(boxes.get(mailbox) ?? []), entry])
          const ended = follow(entry, deposit)
          lives.add(ended)
          void ended.finally(() => lives.delete(ended)).catch(() => undefined)
          return {
            ended,
            wasHandedOut: () => entry.handedOut,
            async withdraw() {
              if (await core.withdraw(envelopeId)) return 'withdrawn'
              const record = await core.outcome(envelopeId)
              return record?.outcome === 'waiting' ? 'held' : endingOf(record)
            },
            async acknowledge() {
              const take = () => core.take(mailbox, 0, undefined, { id: envelopeId, leaseMs }).catch(() => undefined)
              const held = entry.holder?.claim ?? (await take())
              return held ? confirmed(held) : false
            },
          }
        },
      }
    },
    async lease(mailbox, rule, times, dialog) {
      // over, or leased to a take whose answer was lost: whoever follows its end removes it then
      const refused = new Set<Entry>()
      for (;;) {
        const fitting = (boxes.get(mailbox) ?? []).filter((e) => !refused.has(e) && matches(e, rule, times) && isFree(e, rule, dialog))
        // what nobody holds goes first
        const [entry] = [...fitting].sort((a, b) => Number(a.holder !== undefined) - Number(b.holder !== undefined))
        if (!entry) return undefined
        const taken = await claim(mailbox, entry, dialog)
        if (!taken) {
          refused.add(entry)
          continue
        }
        const { holder } = entry
        const giveBack = async (): Promise<void> => {
          if (entry.holder !== holder) return
          entry.holder = undefined
          await taken.broken().catch(() => undefined)
        }
        let delivery: StoredDelivery
        try {
          // the core overwrites its copy when the claim ends
          const opened = await openStored(Uint8Array.from(taken.envelope.body), { id: entry.envelopeId, to: mailbox }, ports)
          delivery = { ...opened, ...(entry.large ? { large: entry.large } : {}) }
        } catch (error) {
          await giveBack()
          throw error
        }
        return {
          messageId: entry.messageId,
          delivery,
          reception: entry.reception,
          more: fitting.length > 1,
          giveBack,
          confirm: async () => {
            if (entry.holder !== holder) return false
            return confirmed(taken)
          },
        }
      }
    },
    async close() {
      closing.abort()
      await Promise.allSettled([...lives])
    },
  }
}
