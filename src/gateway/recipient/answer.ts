// SPDX-License-Identifier: EUPL-1.2
/**
 * Builds and seals the answer of the recipient role.
 *
 *   verdict + parts ─► ContentPackage (signed, encrypted as the request's was) ─► responseTo… ─► signature ─► transport ─► bytes
 *
 * Never less protected than the request: signed when it was signed, encrypted when it was encrypted. Roles are swapped.
 * Specs: osci-1.2 §2.8, §2.10, §9.8; product.md, Decisions, "OSCI answer".
 * @module
 */
import { ProtektorError } from '../../errors.js'
import type { EnvelopePart } from '../../envelope/types.js'
import { certificateEntry } from '../../osci/certificates.js'
import { feedbackEntries, feedbackRow, type FeedbackEntry } from '../../osci/feedback.js'
import { osci } from '../../osci/stages.js'
import type { CertificateEntry, OsciEnv, OsciMessage, Sealing } from '../../osci/types.js'
import { findingTexts } from '../findings.js'
import { sealOwnContent, type BuiltContent } from '../own-content.js'
import type { EndpointKeys, GatewayPorts, Peer, RecipientEndpoint } from '../ports.js'
import { answerEncryption, signingAs } from '../sealing.js'
import { givenCustomPart, readPackageParts } from '../intermediary/stored.js'
import { swappedRoles } from './certificates.js'
import type { DeliveredContent } from './content.js'
import { endpointEnv, type Shape } from './request.js'
import { withReasons, type Verdict } from './verdict.js'

/** What the answer needs besides the verdict. `peer` and `content` are absent when the request failed before they were known. */
export interface AnswerInput {
  readonly shape: Shape
  readonly verdict: Verdict
  readonly peer?: Peer
  readonly content?: DeliveredContent
}

function feedbackOf({ shape, verdict, peer }: AnswerInput, warnings: readonly string[]): FeedbackEntry[] {
  const { language } = shape
  const row = feedbackRow('9805')
  const explained = findingTexts(verdict.finding ?? '')?.[language]
  const detail = {
    ...(verdict.reasons && row ? { '9805': withReasons(row[language], verdict.reasons) } : {}),
    ...(explained === undefined ? {} : { '9811': explained }),
  }
  return feedbackEntries([...warnings, ...verdict.codes], language, { verdictFirst: peer?.verdictFirst ?? false, detail })
}

function sealingOf({ shape, peer }: AnswerInput, keys: EndpointKeys): Sealing {
  const method = signingAs(keys.signature, peer)
  return {
    ...(shape.signed ? { sign: { signer: keys.signature, ...method } } : {}),
    ...(shape.answerTo ? { encryptFor: answerEncryption(shape.answerTo, shape.frame) } : {}),
  }
}

/** A ContentPackage that the register sealed itself is wrapped unopened. */
function ownPackage(
  parts: readonly EnvelopePart[],
  input: AnswerInput,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
): BuiltContent | undefined {
  if (!parts.some((p) => p.role === 'osci')) return undefined
  const { content, attachments, certificates } = readPackageParts(parts, ports.packages)
  const mustBeSealed = endpoint.mode === 'blind' ? endpoint.requireSealedContent : input.content?.encryptAnswerFor !== undefined
  if (mustBeSealed && content.children.some((c) => c.kind === 'element' && c.local !== 'EncryptedData'))
    throw new ProtektorError('policy.reply-package', 'the reply is less protected than its request')
  return { content, attachments, certificates }
}

/** The register's document, signed by our author key, encrypted for the request's authors. */
function ourPackage(parts: readonly EnvelopePart[], input: AnswerInput, keys: EndpointKeys, env: OsciEnv): Promise<BuiltContent> {
  const signer = keys.author
  const isSigner = signer !== undefined && signer.certificate.fingerprint256 === keys.signature.certificate.fingerprint256
  const role = isSigner ? 'SignatureCertificateOriginator' : 'SignatureCertificateOtherAuthor'
  const readers = input.content?.encryptAnswerFor
  return sealOwnContent(
    {
      parts,
      containerId: input.content?.containerId ?? 'container0',
      ...(signer ? { author: { signer, entry: certificateEntry(role, signer.certificate, isSigner ? undefined : 0) } } : {}),
      ...(input.peer ? { signatureMethod: input.peer.sendingSignature } : {}),
      ...(readers ? { readers } : {}),
      ivBytes: input.content?.ivBytes ?? 12,
    },
    env,
  )
}

