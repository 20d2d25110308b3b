// SPDX-License-Identifier: EUPL-1.2
/**
 * Writes a package byte for byte as the reference peers lay it out.
 *
 *   MIME-Version: 1.0 ⏎ Content-Type: Multipart/Related; boundary=b; type=text/xml ⏎ ⏎
 *   --b ⏎ text/xml; 8bit; <osci@message> ⏎ ⏎ envelope
 *   ⏎ --b ⏎ Content-Type, Content-Transfer-Encoding, Content-ID, Content-Length ⏎ ⏎ octets
 *   ⏎ --b-- ⏎                                                        (⏎ = CRLF)
 *
 * The header is part of the bytes, the boundary is never quoted, all three headers stand in every part: peers crash otherwise.
 * Specs: osci-1.2 §7.5, osci-wire-facts §1, §9.
 * @module
 */
import { StructureError } from '../errors.js'
import type { MimeHeader } from './parts.js'
import { foldId } from './grammar.js'
import { encodeBase64 } from './transfer.js'

/** `contentId` defaults to `osci@message`; `contentLength` is for the envelope of an encrypted message. */
export interface RootToWrite {
  readonly body: Uint8Array
  readonly contentId?: string
  readonly contentLength?: boolean
}

/**
 * `8-bit` and `base64` are how attachments travel, `binary` and `7bit-base64` how an encrypted message does (no
 * Content-Length then). `7bit-base64` needs `contentType` `text/base64`: only that tells the reader.
 */
export interface AttachmentToWrite {
  readonly contentId: string
  readonly contentType: string
  readonly transferEncoding: '8-bit' | 'binary' | 'base64' | '7bit-base64'
  readonly body: Uint8Array
  readonly headers?: readonly MimeHeader[]
}

export interface PartsToWrite {
  readonly root: RootToWrite
  readonly attachments: readonly AttachmentToWrite[]
  readonly boundary: string
}

/** An attachment whose octets the caller brings; `bytes` are those on the wire, transfer encoding included. */
export interface PartHeadToWrite extends Omit<AttachmentToWrite, 'body'> {
  readonly bytes: number
}

const CRLF = '\r\n'
/** No blank, no `;`, no quote: the reference library splits the header at these. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=?]{1,70}$/
const HEADER_NAME = /^[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]*$/
// eslint-disable-next-line no-control-regex -- a control character in a value would be a header of its own
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/
const OURS: ReadonlySet<string> = new Set(['content-type', 'content-transfer-encoding', 'content-id', 'content-length'])

/**
 * Puts a message together.
 * @throws StructureError `mime.unwritable` where a value would break the layout or a body holds the boundary.
 */
export function writeMime({ root, attachments, boundary }: PartsToWrite): Uint8Array {
  const bodies = attachments.map(({ transferEncoding, body }) => (isBase64(transferEncoding) ? encodeBase64(body) : body))
  const heads = attachments.map(({ body: _body, ...head }, at) => ({ ...head, bytes: bodies[at]?.byteLength ?? 0 }))
  if (bodies.some((body) => holdsBoundary(body, boundary))) throw unwritable('a part holds the boundary')
  return Buffer.concat(frameMime(root, heads, boundary).flatMap((piece, at) => [piece, bodies[at] ?? new Uint8Array(0)]))
}

const isBase64 = (encoding: AttachmentToWrite['transferEncoding']): boolean => encoding === 'base64' || encoding === '7bit-base64'

const holdsBoundary = (body: Uint8Array, boundary: string): boolean => view(body).includes('--' + boundary, 0, 'latin1')

/**
 * Everything of a package but the attachments' octets: n + 1 pieces between which, and around which, the octets of n attachments stand.
 * That none of these octets hold the boundary is the caller's business.
 *
 * @throws StructureError `mime.unwritable` where a value would break the layout or the root holds the boundary.
 */
