// SPDX-License-Identifier: EUPL-1.2
/**
 * MessageMetaData 2.02 as a header block of its own beside the OSCI headers, signed with them.
 *
 *   oscimeta:MessageMetaData @TestMsg @Id="MetaData"
 *     ├─ DeliveryAttributes ─ Origin
 *     ├─ Originators ─ Author ─ Identifier @type            ├─ Destinations ─ Reader ─ Identifier @type
 *     ├─ MsgIdentification ─ wsa:MessageID · In-Reply-To*
 *     └─ Qualifier ─ Subject? · Service · BusinessScenario ─ Undefined · MessageType @listURI @listVersionID @payloadSchema ─ code
 *
 * What a sender says of itself: read for convenience and linkage, never for authorisation.
 * Specs: spec/xoev.md §9.3, §9.4; osci-in-the-field §3 row 30.
 * @module
 */
import { attr, element, type ElementSpec, type XmlElement } from '../xml/tree.js'

export const OSCIMETA = 'http://www.osci.eu/ws/2014/10/transport'
const WSA = 'http://www.w3.org/2005/08/addressing'

/** Names of a message type are element names: the code list that says so. */
const ELEMENT_NAMES = { uri: 'urn:de:payloadSchema:elementName', version: '1.0' }
const MESSAGE_IDS = 'urn:de:xta:messageid:protektor:'

export interface MessageMetaData {
  /** When the content came into being; UTC with `Z`. */
  readonly origin: string
  /** Keys of the directory, e.g. `ags:99001000`. */
  readonly author: string
  readonly reader: string
  readonly messageId: string
  readonly inReplyTo: readonly string[]
  readonly subject?: string
  readonly service: string
  /** Container id of the service, e.g. `XMELD_DATA`. */
  readonly scenario: string
  /** Element name of the message and its namespace. */
  readonly messageType: string
  readonly payloadSchema: string
  readonly test: boolean
}

/** The id under which a message of ours travels, made of its UUID or its envelope's id. */
export const metadataMessageId = (id: string): string => MESSAGE_IDS + id.toLowerCase()

const meta = (local: string, ...children: readonly (XmlElement | string)[]): XmlElement =>
  element(OSCIMETA, 'oscimeta', local, { children })

const withAttributes = (local: string, attributes: Readonly<Record<string, string>>, ...children: readonly (XmlElement | string)[]) =>
  element(OSCIMETA, 'oscimeta', local, { attributes: Object.entries(attributes).map(([name, value]) => attr(name, value)), children })

const party = (kind: 'Author' | 'Reader', key: string): XmlElement => meta(kind, withAttributes('Identifier', { type: 'xoev' }, key))

/** @returns the header block, its namespaces declared on itself. */
export function writeMessageMetaData(data: MessageMetaData): XmlElement {
  const { uri, version } = ELEMENT_NAMES
  const type = { listURI: uri, listVersionID: version, payloadSchema: data.payloadSchema }
  const spec: ElementSpec = {
    namespaces: [
      { prefix: 'oscimeta', uri: OSCIMETA },
      { prefix: 'wsa', uri: WSA },
    ],
    attributes: [attr('Id', 'MetaData'), attr('TestMsg', String(data.test))],
    children: [
      meta('DeliveryAttributes', meta('Origin', data.origin)),
      meta('Originators', party('Author', data.author)),
      meta('Destinations', party('Reader', data.reader)),
      meta(
        'MsgIdentification',
        element(WSA, 'wsa', 'MessageID', { children: [data.messageId] }),
        ...data.inReplyTo.map((id) => meta('In-Reply-To', id)),
      ),
      meta(
        'Qualifier',
        ...(data.subject === undefined ? [] : [meta('Subject', data.subject)]),
        meta('Service', data.service),
        meta('BusinessScenario', meta('Undefined', data.scenario)),
        withAttributes('MessageType', type, element('', '', 'code', { children: [data.messageType] })),
      ),
    ],
  }
  return element(OSCIMETA, 'oscimeta', 'MessageMetaData', spec)
}
