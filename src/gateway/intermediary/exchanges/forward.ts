// SPDX-License-Identifier: EUPL-1.2
/**
 * forwardDelivery and mediateDelivery: the client's call stays open while its delivery goes on to a receiver of the directory.
 *
 *   accept (id, certificates, Creation) → Forwarding → receiver → Reception → [reply: Creation, Forwarding; next request: Reception]
 *
 * Cards are kept whatever became of the delivery. Specs: osci-1.2 §2.7, §2.9, §9.7.
 * @module
 */
import type { OsciReceiver } from '../../../directory/ports.js'
import type { FeedbackCode } from '../../../errors.js'
import { sha256Hex } from '../../digest.js'
import { DeliveryRefused } from '../../recipient/verdict.js'
import { acceptDelivery, bundleOf, logCardFailure, markReceived, type DeliveryRequest } from '../delivery.js'
import type { Exchange, Intermediary, Reply } from '../exchange.js'
import type { OnwardReply } from '../mediations.js'
import { assertSealable, receiverOf, toPassive, type Onward, type OnwardRequest } from '../onward.js'
import { assertMailbox, toActive, toParticipant } from '../onward-mailbox.js'
import type { CardRecord } from '../ports.js'
import { plainStamp } from '../stamps.js'

const WAYS: { readonly [K in OsciReceiver['kind']]: (o: OnwardRequest, r: never, at: Intermediary) => Promise<Onward> } = {
  passive: toPassive,
  participant: toParticipant,
  active: toActive,
}

/** What speaks against a request before anything is done for it. */
const ASSERT_FIT: { readonly [K in OsciReceiver['kind']]?: (request: DeliveryRequest, r: never, at: Intermediary) => void } = {
  passive: assertSealable,
  active: assertMailbox,
}

interface Done {
  readonly onward: Onward
  readonly card?: CardRecord
  readonly warnings: readonly FeedbackCode[]
  readonly messageIdResponse?: string
}

/** Everything up to the receiver's answer. @throws {DeliveryRefused} nothing was sent. */
async function goOn(request: DeliveryRequest, receiverUri: string, process: boolean, at: Intermediary): Promise<Done> {
  const { own, endpoint, ports } = at
  const receiver = receiverOf(receiverUri, at)
  // before the id is used: what is refused here may come again under it
  ASSERT_FIT[receiver.kind]?.(request, receiver as never, at)
  const accepted = await acceptDelivery(request, at)
  // to a receiver that comes itself, Forwarding is when it has come
  const forwarding = receiver.kind === 'active' ? undefined : plainStamp(ports.clock.now())
  const logged = process && accepted.messageId !== undefined
  let messageIdResponse: string | undefined
  let card: CardRecord | undefined
  try {
    // the reply's id first: where there is none to be had the card must not say that anything went on
    if (logged) messageIdResponse = await own.ids.issue(endpoint.path, request.peer.name)
    card = await accepted.begin(forwarding)
  } catch (error) {
    accepted.giveBack()
    throw error
  }
  const messageId = card?.messageId
  // from here on the receiver may have it: what became of it is told whatever becomes of the card
  const logFailure = (error: unknown): undefined => void logCardFailure(error, messageId ?? '', at)
  const setFailed = async (): Promise<void> => {
    if (messageId === undefined) return
    card = (await own.cards.change(endpoint.path, messageId, { state: 'failed' }).catch(logFailure)) ?? card
  }
  let onward: Onward
  try {
    const way = WAYS[receiver.kind] as (o: OnwardRequest, r: OsciReceiver, at: Intermediary) => Promise<Onward>
    onward = await way(
      {
        request,
        process,
        ...(card ? { card } : {}),
        ...(messageIdResponse === undefined ? {} : { messageIdResponse }),
      },
      receiver,
      at,
    )
  } catch (error) {
    await setFailed()
    throw error
  }
  const received = async (): Promise<CardRecord | undefined> => {
    if (messageId === undefined) return undefined
    // an active recipient's own next request has stamped it already
    const known = own.cards.get(endpoint.path, messageId)
    return known?.reception ? known : markReceived(messageId, { wishes: request.message.timestamps, sha256: request.digest }, at)
  }
  if (onward.delivered) card = (await received().catch(logFailure)) ?? card
  else await setFailed()
  void onward.later?.then((taken) => (taken ? received() : undefined)).catch(logFailure)
  return {
    onward,
    ...(card ? { card } : {}),
    warnings: accepted.warnings,
    ...(messageIdResponse === undefined ? {} : { messageIdResponse }),
  }
}

