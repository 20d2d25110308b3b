// SPDX-License-Identifier: EUPL-1.2
/**
 * The two certificate headers: who signs, who is encrypted for ([OSCI12 order.xsd IntermediaryCertificates, NonIntermediaryCertificates]).
 *
 *   osci:NonIntermediaryCertificates ─ <role> @Id ─ ds:X509Data ─ ds:X509Certificate      (exactly one certificate, no chain)
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { attributeOf, attr, element, elementsOf, isElement, textOf, type ElementSpec, type XmlElement } from '../xml/tree.js'
import { SignatureError } from '../errors.js'
import { keyUsage, readCertificate } from '../pki/certificate.js'
import { encodeBase64 } from '../xml/base64.js'
import { isNcName } from '../xml/names.js'
import { decodeBase64, misfit } from './codec.js'
import { CERTIFICATE_ORDER, type CertificateRole } from './messages.js'
import { DS, OSCI } from './names.js'
import type { CertificateEntry } from './types.js'

const ROLES: ReadonlySet<string> = new Set(CERTIFICATE_ORDER)

/** The same few certificates come with every message: decoded once while they are in use. Bounded, oldest out. */
const MAX_KEPT = 256
/** Larger than any certificate that we look at (threat model G10): not worth keeping. */
const MAX_CERTIFICATE_TEXT = 24 * 1024
const decoded = new Map<string, Uint8Array>()

function derOf(text: string, e: XmlElement): Uint8Array {
  const known = decoded.get(text)
  if (known) return known
  // In memory of its own: as a piece of the pool of small buffers it would keep what else was written there, parts of messages.
  const der = new Uint8Array(decodeBase64(text, e))
  if (text.length > MAX_CERTIFICATE_TEXT) return der
  const [oldest] = decoded.size >= MAX_KEPT ? decoded.keys() : []
  if (oldest !== undefined) decoded.delete(oldest)
  // a copy: the text is a slice that would keep its whole message in memory (Base64 by now, so Latin-1)
  decoded.set(Buffer.from(text, 'latin1').toString('latin1'), der)
  return der
}

function readOne(e: XmlElement): CertificateEntry {
  const id = attributeOf(e, 'Id')
  const [data, more] = elementsOf(e)
  const [inner, second] = data ? elementsOf(data) : []
  if (e.uri !== OSCI || !ROLES.has(e.local)) throw misfit(e, 'certificate-header', `${e.local} is no certificate element`)
  if (id === undefined) throw misfit(e, 'certificate-header', `${e.local} has no Id`)
  if (
    !data ||
    more ||
    !isElement(data, DS, 'X509Data') ||
    !inner ||
    second ||
    !isElement(inner, DS, 'X509Certificate') ||
    elementsOf(inner).length > 0
  )
    throw misfit(e, 'certificate-header', `${e.local} holds exactly one X509Certificate`)
  return { role: e.local as CertificateRole, id, der: derOf(textOf(inner), inner) }
}

/** Whether an element of this name with this Id may stand in the header: else no reader takes the message. */
export const fitsHeader = (role: string, id: string): role is CertificateRole => ROLES.has(role) && isNcName(id)

/** The certificate of an entry; the same object while it is in use. @throws {CertificateError} */
export const certificateIn = ({ der }: CertificateEntry): X509Certificate => readCertificate(der)

/** Headers of received messages, read once: signature and order both ask for them. */
const read = new WeakMap<XmlElement, readonly CertificateEntry[]>()

/** Reads one of the two headers. @throws {OrderError} 9300 */
export function readCertificates(header: XmlElement): readonly CertificateEntry[] {
  const known = read.get(header)
  if (known) return known
  const entries = elementsOf(header).map(readOne)
  read.set(header, entries)
  return entries
}

/** The elements of both headers, as they stand. */
export const listedCertificates = (header: readonly XmlElement[]): XmlElement[] =>
  header
    .filter((b) => isElement(b, OSCI, 'IntermediaryCertificates') || isElement(b, OSCI, 'NonIntermediaryCertificates'))
    .flatMap(elementsOf)

/** Those that can be read, with their elements: for whoever describes a message that is wrong. */
export function readableCertificates(header: readonly XmlElement[]): readonly (readonly [CertificateEntry, XmlElement])[] {
  return listedCertificates(header).flatMap((e) => {
    try {
      return [[readOne(e), e] as const]
    } catch {
      return []
    }
  })
}

/** Every certificate of both headers. */
export function certificateElements(header: readonly XmlElement[]): CertificateEntry[] {
  return header
    .filter((b) => isElement(b, OSCI, 'IntermediaryCertificates') || isElement(b, OSCI, 'NonIntermediaryCertificates'))
    .flatMap(readCertificates)
}

/** Writes entries in schema order. */
export function writeCertificates(entries: readonly CertificateEntry[]): ElementSpec {
  const rank = (entry: CertificateEntry): number => CERTIFICATE_ORDER.indexOf(entry.role)
  const ordered = [...entries].sort((a, b) => rank(a) - rank(b))
  return {
    children: ordered.map(({ role, id, der }) =>
      element(OSCI, 'osci', role, {
        attributes: [attr('Id', id)],
        children: [element(DS, 'ds', 'X509Data', { children: [element(DS, 'ds', 'X509Certificate', { children: [encodeBase64(der)] })] })],
      }),
    ),
  }
}

/** Text before the first `_` of an Id: the library joins a role's cipher and signature certificates by it (wire fact 26). */
const ROLE_NAMES: Readonly<Record<CertificateRole, string>> = {
  CipherCertificateIntermediary: 'intermed_cipher',
  SignatureCertificateIntermediary: 'intermed_signature',
  CipherCertificateOriginator: 'originator_cipher',
  CipherCertificateOtherAuthor: 'author_cipher',
  CipherCertificateAddressee: 'addressee_cipher',
  CipherCertificateOtherReader: 'reader_cipher',
  SignatureCertificateOriginator: 'originator_signature',
  SignatureCertificateOtherAuthor: 'author_signature',
  SignatureCertificateAddressee: 'addressee_signature',
}

/** An entry with the Id that the field writes: role, kind, SHA-256. `index` tells several authors or readers apart. */
export function certificateEntry(role: CertificateRole, certificate: X509Certificate, index?: number): CertificateEntry {
  const der = new Uint8Array(certificate.raw)
  const name = ROLE_NAMES[role].replace('_', `${index ?? ''}_`)
  return { role, id: `${name}_${createHash('sha256').update(der).digest('hex')}`, der }
}

/**
 * A certificate that is to verify a signature: readable, its key usable, its KeyUsage (if any) for signatures (osci-1.2 §5.4).
 * @throws {SignatureError} 9601 `<layer>.signer-unusable`, `<layer>.key-usage`
 */
export function signerCertificate(der: Uint8Array, layer: 'message-signature' | 'author-signature'): X509Certificate {
  let certificate: X509Certificate
  let usage: ReturnType<typeof keyUsage>
  try {
    certificate = readCertificate(der)
    usage = keyUsage(certificate)
    // decoded on first use: a broken key must not surface later as a failure of the check
    void certificate.publicKey
  } catch (cause) {
    throw new SignatureError('9601', `${layer}.signer-unusable`, 'the certificate of the signer cannot be read', { cause })
  }
  if (usage && !usage.has('digitalSignature') && !usage.has('nonRepudiation'))
    throw new SignatureError('9601', `${layer}.key-usage`, 'the certificate is not for signatures')
  return certificate
}
