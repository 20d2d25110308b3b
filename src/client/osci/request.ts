// SPDX-License-Identifier: EUPL-1.2
/**
 * Builds a request: what the row demands is filled in, what the row does not allow is refused before anything is sent.
 *
 *   row ─► ControlBlock (marks) · QualityOfTimestamp (card) · certificate headers (sets, signer) · content (card)
 *   identity, peer ─► own certificates, languages, sealing
 *
 * Nothing here knows a message by name. Specs: osci-1.2 §2.0, §3.1, §5.3, §11.
 * @module
 */
import { ProtektorError } from '../../errors.js'
import { boundsOf, type Card } from '../../osci/codec.js'
import { OUR_FEATURES } from '../../osci/features.js'
import {
  certificateSets,
  EXCHANGES,
  messageType,
  type CertificateCards,
  type CertificateRole,
  type Control,
  type MessageType,
  type OrderOf,
  type RequestName,
} from '../../osci/messages.js'
import { osci } from '../../osci/stages.js'
import type { CertificateEntry, ControlBlock, OsciMessage, Sealing, TimestampWish } from '../../osci/types.js'
import { OsciCallError, type OsciIdentity, type OsciPeer, type OsciRequestParts } from './ports.js'
import { ownEntry } from './suite.js'

/** Where in an explicit dialog a request stands; none in an implicit one. */
export interface DialogPosition {
  readonly conversationId: string
  readonly sequenceNumber: number
  /** The supplier's last challenge, which this request answers. */
  readonly challenge: string
}

const CHALLENGE_BYTES = 16
const LANGUAGES = ['de'] as const

const unsendable = (finding: string, message: string, cause?: unknown): OsciCallError =>
  new OsciCallError('not-sent', finding, message, cause === undefined ? {} : { cause })

/** The row of a request. @throws {OsciCallError} not-sent: not in this kind of dialog, or not by this role. */
export function requestType(name: RequestName, identity: OsciIdentity, inDialog: boolean): MessageType {
  const type = messageType(name)
  if (!type) throw unsendable('client.exchange', `OSCI knows no ${String(name)}.`)
  const { dialog, asks } = EXCHANGES[name]
  const asker = identity.role === 'intermediary' ? 'intermediary' : 'client'
  if (asks !== asker) throw unsendable('client.exchange', `${name} is not sent by this role.`)
  const fits = inDialog ? dialog === 'explicit' || dialog === 'either' || dialog === 'closes' : dialog !== 'explicit' && dialog !== 'closes'
  if (!fits) throw unsendable('client.exchange', `${name} is ${inDialog ? 'not sent inside a' : 'sent only inside an explicit'} dialog.`)
  return type
}

const allowed = (control: Control, at: 0 | 1 | 2 | 3): boolean => control[at] !== '-'

/** Response and ConversationId go with an explicit dialog; an implicit one begins and ends with sequence number 0 (osci-1.2 §3.1). */
function controlOf(type: MessageType, challenge: string, position: DialogPosition | undefined): ControlBlock {
  return {
    ...(position && allowed(type.control, 0) ? { response: position.challenge } : {}),
    ...(allowed(type.control, 1) ? { challenge } : {}),
    ...(position && allowed(type.control, 2) ? { conversationId: position.conversationId } : {}),
    ...(allowed(type.control, 3) ? { sequenceNumber: position?.sequenceNumber ?? 0 } : {}),
  }
}

const PLAIN: readonly TimestampWish[] = [
  { service: 'creation', quality: 'plain' },
  { service: 'reception', quality: 'plain' },
]

/** As many wishes as the row must have; where it may, a delivery with a MessageId is logged, one without is not (osci-1.2 §2.9). */
function timestampsOf(card: Card | undefined, order: object, wished: readonly TimestampWish[] | undefined): readonly TimestampWish[] {
  if (card === undefined) return []
  if (wished) return wished
  const [min, max] = boundsOf(card)
  const logged = 'messageId' in order && order.messageId !== undefined
  return PLAIN.slice(0, logged ? max : min)
}

type CipherRole = Extract<CertificateRole, `CipherCertificate${'Originator' | 'Intermediary'}`>
const CIPHER_OF: Readonly<Record<string, CipherRole>> = {
  SignatureCertificateOriginator: 'CipherCertificateOriginator',
  SignatureCertificateIntermediary: 'CipherCertificateIntermediary',
}

/**
 * Our own certificates, where the row has a place for them. The signature's only when we sign. The cipher certificate: an originator's
 * always, since it opens the dialog, is encrypted for in an implicit one, and lets addressees encrypt their answers; an intermediary's
 * when it wants an encrypted answer (wire facts 27, 29).
 */
function ownCertificates(type: MessageType, identity: OsciIdentity, sealing: Sealing, cards: CertificateCards): CertificateEntry[] {
  const cipherRole = CIPHER_OF[type.signer]
  const wantsCipher = identity.role === 'originator' || sealing.encryptFor !== undefined
  return [
    ...(cipherRole && wantsCipher && cards[cipherRole] !== undefined ? [ownEntry(cipherRole, identity.cipher)] : []),
    ...(sealing.sign && cards[type.signer] !== undefined ? [ownEntry(type.signer, sealing.sign.signer.certificate)] : []),
  ]
}

