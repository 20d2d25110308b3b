// SPDX-License-Identifier: EUPL-1.2
/**
 * What tools leave around a message when they record it: the head of an HTTP request or answer, the head of a mail, Base64 of the whole. It
 * is taken off, and what it says of the body (length, chunks, type) is held against the body. Heads are read leniently, for no signature
 * covers them and recorders change their line ends; what could be read in two ways is refused all the same.
 *
 *   POST /osci HTTP/1.1 CRLF name: value CRLF … CRLF CRLF body          Received: … CRLF Content-Type: … CRLF CRLF body
 *
 * Specs: [RFC9112 §2, §7.1], [RFC5322 §2.2], [RFC2045 §6], [RFC2046 §5.1.1], [RFC4155].
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { readContentType } from '../mime/header.js'
import { decodeQuotedPrintable } from '../mime/quoted-printable.js'
import { decodeTransfer, TRANSFER_ENCODINGS } from '../mime/transfer.js'

/** What was recorded, without what was around it. */
export interface Captured {
  /** A view into the file, unless an encoding had to be undone. */
  readonly bytes: Uint8Array
  readonly contentType?: string
  /** In what the head and the body differ. */
  readonly differs?: string
  /** Bytes behind the body that nobody reads, when they are more than blank: the next message of the same connection, mostly. */
  readonly unread?: number
  /** Codings that the head names and the body no longer has: the recorder has undone them. */
  readonly undone?: string
}

/** Heads are short; behind this nobody looks for their end. */
const MAX_HEAD_BYTES = 256 * 1024

/** HTTP/2 and 3 have no start line; recorders write one all the same. */
const VERSION = 'HTTP/(?:1\\.[01]|[23](?:\\.0)?)'
const STATUS_LINE = new RegExp(`^${VERSION} ([1-5]\\d\\d)(?: [^\\r\\n]*)?\\r?\\n`)
const START_LINE = new RegExp(`^(?:[A-Z]{3,10} \\S{1,4096} ${VERSION}|${VERSION} [1-5]\\d\\d(?: [^\\r\\n]*)?)\\r?\\n`)
const LATER_START_LINE = new RegExp(START_LINE.source, 'm')
/** Longer than any start line that is read as one. */
const MAX_START_LINE_BYTES = 4200
const FIELD = /^(?:From |[A-Za-z][A-Za-z0-9-]*[ \t]*:)/
/** Fields that stand in a mail and not in the MIME head of an OSCI message. */
const MAIL_FIELD = /^(?:from|to|date|subject|received|return-path|delivered-to|message-id)[ \t]*:/im

/** Editors put a byte order mark there, and who copies from a window an empty line; neither is part of what was recorded. */
const BEFORE_HEAD = /^(?:\xef\xbb\xbf)?(?:\r?\n){0,16}/

/** Length of what stands before a head and says nothing. */
export const beforeHead = (head: string): number => BEFORE_HEAD.exec(head)?.[0].length ?? 0

export const isHttp = (head: string): boolean => START_LINE.test(head)

/** @param isAll the file ends with `head`: a text may begin like a field, a mail has an empty line behind its fields. */
export function isMail(head: string, isAll: boolean): boolean {
  const [fields = '', behind] = head.split(/\r?\n\r?\n/, 2)
  return FIELD.test(head) && MAIL_FIELD.test(fields) && (behind !== undefined || !isAll)
}

const refuse = (finding: string, message: string): StructureError => new StructureError('mime', finding, message)

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Offset just behind the empty line that ends the head. */
function headEnd(file: Buffer): number {
  const text = file.toString('latin1', 0, MAX_HEAD_BYTES)
  const found = /\r?\n\r?\n/.exec(text)
  if (!found) throw refuse('mime.header-malformed', 'the head of the capture has no end')
  return found.index + found[0].length
}

/** Fields by lower-case name; one that decides how the body is read must not be there twice. */
function fieldsOf(head: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const key = name.toLowerCase()
    if (fields.has(key) && /^(?:content-(?:type|length|encoding|transfer-encoding)|transfer-encoding)$/.test(key))
      throw refuse('mime.header-duplicate', `header ${key} is given twice`)
    fields.set(key, value.trim())
  }
  return fields
}

const BLANK: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20])

/** What stands behind the body: blanks that a recorder added differ only; anything else stays unread, and that must be told. */
function behindBody(rest: Uint8Array, differs: string): Pick<Captured, 'differs' | 'unread'> {
  if (rest.byteLength === 0) return {}
  return rest.every((byte) => BLANK.has(byte)) ? { differs } : { unread: rest.byteLength }
}

/** Fields behind the last chunk, and the empty line that ends them. */
const TRAILERS = /^(?:[!-9;-~]+:[^\r\n]*\r\n)*\r\n/

