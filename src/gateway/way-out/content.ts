// SPDX-License-Identifier: EUPL-1.2
/**
 * An opened envelope → what its delivery carries: ContentPackage, attachments, certificates, custom headers.
 *
 *   terminating   document + attachments ─► XÖV check ─► one ContentContainer, signed and encrypted as the service wants it
 *   blind         ContentPackage that the sender sealed for the reader ─► wrapped unopened, certificates keep their Ids
 *
 * Every problem ends here, before anything leaves.
 * Specs: osci-1.2 §5.3, §6.1; product.md, "Two modes"; spec/xoev.md §8.1.
 * @module
 */
import type { OsciIdentity, OsciRequestParts } from '../../client/osci/ports.js'
import type { ServiceEntry } from '../../directory/ports.js'
import type { OpenedEnvelope, XoevFacts } from '../../envelope/types.js'
import { certificateEntry } from '../../osci/certificates.js'
import type { CertificateRole } from '../../osci/messages.js'
import type { CertificateEntry } from '../../osci/types.js'
import { readPackageParts, type StoredDelivery } from '../intermediary/stored.js'
import { refused } from '../opened-document.js'
import { sealOwnContent, type BuiltContent } from '../own-content.js'
import type { GatewayPorts, XmlElement } from '../ports.js'
import { DeliveryRefused, NOT_TAKEN } from '../recipient/verdict.js'
import { isRefused } from '../reply-linkage.js'
import { customOf, metaDataOf } from './custom.js'
import { identityOf } from './parties.js'
import type { WayOut } from './ports.js'

/** What goes out, and what its answer is held against. */
export interface OutgoingContent {
  readonly parts: OsciRequestParts
  /** Of the document's head; in blind mode what the sender said of it. */
  readonly asked?: XoevFacts
  /** Id in the MessageMetaData that we wrote. */
  readonly metadataId?: string
  /** How the content is protected: its answer must be protected likewise. */
  readonly signed: boolean
  readonly encrypted: boolean
}

interface Source {
  readonly envelope: OpenedEnvelope
  readonly entry: ServiceEntry
  readonly way: WayOut
  readonly role: OsciIdentity['role']
  readonly ports: GatewayPorts
}

interface Built extends BuiltContent {
  readonly facts?: XoevFacts
  readonly namespace?: string
  readonly signed: boolean
  readonly encrypted: boolean
}

const addresseeEntry = ({ addressee }: ServiceEntry): CertificateEntry =>
  certificateEntry('CipherCertificateAddressee', addressee.cipherCertificate)

/** Towards a passive recipient the author is the originator; towards an intermediary whoever signs the request is. */
function authorEntry({ way, role }: Source): CertificateEntry | undefined {
  const { author, signature } = way.keys
  if (!author) return undefined
  const isOriginator = role === 'intermediary' || author.certificate.fingerprint256 === signature.certificate.fingerprint256
  return isOriginator
    ? certificateEntry('SignatureCertificateOriginator', author.certificate)
    : certificateEntry('SignatureCertificateOtherAuthor', author.certificate, 0)
}

async function terminating(source: Source): Promise<Built> {
  const { envelope, entry, way, role, ports } = source
  const document = envelope.parts.find((p) => p.role === 'document')
  if (!document || document.bytes.byteLength === 0) throw refused('osci-structure.empty-content', 'X000', 'the envelope holds no document')
  const report = await ports.desk.check(document.bytes)
  if (report.refusal && isRefused(report)) throw refused(report.refusal.finding, report.refusal.code, report.refusal.text)
  const { author } = way.keys
  const authored = authorEntry(source)
  if (entry.contentSigned && !(author && authored))
    throw new DeliveryRefused('policy.no-author-key', 'the service wants signed content, and the keyring has no author key', {
      codes: NOT_TAKEN,
    })
  const reader = addresseeEntry(entry)
  const built = await sealOwnContent(
    {
      parts: [document, ...envelope.parts.filter((p) => p.role === 'attachment')],
      containerId: entry.containerId ?? 'container0',
      ...(entry.contentSigned && author && authored ? { author: { signer: author, entry: authored } } : {}),
      signatureMethod: way.peer.sendingSignature,
      ...(entry.contentEncrypted ? { readers: [{ certificate: entry.addressee.cipherCertificate, entry: reader }] } : {}),
      ivBytes: 12,
    },
    identityOf(way, role, ports).env,
  )
  // a recipient encrypts its answer for the author's cipher certificate, which towards intermediaries the request brings anyway
  const cipher = role === 'intermediary' ? [certificateEntry('CipherCertificateOriginator', way.keys.cipher)] : []
  const facts = report.facts ?? envelope.xoev
  return {
    ...built,
    certificates: distinct([...cipher, ...built.certificates, reader]),
    ...(facts ? { facts } : {}),
    ...(report.namespace === undefined ? {} : { namespace: report.namespace }),
    signed: entry.contentSigned,
    encrypted: entry.contentEncrypted,
  }
}

