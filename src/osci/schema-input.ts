// SPDX-License-Identifier: EUPL-1.2
/**
 * An envelope as `schemas/osci12/osci12.xsd` wants it: the root names its type, so that one compiled schema serves all 26 envelopes,
 * and custom header blocks are taken out, because "optional blocks, then anything else" is no deterministic content model.
 *
 *   <soap:Envelope …>                        <soap:Envelope xmlns:_t="…XMLSchema-instance" _t:type="soap:storeDelivery.Envelope" …>
 *     <soap:Header> … <x:Custom/> …    ⇒       <soap:Header> …              (line breaks of what is cut are kept)
 *
 * Only the text is edited; nothing is written anew. Specs: wire facts §15 "Points for writing the set".
 * @module
 */
import { editText, afterName, type TextEdit } from '../xml/schema-places.js'
import { childOf, elementsOf, isElement, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { messageType } from './messages.js'
import { DS, OSCI, OSCI2017, SOAP, XENC, XSI } from './names.js'
import type { SoapEnvelope } from './types.js'

export interface SchemaInput {
  /** UTF-8, to be judged with `osci12.xsd`. */
  readonly bytes: Uint8Array
  /** Header blocks that were taken out, in order. */
  readonly custom: readonly XmlElement[]
  /** What was changed in the document's text, for `validateWithPlaces`. */
  readonly edits: readonly TextEdit[]
}

/** Names of the two envelopes that are no message. */
export const SHELL_NAMES = ['messageEncrypted', 'messageFault'] as const

/** The name under which the schema set knows an envelope. */
export function envelopeName(envelope: Pick<SoapEnvelope, 'kind' | 'type'>): string {
  if (envelope.kind === 'encrypted') return 'messageEncrypted'
  return envelope.kind === 'fault' || envelope.type === undefined ? 'messageFault' : envelope.type
}

/** Out, but for its line breaks. */
const cut =
  (text: string) =>
  ({ start, end }: XmlElement): TextEdit => ({ start, end, insert: text.slice(start, end).replace(/[^\r\n]/g, '') })

const OURS: ReadonlySet<string> = new Set([SOAP, OSCI, OSCI2017])

/**
 * Custom blocks at the end of the Header. Those that stand before a block of the message stay in: the schema refuses them there.
 * The feature description may follow them, except in chunk messages, where it is a block of the message.
 */
function customBlocks(document: XmlDocument, messageName: string): readonly XmlElement[] {
  const header = childOf(document.root, SOAP, 'Header')
  if (!header) return []
  const blocks = elementsOf(header)
  const declaresFeatures = messageType(messageName)?.uri === OSCI2017 && messageName !== 'responseToPartialFetchDelivery'
  const last = blocks.findLastIndex((b) => OURS.has(b.uri) && (declaresFeatures || !isElement(b, OSCI2017, 'FeatureDescription')))
  return blocks.slice(last + 1).filter((b) => !OURS.has(b.uri))
}

/**
 * @param messageName one of the 24 message names, `messageEncrypted` or `messageFault`.
 * @throws {RangeError} another name: a mistake of the caller, not of the message.
 */
export function schemaInput(document: XmlDocument, messageName: string): SchemaInput {
  if (messageType(messageName) === undefined && !SHELL_NAMES.some((name) => name === messageName))
    throw new RangeError(`no envelope is named ${messageName}`)
  const { root, text } = document
  const custom = customBlocks(document, messageName)
  // a name that the message cannot have chosen for another namespace on the same tag
  let prefix = '_t'
  while (root.namespaces.some((n) => n.prefix === prefix)) prefix += '_'
  const type = `${root.prefix === '' ? '' : root.prefix + ':'}${messageName}.Envelope`
  const edits: TextEdit[] = [
    { start: afterName(root), end: afterName(root), insert: ` xmlns:${prefix}="${XSI}" ${prefix}:type="${type}"` },
    ...custom.map(cut(text)),
  ]
  return { bytes: new TextEncoder().encode(editText(text, edits)), custom, edits }
}

/** Holders of the keys of attachments, which the official profile does not know (trap T17) and whose Ids are what a file is called. */
const isHolder = (e: XmlElement): boolean => {
  const info = isElement(e, XENC, 'EncryptedData') ? childOf(e, DS, 'KeyInfo') : undefined
  return info !== undefined && childOf(info, DS, 'MgmtData') !== undefined
}

/** What to change in a decrypted ContentContainer, which is a document of its own, for the schema. */
export function containerEdits({ root, text }: XmlDocument): readonly TextEdit[] {
  const holders: XmlElement[] = []
  const open: XmlElement[] = [root]
  for (let e = open.pop(); e; e = open.pop()) {
    if (isHolder(e)) holders.push(e)
    else open.push(...elementsOf(e))
  }
  return holders.map(cut(text))
}
