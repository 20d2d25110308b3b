// SPDX-License-Identifier: EUPL-1.2
/**
 * storeDelivery: into the mailbox that the addressee's cipher certificate stands for.
 *
 *   addressee ─┬─ OSCI mailbox ──► waits for fetchDelivery      0800 when it lies in memory
 *              ├─ participant ───► envelope into its mailbox    0800 when it lies in memory
 *              └─ waits in a mediation ─► handed over at once
 *
 * It lives as long as its mailbox says, in memory; then its card tells that nobody came. Specs: osci-1.2 §2.4, §9.2; Decisions, "mailbox".
 * @module
 */
import type { OsciMailbox } from '../../../directory/ports.js'
import { awaitDelivered, awaitTaken, putRequest } from '../../recipient/handover.js'
import { DeliveryRefused } from '../../recipient/verdict.js'
import { acceptDelivery, bundleOf, deliveryOf, blindEvidence, logCardFailure, markReceived, type AcceptedDelivery } from '../delivery.js'
import type { ClientRequest, Exchange, Intermediary } from '../exchange.js'
import type { CardRecord, ReceptionWish } from '../ports.js'
import { plainStamp } from '../stamps.js'
import { inMemory, packageParts, type StoredDelivery } from '../stored.js'

type StoreRequest = ClientRequest<'storeDelivery'>

/** The delivery's own way: prepared before the card is begun, taken after it. */
interface Way {
  go(card: CardRecord): Promise<void>
  cancel(): void
}

async function toMailbox(
  request: StoreRequest,
  mailbox: OsciMailbox,
  delivery: StoredDelivery,
  reception: ReceptionWish,
  at: Intermediary,
): Promise<Way> {
  const { own, endpoint, ports, mailroom } = at
  const { messageId } = request.message.order
  const prepared = await mailroom.prepare({
    messageId,
    mailbox: mailbox.mailbox,
    ttlSeconds: ports.mailboxTtlSeconds(mailbox.mailbox),
    delivery,
    evidence: blindEvidence(request),
    reception,
    onGone: (how) =>
      void own.cards.change(endpoint.path, messageId, { state: how === 'expired' ? 'expired' : 'lost' }).catch(() => undefined),
  })
  return {
    async go() {
      await prepared.commit()
    },
    cancel: () => prepared.cancel(),
  }
}

/** One-way into a participant's mailbox; the card learns later whether it was taken. */
function toParticipant(
  request: StoreRequest,
  mailbox: OsciMailbox,
  delivery: StoredDelivery,
  reception: ReceptionWish,
  at: Intermediary,
): Way {
  const { own, endpoint, ports } = at
  const { messageId, subject } = request.message.order
  return {
    async go() {
      const handover = await putRequest(
        {
          mailbox: mailbox.mailbox,
          content: { parts: packageParts(delivery, ports), evidence: blindEvidence(request) },
          wantsAnswer: false,
          ...(subject === undefined ? {} : { subject }),
          receivedAtMs: request.call.receivedAtMs,
          takeWithinSeconds: endpoint.takeWithinSeconds,
          answerWithinSeconds: endpoint.answerWithinSeconds,
        },
        ports,
      )
      const follow = async (): Promise<void> => {
        const early = await awaitTaken(handover, ports)
        const verdict = early ?? (await awaitDelivered(handover, ports))
        if (verdict.outcome === 'done') {
          await own.cards.change(endpoint.path, messageId, { forwarding: plainStamp(ports.clock.now()), state: 'forwarded' })
          await markReceived(messageId, reception, at)
        } else await own.cards.change(endpoint.path, messageId, { state: 'expired' })
      }
      follow().catch((error: unknown) => logCardFailure(error, messageId, at))
    },
    cancel: () => undefined,
  }
}

async function wayOf(request: StoreRequest, accepted: AcceptedDelivery, reception: ReceptionWish, at: Intermediary): Promise<Way> {
  const { own, ports, mediations } = at
  const delivery = deliveryOf(request)
  // only who has proven to be the recipient may answer for it: anybody can name a certificate
  const from = request.dialog && request.identified ? request.cipherSha256 : undefined
  const waiting = mediations.match(from, accepted.addressee ?? '', ports.packages.inReplyTo(request.message.custom))
  if (waiting) {
    const inside = await whole(delivery, at).catch((error: unknown) => {
      waiting.giveBack()
      throw error
    })
    return {
      async go(card) {
        const { subject, inspections, warnings } = accepted
        if (!waiting.give({ delivery: inside, inspections, warnings, ...(subject === undefined ? {} : { subject }) }))
          throw new DeliveryRefused('gateway.answer-too-late', 'the mediation that this answers is over', { codes: ['9811'] })
        // the asker has it: whoever answers is not told otherwise, whatever becomes of the card
        await own.cards
          .change(at.endpoint.path, card.messageId, { forwarding: plainStamp(ports.clock.now()), state: 'forwarded' })
          .then(() => markReceived(card.messageId, reception, at))
          .catch((error: unknown) => logCardFailure(error, card.messageId, at))
      },
      cancel: () => waiting.giveBack(),
    }
  }
  const mailbox = accepted.addressee === undefined ? undefined : own.directory.mailboxOf(accepted.addressee)
  if (!mailbox) throw new DeliveryRefused('policy.no-mailbox', 'the addressee has no mailbox here', { codes: ['9811'] })
  return ports.directory.ownerOf(mailbox.mailbox)
    ? toParticipant(request, mailbox, await whole(delivery, at), reception, at)
    : toMailbox(request, mailbox, delivery, reception, at)
}

/** Whoever is handed the delivery at once needs it in memory. @throws {DeliveryRefused} 9811 it is larger than a message may be. */
async function whole(delivery: StoredDelivery, { ports }: Intermediary): Promise<StoredDelivery> {
  const inside = await inMemory(delivery, ports.limits.messageBytes)
  if (!inside) throw new DeliveryRefused('policy.too-large', 'the delivery is too large for its addressee', { codes: ['9811'] })
  return inside
}

/** The whole of storing, for a message that came at once or in chunks. @throws {DeliveryRefused} */
export async function storeDelivered(request: StoreRequest, at: Intermediary): Promise<{ card: CardRecord; warnings: readonly string[] }> {
  const accepted = await acceptDelivery(request, at)
  let way: Way
  try {
    way = await wayOf(request, accepted, { wishes: request.message.timestamps, sha256: request.digest }, at)
  } catch (error) {
    accepted.giveBack()
    throw error
  }
  let card: CardRecord | undefined
  try {
    card = await accepted.begin()
    if (!card) throw new TypeError('storeDelivery has a MessageId')
    await way.go(card)
    return { card, warnings: accepted.warnings }
  } catch (error) {
    way.cancel()
    if (card) await at.own.cards.change(at.endpoint.path, card.messageId, { state: 'failed' })
    throw error
  }
}

export const storeDelivery: Exchange<'storeDelivery'> = {
  bare: () => ({}),
  async answer(request, at) {
    const { card, warnings } = await storeDelivered(request, at)
    return { codes: warnings, order: { processCardBundle: bundleOf(card, { forwarding: false, reception: false }) } }
  },
}
