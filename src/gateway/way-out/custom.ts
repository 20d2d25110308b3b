// SPDX-License-Identifier: EUPL-1.2
/**
 * Header blocks of other namespaces: what the sender of an envelope gives along, and MessageMetaData of our own.
 *
 *   envelope part `custom-headers` ─► blocks          XÖV facts + service ─► MessageMetaData (option `metadata`)
 *
 * Specs: osci-1.2 §9.7 step 2; spec/xoev.md §9.3, §9.4; osci-in-the-field §3 row 30.
 * @module
 */
import type { ServiceEntry } from '../../directory/ports.js'
import type { OpenedEnvelope, XoevFacts } from '../../envelope/types.js'
import { ProtektorError } from '../../errors.js'
import { metadataMessageId, OSCIMETA, writeMessageMetaData } from '../../osci/message-metadata.js'
import { givenCustomPart } from '../intermediary/stored.js'
import { refused } from '../opened-document.js'
import type { PackageCodec, XmlElement } from '../ports.js'

/** @throws {DeliveryRefused} X000: they are not acceptable. */
export function customOf({ parts }: OpenedEnvelope, packages: PackageCodec): XmlElement[] {
  try {
    return givenCustomPart(parts, packages)
  } catch (error) {
    if (!(error instanceof ProtektorError)) throw error
    throw refused(error.finding, 'X000', error.message)
  }
}

export interface WrittenMetaData {
  readonly block: XmlElement
  readonly messageId: string
}

/**
 * @param facts of the document's head, the namespace included.
 * @returns undefined where the schema's mandatory values are not known, or the sender gave a block of its own.
 */
export function metaDataOf(
  envelope: OpenedEnvelope,
  facts: XoevFacts | undefined,
  namespace: string | undefined,
  entry: ServiceEntry,
  given: readonly XmlElement[],
): WrittenMetaData | undefined {
  if (!facts || facts.author === undefined || facts.reader === undefined) return undefined
  if (given.some((block) => block.uri === OSCIMETA)) return undefined
  const messageId = metadataMessageId(facts.messageUuid ?? envelope.header.id)
  const subject = envelope.subject ?? entry.subject
  const block = writeMessageMetaData({
    origin: envelope.createdAt,
    author: facts.author,
    reader: facts.reader,
    messageId,
    inReplyTo: facts.inReplyTo === undefined ? [] : [metadataMessageId(facts.inReplyTo)],
    ...(subject === undefined ? {} : { subject }),
    service: entry.serviceUri,
    scenario: entry.containerId ?? facts.standard,
    messageType: facts.messageType,
    payloadSchema: namespace ?? facts.standard,
    test: facts.test !== undefined,
  })
  return { block, messageId }
}
