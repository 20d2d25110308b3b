// SPDX-License-Identifier: EUPL-1.2
/**
 * Content of a delivery for the usual case: one container, signed by its author, encrypted for its readers, with every certificate that
 * the header must name for it. Anything more unusual is built with `sealContent`, and handed over the same way.
 * Specs: osci-1.2 §5.3, §6.1–6.3; osci-in-the-field §2.1 (container and content Ids of the XÖV profiles).
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { certificateEntry } from '../../osci/certificates.js'
import type { ContentSpec } from '../../osci/content-types.js'
import { sealContent } from '../../osci/content-write.js'
import type { CertificateEntry } from '../../osci/types.js'
import type { OsciIdentity, OsciPeer, OsciRequestParts } from './ports.js'
import { AES_256_GCM, OAEP_SHA256, signingMethods } from '../../osci/suite.js'
import { ownEntry } from './suite.js'

export interface DeliveryContent {
  /** First the document, then what goes with it. */
  readonly document?: Uint8Array
  readonly attachments?: readonly { readonly name: string; readonly bytes: Uint8Array; readonly contentType?: string }[]
  /** Instead of `document` and `attachments`. */
  readonly contents?: readonly ContentSpec[]
  /** Whose mailbox it is. Content is encrypted for it, unless `readers` are given. */
  readonly addressee: X509Certificate
  /** Whom the content is encrypted for besides or instead of the addressee; empty: it stays in clear. */
  readonly readers?: readonly X509Certificate[]
  /** Default: true where there is a key to sign with. */
  readonly sign?: boolean
  /** E.g. `XMELD_DATA`. */
  readonly containerId?: string
  /** Id of the document, e.g. `MESSAGE`. */
  readonly documentId?: string
}

/** What {@link deliveryParts} makes, ready for a request. */
export interface DeliveryParts {
  readonly content: NonNullable<OsciRequestParts['content']>
  readonly attachments: NonNullable<OsciRequestParts['attachments']>
  readonly certificates: readonly CertificateEntry[]
}

/** content, attachments and certificates of a storeDelivery, forwardDelivery or mediateDelivery. */
export async function deliveryParts(
  content: DeliveryContent,
  identity: OsciIdentity,
  peer: Pick<OsciPeer, 'signatureMethod' | 'digestMethod' | 'cipher' | 'ivBytes'> = {},
): Promise<DeliveryParts> {
  const { signer } = identity
  const addressee = ownEntry('CipherCertificateAddressee', content.addressee)
  const readers = readersOf(content, addressee)
  const sign = content.sign ?? signer !== undefined
  const author = sign && signer ? ownEntry('SignatureCertificateOriginator', signer.certificate) : undefined
  const built = await sealContent(
    [
      {
        id: content.containerId ?? 'container0',
        contents: content.contents ?? contentsOf(content),
        ...(author && signer ? { sign: [{ signer, certificateId: author.id, ...signingMethods(signer, peer) }] } : {}),
        ...(readers.length > 0
          ? {
              encrypt: {
                readers: readers.map(({ entry, certificate }) => ({ certificate, certificateId: entry.id })),
                cipher: peer.cipher ?? AES_256_GCM,
                keyTransport: OAEP_SHA256,
                ivBytes: peer.ivBytes ?? 12,
              },
            }
          : {}),
      },
    ],
    identity.env,
  )
  const others = readers.map((reader) => reader.entry).filter((entry) => entry.id !== addressee.id)
  return {
    content: built.content,
    attachments: built.attachments,
    certificates: [addressee, ...others, ...(author ? [author] : [])],
  }
}

interface Reader {
  readonly entry: CertificateEntry
  readonly certificate: X509Certificate
}

/** The addressee is a reader under its own role; everybody else is an OtherReader with a number. */
function readersOf({ readers, addressee }: DeliveryContent, entry: CertificateEntry): Reader[] {
  let others = 0
  return (readers ?? [addressee]).map((certificate) =>
    certificate.raw.equals(addressee.raw)
      ? { certificate, entry }
      : { certificate, entry: certificateEntry('CipherCertificateOtherReader', certificate, others++) },
  )
}

function contentsOf({ document, documentId, attachments = [] }: DeliveryContent): ContentSpec[] {
  return [
    ...(document ? [{ kind: 'data' as const, id: documentId ?? 'content0', bytes: document }] : []),
    ...attachments.map((a, at): ContentSpec => ({ kind: 'attachment', id: `attachment${at}`, ...a })),
  ]
}
