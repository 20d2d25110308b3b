// SPDX-License-Identifier: EUPL-1.2
/**
 * The grammar of multipart/related packages, in the three dialects of the OSCI field.
 *
 *   body   [CRLF*] MIME header CRLF CRLF --b … --b--      header inside the HTTP body (all peers we know)
 *   http   [CRLF*] --b … --b--                            header only in HTTP's Content-Type
 *   bare   <soap:Envelope …>                              no MIME at all
 *
 * A delimiter is CRLF `--boundary`, then CRLF (a part follows) or `--` (the end). `--boundary` at a line start with
 * anything else behind it, or after a bare CR or LF, is refused: two parsers would cut such a message differently.
 * What comes out is an outline; octets are neither held nor decoded here.
 * Specs: [RFC2046 §5.1.1], [RFC2387], [OSCI12 "MIME"], osci-wire-facts §1; threat model M1–M5.
 * @module
 */
import { ProtektorError, StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { headerValue, readContentType, readHeaders, type ContentTypeValue } from './header.js'
import type { MimeHeader, Part, Parts } from './parts.js'
import { TRANSFER_ENCODINGS } from './transfer.js'
import type { Reading } from './window.js'

/** A part whose octets, transfer encoding still on, are the message's bytes [from, to). */
export interface PartOutline extends Omit<Part, 'body'> {
  /** Where its head begins. */
  readonly head: number
  readonly from: number
  readonly to: number
}

export interface PackageOutline extends Pick<Parts, 'dialect' | 'boundary' | 'boundaryName'> {
  readonly root: PartOutline
  /** In order; no Content-ID twice. */
  readonly attachments: readonly PartOutline[]
}

const CR = 13
const LF = 10
const DASH = 45
const LESS_THAN = 60
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
/** Of an empty boundary (header.ts): no line may begin with two dashes then but the delimiters. */
const BARE_DELIMITER = Buffer.from('--')
const NO_TYPE = 'application/octet-stream'
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/

/**
 * Takes a message apart.
 * @param total bytes of the message, which the caller holds against `limits.messageBytes`.
 * @param httpContentType the HTTP header's value, where there was one.
 * @throws StructureError 9100 `mime.*`.
 */
export function* packageGrammar(total: number, limits: Limits, httpContentType?: string): Reading<PackageOutline> {
  const http = readHttpContentType(httpContentType)
  const start = yield* skipLineBreaks(0)
  if (yield* startsWith(start, Buffer.from('--'))) {
    if (http?.type.startsWith('multipart/') !== true) throw noBoundary()
    return yield* readPackage(start, total, http, 'http', limits)
  }
  if (http?.type.startsWith('multipart/') !== true) {
    const first = yield* skipBlanks(0)
    // a byte order mark is the reader's to refuse, by its own name
    const mark = (yield* startsWith(first, BYTE_ORDER_MARK)) ? BYTE_ORDER_MARK.length : 0
    if ((yield { from: first + mark, bytes: 1 })[0] === LESS_THAN) return bare(first, total, httpContentType)
  }
  if (yield* startsWith(start, BYTE_ORDER_MARK))
    throw new StructureError('mime', 'mime.header-malformed', 'A byte order mark stands before the MIME header.', { byte: start })
  const block = yield* readHeaders(start, limits)
  const type = inHead(start, () => typeOfMessage(block.headers, http))
  return yield* readPackage(yield* skipLineBreaks(block.next), total, type, 'body', limits, start)
}

/** What is wrong in a head is placed where the head begins; `undefined`: it stands in HTTP's, which is not among the bytes. */
function inHead<T>(byte: number | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof ProtektorError ? error.atByte(byte) : error
  }
}

function typeOfMessage(headers: readonly MimeHeader[], http: ContentTypeValue | undefined): ContentTypeValue {
  const version = headerValue(headers, 'MIME-Version')
  if (version !== undefined && version !== '1.0') throw new StructureError('mime', 'mime.version', 'MIME-Version is not 1.0.')
  const encoding = headerValue(headers, 'Content-Transfer-Encoding')?.toLowerCase()
  if (encoding !== undefined && (!TRANSFER_ENCODINGS.has(encoding) || encoding === 'base64'))
    throw new StructureError('mime', 'mime.transfer-encoding', 'A multipart message has no transfer encoding of its own.')
  const value = headerValue(headers, 'Content-Type')
  if (value === undefined) throw noBoundary()
  const type = readContentType(value)
  const named = http?.parameters.get('boundary')
  if (named !== undefined && named !== type.parameters.get('boundary'))
    throw new StructureError('mime', 'mime.boundary-differs', 'HTTP header and MIME header name different boundaries.')
  return type
}

/** HTTP's Content-Type counts only where it speaks of MIME: the reference library sends plain `text/xml` for everything. */
function readHttpContentType(value: string | undefined): ContentTypeValue | undefined {
  return value !== undefined && /multipart|boundary/i.test(value) ? readContentType(value) : undefined
}

