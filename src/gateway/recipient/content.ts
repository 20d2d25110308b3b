// SPDX-License-Identifier: EUPL-1.2
/**
 * Content of a delivery → parts of an envelope, in the two modes.
 *
 *   terminating  decrypt → author signatures → one container → document + attachments → XÖV check
 *   blind        ContentPackage bytes + certificate header + attachments, unopened
 *   both         header blocks of other namespaces (MessageMetaData …)
 *
 * Every problem ends here, before anything is put. Specs: product.md, "Two modes", Decisions; spec/xoev.md §6 (order of codes).
 * @module
 */
import type { EnvelopePart, OsciEvidence, XoevFacts } from '../../envelope/types.js'
import { openContent } from '../../osci/content-read.js'
import { allContainers, type OpenedContainer, type OpenedContent } from '../../osci/content-types.js'
import { sha256Hex } from '../digest.js'
import { evidenceOf } from '../evidence.js'
import { customPart, packageParts } from '../intermediary/stored.js'
import { documentOf, documentParts, refused, uniqueNames } from '../opened-document.js'
import type { GatewayPorts, RecipientEndpoint } from '../ports.js'
import { isRefused } from '../reply-linkage.js'
import { answerReaders, type AnswerReader } from './certificates.js'
import { messageIdOf, type Admitted } from './request.js'
import { DeliveryRefused, LegacyFailure } from './verdict.js'

/** What goes into the envelope, and what the answer has to know. */
export interface DeliveredContent {
  readonly parts: readonly EnvelopePart[]
  readonly evidence: OsciEvidence
  readonly xoev?: XoevFacts
  /** Reader's key in the verified head; for routing. */
  readonly kennung?: string
  readonly document?: Uint8Array
  readonly containerId: string
  /** Set when the request's content was encrypted: the answer's must be too. */
  readonly encryptAnswerFor?: readonly AnswerReader[]
  readonly ivBytes: 12 | 16
  readonly findings: readonly string[]
}

function evidence(admitted: Admitted, mode: OsciEvidence['mode'], containers: readonly OpenedContainer[]): OsciEvidence {
  const { message, call, frame } = admitted
  const messageId = messageIdOf(message)
  const card = (message.order as { processCardBundle?: unknown }).processCardBundle
  return evidenceOf({
    message,
    messageSha256: sha256Hex(call.bytes),
    encrypted: frame.evidence.transport !== undefined,
    mode,
    containers,
    ...(messageId === undefined ? {} : { messageId }),
    ...(card === undefined ? {} : { card }),
  })
}

async function inClear(
  content: OpenedContent,
  admitted: Admitted,
  endpoint: RecipientEndpoint,
  ports: GatewayPorts,
): Promise<DeliveredContent> {
  const opened = documentOf(content)
  const { container, document, encrypted } = opened
  const readers = encrypted ? answerReaders(admitted.message, container) : undefined
  if (encrypted && admitted.message.type === 'processDelivery' && !readers)
    throw new DeliveryRefused('content-encryption.no-answer-key', 'no certificate is there that the answer could be encrypted for')
  const report = await ports.desk.check(document.bytes)
  if (report.unknownStandard && endpoint.unknownContent === 'refuse')
    throw refused('xoev-schema.unknown-standard', 'V000', 'this standard or version is not served here', document.bytes)
  if (report.refusal && isRefused(report)) throw refused(report.refusal.finding, report.refusal.code, report.refusal.text, document.bytes)
  return {
    parts: documentParts(opened, report, customPart(admitted.message.custom, ports)),
    evidence: evidence(admitted, 'terminating', opened.containers),
    ...(report.facts ? { xoev: report.facts } : {}),
    ...(report.facts?.reader === undefined || report.facts.verdict !== 'valid' ? {} : { kennung: report.facts.reader }),
    document: document.bytes,
    containerId: container.id,
    ...(readers && encrypted ? { encryptAnswerFor: readers } : {}),
    ivBytes: allContainers([container]).some((c) => c.encryption?.ivBytes === 16) ? 16 : 12,
    findings: report.findings,
  }
}

async function terminating(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<DeliveredContent> {
  const content = await openContent(admitted.message, admitted.env)
  try {
    return await inClear(content, admitted, endpoint, ports)
  } catch (cause) {
    throw content.legacy ? new LegacyFailure(cause) : cause
  }
}

function blind(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): DeliveredContent {
  const { content, certificates, attachments, custom } = admitted.message
  const children = content?.children.filter((c) => c.kind === 'element') ?? []
  if (!content || children.length === 0) throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no content')
  if (endpoint.requireSealedContent && children.some((c) => c.local !== 'EncryptedData'))
    throw refused('content-encryption.missing', 'T020', 'this endpoint takes sealed content only')
  const parts = packageParts({ content, certificates: certificates ?? [], attachments, custom }, ports)
  return { parts: uniqueNames(parts), evidence: evidence(admitted, 'blind', []), containerId: '', ivBytes: 12, findings: [] }
}

/** @throws {DeliveryRefused} 9805+9811 with the code of the XÖV rejection list. */
export function readContent(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<DeliveredContent> {
  return endpoint.mode === 'blind' ? Promise.resolve().then(() => blind(admitted, endpoint, ports)) : terminating(admitted, endpoint, ports)
}
