// SPDX-License-Identifier: EUPL-1.2
/**
 * The open dialogs of one endpoint: found by ConversationId, bound to the client's certificate, one request at a time.
 *
 * A dialog ends by exitDialog, by silence, or when its client needs room for another. What it still holds (deliveries handed out and not
 * acknowledged) is given back then, never confirmed. Specs: osci-1.2 §3.6; threat model P2, P4.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../../env.js'
import { DialogError } from '../../errors.js'
import { newChallenge, newConversationId, stepDialog, type Dialog } from '../../osci/dialog.js'
import type { ControlBlock } from '../../osci/types.js'
import type { GatewayPorts, Peer } from '../ports.js'
import { DeliveryRefused } from '../recipient/verdict.js'

/** Something handed out in a dialog that its next correct request acknowledges. */
export interface Pending {
  /** Handed out in chunks: acknowledged only when all of them have been. */
  readonly download?: string
  /** The client has it. Resolves when that is on record. */
  confirm(): Promise<void>
  /** The dialog ended without a word: given back. */
  giveBack(): Promise<void>
}

/** Who opened the dialog: proven by the challenge that only the owner of the cipher key can answer, or by a signature. */
export interface DialogClient {
  readonly peer: Peer
  readonly cipher: X509Certificate
  /** Lower-case hex SHA-256 of the cipher certificate. */
  readonly cipherSha256: string
  /** Of the signature certificate, when initDialog was signed. */
  readonly signerSha256?: string
  readonly encrypted: boolean
}

export interface OpenDialog {
  readonly client: DialogClient
  readonly openedAtMs: number
  /** When its last request ended. */
  readonly usedAtMs: number
  readonly conversationId: string
  /** Handed out and not yet acknowledged. */
  readonly pending: Set<Pending>
  /** Run when the dialog ends, however it does. */
  readonly ended: AbortSignal
}

interface Entry extends OpenDialog {
  state: Dialog
  usedAtMs: number
  /** Requests under way or queued. */
  busy: number
  last: Promise<unknown>
  readonly end: AbortController
}

export interface DialogLimits {
  readonly idleSeconds: number
  readonly maxDialogs: number
  readonly maxPerClient: number
}

/** Whose the dialog is when dialogs are counted: anybody can name a cipher certificate, its own signature only its owner makes. */
const ownerOf = ({ signerSha256, cipherSha256 }: DialogClient): string => signerSha256 ?? cipherSha256

/** A dialog that has been silent this long may make room for another one. */
const MAY_GO_MS = 60_000
/** Between two looks for what has been silent too long, at least. */
const MIN_LOOK_MS = 1000

export interface Dialogs {
  readonly size: number
  /** @throws {DeliveryRefused} 9811: too many are open and busy. */
  open(client: DialogClient): { readonly dialog: OpenDialog; readonly challenge: string }
  /**
   * Runs `work` as the next request of its dialog, after those before it.
   * @param block must fit, and `assertOf` must not throw; `work` is not called otherwise.
   * @param closes the answer has no challenge of ours: where `work` leaves the dialog open it goes on as if the request had never come.
   * @returns what `work` returned; `challenge` is ours for the answer.
   * @throws {DialogError} 9400, dialog unchanged.
   */
  next<T>(
    block: ControlBlock,
    assertOf: (dialog: OpenDialog) => void,
    work: (dialog: OpenDialog, challenge: string) => Promise<T>,
    closes?: boolean,
  ): Promise<T>
  close(dialog: OpenDialog): Promise<void>
  /** Ends what has been silent too long. */
  sweep(): void
  closeAll(): Promise<void>
}

const unknown = (): DialogError => new DialogError('control-block.unknown-dialog', 'there is no such dialog')