/** @param head where the message's own head begins; absent: in HTTP's. */
function* readPackage(
  start: number,
  total: number,
  type: ContentTypeValue,
  dialect: 'body' | 'http',
  limits: Limits,
  head?: number,
): Reading<PackageOutline> {
  const boundary = inHead(head, () => boundaryOf(type))
  const delimiter = boundary === '' ? BARE_DELIMITER : inHead(head, () => delimiterOf(boundary))
  const [root, ...attachments] = yield* readParts(start, total, delimiter, limits, readPart)
  if (root === undefined) throw new StructureError('mime', 'mime.no-root', 'The message has no part.', { byte: start })
  inHead(root.head, () => assertRoot(root, type))
  assertDistinctIds([root, ...attachments])
  const boundaryName = type.written.find((name) => name !== 'boundary' && name.toLowerCase() === 'boundary')
  return { root, attachments, dialect, boundary, ...(boundaryName === undefined ? {} : { boundaryName }) }
}

function boundaryOf({ type, parameters }: ContentTypeValue): string {
  if (type !== 'multipart/related') throw new StructureError('mime', 'mime.not-related', 'The message is not multipart/related.')
  const boundary = parameters.get('boundary')
  if (boundary === undefined) throw noBoundary()
  assertUtf8(parameters.get('charset'))
  return boundary
}

/** What stands between parts. @throws StructureError `mime.boundary-grammar`. */
export function delimiterOf(boundary: string): Buffer {
  if (!BOUNDARY.test(boundary)) throw new StructureError('mime', 'mime.boundary-grammar', 'The boundary breaks its grammar.')
  return Buffer.from('--' + boundary, 'latin1')
}

/** The first part is what the message's own Content-Type says of it. */
function assertRoot(root: PartOutline, { parameters }: ContentTypeValue): void {
  if (root.contentType !== 'text/xml') throw new StructureError('mime', 'mime.root-type', 'The first part is not text/xml.')
  assertUtf8(readContentType(headerValue(root.headers, 'Content-Type') ?? '').parameters.get('charset'))
  const announced = parameters.get('type')
  if (announced !== undefined && announced.toLowerCase() !== root.contentType)
    throw new StructureError('mime', 'mime.root-type', 'The first part has another type than the message announces.')
  const named = parameters.get('start')
  if (named !== undefined && (root.contentId === '' || bareId(named) !== root.contentId))
    throw new StructureError('mime', 'mime.start', 'Parameter start does not name the first part.')
}

/** What a part is, by its headers: they begin at `head`, its octets lie in [from, to). */
export type ReadPart<T> = (headers: readonly MimeHeader[], lies: Pick<PartOutline, 'head' | 'from' | 'to'>, isFirst: boolean) => T

/**
 * The parts between the delimiters of any multipart type, first to last, up to the end of the message.
 * @param dash see {@link delimiterOf}
 * @throws StructureError `mime.*`; whatever `read` throws.
 */
export function* readParts<T>(start: number, total: number, dash: Buffer, limits: Limits, read: ReadPart<T>): Reading<readonly T[]> {
  if (!(yield* startsWith(start, dash)))
    throw new StructureError('mime', 'mime.preamble', 'There is something before the first boundary.', { byte: start })
  const parts: T[] = []
  let at = start
  for (;;) {
    const after = at + dash.length
    const [first, second] = yield { from: after, bytes: 2 }
    if (first === DASH && second === DASH) {
      const byte = yield* skipLineBreaks(after + 2)
      if (byte !== total) throw new StructureError('mime', 'mime.epilogue', 'There is something behind the end of the last part.', { byte })
      return parts
    }
    assertLineEnd(first, second, at)
    if (parts.length >= limits.mimeParts)
      throw new StructureError('mime', 'mime.part-count', `The message has more than ${limits.mimeParts} parts.`, { byte: at })
    const head = after + 2
    if (parts.length > 0 && head === total)
      throw new StructureError('mime', 'mime.no-end', 'The last boundary does not end with two hyphens.', { byte: at })
    const block = yield* readHeaders(head, limits)
    at = yield* findDelimiter(block.next, dash)
    const lies = { head, from: block.next, to: Math.max(block.next, at - 2) }
    parts.push(inHead(head, () => read(block.headers, lies, parts.length === 0)))
  }
}

/** What stands behind a delimiter that another part follows; it begins at `byte`. */
function assertLineEnd(first: number | undefined, second: number | undefined, byte: number): void {
  if (first === CR && second === LF) return
  // cut off in the middle of it
  if (second === undefined && (first === undefined || first === DASH || first === CR))
    throw new StructureError('mime', 'mime.no-end', 'The last part has no end.', { byte })
  if (first === LF || first === CR)
    throw new StructureError('mime', 'mime.bare-line-break', 'A boundary ends with a bare line break.', { byte })
  throw new StructureError('mime', 'mime.boundary-prefix', 'A line begins with the boundary but is none.', { byte })
}

