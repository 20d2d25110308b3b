// SPDX-License-Identifier: EUPL-1.2
/**
 * A delivery goes on to its receiver while the client waits: acceptDelivery or processDelivery to a passive recipient, an envelope to a
 * participant, the mailbox of an active recipient. What came of it is one value, with the codes of osci-1.2 §9.7.
 *
 *   not sent                        9809     nothing was processed
 *   sent, no usable answer          9810     unknown
 *   fault Client, feedback 9xxx     9805     refused
 *   fault Server, feedback 9811     9808
 *   signature of the answer wrong   9807
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { isContradictory } from '../../client/osci/feedback.js'
import { OsciCallError, type Feedback, type OsciAnswer, type OsciRequestParts } from '../../client/osci/ports.js'
import type { OsciReceiver } from '../../directory/ports.js'
import type { FeedbackCode } from '../../errors.js'
import { certificateSha256 } from '../digest.js'
import { SEALING_MS } from '../recipient/handover.js'
import { DeliveryRefused } from '../recipient/verdict.js'
import { withoutAddresseeSigner } from './answer.js'
import { bundleOf, deliveryOf, type DeliveryRequest } from './delivery.js'
import type { Intermediary } from './exchange.js'
import type { OnwardReply } from './mediations.js'
import type { CardRecord } from './ports.js'
import { certificateOf, intermediaryEnv } from './request.js'

/** What came back. `delivered`: the receiver has it (Reception). */
export interface Onward {
  readonly delivered: boolean
  readonly codes: readonly FeedbackCode[]
  readonly reply?: OnwardReply
  /** Not known in time: what the card is told when it is (Reception). */
  readonly later?: Promise<boolean>
  /** Why there is no answer of the recipient, or none that can be used: for the log. */
  readonly receiverFailure?: unknown
}

/** One delivery on its way. `card` and `messageIdResponse` are absent where nothing is logged. */
export interface OnwardRequest {
  readonly request: DeliveryRequest
  /** An answer is wanted: mediateDelivery. */
  readonly process: boolean
  readonly card?: CardRecord
  readonly messageIdResponse?: string
}

/**
 * The receiver that the directory has for a ContentReceiver; nothing else is ever called.
 * @throws {DeliveryRefused} 9811
 */
export function receiverOf(uri: string, { own }: Intermediary): OsciReceiver {
  const receiver = own.directory.receiver(uri)
  if (!receiver) throw new DeliveryRefused('policy.unknown-receiver', 'this ContentReceiver is not registered here', { codes: ['9811'] })
  return receiver
}

/** §9.7 for a call that brought no regular response. */
export function codesOfFailure(error: OsciCallError): FeedbackCode[] {
  if (error.stage === 'not-sent') return ['9809']
  if (error.stage === 'fault') return [error.faultSide === 'Server' ? '9808' : '9805']
  return [error.feedback?.startsWith('96') === true ? '9807' : '9810']
}

/** A recipient's own word on what happened is passed on as it is; anything else of class 9 is a refusal, unless it says yes as well. */
function codesOfRefusal(feedback: Feedback): FeedbackCode[] {
  const { errors } = feedback
  if (isContradictory(feedback)) return ['9810']
  for (const own of ['9810', '9809', '9805']) if (errors.includes(own)) return [own]
  return [errors.every((code) => code === '9811') ? '9808' : '9805']
}

type PassiveReceiver = Extract<OsciReceiver, { kind: 'passive' }>

/** The answer of a passive recipient is less protected than the request, or signed by a certificate that has run out: warnings. */
async function warningsOf(answer: OsciAnswer<'acceptDelivery' | 'processDelivery'>, request: DeliveryRequest, at: Intermediary) {
  const warnings: FeedbackCode[] = []
  if (!answer.signer) warnings.push('3802')
  if (request.frame.evidence.transport && !answer.encrypted) warnings.push('3803')
  if (!answer.signer) return { warnings }
  const judged = await at.own.inspector.single(answer.signer, 'recipientSignature', at.ports.clock.now())
  return { warnings: [...warnings, ...judged.warnings], ...(judged.refusal ? { refusal: judged.refusal } : {}) }
}

const sealedFor = ({ message }: DeliveryRequest, receiver: PassiveReceiver) =>
  certificateOf(message, 'CipherCertificateAddressee') ?? receiver.cipherCertificate

/** @throws {DeliveryRefused} 9811 an encrypted request, and nobody to encrypt for. */
export function assertSealable(request: DeliveryRequest, receiver: PassiveReceiver): void {
  if (request.frame.evidence.transport && !sealedFor(request, receiver))
    throw new DeliveryRefused('certificates.no-addressee', 'an encrypted delivery must name the cipher certificate of its addressee', {
      codes: ['9811'],
    })
}

