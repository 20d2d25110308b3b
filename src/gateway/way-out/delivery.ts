// SPDX-License-Identifier: EUPL-1.2
/**
 * How an envelope leaves, as a table: the station that is called, the role in which we call, and the steps.
 *
 *   mediate   initDialog → getMessageId → mediateDelivery → exitDialog      intermediary, waits for the answer
 *   forward   getMessageId → forwardDelivery                                intermediary, one way
 *   store     getMessageId → storeDelivery                                  intermediary, into a mailbox
 *   process   processDelivery                                               passive recipient, waits for the answer
 *   accept    acceptDelivery                                                passive recipient, one way
 *
 * Towards a passive recipient we stand where an intermediary would: process card and MessageIds are made here.
 * Specs: osci-1.2 §2.6–2.10, §3.1, §4; osci-in-the-field §3 rows 8–10.
 * @module
 */
import type { Feedback, OsciAnswer, OsciCaller, OsciIdentity, OsciPeer, OsciRequestParts } from '../../client/osci/ports.js'
import type { OsciDelivery, ServiceEntry } from '../../directory/ports.js'
import type { RequestName } from '../../osci/messages.js'
import type { ProcessCardBundle } from '../../osci/parts.js'
import type { OsciMessage } from '../../osci/types.js'
import { plainStamp } from '../intermediary/stamps.js'
import { DeliveryRefused, NOT_TAKEN } from '../recipient/verdict.js'
import { refusedBefore, type Heard } from './fate.js'
import type { Outing } from './outing.js'
import { stationOf, type Station } from './parties.js'

/** Everything that the steps need. */
export interface OutgoingCall {
  readonly caller: OsciCaller
  readonly identity: OsciIdentity
  readonly peer: OsciPeer
  readonly entry: ServiceEntry
  readonly parts: OsciRequestParts
  /** Plain text that every station reads. */
  readonly subject?: string
  readonly newMessageId: () => string
  readonly now: () => Date
  readonly outing: Outing
}

/** A regular answer to the delivery. */
export interface Delivered {
  readonly feedback: Feedback
  readonly message: OsciMessage
  readonly bytes: Uint8Array
  readonly encrypted: boolean
  readonly messageId?: string
  /** Process cards as they came. */
  readonly cards?: unknown
  readonly received: boolean
  /** The answer was to name this MessageId. */
  readonly replyId?: string
}

export interface Way {
  readonly station: Station
  readonly role: OsciIdentity['role']
  readonly brokeDown: Heard['brokeDown']
  /** @throws {OsciCallError} {DeliveryRefused} a step before the delivery was refused */
  send(call: OutgoingCall): Promise<Delivered>
}

const subjectOf = ({ subject }: OutgoingCall) => (subject === undefined ? {} : { subject })

const answered = (answer: OsciAnswer<RequestName>): Pick<Delivered, 'feedback' | 'message' | 'bytes' | 'encrypted'> => ({
  feedback: answer.feedback,
  message: answer.message,
  bytes: answer.bytes,
  encrypted: answer.encrypted,
})

/** @throws {DeliveryRefused} no id was issued. */
function issuedId({ feedback, message }: OsciAnswer<'getMessageId'>): string {
  const { messageId } = message.order
  if (!feedback.ok) throw refusedBefore(feedback, 'getMessageId')
  if (messageId !== undefined) return messageId
  const text = 'the intermediary issued no MessageId'
  throw new DeliveryRefused('policy.refused-by-party', text, { codes: NOT_TAKEN, reasons: [{ code: '9809', text }] })
}

const contentReceiver = ({ entry }: OutgoingCall) => ({ contentReceiver: { uri: stationOf(entry, 'addressee').uri } })

async function mediate(call: OutgoingCall): Promise<Delivered> {
  const { caller, identity, peer, outing } = call
  const receiver = contentReceiver(call)
  const dialog = await outing.first(() => caller.openDialog(identity, peer, outing.signal))
  try {
    const messageId = issuedId(await dialog.send('getMessageId', {}))
    const order = { ...receiver, messageId, ...subjectOf(call) }
    const answer = await outing.deliver(() => dialog.send('mediateDelivery', order, call.parts))
    const { requestProcessCardBundle: request, replyProcessCardBundle: reply } = answer.message.order
    return {
      ...answered(answer),
      messageId,
      ...(request || reply ? { cards: { ...(request ? { request } : {}), ...(reply ? { reply } : {}) } } : {}),
      received: request?.processCard.reception !== undefined,
    }
  } finally {
    outing.afterwards(dialog.close())
  }
}

/** One way through an intermediary, each request in a dialog of its own: nothing is fetched that would have to be acknowledged. */
const through =
  (name: 'forwardDelivery' | 'storeDelivery', receiver: (call: OutgoingCall) => ReturnType<typeof contentReceiver> | object) =>
  async (call: OutgoingCall): Promise<Delivered> => {
    const { caller, identity, peer, outing } = call
    const to = receiver(call)
    const messageId = issuedId(await outing.first(() => caller.call('getMessageId', {}, {}, identity, peer, outing.signal)))
    const order = { ...to, messageId, ...subjectOf(call) } as ReturnType<typeof contentReceiver> & { readonly messageId: string }
    const answer = await outing.deliver(() => caller.call(name, order, call.parts, identity, peer, outing.signal))
    const bundle = answer.message.order.processCardBundle
    return {
      ...answered(answer),
      messageId,
      ...(bundle ? { cards: bundle } : {}),
      received: bundle?.processCard.reception !== undefined,
    }
  }

/** The card that an intermediary would have begun: made, and handed on in the same moment. */
function cardOf(call: OutgoingCall): ProcessCardBundle {
  const at = call.now()
  const stamp = plainStamp(at)
  return {
    messageId: call.newMessageId(),
    processCard: { recentModification: at.toISOString(), creation: stamp, forwarding: stamp, ...subjectOf(call) },
    inspectionReport: { inspections: [] },
  }
}

async function process(call: OutgoingCall): Promise<Delivered> {
  const { caller, identity, peer, outing } = call
  const processCardBundle = cardOf(call)
  const messageIdResponse = call.newMessageId()
  const order = { messageIdResponse, processCardBundle }
  const answer = await outing.first(() =>
    outing.deliver(() => caller.call('processDelivery', order, call.parts, identity, peer, outing.signal)),
  )
  return { ...answered(answer), messageId: processCardBundle.messageId, received: false, replyId: messageIdResponse }
}

async function accept(call: OutgoingCall): Promise<Delivered> {
  const { caller, identity, peer, outing } = call
  const processCardBundle = cardOf(call)
  const answer = await outing.first(() =>
    outing.deliver(() => caller.call('acceptDelivery', { processCardBundle }, call.parts, identity, peer, outing.signal)),
  )
  return { ...answered(answer), messageId: processCardBundle.messageId, received: false }
}

export const WAYS: Readonly<Record<OsciDelivery, Way>> = {
  mediate: { station: 'intermediary', role: 'originator', brokeDown: 'refused', send: mediate },
  forward: { station: 'intermediary', role: 'originator', brokeDown: 'refused', send: through('forwardDelivery', contentReceiver) },
  store: { station: 'intermediary', role: 'originator', brokeDown: 'refused', send: through('storeDelivery', () => ({})) },
  process: { station: 'addressee', role: 'intermediary', brokeDown: 'unknown', send: process },
  accept: { station: 'addressee', role: 'intermediary', brokeDown: 'unknown', send: accept },
}
