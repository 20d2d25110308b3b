// SPDX-License-Identifier: EUPL-1.2
/**
 * MIME header blocks: lines, folding, structured values.
 *
 *   name ":" value CRLF ( WSP continuation CRLF )* … CRLF
 *
 * One reading only. What two parsers could read differently (bare CR or LF, blank before the colon, a header given twice,
 * a parameter given twice, RFC 2231 pieces, comments) is refused, not repaired.
 * Specs: [RFC5322 §2.2], [RFC2045 §5.1]; threat model M2, M3.
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import type { MimeHeader } from './parts.js'
import type { Reading } from './window.js'

export interface HeaderBlock {
  readonly headers: readonly MimeHeader[]
  /** Offset of the first byte after the empty line. */
  readonly next: number
}

/** `type` in lower case; parameters by lower-case name. */
export interface ContentTypeValue {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  /** Names of the parameters as they are written. */
  readonly written: readonly string[]
}

const LF = 10
const CR = 13
const NAME = /^[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]*$/
// eslint-disable-next-line no-control-regex -- control characters are what is looked for; TAB is white space
const CONTROL = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const MEDIA_TYPE = /^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+$/
/**
 * Unquoted values may hold `/`, `+` and `=`: boundaries of the reference library do, though RFC 2045 wants quotes then. They may be empty:
 * the .NET library names an empty boundary in each responseToProcessDelivery.
 */
const PARAMETER = /^[ \t]*;[ \t]*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"\\()<>,]*))/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads header lines from `start` up to and including the empty line.
 * @throws StructureError `mime.header-*`, `mime.bare-line-break`.
 */
export function* readHeaders(start: number, limits: Limits): Reading<HeaderBlock> {
  const headers: { name: string; value: string; bytes: number }[] = []
  const seen = new Set<string>()
  let at = start
  for (;;) {
    const from = at
    const line = yield* readLine(from, limits)
    at = line.next
    if (line.text === '') break
    if (line.text.startsWith(' ') || line.text.startsWith('\t')) {
      const open = headers.at(-1)
      if (open === undefined || line.text.trim() === '') throw malformed('a continuation line continues nothing', from)
      open.bytes += line.text.length
      if (open.bytes > limits.mimeLineBytes) throw tooLong(limits, from)
      open.value = `${open.value} ${line.text.trim()}`.trim()
      continue
    }
    const colon = line.text.indexOf(':')
    const name = line.text.slice(0, Math.max(colon, 0))
    if (!NAME.test(name)) throw malformed('a header line has no valid name', from)
    if (headers.length >= limits.mimeHeaders)
      throw new StructureError('mime', 'mime.header-count', `A part has more than ${limits.mimeHeaders} header lines.`, { byte: from })
    const key = name.toLowerCase()
    if (seen.has(key)) throw new StructureError('mime', 'mime.header-duplicate', `Header ${name} is given twice.`, { byte: from })
    seen.add(key)
    headers.push({ name, value: line.text.slice(colon + 1).trim(), bytes: line.text.length })
  }
  return { headers: headers.map(({ name, value }) => ({ name, value })), next: at }
}

function* readLine(at: number, limits: Limits): Reading<{ text: string; next: number }> {
  // Searching only as far as a line may reach keeps one endless line from costing more than the limit.
  const reach = limits.mimeLineBytes + 2
  const window = (yield { from: at, bytes: reach }).subarray(0, reach)
  const lf = window.indexOf(LF)
  if (lf < 0) {
    if (window.length > limits.mimeLineBytes) throw tooLong(limits, at)
    throw malformed('the header block has no end', at)
  }
  if (lf === 0 || window[lf - 1] !== CR)
    throw new StructureError('mime', 'mime.bare-line-break', 'A MIME line does not end with CR LF.', { byte: at })
  let text: string
  try {
    text = utf8.decode(window.subarray(0, lf - 1))
  } catch (cause) {
    throw new StructureError('mime', 'mime.header-characters', 'A MIME header is not UTF-8.', { cause, byte: at })
  }
  if (CONTROL.test(text))
    throw new StructureError('mime', 'mime.header-characters', 'A MIME header holds a control character.', { byte: at })
  return { text, next: at + lf + 1 }
}

/** The value of a header, by any spelling of its name. */
export function headerValue(headers: readonly MimeHeader[], name: string): string | undefined {
  const key = name.toLowerCase()
  return headers.find((header) => header.name.toLowerCase() === key)?.value
}

/**
 * Reads `type/subtype; name=value…`.
 * @throws StructureError `mime.content-type`, `mime.parameter-duplicate`.
 */
export function readContentType(value: string): ContentTypeValue {
  const { first, ...parameters } = readParameters(value)
  if (!MEDIA_TYPE.test(first)) throw contentType('is no media type')
  return { type: first.toLowerCase(), ...parameters }
}

/**
 * Reads `value; name=value…`, the form of Content-Type and Content-Disposition.
 * @returns `first`: what stands before the parameters, trimmed.
 * @throws StructureError `mime.content-type`, `mime.parameter-duplicate`.
 */
export function readParameters(value: string): Pick<ContentTypeValue, 'parameters' | 'written'> & { readonly first: string } {
  const semicolon = value.indexOf(';')
  const first = (semicolon < 0 ? value : value.slice(0, semicolon)).trim()
  const parameters = new Map<string, string>()
  const written: string[] = []
  let rest = semicolon < 0 ? '' : value.slice(semicolon)
  while (rest.trim() !== '') {
    const match = PARAMETER.exec(rest)
    const name = match?.[1]?.toLowerCase()
    if (match === null || name === undefined) throw contentType('has a parameter that cannot be read')
    // `boundary*=` and `boundary*0=` (RFC 2231) are a second way to say the same: nobody in the field writes them.
    if (!TOKEN.test(name) || name.includes('*')) throw contentType('has a parameter with an unusable name')
    if (parameters.has(name)) throw new StructureError('mime', 'mime.parameter-duplicate', `Content-Type names ${name} twice.`)
    written.push(match[1] ?? '')
    parameters.set(name, match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1'))
    rest = rest.slice(match[0].length)
    if (rest !== '' && !/^[ \t]*(;|$)/.test(rest)) throw contentType('has text after a parameter')
  }
  return { first, parameters, written }
}

function contentType(what: string): StructureError {
  return new StructureError('mime', 'mime.content-type', `A Content-Type ${what}.`)
}

function malformed(what: string, byte: number): StructureError {
  return new StructureError('mime', 'mime.header-malformed', `The MIME header cannot be read: ${what}.`, { byte })
}

function tooLong(limits: Limits, byte: number): StructureError {
  return new StructureError('mime', 'mime.header-length', `A MIME header line is longer than ${limits.mimeLineBytes} bytes.`, { byte })
}
