// SPDX-License-Identifier: EUPL-1.2
/**
 * Content of a delivery → parts of an envelope, in the two modes.
 *
 *   terminating  decrypt → author signatures → one container → document + attachments → XÖV check
 *   blind        ContentPackage bytes + certificate header + attachments, unopened
 *
 * Every problem ends here, before anything is put. Specs: product.md, "Two modes", Decisions; spec/xoev.md §6 (order of codes).
 * @module
 */
import { ContentError, type ProtektorError } from '../../errors.js'
import type { EnvelopePart, OsciEvidence, XoevFacts } from '../../envelope/types.js'
import { openContent } from '../../osci/content-read.js'
import { allContainers, itemsOf, type OpenedContainer, type OpenedContent } from '../../osci/content-types.js'
import { sha256Hex } from '../digest.js'
import type { GatewayPorts, RecipientEndpoint } from '../ports.js'
import { packageParts } from '../intermediary/stored.js'
import { answerReaders, type AnswerReader } from './certificates.js'
import { messageIdOf, type Admitted } from './request.js'
import { DeliveryRefused, type Reason } from './verdict.js'

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

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

function evidenceOf({ message, call, frame }: Admitted, mode: OsciEvidence['mode'], containers: readonly OpenedContainer[]): OsciEvidence {
  const messageId = messageIdOf(message)
  const signature = message.evidence.signature
  const authors = allContainers(containers).flatMap((c) => c.authors)
  const card = (message.order as { processCardBundle?: unknown }).processCardBundle
  const first = containers[0]
  return {
    messageType: message.type,
    ...(messageId === undefined ? {} : { messageId }),
    mode,
    messageSha256: sha256Hex(call.bytes),
    transportEncrypted: frame.evidence.transport !== undefined,
    ...(signature
      ? {
          signedBy: {
            certificate: base64(signature.signer.raw),
            algorithm: signature.algorithm,
            covered: [...signature.covered].map((what) => ('contentId' in what ? `cid:${what.contentId}` : what.local)),
          },
        }
      : {}),
    ...(authors.length > 0
      ? {
          authors: authors.flatMap((a) =>
            a.certificate
              ? [{ certificate: base64(a.certificate.raw), algorithm: a.algorithm ?? '', covered: a.covered, verdict: a.verdict }]
              : [],
          ),
        }
      : {}),
    // stamps of a card are the intermediary's claims (P6); values of the card are plain data
    ...(card === undefined ? {} : { processCard: JSON.parse(JSON.stringify(card)) as unknown }),
    ...(first ? { containerId: first.id } : {}),
  }
}

/** XÖV code of a content problem (spec/xoev.md, rejection list). */
function reasonOf(problem: ProtektorError): Reason {
  if (problem instanceof ContentError) return { code: problem.rueckweisung, text: problem.message }
  if (problem.finding.startsWith('author-signature.')) return { code: 'T011', text: 'the author signature does not hold' }
  if (problem.finding.startsWith('content-encryption.')) return { code: 'T020', text: 'the content could not be decrypted' }
  return { code: 'X000', text: 'the content package is malformed' }
}

const refused = (finding: string, code: string, text: string, document?: Uint8Array): DeliveryRefused =>
  new DeliveryRefused(finding, text, { reasons: [{ code, text }], ...(document ? { document } : {}) })

/** Exactly one container with at least one content: the first is the document. */
function oneContainer(content: OpenedContent): OpenedContainer {
  const [container, second] = content.containers
  if (second) throw refused('osci-structure.several-containers', 'X000', 'more than one content container')
  if (!container || itemsOf([container]).length === 0)
    throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no content')
  return container
}

async function terminating(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<DeliveredContent> {
  const content = await openContent(admitted.message, admitted.env)
  const [problem] = content.problems
  if (problem) {
    const reason = reasonOf(problem)
    throw new DeliveryRefused(problem.finding, reason.text, { reasons: [reason], cause: problem })
  }
  const container = oneContainer(content)
  const items = itemsOf([container])
  const document = items.find((i) => i.kind === 'content')
  if (!document || document.bytes.byteLength === 0) throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no document')
  const attachments = items.filter((i) => i !== document)
  const encrypted = allContainers([container]).some((c) => c.encryption !== undefined)
  const readers = encrypted ? answerReaders(admitted.message, container) : undefined
  if (encrypted && admitted.message.type === 'processDelivery' && !readers)
    throw new DeliveryRefused('content-encryption.no-answer-key', 'no certificate is there that the answer could be encrypted for')
  const report = await ports.desk.check(document.bytes)
  if (report.unknownStandard && endpoint.unknownContent === 'refuse')
    throw refused('xoev-schema.unknown-standard', 'V000', 'this standard or version is not served here', document.bytes)
  if (report.refusal && !report.unknownStandard)
    throw refused(report.refusal.finding, report.refusal.code, report.refusal.text, document.bytes)
  const isXml = report.facts !== undefined
  const parts: EnvelopePart[] = [
    { name: document.id, mediaType: isXml ? 'application/xml' : 'application/octet-stream', role: 'document', bytes: document.bytes },
    ...(report.reading ? [{ name: 'reading', mediaType: 'application/json', role: 'reading' as const, bytes: report.reading }] : []),
    ...attachments.map((a): EnvelopePart => ({
      name: a.id,
      mediaType: a.contentType ?? 'application/octet-stream',
      role: 'attachment',
      bytes: a.bytes,
    })),
  ]
  const ivBytes = allContainers([container]).some((c) => c.encryption?.ivBytes === 16) ? 16 : 12
  return {
    parts: uniqueNames(parts),
    evidence: evidenceOf(admitted, 'terminating', content.containers),
    ...(report.facts ? { xoev: report.facts } : {}),
    ...(report.facts?.reader === undefined || report.facts.verdict !== 'valid' ? {} : { kennung: report.facts.reader }),
    document: document.bytes,
    containerId: container.id,
    ...(readers && encrypted ? { encryptAnswerFor: readers } : {}),
    ivBytes,
    findings: report.findings,
  }
}

function uniqueNames(parts: readonly EnvelopePart[]): EnvelopePart[] {
  const seen = new Set<string>()
  return parts.map((part) => {
    let name = part.name === '' ? part.role : part.name
    for (let n = 2; seen.has(name); n++) name = `${part.name}-${n}`
    seen.add(name)
    return { ...part, name }
  })
}

function blind(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): DeliveredContent {
  const { content, certificates, attachments } = admitted.message
  const children = content?.children.filter((c) => c.kind === 'element') ?? []
  if (!content || children.length === 0) throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no content')
  if (endpoint.requireSealedContent && children.some((c) => c.local !== 'EncryptedData'))
    throw refused('content-encryption.missing', 'T020', 'this endpoint takes sealed content only')
  const parts = packageParts({ content, certificates: certificates ?? [], attachments, custom: [] }, ports)
  return { parts: uniqueNames(parts), evidence: evidenceOf(admitted, 'blind', []), containerId: '', ivBytes: 12, findings: [] }
}

/** @throws {DeliveryRefused} 9805+9811 with the code of the XÖV rejection list. */
export function readContent(admitted: Admitted, endpoint: RecipientEndpoint, ports: GatewayPorts): Promise<DeliveredContent> {
  return endpoint.mode === 'blind' ? Promise.resolve().then(() => blind(admitted, endpoint, ports)) : terminating(admitted, endpoint, ports)
}
