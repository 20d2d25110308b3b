// SPDX-License-Identifier: EUPL-1.2
/**
 * Findings of the XML room: every id that gate, canonical form, signatures and encryption can raise.
 *
 * `check/findings.ts` collects these rows; `feedback` is the wire code of the error class that carries the finding.
 * @module
 */

export interface XmlFinding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

const xml = (rule: string, reference: string, de: string, en: string): XmlFinding => ({
  id: `xml.${rule}`,
  severity: 'error',
  reference,
  feedback: '9100',
  de,
  en,
})
const of = (layer: string, rule: string, feedback: string | undefined, reference: string, de: string, en: string): XmlFinding => ({
  id: `${layer}.${rule}`, severity: 'error', reference, ...(feedback === undefined ? {} : { feedback }), de, en,
}) // prettier-ignore

const signatureRows = (layer: 'message-signature' | 'author-signature'): XmlFinding[] => [
  of(
    layer,
    'grammar',
    '9100',
    '[XMLDSIG §4], threat model G4',
    'Aufbau der Signatur entspricht nicht dem Profil',
    'signature is not built as the profile demands',
  ),
  of(
    layer,
    'duplicate-reference',
    '9602',
    '[OSCI12 §7.4], threat model §5 rule 4',
    'Derselbe Teil ist zweimal referenziert',
    'the same part is referenced twice',
  ),
  of(
    layer,
    'algorithm',
    '9601',
    'threat model §7',
    'Algorithmus der Signatur ist nicht zugelassen',
    'algorithm of the signature is not allowed',
  ),
  of(
    layer,
    'key-type',
    '9601',
    'threat model G7',
    'Signaturverfahren und Schlüssel passen nicht zusammen',
    'signature method and key do not fit',
  ),
  of(
    layer,
    'key-size',
    '9601',
    'threat model G8, §7',
    'Schlüssel oder Kurve der Signatur ist nicht zugelassen',
    'key size or curve of the signature is not allowed',
  ),
]

export const FINDINGS_XML: readonly XmlFinding[] = [
  xml('too-large', 'threat model X5', 'XML-Dokument ist zu groß', 'XML document is too large'),
  xml('encoding', 'threat model X3, [XML10 §4.3.3]', 'Kodierung ist nicht UTF-8', 'encoding is not UTF-8'),
  xml('byte-order-mark', 'threat model X3', 'Byte Order Mark in einer OSCI-Nachricht', 'byte order mark in an OSCI message'),
  xml('version', 'threat model X3, [XML10 §2.8]', 'XML-Version ist nicht 1.0', 'XML version is not 1.0'),
  xml(
    'doctype',
    'threat model X1, [OSCI12 §7.6]',
    'Dokumenttyp-Deklaration (DOCTYPE) ist verboten',
    'document type declaration (DOCTYPE) is forbidden',
  ),
  xml('references', 'threat model X2', 'Zu viele Zeichen- oder Entity-Referenzen', 'too many character or entity references'),
  xml('not-well-formed', '[XML10 §2.1], [XMLNS10]', 'XML ist nicht wohlgeformt', 'XML is not well-formed'),
  xml(
    'namespace',
    '[XMLNS10 §2.2], threat model X6',
    'Namensraum-Bezeichner mit Leerraum am Rand',
    'namespace name with white space around it',
  ),
  xml(
    'instruction',
    'threat model X4, X6, G5',
    'Verarbeitungsanweisung in einer OSCI-Nachricht',
    'processing instruction in an OSCI message',
  ),
  xml('comment', 'threat model X6', 'Kommentar in einer OSCI-Nachricht', 'comment in an OSCI message'),
  xml('cdata', 'threat model X6, §5 rule 3', 'CDATA-Abschnitt innerhalb einer Signatur', 'CDATA section inside a signature'),
  xml('depth', 'threat model X5', 'Elemente sind zu tief verschachtelt', 'elements are nested too deeply'),
  xml('elements', 'threat model X5', 'Zu viele Elemente', 'too many elements'),
  xml('attributes', 'threat model X5', 'Zu viele Attribute an einem Element', 'too many attributes on one element'),
  xml(
    'namespaces',
    'threat model X5',
    'Zu viele Namensraum-Deklarationen an einem Element',
    'too many namespace declarations on one element',
  ),
  xml('namespaces-in-scope', 'threat model X5', 'Zu viele Namensräume sind gültig', 'too many namespaces in scope'),
  xml('name-size', 'threat model X5', 'Name ist zu lang', 'name is too long'),
  xml('attribute-size', 'threat model X5', 'Attributwert ist zu lang', 'attribute value is too long'),
  xml(
    'relative-namespace',
    '[C14N10 §1.3], threat model G6',
    'Relativer Namensraum: es gibt keine kanonische Form',
    'relative namespace name: there is no canonical form',
  ),
  xml('unbound-prefix', '[XMLNS10 §5]', 'Präfix ist nicht an seinen Namensraum gebunden', 'prefix is not bound to its namespace'),
  xml('empty-canonical-form', 'threat model G6', 'Kanonische Form wäre leer', 'canonical form would be empty'),
  ...signatureRows('message-signature'),
  ...signatureRows('author-signature'),
  of(
    'transport-encryption',
    'grammar',
    '9100',
    '[XMLENC11 §3], threat model §6 rule 1',
    'Aufbau der Transportverschlüsselung entspricht nicht dem Profil',
    'transport encryption is not built as the profile demands',
  ),
  of(
    'transport-encryption',
    'algorithm',
    '9202',
    'threat model §7, E1, E2, E9',
    'Algorithmus der Transportverschlüsselung ist nicht zugelassen',
    'algorithm of the transport encryption is not allowed',
  ),
  of(
    'transport-encryption',
    'wrapped-length',
    '9202',
    'threat model §6 rule 1',
    'Verschlüsselter Schlüssel passt nicht zum Zertifikat',
    'encrypted key does not fit the certificate',
  ),
  of(
    'transport-encryption',
    'key-size',
    undefined,
    'threat model §7',
    'Schlüssel des Empfängers ist nicht zugelassen',
    'key of the recipient is not allowed',
  ),
  of('transport-encryption', 'undecryptable', '9202', 'threat model §6 rule 2', 'Nicht entschlüsselbar', 'not decryptable'),
  of(
    'content-encryption',
    'grammar',
    '9100',
    '[XMLENC11 §3], wire facts 43–49',
    'Aufbau der Inhaltsverschlüsselung entspricht nicht dem Profil',
    'content encryption is not built as the profile demands',
  ),
  of(
    'content-encryption',
    'algorithm',
    undefined,
    'threat model §7',
    'Algorithmus der Inhaltsverschlüsselung ist nicht zugelassen',
    'algorithm of the content encryption is not allowed',
  ),
  of(
    'content-encryption',
    'wrapped-length',
    undefined,
    'threat model §6 rule 1',
    'Verschlüsselter Schlüssel passt nicht zum Zertifikat',
    'encrypted key does not fit the certificate',
  ),
]
