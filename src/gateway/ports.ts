// SPDX-License-Identifier: EUPL-1.2
/**
 * What the gateway is composed of. Everything comes in as constructed values; the composition root (`cli/compose`) makes them.
 *
 *   OSCI peer ──► endpoint (role, mode, keys, routes) ──► core ──► register
 *                    └ peers (policy)   └ XoevDesk (content)   └ Repeats
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { JWK } from 'jose'
import type { Core } from '../core/ports.js'
import type { Directory } from '../directory/ports.js'
import type { Clock, KeyRing, Signer } from '../env.js'
import type { OpeningKey, SigningKey } from '../envelope/keys.js'
import type { XoevFacts } from '../envelope/types.js'
import type { OsciEnv, OsciMessage } from '../osci/types.js'

/** An element of a message, as the OSCI room gives it. */
export type XmlElement = NonNullable<OsciMessage['content']>
import type { GatewayLog } from './log.js'
import type { GatewayMetrics } from './metrics.js'
import type { Repeats } from './repeats.js'

/** Algorithms per layer, as they hold for one peer. */
export type PeerAlgorithms = OsciEnv['algorithms']

/** An OSCI partner as configured. */
export interface Peer {
  readonly name: string
  /** The certificate is one of its own, or stands under its roots and may act as intermediary. */
  recognises(certificate: X509Certificate, at: Date): Promise<boolean>
  readonly signed: 'required' | 'optional'
  readonly encrypted: 'required' | 'optional'
  readonly verdictFirst: boolean
  readonly algorithms: PeerAlgorithms
  /** Its content may be encrypted by CBC or RSA 1.5. */
  readonly hasLegacy: boolean
  /** XML-DSig URI for RSA keys of ours when we answer this peer. */
  readonly sendingSignature: string
  /** Remarks that stay remarks; everything else of class error ends the reading. */
  readonly tolerate: ReadonlySet<string>
}

/** Our keys at one endpoint. */
export interface EndpointKeys {
  /** Opens transport encryption and, in terminating mode, content. */
  readonly ring: KeyRing
  /** The one that others are to encrypt for. */
  readonly cipher: X509Certificate
  /** SHA-256 fingerprints of certificates that `ring` still opens for and that nobody is to encrypt for any more. */
  readonly formerCiphers: ReadonlySet<string>
  readonly signature: Signer
  readonly author?: Signer
}

export interface Route {
  /** Lower-case hex SHA-256 of the addressee's cipher certificate. */
  readonly addresseeSha256?: string
  readonly kennung?: string
  /** What MessageMetaData must name: reader, service, or both. */
  readonly metadata?: { readonly reader: string | undefined; readonly service: string | undefined }
  readonly mailbox: string
}

export interface RecipientEndpoint {
  readonly path: string
  readonly mode: 'terminating' | 'blind'
  readonly keys: EndpointKeys
  readonly peers: readonly Peer[]
  readonly routes: readonly Route[]
  readonly defaultMailbox?: string
  readonly takeWithinSeconds: number
  readonly answerWithinSeconds: number
  readonly unknownContent: 'refuse' | 'pass'
  readonly requireSealedContent: boolean
}

/** Verdict on one document. */
export interface DocumentReport {
  readonly facts?: XoevFacts
  /** Of the root element. */
  readonly namespace?: string
  /** JSON reading for convenience; absent where there is none. */
  readonly reading?: Uint8Array
  /** Set when the document must not be handed on: code of the XÖV rejection list and text. */
  readonly refusal?: { readonly code: string; readonly finding: string; readonly text: string }
  /** The namespace is none of ours: `unknownContent` decides. */
  readonly unknownStandard: boolean
  readonly findings: readonly string[]
}

/** The XÖV side: check, read, reject. */
export interface XoevDesk {
  check(document: Uint8Array): Promise<DocumentReport>
  /** A rejection document of the standard in question, or undefined where we cannot write one. */
  reject(document: Uint8Array, reasons: readonly { readonly code: string; readonly text: string }[]): Promise<Uint8Array | undefined>
}

/** XML work of blind mode that this room may not do itself. */
export interface PackageCodec {
  /** ContentPackage as bytes that stand alone: namespaces in scope are declared on it. */
  write(content: XmlElement): Uint8Array
  /** @throws {ProtektorError} it is no ContentPackage. */
  read(bytes: Uint8Array): NonNullable<OsciMessage['content']>
  /** A custom header block, likewise. */
  readBlock(bytes: Uint8Array): XmlElement
  /** Reader and service (its DVDV URI) named by MessageMetaData among the custom headers. */
  metadataAddress(custom: OsciMessage['custom']): { readonly reader: string | undefined; readonly service: string | undefined }
  /** Ids that MessageMetaData says this message answers (In-Reply-To). */
  inReplyTo(custom: OsciMessage['custom']): readonly string[]
}

/** The gateway's own identity towards registers. */
export interface GatewayIdentity {
  readonly participant: string
  readonly signing: SigningKey
  readonly opening: OpeningKey
  /** Public half of `opening`: what answers are sealed for. */
  readonly replyKey: JWK
  /** Opens what participants send to ways out. It lasts, since its public half stands in their configuration. */
  readonly receiving: OpeningKey
  /** Public halves of `signing` and `receiving`, as JWK Set. */
  readonly jwks: { readonly keys: readonly JWK[] }
}

export interface GatewayPorts {
  readonly clock: Clock
  /** @returns what cancels it. */
  readonly startTimer: (delayMs: number, run: () => void) => () => void
  readonly random: (bytes: number) => Uint8Array
  /** Environment of the OSCI stages without keys and peer algorithms. */
  readonly env: Omit<OsciEnv, 'keys' | 'algorithms' | 'sealing'>
  /** Before the peer is known: nothing legacy. */
  readonly algorithms: PeerAlgorithms
  readonly core: Core
  readonly directory: Directory
  /** Life of envelopes per mailbox, from the configuration. */
  readonly mailboxTtlSeconds: (mailbox: string) => number
  readonly identity: GatewayIdentity
  readonly desk: XoevDesk
  readonly packages: PackageCodec
  readonly repeats: Repeats
  readonly log: GatewayLog
  readonly metrics: GatewayMetrics
  readonly limits: { readonly messageBytes: number }
  readonly faultStatus: 200 | 500
  /** Aborted when the process drains: background work ends, and nothing new begins. */
  readonly stopping: AbortSignal
  /** Aborted at the end of the draining, while whoever waits can still be answered: calls under way end. */
  readonly ending: AbortSignal
}
