// SPDX-License-Identifier: EUPL-1.2
/**
 * XProtektor-Demo 1.0 as a table: which element holds which, in which order, which repeat. Writer, reader and JSON reading all follow
 * it, so that they cannot differ. The XSD stays the judge; `test/xoev` compares both.
 * @module
 */

export type Shape = 'text' | 'boolean' | 'base64' | 'code' | readonly Member[]

/** `many`: always an array in JSON. */
export interface Member {
  readonly name: string
  readonly shape: Shape
  readonly many: boolean
}

const one = (name: string, shape: Shape): Member => ({ name, shape, many: false })
const many = (name: string, shape: Shape): Member => ({ name, shape, many: true })

const identification: Shape = [one('nachrichtenUUID', 'text'), one('nachrichtentyp', 'code'), one('erstellungszeitpunkt', 'text')]
const party: Shape = [
  one('verzeichnisdienst', 'code'),
  one('kennung', 'text'),
  one('name', 'text'),
  many('erreichbarkeit', [one('kanal', 'code'), one('kennung', 'text'), one('zusatz', 'text')]),
]
const head = one('nachrichtenkopf.g2g', [one('identifikation.nachricht', identification), one('leser', party), one('autor', party)])
const nameOrNone: Shape = [one('name', 'text'), one('nichtVorhanden', 'boolean')]
const partlyKnownDate: Shape = [one('jahrMonatTag', 'text'), one('jahrMonat', 'text'), one('jahr', 'text'), one('unbekannt', 'boolean')]
const address: Shape = [
  one('gemeindeschluessel', 'code'),
  one('postleitzahl', 'text'),
  one('strasseUndHausnummer', 'text'),
  one('strukturiert', [one('strasse', 'text'), one('hausnummer', 'text'), one('hausnummernzusatz', 'text'), one('teilnummer', 'text')]),
]
const person = one('identifikation', [
  one('familienname', nameOrNone),
  one('vornamen', nameOrNone),
  one('geburtsdatum', partlyKnownDate),
  one('anschrift', address),
])
const data: readonly Member[] = [
  one('name', [
    one('familienname', nameOrNone),
    one('geburtsname', 'text'),
    one('ehename', 'text'),
    one('vornamen', nameOrNone),
    one('gebraeuchlicherVorname', 'text'),
    one('doktorgrad', 'text'),
    many('frueherName', 'text'),
  ]),
  one('geburt', [one('datum', partlyKnownDate), one('ort', 'text'), one('staat', 'code')]),
  one('geschlecht', 'code'),
  many('staatsangehoerigkeit', 'code'),
  many('wohnung', [one('anschrift', address), one('status', 'code'), one('einzug', partlyKnownDate), one('auszug', partlyKnownDate)]),
  one('familienstand', 'code'),
]
const document = one('dokument', [one('mimeType', 'text'), one('dateiname', 'text'), one('sha256', 'text'), one('inhalt', 'base64')])
const original = one('ursprungsnachricht', identification)

/** Body and head of every message, by local name of the root. */
export const XPROTEKTOR_SHAPES = {
  'administration.rueckweisung.0010': [
    head,
    many('rueckweisungsgrund', [one('grund', 'code'), one('fehlercode', 'code'), many('hinweis', 'text')]),
    one('transportinformationen', [one('nachrichtenId', 'text'), one('betreff', 'text'), one('sendezeitpunkt', 'text')]),
    original,
  ],
  'meldebescheinigung.anfrage.1000': [
    head,
    person,
    one('datenumfang', [one('mindestumfang', 'boolean'), many('erweitert', 'code')]),
    one('zustellvariante', 'code'),
    one('antwortErwartetBis', 'text'),
  ],
  'meldebescheinigung.antwort.1001': [
    head,
    one('grundDerNichterteilung', 'code'),
    one('auskunft', [one('ergebnisstatus', 'code'), one('bescheinigung', [one('meldedaten', data), document])]),
    original,
  ],
  'selbstauskunft.anfrage.1100': [head, person],
  'selbstauskunft.status.1101': [head, one('grundDerNichterteilung', 'code'), one('ergebnisstatus', 'code'), original],
  'selbstauskunft.auskunft.1102': [head, person, one('meldedaten', [...data, many('sperren', 'code')]), document, original],
} as const satisfies Readonly<Record<string, readonly Member[]>>

export type XprotektorMessageType = keyof typeof XPROTEKTOR_SHAPES

export const isXprotektorMessageType = (local: string): local is XprotektorMessageType => Object.hasOwn(XPROTEKTOR_SHAPES, local)

/** Attributes of the root that a message carries besides the fixed `standard` and `version`. */
export const XPROTEKTOR_ATTRIBUTES = ['produkt', 'produkthersteller', 'produktversion', 'test'] as const
