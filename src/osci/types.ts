// SPDX-License-Identifier: EUPL-1.2
/**
 * Types of the pipeline: what each stage takes and gives, and the evidence that travels along.
 *
 *   bytes ⇄ Parts ⇄ SoapEnvelope ⇄ (decrypted) ⇄ (verified) ⇄ OsciMessage
 *     mime     soap           transport     signature     message
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { Env, KeyTransport, Signer } from '../env.js'
import type { FeedbackCode, StageName } from '../errors.js'
import type { Part, Parts } from '../mime/parts.js'
import type { Algorithms } from '../xml/algorithms.js'
import type { XmlDocument, XmlElement } from '../xml/tree.js'
import type { CertificateRole, MessageName, OrderOf } from './messages.js'
import type { FeatureDescription } from './parts.js'

/** A stage is a pair of functions, pure but for the environment. `open` throws an OsciError that names the stage. */
export interface Stage<Outer, Inner> {
  readonly name: StageName
  open(outer: Outer, env: OsciEnv): Promise<Inner>
  seal(inner: Inner, env: OsciEnv): Promise<Outer>
}

export interface OsciEnv extends Env {
  readonly algorithms: { readonly transport: Algorithms; readonly signature: Algorithms; readonly content: Algorithms }
  /** Media type of the HTTP exchange, for packages whose MIME header stands there. */
  readonly httpContentType?: string
  readonly sealing?: Sealing
  /** Lets other work run between two heavy steps of a large message (threat model H6). */
  readonly breathe?: () => Promise<void>
  /** A request that names no dialog is read where its row demands one: the intermediary answers it 9802, not a fault. */
  readonly withoutDialog?: boolean
  /** Work that one message has taken so far, counted across the stages of its opening; absent: each step counts for itself. */
  readonly work?: { milliseconds: number }
  /** Offline `check`: legacy ways of encryption are opened without a signature around them; nobody waits for an answer. */
  readonly inspection?: boolean
}

/** How an outgoing message is protected. */
export interface Sealing {
  readonly sign?: {
    readonly signer: Signer
    readonly signatureMethod: string
    readonly digestMethod: string
  }
  readonly encryptFor?: TransportEncryption
}

export interface TransportEncryption {
  readonly certificate: X509Certificate
  readonly cipher: string
  readonly keyTransport: KeyTransport
  readonly ivBytes: 12 | 16
}

/** The message signature as verified: who, how, and the very nodes and parts that were digested. */
export interface SignatureEvidence {
  readonly signer: X509Certificate
  readonly role: CertificateRole
  readonly algorithm: string
  readonly digestMethods: readonly string[]
  readonly covered: ReadonlySet<XmlElement | Part>
}

/** How the outer layer was sealed. */
export interface TransportEvidence {
  readonly encryptedTo: X509Certificate
  readonly cipher: string
  readonly keyTransport: KeyTransport
  readonly ivBytes: number
}

export interface Evidence {
  readonly transport?: TransportEvidence
  readonly signature?: SignatureEvidence
}

/** A parsed envelope. `header` holds the header blocks, in order. */
export interface SoapEnvelope {
  readonly document: XmlDocument
  readonly kind: 'message' | 'encrypted' | 'fault'
  /** Set for kind `message`. */
  readonly type?: MessageName
  readonly header: readonly XmlElement[]
  readonly body: XmlElement
  /** The element of the order: header block or child of the body. */
  readonly orderElement?: XmlElement
  readonly parts: Parts
  readonly evidence: Evidence
  /** Deviations that do not end the reading; the peer's policy decides (`osci-structure.schema-location`). */
  readonly remarks: readonly Remark[]
}

/** A finding that the pipeline made without ending the reading. */
export interface Remark {
  readonly finding: string
  readonly element?: XmlElement
  readonly detail?: string
}

export interface ControlBlock {
  readonly response?: string
  readonly challenge?: string
  /** Digits; never a JavaScript number (osci-1.2 §3.3). */
  readonly conversationId?: string
  readonly sequenceNumber?: number
}

export interface CertificateEntry {
  readonly role: CertificateRole
  /** Unique in the message; what RetrievalMethod refers to. */
  readonly id: string
  readonly der: Uint8Array
}

export interface TimestampWish {
  readonly service: 'creation' | 'reception'
  readonly quality: 'plain' | 'cryptographic'
}

/** Any message, typed by its row. Attachments are the MIME parts beside the root, as they travelled. */
export interface OsciMessage<N extends MessageName = MessageName> {
  readonly type: N
  readonly control: ControlBlock
  /** LanguagesList of DesiredLanguages; requests only. */
  readonly languages?: readonly string[]
  readonly timestamps?: readonly TimestampWish[]
  readonly order: OrderOf<N>
  readonly intermediaryCertificates?: readonly CertificateEntry[]
  readonly certificates?: readonly CertificateEntry[]
  readonly features?: FeatureDescription
  /** Header blocks of other namespaces (MessageMetaData …), each with an Id. */
  readonly custom: readonly XmlElement[]
  /** osci:ContentPackage as received or built (osci/content.ts reads and makes it). */
  readonly content?: XmlElement
  readonly attachments: readonly Part[]
  readonly evidence: Evidence
  readonly remarks: readonly Remark[]
}

/** A SOAP fault: never signed, never encrypted. `osciCode` is undefined when the peer gave none. */
export interface Fault {
  readonly type: 'fault'
  readonly side: 'Client' | 'Server' | 'MustUnderstand' | 'VersionMismatch'
  readonly text: string
  readonly osciCode?: FeedbackCode
}
