// SPDX-License-Identifier: EUPL-1.2
/**
 * Every finding of the MIME layer. All of them are errors with the wire code 9100.
 * @module
 */

export interface MimeFinding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

const finding = (id: string, reference: string, de: string, en: string): MimeFinding => ({
  id,
  severity: 'error',
  reference,
  feedback: '9100',
  de,
  en,
})

export const FINDINGS_MIME: readonly MimeFinding[] = [
  finding('mime.message-size', 'threat model M4', 'Die Nachricht ist größer als erlaubt.', 'The message is larger than allowed.'),
  finding('mime.bare-line-break', 'RFC 2046 §5.1.1', 'Eine MIME-Zeile endet nicht mit CR LF.', 'A MIME line does not end with CR LF.'),
  finding('mime.header-malformed', 'RFC 5322 §2.2', 'Ein MIME-Kopf ist nicht lesbar.', 'A MIME header cannot be read.'),
  finding('mime.header-length', 'threat model M3', 'Eine MIME-Kopfzeile ist zu lang.', 'A MIME header line is too long.'),
  finding('mime.header-count', 'threat model M3', 'Ein Teil hat zu viele Kopfzeilen.', 'A part has too many header lines.'),
  finding('mime.header-duplicate', 'threat model M3', 'Eine Kopfzeile kommt zweimal vor.', 'A header is given twice.'),
  finding(
    'mime.header-characters',
    'threat model M3',
    'Eine Kopfzeile enthält unerlaubte Zeichen.',
    'A header holds forbidden characters.',
  ),
  finding('mime.content-type', 'RFC 2045 §5.1', 'Ein Content-Type ist nicht lesbar.', 'A Content-Type cannot be read.'),
  finding(
    'mime.parameter-duplicate',
    'threat model M2',
    'Ein Parameter des Content-Type kommt zweimal vor.',
    'A Content-Type parameter is given twice.',
  ),
  finding('mime.not-related', 'RFC 2387', 'Die Nachricht ist nicht multipart/related.', 'The message is not multipart/related.'),
  finding('mime.no-boundary', 'RFC 2046 §5.1.1', 'Die Nachricht nennt keine Trennzeile (boundary).', 'The message names no boundary.'),
  finding(
    'mime.boundary-grammar',
    'RFC 2046 §5.1.1',
    'Die Trennzeile (boundary) ist nicht regelgerecht.',
    'The boundary breaks its grammar.',
  ),
  finding(
    'mime.boundary-differs',
    'threat model M2',
    'HTTP-Kopf und MIME-Kopf nennen verschiedene Trennzeilen.',
    'HTTP header and MIME header name different boundaries.',
  ),
  finding(
    'mime.boundary-prefix',
    'threat model M2',
    'Eine Zeile beginnt wie die Trennzeile, ist aber keine.',
    'A line begins with the boundary but is none.',
  ),
  finding('mime.preamble', 'threat model M2', 'Vor dem ersten Teil steht Text.', 'There is text before the first part.'),
  finding('mime.epilogue', 'threat model M2', 'Nach dem letzten Teil steht Text.', 'There is text behind the last part.'),
  finding('mime.no-end', 'threat model M2', 'Der letzte Teil hat kein Ende.', 'The last part has no end.'),
  finding('mime.no-root', 'RFC 2387', 'Die Nachricht hat keinen Teil.', 'The message has no part.'),
  finding(
    'mime.root-type',
    'threat model M1',
    'Der erste Teil ist nicht text/xml, oder die Nachricht kündigt für ihn einen anderen Typ an.',
    'The first part is not text/xml, or the message announces another type for it.',
  ),
  finding(
    'mime.start',
    'threat model M1',
    'Der Parameter start nennt nicht den ersten Teil.',
    'Parameter start does not name the first part.',
  ),
  finding('mime.charset', 'OSCI 1.2 §7.5', 'Der Zeichensatz ist nicht UTF-8.', 'The charset is not UTF-8.'),
  finding('mime.version', 'RFC 2045 §4', 'MIME-Version ist nicht 1.0.', 'MIME-Version is not 1.0.'),
  finding('mime.part-count', 'threat model M4', 'Die Nachricht hat zu viele Teile.', 'The message has too many parts.'),
  finding(
    'mime.part-header',
    'OSCI 1.2 §7.5',
    'Einem Teil fehlt Content-Type, Content-Transfer-Encoding oder Content-ID.',
    'A part lacks Content-Type, Content-Transfer-Encoding or Content-ID.',
  ),
  finding(
    'mime.part-length',
    'threat model M4',
    'Ein Teil ist länger als seine Content-Length, oder sie ist keine Zahl.',
    'A part is longer than its Content-Length, or that is no number.',
  ),
  finding('mime.content-id', 'RFC 2392', 'Eine Content-ID ist leer oder falsch geklammert.', 'A Content-ID is empty or wrongly bracketed.'),
  finding('mime.content-id-duplicate', 'threat model M1', 'Eine Content-ID kommt zweimal vor.', 'A Content-ID is given twice.'),
  finding('mime.transfer-encoding', 'threat model M5', 'Eine Transferkodierung ist unbekannt.', 'A transfer encoding is unknown.'),
  finding('mime.base64', 'threat model M5', 'Base64 ist nicht regelgerecht.', 'Base64 breaks its rules.'),
  finding('mime.unwritable', 'OSCI 1.2 §7.5', 'Die Nachricht lässt sich so nicht schreiben.', 'The message cannot be written like this.'),
]
