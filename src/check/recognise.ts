// SPDX-License-Identifier: EUPL-1.2
/**
 * What bytes are, by their beginning and never by a file's name: a table of forms. A form is a kind of message, or a wrapping that a
 * recorder left and that is taken off once.
 *
 *   envelope │ XML ─ SOAP or not │ HTTP head ⇒ what is in it │ mail head ⇒ what is in it │ Base64 ⇒ what is in it │ MIME package
 * @module
 */
import type { Limits } from '../env.js'
import { base64Body, beforeHead, behindBase64, httpBody, isHttp, isMail, mailBody, type Captured } from './captures.js'
import { looksLikeXml } from '../xoev/beginning.js'
import type { CheckResult } from './types.js'

type Kind = CheckResult['kind']
type Capture = NonNullable<CheckResult['capture']>

/** Enough for the root element's name, or the first fields of a head. */
const HEAD_BYTES = 4096
/** First bytes of a protector envelope (docs/envelope.md). */
const ENVELOPE_MAGIC = 'PRTK'
/** The root, not something that a document quotes. */
const SOAP = /^(?:\xef\xbb\xbf)?(?:\s|<\?(?:(?!\?>)[^])*\?>|<!--(?:(?!-->)[^])*-->)*<(?:[^\s<>!?/:]+:)?Envelope[\s>]/
const SOAP_NAMESPACE = 'http://schemas.xmlsoap.org/soap/envelope/'

/** A page, as proxies and servers answer with: no document that anybody meant to check. */
export const HTML = /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[^])*-->\s*)*<(?:!doctype\s+)?html[\s>]/i

interface Look {
  readonly head: string
  readonly isXml: boolean
  /** Nothing stands behind the head. */
  readonly isAll: boolean
  /** What was taken off, and what it said. */
  readonly capture?: Capture
  readonly contentType: string
}

interface KindRow {
  readonly kind: Kind
  fits(look: Look): boolean
}

interface CaptureRow {
  readonly capture: Capture
  fits(look: Look): boolean
  unwrap(bytes: Uint8Array, limits: Limits): Captured
}

const CAPTURES: readonly CaptureRow[] = [
  { capture: 'http', fits: ({ head }) => isHttp(head), unwrap: httpBody },
  { capture: 'mail', fits: ({ head, isAll }) => isMail(head, isAll), unwrap: mailBody },
  { capture: 'base64', fits: ({ head }) => isMessageInBase64(head), unwrap: base64Body },
]

/** First part of a mail that people read, with its pictures and files; of a message the root's type is XML. */
const LETTER = /^\s*--[^\n]*\n(?:[a-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?content-type:\s*(?:multipart\/|text\/(?:html|plain))/i

/** A text may begin with the words; a type has a slash. */
const MIME_HEAD =
  /^(?:\xef\xbb\xbf)?\s*(?:(?:mime-version|content-(?:transfer-encoding|id|length))[ \t]*:|content-type[ \t]*:\s*[^\s;/]+\/)/i

/** The first that fits. */
const KINDS: readonly KindRow[] = [
  { kind: 'envelope', fits: ({ head }) => head.startsWith(ENVELOPE_MAGIC) },
  { kind: 'osci', fits: ({ head, isXml }) => isXml && SOAP.test(head) && head.includes(SOAP_NAMESPACE) },
  { kind: 'unknown', fits: ({ head }) => HTML.test(head) },
  { kind: 'xoev', fits: ({ isXml }) => isXml },
  {
    kind: 'osci',
    fits: ({ head }) => MIME_HEAD.test(head),
  },
  // a package of another type than multipart/related is a letter, not a message
  {
    kind: 'osci',
    fits: ({ head, capture, contentType }) =>
      /^\s*--[^\n]{1,72}\r?\ncontent-/i.test(head) &&
      !/^multipart\/(?!related)/i.test(contentType) &&
      !(capture === 'mail' && LETTER.test(head)),
  },
]

function look(bytes: Uint8Array, contentType = '', capture?: Capture): Look {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
  return { head, isXml: looksLikeXml(bytes), isAll: bytes.byteLength <= HEAD_BYTES, contentType, ...(capture ? { capture } : {}) }
}

/** Text that is meant as XML, where a few characters of anything may decode to a `<`. */
const XML_TEXT = /^(?:\xef\xbb\xbf)?\s*<[?!A-Za-z_][^\0]*$/

function isMessageInBase64(head: string): boolean {
  const inside = behindBase64(head)
  if (inside === undefined) return false
  const seen = look(inside)
  const kind = kindOf(seen)
  return kind !== 'unknown' && (kind !== 'xoev' || XML_TEXT.test(seen.head))
}

const kindOf = (seen: Look): Kind => KINDS.find((row) => row.fits(seen))?.kind ?? 'unknown'

/** What bytes claim to be, and the wrapping around them. */
export interface Recognised extends Captured {
  readonly kind: Kind
  readonly capture: Capture | null
}

/**
 * @throws {StructureError} `mime.*`: a wrapping that cannot be taken off.
 */
export function recognise(bytes: Uint8Array, limits: Limits): Recognised {
  const seen = look(bytes)
  const before = beforeHead(seen.head)
  const fromHead = { ...seen, head: seen.head.slice(before) }
  const wrapped = CAPTURES.find((row) => row.fits(fromHead))
  if (!wrapped) return { kind: kindOf(seen), capture: null, bytes }
  const inside = wrapped.unwrap(bytes.subarray(before), limits)
  return { kind: kindOf(look(inside.bytes, inside.contentType, wrapped.capture)), capture: wrapped.capture, ...inside }
}
