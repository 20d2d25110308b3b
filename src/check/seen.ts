// SPDX-License-Identifier: EUPL-1.2
/**
 * What a check had in its hands on the way, stage by stage, for whoever explains the message: the very objects that were judged, so that an
 * explanation and a verdict can never speak of two different things. Nothing of it is needed for the verdict.
 * @module
 */
import type { OpenedEnvelope } from '../envelope/types.js'
import type { Parts } from '../mime/parts.js'
import type { OpenedContent } from '../osci/content-types.js'
import type { OsciMessage, SoapEnvelope } from '../osci/types.js'
import type { XmlDocument } from '../xml/tree.js'
import type { XoevHead } from '../xoev/header.js'

/** An XML document on its own (`content` null), or a content item. `bytes` are those that were parsed. */
export interface SeenDocument {
  readonly content: string | null
  readonly bytes: Uint8Array
  readonly document: XmlDocument
  readonly head?: XoevHead
}

/** By stage; a stage that is missing was not reached. */
export interface Seen {
  parts: Parts
  /** As it came. */
  frame: SoapEnvelope
  /** Transport encryption taken off, with evidence of the message signature where it holds. */
  message: SoapEnvelope
  /** The order was read, too. */
  order: OsciMessage
  contents: OpenedContent
  envelope: OpenedEnvelope
  document: SeenDocument
}

/** Told of each stage, in order; of `document` once for each. */
export type Witness = <S extends keyof Seen>(stage: S, what: Seen[S]) => void
