// SPDX-License-Identifier: EUPL-1.2
/**
 * Reads a multipart/related package in the three dialects of the OSCI field.
 *
 *   body   [CRLF*] MIME header CRLF CRLF --b … --b--      header inside the HTTP body (all peers we know)
 *   http   [CRLF*] --b … --b--                            header only in HTTP's Content-Type
 *   bare   <soap:Envelope …>                              no MIME at all
 *
 * A delimiter is CRLF `--boundary`, then CRLF (a part follows) or `--` (the end). `--boundary` at a line start with
 * anything else behind it, or after a bare CR or LF, is refused: two parsers would cut such a message differently.
 * Nothing is copied: bodies are views unless base64 had to be undone.
 * Specs: [RFC2046 §5.1.1], [RFC2387], [OSCI12 "MIME"], osci-wire-facts §1; threat model M1–M5.
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { headerValue, readContentType, readHeaders, type ContentTypeValue } from './header.js'
import type { MimeHeader, Part, Parts } from './parts.js'
import { decodeTransfer, TRANSFER_ENCODINGS } from './transfer.js'

const CR = 13
const LF = 10
const DASH = 45
const LESS_THAN = 60
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/

/**
 * Takes a message apart.
 * @param bytes the whole HTTP body, or the plaintext of an encrypted message.
 * @param httpContentType the HTTP header's value, where there was one.
 * @throws StructureError 9100 `mime.*`.
 */
export function readMime(bytes: Uint8Array, limits: Limits, httpContentType?: string): Parts {
  if (bytes.byteLength > limits.messageBytes)
    throw new StructureError('mime', 'mime.message-size', `The message is larger than ${limits.messageBytes} bytes.`)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const http = readHttpContentType(httpContentType)
  const start = skipLineBreaks(buffer, 0)
  if (buffer[start] === DASH && buffer[start + 1] === DASH) {
    if (http?.type.startsWith('multipart/') !== true) throw noBoundary()
    return readPackage(buffer, start, http, 'http', limits)
  }
  if (http?.type.startsWith('multipart/') !== true && isBare(buffer)) return readBare(buffer, httpContentType)
  const block = readHeaders(buffer, start, limits)
  const version = headerValue(block.headers, 'MIME-Version')
  if (version !== undefined && version !== '1.0') throw new StructureError('mime', 'mime.version', 'MIME-Version is not 1.0.')
  const encoding = headerValue(block.headers, 'Content-Transfer-Encoding')?.toLowerCase()
  if (encoding !== undefined && (!TRANSFER_ENCODINGS.has(encoding) || encoding === 'base64'))
    throw new StructureError('mime', 'mime.transfer-encoding', 'A multipart message has no transfer encoding of its own.')
  const value = headerValue(block.headers, 'Content-Type')
  if (value === undefined) throw noBoundary()
  const type = readContentType(value)
  const named = http?.parameters.get('boundary')
  if (named !== undefined && named !== type.parameters.get('boundary'))
    throw new StructureError('mime', 'mime.boundary-differs', 'HTTP header and MIME header name different boundaries.')
  return readPackage(buffer, skipLineBreaks(buffer, block.next), type, 'body', limits)
}

/** HTTP's Content-Type counts only where it speaks of MIME: the reference library sends plain `text/xml` for everything. */
function readHttpContentType(value: string | undefined): ContentTypeValue | undefined {
  return value !== undefined && /multipart|boundary/i.test(value) ? readContentType(value) : undefined
}

function readPackage(bytes: Buffer, start: number, type: ContentTypeValue, dialect: 'body' | 'http', limits: Limits): Parts {
  if (type.type !== 'multipart/related') throw new StructureError('mime', 'mime.not-related', 'The message is not multipart/related.')
  const boundary = type.parameters.get('boundary')
  if (boundary === undefined) throw noBoundary()
  if (!BOUNDARY.test(boundary)) throw new StructureError('mime', 'mime.boundary-grammar', 'The boundary breaks its grammar.')
  assertUtf8(type.parameters.get('charset'))
  const parts = readParts(bytes, start, boundary, limits)
  const [root, ...others] = parts
  if (root === undefined) throw new StructureError('mime', 'mime.no-root', 'The message has no part.')
  if (root.contentType !== 'text/xml') throw new StructureError('mime', 'mime.root-type', 'The first part is not text/xml.')
  assertUtf8(readContentType(headerValue(root.headers, 'Content-Type') ?? '').parameters.get('charset'))
  const announced = type.parameters.get('type')
  if (announced !== undefined && announced.toLowerCase() !== root.contentType)
    throw new StructureError('mime', 'mime.root-type', 'The first part has another type than the message announces.')
  const named = type.parameters.get('start')
  if (named !== undefined && (root.contentId === '' || bareId(named) !== root.contentId))
    throw new StructureError('mime', 'mime.start', 'Parameter start does not name the first part.')
  return { root, attachments: byContentId(root, others), dialect, boundary }
}

