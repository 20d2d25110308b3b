// SPDX-License-Identifier: EUPL-1.2
/**
 * Words of the documents: labels, and codes of the demo standard's lists (schemas/xprotektor/1.0/codelisten).
 * @module
 */
import type { Text } from './language.js'

export const SHEET = {
  answer: { de: 'Antwort der Behörde', en: 'Answer of the authority' },
  certificate: { de: 'Meldebescheinigung', en: 'Certificate of registration (Meldebescheinigung)' },
  disclosure: { de: 'Selbstauskunft aus dem Melderegister', en: 'Disclosure of your own data (Selbstauskunft)' },
  person: { de: 'Angaben zur Person', en: 'Person' },
  wohnung: { de: 'Wohnung', en: 'Residence' },
  blocks: { de: 'Eingetragene Sperren', en: 'Registered blocks' },
  block: { de: 'Sperre', en: 'Block' },
  familienname: { de: 'Familienname', en: 'Family name' },
  geburtsname: { de: 'Geburtsname', en: 'Name at birth' },
  ehename: { de: 'Ehename', en: 'Married name' },
  vornamen: { de: 'Vornamen', en: 'Given names' },
  rufname: { de: 'Gebräuchlicher Vorname', en: 'Given name in use' },
  doktorgrad: { de: 'Doktorgrad', en: 'Doctorate' },
  frueherName: { de: 'Früherer Name', en: 'Former name' },
  geburtsdatum: { de: 'Geburtsdatum', en: 'Date of birth' },
  geburtsort: { de: 'Geburtsort', en: 'Place of birth' },
  geburtsstaat: { de: 'Geburtsstaat (Code)', en: 'State of birth (code)' },
  geschlecht: { de: 'Geschlecht (Code)', en: 'Sex (code)' },
  staatsangehoerigkeit: { de: 'Staatsangehörigkeit (Code)', en: 'Nationality (code)' },
  familienstand: { de: 'Familienstand (Code)', en: 'Marital status (code)' },
  wohnungsart: { de: 'Art der Wohnung', en: 'Kind of residence' },
  anschrift: { de: 'Anschrift', en: 'Address' },
  einzug: { de: 'Einzug', en: 'Moved in' },
  auszug: { de: 'Auszug', en: 'Moved out' },
  unknown: { de: 'unbekannt', en: 'unknown' },
} as const satisfies Readonly<Record<string, Text>>

export const CODES: Readonly<Record<'wohnungsstatus' | 'sperre', Readonly<Record<string, Text | undefined>>>> = {
  wohnungsstatus: {
    '0': { de: 'Alleinige Wohnung', en: 'Only residence' },
    '1': { de: 'Hauptwohnung', en: 'Main residence' },
    '2': { de: 'Nebenwohnung', en: 'Secondary residence' },
  },
  sperre: {
    A: { de: 'Auskunftssperre', en: 'No information to anybody' },
    B: { de: 'Bedingter Sperrvermerk', en: 'Information only after asking the person' },
    U: { de: 'Übermittlungssperre', en: 'No passing on' },
  },
}
