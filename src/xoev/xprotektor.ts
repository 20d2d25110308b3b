// SPDX-License-Identifier: EUPL-1.2
/**
 * Writes and reads XProtektor-Demo messages. The writer serves those who make messages of their own (client, register, rejection of
 * the gateway); nothing that is forwarded is ever rebuilt with it.
 *
 * Written form: UTF-8, XML declaration, prefix `xp` declared once on the root, no default namespace (codes are unqualified), no white
 * space between elements. Writer and reader follow `xprotektor-shape.ts`.
 * Specs: schemas/xprotektor/1.0, xoev.md §13, §14 rules 4–6.
 * @module
 */
import { ContentError, ProtektorError } from '../errors.js'
import { canonicalText } from '../xml/c14n.js'
import {
  attr,
  attributeOf,
  childOf,
  element,
  elementsOf,
  textOf,
  xpathOf,
  type XmlDocument,
  type XmlElement,
  type XmlNode,
} from '../xml/tree.js'
import type { XoevHead, XoevParty } from './header.js'
import { XPROTEKTOR_NAMESPACE } from './standards.js'
import { isXprotektorMessageType, XPROTEKTOR_ATTRIBUTES, XPROTEKTOR_SHAPES, type Member, type Shape } from './xprotektor-shape.js'
import type { XMessageReference, XParty, XprotektorMessage, XprotektorRequest, XRejection } from './xprotektor-types.js'

const PREFIX = 'xp'
/** What XML 1.0 cannot carry at all: controls, surrogates without partner, U+FFFE, U+FFFF [XML10 §2.2]. */
const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

const unwritable = (path: string, why: string): ProtektorError => new ProtektorError('xoev-schema.unwritable', `${path}: ${why}`)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw unwritable(path, 'no text')
  if (NO_CHARACTER.test(value)) throw unwritable(path, 'characters that XML cannot carry')
  return value
}

function writeCode(value: unknown, path: string): { attributes: ReturnType<typeof attr>[]; children: XmlNode[] } {
  if (!isRecord(value)) throw unwritable(path, 'no code')
  const attributes = ['listURI', 'listVersionID'].flatMap((name) =>
    value[name] === undefined ? [] : [attr(name, text(value[name], `${path}/@${name}`))],
  )
  const children = ['code', 'name'].flatMap((name) =>
    value[name] === undefined ? [] : [element('', '', name, { children: [text(value[name], `${path}/${name}`)] })],
  )
  return { attributes, children }
}

function write(name: string, shape: Shape, value: unknown, path: string): XmlElement {
  const here = `${path}/${name}`
  if (shape === 'code') return element(XPROTEKTOR_NAMESPACE, PREFIX, name, writeCode(value, here))
  if (shape === 'boolean') {
    if (typeof value !== 'boolean') throw unwritable(here, 'no boolean')
    return element(XPROTEKTOR_NAMESPACE, PREFIX, name, { children: [String(value)] })
  }
  if (typeof shape === 'string') return element(XPROTEKTOR_NAMESPACE, PREFIX, name, { children: [text(value, here)] })
  return element(XPROTEKTOR_NAMESPACE, PREFIX, name, { children: writeMembers(shape, value, here, []) })
}

function writeMembers(members: readonly Member[], value: unknown, path: string, besides: readonly string[]): XmlElement[] {
  if (!isRecord(value)) throw unwritable(path, 'no object')
  const known = new Set([...besides, ...members.map((member) => member.name)])
  const stray = Object.keys(value).find((key) => !known.has(key))
  if (stray !== undefined) throw unwritable(path, `the schema has no ${stray}`)
  return members.flatMap((member) => {
    const given = Object.hasOwn(value, member.name) ? value[member.name] : undefined
    if (given === undefined) return []
    if (!member.many) return [write(member.name, member.shape, given, path)]
    if (!Array.isArray(given)) throw unwritable(`${path}/${member.name}`, 'no array')
    return given.map((item: unknown) => write(member.name, member.shape, item, path))
  })
}

/**
 * Writes one message. Form is the writer's business, content is the schema's: validate what you send.
 * @throws {ProtektorError} `xoev-schema.unwritable`: a value of the wrong kind, a key the schema does not have, a character that XML cannot carry.
 */
