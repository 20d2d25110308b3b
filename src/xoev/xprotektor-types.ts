// SPDX-License-Identifier: EUPL-1.2
/**
 * The six messages of XProtektor-Demo 1.0 as values. Keys are the element names; dates and times stay strings; what repeats is an
 * array, what is absent is no key, a choice is an object with one key. The same shape is the JSON reading of a document.
 * Specs: schemas/xprotektor/1.0, xoev.md §14.
 * @module
 */

/** `listURI` and `listVersionID` only where the schema does not fix them (types 3 and 4), or where the sender wrote them. */
export interface XCode {
  readonly code: string
  readonly listURI?: string
  readonly listVersionID?: string
  readonly name?: string
}

export interface XMessageReference {
  readonly nachrichtenUUID: string
  readonly nachrichtentyp: XCode
  /** `xs:dateTime` with zone, verbatim. */
  readonly erstellungszeitpunkt: string
}

export interface XParty {
  readonly verzeichnisdienst: XCode
  readonly kennung: string
  readonly name: string
  readonly erreichbarkeit?: readonly { readonly kanal: XCode; readonly kennung: string; readonly zusatz?: string }[]
}

export type XNameOrNone = { readonly name: string } | { readonly nichtVorhanden: true }
export type XPartlyKnownDate =
  { readonly jahrMonatTag: string } | { readonly jahrMonat: string } | { readonly jahr: string } | { readonly unbekannt: true }

export interface XStructuredAddress {
  readonly strasse: string
  readonly hausnummer?: string
  readonly hausnummernzusatz?: string
  readonly teilnummer?: string
}
export type XAddress = { readonly gemeindeschluessel: XCode; readonly postleitzahl: string } & (
  { readonly strasseUndHausnummer: string } | { readonly strukturiert: XStructuredAddress }
)

export interface XPerson {
  readonly familienname: XNameOrNone
  readonly vornamen: XNameOrNone
  readonly geburtsdatum: XPartlyKnownDate
  readonly anschrift: XAddress
}

export interface XResidence {
  readonly anschrift: XAddress
  readonly status: XCode
  readonly einzug?: XPartlyKnownDate
  readonly auszug?: XPartlyKnownDate
}

export interface XRegisterData {
  readonly name: {
    readonly familienname: XNameOrNone
    readonly geburtsname?: string
    readonly ehename?: string
    readonly vornamen: XNameOrNone
    readonly gebraeuchlicherVorname?: string
    readonly doktorgrad?: string
    readonly frueherName?: readonly string[]
  }
  readonly geburt: { readonly datum: XPartlyKnownDate; readonly ort?: string; readonly staat?: XCode }
  readonly geschlecht?: XCode
  readonly staatsangehoerigkeit?: readonly XCode[]
  readonly wohnung: readonly XResidence[]
  readonly familienstand?: XCode
}

export interface XDocument {
  readonly mimeType: 'application/pdf'
  readonly dateiname?: string
  /** Lower-case hex of the decoded bytes. */
  readonly sha256?: string
  /** Base64 without white space; at most 5 MiB decoded. */
  readonly inhalt: string
}

interface XMessage<T extends string> {
  readonly messageType: T
  readonly produkt: string
  readonly produkthersteller: string
  readonly produktversion?: string
  /** Its presence makes the message a test message. */
  readonly test?: string
  readonly 'nachrichtenkopf.g2g': { readonly 'identifikation.nachricht': XMessageReference; readonly leser: XParty; readonly autor: XParty }
}

export interface XRejection extends XMessage<'administration.rueckweisung.0010'> {
  readonly rueckweisungsgrund: readonly { readonly grund: XCode; readonly fehlercode?: XCode; readonly hinweis?: readonly string[] }[]
  readonly transportinformationen?: { readonly nachrichtenId?: string; readonly betreff?: string; readonly sendezeitpunkt?: string }
  readonly ursprungsnachricht?: XMessageReference
}
export interface XCertificateRequest extends XMessage<'meldebescheinigung.anfrage.1000'> {
  readonly identifikation: XPerson
  readonly datenumfang: { readonly mindestumfang: true } | { readonly erweitert: readonly XCode[] }
  readonly zustellvariante: XCode
  readonly antwortErwartetBis?: string
}
export type XCertificateAnswer = XMessage<'meldebescheinigung.antwort.1001'> & { readonly ursprungsnachricht: XMessageReference } & (
    | { readonly grundDerNichterteilung: XCode }
    | {
        readonly auskunft: {
          readonly ergebnisstatus: XCode
          readonly bescheinigung?: { readonly meldedaten: XRegisterData } | { readonly dokument: XDocument }
        }
      }
  )
export interface XDisclosureRequest extends XMessage<'selbstauskunft.anfrage.1100'> {
  readonly identifikation: XPerson
}
export type XDisclosureStatus = XMessage<'selbstauskunft.status.1101'> & { readonly ursprungsnachricht: XMessageReference } & (
    { readonly grundDerNichterteilung: XCode } | { readonly ergebnisstatus: XCode }
  )
export interface XDisclosure extends XMessage<'selbstauskunft.auskunft.1102'> {
  readonly identifikation: XPerson
  readonly meldedaten: XRegisterData & { readonly sperren?: readonly XCode[] }
  readonly dokument?: XDocument
  readonly ursprungsnachricht: XMessageReference
}

export type XprotektorRequest = XCertificateRequest | XDisclosureRequest
export type XprotektorMessage = XRejection | XprotektorRequest | XCertificateAnswer | XDisclosureStatus | XDisclosure