const distinct = (entries: readonly CertificateEntry[]): CertificateEntry[] => [...new Map(entries.map((e) => [e.id, e])).values()]

/** The roles that certificates of the sender may have in our request; those of other stations are left out. */
const ROLES: Readonly<Record<OsciIdentity['role'], Readonly<Partial<Record<CertificateRole, CertificateRole>>>>> = {
  // the request is ours: its sender is one of the authors
  originator: {
    CipherCertificateOriginator: 'CipherCertificateOtherAuthor',
    SignatureCertificateOriginator: 'SignatureCertificateOtherAuthor',
    CipherCertificateOtherAuthor: 'CipherCertificateOtherAuthor',
    SignatureCertificateOtherAuthor: 'SignatureCertificateOtherAuthor',
    CipherCertificateAddressee: 'CipherCertificateOtherReader',
    CipherCertificateOtherReader: 'CipherCertificateOtherReader',
  },
  intermediary: {
    CipherCertificateOriginator: 'CipherCertificateOriginator',
    SignatureCertificateOriginator: 'SignatureCertificateOriginator',
    CipherCertificateOtherAuthor: 'CipherCertificateOtherAuthor',
    SignatureCertificateOtherAuthor: 'SignatureCertificateOtherAuthor',
    CipherCertificateAddressee: 'CipherCertificateOtherReader',
    CipherCertificateOtherReader: 'CipherCertificateOtherReader',
  },
}

/** Ids stay: author signatures and encrypted keys inside refer to them. */
function certificatesOf({ certificates }: StoredDelivery, { entry, way, role }: Source): CertificateEntry[] {
  const ours = new Map<CertificateRole, Uint8Array>([
    ['CipherCertificateOriginator', way.keys.cipher.raw],
    ['SignatureCertificateOriginator', way.keys.signature.certificate.raw],
    ['CipherCertificateAddressee', entry.addressee.cipherCertificate.raw],
  ])
  const given = certificates.flatMap((one): CertificateEntry[] => {
    const isOurs = Buffer.from(one.der).equals(ours.get(one.role) ?? new Uint8Array(0))
    const as = isOurs ? one.role : ROLES[role][one.role]
    return as === undefined ? [] : [{ ...one, role: as }]
  })
  return given.some((one) => one.role === 'CipherCertificateAddressee') ? given : [...given, addresseeEntry(entry)]
}

function blind(source: Source): Promise<Built> {
  const { envelope, entry, ports } = source
  let delivery: StoredDelivery
  try {
    delivery = readPackageParts(envelope.parts, ports.packages)
  } catch {
    throw refused('policy.content-package', 'X000', 'the envelope holds no acceptable ContentPackage')
  }
  const children = delivery.content.children.filter((c) => c.kind === 'element')
  if (children.length === 0) throw refused('osci-structure.empty-content', 'X000', 'the envelope holds no content')
  const sealed = children.every((c) => c.local === 'EncryptedData')
  if (entry.contentEncrypted && !sealed) throw refused('content-encryption.missing', 'T020', 'the service takes sealed content only')
  return Promise.resolve({
    content: delivery.content,
    attachments: delivery.attachments,
    certificates: certificatesOf(delivery, source),
    ...(envelope.xoev ? { facts: envelope.xoev } : {}),
    // what lies inside is the sender's business, and so is its answer
    signed: false,
    encrypted: sealed,
  })
}

const BUILD: Readonly<Record<ServiceEntry['mode'], (source: Source) => Promise<Built>>> = { terminating, blind }

/** @throws {DeliveryRefused} with the code of the XÖV rejection list, or 9809 where our own keys are missing. */
export async function outgoingContent(source: Source): Promise<OutgoingContent> {
  const { envelope, entry, way, ports } = source
  const given: readonly XmlElement[] = customOf(envelope, ports.packages)
  const built = await BUILD[entry.mode](source)
  const metadata = way.metadata ? metaDataOf(envelope, built.facts, built.namespace, entry, given) : undefined
  const { content, attachments, certificates } = built
  return {
    parts: { content, attachments, certificates, custom: [...given, ...(metadata ? [metadata.block] : [])] },
    ...(built.facts ? { asked: built.facts } : {}),
    ...(metadata ? { metadataId: metadata.messageId } : {}),
    signed: built.signed,
    encrypted: built.encrypted,
  }
}