/**
 * Offset of the next `--boundary` that stands at the start of a line. Only line starts are looked at: a part full of
 * boundaries within its lines costs one search, not one step each.
 */
function* findDelimiter(from: number, dash: Buffer): Reading<number> {
  const afterLf = Buffer.concat([Buffer.from([LF]), dash])
  const afterCr = Buffer.concat([Buffer.from([CR]), dash])
  // From the header's last line end on: the part may be empty, and that line end is then the delimiter's.
  let at = from - 2
  for (;;) {
    const window = yield { from: at, bytes: afterLf.length + 1 }
    const lf = window.indexOf(afterLf, 1)
    const isBare = (lf >= 0 && window[lf - 1] !== CR) || window.subarray(0, lf < 0 ? window.length : lf).includes(afterCr)
    if (isBare) {
      const cr = window.indexOf(afterCr)
      const byte = at + 1 + (cr >= 0 && (lf < 0 || cr < lf) ? cr : lf)
      throw new StructureError('mime', 'mime.bare-line-break', 'A boundary stands behind a bare line break.', { byte })
    }
    if (lf >= 0) return at + lf + 1
    if (window.length <= afterLf.length) throw new StructureError('mime', 'mime.no-end', 'The last part has no end.', { byte: from })
    // What may be the beginning of a delimiter, and the byte before it, are looked at again.
    at += window.length - afterLf.length
  }
}

const readPart: ReadPart<PartOutline> = (headers, lies, isRoot) => {
  const type = headerValue(headers, 'Content-Type')
  const encoding = headerValue(headers, 'Content-Transfer-Encoding')
  const id = headerValue(headers, 'Content-ID')
  if (type === undefined || (!isRoot && (encoding === undefined || id === undefined)))
    throw new StructureError('mime', 'mime.part-header', 'A part lacks Content-Type, Content-Transfer-Encoding or Content-ID.')
  const transferEncoding = encoding?.toLowerCase() ?? ''
  if (encoding !== undefined && !TRANSFER_ENCODINGS.has(transferEncoding))
    throw new StructureError('mime', 'mime.transfer-encoding', 'A part has an unknown Content-Transfer-Encoding.')
  // The reference library counts the envelope of encrypted messages wrongly, so the root's length says nothing.
  if (!isRoot) assertLength(headerValue(headers, 'Content-Length'), lies.to - lies.from)
  const contentType = isRoot ? readContentType(type).type : attachmentType(type)
  return { contentId: id === undefined ? '' : bareId(id), contentType, transferEncoding, headers, ...lies }
}

/** Nothing is read by it, so what is no media type (`text`, the default of the .NET library) is the type that says nothing. */
function attachmentType(written: string): string {
  try {
    return readContentType(written).type
  } catch {
    return NO_TYPE
  }
}

function assertLength(declared: string | undefined, actual: number): void {
  if (declared === undefined) return
  if (!/^\d{1,15}$/.test(declared)) throw new StructureError('mime', 'mime.part-length', 'The Content-Length of a part is no number.')
  if (actual > Number(declared)) throw new StructureError('mime', 'mime.part-length', 'A part is longer than its Content-Length.')
}

function assertDistinctIds(parts: readonly PartOutline[]): void {
  const seen = new Set<string>()
  for (const { contentId, head } of parts) {
    if (contentId === '') continue
    const key = foldId(contentId)
    if (seen.has(key)) throw new StructureError('mime', 'mime.content-id-duplicate', 'A Content-ID is given twice.', { byte: head })
    seen.add(key)
  }
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

function bare(from: number, to: number, httpContentType: string | undefined): PackageOutline {
  assertUtf8(/;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(httpContentType ?? '')?.[1])
  const root: PartOutline = { contentId: '', contentType: 'text/xml', transferEncoding: '', headers: [], head: from, from, to }
  return { root, attachments: [], dialect: 'bare', boundary: '' }
}

function* skipBlanks(from: number): Reading<number> {
  for (let at = from; ;) {
    const window = yield { from: at, bytes: 1 }
    const rest = window.findIndex((byte) => byte !== CR && byte !== LF && byte !== 32 && byte !== 9)
    at += rest < 0 ? window.length : rest
    if (rest >= 0 || window.length === 0) return at
  }
}

function* skipLineBreaks(from: number): Reading<number> {
  for (let at = from; ;) {
    const window = yield { from: at, bytes: 2 }
    let skipped = 0
    while (window[skipped] === CR && window[skipped + 1] === LF) skipped += 2
    at += skipped
    if (skipped === 0 || skipped + 2 <= window.length) return at
  }
}

function* startsWith(at: number, what: Buffer): Reading<boolean> {
  return (yield { from: at, bytes: what.length }).subarray(0, what.length).equals(what)
}

function assertUtf8(charset: string | undefined): void {
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
    throw new StructureError('mime', 'mime.charset', 'The message is not declared as UTF-8.')
}

function noBoundary(): StructureError {
  return new StructureError('mime', 'mime.no-boundary', 'The message names no boundary.')
}
