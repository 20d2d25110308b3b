// SPDX-License-Identifier: EUPL-1.2
/**
 * Receivers that are not called but come themselves: a protector participant at its mailbox, an active OSCI recipient at its own.
 *
 *   participant   envelope (ContentPackage unopened) ─► mailbox … reply mailbox ─► ContentPackage that it sealed itself
 *   active        OSCI mailbox ─► fetchDelivery … storeDelivery addressed to the client ─► the waiting call
 *
 * Specs: product.md, story 6, Decisions "blind mode", "deadlines", "feedback of the recipient role".
 * @module
 */
import type { OsciReceiver } from '../../directory/ports.js'
import { ProtektorError } from '../../errors.js'
import type { EnvelopePart } from '../../envelope/types.js'
import { awaitAnswer, awaitDelivered, awaitTaken, putRequest } from '../recipient/handover.js'
import { DeliveryRefused, type Verdict } from '../recipient/verdict.js'
import { addresseeOf, blindEvidence, deliveryOf, type DeliveryRequest } from './delivery.js'
import type { Intermediary } from './exchange.js'
import type { Onward, OnwardReply, OnwardRequest } from './onward.js'
import { packageParts, readPackageParts, type StoredDelivery } from './stored.js'

type MailboxReceiver = Extract<OsciReceiver, { readonly mailbox: string }>

/** The delivery with everything inspected, as the reply to a mediateDelivery. @throws {DeliveryRefused} 97xx */
async function inspectedReply(delivery: StoredDelivery, at: Intermediary): Promise<OnwardReply> {
  const { inspections, refusal } = await at.own.inspector.delivery(delivery.certificates, at.ports.clock.now())
  if (refusal) throw new DeliveryRefused('certificates.delivery', 'a certificate of the reply cannot be used', { codes: [refusal] })
  return { delivery, inspections }
}

async function replyFrom(parts: readonly EnvelopePart[], at: Intermediary): Promise<OnwardReply | undefined> {
  try {
    return await inspectedReply(readPackageParts(parts, at.ports.packages), at)
  } catch (error) {
    if (error instanceof DeliveryRefused) throw error
    // the participant has acted, but what it sent is no ContentPackage
    if (error instanceof ProtektorError) return undefined
    throw error
  }
}

/** The code of §9.7 stands in the recipient role's own: 9811 beside it says nothing more to the client. */
const codesOf = ({ codes }: Verdict): string[] => codes.filter((code) => code !== '9811' && !code.startsWith('0'))

/** Through the core to a participant; its answer is wrapped unopened. */
export async function toParticipant({ request, process }: OnwardRequest, receiver: MailboxReceiver, at: Intermediary): Promise<Onward> {
  const { endpoint, ports } = at
  const { subject } = request.message.order
  const handover = await putRequest(
    {
      mailbox: receiver.mailbox,
      content: { parts: packageParts(deliveryOf(request), ports), evidence: blindEvidence(request) },
      wantsAnswer: process,
      ...(subject === undefined ? {} : { subject }),
      receivedAtMs: request.call.receivedAtMs,
      takeWithinSeconds: endpoint.takeWithinSeconds,
      answerWithinSeconds: endpoint.answerWithinSeconds,
    },
    ports,
  )
  const early = await awaitTaken(handover, ports)
  if (early) return { delivered: false, codes: codesOf(early) }
  if (!process) {
    const verdict = await awaitDelivered(handover, ports)
    return { delivered: verdict.outcome === 'done', codes: codesOf(verdict) }
  }
  const verdict = await awaitAnswer(handover, () => Promise.resolve(true), ports)
  if (!verdict.parts) return { delivered: verdict.outcome === 'done', codes: codesOf(verdict) }
  const reply = await replyFrom(verdict.parts, at)
  return reply ? { delivered: true, codes: [], reply } : { delivered: true, codes: ['9810'] }
}

/** @throws {DeliveryRefused} 9811 an active recipient is found by its cipher certificate, and answers a MessageId. */
export function assertMailbox(request: DeliveryRequest, receiver: MailboxReceiver, { own }: Intermediary) {
  const { messageId } = request.message.order
  const mailbox = own.directory.mailboxOf(addresseeOf(request.message) ?? '')
  if (mailbox?.mailbox !== receiver.mailbox || messageId === undefined || request.cipherSha256 === undefined)
    throw new DeliveryRefused('policy.no-mailbox', 'delivery to an active recipient needs its cipher certificate and a MessageId', {
      codes: ['9811'],
    })
  return { mailbox, messageId, client: request.cipherSha256 }
}

/** Into the mailbox of an active recipient, which fetches and, where an answer is wanted, stores one for the client. */
export async function toActive({ request, process }: OnwardRequest, receiver: MailboxReceiver, at: Intermediary): Promise<Onward> {
  const { own, endpoint, ports, mailroom, mediations } = at
  const { mailbox, messageId, client } = assertMailbox(request, receiver, at)
  const over = new AbortController()
  const answered = process
    ? mediations.wait({ messageId, from: mailbox.cipherSha256, to: client }, over.signal)
    : Promise.resolve(undefined)
  try {
    const prepared = await mailroom.prepare({
      messageId,
      mailbox: mailbox.mailbox,
      ttlSeconds: Math.min(ports.mailboxTtlSeconds(mailbox.mailbox), endpoint.takeWithinSeconds),
      delivery: deliveryOf(request),
      evidence: blindEvidence(request),
      reception: { wishes: request.message.timestamps, sha256: request.digest },
      onGone: () => undefined,
    })
    const deposited = await prepared.commit()
    const leftMs = request.call.receivedAtMs + endpoint.answerWithinSeconds * 1000 - 1000 - ports.clock.monotonicMs()
    const deadline = own.sleep(leftMs, over.signal).then(() => 'late' as const)
    const first = await Promise.race([deposited.ended, deadline])
    if (first !== 'received') {
      const untouched = first === 'late' ? await deposited.withdraw() : first !== 'unknown'
      return { delivered: false, codes: [untouched ? '9809' : '9810'] }
    }
    if (!process) return { delivered: true, codes: [] }
    const answer = await Promise.race([answered, deadline.then(() => undefined)])
    return answer ? { delivered: true, codes: [], reply: await inspectedReply(answer, at) } : { delivered: true, codes: ['9810'] }
  } finally {
    over.abort()
  }
}
