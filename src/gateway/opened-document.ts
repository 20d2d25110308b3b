// SPDX-License-Identifier: EUPL-1.2
/**
 * Content that the gateway may read (mode terminating): one container, its first content the document, attachments beside it.
 *
 *   ContentPackage ─ decrypt ─ author signatures ─► container ─► document · attachments ─► envelope parts
 *
 * Specs: product.md, "Two modes", Decisions; spec/xoev.md §6 (order of codes).
 * @module
 */
import type { EnvelopePart } from '../envelope/types.js'
import { ContentError, type ProtektorError } from '../errors.js'
import { allContainers, itemsOf, type ContentItem, type OpenedContainer, type OpenedContent } from '../osci/content-types.js'
import type { DocumentReport } from './ports.js'
import { DeliveryRefused, type Reason } from './recipient/verdict.js'

export interface OpenedDocument {
  readonly containers: readonly OpenedContainer[]
  readonly container: OpenedContainer
  readonly document: ContentItem
  readonly attachments: readonly ContentItem[]
  /** At least one container was. */
  readonly encrypted: boolean
}

/** XÖV code of a content problem (spec/xoev.md, rejection list). */
function reasonOf(problem: ProtektorError): Reason {
  if (problem instanceof ContentError) return { code: problem.rueckweisung, text: problem.message }
  if (problem.finding.startsWith('author-signature.')) return { code: 'T011', text: 'the author signature does not hold' }
  if (problem.finding.startsWith('content-encryption.')) return { code: 'T020', text: 'the content could not be decrypted' }
  return { code: 'X000', text: 'the content package is malformed' }
}

/** A refusal with one code of the rejection list. */
export const refused = (finding: string, code: string, text: string, document?: Uint8Array): DeliveryRefused =>
  new DeliveryRefused(finding, text, { reasons: [{ code, text }], ...(document ? { document } : {}) })

/** Exactly one container with at least one content: the first is the document. */
function oneContainer(content: OpenedContent): OpenedContainer {
  const [container, second] = content.containers
  if (second) throw refused('osci-structure.several-containers', 'X000', 'more than one content container')
  if (!container || itemsOf([container]).length === 0)
    throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no content')
  return container
}

/** @throws {DeliveryRefused} with T011, T020 or X000 for whatever is wrong with the content. */
export function documentOf(content: OpenedContent): OpenedDocument {
  const [problem] = content.problems
  if (problem) {
    const reason = reasonOf(problem)
    throw new DeliveryRefused(problem.finding, reason.text, { reasons: [reason], cause: problem })
  }
  const container = oneContainer(content)
  const items = itemsOf([container])
  const document = items.find((i) => i.kind === 'content')
  if (!document || document.bytes.byteLength === 0) throw refused('osci-structure.empty-content', 'X000', 'the delivery holds no document')
  return {
    containers: content.containers,
    container,
    document,
    attachments: items.filter((i) => i !== document),
    encrypted: allContainers([container]).some((c) => c.encryption !== undefined),
  }
}

/** Document, its reading, what else is known of it, and the attachments. Whether the document may be handed on is decided before. */
export function documentParts(
  { document, attachments }: OpenedDocument,
  report: DocumentReport,
  evidence: readonly EnvelopePart[],
): EnvelopePart[] {
  const isXml = report.facts !== undefined
  return uniqueNames([
    { name: document.id, mediaType: isXml ? 'application/xml' : 'application/octet-stream', role: 'document', bytes: document.bytes },
    ...(report.reading ? [{ name: 'reading', mediaType: 'application/json', role: 'reading' as const, bytes: report.reading }] : []),
    ...evidence,
    ...attachments.map((a): EnvelopePart => ({
      name: a.id,
      mediaType: a.contentType ?? 'application/octet-stream',
      role: 'attachment',
      bytes: a.bytes,
    })),
  ])
}

/** Names of parts are unique in an envelope; what comes later gives way. */
export function uniqueNames(parts: readonly EnvelopePart[]): EnvelopePart[] {
  const seen = new Set<string>()
  return parts.map((part) => {
    let name = part.name === '' ? part.role : part.name
    for (let n = 2; seen.has(name); n++) name = `${part.name}-${n}`
    seen.add(name)
    return { ...part, name }
  })
}
