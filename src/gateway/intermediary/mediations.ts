// SPDX-License-Identifier: EUPL-1.2
/**
 * Mediations that wait for an *active* recipient: it fetches the request from its mailbox and stores its answer, which goes to the waiting
 * call instead of a mailbox.
 *
 * An answer belongs to a mediation when its sender and its addressee are those of the request, the other way round, the request has been
 * handed out, and the answer names it (In-Reply-To of MessageMetaData) or only one such mediation waits. Among several nobody guesses: the
 * answer then goes to the mailbox like any delivery.
 *
 * Whether an answer came in time is decided here, once, for both sides: `give` is true exactly when the waiting resolves with that answer.
 * @module
 */
import type { FeedbackCode } from '../../errors.js'
import type { Inspection } from '../../osci/parts.js'
import type { StoredDelivery } from './stored.js'

/** The delivery that answers a mediateDelivery. */
export interface OnwardReply {
  readonly delivery: StoredDelivery
  readonly subject?: string
  readonly inspections: readonly Inspection[]
  /** Class 3, of its certificates: without a MessageId there is no report that would tell them. */
  readonly warnings: readonly FeedbackCode[]
}

interface Waiting {
  readonly messageId: string
  /** Cipher certificates of the recipient, lower-case hex SHA-256. */
  readonly from: readonly string[]
  /** Cipher certificate of the client that waits. */
  readonly to: string
  /** Its recipient has, or had, the request: nothing else can be answered. */
  readonly isOut: () => boolean
  /** false: nobody waits any more. */
  readonly resolve: (answer: OnwardReply) => boolean
  readonly isOver: () => boolean
}

export interface Mediations {
  /** Resolves with the answer; undefined when `signal` ends the waiting first. */
  wait(request: Omit<Waiting, 'resolve' | 'isOver'>, signal: AbortSignal): Promise<OnwardReply | undefined>
  /**
   * Holds the mediation that a delivery answers, so that no other delivery gets it.
   * @param inReplyTo ids that the delivery says it answers.
   * @returns undefined: nobody waits for it.
   */
  match(from: string | undefined, to: string, inReplyTo: readonly string[]): HeldMediation | undefined
}

/** Exactly one of the two ends it. */
export interface HeldMediation {
  /** @returns false: who waited for it has given up meanwhile. */
  give(answer: OnwardReply): boolean
  /** The delivery came to nothing: another one may be the answer. */
  giveBack(): void
}

export function mediations(): Mediations {
  const waiting = new Set<Waiting>()
  return {
    wait: (request, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve(undefined)
          return
        }
        let ended = false
        const finish = (answer?: OnwardReply): boolean => {
          if (ended) return false
          ended = true
          waiting.delete(entry)
          signal.removeEventListener('abort', over)
          resolve(answer)
          return true
        }
        const over = (): void => void finish()
        const entry: Waiting = { ...request, resolve: finish, isOver: () => ended }
        waiting.add(entry)
        signal.addEventListener('abort', over)
      }),
    match(from, to, inReplyTo) {
      if (from === undefined) return undefined
      const fitting = [...waiting].filter((w) => w.to === to && w.from.includes(from) && w.isOut())
      const named = fitting.find((w) => inReplyTo.includes(w.messageId))
      const chosen = named ?? (inReplyTo.length === 0 && fitting.length === 1 ? fitting[0] : undefined)
      if (!chosen) return undefined
      waiting.delete(chosen)
      return {
        give: chosen.resolve,
        giveBack: () => {
          if (!chosen.isOver()) waiting.add(chosen)
        },
      }
    },
  }
}
