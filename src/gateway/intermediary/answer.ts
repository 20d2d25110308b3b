// SPDX-License-Identifier: EUPL-1.2
/**
 * Builds and seals the answers of the intermediary: what all of them have in common stands here, once.
 *
 *   reply ─► order with feedback ─► control block by the row's marks ─► signed (always, certificate enclosed) ─► encrypted like the request
 *
 * Specs: osci-1.2 §3.1–3.4, §8.1, §9.1, §11; wire facts 21–25, 27; osci-in-the-field §3 rows 36, 38, 40.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { OsciError, type FeedbackCode } from '../../errors.js'
import { certificateEntry } from '../../osci/certificates.js'
import { newChallenge, newConversationId } from '../../osci/dialog.js'
import { OUR_FEATURES } from '../../osci/features.js'
import { feedbackEntries, type FeedbackEntry, type Language } from '../../osci/feedback.js'
import { messageType, responseTo, type Control, type MessageName } from '../../osci/messages.js'
import type { FeatureDescription } from '../../osci/parts.js'
import { osci } from '../../osci/stages.js'
import type { CertificateEntry, ControlBlock, OsciEnv, OsciMessage, Sealing } from '../../osci/types.js'
import { findingTexts } from '../findings.js'
import type { GatewayPorts, Peer } from '../ports.js'
import { DeliveryRefused } from '../recipient/verdict.js'
import { findingOf } from '../render-error.js'
import { answerEncryption, signingAs } from '../sealing.js'
import type { ClientRequestName, Reply } from './exchange.js'
import type { ChunkLimits, IntermediaryEndpoint } from './ports.js'
import type { RequestShape } from './request.js'

/** What we can read, and the limits of chunks. */
export const featuresOf = (limits: ChunkLimits): FeatureDescription => ({
  ...OUR_FEATURES,
  chunkMessageTimeoutSeconds: limits.answerWithinSeconds,
  maxChunkSizeKilobytes: limits.maxKilobytes,
  maxMessageSizeKilobytes: limits.messageKilobytes,
  minChunkSizeKilobytes: limits.minKilobytes,
})

/** The dialog as the answer shows it. A request without a dialog gets a conversation of its own, which is over with it (trap T53). */
export interface AnswerDialog {
  readonly conversationId: string
  readonly challenge: string
  /** Success is 0801. */
  readonly staysOpen: boolean
}

export const loneDialog = (random: (bytes: number) => Uint8Array): AnswerDialog => ({
  conversationId: newConversationId(random),
  challenge: newChallenge(random),
  staysOpen: false,
})

const FIELDS = ['response', 'challenge', 'conversationId', 'sequenceNumber'] as const

/** Everything that the row allows is said: the library wants more than the schema does (wire fact 21). */
function controlOf(marks: Control, request: ControlBlock, dialog: AnswerDialog): ControlBlock {
  const all = {
    response: request.challenge,
    challenge: dialog.challenge,
    conversationId: dialog.conversationId,
    sequenceNumber: request.sequenceNumber ?? 0,
  }
  return Object.fromEntries(FIELDS.flatMap((name, at) => (marks[at] === '-' ? [] : [[name, all[name]]])))
}

/** Warnings, then the verdict; success is added where nothing of class 9 stands. */
export function verdictCodes(codes: readonly FeedbackCode[], staysOpen: boolean): FeedbackCode[] {
  const failed = codes.some((code) => code.startsWith('9'))
  return [...codes, ...(failed ? [] : [staysOpen ? '0801' : '0800'])]
}

/** What an error says in feedback: its codes, and our own words where 9811 alone would not help. */
export function refusalOf(error: unknown, language: Language): Pick<Reply, 'codes' | 'detail'> {
  const codes = error instanceof DeliveryRefused ? error.codes : error instanceof OsciError ? [error.feedback] : ['9811']
  const text = findingTexts(findingOf(error))?.[language]
  return { codes, ...(text !== undefined && codes.includes('9811') ? { detail: { '9811': text } } : {}) }
}

/** What an answer is made of. `peer` is absent when the request failed before it was known. */
export interface AnswerParts {
  readonly exchange: ClientRequestName
  /** Of the request. */
  readonly control: ControlBlock
  readonly language: Language
  readonly reply: Reply<ClientRequestName>
  readonly dialog: AnswerDialog
  readonly peer?: Peer
}

/** As it is sent. */
function feedbackOf({ language, reply, dialog, peer }: AnswerParts): FeedbackEntry[] {
  const codes = verdictCodes(reply.codes, dialog.staysOpen && reply.closes !== true)
  return feedbackEntries(codes, language, {
    verdictFirst: peer?.verdictFirst ?? false,
    ...(reply.detail ? { detail: reply.detail } : {}),
  })
}

/** The addressee's signature certificate has no place in what the library reads here (trap T50). */
export const withoutAddresseeSigner = (entries: readonly CertificateEntry[]): CertificateEntry[] =>
  entries.filter((e) => e.role !== 'SignatureCertificateAddressee')

/** @returns the typed answer, unsealed. */
export function buildAnswer(parts: AnswerParts, endpoint: IntermediaryEndpoint, limits: ChunkLimits): OsciMessage {
  const { reply, dialog } = parts
  const type: MessageName = reply.type ?? responseTo(parts.exchange)
  const row = messageType(type)
  if (!row) throw new TypeError(`no row for ${type}`)
  const certificates = reply.certificates ?? []
  return {
    type,
    control: controlOf(row.control, parts.control, dialog),
    order: { feedback: { entries: feedbackOf(parts) }, ...reply.order },
    intermediaryCertificates: [certificateEntry('SignatureCertificateIntermediary', endpoint.keys.signature.certificate)],
    ...(certificates.length > 0 ? { certificates: withoutAddresseeSigner(certificates) } : {}),
    features: featuresOf(limits),
    custom: reply.custom ?? [],
    ...(reply.content ? { content: reply.content } : {}),
    attachments: reply.attachments ?? [],
    evidence: {},
    remarks: [],
  }
}

/** Every answer is signed, whatever the request was (osci-in-the-field §3 row 38). */
export const messageSigning = (peer: Peer | undefined, { keys }: IntermediaryEndpoint): Sealing => ({
  sign: { signer: keys.signature, ...signingAs(keys.signature, peer) },
})

/** `codes`: of its feedback, as they stand in it. */
export interface SealedReply {
  readonly bytes: Uint8Array
  readonly codes: readonly FeedbackCode[]
}

/**
 * @param cipher whom an encrypted answer is for.
 * @returns the answer: encrypted like the request.
 */
export async function sealReply(
  parts: Omit<AnswerParts, 'exchange' | 'control' | 'language'>,
  { type, unverified, language, encrypted, frame }: RequestShape,
  cipher: X509Certificate | undefined,
  endpoint: IntermediaryEndpoint,
  limits: ChunkLimits,
  ports: GatewayPorts,
): Promise<SealedReply> {
  const sealing = {
    ...messageSigning(parts.peer, endpoint),
    ...(encrypted && cipher ? { encryptFor: answerEncryption(cipher, frame) } : {}),
  }
  const env: OsciEnv = { ...ports.env, keys: endpoint.keys.ring, algorithms: ports.algorithms, sealing }
  const whole = { ...parts, exchange: type, control: unverified.control, language }
  const bytes = await osci.seal(buildAnswer(whole, endpoint, limits), env)
  return { bytes, codes: feedbackOf(whole).map(({ code }) => code) }
}
