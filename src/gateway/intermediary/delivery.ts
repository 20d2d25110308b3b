// SPDX-License-Identifier: EUPL-1.2
/**
 * What storeDelivery, forwardDelivery and mediateDelivery have in common before they part: the MessageId taken, every certificate
 * inspected, the Creation stamped, the process card begun.
 *
 *   take id (9801) → inspect (97xx, 37xx) → stamp (9811) → id used, card on disk → the delivery goes its way
 *
 * Nothing is said to the client before id and card are durable; whatever fails before that gives the id back.
 * Specs: osci-1.2 §4, §6.4–6.6, §9.2, §9.3.
 * @module
 */
import type { OsciEvidence } from '../../envelope/types.js'
import { OrderError, type FeedbackCode } from '../../errors.js'
import type { Inspection, ProcessCardBundle, TimeStamp } from '../../osci/parts.js'
import type { OsciMessage } from '../../osci/types.js'
import { sha256Hex } from '../digest.js'
import { evidenceOf } from '../evidence.js'
import { DeliveryRefused } from '../recipient/verdict.js'
import type { ClientRequest, Intermediary } from './exchange.js'
import type { CardRecord, IdClaim, ReceptionWish } from './ports.js'
import { creationStamp, receptionStamp } from './stamps.js'
import type { StoredDelivery } from './stored.js'

export type DeliveryRequest = ClientRequest<'storeDelivery' | 'forwardDelivery' | 'mediateDelivery'>

/** A delivery that may go its way. `card` is absent where nothing is logged (mediateDelivery without MessageId). */
export interface AcceptedDelivery {
  readonly messageId?: string
  readonly addressee?: string
  readonly subject?: string
  readonly inspections: readonly Inspection[]
  readonly warnings: readonly FeedbackCode[]
  /**
   * Makes id and card durable, as one: where no card can be begun the id may be used again.
   * @param forwarding where the message to the receiver is built in the same moment.
   */
  begin(forwarding?: TimeStamp): Promise<CardRecord | undefined>
  /** Nothing was stored: the id may be used again. */
  giveBack(): void
}

/** QualityOfTimestamp names each service once. @throws {OrderError} 9300 */
function assertWishes({ timestamps = [] }: OsciMessage): void {
  if (new Set(timestamps.map((t) => t.service)).size !== timestamps.length)
    throw new OrderError('osci-structure.timestamp-wishes', 'QualityOfTimestamp must name each service once')
}

/** Lower-case hex SHA-256 of the addressee's cipher certificate: the mailbox's address. */
export const addresseeOf = (m: OsciMessage): string | undefined => {
  const entry = m.certificates?.find((c) => c.role === 'CipherCertificateAddressee')
  return entry && sha256Hex(entry.der)
}

/** The delivery as it travels on: content, certificates with their Ids, the headers that its sender added. */
export const deliveryOf = ({ message, large }: ClientRequest): StoredDelivery => {
  const { content, certificates = [], custom, attachments } = message
  if (!content) throw new TypeError('the row demands a ContentPackage')
  return { content, certificates, custom, attachments, ...(large ? { large } : {}) }
}

/** What travels along in an envelope about the OSCI side. Nothing was opened. */
export function blindEvidence({ digest, message, frame }: ClientRequest): OsciEvidence {
  const { messageId } = message.order as { readonly messageId?: string }
  return evidenceOf({
    message,
    messageSha256: Buffer.from(digest).toString('hex'),
    encrypted: frame.evidence.transport !== undefined,
    mode: 'blind',
    containers: [],
    ...(messageId === undefined ? {} : { messageId }),
  })
}

/** Takes the id, or answers 9801. */
export function takeId(messageId: string, { own, endpoint }: Intermediary): IdClaim {
  const claim = own.ids.take(endpoint.path, messageId)
  if (!claim) throw new DeliveryRefused('gateway.message-id', 'the MessageId was not issued here, or was used before', { codes: ['9801'] })
  return claim
}

