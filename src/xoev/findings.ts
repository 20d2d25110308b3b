// SPDX-License-Identifier: EUPL-1.2
/**
 * Every finding of the XÖV layers: `xoev-schema`, `xoev-head`, `code-lists`, `rules`. `rueckweisung` is the code a rejection would
 * carry (list of xoev.md §6.2); XMeld writes X010 and X011 where S010 and S011 stand here.
 * @module
 */

export interface XoevFinding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  readonly rueckweisung?: string
  readonly de: string
  readonly en: string
}

type Row = readonly [id: string, severity: XoevFinding['severity'], rueckweisung: string, reference: string, de: string, en: string]

const ROWS: readonly Row[] = [
  ['xoev-schema.not-xml', 'info', '', 'XÖV', 'Der Inhalt ist kein XML.', 'The content is not XML.'],
  [
    'xoev-schema.byte-order-mark',
    'warning',
    '',
    'threat model X3',
    'Das Dokument beginnt mit einer Bytereihenfolgemarke.',
    'The document begins with a byte order mark.',
  ],
  [
    'xoev-schema.not-normalized',
    'warning',
    '',
    'XÖV, DIN 91379',
    'Ein Text ist nicht in Unicode-Normalform C.',
    'A text is not in Unicode normalization form C.',
  ],
  [
    'xoev-schema.unknown-standard',
    'warning',
    'V000',
    'XÖV-Rückweisung V000',
    'Für diesen Namensraum ist kein Schema eingerichtet.',
    'No schema is configured for this namespace.',
  ],
  [
    'xoev-schema.not-in-force',
    'warning',
    '',
    'XÖV-Rückweisung V000',
    'Der Schemasatz, der zu dieser Nachricht passt, gilt an ihrem Tag nicht.',
    'The schema set that fits this message is not in force on its day.',
  ],
  [
    'xoev-schema.unresolved-import',
    'warning',
    '',
    'XSD 1.0 §4.2',
    'Das Schema verweist auf eine Datei, die im Verzeichnis fehlt.',
    'The schema refers to a file that is not in the directory.',
  ],
  [
    'xoev-schema.set-broken',
    'error',
    '',
    'XSD 1.0 §4.2',
    'Der Schemasatz ist unvollständig oder nicht übersetzbar.',
    'The schema set is incomplete or does not compile.',
  ],
  [
    'xoev-schema.not-judged',
    'error',
    '',
    'xmllint',
    'Die Schemaprüfung kam zu keinem Ergebnis.',
    'The schema validation came to no verdict.',
  ],
  [
    'xoev-schema.unwritable',
    'error',
    '',
    'XProtektor-Demo',
    'Die Nachricht lässt sich so nicht schreiben.',
    'The message cannot be written like this.',
  ],
  ['xoev-schema.invalid', 'error', 'X001', 'XSD 1.0', 'Das Dokument verletzt sein Schema.', 'The document violates its schema.'],
  [
    'xoev-head.missing',
    'info',
    '',
    'XÖV-Basisnachricht',
    'Die Nachricht hat keinen lesbaren Nachrichtenkopf.',
    'The message has no readable head.',
  ],
  [
    'xoev-head.test-message',
    'info',
    '',
    'XÖV-Basisnachricht',
    'Das Attribut test ist vorhanden: eine Testnachricht.',
    'The attribute test is present: a test message.',
  ],
  [
    'xoev-head.type-mismatch',
    'error',
    'S999',
    'XÖV-Basisnachricht',
    'Der Nachrichtentyp passt nicht zur Nummer im Wurzelelement.',
    'The message type does not fit the number of the root element.',
  ],
  [
    'xoev-head.type-differs',
    'warning',
    '',
    'XÖV-Basisnachricht',
    'Der Nachrichtentyp weicht von der Nummer im Wurzelelement ab.',
    'The message type differs from the number of the root element.',
  ],
  ['xoev-head.uuid-form', 'error', 'S999', 'XÖV-Basisnachricht', 'Die nachrichtenUUID ist keine UUID.', 'The nachrichtenUUID is no UUID.'],
  [
    'xoev-head.no-time-zone',
    'warning',
    '',
    'XÖV-Basisnachricht',
    'Der Erstellungszeitpunkt hat keine Zeitzone.',
    'The creation time has no time zone.',
  ],
  [
    'xoev-head.no-milliseconds',
    'warning',
    '',
    'XÖV-Basisnachricht',
    'Der Erstellungszeitpunkt hat keine Millisekunden.',
    'The creation time has no milliseconds.',
  ],
  [
    'xoev-head.kennung-form',
    'warning',
    '',
    'XÖV-Basisnachricht',
    'Eine Kennung hat nicht die Form Präfix:Organisation.',
    'A kennung does not have the form prefix:organisation.',
  ],
  [
    'xoev-head.kennung-prefix',
    'warning',
    '',
    'DVDV-Präfixe',
    'Das Präfix einer Kennung steht nicht in der Liste der DVDV-Präfixe.',
    'The prefix of a kennung is not in the list of DVDV prefixes.',
  ],
  [
    'xoev-head.reader',
    'error',
    'T080',
    'XÖV-Rückweisung T080',
    'Die Nachricht richtet sich an eine andere Stelle.',
    'The message is addressed to another body.',
  ],
  [
    'xoev-head.reply-missing',
    'error',
    'T099',
    'XÖV, Ursprungsnachricht',
    'Die Antwort nennt keine Ursprungsnachricht.',
    'The answer names no original message.',
  ],
  [
    'xoev-head.reply-mismatch',
    'error',
    'T099',
    'XÖV, Ursprungsnachricht',
    'Die Ursprungsnachricht ist nicht die Anfrage.',
    'The original message is not the request.',
  ],
  [
    'xoev-head.reply-parties',
    'warning',
    '',
    'XÖV, Ursprungsnachricht',
    'Autor und Leser der Antwort sind nicht Leser und Autor der Anfrage.',
    'Author and reader of the answer are not reader and author of the request.',
  ],
  [
    'xoev-head.empty-string',
    'error',
    'S030',
    'XÖV-Rückweisung S030',
    'Eine Pflichtangabe ist leer.',
    'A mandatory string element is empty.',
  ],
  [
    'xoev-head.empty-element',
    'info',
    '',
    'XÖV-Rückweisung S030',
    'Eine Angabe ist vorhanden, aber leer.',
    'An element is present but empty.',
  ],
  [
    'code-lists.unknown-code',
    'error',
    'S011',
    'XÖV-Codelisten',
    'Der Code steht nicht in der Codeliste.',
    'The code is not in the code list.',
  ],
  [
    'code-lists.doubtful-code',
    'warning',
    '',
    'XÖV-Codelisten',
    'Der Code steht nicht in der Codeliste; hier nur eine Warnung.',
    'The code is not in the code list; here a warning only.',
  ],
  [
    'code-lists.unknown-version',
    'warning',
    '',
    'XÖV-Codelisten',
    'Diese Version der Codeliste ist nicht eingerichtet.',
    'This version of the code list is not configured.',
  ],
  [
    'code-lists.unknown-list',
    'warning',
    '',
    'XÖV-Codelisten',
    'Diese Codeliste ist nicht eingerichtet.',
    'This code list is not configured.',
  ],
  [
    'rules.xprotektor-status',
    'error',
    'S999',
    'XProtektor-Demo, Regel 3',
    'Status und Inhalt der Auskunft passen nicht zueinander oder zur Zustellvariante.',
    'Status and content of the answer do not fit each other or the way of delivery.',
  ],
  [
    'rules.xprotektor-minimum',
    'error',
    'S999',
    'XProtektor-Demo, Regel 4',
    'Die Antwort enthält mehr als den erbetenen Mindestumfang.',
    'The answer holds more than the minimum asked for.',
  ],
  [
    'rules.xprotektor-expected-by',
    'error',
    'S999',
    'XProtektor-Demo, Regel 5',
    'antwortErwartetBis liegt nicht nach dem Erstellungszeitpunkt.',
    'antwortErwartetBis is not after the creation time.',
  ],
  [
    'rules.xprotektor-reader',
    'error',
    'T080',
    'XProtektor-Demo, Regel 6',
    'Der Leser einer Anfrage ist keine Meldebehörde (Präfix ags).',
    'The reader of a request is no registration authority (prefix ags).',
  ],
  [
    'rules.xprotektor-parties',
    'error',
    'T099',
    'XProtektor-Demo, Regel 2',
    'Autor und Leser der Antwort sind nicht vertauscht.',
    'Author and reader of the answer are not swapped.',
  ],
  [
    'rules.xprotektor-reason',
    'error',
    'S999',
    'XProtektor-Demo, Regel 7',
    'Eine Rückweisung mit S999 hat keinen Hinweis.',
    'A rejection with S999 has no hint.',
  ],
  [
    'rules.xprotektor-digest',
    'error',
    'S999',
    'XProtektor-Demo',
    'Die Prüfsumme eines Dokuments passt nicht zu seinem Inhalt.',
    'The digest of a document does not fit its content.',
  ],
]

export const FINDINGS_XOEV: readonly XoevFinding[] = ROWS.map(([id, severity, rueckweisung, reference, de, en]) => ({
  id,
  severity,
  reference,
  ...(rueckweisung === '' ? {} : { rueckweisung }),
  de,
  en,
}))

const BY_ID = new Map(FINDINGS_XOEV.map((row) => [row.id, row]))

/** The row of a finding of these layers. */
export const xoevFinding = (id: string): XoevFinding | undefined => BY_ID.get(id)
