// SPDX-License-Identifier: EUPL-1.2
/**
 * What one exchange of the intermediary takes and gives: a proven request, and the part of the answer that only it knows. Everything
 * that all answers have in common is done around it.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { FeedbackCode } from '../../errors.js'
import type { Language } from '../../osci/feedback.js'
import type { OrderOf, RequestName, ResponseTo } from '../../osci/messages.js'
import type { OsciMessage, SoapEnvelope } from '../../osci/types.js'
import type { GatewayPorts, Peer } from '../ports.js'
import type { Call } from '../recipient/request.js'
import type { OpenDialog } from './dialogs.js'
import type { Downloads } from './downloads.js'
import type { Mailroom } from './mailroom.js'
import type { Mediations } from './mediations.js'
import type { CardRecord, IdClaim, IntermediaryEndpoint, IntermediaryPorts } from './ports.js'
import type { LargeAttachments } from './stored.js'
import type { Uploads } from './uploads.js'

/** Exchanges that a client starts: the ones an intermediary answers. */
export type ClientRequestName = Exclude<RequestName, 'acceptDelivery' | 'processDelivery'>

/** Everything one endpoint works with. */
export interface Intermediary {
  readonly endpoint: IntermediaryEndpoint
  readonly ports: GatewayPorts
  readonly own: IntermediaryPorts
  readonly mailroom: Mailroom
  readonly mediations: Mediations
  readonly uploads: Uploads<StoreVerdict>
  readonly downloads: Downloads
}

/** What became of a delivery that came in chunks: for InsideFeedback. */
export type StoreVerdict = { readonly warnings: readonly FeedbackCode[]; readonly card: CardRecord } | { readonly refusal: unknown }

export interface ClientRequest<N extends RequestName = RequestName> {
  readonly call: Call
  readonly frame: SoapEnvelope
  readonly message: OsciMessage<N>
  readonly peer: Peer
  /** The client's cipher certificate: of the request, else of its dialog. */
  readonly cipher?: X509Certificate
  readonly cipherSha256?: string
  /** Who the client is has been proven: by its signature, or by the challenge that was encrypted for its cipher key. */
  readonly identified: boolean
  readonly dialog?: OpenDialog
  readonly language: Language
  /** Class 3 codes so far. */
  readonly warnings: readonly FeedbackCode[]
  /** SHA-256 of the message as it came: what cryptographic stamps are made over. */
  readonly digest: Uint8Array
  /** Attachments in the spool, instead of the message's own. */
  readonly large?: LargeAttachments
  /** MessageId that was taken before: a delivery that came in chunks. */
  readonly claim?: IdClaim
}

/** An order without its feedback, which is written around it. */
export type OrderBesidesFeedback<N extends RequestName> = Omit<OrderOf<ResponseTo<N>>, 'feedback'>

export interface Reply<N extends RequestName = RequestName> {
  /** Another message than the exchange's own response (partialFetchDelivery only). */
  readonly type?: 'responseToFetchDelivery'
  /** Class 3 and 9; without one of class 9 the success code is added. */
  readonly codes: readonly FeedbackCode[]
  /** Text that replaces the table's, per code; our own words only. */
  readonly detail?: Readonly<Record<FeedbackCode, string>>
  readonly order: OrderBesidesFeedback<N>
  readonly content?: OsciMessage['content']
  readonly attachments?: OsciMessage['attachments']
  readonly certificates?: OsciMessage['certificates']
  readonly custom?: OsciMessage['custom']
  /** The error behind codes that are an answer all the same: for the log. */
  readonly failure?: unknown
  /** The same where the receiver of a delivery, and nobody here, is behind the codes. */
  readonly receiverFailure?: unknown
  /** Success is 0800 although a dialog was open (it is over now). */
  readonly closes?: boolean
}

export interface Exchange<N extends ClientRequestName> {
  /**
   * What an answer must hold even when nothing was done.
   * @param client lower-case hex SHA-256 of its cipher certificate, '' when there is none.
   */
  bare(order: OrderOf<N>, at: Intermediary, client: string): OrderBesidesFeedback<N>
  answer(request: ClientRequest<N>, at: Intermediary): Promise<Reply<N>>
}

/** The role: one exchange per request that clients start. */
export type IntermediaryRole = { readonly [N in ClientRequestName]: Exchange<N> }