function readParts(bytes: Buffer, start: number, boundary: string, limits: Limits): readonly Part[] {
  const dash = Buffer.from('--' + boundary, 'latin1')
  if (!startsWith(bytes, start, dash)) throw new StructureError('mime', 'mime.preamble', 'There is something before the first boundary.')
  const parts: Part[] = []
  let at = start
  for (;;) {
    const after = at + dash.length
    if (bytes[after] === DASH && bytes[after + 1] === DASH) {
      if (skipLineBreaks(bytes, after + 2) !== bytes.length)
        throw new StructureError('mime', 'mime.epilogue', 'There is something behind the end of the last part.')
      return parts
    }
    if (bytes[after] !== CR || bytes[after + 1] !== LF)
      throw new StructureError('mime', 'mime.boundary-prefix', 'A line begins with the boundary but is none.')
    if (parts.length >= limits.mimeParts)
      throw new StructureError('mime', 'mime.part-count', `The message has more than ${limits.mimeParts} parts.`)
    const block = readHeaders(bytes, after + 2, limits)
    at = findDelimiter(bytes, block.next, dash)
    parts.push(readPart(block.headers, bytes.subarray(block.next, Math.max(block.next, at - 2)), parts.length === 0))
  }
}

/**
 * Offset of the next `--boundary` that stands at the start of a line. Only line starts are looked at: a part full of
 * boundaries within its lines costs one search, not one step each.
 */
function findDelimiter(bytes: Buffer, from: number, dash: Buffer): number {
  const afterLf = Buffer.concat([Buffer.from([LF]), dash])
  const afterCr = Buffer.concat([Buffer.from([CR]), dash])
  // From one before: the part may be empty, and its header's line end is then the delimiter's.
  const lf = bytes.indexOf(afterLf, from - 1)
  const isBare = (lf >= 0 && bytes[lf - 1] !== CR) || bytes.subarray(from - 1, lf < 0 ? bytes.length : lf).includes(afterCr)
  if (isBare) throw new StructureError('mime', 'mime.bare-line-break', 'A boundary stands behind a bare line break.')
  if (lf < 0) throw new StructureError('mime', 'mime.no-end', 'The last part has no end.')
  return lf + 1
}

function readPart(headers: readonly MimeHeader[], encoded: Buffer, isRoot: boolean): Part {
  const type = headerValue(headers, 'Content-Type')
  const encoding = headerValue(headers, 'Content-Transfer-Encoding')
  const id = headerValue(headers, 'Content-ID')
  if (type === undefined || (!isRoot && (encoding === undefined || id === undefined)))
    throw new StructureError('mime', 'mime.part-header', 'A part lacks Content-Type, Content-Transfer-Encoding or Content-ID.')
  const contentType = readContentType(type).type
  const transferEncoding = encoding?.toLowerCase() ?? ''
  if (encoding !== undefined && !TRANSFER_ENCODINGS.has(transferEncoding))
    throw new StructureError('mime', 'mime.transfer-encoding', 'A part has an unknown Content-Transfer-Encoding.')
  // The reference library counts the envelope of encrypted messages wrongly, so the root's length says nothing.
  if (!isRoot) assertLength(headerValue(headers, 'Content-Length'), encoded.length)
  return {
    contentId: id === undefined ? '' : bareId(id),
    contentType,
    transferEncoding,
    headers,
    body: decodeTransfer(transferEncoding, contentType, encoded),
  }
}

function assertLength(declared: string | undefined, actual: number): void {
  if (declared === undefined) return
  if (!/^\d{1,15}$/.test(declared) || actual > Number(declared))
    throw new StructureError('mime', 'mime.part-length', 'A part is longer than its Content-Length.')
}

function byContentId(root: Part, others: readonly Part[]): ReadonlyMap<string, Part> {
  const seen = new Set<string>(root.contentId === '' ? [] : [foldId(root.contentId)])
  const attachments = new Map<string, Part>()
  for (const part of others) {
    const key = foldId(part.contentId)
    if (seen.has(key)) throw new StructureError('mime', 'mime.content-id-duplicate', 'A Content-ID is given twice.')
    seen.add(key)
    attachments.set(part.contentId, part)
  }
  return attachments
}

/** Case and percent encoding do not make two ids: `cid:` URIs are looked up in both spellings. */
export function foldId(contentId: string): string {
  let plain = contentId
  try {
    plain = decodeURIComponent(contentId)
  } catch {
    // A lone % is an ordinary character of an id.
  }
  return plain.normalize('NFKC').toLowerCase()
}

function bareId(value: string): string {
  const id = /^<(.*)>$/.exec(value)?.[1] ?? value
  if (id.trim() === '' || id !== id.trim() || /[<>]/.test(id))
    throw new StructureError('mime', 'mime.content-id', 'A Content-ID is empty or has stray angle brackets.')
  return id
}

function isBare(bytes: Buffer): boolean {
  let at = 0
  while (at < bytes.length && isBlank(bytes[at])) at++
  return bytes[at] === LESS_THAN
}

function readBare(bytes: Buffer, httpContentType: string | undefined): Parts {
  assertUtf8(/;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(httpContentType ?? '')?.[1])
  let at = 0
  while (isBlank(bytes[at])) at++
  const root: Part = { contentId: '', contentType: 'text/xml', transferEncoding: '', headers: [], body: bytes.subarray(at) }
  return { root, attachments: new Map(), dialect: 'bare', boundary: '' }
}

function isBlank(byte: number | undefined): boolean {
  return byte === CR || byte === LF || byte === 32 || byte === 9
}

function skipLineBreaks(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
  return at
}

function startsWith(bytes: Buffer, at: number, what: Buffer): boolean {
  return bytes.subarray(at, at + what.length).equals(what)
}

function assertUtf8(charset: string | undefined): void {
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
    throw new StructureError('mime', 'mime.charset', 'The message is not declared as UTF-8.')
}

function noBoundary(): StructureError {
  return new StructureError('mime', 'mime.no-boundary', 'The message names no boundary.')
}