export function writeXprotektor(message: XprotektorMessage): Uint8Array {
  const type: string = message.messageType
  if (!isXprotektorMessageType(type)) throw unwritable('/', 'no message of XProtektor-Demo')
  const path = `/${type}`
  const own = new Map<string, unknown>(Object.entries(message))
  const attributes = XPROTEKTOR_ATTRIBUTES.flatMap((name) =>
    own.get(name) === undefined ? [] : [attr(name, text(own.get(name), `${path}/@${name}`))],
  )
  const root = element(XPROTEKTOR_NAMESPACE, PREFIX, type, {
    namespaces: [{ prefix: PREFIX, uri: XPROTEKTOR_NAMESPACE }],
    attributes: [...attributes, attr('standard', 'XProtektor-Demo'), attr('version', '1.0')],
    children: writeMembers(XPROTEKTOR_SHAPES[type], message, path, ['messageType', ...XPROTEKTOR_ATTRIBUTES]),
  })
  return new TextEncoder().encode('<?xml version="1.0" encoding="UTF-8"?>\n' + canonicalText(root))
}

const unexpected = (e: XmlElement): ContentError =>
  new ContentError('X001', 'xoev-schema.invalid', 'the document does not fit XProtektor-Demo 1.0', {
    line: e.line,
    column: e.column,
    xpath: xpathOf(e),
  })

function read(e: XmlElement, shape: Shape): unknown {
  if (shape === 'code') {
    const code = childOf(e, '', 'code')
    if (!code) throw unexpected(e)
    const name = childOf(e, '', 'name')
    const listURI = attributeOf(e, 'listURI')
    const listVersionID = attributeOf(e, 'listVersionID')
    return {
      code: textOf(code),
      ...(listURI === undefined ? {} : { listURI }),
      ...(listVersionID === undefined ? {} : { listVersionID }),
      ...(name ? { name: textOf(name) } : {}),
    }
  }
  if (shape === 'boolean') return ['true', '1'].includes(textOf(e).trim())
  if (shape === 'base64') return textOf(e).replace(/[ \t\r\n]+/g, '')
  if (shape === 'text') return textOf(e)
  return Object.fromEntries(readMembers(e, shape))
}

function readMembers(parent: XmlElement, members: readonly Member[]): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const e of elementsOf(parent)) {
    const member = members.find((one) => one.name === e.local)
    if (!member || e.uri !== XPROTEKTOR_NAMESPACE) throw unexpected(e)
    const value = read(e, member.shape)
    const before = found.get(member.name)
    if (!member.many) {
      if (before !== undefined) throw unexpected(e)
      found.set(member.name, value)
    } else if (Array.isArray(before)) before.push(value)
    else found.set(member.name, [value])
  }
  return found
}

/**
 * Reads a message that the schema has judged valid.
 * @throws {ContentError} X001 where it meets what the standard does not have. It does not replace the schema.
 */
