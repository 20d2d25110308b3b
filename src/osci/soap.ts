// SPDX-License-Identifier: EUPL-1.2
/**
 * Soap stage: the envelope's frame, before any order is read.
 *
 *   soap:Envelope @xsi:schemaLocation
 *    ├─ soap:Header ─ blocks, each with an Id, each name once (QualityOfTimestamp: once per Service)
 *    └─ soap:Body @Id
 *
 * The type is taken from the elements; schemaLocation is compared and reported, never trusted (wire facts 8, §12).
 * Specs: [OSCI12 soapXxx.xsd]; threat model G1, G2, X9.
 * @module
 */
import { OrderError, StructureError } from '../errors.js'
import type { Parts } from '../mime/parts.js'
import { parseXmlInTurns } from '../xml/gate.js'
import { attributeOf, element, elementsOf, isElement, xpathOf, type XmlAttribute, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { isNcName } from '../xml/names.js'
import { inTurns, type Stops, type Turn } from '../xml/turns.js'
import { writtenText } from '../xml/write.js'
import { turnsFor } from './breathe.js'
import { canonicalOnce, takeOver } from './build.js'
import { messageType, type MessageType } from './messages.js'
import { DS, ENVELOPE_NAMESPACES, OSCI, OSCI2017, schemaLocation, SOAP, XENC, XSI } from './names.js'
import type { Remark, SoapEnvelope, Stage } from './types.js'

const FRAME: ReadonlySet<string> = new Set([SOAP, OSCI, OSCI2017, DS, XENC])

function refuse(e: XmlElement, rule: string, why: string): StructureError {
  return new StructureError('soap', `osci-structure.${rule}`, why, { line: e.line, column: e.column, xpath: xpathOf(e) })
}

const readsAsId = ({ local }: XmlAttribute): boolean => local.length === 2 && local.toLowerCase() === 'id'
const lookalike = (e: XmlElement, a: XmlAttribute): StructureError =>
  refuse(e, 'id-lookalike', `attribute ${a.prefix ? a.prefix + ':' : ''}${a.local} on ${e.local}`)

/** A few milliseconds. */
const ELEMENTS_PER_TURN = 8192

/**
 * Every Id of a document, each once. Only the unprefixed `Id` counts; look-alikes inside the frame are refused (G2).
 * @throws {StructureError} 9100 duplicate, not an NCName, look-alike.
 */
export function* indexIds(root: XmlElement): Stops<ReadonlyMap<string, XmlElement>> {
  const ids = new Map<string, XmlElement>()
  const open: XmlElement[] = [root]
  let count = 0
  for (let e = open.pop(); e; e = open.pop()) {
    if (++count % ELEMENTS_PER_TURN === 0) yield
    for (const a of e.attributes) {
      if (!readsAsId(a)) continue
      if (a.local !== 'Id' || a.uri !== '') {
        if (FRAME.has(e.uri)) throw lookalike(e, a)
        continue
      }
      // the library names key holders after the attachment, whatever its name looks like (wire fact 48); nothing refers to them
      const holder = isElement(e, XENC, 'EncryptedData') && a.value.startsWith('Attachment')
      if (!holder && !isNcName(a.value)) throw refuse(e, 'id-syntax', 'an Id must be a name')
      if (ids.has(a.value)) throw refuse(e, 'duplicate-id', 'two elements have the same Id')
      ids.set(a.value, e)
    }
    for (const c of e.children) if (c.kind === 'element') open.push(c)
  }
  return ids
}

/** Only white space may stand between the children of `e`. */
export function noLooseText(e: XmlElement): void {
  for (const c of e.children) {
    if (c.kind === 'text' && /[^ \t\r\n]/.test(c.value)) throw refuse(e, 'loose-text', `text between the children of ${e.local}`)
  }
}

function* headerBlocks(header: XmlElement): Stops<readonly XmlElement[]> {
  noLooseText(header)
  const blocks = elementsOf(header)
  const seen = new Set<string>()
  for (const [at, block] of blocks.entries()) {
    if ((at + 1) % ELEMENTS_PER_TURN === 0) yield
    if (attributeOf(block, 'Id') === undefined) {
      const meant = FRAME.has(block.uri) ? block.attributes.find(readsAsId) : undefined
      throw meant ? lookalike(block, meant) : refuse(block, 'block-without-id', `header block ${block.local} has no Id`)
    }
    const service = isElement(block, OSCI, 'QualityOfTimestamp') ? ` ${attributeOf(block, 'Service') ?? ''}` : ''
    const key = `{${block.uri}}${block.local}${service}`
    if (seen.has(key)) throw refuse(block, 'repeated-block', `header block ${block.local} occurs twice`)
    seen.add(key)
  }
  return blocks
}

/** No signature covers a fault, so nobody vouches for a block beside it; what such blocks lack otherwise is not asked. */
function refuseBlocksOfFault(header: XmlElement | undefined, body: XmlElement): void {
  const [block] = header ? elementsOf(header) : []
  if (block && elementsOf(body).some((e) => isElement(e, SOAP, 'Fault')))
    throw refuse(block, 'fault-with-header', 'a fault has no header blocks')
}

interface Recognised {
  readonly kind: SoapEnvelope['kind']
  readonly type?: MessageType
  readonly orderElement?: XmlElement
}

/** The usual mistakes: another namespace, another place. Nothing of the message's own is repeated. */
function whyUnknown(candidates: readonly XmlElement[]): string {
  for (const e of candidates) {
    const type = messageType(e.local)
    if (!type) continue
    return type.uri === e.uri
      ? `${e.local} belongs into the ${type.at === 'header' ? 'Header' : 'Body'}`
      : `${e.local} is not in the namespace ${type.uri}`
  }
  return 'the envelope holds no OSCI message'
}

function recognise(root: XmlElement, header: XmlElement | undefined, blocks: readonly XmlElement[], body: XmlElement): Recognised {
  const inBody = elementsOf(body)
  const [first] = inBody
  if (first && isElement(first, SOAP, 'Fault')) return { kind: 'fault' }
  if (first && isElement(first, XENC, 'EncryptedData') && header === undefined) {
    if (inBody.length > 1) throw refuse(body, 'frame', 'an encrypted message holds one EncryptedData')
    return { kind: 'encrypted' }
  }
  const orders = [
    ...blocks.filter((b) => messageType(b.local)?.at === 'header' && messageType(b.local)?.uri === b.uri),
    ...inBody.filter((b) => messageType(b.local)?.at === 'body' && messageType(b.local)?.uri === b.uri),
  ]
  const [order, second] = orders
  if (!order) throw refuse(root, 'unknown-message', whyUnknown([...blocks, ...inBody]))
  if (second) throw refuse(second, 'two-orders', 'the envelope holds two orders')
  const type = messageType(order.local)
  return type ? { kind: 'message', type, orderElement: order } : { kind: 'fault' }
}

function schemaLocationRemarks(root: XmlElement, found: Recognised): Remark[] {
  const a = root.attributes.find((x) => x.local === 'schemaLocation' && x.uri === XSI)
  // the library knows a fault by the attribute that is not there (trap T2)
  if (found.kind === 'fault') return a ? [{ finding: 'osci-structure.fault-schema-location', element: root }] : []
  const wanted = found.kind === 'encrypted' ? 'soapMessageEncrypted.xsd' : found.type?.schemaFile
  if (wanted === undefined) return []
  if (a && a.prefix === 'xsi' && a.value === schemaLocation(wanted)) return []
  const detail = a ? (a.prefix === 'xsi' ? 'differs' : 'other prefix than xsi') : 'missing'
  return [{ finding: 'osci-structure.schema-location', element: root, detail }]
}

/** Unknown blocks that must be understood end the reading (X9). */
function refuseUnknownObligations(blocks: readonly XmlElement[]): void {
  for (const block of blocks) {
    if (block.uri === OSCI || block.uri === OSCI2017) continue
    const must = attributeOf(block, 'mustUnderstand', SOAP)
    if (must !== undefined && must !== '0' && must !== 'false')
      throw new OrderError('osci-structure.must-understand', `header block ${block.local} must be understood and is not known`, {
        line: block.line,
        column: block.column,
        xpath: xpathOf(block),
      })
  }
}

/**
 * Header blocks that others made, before they stand in a message of ours: what every reader refuses in them ends here.
 * @throws {StructureError} 9100; {OrderError} 9300
 */
export function assertReadableBlocks(blocks: readonly XmlElement[]): void {
  const header = element(SOAP, 'soap', 'Header', { children: blocks.map(takeOver) })
  for (const check of [headerBlocks(header), indexIds(header)]) while (check.next().done !== true);
  refuseUnknownObligations(blocks)
}

/** Reads the frame of a parsed envelope, a large one in turns. */
export async function readFrame(document: XmlDocument, parts: Parts, turn?: Turn): Promise<SoapEnvelope> {
  const { root } = document
  if (!isElement(root, SOAP, 'Envelope')) throw refuse(root, 'frame', 'the root is no SOAP 1.1 envelope')
  noLooseText(root)
  const kids = elementsOf(root)
  const header = kids.length === 2 && kids[0] && isElement(kids[0], SOAP, 'Header') ? kids[0] : undefined
  const body = kids.at(-1)
  if (!body || !isElement(body, SOAP, 'Body') || kids.length > (header ? 2 : 1))
    throw refuse(root, 'frame', 'the envelope must hold at most one Header, then one Body')
  refuseBlocksOfFault(header, body)
  // first: what is wrong with the blocks of something that is no OSCI message says nothing
  const found = recognise(root, header, header ? elementsOf(header) : [], body)
  const blocks = header ? await inTurns(headerBlocks(header), turn) : []
  noLooseText(body)
  await inTurns(indexIds(root), turn)
  if (found.kind === 'message' && attributeOf(body, 'Id') === undefined) throw refuse(body, 'block-without-id', 'the Body has no Id')
  if (found.type) refuseUnknownObligations(blocks)
  return {
    document,
    kind: found.kind,
    ...(found.type ? { type: found.type.name } : {}),
    ...(found.orderElement ? { orderElement: found.orderElement } : {}),
    header: blocks,
    body,
    parts,
    evidence: {},
    remarks: schemaLocationRemarks(root, found),
  }
}

const HEADER = ['<soap:Header>', '</soap:Header>'] as const
/** How the five names stand in a canonical start tag. */
const IN_SCOPE = ENVELOPE_NAMESPACES.map(({ prefix, uri }) => ` xmlns:${prefix}="${uri}"`).join('')

/** The canonical form of a block without the five names, which the envelope declares for it. */
function insideEnvelope(block: XmlElement): string {
  const text = canonicalOnce(block)
  const at = text.indexOf(IN_SCOPE)
  return at < 0 || at > text.indexOf('>') ? text : text.slice(0, at) + text.slice(at + IN_SCOPE.length)
}

/** The envelope's bytes: every block and the Body in the canonical form that was digested. */
function writeEnvelope({ document: { root }, header, body }: SoapEnvelope): Uint8Array {
  const shell = element(root.uri, root.prefix, root.local, { attributes: root.attributes, namespaces: root.namespaces })
  const empty = writtenText(shell, { declaration: true })
  const end = empty.lastIndexOf('</')
  const blocks = header.length === 0 ? '' : HEADER[0] + header.map(insideEnvelope).join('') + HEADER[1]
  return Buffer.from(empty.slice(0, end) + blocks + insideEnvelope(body) + empty.slice(end), 'utf8')
}

/** Parts ⇄ SoapEnvelope. */
export const soap: Stage<Parts, SoapEnvelope> = {
  name: 'soap',
  async open(parts, env) {
    const { body } = parts.root
    const turn = turnsFor(env, body.byteLength, 'soap')
    return readFrame(await parseXmlInTurns(body, { limits: env.limits, frame: 'osci', stage: 'soap' }, turn), parts, turn)
  },
  async seal(envelope) {
    return Promise.resolve({ ...envelope.parts, root: { ...envelope.parts.root, body: writeEnvelope(envelope) } })
  },
}
