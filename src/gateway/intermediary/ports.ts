// SPDX-License-Identifier: EUPL-1.2
/**
 * What the role *intermediary* stands on, beyond the gateway's own ports: durable records without content, a spool for deliveries
 * that come in chunks, time stamps, certificate inspection, and the way out to passive recipients.
 *
 *   OSCI client ──► endpoint ──► dialogs · message ids · process cards
 *                        ├ storeDelivery, fetchDelivery ──► core mailbox (lease and confirm)
 *                        └ forwardDelivery, mediateDelivery ──► passive recipient | participant | active recipient
 * Specs: osci-1.2 §3, §4, §9; product.md, Decisions.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { OsciCaller } from '../../client/osci/ports.js'
import type { OsciDirectory } from '../../directory/ports.js'
import type { FeedbackCode } from '../../errors.js'
import type { CardRule, Inspection, TimeStamp } from '../../osci/parts.js'
import type { CertificateEntry, TimestampWish } from '../../osci/types.js'
import type { EndpointKeys, Peer } from '../ports.js'

export interface IntermediaryEndpoint {
  readonly path: string
  readonly keys: EndpointKeys
  /** Who may call here. */
  readonly peers: readonly Peer[]
  readonly takeWithinSeconds: number
  readonly answerWithinSeconds: number
  readonly dialogIdleSeconds: number
  readonly maxDialogs: number
  readonly maxDialogsPerClient: number
  readonly requireMessageId: boolean
}

// ---- process cards -------------------------------------------------------------------------------------------------------

/** What became of the delivery; `lost`: it lay in memory when the process ended. */
export type CardState = 'stored' | 'forwarded' | 'received' | 'expired' | 'failed' | 'lost'

/** Everything kept of a delivery after it is gone. No content. Certificates are lower-case hex SHA-256 of their DER. */
export interface CardRecord {
  readonly messageId: string
  /** Cipher certificate of the originator; absent: nobody can ask for the card as originator. */
  readonly originator?: string
  readonly addressee?: string
  readonly subject?: string
  readonly state: CardState
  readonly creation: TimeStamp
  /** Wall clock of `creation`, UTC with milliseconds: what ReceptionOfDelivery selects by. */
  readonly createdAt: string
  readonly forwarding?: TimeStamp
  readonly reception?: TimeStamp
  /** UTC with milliseconds; set by the store with every change. */
  readonly recentModification: string
  readonly inspections: readonly Inspection[]
}

export interface CardQuery {
  /** Cipher certificate of who asks: originator or addressee of every card that is found. */
  readonly certificates: readonly string[]
  readonly rule?: CardRule
  /** At most this many; the store's own maximum is 1000. */
  readonly limit?: number
}

/** Durable, one name space per tenant (the path of the endpoint). What a promise has resolved survives a crash. */
export interface CardStore {
  /** @throws {ProtektorError} `gateway.card-exists` */
  add(tenant: string, card: Omit<CardRecord, 'recentModification'>): Promise<CardRecord>
  get(tenant: string, messageId: string): CardRecord | undefined
  /** undefined: there is no such card. */
  change(
    tenant: string,
    messageId: string,
    change: Partial<Omit<CardRecord, 'messageId' | 'recentModification'>>,
  ): Promise<CardRecord | undefined>
  /**
   * Oldest RecentModification first; without a rule unreceived ones first (osci-1.2 §9.6).
   * @returns `more`: the selection was cut.
   */
  select(tenant: string, query: CardQuery): { readonly cards: readonly CardRecord[]; readonly more: boolean }
  close(): Promise<void>
}

// ---- message ids ---------------------------------------------------------------------------------------------------------

/** Issued once, used once, never again. Durable: what a promise has resolved survives a crash. */
export interface MessageIds {
  /**
   * Unguessable (128 bit), printable ASCII without `;`.
   * @param peer name of whoever asks: each may hold a share of the table.
   * @throws {HttpError} 503 the table, or the peer's share, is full.
   */
  issue(tenant: string, peer: string): Promise<string>
  /**
   * Takes an issued id for one request, in one synchronous step: of 50 callers at once one gets it.
   * @returns undefined: not issued here, expired, taken or used (9801).
   */
  take(tenant: string, id: string): IdClaim | undefined
  close(): Promise<void>
}

/** Exactly one of the two ends it; `used` must have resolved before anything is said to the client. */
export interface IdClaim {
  /**
   * @param enter enters what the id is used for, in the call itself: it stands and the id is gone, or neither.
   * @throws whatever `enter` and the store throw; the id may be used again then.
   */
  used<T>(enter: () => Promise<T>): Promise<T>
  /** Nothing was stored or delivered: the id may be used again. */
  giveBack(): void
}

// ---- spool ---------------------------------------------------------------------------------------------------------------

/** A file on disk, encrypted with a key that lives in memory only; gone with `dispose` and with the process. */
export interface SpoolFile {
  readonly bytes: number
  /** Appends. @throws {HttpError} 503 the spool is full. */
  append(bytes: Uint8Array): Promise<void>
  /** @throws {ProtektorError} `gateway.spool-broken` when what lies on the disk is not what was written. */
  read(from: number, to: number): Promise<Uint8Array>
  dispose(): Promise<void>
}

export interface Spool {
  create(): Promise<SpoolFile>
  close(): Promise<void>
}

// ---- time stamps and inspection --------------------------------------------------------------------------------------------

/** A time-stamping authority (RFC 3161). */
export interface TimeStamper {
  /** @param sha256 of what is stamped. @throws when no valid token can be had. */
  stamp(sha256: Uint8Array): Promise<TimeStamp>
}

/** How the Reception is to be stamped, and over what (SHA-256). */
export interface ReceptionWish {
  readonly wishes: readonly TimestampWish[] | undefined
  readonly sha256: Uint8Array
}

export interface InspectionResult {
  readonly inspections: readonly Inspection[]
  /** Class 3 codes, each once. */
  readonly warnings: readonly FeedbackCode[]
  /** First code of class 9 that ends the request, if any. */
  readonly refusal?: FeedbackCode
}

/** Which row of osci-1.2 §9.3 a certificate falls under. */
export type InspectedAs = 'clientSignature' | 'delivery' | 'recipientSignature'

export interface Inspector {
  /** Every certificate of a delivery, each under the row of its role. */
  delivery(entries: readonly CertificateEntry[], at: Date): Promise<InspectionResult>
  /** One certificate: 3700/9700/9701/3707, or 3708/9711/9712/3707; the client's cipher certificate: 3500/9501/9502/3501. */
  single(certificate: X509Certificate, as: 'clientSignature' | 'recipientSignature' | 'clientCipher', at: Date): Promise<InspectionResult>
}

// ---- all of it -----------------------------------------------------------------------------------------------------------

export interface ChunkLimits {
  readonly minKilobytes: number
  readonly maxKilobytes: number
  readonly messageKilobytes: number
  readonly idleSeconds: number
  readonly answerWithinSeconds: number
  readonly maxUploadsPerClient: number
}

export interface IntermediaryPorts {
  readonly cards: CardStore
  readonly ids: MessageIds
  readonly spool: Spool
  readonly inspector: Inspector
  /** Absent: cryptographic time stamps are refused (9811). */
  readonly timeStamper?: TimeStamper
  readonly directory: OsciDirectory
  readonly caller: OsciCaller
  readonly chunks: ChunkLimits
  /** Milliseconds since 1970 of an xsd:dateTime; without a zone in the configured one. */
  readonly toInstant: (text: string) => number
  /** Ends early, without an error, when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}
