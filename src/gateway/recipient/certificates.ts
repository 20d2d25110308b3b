// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificates of a request, as far as its answer needs them: for whom it is encrypted, and how the roles swap.
 *
 *   request   Originator  author<N>     Addressee
 *   answer    Addressee   reader<N>     Originator (we)
 *
 * Specs: osci-1.2 §2.10; wire facts 26, 29; product.md, Decisions, "OSCI answer".
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { certificateEntry, certificateIn } from '../../osci/certificates.js'
import type { OpenedContainer } from '../../osci/content-types.js'
import type { CertificateRole } from '../../osci/messages.js'
import { canEncryptFor } from '../../osci/transport.js'
import type { CertificateEntry, OsciMessage } from '../../osci/types.js'

const MAX_CERTIFICATE_BYTES = 16 * 1024

/** undefined: it cannot be read (or is larger than any certificate has to be, G10). */
export function readX509(entry: CertificateEntry): X509Certificate | undefined {
  if (entry.der.byteLength > MAX_CERTIFICATE_BYTES) return undefined
  try {
    // the same few certificates come with every message, and reading one costs as much as checking a signature
    return certificateIn(entry)
  } catch {
    // whoever may be answered is not to be told apart by what only an inspection demands
  }
  try {
    return new X509Certificate(entry.der)
  } catch {
    return undefined
  }
}

/** One certificate that the answer is encrypted for, under the role it has there. */
export interface AnswerReader {
  readonly certificate: X509Certificate
  readonly entry: CertificateEntry
}

const ownerName = (id: string): string => id.split('_')[0] ?? id

const usable = (entry: CertificateEntry | undefined): X509Certificate | undefined => {
  const certificate = entry && readX509(entry)
  return certificate && canEncryptFor(certificate) ? certificate : undefined
}

const reader = (role: CertificateRole, certificate: X509Certificate, index?: number): AnswerReader => ({
  certificate,
  entry: certificateEntry(role, certificate, index),
})

/**
 * Whom the answer's content is encrypted for: every author's cipher certificate; where one of them has none, the originator's.
 * @returns undefined when there is none: then nothing may be put.
 */
export function answerReaders(message: OsciMessage, container: OpenedContainer): readonly AnswerReader[] | undefined {
  const entries = message.certificates ?? []
  const originator = usable(entries.find((e) => e.role === 'CipherCertificateOriginator'))
  const authors = container.authors.flatMap((a) => (a.verdict === 'valid' && a.certificate ? [a.certificate] : []))
  const ciphers = authors.map((author) => {
    const signing = entries.find((e) => e.role.startsWith('Signature') && Buffer.from(e.der).equals(author.raw))
    if (!signing) return undefined
    if (signing.role === 'SignatureCertificateOriginator') return originator
    return usable(entries.find((e) => e.role === 'CipherCertificateOtherAuthor' && ownerName(e.id) === ownerName(signing.id)))
  })
  const all = ciphers.filter((c): c is X509Certificate => c !== undefined)
  const chosen = all.length === authors.length && all.length > 0 ? all : originator ? [originator] : all
  if (chosen.length === 0) return undefined
  const unique = [...new Map(chosen.map((c) => [c.fingerprint256, c])).values()]
  return unique.map((c, at) =>
    originator && c.fingerprint256 === originator.fingerprint256
      ? reader('CipherCertificateAddressee', c)
      : reader('CipherCertificateOtherReader', c, at),
  )
}

/** The asker's certificates under the roles that they have in our answer. */
export function swappedRoles(message: OsciMessage): CertificateEntry[] {
  const swap = (from: CertificateRole, to: CertificateRole): CertificateEntry[] => {
    const entry = message.certificates?.find((e) => e.role === from)
    const certificate = entry && readX509(entry)
    return certificate ? [certificateEntry(to, certificate)] : []
  }
  return [
    ...swap('CipherCertificateOriginator', 'CipherCertificateAddressee'),
    ...swap('SignatureCertificateOriginator', 'SignatureCertificateAddressee'),
  ]
}
