// SPDX-License-Identifier: EUPL-1.2
/**
 * A mailbox at an intermediary: what lies there, taking it out, and whether something arrived.
 *
 *   listMailbox ─► ids (write them down) ─► fetchAll ─► keep(delivery) ─► next fetch = receipt of the one before ─► … ─► exitDialog
 *
 * The next request of a dialog acknowledges the delivery before it, so every delivery is kept before the next request leaves, and a
 * dialog whose last delivery could not be kept is given up. Specs: osci-1.2 §1.3, §9.5, §9.6, §9.9; osci-in-the-field §3 rows 11–16.
 * @module
 */
import type { OrderOf } from '../../osci/messages.js'
import type { FetchRule, ProcessCardBundle } from '../../osci/parts.js'
import { OsciCallError, type OsciAnswer, type OsciDialog } from './ports.js'
import { assertAccepted, refusal } from './refusal.js'

const NOTHING_TO_FETCH = '9803'
const NO_CARD = '9804'
/** 3801, and 3800 from peers that mean the same. */
const MORE_THERE = ['3800', '3801']
/** Before any OSCI 1.2: only with a date do the filters reach the wire (osci-in-the-field §3 rows 15, 16). */
const EVER = '2000-01-01T00:00:00Z'
/** A peer that hands out something for ever ends here. */
const MAX_DELIVERIES = 10_000

const hasMore = (answer: Pick<OsciAnswer<'fetchDelivery'>, 'feedback'>): boolean =>
  answer.feedback.warnings.some((code) => MORE_THERE.includes(code))

export interface MailboxList {
  /** Not yet received, in the intermediary's order. */
  readonly cards: readonly ProcessCardBundle[]
  /** There are more than were listed: the peer says so, a full page does not (osci-in-the-field §3 row 14). */
  readonly more: boolean
}

/**
 * Cards of deliveries that wait for us.
 * @param options.since xsd:dateTime of the submission; default: ever. `limit` of cards; default: the intermediary's.
 * @throws {OsciCallError} also `refused`. An empty mailbox is an empty list.
 */
export async function listMailbox(
  dialog: OsciDialog,
  options: { readonly since?: string; readonly limit?: number } = {},
): Promise<MailboxList> {
  const order: OrderOf<'fetchProcessCard'> = {
    selectionRule: { by: 'ReceptionOfDelivery', since: options.since ?? EVER, role: 'Addressee', noReception: true },
    ...(options.limit === undefined ? {} : { quantity: { limit: options.limit } }),
  }
  const { message, feedback } = await dialog.send('fetchProcessCard', order)
  assertAccepted('client.list-refused', 'The mailbox was not listed', feedback, [NO_CARD])
  // the rule is not every peer's: what was received already is dropped here as well
  const waiting = message.order.processCardBundles.filter((bundle) => bundle.processCard.reception === undefined)
  const cards = [...new Map(waiting.map((bundle) => [bundle.messageId, bundle])).values()]
  return { cards, more: hasMore({ feedback }) }
}

/**
 * The card of a delivery that we sent: how to find out what became of it when the answer was lost. Ask with the cipher key that stored it.
 * @returns undefined: the intermediary has no such card for us, so it may be stored again with the same id.
 */
export async function cardOf(dialog: OsciDialog, messageId: string): Promise<ProcessCardBundle | undefined> {
  const { message, feedback } = await dialog.send('fetchProcessCard', { selectionRule: { messageIds: [messageId] } })
  assertAccepted('client.card-refused', 'The process card was not given', feedback, [NO_CARD])
  return message.order.processCardBundles.find((bundle) => bundle.messageId === messageId)
}

export interface FetchedDelivery {
  readonly messageId: string
  /** Of its bytes the raw delivery can be kept as it came. */
  readonly answer: OsciAnswer<'fetchDelivery'>
}

