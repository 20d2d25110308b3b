// SPDX-License-Identifier: EUPL-1.2
/**
 * Content of a delivery: what comes out of osci:ContentPackage, and what goes in.
 *
 *   ContentPackage ─ EncryptedData* ─ ContentContainer*
 *   ContentContainer @Id ─ ds:Signature* ─ Content* ─ EncryptedData*
 *   Content ─ Base64Content @Id | @href="cid:…" | ContentContainer
 *
 * Specs: [OSCI12 order.xsd ContentPackage, ContentContainer]; osci-1.2 §6.1–6.3; wire facts 37–49.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { KeyTransport, Signer } from '../env.js'
import type { ProtektorError } from '../errors.js'
import type { EncryptedData } from '../xml/xenc.js'
import type { XmlDocument, XmlElement } from '../xml/tree.js'
import type { CertificateEntry, Remark } from './types.js'

/** One piece of content, decoded and decrypted. */
export interface ContentItem {
  readonly kind: 'content' | 'attachment'
  /** Id of Base64Content or Content; of an attachment its Content-ID. */
  readonly id: string
  readonly bytes: Uint8Array
  /** Media type of an attachment's part. */
  readonly contentType?: string
  readonly encrypted: boolean
  /** Authors whose valid signature covers it. */
  readonly signedBy: readonly X509Certificate[]
}

/** `unchecked`: parts of what it covers could not be read (no key), or a transform that we do not execute. */
export interface AuthorReport {
  readonly verdict: 'valid' | 'invalid' | 'unchecked' | 'error'
  readonly certificate?: X509Certificate
  readonly algorithm?: string
  readonly digestMethods: readonly string[]
  /** References as written. */
  readonly covered: readonly string[]
  /** Forms of its references that are read although the canonical form is another. */
  readonly remarks: readonly Remark[]
  readonly problem?: ProtektorError
}

/** Encrypted content that stays closed. */
export interface SealedContainer {
  readonly data: EncryptedData
  readonly element: XmlElement
  /** The certificates that it is encrypted for. */
  readonly readers: readonly CertificateEntry[]
  readonly reason: 'no-key' | 'undecryptable' | 'not-allowed' | 'unreadable'
}

export interface OpenedContainer {
  readonly id: string
  readonly element: XmlElement
  /** What was decrypted, kept for whoever describes it (`OsciEnv.inspection`). */
  readonly document?: XmlDocument
  readonly encryption?: {
    readonly cipher: string
    readonly keyTransport: KeyTransport
    readonly ivBytes: number
    readonly reader: X509Certificate
  }
  readonly authors: readonly AuthorReport[]
  readonly items: readonly ContentItem[]
  readonly nested: readonly OpenedContainer[]
  readonly sealed: readonly SealedContainer[]
}

/** Everything found; `problems` says what is wrong, in the order found. Nothing is thrown for bad content. */
export interface OpenedContent {
  readonly containers: readonly OpenedContainer[]
  readonly sealed: readonly SealedContainer[]
  /** Attachments that no readable content names: kept, taken to belong to sealed content (wire fact 6). */
  readonly unnamed: readonly string[]
  readonly problems: readonly ProtektorError[]
  /** What was read although it is written otherwise than specified. */
  readonly remarks: readonly Remark[]
  /** A legacy algorithm was executed: there is no tag, and no failure since may be told from another (threat model §6 rule 5). */
  readonly legacy: boolean
}

// ---- writing ----------------------------------------------------------------------------------------------------------
export interface ContentSigning {
  readonly signer: Signer
  /** Id of the author's certificate element in the message's certificate header. */
  readonly certificateId: string
  readonly signatureMethod: string
  readonly digestMethod: string
}

export interface ContentEncryption {
  readonly readers: readonly { readonly certificate: X509Certificate; readonly certificateId: string }[]
  readonly cipher: string
  readonly keyTransport: KeyTransport
  readonly ivBytes: 12 | 16
}

export type ContentSpec =
  | { readonly kind: 'data'; readonly id: string; readonly bytes: Uint8Array }
  | { readonly kind: 'attachment'; readonly id: string; readonly name: string; readonly bytes: Uint8Array; readonly contentType?: string }
  | { readonly kind: 'container'; readonly id: string; readonly container: ContainerSpec }

export interface ContainerSpec {
  readonly id: string
  readonly contents: readonly ContentSpec[]
  readonly sign?: readonly ContentSigning[]
  readonly encrypt?: ContentEncryption
}

/** All items of a container and of those nested in it. */
export function itemsOf(containers: readonly OpenedContainer[]): ContentItem[] {
  return containers.flatMap((c) => [...c.items, ...itemsOf(c.nested)])
}

/** All containers, nested ones included. */
export function allContainers(containers: readonly OpenedContainer[]): OpenedContainer[] {
  return containers.flatMap((c) => [c, ...allContainers(c.nested)])
}
