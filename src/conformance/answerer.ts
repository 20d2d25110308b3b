// SPDX-License-Identifier: EUPL-1.2
/**
 * Our passive recipient: reads a delivery, and answers it rightly, or wrongly in one place.
 *
 *   acceptDelivery ─► feedback 0800        processDelivery ─► feedback 0800, a short reply under MessageIdResponse
 *
 * Specs: osci-1.2 §2.8, §2.10, §9.8.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { deliveryParts } from '../client/osci/content.js'
import { certificateEntry, certificateIn } from '../osci/certificates.js'
import { messageType, responseTo, type CertificateRole } from '../osci/messages.js'
import { osci } from '../osci/stages.js'
import { AES_256_GCM, OAEP_SHA256, signingMethods } from '../osci/suite.js'
import type { OsciEnv, OsciMessage, Sealing } from '../osci/types.js'
import type { Signer } from '../env.js'
import { sealBent, type Bend, type Hand } from './bend.js'
import { envFor, type Body } from './wire.js'

export interface Recipient {
  readonly env: OsciEnv
  readonly hand: Hand
  readonly cipher: X509Certificate
  readonly signer: Signer
}

const REPLY = new TextEncoder().encode('Protektor Konformität: Antwort')
const PLAIN = [
  { service: 'creation', quality: 'plain' },
  { service: 'reception', quality: 'plain' },
] as const

const named = (request: OsciMessage, role: CertificateRole): X509Certificate | undefined => {
  const entry = [...(request.intermediaryCertificates ?? []), ...(request.certificates ?? [])].find((one) => one.role === role)
  return entry && certificateIn(entry)
}

/** Opened strictly. @throws {OsciError} */
export const openDelivery = (delivery: Body, { env }: Recipient): Promise<OsciMessage> => osci.open(delivery.body, envFor(delivery, env))

/** @param request acceptDelivery or processDelivery. */
export async function answerDelivery(
  request: OsciMessage<'acceptDelivery'> | OsciMessage<'processDelivery'>,
  recipient: Recipient,
  bend: Bend = {},
): Promise<Uint8Array> {
  const { env, hand, cipher, signer } = recipient
  const type = messageType(responseTo(request.type))
  if (!type) throw new TypeError(request.type)
  const { messageIdResponse } = request.order as { readonly messageIdResponse?: string }
  const reader = named(request, 'CipherCertificateOriginator')
  const reply =
    request.type === 'processDelivery' && reader
      ? await deliveryParts({ document: REPLY, addressee: reader, sign: false }, { env, cipher, role: 'originator' })
      : undefined
  const logged = reply !== undefined && messageIdResponse !== undefined
  const message = {
    type: type.name,
    control: { response: request.control.challenge ?? '' },
    ...(logged ? { timestamps: PLAIN } : {}),
    order: {
      feedback: { entries: [{ code: '0800', text: 'Auftrag erledigt.', lang: 'de' }] },
      ...(logged ? { messageId: messageIdResponse, subject: 'Antwort' } : {}),
    },
    certificates: [certificateEntry(type.signer, signer.certificate), ...(reply?.certificates ?? [])],
    custom: [],
    ...(reply ? { content: reply.content } : {}),
    attachments: reply?.attachments ?? [],
    evidence: {},
    remarks: [],
  } as unknown as OsciMessage
  const answerTo = named(request, 'CipherCertificateIntermediary')
  const sealing: Sealing = {
    sign: { signer, ...signingMethods(signer) },
    ...(request.evidence.transport && answerTo
      ? { encryptFor: { certificate: answerTo, cipher: AES_256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 as const } }
      : {}),
  }
  return sealBent(message, sealing, bend, hand)
}
