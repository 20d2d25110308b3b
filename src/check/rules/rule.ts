// SPDX-License-Identifier: EUPL-1.2
/**
 * A rule of our own: a row of the findings table that knows how to look. It reads what the pipeline has opened and verified, and nothing
 * else: no bytes, no clock, no keys. What it throws is a failure of its layer, never of the message (run.ts).
 * @module
 */
import type { Fault, OsciMessage, SoapEnvelope } from '../../osci/types.js'
import type { MessageType } from '../../osci/messages.js'
import type { FeedbackEntry } from '../../osci/feedback.js'
import type { CardRule, ChunkInformation, FetchRule, ProcessCardBundle } from '../../osci/parts.js'
import type { Parts } from '../../mime/parts.js'
import { childOf, type XmlElement } from '../../xml/tree.js'
import { OSCI } from '../../osci/names.js'
import type { FindingRow, Raised } from '../types.js'

export interface Rule<View> extends FindingRow {
  /** Every place where the rule is broken. Details hold no content of the message and no secret. */
  run(view: View): Iterable<Raised>
}

/** What rules of order elements read; each message has some of it (messages.ts). */
export interface OrderFacts {
  readonly feedback?: { readonly entries: readonly FeedbackEntry[] }
  readonly insideFeedback?: { readonly entries: readonly FeedbackEntry[] }
  readonly messageId?: string
  readonly messageIdResponse?: string
  readonly subject?: string
  readonly contentReceiver?: { readonly uri: string }
  readonly selectionRule?: unknown
  readonly fetchDelivery?: { readonly selectionRule?: FetchRule }
  readonly fetchProcessCard?: { readonly selectionRule?: CardRule }
  readonly chunkInformation?: ChunkInformation
  readonly infoOnly?: object
  readonly processCardBundle?: ProcessCardBundle
  readonly requestProcessCardBundle?: ProcessCardBundle
  readonly replyProcessCardBundle?: ProcessCardBundle
  readonly processCardBundles?: readonly ProcessCardBundle[]
}

/** An opened message with its row and the envelope it came in. */
export interface OsciView {
  readonly message: OsciMessage
  readonly type: MessageType
  readonly order: OrderFacts
  readonly orderElement: XmlElement
  readonly envelope: SoapEnvelope
  readonly transportEncrypted: boolean
  /** The moment that counts for dates. */
  readonly at: Date
}

export interface FaultView {
  readonly fault: Fault
  readonly element: XmlElement
}

export interface MimeView {
  readonly parts: Parts
}

/** The place of a child of the order, else the order itself. */
export const inOrder = (view: OsciView, local: string, uri = OSCI): XmlElement =>
  childOf(view.orderElement, uri, local) ?? view.orderElement

/** The header block of that name, else the body: a place is better than none. */
export const blockOf = (view: OsciView, local: string): XmlElement =>
  view.envelope.header.find((block) => block.local === local) ?? view.envelope.body