/** What was fetched is never taken back: a failure stands beside it. */
export interface Drained {
  /** Kept; acknowledged but for the last one, which the next request or exitDialog acknowledges. */
  readonly fetched: readonly string[]
  /** The first fetch that failed ended the draining. `messageId` as far as it is known. */
  readonly failed?: { readonly messageId?: string; readonly error: unknown }
  /** The peer has more that matches, and we stopped at the limit. */
  readonly more: boolean
}

export interface FetchOptions {
  /** These, in this order; default: whatever waits, oldest first. */
  readonly messageIds?: readonly string[]
  /** Without ids: submitted at or after this xsd:dateTime. */
  readonly since?: string
  /** At most so many. Default 10 000. */
  readonly limit?: number
}

/**
 * Takes deliveries out, one after another.
 * @param keep called with each delivery, awaited before the next request; when it throws, the draining ends and the dialog is abandoned.
 * @returns never rejects because of a single delivery: see {@link Drained}.
 */
export async function fetchAll(
  dialog: OsciDialog,
  keep: (delivery: FetchedDelivery) => void | Promise<void>,
  options: FetchOptions = {},
): Promise<Drained> {
  const fetched: string[] = []
  const limit = options.limit ?? MAX_DELIVERIES
  const rules = rulesOf(options)
  let more = false
  for (let step = rules.next(); step.done !== true; step = rules.next()) {
    if (fetched.length >= limit) return { fetched, more: options.messageIds !== undefined || more }
    const rule = step.value
    let messageId = rule.messageId
    try {
      const answer = await fetchOne(dialog, rule)
      if (answer === undefined) return { fetched, more: false }
      messageId = idOf(dialog, answer, rule, fetched)
      await kept(dialog, keep, { messageId, answer })
      fetched.push(messageId)
      more = hasMore(answer)
      if (options.messageIds === undefined && !more) break
    } catch (error) {
      return { fetched, failed: { ...(messageId === undefined ? {} : { messageId }), error }, more }
    }
  }
  return { fetched, more: false }
}

/** One rule per request. Without ids the same one again: what was handed out in this dialog is not handed out twice (osci-1.2 §9.5). */
function* rulesOf({ messageIds, since }: FetchOptions): Generator<FetchRule, void, undefined> {
  if (messageIds) return yield* messageIds.map((messageId) => ({ messageId }))
  for (;;) yield since === undefined ? {} : { receptionOfDelivery: since }
}

/** @returns undefined where nothing waits. */
async function fetchOne(dialog: OsciDialog, rule: FetchRule): Promise<OsciAnswer<'fetchDelivery'> | undefined> {
  const ruled = Object.keys(rule).length > 0
  const answer = await dialog.send('fetchDelivery', ruled ? { selectionRule: rule } : {})
  if (answer.feedback.ok) return answer
  if (rule.messageId === undefined && answer.feedback.errors.every((code) => code === NOTHING_TO_FETCH)) return undefined
  throw refusal('client.fetch-refused', 'The delivery was not given', answer.feedback)
}

/** Something else than what was asked for must not be acknowledged as if it were (osci-in-the-field §3 row 12). */
function idOf(dialog: OsciDialog, answer: OsciAnswer<'fetchDelivery'>, rule: FetchRule, fetched: readonly string[]): string {
  const messageId = answer.message.order.processCardBundle?.messageId ?? ''
  const wrong = messageId === '' || (rule.messageId === undefined ? fetched.includes(messageId) : messageId !== rule.messageId)
  if (!wrong) return messageId
  dialog.abandon()
  throw new OsciCallError('answered-wrongly', 'client.other-delivery', 'Another delivery came than was asked for, or one without an id.')
}

async function kept(
  dialog: OsciDialog,
  keep: (delivery: FetchedDelivery) => void | Promise<void>,
  delivery: FetchedDelivery,
): Promise<void> {
  try {
    await keep(delivery)
  } catch (cause) {
    dialog.abandon()
    throw cause
  }
}
