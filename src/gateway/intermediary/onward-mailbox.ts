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
import type { OutcomeRecord } from '../../core/ports.js'
import type { OsciReceiver } from '../../directory/ports.js'
import { ProtektorError } from '../../errors.js'
import type { EnvelopePart } from '../../envelope/types.js'
import type { GatewayPorts } from '../ports.js'
import { errorCodeOf, findingOf } from '../render-error.js'
import { awaitAnswer, awaitDelivered, awaitTaken, putRequest, SEALING_MS, type Handover } from '../recipient/handover.js'
import { DeliveryRefused, type Verdict } from '../recipient/verdict.js'
import { addresseeOf, blindEvidence, deliveryOf, type DeliveryRequest } from './delivery.js'
import type { Intermediary } from './exchange.js'
import type { Ending } from './mailroom.js'
import type { OnwardReply } from './mediations.js'
import type { Onward, OnwardRequest } from './onward.js'
import { packageParts, readPackageParts, type StoredDelivery } from './stored.js'

/** A claim that is under way at the deadline is over by then: a lease of a mailbox, or the transfer. */
const LONGEST_HANDOVER_MS = 120_000

type MailboxReceiver = Extract<OsciReceiver, { readonly mailbox: string }>

/** The delivery with everything inspected, as the reply to a mediateDelivery. @throws {DeliveryRefused} 97xx */
async function inspectedReply(delivery: StoredDelivery, at: Intermediary): Promise<OnwardReply> {
  const { inspections, warnings, refusal } = await at.own.inspector.delivery(delivery.certificates, at.ports.clock.now())
  if (refusal) throw new DeliveryRefused('certificates.delivery', 'a certificate of the reply cannot be used', { codes: [refusal] })
  return { delivery, inspections, warnings }
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

/** Nobody knows what the participant did with it; whether it has it is the core's to say, now or when the hand-over is over. */
async function takenOrOpen({ id }: Handover, { core, stopping }: GatewayPorts): Promise<Pick<Onward, 'delivered' | 'later'>> {
  const isTaken = (record: OutcomeRecord | undefined): boolean => record?.outcome === 'delivered'
  // a core that cannot say now may say later
  const now = await core.outcome(id).catch(() => 'no-answer' as const)
  if (now !== 'no-answer' && now?.outcome !== 'waiting') return { delivered: isTaken(now) }
  return { delivered: false, later: core.settled(id, LONGEST_HANDOVER_MS, 'settled', stopping).then(isTaken) }
}

/** What the participant made of it. @throws the core cannot say, or the answer cannot be read. {DeliveryRefused} 97xx of the reply */
async function outcomeOf(handover: Handover, process: boolean, at: Intermediary): Promise<Onward> {
  const { ports } = at
  const early = await awaitTaken(handover, ports)
  if (early) return { delivered: false, codes: codesOf(early) }
  const verdict = process ? await awaitAnswer(handover, () => Promise.resolve(true), ports) : await awaitDelivered(handover, ports)
  if (verdict.outcome === 'unknown') return { ...(await takenOrOpen(handover, ports)), codes: codesOf(verdict) }
  if (!verdict.parts) return { delivered: verdict.outcome === 'done', codes: codesOf(verdict) }
  const reply = await replyFrom(verdict.parts, at)
  return reply ? { delivered: true, codes: [], reply } : { delivered: true, codes: ['9810'] }
}

/** Through the core to a participant; its answer is wrapped unopened. @throws nothing was put. */
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
  try {
    return await outcomeOf(handover, process, at)
  } catch (error) {
    // it lies in the mailbox or has been taken: nobody may say that nothing was processed
    if (error instanceof DeliveryRefused) return { delivered: true, codes: error.codes }
    const fields = { endpoint: endpoint.path, envelopeId: handover.id, findings: [findingOf(error)], error: errorCodeOf(error) }
    ports.log.write('error', 'hand-over-unknown', fields)
    return { ...(await takenOrOpen(handover, ports)), codes: ['9810'] }
  }
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
  const [answerOver, timerOver] = [new AbortController(), new AbortController()]
  const from = mailbox.cipherSha256.filter((one) => own.directory.mailboxOf(one) !== undefined)
  const about = { messageId, from, to: client, isOut: deposited.wasHandedOut }
  const answered = process ? mediations.wait(about, answerOver.signal) : undefined
  const leftMs = request.call.receivedAtMs + endpoint.answerWithinSeconds * 1000 - SEALING_MS - ports.clock.monotonicMs()
  // from the deadline on nobody is told that his answer arrived
  const late = own.sleep(leftMs, AbortSignal.any([timerOver.signal, ports.ending])).then(() => answerOver.abort())
  try {
    const ended = await Promise.race([deposited.ended, late, ...(answered ? [answered.then(() => undefined)] : [])])
    if (ended === 'received' && answered) await Promise.race([answered, late])
    answerOver.abort()
    const reply = await answered
    if (reply) {
      // who answers has the request, also where no request of its dialog said so
      if (ended !== 'received') await deposited.acknowledge()
      return { delivered: true, codes: [], reply }
    }
    // who was handed it may have it, also where the core cannot say
    const ending = ended ?? (await deposited.withdraw().catch((): Ending => 'unknown'))
    if (ending === 'received') return { delivered: true, codes: process ? ['9810'] : [] }
    return { delivered: false, codes: [ending === 'expired' || ending === 'withdrawn' ? '9809' : '9810'] }
  } finally {
    answerOver.abort()
    timerOver.abort()
  }
}
