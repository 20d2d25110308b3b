// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings of the envelope, format version 1. A table.
 * @module
 */

export interface EnvelopeFindingRow {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

export const FINDINGS_ENVELOPE = [
  {
    id: 'envelope.container',
    severity: 'error',
    reference: 'docs/envelope.md §2',
    de: 'Die Bytes sind kein Umschlag der Formatversion 1.',
    en: 'The bytes are no envelope of format version 1.',
  },
  {
    id: 'envelope.version',
    severity: 'error',
    reference: 'docs/envelope.md §2',
    de: 'Diese Formatversion des Umschlags wird nicht unterstützt.',
    en: 'This format version of the envelope is not supported.',
  },
  {
    id: 'envelope.size',
    severity: 'error',
    reference: 'docs/envelope.md §7',
    de: 'Der Umschlag oder ein Teil davon ist zu groß, oder seine Länge ist keine Größenklasse.',
    en: 'The envelope or a piece of it is too large, or its length is no size class.',
  },
  {
    id: 'envelope.header',
    severity: 'error',
    reference: 'docs/envelope.md §3; RFC 7516 §4',
    de: 'Der geschützte Kopf des Umschlags enthält Unerlaubtes, oder es fehlt etwas.',
    en: 'The protected header of the envelope holds what is not allowed, or lacks something.',
  },
  {
    id: 'envelope.algorithm',
    severity: 'error',
    reference: 'docs/envelope.md §3; RFC 8725 §3.1',
    de: 'Ein Verfahren ist nicht erlaubt oder passt nicht zum Schlüssel.',
    en: 'An algorithm is not allowed or does not fit the key.',
  },
  {
    id: 'envelope.key',
    severity: 'error',
    reference: 'docs/envelope.md §4',
    de: 'Ein Schlüssel ist ungeeignet: Art, Kurve, Länge, oder der Punkt liegt nicht auf der Kurve.',
    en: 'A key cannot be used: kind, curve, length, or its point is not on the curve.',
  },
  {
    id: 'envelope.not-for-us',
    severity: 'error',
    reference: 'docs/envelope.md §6',
    de: 'Der Umschlag ist für keinen unserer Schlüssel verschlossen.',
    en: 'The envelope is sealed for none of our keys.',
  },
  {
    id: 'envelope.not-openable',
    severity: 'error',
    reference: 'docs/envelope.md §6; RFC 7516 §11.5',
    de: 'Der Umschlag lässt sich nicht öffnen.',
    en: 'The envelope cannot be opened.',
  },
  {
    id: 'envelope.unknown-sender',
    severity: 'error',
    reference: 'docs/envelope.md §6',
    de: 'Der Absender ist nicht bekannt.',
    en: 'The sender is not known.',
  },
  {
    id: 'envelope.signature',
    severity: 'error',
    reference: 'docs/envelope.md §5; RFC 7515 §5.2',
    de: 'Die Signatur des Absenders stimmt nicht.',
    en: 'The signature of the sender is wrong.',
  },
  {
    id: 'envelope.voucher',
    severity: 'error',
    reference: 'docs/envelope.md §5',
    de: 'Die Bürgschaft für den Schlüssel des Absenders ist ungültig, abgelaufen oder für anderes ausgestellt.',
    en: 'The voucher for the key of the sender is malformed, expired, or made out for something else.',
  },
  {
    id: 'envelope.metadata',
    severity: 'error',
    reference: 'schemas/envelope/metadata-1.schema.json',
    de: 'Die Metadaten entsprechen nicht dem Schema.',
    en: 'The metadata do not follow the schema.',
  },
  {
    id: 'envelope.mismatch',
    severity: 'error',
    reference: 'docs/envelope.md §6; threat model J3',
    de: 'Außen und innen, oder Erwartetes und Erhaltenes, stimmen nicht überein.',
    en: 'Outside and inside, or the expected and the received, differ.',
  },
  {
    id: 'envelope.part',
    severity: 'error',
    reference: 'docs/envelope.md §5',
    de: 'Ein Teil lässt sich nicht öffnen oder hat einen anderen Hashwert.',
    en: 'A part cannot be opened or has another digest.',
  },
  {
    id: 'envelope.leftover',
    severity: 'error',
    reference: 'docs/envelope.md §7',
    de: 'Der Umschlag enthält Bytes, die zu keinem Teil gehören, oder eine falsche Auffüllung.',
    en: 'The envelope holds bytes that belong to no part, or wrong padding.',
  },
] as const satisfies readonly EnvelopeFindingRow[]
