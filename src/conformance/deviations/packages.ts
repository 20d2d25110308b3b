// SPDX-License-Identifier: EUPL-1.2
/**
 * Deviations of the package and of the frame: MIME, XML, envelope. Most are seen before anybody knows what the message is.
 * Specs: osci-1.2 §2.0, §7.5, §7.6; wire facts 1–14, §12.
 * @module
 */
import type { Part } from '../../mime/parts.js'
import { EXCHANGES, MESSAGE_TYPES, messageType, responseTo, type Exchange, type MessageName } from '../../osci/messages.js'
import { SOAP } from '../../osci/names.js'
import type { OsciMessage } from '../../osci/types.js'
import { attr, element } from '../../xml/tree.js'
import { unsigned } from '../bend.js'
import { both, inRequest, type Deviation } from '../deviation.js'
import { renamePart, rewrite, rewriteBytes } from '../xml-bends.js'

const mime = both('mime', 'message', '9100')
const xml = both('xml', 'message', '9100')
const frame = both('osci-structure', 'exchange', '9100', '9300')
/** An encrypted package that is broken may as well be one that cannot be decrypted. */
const shell = both('mime', 'message', '9100', '9202')
const order = inRequest('osci-structure', 'exchange', '9300', '9100')

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const EXTRA_PART: Part = {
  contentId: 'ungebeten',
  contentType: 'application/octet-stream',
  transferEncoding: '8-bit',
  headers: [],
  body: encode('ungebeten'),
}

const mustUnderstand = element('urn:example:unknown', 'x', 'Unknown', {
  namespaces: [{ prefix: 'x', uri: 'urn:example:unknown' }],
  attributes: [attr('Id', 'unknown'), { prefix: 'soap', local: 'mustUnderstand', uri: SOAP, value: '1' }],
})

/** A message of another type with the same frame; unsigned, for its signer is another role. */
const as = (type: MessageName, orderOf: object) => ({
  message: (m: OsciMessage) => ({ ...m, type, order: orderOf }) as unknown as OsciMessage,
  sealing: unsigned,
})
const FEEDBACK = { feedback: { entries: [{ code: '0800', text: 'ja', lang: 'de' }] } }

const HEADER_ORDERS = MESSAGE_TYPES.filter(({ at }) => at === 'header').map(({ name }) => name)
/** The start tag of the order, in header or Body. */
const ORDER_TAG = new RegExp(`(<osci(?:2017)?:)(${MESSAGE_TYPES.map(({ name }) => name).join('|')})\\b`)
export const HEADER_ORDER = new RegExp(`(<osci(?:2017)?:(?:${HEADER_ORDERS.join('|')})\\b[^>]*>)(?=<\\w)`)