/** @throws {DeliveryRefused} 9801, 97xx, 9811; the id is given back. */
export async function acceptDelivery(request: DeliveryRequest, at: Intermediary): Promise<AcceptedDelivery> {
  const { message, cipherSha256, digest } = request
  const { own, ports, endpoint } = at
  assertWishes(message)
  const { messageId, subject } = message.order
  const claim = request.claim ?? (messageId === undefined ? undefined : takeId(messageId, at))
  try {
    const now = ports.clock.now()
    const inspected = await own.inspector.delivery(message.certificates ?? [], now)
    if (inspected.refusal)
      throw new DeliveryRefused('certificates.delivery', 'a certificate of the delivery cannot be used', { codes: [inspected.refusal] })
    const fields = { endpoint: endpoint.path, ...(messageId === undefined ? {} : { messageId }) }
    const stamped = await creationStamp(message.timestamps, { at: now, sha256: digest, fields }, stampPorts(at))
    if ('refusal' in stamped)
      throw new DeliveryRefused('gateway.no-time-stamp', 'no cryptographic time stamp can be had', { codes: [stamped.refusal] })
    const creation = stamped.stamp
    const addressee = addresseeOf(message)
    const about = {
      ...(messageId === undefined ? {} : { messageId }),
      ...(addressee === undefined ? {} : { addressee }),
      ...(subject === undefined ? {} : { subject }),
    }
    return {
      ...about,
      inspections: inspected.inspections,
      warnings: inspected.warnings,
      async begin(forwarding) {
        if (!claim || messageId === undefined) return undefined
        return claim.used(() =>
          own.cards.add(endpoint.path, {
            ...about,
            messageId,
            ...(cipherSha256 === undefined ? {} : { originator: cipherSha256 }),
            state: forwarding ? 'forwarded' : 'stored',
            creation,
            ...(forwarding ? { forwarding } : {}),
            createdAt: now.toISOString(),
            inspections: inspected.inspections,
          }),
        )
      },
      giveBack: () => claim?.giveBack(),
    }
  } catch (error) {
    claim?.giveBack()
    throw error
  }
}

const stampPorts = ({ own, ports }: Intermediary) => ({ ...(own.timeStamper ? { timeStamper: own.timeStamper } : {}), log: ports.log })

/** Somebody has it: Reception on the card, on disk. */
export async function markReceived(
  messageId: string,
  { wishes, sha256 }: ReceptionWish,
  at: Intermediary,
): Promise<CardRecord | undefined> {
  const { own, ports, endpoint } = at
  const occasion = { at: ports.clock.now(), sha256, fields: { endpoint: endpoint.path, messageId } }
  const reception = await receptionStamp(wishes, occasion, stampPorts(at))
  return own.cards.change(endpoint.path, messageId, { reception, state: 'received' })
}

/** Of a card that follows its delivery while nobody waits for it. */
export const logCardFailure = (error: unknown, messageId: string, { ports, endpoint }: Intermediary): void =>
  ports.log.write('error', 'card-failed', {
    endpoint: endpoint.path,
    messageId,
    error: error instanceof Error && 'code' in error ? String(error.code) : 'ERR_INTERNAL',
  })

/** The card as messages carry it. */
export function bundleOf(
  card: CardRecord,
  stamps: { readonly forwarding?: boolean; readonly reception?: boolean } = {},
): ProcessCardBundle {
  const { forwarding, reception, subject } = card
  return {
    messageId: card.messageId,
    processCard: {
      recentModification: card.recentModification,
      creation: card.creation,
      ...(forwarding === undefined || stamps.forwarding === false ? {} : { forwarding }),
      ...(reception === undefined || stamps.reception === false ? {} : { reception }),
      ...(subject === undefined ? {} : { subject }),
    },
    inspectionReport: { inspections: card.inspections },
  }
}
