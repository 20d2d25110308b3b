// SPDX-License-Identifier: EUPL-1.2
/**
 * Every finding of the pki room. `certificates.*` may be about a message; `keystore.*` is about a user's or operator's own files,
 * `timestamp.*` about the answer of a time-stamping authority; neither reaches the wire.
 * @module
 */

export interface PkiFinding {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly reference: string
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

export const FINDINGS_PKI: readonly PkiFinding[] = [
  {
    id: 'certificates.size',
    severity: 'error',
    reference: 'threat model G10',
    feedback: '9100',
    de: 'Ein Zertifikat ist größer als 16 KiB.',
    en: 'A certificate is larger than 16 KiB.',
  },
  {
    id: 'certificates.unreadable',
    severity: 'error',
    reference: 'RFC 5280 §4.1',
    feedback: '9100',
    de: 'Ein Zertifikat ist nicht lesbar.',
    en: 'A certificate cannot be read.',
  },
  {
    id: 'keystore.wrong-pin',
    severity: 'error',
    reference: 'RFC 7292 §4',
    de: 'Die PIN öffnet den Schlüsselspeicher nicht.',
    en: 'The PIN does not open the keystore.',
  },
  {
    id: 'keystore.unreadable',
    severity: 'error',
    reference: 'RFC 7292 §4',
    de: 'Der Schlüsselspeicher ist nicht lesbar.',
    en: 'The keystore cannot be read.',
  },
  {
    id: 'keystore.unsupported',
    severity: 'error',
    reference: 'RFC 7292 §4',
    de: 'Der Schlüsselspeicher verwendet etwas, das nicht unterstützt wird.',
    en: 'The keystore uses something that is not supported.',
  },
  {
    id: 'keystore.no-key',
    severity: 'error',
    reference: 'RFC 7292 §4.2',
    de: 'Der Schlüsselspeicher enthält keinen privaten Schlüssel mit Zertifikat.',
    en: 'The keystore holds no private key with its certificate.',
  },
  {
    id: 'keystore.mismatch',
    severity: 'error',
    reference: 'threat model E8',
    de: 'Privater Schlüssel und Zertifikat gehören nicht zusammen.',
    en: 'Private key and certificate do not belong together.',
  },
  {
    id: 'keystore.not-rsa',
    severity: 'error',
    reference: 'OSCI 1.2 §5.4',
    de: 'Nur RSA-Schlüssel können OSCI-Nachrichten öffnen.',
    en: 'Only RSA keys can open OSCI messages.',
  },
  {
    id: 'keystore.key-transport',
    severity: 'error',
    reference: 'threat model E9',
    de: 'Dieser Schlüsseltransport lässt sich nicht auflösen.',
    en: 'This key transport cannot be undone.',
  },
  {
    id: 'keystore.algorithm-unfit',
    severity: 'error',
    reference: 'OSCI 1.2 §7.1',
    de: 'Der Schlüssel kann mit diesem Verfahren nicht signieren.',
    en: 'The key cannot sign with this algorithm.',
  },
  {
    id: 'timestamp.unreachable',
    severity: 'error',
    reference: 'RFC 3161 §3.4',
    de: 'Der Zeitstempeldienst ist nicht erreichbar.',
    en: 'The time-stamping authority cannot be reached.',
  },
  {
    id: 'timestamp.timeout',
    severity: 'error',
    reference: 'RFC 3161 §3.4',
    de: 'Der Zeitstempeldienst hat nicht rechtzeitig geantwortet.',
    en: 'The time-stamping authority did not answer in time.',
  },
  {
    id: 'timestamp.http',
    severity: 'error',
    reference: 'RFC 3161 §3.4',
    de: 'Der Zeitstempeldienst antwortet nicht wie ein Zeitstempeldienst (HTTP-Status, Medientyp, Weiterleitung).',
    en: 'The time-stamping authority does not answer like one (HTTP status, media type, redirect).',
  },
  {
    id: 'timestamp.too-large',
    severity: 'error',
    reference: 'RFC 3161 §3.4',
    de: 'Die Antwort des Zeitstempeldienstes ist zu groß.',
    en: 'The answer of the time-stamping authority is too large.',
  },
  {
    id: 'timestamp.unreadable',
    severity: 'error',
    reference: 'RFC 3161 §2.4.2',
    de: 'Die Antwort ist kein Zeitstempel.',
    en: 'The answer is no time stamp.',
  },
  {
    id: 'timestamp.not-granted',
    severity: 'error',
    reference: 'RFC 3161 §2.4.2',
    de: 'Der Zeitstempeldienst hat abgelehnt.',
    en: 'The time-stamping authority refused.',
  },
  {
    id: 'timestamp.wrong-imprint',
    severity: 'error',
    reference: 'RFC 3161 §2.4.2',
    de: 'Der Zeitstempel gilt etwas anderem.',
    en: 'The time stamp is not about what was to be stamped.',
  },
  {
    id: 'timestamp.wrong-nonce',
    severity: 'error',
    reference: 'RFC 3161 §2.4.2',
    de: 'Der Zeitstempel antwortet auf eine andere Anfrage.',
    en: 'The time stamp answers another request.',
  },
  {
    id: 'timestamp.bad-signature',
    severity: 'error',
    reference: 'RFC 5652 §5.4',
    de: 'Die Signatur des Zeitstempels ist falsch oder nennt ihr Zertifikat nicht.',
    en: 'The signature of the time stamp is wrong, or does not name its certificate.',
  },
  {
    id: 'timestamp.foreign-signer',
    severity: 'error',
    reference: 'RFC 3161 §2.2',
    de: 'Der Zeitstempel stammt nicht von einem eingetragenen Dienst.',
    en: 'The time stamp is not signed by a configured authority.',
  },
  {
    id: 'timestamp.signer-out-of-time',
    severity: 'error',
    reference: 'RFC 3161 §2.3',
    de: 'Das Zertifikat des Zeitstempeldienstes liegt außerhalb seines Gültigkeitszeitraums.',
    en: 'The certificate of the time-stamping authority is outside its validity period.',
  },
  {
    id: 'timestamp.signer-revoked',
    severity: 'error',
    reference: 'RFC 3161 §4',
    de: 'Das Zertifikat des Zeitstempeldienstes wurde gesperrt.',
    en: 'The certificate of the time-stamping authority has been revoked.',
  },
  {
    id: 'timestamp.signer-purpose',
    severity: 'error',
    reference: 'RFC 3161 §2.3',
    de: 'Das Zertifikat des Zeitstempels ist nicht allein für Zeitstempel da.',
    en: 'The certificate of the time stamp is not for time stamping alone.',
  },
  {
    id: 'timestamp.signer-unchecked',
    severity: 'error',
    reference: 'RFC 3161 §4',
    de: 'Die Sperrliste zum Zeitstempeldienst ist zu alt.',
    en: 'The revocation list for the time-stamping authority is too old.',
  },
  {
    id: 'timestamp.implausible-time',
    severity: 'error',
    reference: 'RFC 3161 §2.4.2',
    de: 'Der Zeitstempel liegt zu weit von der eigenen Uhr.',
    en: 'The time stamp is too far from our clock.',
  },
]
