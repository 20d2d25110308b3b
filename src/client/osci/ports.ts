// SPDX-License-Identifier: EUPL-1.2
/**
 * The OSCI client: every exchange as a typed call derived from the table, towards an intermediary or (as intermediary) towards a passive
 * recipient. Here stand its types; nothing is guessed from the peer's texts.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { OsciEnv, OsciMessage, TimestampWish } from '../../osci/types.js'
import type { Signer } from '../../env.js'
import { ProtektorError, type ErrorOptionsOf, type FeedbackCode } from '../../errors.js'
import type { FeedbackEntry } from '../../osci/feedback.js'
import type { OrderOf, RequestName, ResponseTo } from '../../osci/messages.js'

/** One HTTP exchange. The only door to the network. */
export interface OsciHttp {
  /**
   * POSTs a body and reads the whole answer, at HTTP 200 as well as at 4xx and 5xx. No redirects.
   * @throws {OsciCallError} `not-sent`, `no-answer`; `answered-wrongly` when the answer is larger than `maxBytes`.
   */
  post(
    url: string,
    body: Uint8Array,
    options: {
      readonly timeoutMs: number
      readonly maxBytes: number
      readonly signal?: AbortSignal
      /** Default `text/xml; charset=UTF-8`. */
      readonly contentType?: string
    },
  ): Promise<{
    readonly status: number
    readonly contentType: string
    readonly body: Uint8Array
  }>
}

/**
 * How far a call came. `answered-wrongly`: something came back that is no acceptable answer. `refused`: a regular response whose
 * feedback says no, where going on makes no sense (initDialog; the conveniences of deliveries.ts). A call itself never ends so.
 */
export type CallStage = 'not-sent' | 'no-answer' | 'answered-wrongly' | 'fault' | 'refused'

/** A call that brought no regular response. `origin: 'peer'` only for what the peer said: its SOAP fault, its refusal. */
export class OsciCallError extends ProtektorError {
  readonly stage: CallStage
  readonly origin: 'peer' | 'local'
  /** Code of the peer's fault, or of our own judgement of its answer (e.g. 9400, 9601). */
  readonly feedback: FeedbackCode | undefined
  readonly faultSide: 'Client' | 'Server' | undefined
  /** Of an answer that was none, or of a fault. */
  readonly httpStatus: number | undefined

  constructor(stage: CallStage, finding: string, message: string, options: CallErrorOptions = {}) {
    super(finding, message, options)
    this.stage = stage
    this.origin = stage === 'fault' || stage === 'refused' ? 'peer' : 'local'
    this.feedback = options.feedback
    this.faultSide = options.faultSide
    this.httpStatus = options.httpStatus
  }
}

export interface CallErrorOptions extends ErrorOptionsOf {
  readonly feedback?: FeedbackCode
  readonly faultSide?: 'Client' | 'Server'
  readonly httpStatus?: number
}

/** Our side of a call. */
export interface OsciIdentity {
  /** Algorithms and keys that open answers; `sealing` is made per call. */
  readonly env: Omit<OsciEnv, 'sealing'>
  /** Our cipher certificate: what answers are encrypted for. Its key is in `env.keys`. */
  readonly cipher: X509Certificate
  readonly signer?: Signer
  /** `originator` calls an intermediary; `intermediary` calls a passive recipient. */
  readonly role: 'originator' | 'intermediary'
}