/** Undoes chunked transfer [RFC9112 §7.1]; trailers are left out. */
function withoutChunks(body: Buffer): Captured {
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at)
    const [, hex] =
      (end < 0 ? undefined : /^([0-9a-f]{1,8})(?:[ \t]*;.*)?$/i.exec(body.toString('latin1', at, Math.min(end, at + 1024)))) ?? []
    if (hex === undefined) throw refuse('mime.chunks', 'the chunks of the capture cannot be read')
    const bytes = Number.parseInt(hex, 16)
    const from = end + 2
    if (bytes === 0) {
      const trailers = TRAILERS.exec(body.toString('latin1', from, from + MAX_HEAD_BYTES))?.[0].length ?? 0
      const rest = body.subarray(from + trailers)
      return { bytes: Buffer.concat(pieces), ...behindBody(rest, `${rest.byteLength} bytes behind the last chunk`) }
    }
    if (body[from + bytes] !== 0x0d || body[from + bytes + 1] !== 0x0a)
      throw refuse('mime.chunks', 'a chunk has another length than it says')
    pieces.push(body.subarray(from, from + bytes))
    at = from + bytes + 2
  }
}

interface HttpHead {
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
}

function headOf(file: Buffer): HttpHead {
  const start = headEnd(file)
  return { fields: fieldsOf(file.toString('latin1', 0, start)), body: file.subarray(start) }
}

const statusIn = (bytes: Buffer): string | undefined => STATUS_LINE.exec(bytes.toString('latin1', 0, MAX_START_LINE_BYTES))?.[1]

/** Answers without a body that stand before the one that counts: a proxy's, a server's, and some more. */
const MOST_HEADS_BEFORE = 8

/** The head that the body belongs to. Answers without one of their own may stand before it: 100 Continue, a proxy's 200 for the tunnel. */
function lastHead(file: Buffer): HttpHead {
  const isAnswer = statusIn(file) !== undefined
  let head = headOf(file)
  for (let passed = 0; passed < MOST_HEADS_BEFORE; passed++) {
    const next = statusIn(head.body)
    const hasBody = isAnswer ? head.fields.has('content-length') || head.fields.has('transfer-encoding') : next !== '100'
    if (next === undefined || hasBody) break
    const following = headOf(head.body)
    head = isAnswer ? following : { ...head, body: following.body }
  }
  return head
}

/** The first line of chunks, right or wrong. */
const FIRST_CHUNK = /^[0-9a-f]+[ \t]*(?:;|\r?\n)/i
const GZIP = /^(?:x-)?gzip$/
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Of a body whose length the head no longer tells: up to the next message that was recorded. */
function upToNextHead(body: Buffer): Captured {
  const next = LATER_START_LINE.exec(body.toString('latin1'))?.index ?? body.byteLength
  return { bytes: body.subarray(0, next), ...behindBody(body.subarray(next), '') }
}

/** @throws {StructureError} `mime.*`: the head cannot be read, or the body not by it. */
export function httpBody(file: Uint8Array): Captured {
  const { fields, body } = lastHead(bufferOf(file))
  const type = fields.get('content-type')
  const known = type === undefined ? {} : { contentType: type }
  const said = fields.get('content-length')
  const transfer = fields.get('transfer-encoding')?.toLowerCase()
  if (transfer !== undefined && transfer !== 'chunked')
    throw refuse('mime.content-coding', `the body of the capture is coded: ${transfer.slice(0, 40)}`)
  // two readers could take two different bodies from it [RFC9112 §6.3]
  if (transfer !== undefined && said !== undefined) throw refuse('mime.chunks', 'Transfer-Encoding and Content-Length at once')
  const isEmpty = body.byteLength === 0
  const isChunked = transfer !== undefined && FIRST_CHUNK.test(body.toString('latin1', 0, 1024))
  const undone = transfer === undefined || isChunked || isEmpty ? [] : [transfer]
  const whole = isChunked ? withoutChunks(body) : { bytes: body }
  const coding = fields.get('content-encoding')?.toLowerCase() ?? 'identity'
  if (coding !== 'identity' && !isEmpty) {
    if (!GZIP.test(coding) || isGzip(whole.bytes))
      throw refuse('mime.content-coding', `the body of the capture is compressed: ${coding.slice(0, 40)}`)
    undone.push(coding)
  }
  // a Content-Length counted what is no longer there
  if (undone.length > 0) return { ...(isChunked ? whole : upToNextHead(body)), ...known, undone: undone.join(', ') }
  if (transfer !== undefined) return { ...whole, ...known }
  if (said === undefined) return { bytes: body, ...known }
  const bytes = /^\d{1,15}$/.test(said) ? Number(said) : Number.NaN
  const differs = `${said.slice(0, 20)} ≠ ${body.byteLength}`
  if (bytes <= body.byteLength) return { bytes: body.subarray(0, bytes), ...known, ...behindBody(body.subarray(bytes), differs) }
  return { bytes: body, ...known, differs }
}

