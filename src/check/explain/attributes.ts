// SPDX-License-Identifier: EUPL-1.2
/**
 * What the attributes of the schema set mean, and how their values are told. A test holds the table against `schemas/osci12`.
 * @module
 */
import type { Words } from './types.js'

/** `algorithm` a URI of the algorithm table; `reference` `#Id` or `cid:`; `quiet` as it is, rarely asked for. */
export type AttributeHolds = 'text' | 'algorithm' | 'reference' | 'quiet'

export interface AttributeRow {
  readonly holds: AttributeHolds
  readonly label: Words
}

const ROWS: readonly (readonly [name: string, holds: AttributeHolds, de: string, en: string])[] = [
  ['Id', 'quiet', 'Name dieses Elements für Verweise', 'name of this element, for references'],
  ['ConversationId', 'text', 'Dialog, zu dem die Nachricht gehört', 'dialog that the message belongs to'],
  ['SequenceNumber', 'text', 'laufende Nummer im Dialog, ab 0', 'number within the dialog, from 0'],
  ['LanguagesList', 'text', 'Sprachen', 'languages'],
  ['Service', 'text', 'wofür der Zeitstempel ist', 'what the time stamp is for'],
  ['Quality', 'text', 'einfach (plain) oder kryptographisch', 'plain or cryptographic'],
  ['URI', 'reference', 'verweist auf', 'refers to'],
  ['href', 'reference', 'Anhang', 'attachment'],
  ['Type', 'text', 'Art', 'kind'],
  ['Result', 'text', 'Ergebnis', 'result'],
  ['RecentModification', 'text', 'zuletzt geändert', 'last changed'],
  ['NoReception', 'text', 'nur Zustellungen ohne Empfangsbestätigung', 'only deliveries without confirmed receipt'],
  ['Role', 'text', 'nur Zustellungen, in denen man Sender oder Empfänger ist', 'only deliveries where one is originator or addressee'],
  ['Limit', 'text', 'höchstens so viele', 'at most so many'],
  ['Algorithm', 'algorithm', 'Verfahren', 'algorithm'],
  ['Value', 'text', 'Bytes', 'bytes'],
  ['Encoding', 'text', 'Kodierung', 'encoding'],
  ['MimeType', 'text', 'Medientyp des Verschlüsselten', 'media type of what is encrypted'],
  ['Recipient', 'text', 'für wen', 'for whom'],
  ['Key', 'text', 'Merkmal', 'feature'],
  ['Version', 'text', 'seit Version', 'since version'],
  ['MinChunkSize', 'text', 'kleinste Teilnachricht in KB', 'smallest chunk in KB'],
  ['MaxChunkSize', 'text', 'größte Teilnachricht in KB', 'largest chunk in KB'],
  ['MaxMessageSize', 'text', 'größte Nachricht in KB', 'largest message in KB'],
  ['ChunkMessageTimeout', 'text', 'zugesagte Wartezeit', 'promised waiting time'],
  ['ChunkMessageTimeOut', 'text', 'zugesagte Wartezeit (ältere Schreibweise)', 'promised waiting time (older spelling)'],
  ['ChunkNumber', 'text', 'Nummer dieser Teilnachricht', 'number of this chunk'],
  ['ChunkSize', 'text', 'Größe einer Teilnachricht in KB', 'size of a chunk in KB'],
  ['ReceivedChunks', 'text', 'schon da', 'there already'],
  ['TotalChunkNumbers', 'text', 'Teilnachrichten insgesamt', 'chunks in all'],
  ['TotalMessageSize', 'text', 'Größe des Ganzen in KB', 'size of the whole in KB'],
  ['soap:actor', 'quiet', 'für wen der Block ist: next die nächste Station, none niemand', 'whom the block is for: next the next station, none nobody'],
  ['soap:mustUnderstand', 'quiet', 'muss verstanden werden', 'must be understood'],
  ['soap:encodingStyle', 'quiet', 'Kodierung nach SOAP', 'encoding by SOAP'],
  ['xsi:schemaLocation', 'quiet', 'Schemata; danach erkennen ältere Implementierungen den Nachrichtentyp', 'schemas; older implementations tell the type of message by it'],
  ['xsi:type', 'quiet', 'Schematyp', 'schema type'],
  ['xml:lang', 'text', 'Sprache', 'language'],
  ['xml:space', 'quiet', 'Umgang mit Leerraum', 'what becomes of white space'],
  ['xml:base', 'quiet', 'Basis für Adressen', 'base of addresses'],
  ['xml:id', 'quiet', 'Name dieses Elements', 'name of this element'],
] // prettier-ignore

const ATTRIBUTES: ReadonlyMap<string, AttributeRow> = new Map(ROWS.map(([name, holds, de, en]) => [name, { holds, label: { de, en } }]))

/** The row of an attribute of a known element, by its usual prefix (`soap:actor`). */
export const attributeRow = (name: string): AttributeRow | undefined => ATTRIBUTES.get(name)