/** The other side of a call, and what is demanded of its answers. */
export interface OsciPeer {
  readonly url: string
  /** Encrypts requests for it; absent: in clear. */
  readonly cipherCertificate?: X509Certificate
  /** Sign requests. Default true where `identity.signer` is there. */
  readonly sign?: boolean
  /** `required`: an unsigned answer is `answered-wrongly` (9600). Default: required when the request was signed. */
  readonly answerSignature?: 'required' | 'optional'
  /** `optional`: an answer in clear to an encrypted request is taken; an intermediary warns its client (3803). Default: required. */
  readonly answerEncryption?: 'required' | 'optional'
  /** Whether a verified signer is this peer. Default: anybody (the caller looks at `signer`). */
  readonly recognises?: (certificate: X509Certificate, at: Date) => Promise<boolean>
  /** XML-DSig URI for RSA keys. Default RSA-PSS SHA-256. */
  readonly signatureMethod?: string
  readonly digestMethod?: string
  readonly ivBytes?: 12 | 16
  /** XML-Enc URI on the transport. Default AES-256-GCM. */
  readonly cipher?: string
  readonly languages?: readonly string[]
  /** Whole call, connection to last byte. Default 110 s. */
  readonly timeoutMs?: number
  /** Largest answer. Default `env.limits.messageBytes`. */
  readonly maxAnswerBytes?: number
}

/** What a call says beyond the order. */
export interface OsciRequestParts {
  readonly content?: OsciMessage['content']
  readonly attachments?: OsciMessage['attachments']
  /** NonIntermediaryCertificates besides our own, which are added as the row demands. */
  readonly certificates?: OsciMessage['certificates']
  readonly timestamps?: readonly TimestampWish[]
  readonly custom?: OsciMessage['custom']
  readonly features?: OsciMessage['features']
  /** Copied languages instead of the peer's. */
  readonly languages?: readonly string[]
}

/** Feedback by class; every row is kept in `entries`. Class 3 never makes a failure (osci-in-the-field §3). */
export interface Feedback {
  readonly entries: readonly FeedbackEntry[]
  /** No entry of class 9 (or of a class nobody knows). */
  readonly ok: boolean
  readonly warnings: readonly FeedbackCode[]
  readonly errors: readonly FeedbackCode[]
}

export interface OsciAnswer<N extends RequestName> {
  /** For partialFetchDelivery an ordinary responseToFetchDelivery may come as well. */
  readonly message: OsciMessage<ResponseTo<N>> | (N extends 'partialFetchDelivery' ? OsciMessage<'responseToFetchDelivery'> : never)
  /** Both Feedback and InsideFeedback: a refusal in either is one. */
  readonly feedback: Feedback
  /** InsideFeedback alone: the verdict on a whole chunked delivery, once there is one. */
  readonly inside?: Feedback
  readonly signer?: X509Certificate
  readonly encrypted: boolean
  /** The body as it came. */
  readonly bytes: Uint8Array
}

/**
 * An explicit dialog. Calls go one after another. A call that failed makes the dialog dead: nothing more is sent, not even exitDialog,
 * which would acknowledge a delivery that was not read (osci-1.2 §1.3, §3.6). Only a request that could not be built, so that nothing of
 * it left the house, leaves the dialog as it was; so does feedback of class 9.
 */
export interface OsciDialog {
  readonly conversationId: string
  readonly dead: boolean
  readonly features: OsciMessage['features']
  /** @throws {OsciCallError} */
  send<N extends RequestName>(type: N, order: OrderOf<N>, parts?: OsciRequestParts): Promise<OsciAnswer<N>>
  /** exitDialog, unless dead; never throws and never hides the result before it. */
  close(): Promise<void>
  /** Makes the dialog dead: for a delivery that could not be kept, and must not be acknowledged by exitDialog. */
  abandon(): void
}

export interface OsciCaller {
  /**
   * One exchange in an implicit dialog, or acceptDelivery and processDelivery.
   * @throws {OsciCallError}
   */
  call<N extends RequestName>(
    type: N,
    order: OrderOf<N>,
    parts: OsciRequestParts,
    identity: OsciIdentity,
    peer: OsciPeer,
    signal?: AbortSignal,
  ): Promise<OsciAnswer<N>>
  /** @throws {OsciCallError} also when initDialog was refused (then nothing more is sent). */
  openDialog(identity: OsciIdentity, peer: OsciPeer, signal?: AbortSignal): Promise<OsciDialog>
}
