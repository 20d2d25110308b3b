// SPDX-License-Identifier: EUPL-1.2
/**
 * Message stage: a verified envelope ⇄ the typed message of its row. The table decides what stands where; what the row does not name
 * is refused. Where a signature covers the message, nothing is read that it does not cover.
 * @module
 */
import { OrderError, SignatureError } from '../errors.js'
import { attr, element, elementsOf, isElement, xpathOf, type ElementSpec, type XmlElement } from '../xml/tree.js'
import { builtDocument, freeId, headerBlock, idsIn, takeOver } from './build.js'
import { readCertificates, writeCertificates } from './certificates.js'
import { boundsOf, misfit } from './codec.js'
import { readControl, readLanguages, readTimestampWish, writeControl } from './control.js'
import {
  bodySlots,
  certificateSets,
  headerSlots,
  messageType,
  type CertificateCards,
  type CertificateRole,
  type MessageName,
  type MessageType,
  type OrderOf,
  type Slot,
} from './messages.js'
import { outgoingParts } from './mime-stage.js'
import { ACTOR_NONE, ENVELOPE_NAMESPACES, OSCI, OSCI2017, schemaLocation, SOAP, XSI } from './names.js'
import { featureDescription } from './parts.js'
import type { CertificateEntry, OsciEnv, OsciMessage, Remark, SoapEnvelope, Stage } from './types.js'

/** Takes elements off the front of `queue` for one slot. */
function takeSlot(queue: XmlElement[], slot: Slot, where: XmlElement): XmlElement[] {
  const [min, max] = boundsOf(slot.card)
  const got: XmlElement[] = []
  for (let next = queue[0]; next && got.length < max && isElement(next, slot.uri, slot.name); next = queue[0]) {
    got.push(next)
    queue.shift()
  }
  if (got.length < min) throw misfit(queue[0] ?? where, 'missing-block', `${slot.name} is missing, or stands in the wrong place`)
  return got
}

/** Splits the header into the row's slots and the custom blocks behind them. */
function sortHeader(envelope: SoapEnvelope, type: MessageType): { slots: Map<string, XmlElement[]>; custom: XmlElement[] } {
  const queue = [...envelope.header]
  const slots = new Map<string, XmlElement[]>()
  for (const slot of headerSlots(type)) slots.set(slot.name, takeSlot(queue, slot, envelope.body))
  for (const block of queue) {
    if (block.uri === OSCI || block.uri === OSCI2017 || block.uri === SOAP)
      throw misfit(block, 'unexpected-block', `${block.local} does not belong at this place in ${type.name}`)
  }
  return { slots, custom: queue }
}

function sortBody(envelope: SoapEnvelope, type: MessageType): Map<string, XmlElement[]> {
  const queue = elementsOf(envelope.body)
  const slots = new Map<string, XmlElement[]>()
  for (const slot of bodySlots(type)) slots.set(slot.name, takeSlot(queue, slot, envelope.body))
  const [left] = queue
  if (left) throw misfit(left, 'unexpected-element', `${left.local} does not belong into the Body of ${type.name}`)
  return slots
}

/** Nothing may be read that the signature does not cover; an unsigned message is the peer's policy (threat model §5 rule 9). */
function assertCovered(envelope: SoapEnvelope, type: MessageType): void {
  const evidence = envelope.evidence.signature
  if (!evidence) return
  const uncovered = [...envelope.header.filter((b) => b.local !== type.signatureElement), envelope.body].find(
    (e) => !evidence.covered.has(e),
  )
  if (uncovered)
    throw new SignatureError('9602', 'message-signature.not-covered', 'a part of the message is not signed', { xpath: xpathOf(uncovered) })
}

/** Attributes of a header block are not the order's own. */
const ownAttributes = (e: XmlElement): XmlElement => ({ ...e, attributes: e.attributes.filter((a) => a.uri !== SOAP && a.local !== 'Id') })

/** Compares a certificate header with what the row allows. */
function withinSet(header: XmlElement, cards: CertificateCards): readonly CertificateEntry[] {
  const entries = readCertificates(header)
  const counts = new Map<string, number>()
  for (const { role } of entries) counts.set(role, (counts.get(role) ?? 0) + 1)
  for (const role of new Set([...counts.keys(), ...Object.keys(cards)]) as ReadonlySet<CertificateRole>) {
    const [min, max] = boundsOf(cards[role] ?? '0')
    const count = counts.get(role) ?? 0
    if (count > max) throw misfit(header, 'certificate-role', `${role} is not allowed here, or not so often`)
    if (count < min) throw misfit(header, 'certificate-missing', `${role} is missing`)
  }
  return entries
}

function chunkRemarks(type: MessageType, features: XmlElement | undefined): Remark[] {
  return type.features === '1' && !features ? [{ finding: 'osci-structure.missing-feature-description' }] : []
}