const failureOf = ({ receiverFailure }: Onward): Pick<Reply, 'receiverFailure'> =>
  receiverFailure === undefined ? {} : { receiverFailure }
const failed = (codes: readonly FeedbackCode[]): boolean => codes.some((code) => code.startsWith('9'))

export const forwardDelivery: Exchange<'forwardDelivery'> = {
  bare: () => ({}),
  async answer(request, at) {
    const { onward, card, warnings } = await goOn(request, request.message.order.contentReceiver.uri, false, at)
    const codes = [...warnings, ...onward.codes]
    const order = card?.reception && !failed(codes) ? { processCardBundle: bundleOf(card) } : {}
    return { codes, order, ...failureOf(onward) }
  },
}

/**
 * Begins the card of the reply; its Reception comes with the next request of the dialog.
 * @returns undefined: it could not be begun. The reply is in hand and nobody sends it again, so it goes to the client without.
 */
async function beginReplyCard(
  reply: OnwardReply,
  messageId: string,
  request: DeliveryRequest,
  at: Intermediary,
): Promise<CardRecord | undefined> {
  const { own, endpoint, ports } = at
  const now = ports.clock.now()
  const originator = reply.delivery.certificates.find((c) => c.role === 'CipherCertificateOriginator')
  const record = {
    messageId,
    ...(originator ? { originator: sha256Hex(originator.der) } : {}),
    ...(request.cipherSha256 === undefined ? {} : { addressee: request.cipherSha256 }),
    ...(reply.subject === undefined ? {} : { subject: reply.subject }),
    state: 'forwarded' as const,
    creation: plainStamp(now),
    createdAt: now.toISOString(),
    forwarding: plainStamp(now),
    inspections: reply.inspections,
  }
  const enter = () => own.cards.add(endpoint.path, record)
  const claim = own.ids.take(endpoint.path, messageId)
  const begun = claim ? claim.used(enter) : enter()
  const card = await begun.catch((error: unknown) => void logCardFailure(error, messageId, at))
  if (!card) return undefined
  request.dialog?.pending.add({
    confirm: async () => void (await markReceived(messageId, { wishes: undefined, sha256: new Uint8Array(32) }, at)),
    giveBack: () => Promise.resolve(),
  })
  return card
}

/** The request's card as this answer carries it: with all three stamps, else not at all (row of the table). */
const requestBundle = (card: CardRecord | undefined) => (card?.reception ? { requestProcessCardBundle: bundleOf(card) } : {})

export const mediateDelivery: Exchange<'mediateDelivery'> = {
  bare: () => ({}),
  async answer(request, at): Promise<Reply<'mediateDelivery'>> {
    if (at.endpoint.requireMessageId && request.message.order.messageId === undefined)
      throw new DeliveryRefused('gateway.message-id', 'a delivery without MessageId is not taken here', { codes: ['9800'] })
    const { onward, card, warnings, messageIdResponse } = await goOn(request, request.message.order.contentReceiver.uri, true, at)
    const { reply } = onward
    const codes = [...warnings, ...(reply?.warnings ?? []), ...onward.codes]
    if (!reply) return { codes, order: requestBundle(card), ...failureOf(onward) }
    const replyCard = messageIdResponse === undefined ? undefined : await beginReplyCard(reply, messageIdResponse, request, at)
    const bundles = requestBundle(card)
    const { content, attachments, certificates, custom } = reply.delivery
    return {
      codes,
      order: {
        ...bundles,
        ...(replyCard && bundles.requestProcessCardBundle ? { replyProcessCardBundle: bundleOf(replyCard, { reception: false }) } : {}),
      },
      content,
      attachments,
      certificates,
      custom,
    }
  },
}
