// SPDX-License-Identifier: EUPL-1.2
/**
 * What every element and attribute of the schema set means: hand-written rows, and what follows from the message table (orders, roles of
 * certificates). A test holds both against `schemas/osci12`.
 * @module
 */
import { EXCHANGES, MESSAGE_TYPES, responseTo, type CertificateRole, type Exchange, type RequestName } from '../../osci/messages.js'
import { OSCIMETA } from '../../osci/message-metadata.js'
import { DS, OSCI, OSCI128, OSCI2017, SOAP, XENC } from '../../osci/names.js'
import { XADES, XENC11 } from '../../xml/names.js'
import { OSCI2017_ELEMENTS, OSCI_ELEMENTS, SOAP_ELEMENTS } from './elements-osci.js'
import { DS_ELEMENTS, OSCI128_ELEMENTS, XADES_ELEMENTS, XENC11_ELEMENTS, XENC_ELEMENTS } from './elements-security.js'
import { words, type ElementWords, type Holds, type Words } from './types.js'

export interface ElementRow {
  readonly holds: Holds
  readonly reference: string
  readonly meaning: Words
  readonly folded: boolean
}

/** What each exchange is for. */
export const PURPOSES: Readonly<Record<RequestName, Words>> = {
  getMessageId: words('fordert eine neue MessageId für eine Zustellung an', 'asks for a fresh message id for a delivery'),
  initDialog: words('eröffnet einen expliziten Dialog', 'opens an explicit dialog'),
  exitDialog: words('beendet den Dialog und bestätigt damit das zuletzt Empfangene', 'ends the dialog, and so confirms what came last'),
  storeDelivery: words('legt eine Zustellung in das Postfach des Empfängers', "puts a delivery into the addressee's mailbox"),
  fetchDelivery: words('holt eine Zustellung aus dem eigenen Postfach ab', 'fetches a delivery out of the own mailbox'),
  fetchProcessCard: words('holt Laufzettel ab', 'fetches process cards'),
  forwardDelivery: words('lässt eine Zustellung an einen passiven Empfänger weiterleiten, ohne Antwort', 'has a delivery passed on to a passive recipient, one way'),
  acceptDelivery: words('übergibt eine weitergeleitete Zustellung dem passiven Empfänger', 'hands a delivery that was passed on to the passive recipient'),
  mediateDelivery: words('lässt eine Zustellung an einen passiven Empfänger vermitteln und wartet auf dessen Antwort', 'has a delivery passed on to a passive recipient, and waits for its answer'),
  processDelivery: words('übergibt eine vermittelte Zustellung dem passiven Empfänger und will dessen Antwort', 'hands a delivery to the passive recipient, and wants its answer'),
  partialStoreDelivery: words('legt einen Teil einer großen Zustellung ab, oder fragt nach dem Stand', 'stores a part of a large delivery, or asks how far it is'),
  partialFetchDelivery: words('holt einen Teil einer großen Zustellung ab', 'fetches a part of a large delivery'),
} // prettier-ignore

const CERTIFICATE_ROLES: Readonly<Record<CertificateRole, Words>> = {
  CipherCertificateIntermediary: words('Verschlüsselungszertifikat des Intermediärs: dafür werden Antworten an ihn verschlüsselt.', 'Cipher certificate of the intermediary: answers to it are encrypted for it.'),
  SignatureCertificateIntermediary: words('Signaturzertifikat des Intermediärs.', 'Signature certificate of the intermediary.'),
  CipherCertificateOriginator: words('Verschlüsselungszertifikat des Senders: dafür werden Antworten an ihn verschlüsselt.', 'Cipher certificate of the originator: answers are encrypted for it.'),
  CipherCertificateOtherAuthor: words('Verschlüsselungszertifikat eines weiteren Autors.', 'Cipher certificate of another author.'),
  CipherCertificateAddressee: words('Verschlüsselungszertifikat des Empfängers; beim Intermediär die Adresse seines Postfachs.', 'Cipher certificate of the addressee; at the intermediary, the address of its mailbox.'),
  CipherCertificateOtherReader: words('Verschlüsselungszertifikat eines weiteren Lesers der Inhaltsdaten.', 'Cipher certificate of another reader of the content data.'),
  SignatureCertificateOriginator: words('Signaturzertifikat des Senders.', 'Signature certificate of the originator.'),
  SignatureCertificateOtherAuthor: words('Signaturzertifikat eines weiteren Autors.', 'Signature certificate of another author.'),
  SignatureCertificateAddressee: words('Signaturzertifikat des Empfängers.', 'Signature certificate of the addressee.'),
} // prettier-ignore