export function frameMime(root: RootToWrite, attachments: readonly PartHeadToWrite[], boundary: string): Uint8Array[] {
  if (!BOUNDARY.test(boundary)) throw unwritable('the boundary breaks its grammar')
  if (holdsBoundary(root.body, boundary)) throw unwritable('a part holds the boundary')
  const ids = new Set<string>()
  const rootHead =
    `MIME-Version: 1.0${CRLF}Content-Type: Multipart/Related; boundary=${boundary}; type=text/xml${CRLF}${CRLF}` +
    `--${boundary}${CRLF}Content-Type: text/xml; charset=UTF-8${CRLF}Content-Transfer-Encoding: 8bit${CRLF}` +
    `Content-ID: <${usableId(root.contentId ?? 'osci@message', ids)}>${CRLF}` +
    (root.contentLength === true ? `Content-Length: ${root.body.byteLength}${CRLF}` : '')
  const heads = attachments.map((part) => Buffer.from(`${CRLF}--${boundary}${CRLF}${partHead(part, ids)}${CRLF}`, 'utf8'))
  const [first, ...others] = [...heads, Buffer.from(`${CRLF}--${boundary}--${CRLF}`, 'latin1')]
  return [Buffer.concat([Buffer.from(rootHead + CRLF, 'utf8'), root.body, first ?? Buffer.alloc(0)]), ...others]
}

function partHead(part: PartHeadToWrite, ids: Set<string>): string {
  const { transferEncoding } = part
  const contentType = usableValue(part.contentType)
  const isBase64Type = /^text\/base64\s*(;|$)/i.test(contentType)
  // By this type alone every reader undoes base64, whatever the encoding says: anything else would change the bytes.
  if (isBase64Type !== (transferEncoding === '7bit-base64')) throw unwritable('text/base64 and 7bit-base64 belong together')
  const lines = [
    `Content-Type: ${contentType}`,
    `Content-Transfer-Encoding: ${transferEncoding === '7bit-base64' ? '7bit' : transferEncoding}`,
    `Content-ID: <${usableId(part.contentId, ids)}>`,
  ]
  if (transferEncoding === '8-bit' || transferEncoding === 'base64') lines.push(`Content-Length: ${part.bytes}`)
  const names = new Set(OURS)
  for (const { name, value } of part.headers ?? []) {
    const key = name.toLowerCase()
    if (!HEADER_NAME.test(name) || names.has(key)) throw unwritable('a header name cannot be written')
    names.add(key)
    lines.push(`${name}: ${usableValue(value)}`)
  }
  return lines.map((line) => line + CRLF).join('')
}

/**
 * A SOAP fault: bare boundary, and an empty line first, as peers expect it.
 * @param xml the whole document, XML declaration included.
 */
export function writeFault(xml: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(CRLF, 'latin1'), writeMime({ root: { body: xml }, attachments: [], boundary: 'MIME_boundary' })])
}

/** `MIME_boundary_` and 32 characters of chance (190 bits), letters and digits only: `/` and `+` would need quotes. */
export function makeBoundary(random: (bytes: number) => Uint8Array): string {
  let tail = ''
  while (tail.length < 32) tail += Buffer.from(random(32)).toString('base64').replace(/[+/=]/g, '')
  return 'MIME_boundary_' + tail.slice(0, 32)
}

function usableId(id: string, ids: Set<string>): string {
  if (id === '' || id !== id.trim() || /[<>]/.test(id) || CONTROL.test(id)) throw unwritable('a Content-ID cannot be written')
  const key = foldId(id)
  if (ids.has(key)) throw unwritable('a Content-ID is given twice')
  ids.add(key)
  return id
}

function usableValue(value: string): string {
  if (CONTROL.test(value) || value !== value.trim() || /\p{Surrogate}/u.test(value)) throw unwritable('a header value cannot be written')
  return value
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function unwritable(what: string): StructureError {
  return new StructureError('mime', 'mime.unwritable', `The message cannot be written: ${what}.`)
}
