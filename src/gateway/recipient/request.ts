// SPDX-License-Identifier: EUPL-1.2
/**
 * First steps of the recipient role: bytes → frame → shape → admitted message.
 *
 *   open    mime, soap, transport                        9100–9202, fault
 *   shape   order and control block, not yet proven       9300–9500, fault
 *   admit   signature, peer, policy                       9600–9603, 9811, feedback
 *
 * Until `admit` nothing of the message has an effect; `shape` exists so that an error can be answered in the dialog's own form.
 * Specs: osci-1.2 §9.8; threat model G9, G12, P3; product.md, Decisions, "peers".
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { CertificateError, type FeedbackCode } from '../../errors.js'
import { languageOf, type Language } from '../../osci/feedback.js'
import { message } from '../../osci/message.js'
import { isSigned } from '../../osci/signature.js'
import { assertServed, assertType, frame } from '../../osci/stages.js'
import { canEncryptFor } from '../../osci/transport.js'
import type { CertificateEntry, OsciEnv, OsciMessage, SoapEnvelope } from '../../osci/types.js'
import { formerKeys, isOutside, proveCaller, smallKeys } from '../admission.js'
import type { GatewayPorts, Peer, RecipientEndpoint } from '../ports.js'
import { readX509 } from './certificates.js'

export type Delivery = OsciMessage<'acceptDelivery'> | OsciMessage<'processDelivery'>

/** One HTTP call with its body. */
export interface Call {
  readonly requestId: string
  readonly bytes: Uint8Array
  readonly httpContentType?: string
  /** Monotonic time of the last byte. */
  readonly receivedAtMs: number
}

/** Enough to answer, nothing proven. */
export interface Shape {
  readonly call: Call
  readonly frame: SoapEnvelope
  readonly unverified: Delivery
  readonly challenge: string
  readonly signed: boolean
  readonly language: Language
  /** Whom an encrypted answer is for; set when the request was encrypted. */
  readonly answerTo?: X509Certificate
  /** Environment of this one message: before the peer is known nothing legacy, and one count of its work. */
  readonly env: OsciEnv
}

/** A message from a known peer that keeps its policy. */
export interface Admitted extends Shape {
  readonly message: Delivery
  readonly peer: Peer
  /** Class 3 codes for the answer. */
  readonly warnings: readonly FeedbackCode[]
  readonly findings: readonly string[]
}

/** The environment of one endpoint before the peer is known. */
export function endpointEnv(endpoint: RecipientEndpoint, ports: GatewayPorts): OsciEnv {
  return { ...ports.env, keys: endpoint.keys.ring, algorithms: ports.algorithms }
}

/** @throws {OsciError} 9100–9400 as fault; {CertificateError} 9500. */
export async function openShape(call: Call, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<Shape> {
  const env: OsciEnv = { ...endpointEnv(endpoint, ports), work: { milliseconds: 0 } }
  const { httpContentType } = call
  const opened = await frame.open(call.bytes, httpContentType === undefined ? env : { ...env, httpContentType })
  assertServed(opened, ['acceptDelivery', 'processDelivery'])
  const unverified = assertType(await message.open(opened, env), 'acceptDelivery', 'processDelivery') as Delivery
  const challenge = unverified.control.challenge ?? ''
  const language = languageOf(unverified.languages ?? [])
  const shape = { call, frame: opened, unverified, challenge, signed: isSigned(opened), language, env }
  if (!opened.evidence.transport) return shape
  const cipher = unverified.intermediaryCertificates?.find((c) => c.role === 'CipherCertificateIntermediary')
  const answerTo = cipher && readX509(cipher)
  if (!answerTo || !canEncryptFor(answerTo))
    throw new CertificateError(
      '9500',
      'certificates.no-answer-key',
      'an encrypted request must bring the certificate that its answer is encrypted for',
    )
  return { ...shape, answerTo }
}

/**
 * Proves signer and coverage, finds the peer, and holds the message against the peer's policy.
 * @throws {SignatureError} 9600 unsigned, 9601 wrong or unknown signer, 9602, 9603; {DeliveryRefused} 9811 in clear.
 */
export async function admit(shape: Shape, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<Admitted> {
  const { env: bare } = shape
  const { verified, peer, signer, findings } = await proveCaller(shape.frame, endpoint.peers, bare)
  const proven = assertType(await message.open(verified, bare), 'acceptDelivery', 'processDelivery') as Delivery
  const now = ports.clock.now()
  const outside = (code: FeedbackCode, certificate: X509Certificate | undefined): readonly FeedbackCode[] =>
    certificate && isOutside(certificate, now) ? [code] : []
  return {
    ...shape,
    message: proven,
    peer,
    env: { ...bare, algorithms: peer.algorithms },
    warnings: [...outside('3500', shape.answerTo), ...outside('3700', signer)],
    findings: [...findings, ...smallKeys(signer, shape.answerTo), ...formerKeys(shape.frame, endpoint.keys)],
  }
}

/** Key of the repeat table: signer and MessageId, or MessageIdResponse, or Challenge. Only its digest is kept. */
export function repeatKey({ message: m, frame: f, challenge, peer }: Admitted): string {
  const signer = m.evidence.signature ? createHash('sha256').update(m.evidence.signature.signer.raw).digest('hex') : `unsigned ${peer.name}`
  const id = messageIdOf(m)
  return createHash('sha256')
    .update(JSON.stringify([f.type, signer, id === undefined ? 'challenge' : 'id', id ?? challenge]))
    .digest('base64url')
}

/** MessageId of the delivery (accept: its process card; process: the id for the answer). */
export function messageIdOf(m: Delivery): string | undefined {
  if (m.type === 'acceptDelivery') return m.order.processCardBundle.messageId
  const order = m.order
  return order.processCardBundle?.messageId ?? order.messageIdResponse
}

/** The other side's certificate entries by role. */
export const entriesOf = (m: Delivery, role: CertificateEntry['role']): readonly CertificateEntry[] =>
  (m.certificates ?? []).filter((c) => c.role === role)