export function dialogTable(
  limits: DialogLimits,
  clock: Clock,
  random: (bytes: number) => Uint8Array,
  startTimer: GatewayPorts['startTimer'],
): Dialogs {
  const idleMs = limits.idleSeconds * 1000
  /** In order of their last use. */
  const open = new Map<string, Entry>()
  const counts = new Map<string, number>()

  const end = async (entry: Entry): Promise<void> => {
    if (!open.delete(entry.conversationId)) return
    const owner = ownerOf(entry.client)
    const left = (counts.get(owner) ?? 1) - 1
    if (left > 0) counts.set(owner, left)
    else counts.delete(owner)
    entry.end.abort()
    const held = [...entry.pending]
    entry.pending.clear()
    await Promise.allSettled(held.map((pending) => pending.giveBack()))
  }
  const isIdle = (entry: Entry, forMs: number): boolean => entry.busy === 0 && clock.monotonicMs() - entry.usedAtMs >= forMs
  let stopTimer: (() => void) | undefined
  /** Also where no request comes any more: what a silent dialog holds lies in memory and in the spool that all share. */
  const watch = (): void => {
    const [oldest] = open.values()
    if (!oldest || stopTimer) return
    const delayMs = Math.max(MIN_LOOK_MS, Math.ceil(oldest.usedAtMs + idleMs - clock.monotonicMs()))
    stopTimer = startTimer(delayMs, () => {
      stopTimer = undefined
      sweep()
    })
  }
  const sweep = (): void => {
    for (const entry of open.values()) {
      if (clock.monotonicMs() - entry.usedAtMs < idleMs) break
      if (entry.busy === 0) void end(entry)
    }
    watch()
  }
  /** The one that was used longest ago among those that may go. */
  const makeRoom = (may: (entry: Entry) => boolean): boolean => {
    for (const entry of open.values()) {
      if (!may(entry)) continue
      void end(entry)
      return true
    }
    return false
  }
  const touch = (entry: Entry): void => {
    entry.usedAtMs = clock.monotonicMs()
    if (open.delete(entry.conversationId)) open.set(entry.conversationId, entry)
  }

  return {
    get size() {
      return open.size
    },
    open(client) {
      sweep()
      const owner = ownerOf(client)
      const own = counts.get(owner) ?? 0
      const mayGo = (e: Entry): boolean => ownerOf(e.client) === owner && isIdle(e, 0) && e.pending.size === 0
      // a client that floods loses its own dialogs first; those of others only when nobody has used them for a while
      const hasRoom =
        (own < limits.maxPerClient ||
          // a replayed initDialog opens dialogs that nobody can go on with: they go before those that somebody has used
          makeRoom((e) => mayGo(e) && e.state.sequenceNumber < 0) ||
          makeRoom(mayGo)) &&
        (open.size < limits.maxDialogs || makeRoom((e) => isIdle(e, MAY_GO_MS) && e.pending.size === 0))
      if (!hasRoom) throw new DeliveryRefused('gateway.too-many-dialogs', 'too many dialogs are open', { codes: ['9811'] })
      const controller = new AbortController()
      const challenge = newChallenge(random)
      const conversationId = newConversationId(random)
      const entry: Entry = {
        client,
        conversationId,
        openedAtMs: clock.monotonicMs(),
        pending: new Set(),
        ended: controller.signal,
        end: controller,
        state: { conversationId, sequenceNumber: -1, challenge },
        usedAtMs: clock.monotonicMs(),
        busy: 0,
        last: Promise.resolve(),
      }
      open.set(conversationId, entry)
      counts.set(owner, (counts.get(owner) ?? 0) + 1)
      watch()
      return { dialog: entry, challenge }
    },
    next(block, assertOf, work, closes = false) {
      sweep()
      const entry = open.get(block.conversationId ?? '')
      if (!entry) return Promise.reject(unknown())
      try {
        // what does not fit now never will: it need not queue, holding its bytes behind a call that lasts
        stepDialog(entry.state, block, '')
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : unknown())
      }
      entry.busy += 1
      let accepted = false
      const turn = entry.last
        .catch(() => undefined)
        .then(async () => {
          if (!open.has(entry.conversationId)) throw unknown()
          const challenge = newChallenge(random)
          const state = stepDialog(entry.state, block, challenge)
          assertOf(entry)
          if (!closes) entry.state = state
          accepted = true
          touch(entry)
          return work(entry, challenge)
        })
        .finally(() => {
          entry.busy -= 1
          if (accepted) touch(entry)
        })
      entry.last = turn
      return turn
    },
    close: (dialog) => {
      const entry = open.get(dialog.conversationId)
      return entry ? end(entry) : Promise.resolve()
    },
    sweep,
    async closeAll() {
      stopTimer?.()
      await Promise.all([...open.values()].map(end))
    },
  }
}
