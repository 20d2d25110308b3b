// SPDX-License-Identifier: EUPL-1.2
/**
 * The protector envelope, format version 1: what is signed, what is sealed, what the core may see.
 *
 *   header (seen by the core)   v, id, to, ttlSeconds                       = JWE protected header (aad)
 *   metadata (JWS in JWE)       header repeated + sender, replyTo, parts, …  sealed for the recipient
 *   parts                       A256GCM, binary, each with a key of its own in the metadata
 * @module
 */
import type { JWK } from 'jose'

/** What the core sees; repeated inside the signed metadata and compared by the receiver (threat model J3). */
export interface EnvelopeHeader {
  readonly id: string
  readonly to: string
  readonly ttlSeconds: number
}

/** `request` asks; `notice` and `result` answer; `message` is one-way. */
export type EnvelopeKind = 'request' | 'notice' | 'result' | 'message'

export interface EnvelopePart {
  /** Unique within the envelope, e.g. `content0`, `reading`, an attachment's Content-ID. */
  readonly name: string
  /** `application/xml` (exact bytes received), `application/json` (reading), `application/osci+xml` (blind), … */
  readonly mediaType: string
  readonly role: 'document' | 'reading' | 'attachment' | 'osci' | 'evidence'
  readonly bytes: Uint8Array
}

/** Evidence of the OSCI side, carried along so that the register can show it. All optional fields are absent, never null. */
export interface OsciEvidence {
  readonly messageType: string
  readonly messageId?: string
  readonly mode: 'blind' | 'terminating'
  /** Lower-case hex SHA-256 over the bytes that arrived. */
  readonly messageSha256: string
  readonly transportEncrypted: boolean
  readonly signedBy?: { readonly certificate: string; readonly algorithm: string; readonly covered: readonly string[] }
  readonly authors?: readonly {
    readonly certificate: string
    readonly algorithm: string
    readonly covered: readonly string[]
    readonly verdict: string
  }[]
  readonly processCard?: unknown
  readonly containerId?: string
}

/** XÖV facts of the document, from the verified head. */
export interface XoevFacts {
  readonly standard: string
  readonly version: string
  readonly messageType: string
  readonly messageUuid?: string
  readonly inReplyTo?: string
  readonly author?: string
  readonly reader?: string
  readonly test?: string
  readonly verdict: 'valid' | 'invalid' | 'unchecked' | 'error'
}

export interface EnvelopeContent {
  readonly header: EnvelopeHeader
  readonly kind: EnvelopeKind
  /** Participant id of the sender; its JWS key is looked up by it. */
  readonly sender: string
  /** `reply.` + 32 hex digits; present in requests that want an answer. */
  readonly replyTo?: string
  /** Key that the answer is to be sealed for; with `replyTo`. */
  readonly replyKey?: JWK
  /** Id of the envelope answered (notice, result). */
  readonly inReplyTo?: string
  /** UTC with `Z` and milliseconds. */
  readonly createdAt: string
  /** A notice's or result's word: carried out, or refused with the XÖV reason codes. */
  readonly outcome?: {
    readonly status: 'accepted' | 'rejected' | 'done'
    readonly reasons?: readonly { readonly code: string; readonly text?: string }[]
  }
  readonly subject?: string
  readonly xoev?: XoevFacts
  readonly osci?: OsciEvidence
  readonly parts: readonly EnvelopePart[]
}

/** An opened envelope: content plus who signed it. */
export interface OpenedEnvelope extends EnvelopeContent {
  /** RFC 7638 thumbprint (SHA-256, base64url) of the key that verified the metadata. */
  readonly signerThumbprint: string
  /** That key is not registered: the sender only vouches for it, and has not seen the content. */
  readonly vouched?: true
}