const sameDer = (a: CertificateEntry, b: CertificateEntry): boolean => Buffer.compare(a.der, b.der) === 0

/** What the caller gave comes first: a role that stands once keeps the caller's certificate, but for the one that signs. */
function joined(own: readonly CertificateEntry[], given: readonly CertificateEntry[], signer: CertificateRole): CertificateEntry[] {
  for (const mine of own)
    if (mine.role === signer && given.some((entry) => entry.role === signer && !sameDer(entry, mine)))
      throw unsendable('client.certificate-role', `${signer} must be the certificate that signs the message.`)
  return [...own.filter((mine) => !given.some((entry) => entry.role === mine.role)), ...given]
}

function assertWithin(entries: readonly CertificateEntry[], cards: CertificateCards, name: string): void {
  const counts = new Map<CertificateRole, number>()
  for (const { role } of entries) counts.set(role, (counts.get(role) ?? 0) + 1)
  for (const role of new Set([...counts.keys(), ...Object.keys(cards)]) as ReadonlySet<CertificateRole>) {
    const [min, max] = boundsOf(cards[role] ?? '0')
    const count = counts.get(role) ?? 0
    if (count < min) throw unsendable('client.certificate-missing', `${name} needs a ${role}.`)
    if (count > max) throw unsendable('client.certificate-role', `${role} does not belong into ${name}, or not so often.`)
  }
}

function certificateHeaders(
  type: MessageType,
  identity: OsciIdentity,
  sealing: Sealing,
  given: readonly CertificateEntry[],
): Pick<OsciMessage, 'certificates' | 'intermediaryCertificates'> {
  const sets = certificateSets(type)
  const intermediary = type.intermediary === undefined ? [] : ownCertificates(type, identity, sealing, sets.intermediary)
  const own = type.nonIntermediary === undefined ? [] : ownCertificates(type, identity, sealing, sets.others)
  const certificates = joined(own, given, type.signer)
  assertWithin(certificates, type.nonIntermediary === undefined ? {} : sets.others, type.name)
  return {
    ...(intermediary.length > 0 ? { intermediaryCertificates: intermediary } : {}),
    ...(certificates.length > 0 ? { certificates } : {}),
  }
}

function assertContent(type: MessageType, parts: OsciRequestParts): void {
  if (type.content === '1' && !parts.content) throw unsendable('client.content', `${type.name} carries a ContentPackage.`)
  if (type.content === undefined && (parts.content || (parts.attachments?.length ?? 0) > 0))
    throw unsendable('client.content', `${type.name} carries no content.`)
}

interface BuiltRequest {
  readonly message: OsciMessage
  /** What the answer must return as its Response. */
  readonly challenge: string
}

interface SealedRequest extends Pick<BuiltRequest, 'challenge'> {
  readonly bytes: Uint8Array
}

/**
 * The request before it is sealed.
 * @throws {OsciCallError} not-sent: it would break its row. Nothing has happened then.
 */
export function buildRequest<N extends RequestName>(
  type: MessageType,
  order: OrderOf<N>,
  parts: OsciRequestParts,
  position: DialogPosition | undefined,
  identity: OsciIdentity,
  peer: OsciPeer,
  sealing: Sealing,
): BuiltRequest {
  assertContent(type, parts)
  const challenge = Buffer.from(identity.env.random(CHALLENGE_BYTES)).toString('base64')
  const timestamps = timestampsOf(type.timestamps, order, parts.timestamps)
  const message = {
    type: type.name,
    control: controlOf(type, challenge, position),
    languages: parts.languages ?? peer.languages ?? LANGUAGES,
    ...(timestamps.length > 0 ? { timestamps } : {}),
    order,
    ...certificateHeaders(type, identity, sealing, parts.certificates ?? []),
    features: parts.features ?? OUR_FEATURES,
    custom: parts.custom ?? [],
    ...(parts.content ? { content: parts.content } : {}),
    attachments: parts.attachments ?? [],
    evidence: {},
    remarks: [],
  } as unknown as OsciMessage
  return { message, challenge }
}

/**
 * @throws {OsciCallError} not-sent: the request cannot be built, or would break its row. Nothing has happened then.
 */
export async function sealRequest<N extends RequestName>(
  type: MessageType,
  order: OrderOf<N>,
  parts: OsciRequestParts,
  position: DialogPosition | undefined,
  identity: OsciIdentity,
  peer: OsciPeer,
  sealing: Sealing,
): Promise<SealedRequest> {
  const { message, challenge } = buildRequest(type, order, parts, position, identity, peer, sealing)
  try {
    return { bytes: await osci.seal(message, { ...identity.env, sealing }), challenge }
  } catch (cause) {
    const message = cause instanceof ProtektorError ? cause.message : 'The request cannot be built.'
    throw unsendable('client.request', message, cause)
  }
}
