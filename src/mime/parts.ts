// SPDX-License-Identifier: EUPL-1.2
/**
 * What a MIME multipart/related package is made of (RFC 2387, in the dialects of the OSCI field).
 * @module
 */

export interface MimeHeader {
  /** As written. */
  readonly name: string
  /** Unfolded, trimmed. */
  readonly value: string
}

/** One part. `body` is a view into the message where no transfer encoding had to be undone. */
export interface Part {
  /** Without angle brackets; '' for a bare envelope. */
  readonly contentId: string
  /** Media type in lower case, without parameters; `application/octet-stream` where an attachment names none that can be read. */
  readonly contentType: string
  /** As on the wire (`8-bit` included), lower case; '' when there was none. */
  readonly transferEncoding: string
  readonly headers: readonly MimeHeader[]
  /** After transfer decoding. */
  readonly body: Uint8Array
}

export interface Parts {
  readonly root: Part
  /** All parts but the root, in order, by Content-ID. */
  readonly attachments: ReadonlyMap<string, Part>
  /** How it came: header in the HTTP body, in the HTTP header, or a bare envelope without MIME. */
  readonly dialect: 'body' | 'http' | 'bare'
  readonly boundary: string
  /** The name of the parameter that gives the boundary, where it is not written in small letters as everywhere else. */
  readonly boundaryName?: string
}
