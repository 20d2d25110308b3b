// SPDX-License-Identifier: EUPL-1.2
/**
 * Every finding of the pki room. `certificates.*` may be about a message; `keystore.*` is about a user's or operator's own files
 * and never reaches the wire.
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
]
