// SPDX-License-Identifier: EUPL-1.2
/**
 * The certificates that a message lists: fit for their use, in their period, and there where somebody needs them for an answer.
 * Who signs is judged by the trust store (trust.ts); which roles may be there, by the table of messages.
 * Specs: osci-1.2 §5.3, §5.4; codes 3500, 3704 to 3706, 9500.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { listedCertificates } from '../../../osci/certificates.js'
import type { CertificateRole } from '../../../osci/messages.js'
import { EXCHANGES } from '../../../osci/messages.js'
import type { CertificateEntry } from '../../../osci/types.js'
import { keyUsage, publicKeyFacts, readCertificate } from '../../../pki/certificate.js'
import { attributeOf, type XmlElement } from '../../../xml/tree.js'
import type { Raised } from '../../types.js'
import { blockOf, type OsciView, type Rule } from '../rule.js'

const entriesOf = ({ message }: OsciView): readonly CertificateEntry[] => [
  ...(message.intermediaryCertificates ?? []),
  ...(message.certificates ?? []),
]

function placeOf(view: OsciView, id: string): XmlElement | undefined {
  return listedCertificates(view.envelope.header).find((e) => attributeOf(e, 'Id') === id)
}

function raised(view: OsciView, { id, role }: CertificateEntry, detail?: string): Raised {
  const element = placeOf(view, id)
  return { ...(element ? { element } : {}), detail: detail === undefined ? role : `${role}: ${detail}` }
}

function certificateOf({ der }: CertificateEntry): X509Certificate | undefined {
  try {
    return readCertificate(der)
  } catch {
    return undefined
  }
}

/** Readable certificates that something is encrypted for. */
const cipherCertificates = (view: OsciView): (readonly [CertificateEntry, X509Certificate])[] =>
  entriesOf(view)
    .filter(({ role }) => role.startsWith('Cipher'))
    .flatMap((entry) => {
      const certificate = certificateOf(entry)
      return certificate ? [[entry, certificate] as const] : []
    })

/** Where a certificate of a role stands, unless with everybody else's. */
const HEADERS: Readonly<Partial<Record<CertificateRole, string>>> = { CipherCertificateIntermediary: 'IntermediaryCertificates' }

/** Whose certificate the answer to an encrypted request is encrypted for; in a dialog it is known from its beginning. */
function answeredFor({ type, message }: OsciView): CertificateRole | undefined {
  if (type.kind === 'response') return undefined
  const { asks, dialog } = EXCHANGES[type.exchange]
  if (asks === 'intermediary') return 'CipherCertificateIntermediary'
  return dialog === 'either' && message.control.conversationId === undefined ? 'CipherCertificateOriginator' : undefined
}

export const CERTIFICATE_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'certificates.listed-unreadable',
    severity: 'warning',
    reference: 'osci-1.2 §5.1; RFC 5280 §4',
    de: 'Ein aufgeführtes Zertifikat ist nicht lesbar.',
    en: 'A certificate that is listed cannot be read.',
    *run(view) {
      for (const entry of entriesOf(view)) if (certificateOf(entry) === undefined) yield raised(view, entry)
    },
  },
  {
    id: 'certificates.cipher-usage',
    severity: 'warning',
    reference: 'osci-1.2 §5.4; RFC 5280 §4.2.1.3',
    de: 'Ein Verschlüsselungszertifikat ist nach seinem KeyUsage nicht zum Verschlüsseln bestimmt.',
    en: 'A cipher certificate is not meant for encryption, by its KeyUsage.',
    *run(view) {
      for (const [entry, certificate] of cipherCertificates(view)) {
        const usage = keyUsage(certificate)
        if (usage && !usage.has('keyEncipherment') && !usage.has('dataEncipherment')) yield raised(view, entry, [...usage].join(', '))
      }
    },
  },
  {
    id: 'certificates.cipher-key',
    severity: 'warning',
    reference: 'osci-1.2 §5.4',
    de: 'Ein Verschlüsselungszertifikat hat keinen RSA-Schlüssel; OSCI 1.2 kennt keinen anderen Schlüsseltransport.',
    en: 'A cipher certificate has no RSA key; OSCI 1.2 knows no other key transport.',
    *run(view) {
      for (const [entry, certificate] of cipherCertificates(view)) {
        const { type } = publicKeyFacts(certificate)
        if (type !== 'rsa') yield raised(view, entry, type)
      }
    },
  },
  {
    id: 'certificates.cipher-out-of-period',
    severity: 'warning',
    reference: 'osci-1.2 §8.3, codes 3500, 3704 to 3706',
    de: 'Ein Verschlüsselungszertifikat liegt außerhalb seines Gültigkeitszeitraums.',
    en: 'A cipher certificate is outside its validity period.',
    *run(view) {
      for (const [entry, certificate] of cipherCertificates(view)) {
        const tooEarly = view.at.getTime() < Date.parse(certificate.validFrom)
        const tooLate = view.at.getTime() > Date.parse(certificate.validTo)
        if (tooEarly || tooLate) yield raised(view, entry, tooLate ? 'expired' : 'not yet valid')
      }
    },
  },
  {
    id: 'certificates.no-cipher-certificate',
    severity: 'error',
    reference: 'osci-1.2 §5.3',
    feedback: '9500',
    de: 'Der Auftrag ist verschlüsselt, nennt aber kein Zertifikat, für das die Antwort zu verschlüsseln wäre.',
    en: 'The request is encrypted and names no certificate that the answer could be encrypted for.',
    *run(view) {
      const role = view.transportEncrypted ? answeredFor(view) : undefined
      if (role !== undefined && !entriesOf(view).some((entry) => entry.role === role))
        yield { element: blockOf(view, HEADERS[role] ?? 'NonIntermediaryCertificates'), detail: role }
    },
  },
  {
    id: 'certificates.listed-twice',
    severity: 'info',
    reference: 'osci-1.2 §5.3',
    de: 'Dasselbe Zertifikat ist in derselben Rolle zweimal aufgeführt.',
    en: 'The same certificate is listed twice in the same role.',
    *run(view) {
      const entries = entriesOf(view)
      for (const [at, entry] of entries.entries())
        if (entries.slice(0, at).some((other) => other.role === entry.role && Buffer.from(other.der).equals(entry.der)))
          yield raised(view, entry)
    },
  },
]