export function readXprotektor(document: XmlDocument): XprotektorMessage {
  const { root } = document
  if (root.uri !== XPROTEKTOR_NAMESPACE || !isXprotektorMessageType(root.local)) throw unexpected(root)
  const attributes = XPROTEKTOR_ATTRIBUTES.flatMap((name) => {
    const value = attributeOf(root, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const members = readMembers(root, XPROTEKTOR_SHAPES[root.local])
  // the shape table is the schema's; that its output has the declared type is proven against the XSD in test/xoev
  return Object.fromEntries([['messageType', root.local], ...attributes, ...members]) as unknown as XprotektorMessage
}

/** Reads a request, 1000 or 1100. @throws {ContentError} X001: it is none. */
export function readXprotektorRequest(document: XmlDocument): XprotektorRequest {
  const message = readXprotektor(document)
  if (message.messageType === 'meldebescheinigung.anfrage.1000' || message.messageType === 'selbstauskunft.anfrage.1100') return message
  throw unexpected(document.root)
}

/** How an answer names the message it answers. */
export function referenceTo(request: XprotektorMessage): XMessageReference {
  const { nachrichtenUUID, nachrichtentyp, erstellungszeitpunkt } = request['nachrichtenkopf.g2g']['identifikation.nachricht']
  return { nachrichtenUUID, nachrichtentyp: { code: nachrichtentyp.code }, erstellungszeitpunkt }
}

export interface RejectionOrder {
  /** Codes of list `rueckweisungsgrund`, e.g. `X001`; hints hold no personal data. */
  readonly reasons: readonly { readonly code: string; readonly hints?: readonly string[] }[]
  /** Head of the rejected message as far as it could be read. */
  readonly request?: XoevHead
  /** Whom to answer when the request's author is unknown. */
  readonly reader?: XoevParty
  readonly author: { readonly kennung: string; readonly name: string }
  /** A new UUID and the moment with zone: clock and chance are the caller's. */
  readonly nachrichtenUUID: string
  readonly erstellungszeitpunkt: string
  readonly product: { readonly produkt: string; readonly produkthersteller: string; readonly produktversion?: string }
  readonly test?: string
  readonly transport?: XRejection['transportinformationen']
}

const KENNUNG = /^[a-zäöü]{2,3}:[0-9A-Za-z]{1,40}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/

/** Type Text of the schema. */
const isText = (text: string): boolean => /^[^\p{Cc}]{1,1000}$/u.test(text)

/** Code list `rueckweisungsgrund`, version 1. */
const REASONS = /^(?:T00[0-3]|T01[01]|T020|T070|T080|T099|V000|X00[01]|S001|S01[01]|S030|S100|S999)$/

const MOST_REASONS = 50

/** Heads of messages that are not schema-valid are copied from: a name that does not do gives way to the kennung. */
const partyOf = (kennung: string, name = ''): XParty => ({
  verzeichnisdienst: { code: 'DVDV' },
  kennung,
  name: isText(name) ? name : kennung,
})

function reasonOf({ code, hints = [] }: RejectionOrder['reasons'][number]): XRejection['rueckweisungsgrund'][number] {
  // a register may refuse with a code of another standard
  if (!REASONS.test(code)) return { grund: { code: 'S999' }, hinweis: [`Code ${code}`, ...hints] }
  const hinweis = code === 'S999' && hints.length === 0 ? ['Sonstiger Grund'] : hints
  return { grund: { code }, ...(hinweis.length === 0 ? {} : { hinweis }) }
}

/**
 * The rejection 0010 for a message, or undefined where none may or can be written: the message is a rejection itself (they would
 * answer each other for ever), or nobody is known to send it to, or in whose name.
 */
export function rejectionOf(order: RejectionOrder): XRejection | undefined {
  const { request } = order
  if (request?.messageType === 'administration.rueckweisung.0010') return undefined
  const to = request?.autor?.kennung === undefined ? order.reader : request.autor
  if (to?.kennung === undefined || !KENNUNG.test(to.kennung) || !KENNUNG.test(order.author.kennung)) return undefined
  const { nachrichtenUUID, nachrichtentyp, erstellungszeitpunkt } = request ?? {}
  const readable =
    nachrichtenUUID !== undefined &&
    UUID.test(nachrichtenUUID) &&
    nachrichtentyp !== undefined &&
    ['0010', '1000', '1001', '1100', '1101', '1102'].includes(nachrichtentyp) &&
    erstellungszeitpunkt !== undefined &&
    TIME.test(erstellungszeitpunkt)
  return {
    messageType: 'administration.rueckweisung.0010',
    ...order.product,
    // its presence alone says that the message is a test
    ...(order.test === undefined ? {} : { test: isText(order.test) ? order.test : 'Test' }),
    'nachrichtenkopf.g2g': {
      'identifikation.nachricht': {
        nachrichtenUUID: order.nachrichtenUUID,
        nachrichtentyp: { code: '0010' },
        erstellungszeitpunkt: order.erstellungszeitpunkt,
      },
      leser: partyOf(to.kennung, to.name),
      autor: partyOf(order.author.kennung, order.author.name),
    },
    rueckweisungsgrund: order.reasons.slice(0, MOST_REASONS).map(reasonOf),
    ...(order.transport ? { transportinformationen: order.transport } : {}),
    ...(readable ? { ursprungsnachricht: { nachrichtenUUID, nachrichtentyp: { code: nachrichtentyp }, erstellungszeitpunkt } } : {}),
  }
}