const TABLES: readonly (readonly [uri: string, rows: readonly ElementWords[]])[] = [
  [OSCI, OSCI_ELEMENTS],
  [OSCI2017, OSCI2017_ELEMENTS],
  [SOAP, SOAP_ELEMENTS],
  ['', SOAP_ELEMENTS.filter(([name]) => name.startsWith('fault') || name === 'detail')],
  [DS, DS_ELEMENTS],
  [XENC, XENC_ELEMENTS],
  [XENC11, XENC11_ELEMENTS],
  [OSCI128, OSCI128_ELEMENTS],
  [XADES, XADES_ELEMENTS],
]

const key = (uri: string, local: string): string => `{${uri}}${local}`

const written = TABLES.flatMap(([uri, rows]) =>
  rows.map(([name, holds, reference, de, en, folded]): [string, ElementRow] => [
    key(uri, name),
    { holds, reference, meaning: { de, en }, folded: folded !== undefined },
  ]),
)

/** `processDelivery` · Bearbeitungsauftrag: what it does, or answers. */
const orders = MESSAGE_TYPES.map(({ name, uri, exchange, kind, schemaFile }): [string, ElementRow] => {
  const { de }: Exchange = EXCHANGES[exchange]
  const purpose = PURPOSES[exchange]
  const meaning =
    kind === 'request'
      ? words(`${de}: ${purpose.de}.`, `Request: ${purpose.en}.`)
      : words(`Antwort auf den ${de} (${exchange}).`, `Answer to ${exchange}.`)
  return [key(uri, name), { holds: 'elements', reference: `OSCI12 §2, ${schemaFile}`, meaning, folded: false }]
})

const certificates = Object.entries(CERTIFICATE_ROLES).map(([role, meaning]): [string, ElementRow] => [
  key(OSCI, role),
  { holds: 'elements', reference: 'OSCI12 §5', meaning, folded: false },
])

/** Header blocks that are not of OSCI, and known all the same. */
const customs: readonly [string, ElementRow][] = [
  [
    key(OSCIMETA, 'MessageMetaData'),
    {
      holds: 'elements',
      reference: 'XTA 2, MessageMetaData',
      meaning: words(
        'Angaben des Absenders zu seiner Nachricht (Autor, Leser, Dienst, Nachrichtentyp); nützlich, aber seine Behauptung.',
        'What the sender says of its message (author, reader, service, type); useful, and a claim of its own.',
      ),
      folded: false,
    },
  ],
]

const ELEMENTS: ReadonlyMap<string, ElementRow> = new Map([...written, ...orders, ...certificates, ...customs])

/** The row of an element; undefined for a stranger. */
export const elementRow = (uri: string, local: string): ElementRow | undefined => ELEMENTS.get(key(uri, local))

/** Title of a message in both languages: `Bearbeitungsauftrag (processDelivery)`. */
export function messageTitle(name: string): Words | undefined {
  const type = MESSAGE_TYPES.find((one) => one.name === name)
  if (!type) return undefined
  const { de }: Exchange = EXCHANGES[type.exchange]
  return type.kind === 'request'
    ? words(`${de} (${name})`, name)
    : words(`Antwort auf ${type.exchange} (${responseTo(type.exchange)}, ${de})`, name)
}