/** Each Id once, and each role that stands for one party once; the first wins. */
function distinct(entries: readonly CertificateEntry[]): CertificateEntry[] {
  const byId = [...new Map([...entries].reverse().map((e) => [e.id, e])).values()].reverse()
  return byId.filter((e, at) => e.role.includes('Other') || byId.findIndex((other) => other.role === e.role) === at)
}

function certificateHeader(input: AnswerInput, keys: EndpointKeys, built: BuiltContent | undefined): CertificateEntry[] {
  const { shape } = input
  const isProcess = shape.unverified.type === 'processDelivery'
  const signer = shape.signed
    ? [certificateEntry(isProcess ? 'SignatureCertificateOriginator' : 'SignatureCertificateAddressee', keys.signature.certificate)]
    : []
  if (!isProcess || !built) return signer
  const readers = new Set(built.certificates.map((e) => Buffer.from(e.der).toString('base64')))
  const swapped = swappedRoles(shape.unverified).filter(
    (e) => e.role !== 'CipherCertificateAddressee' || !readers.has(Buffer.from(e.der).toString('base64')),
  )
  const [ours] = signer
  if (ours && built.certificates.some((e) => e.role === ours.role && e.id !== ours.id))
    throw new ProtektorError('policy.reply-package', 'the reply claims the role of the signer of the message')
  return distinct([...signer, ...built.certificates, certificateEntry('CipherCertificateOriginator', keys.cipher), ...swapped])
}

async function contentOf(
  input: AnswerInput,
  endpoint: RecipientEndpoint,
  env: OsciEnv,
  ports: GatewayPorts,
): Promise<BuiltContent | undefined> {
  const { parts } = input.verdict
  if (!parts || input.shape.unverified.type !== 'processDelivery') return undefined
  const own = ownPackage(parts, input, endpoint, ports)
  // who does not open content seals none either: a document would travel in clear, whatever its request did
  if (!own && endpoint.mode === 'blind') throw new ProtektorError('policy.reply-package', 'the reply holds no ContentPackage')
  return own ?? ourPackage(parts, input, endpoint.keys, env)
}

/** @returns the bytes of `responseToProcessDelivery` or `responseToAcceptDelivery`. */
export async function sealAnswer(
  input: AnswerInput,
  warnings: readonly string[],
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
): Promise<Uint8Array> {
  const { shape } = input
  const bare = endpointEnv(endpoint, ports)
  const built = await contentOf(input, endpoint, bare, ports)
  const env: OsciEnv = { ...bare, sealing: sealingOf(input, endpoint.keys) }
  const certificates = certificateHeader(input, endpoint.keys, built)
  const common = {
    control: { response: shape.challenge },
    ...(certificates.length > 0 ? { certificates } : {}),
    custom: built ? givenCustomPart(input.verdict.parts ?? [], ports.packages) : [],
    attachments: built?.attachments ?? [],
    evidence: {},
    remarks: [],
  }
  const feedback = { entries: feedbackOf(input, warnings) }
  if (shape.unverified.type === 'acceptDelivery') {
    const answer: OsciMessage<'responseToAcceptDelivery'> = { ...common, type: 'responseToAcceptDelivery', order: { feedback } }
    return osci.seal(answer, env)
  }
  const request = shape.unverified.order
  const messageId = built ? request.messageIdResponse : undefined
  const subject = request.processCardBundle?.processCard.subject
  const answer: OsciMessage<'responseToProcessDelivery'> = {
    ...common,
    type: 'responseToProcessDelivery',
    ...(messageId === undefined
      ? {}
      : {
          timestamps: [
            { service: 'creation' as const, quality: 'plain' as const },
            { service: 'reception' as const, quality: 'plain' as const },
          ],
        }),
    order: { feedback, ...(messageId === undefined ? {} : { messageId, ...(subject === undefined ? {} : { subject }) }) },
    ...(built ? { content: built.content } : {}),
  }
  return osci.seal(answer, env)
}