/** Text before the first delimiter is for people whose program knows no MIME, and means nothing [RFC2046 §5.1.1]. */
function withoutPreamble(body: Buffer, boundary: string): Buffer {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  if (body.indexOf(delimiter) === 0) return body
  // a bare LF before it is the reader's to refuse, by its own name
  const at = body.indexOf(Buffer.concat([Buffer.from('\n'), delimiter]))
  return at < 0 ? body : body.subarray(at + 1)
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)/g
/** Parameters of a mail's type that say how its body is read. */
const NEEDED = /^(?:boundary|type|start|charset)\b/i

/** A mail's type without what nobody needs here: names of files in the form of RFC 2231, comments, a semicolon at the end. */
function plainType(value: string): string {
  const semicolon = value.indexOf(';')
  if (semicolon < 0) return value
  const needed = [...value.matchAll(PARAMETER)].filter(([, name = '']) => NEEDED.test(name))
  return value.slice(0, semicolon) + needed.map(([, name, given]) => `; ${name}=${given}`).join('')
}

/** In a mailbox (mbox) every mail begins with a line of its own, behind an empty one [RFC4155]. */
const NEXT_MAIL = /\r?\n\r?\n(?=From [^\r\n]*\r?\n[!-9;-~]+[ \t]*:)/

/** The first mail of a mailbox; any other file is one mail. */
function firstMail(file: Buffer): Captured {
  const next = file.toString('latin1', 0, 5) === 'From ' ? NEXT_MAIL.exec(file.toString('latin1')) : null
  if (!next) return { bytes: file }
  const end = next.index + next[0].length
  return { bytes: file.subarray(0, end), unread: file.byteLength - end }
}

/**
 * A mail's body: a package whose type stands in the mail's head, or one document.
 * @throws {StructureError} `mime.*`: the head cannot be read, or the body not by it.
 */
export function mailBody(file: Uint8Array, limits: Limits): Captured {
  const mail = firstMail(bufferOf(file))
  return { ...mail, ...bodyOfMail(bufferOf(mail.bytes), limits) }
}

function bodyOfMail(all: Buffer, limits: Limits): Captured {
  const start = headEnd(all)
  const fields = fieldsOf(all.toString('latin1', 0, start))
  const given = fields.get('content-type')
  const body = all.subarray(start)
  if (given === undefined) return { bytes: body }
  const contentType = plainType(given)
  const { type, parameters } = readContentType(contentType)
  const boundary = parameters.get('boundary')
  if (type.startsWith('multipart/')) return { bytes: boundary === undefined ? body : withoutPreamble(body, boundary), contentType }
  const encoding = fields.get('content-transfer-encoding')?.toLowerCase() ?? '7bit'
  if (body.byteLength > limits.messageBytes) throw refuse('mime.message-size', 'the body of the mail is larger than the limit')
  // mail programs write it; no part of an OSCI message may
  if (encoding === 'quoted-printable') return { bytes: decodeQuotedPrintable(body), contentType }
  if (!TRANSFER_ENCODINGS.has(encoding)) throw refuse('mime.transfer-encoding', 'the transfer encoding of the mail is unknown')
  // readers of mail pass over blanks [RFC2045 §6.8]; a part of an OSCI message has none
  const text = encoding === 'base64' ? body.filter((byte) => !BLANK.has(byte)) : body
  return { bytes: decodeTransfer(encoding, type, text), contentType }
}

/** Of two alphabets one is used. */
const isBase64Text = (text: string): boolean => !/[^A-Za-z0-9+/=\s]/.test(text) || !/[^A-Za-z0-9_=\s-]/.test(text)
/** Shorter than any message; a word of the language may be Base64 of something. */
const LEAST_BASE64 = 64

/** What Base64 text begins with, of either alphabet; undefined: it is none. */
export function behindBase64(head: string): Uint8Array | undefined {
  return head.length < LEAST_BASE64 || !isBase64Text(head) ? undefined : Buffer.from(head, 'base64')
}

/** A message that somebody keeps in Base64, in lines or not. With anything else in it, it stays as it is: nobody knows what was meant. */
export function base64Body(file: Uint8Array): Captured {
  const text = bufferOf(file).toString('latin1').trimEnd()
  const padding = text.indexOf('=')
  const isWhole = isBase64Text(text) && (padding < 0 || /^=\s*=?$/.test(text.slice(padding, padding + MAX_START_LINE_BYTES)))
  return { bytes: isWhole ? Buffer.from(text, 'base64') : file }
}