function open(envelope: SoapEnvelope, env: OsciEnv): OsciMessage {
  const type = envelope.type === undefined ? undefined : messageType(envelope.type)
  if (!type || !envelope.orderElement) throw new OrderError('osci-structure.no-order', 'this is no OSCI order')
  assertCovered(envelope, type)
  const { slots, custom } = sortHeader(envelope, type)
  const body = sortBody(envelope, type)
  const block = (name: string): XmlElement | undefined => slots.get(name)?.[0]
  const control = block('ControlBlock')
  if (!control) throw new OrderError('osci-structure.missing-block', 'ControlBlock is missing')
  const languages = block('DesiredLanguages')
  const wishes = slots.get('QualityOfTimestamp') ?? []
  const intermediary = block('IntermediaryCertificates')
  const others = block('NonIntermediaryCertificates')
  const features = block('FeatureDescription')
  const sets = certificateSets(type)
  const [content] = body.get('ContentPackage') ?? []
  return {
    type: type.name,
    control: readControl(control, type, env.withoutDialog),
    ...(languages ? { languages: readLanguages(languages) } : {}),
    ...(wishes.length > 0 ? { timestamps: wishes.map(readTimestampWish) } : {}),
    order: type.order.read(ownAttributes(envelope.orderElement)) as OrderOf<MessageName>,
    ...(intermediary ? { intermediaryCertificates: withinSet(intermediary, sets.intermediary) } : {}),
    ...(others ? { certificates: withinSet(others, sets.others) } : {}),
    ...(features ? { features: featureDescription.read(ownAttributes(features)) } : {}),
    custom,
    ...(content ? { content } : {}),
    attachments: [...envelope.parts.attachments.values()],
    evidence: envelope.evidence,
    remarks: [...envelope.remarks, ...chunkRemarks(type, features)],
  }
}

/** Ids in what the message carries: not ours to choose. */
const carriedIds = ({ content, custom, certificates = [] }: OsciMessage): Set<string> =>
  new Set([...idsIn([...(content ? [content] : []), ...custom]), ...certificates.map(({ id }) => id)])

function headerOf(message: OsciMessage, type: MessageType, taken: ReadonlySet<string>): XmlElement[] {
  const ownBlock = (uri: string, local: string, id: string, spec: ElementSpec, actor?: string | null): XmlElement =>
    headerBlock(uri, local, freeId(id, taken), spec, actor)
  const blocks: (XmlElement | false | undefined)[] = [
    ownBlock(OSCI, 'ControlBlock', 'controlblock', writeControl(message.control)),
    message.languages &&
      ownBlock(OSCI, 'DesiredLanguages', 'desiredlanguages', { attributes: [attr('LanguagesList', message.languages.join(' '))] }),
    ...(message.timestamps ?? []).map(({ service, quality }) =>
      ownBlock(OSCI, 'QualityOfTimestamp', `qualityoftimestamp_${service}`, {
        attributes: [attr('Quality', quality), attr('Service', service)],
      }),
    ),
    type.at === 'header' && ownBlock(type.uri, type.name, type.name.toLowerCase(), type.order.write(message.order)),
    message.intermediaryCertificates &&
      ownBlock(
        OSCI,
        'IntermediaryCertificates',
        'intermediarycertificates',
        writeCertificates(message.intermediaryCertificates.map((one) => ({ ...one, id: freeId(one.id, taken) }))),
        ACTOR_NONE,
      ),
    message.certificates &&
      ownBlock(OSCI, 'NonIntermediaryCertificates', 'nonintermediarycertificates', writeCertificates(message.certificates), ACTOR_NONE),
    message.features && ownBlock(OSCI2017, 'FeatureDescription', 'featuredescription', featureDescription.write(message.features), null),
    ...message.custom.map(takeOver),
  ]
  return blocks.filter((b): b is XmlElement => typeof b === 'object')
}

async function seal(message: OsciMessage): Promise<SoapEnvelope> {
  const type = messageType(message.type)
  if (!type) throw new TypeError(`unknown message ${message.type}`)
  const order = type.order.write(message.order)
  const taken = carriedIds(message)
  const inOsci2017 = type.uri === OSCI2017
  const body = element(SOAP, 'soap', 'Body', {
    attributes: [attr('Id', freeId('body', taken))],
    children: [
      ...(type.at === 'body' ? [element(type.uri, inOsci2017 ? 'osci2017' : 'osci', type.name, order)] : []),
      ...(message.content ? [message.content.start > 0 ? takeOver(message.content) : message.content] : []),
    ],
  })
  const blocks = headerOf(message, type, taken)
  const header = element(SOAP, 'soap', 'Header', { children: blocks })
  const root = element(SOAP, 'soap', 'Envelope', {
    namespaces: ENVELOPE_NAMESPACES,
    attributes: [{ prefix: 'xsi', local: 'schemaLocation', uri: XSI, value: schemaLocation(type.schemaFile) }],
    children: [header, body],
  })
  const orderElement = [...blocks, ...elementsOf(body)].find((b) => isElement(b, type.uri, type.name))
  return Promise.resolve({
    document: builtDocument(root),
    kind: 'message',
    type: type.name,
    header: blocks,
    body,
    ...(orderElement ? { orderElement } : {}),
    parts: outgoingParts(message.attachments),
    evidence: {},
    remarks: [],
  })
}

/** SoapEnvelope ⇄ OsciMessage. */
export const message: Stage<SoapEnvelope, OsciMessage> = {
  name: 'message',
  open: async (envelope, env) => Promise.resolve(open(envelope, env)),
  seal,
}
