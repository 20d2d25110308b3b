// SPDX-License-Identifier: EUPL-1.2
/**
 * A ContentPackage of our own: the document first, attachments beside it, signed by our author key, encrypted for its readers.
 *
 *   parts ─► one ContentContainer ─ Signature? ─► EncryptedData? ─► ContentPackage + attachments + certificates that it names
 *
 * Specs: osci-1.2 §6.1–6.3; product.md, Decisions, "OSCI answer".
 * @module
 */
import type { Signer } from '../env.js'
import type { EnvelopePart } from '../envelope/types.js'
import type { ContainerSpec, ContentSpec } from '../osci/content-types.js'
import { sealContent } from '../osci/content-write.js'
import type { CertificateEntry, OsciEnv, OsciMessage } from '../osci/types.js'
import type { AnswerReader } from './recipient/certificates.js'
import { AES_256_GCM, OAEP_SHA256, signingMethods } from '../osci/suite.js'

export interface BuiltContent {
  readonly content: NonNullable<OsciMessage['content']>
  readonly attachments: OsciMessage['attachments']
  readonly certificates: readonly CertificateEntry[]
}

export interface OwnContent {
  /** Other roles than document and attachment are left out. */
  readonly parts: readonly EnvelopePart[]
  readonly containerId: string
  /** Who signs, and under which header entry; absent: nobody. */
  readonly author?: { readonly signer: Signer; readonly entry: CertificateEntry }
  /** XML-DSig URI for RSA keys; absent: our own choice. */
  readonly signatureMethod?: string
  /** Absent: in clear. */
  readonly readers?: readonly AnswerReader[]
  readonly ivBytes: 12 | 16
}

function contentsOf(parts: readonly EnvelopePart[]): ContentSpec[] {
  const contents = parts
    .filter((p) => p.role === 'document' || p.role === 'attachment')
    .map((p, at): ContentSpec =>
      p.role === 'document'
        ? { kind: 'data', id: `content${at}`, bytes: p.bytes }
        : { kind: 'attachment', id: `content${at}`, name: p.name, bytes: p.bytes, contentType: p.mediaType },
    )
  return contents.sort((a, b) => Number(a.kind === 'attachment') - Number(b.kind === 'attachment'))
}

export async function sealOwnContent(own: OwnContent, env: OsciEnv): Promise<BuiltContent> {
  const { author, readers } = own
  const container: ContainerSpec = {
    id: own.containerId,
    contents: contentsOf(own.parts),
    ...(author ? { sign: [{ signer: author.signer, certificateId: author.entry.id, ...signingMethods(author.signer, own) }] } : {}),
    ...(readers
      ? {
          encrypt: {
            readers: readers.map((r) => ({ certificate: r.certificate, certificateId: r.entry.id })),
            cipher: AES_256_GCM,
            keyTransport: OAEP_SHA256,
            ivBytes: own.ivBytes,
          },
        }
      : {}),
  }
  const built = await sealContent([container], env)
  return { ...built, certificates: [...(author ? [author.entry] : []), ...(readers ?? []).map((r) => r.entry)] }
}