export const PACKAGES: readonly Deviation[] = [
  mime('boundary', 'Die Trennlinie im Kopf ist eine andere als in der Nachricht.', 'The boundary in the header is not the one in the message.', {
    reference: 'RFC2046 §5.1.1', finding: 'mime.preamble', bend: { wire: rewriteBytes(/boundary=/i, 'boundary=other_') },
  }),
  mime('no-mime-header', 'Vor der ersten Trennlinie fehlt der MIME-Kopf.', 'There is no MIME header before the first boundary.', {
    reference: 'wire facts 1', finding: 'mime.no-boundary', bend: { wire: rewriteBytes(/^[\s\S]*?\r\n\r\n(?=--)/, '') },
  }),
  mime('line-feeds', 'Die Zeilen enden mit LF statt mit CRLF.', 'Lines end with LF instead of CRLF.', {
    reference: 'wire facts 2', finding: 'mime.bare-line-break', bend: { wire: rewriteBytes(/\r\n/g, '\n') },
  }),
  shell('truncated', 'Die zweite Hälfte der Nachricht fehlt.', 'The second half of the message is missing.', {
    reference: 'RFC2046 §5.1.1', finding: 'mime.no-end', bend: { wire: (bytes) => bytes.slice(0, bytes.length >> 1) },
  }),
  mime('charset', 'Der Wurzelteil nennt einen anderen Zeichensatz als UTF-8.', 'The root part names another charset than UTF-8.', {
    reference: 'wire facts 4', finding: 'mime.charset', bend: { wire: rewriteBytes(/charset=utf-8/i, 'charset=ISO-8859-1') },
  }),
  shell('no-content-id', 'Einem Teil fehlt die Content-ID.', 'A part has no Content-ID.', {
    reference: 'wire facts 5', finding: 'mime.part-header', fits: ({ encrypted }) => encrypted,
    bend: { wire: rewriteBytes(/Content-ID: <osci_enc>\r\n/i, '') },
  }),
  shell('content-id', 'Der verschlüsselte Teil heißt anders als sein Verweis.', 'The encrypted part has another name than its reference.', {
    reference: 'osci-1.2 §7.3', finding: 'transport-encryption.cipher-reference', fits: ({ encrypted }) => encrypted,
    bend: { shell: renamePart('somewhere_else') },
  }),
  mime('no-message', 'Es kommt gar keine OSCI-Nachricht.', 'What comes is no OSCI message at all.', {
    reference: 'osci-1.2 §9.1', finding: 'mime.header-malformed', bend: { wire: () => encode('Guten Tag') },
  }),
  xml('doctype', 'Vor dem Umschlag steht eine DOCTYPE-Deklaration.', 'There is a DOCTYPE declaration before the envelope.', {
    reference: 'osci-1.2 §7.6', finding: 'xml.doctype', bend: { wire: rewriteBytes(/<soap:Envelope/, '<!DOCTYPE a><soap:Envelope') },
  }),
  xml('not-well-formed', 'Der Umschlag ist nicht wohlgeformt.', 'The envelope is not well-formed.', {
    reference: 'XML10', finding: 'xml.not-well-formed', bend: { wire: rewriteBytes(/<\/soap:Body>/, '</soap:Corpus>') },
  }),
  inRequest('osci-structure', 'exchange', '9100', '9300')('schema-location', 'xsi:schemaLocation nennt ein anderes Schema.', 'xsi:schemaLocation names another schema.', {
    reference: 'wire facts 8', finding: 'osci-structure.schema-location', bend: { signed: rewrite(/ soap\w+\.xsd /, ' soapSomething.xsd ') },
  }),
  frame('duplicate-id', 'Zwei Elemente haben dieselbe Id.', 'Two elements have the same Id.', {
    reference: 'wire facts 12', finding: 'osci-structure.duplicate-id', bend: { signed: rewrite(/ Id="body"/, ' Id="controlblock"') },
  }),
  frame('block-without-id', 'Der Body hat keine Id.', 'The Body has no Id.', {
    reference: 'wire facts 12', finding: 'osci-structure.block-without-id', bend: { signed: rewrite(/ Id="body"/, '') },
  }),
  frame('loose-text', 'Zwischen zwei Kopfblöcken steht Text.', 'There is text between two header blocks.', {
    reference: 'wire facts 12', finding: 'osci-structure.loose-text', bend: { signed: rewrite('</osci:ControlBlock>', '</osci:ControlBlock>Text') },
  }),
  // who takes the type from schemaLocation (wire facts 8) meets the broken signature first
  both('osci-structure', 'exchange', '9100', '9300', '9601')('unknown-message', 'Der Auftrag hat einen unbekannten Namen.', 'The order has an unknown name.', {
    reference: 'osci-1.2 §1.2', finding: 'osci-structure.unknown-message',
    bend: { signed: (parts) => renamedOrder(parts) },
  }),
  order('must-understand', 'Ein unbekannter Kopfblock muss verstanden werden.', 'An unknown header block must be understood.', {
    reference: 'SOAP11 §4.2.3', finding: 'osci-structure.must-understand',
    bend: { message: (m) => ({ ...m, custom: [...m.custom, mustUnderstand] }) },
  }),
  order('no-languages', 'DesiredLanguages fehlt.', 'DesiredLanguages is missing.', {
    reference: 'osci-1.2 §2.0', finding: 'osci-structure.missing-block',
    bend: { message: ({ languages: _none, ...m }) => m },
  }),
  order('answer-as-request', 'Statt eines Auftrags kommt eine Antwort.', 'Instead of a request an answer comes.', {
    reference: 'osci-1.2 §9.1', finding: 'osci-structure.unexpected-message',
    bend: as(responseTo('exitDialog'), FEEDBACK),
  }),
  order('of-another-role', 'Der Auftrag gehört zu einer anderen Rolle: acceptDelivery beim Intermediär, exitDialog beim Empfänger.', 'The request belongs to another role: acceptDelivery at an intermediary, exitDialog at a recipient.', {
    reference: 'osci-1.2 §1.2, §9.2', finding: 'osci-structure.unexpected-message',
    bend: {
      message: (m, hand) => OF_ANOTHER[EXCHANGES[messageType(m.type)?.exchange ?? 'exitDialog'].asks](m, hand.env.now()),
      sealing: unsigned,
    },
  }),
  both('message-signature', 'exchange', '9602', '9601')('extra-attachment', 'Ein Anhang ist nicht signiert.', 'An attachment is not signed.', {
    reference: 'osci-1.2 §7.4', finding: 'message-signature.not-covered', fits: ({ signed }) => signed,
    bend: { signed: (parts) => ({ ...parts, attachments: new Map([...parts.attachments, [EXTRA_PART.contentId, EXTRA_PART]]) }) },
  }),
] // prettier-ignore

function renamedOrder(parts: Parameters<ReturnType<typeof rewrite>>[0]): ReturnType<ReturnType<typeof rewrite>> {
  const text = new TextDecoder().decode(parts.root.body)
  const name = ORDER_TAG.exec(text)?.[2] ?? ''
  return rewrite(new RegExp(`:${name}(?=[ >])`, 'g'), `:${name}Neu`)(parts)
}

/** What is never asked by whoever asked this. */
const OF_ANOTHER: Readonly<Record<Exchange['asks'], (m: OsciMessage, at: Date) => OsciMessage>> = {
  client: asAccept,
  intermediary: as('exitDialog', {}).message,
}

function asAccept(m: OsciMessage, at: Date): OsciMessage {
  const stamp = { plain: at.toISOString() }
  const processCard = { recentModification: at.toISOString(), creation: stamp, forwarding: stamp }
  return as('acceptDelivery', { processCardBundle: { messageId: 'x', processCard, inspectionReport: { inspections: [] } } }).message(m)
}