/** Calls a passive recipient with our own keys; encrypted when the client's request was. */
async function callPassive(
  { request, process, card, messageIdResponse }: OnwardRequest,
  receiver: PassiveReceiver,
  at: Intermediary,
): Promise<OsciAnswer<'acceptDelivery' | 'processDelivery'>> {
  const { endpoint, ports, own } = at
  const { message, frame } = request
  const encrypted = frame.evidence.transport !== undefined
  const addressee = sealedFor(request, receiver)
  const { content, attachments, certificates, custom } = deliveryOf(request)
  const parts: OsciRequestParts = {
    content,
    attachments,
    certificates: withoutAddresseeSigner(certificates),
    custom,
    ...(message.languages ? { languages: message.languages } : {}),
  }
  const spent = ports.clock.monotonicMs() - request.call.receivedAtMs
  const trusted = new Set(receiver.signatureCertificates.map((c) => certificateSha256(c)))
  const peer = {
    url: receiver.uri,
    ...(encrypted && addressee ? { cipherCertificate: addressee } : {}),
    answerSignature: 'optional' as const,
    answerEncryption: 'optional' as const,
    signatureMethod: request.peer.sendingSignature,
    ivBytes: frame.evidence.transport?.ivBytes === 16 ? (16 as const) : (12 as const),
    timeoutMs: Math.max(1000, endpoint.answerWithinSeconds * 1000 - SEALING_MS - spent),
    ...(trusted.size > 0 ? { recognises: (c: X509Certificate) => Promise.resolve(trusted.has(certificateSha256(c))) } : {}),
  }
  const identity = {
    env: intermediaryEnv(endpoint, ports),
    cipher: endpoint.keys.cipher,
    signer: endpoint.keys.signature,
    role: 'intermediary' as const,
  }
  const bundle = card && bundleOf(card, { reception: false })
  // a call that begins while the gateway drains would be cut in the middle: it does not leave
  const signal = ports.stopping.aborted ? ports.stopping : ports.ending
  if (!process) {
    if (!bundle) throw new TypeError('acceptDelivery carries a card')
    return own.caller.call('acceptDelivery', { processCardBundle: bundle }, parts, identity, peer, signal)
  }
  const order = {
    ...(messageIdResponse === undefined ? {} : { messageIdResponse }),
    ...(bundle ? { processCardBundle: bundle } : {}),
  }
  return own.caller.call('processDelivery', order, parts, identity, peer, signal)
}

/** The delivery in a passive recipient's answer. @throws {DeliveryRefused} 9800, 9801, 97xx */
async function replyOf(
  answer: OsciAnswer<'processDelivery'>,
  { messageIdResponse }: OnwardRequest,
  at: Intermediary,
): Promise<OnwardReply | undefined> {
  const { message } = answer
  if (message.type !== 'responseToProcessDelivery' || !message.content || message.content.children.length === 0) return undefined
  const { messageId, subject } = message.order
  if (messageIdResponse !== undefined && messageId === undefined)
    throw new DeliveryRefused('gateway.reply-id', 'the reply names no MessageId', { codes: ['9800'] })
  if (messageIdResponse !== undefined && messageId !== messageIdResponse)
    throw new DeliveryRefused('gateway.reply-id', 'the reply names another MessageId', { codes: ['9801'] })
  const inspected = await at.own.inspector.delivery(message.certificates ?? [], at.ports.clock.now())
  if (inspected.refusal)
    throw new DeliveryRefused('certificates.delivery', 'a certificate of the reply cannot be used', { codes: [inspected.refusal] })
  return {
    delivery: {
      content: message.content,
      certificates: message.certificates ?? [],
      custom: message.custom,
      attachments: message.attachments,
    },
    ...(subject === undefined ? {} : { subject }),
    inspections: inspected.inspections,
    warnings: inspected.warnings,
  }
}

/** Never throws for what the recipient did: that is in the codes. */
export async function toPassive(onward: OnwardRequest, receiver: PassiveReceiver, at: Intermediary): Promise<Onward> {
  let answer: OsciAnswer<'acceptDelivery' | 'processDelivery'>
  try {
    answer = await callPassive(onward, receiver, at)
  } catch (error) {
    if (!(error instanceof OsciCallError)) throw error
    return { delivered: false, codes: codesOfFailure(error), receiverFailure: error }
  }
  const { warnings, refusal } = await warningsOf(answer, onward.request, at)
  if (refusal) return { delivered: false, codes: [...warnings, refusal] }
  if (!answer.feedback.ok) return { delivered: false, codes: [...warnings, ...codesOfRefusal(answer.feedback)] }
  const passedOn = answer.feedback.warnings.filter((code) => code === '3707')
  if (!onward.process) return { delivered: true, codes: [...warnings, ...passedOn] }
  try {
    const reply = await replyOf(answer as OsciAnswer<'processDelivery'>, onward, at)
    return { delivered: true, codes: [...warnings, ...passedOn, ...(reply ? [] : ['9806'])], ...(reply ? { reply } : {}) }
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error
    // the recipient has acted: its delivery is refused, not ours
    return { delivered: true, codes: [...warnings, ...error.codes], receiverFailure: error }
  }
}
