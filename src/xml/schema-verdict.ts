// SPDX-License-Identifier: EUPL-1.2
/**
 * What the engine's lines mean. Fail-closed: valid is exactly one line, `m validates`; anything else is invalid or an error.
 * Also the last look at a document before it goes in: no document type, no encoding but UTF-8 (threat model X1, X2).
 * @module
 */

export interface SchemaProblem {
  /** From 1; 0 when the engine gave none. */
  readonly line: number
  readonly message: string
  /** Name of the element the engine complains of, as far as it says. */
  readonly element?: string
}

/** `error`: no statement about the document could be made. Never treat it as valid. */
export interface SchemaVerdict {
  readonly verdict: 'valid' | 'invalid' | 'error'
  readonly problems: readonly SchemaProblem[]
}

/** The name under which the engine sees every document. */
export const MESSAGE_FILE = 'm'

/** The engine ends its lines with LF; the values that it quotes hold other line breaks as well (CR, U+2028, U+2029). */
const PROBLEM =
  /^m:(\d+): (?:element ([^:\s]+): )?(?:namespace |parser |validity |Schemas |I\/O |encoding )?(?:validity |parser )?(?:error|warning) ?: ([\s\S]*)$/
/** What only a document can do wrong. */
const VIOLATION = /^m:\d+: (?:element [^:\s]+: )?Schemas validity error : /
/** The last line about a document that breaks its schema. */
const REFUSED = 'm fails to validate'
const ENGINE_TROUBLE = /out of memory|internal error|memory allocation failed|could not load|failed to load|I\/O error/i
const MAX_PROBLEMS = 200
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

export const failed = (message: string): SchemaVerdict => ({ verdict: 'error', problems: [{ line: 0, message }] })

/**
 * Reads the engine's lines about one document. It quotes values of the document with their line breaks, so that a line behind a violation
 * may be anybody's words: trouble counts only before the first one, and what begins no problem belongs to the one before.
 */
export function readVerdict(lines: readonly string[]): SchemaVerdict {
  if (lines.length === 1 && lines[0] === 'm validates') return { verdict: 'valid', problems: [] }
  const first = lines.findIndex((line) => VIOLATION.test(line))
  const trouble = lines.slice(0, first < 0 ? lines.length : first).find((line) => ENGINE_TROUBLE.test(line))
  if (trouble !== undefined || lines.length === 0) return failed(trouble ?? 'the schema engine gave no verdict')
  const said = lines.at(-1) === REFUSED ? lines.slice(0, -1) : lines
  const problems: SchemaProblem[] = []
  let quotes = false
  for (const line of said) {
    const found = PROBLEM.exec(line)
    const last = problems.at(-1)
    if (!found) {
      // behind what the parser says of a document stands a piece of it, and a mark below that
      if (last && quotes) problems[problems.length - 1] = { ...last, message: `${last.message}\n${line}` }
      continue
    }
    quotes = VIOLATION.test(line)
    if (problems.length === MAX_PROBLEMS) break
    const message = found[3] ?? line
    // some builds name the element before the message, some only in it
    const element = found[2] ?? /^Element '(?:\{[^}]*\})?([^'{}]+)'/.exec(message)?.[1]
    problems.push({ line: Number(found[1]), message, ...(element === undefined ? {} : { element }) })
  }
  if (problems.length > 0) return { verdict: 'invalid', problems }
  return failed(`unexpected answer of the schema engine: ${lines.slice(0, 3).join(' | ')}`)
}

/** Skips white space, comments and instructions; gives the offset of what comes first after them. */
function afterProlog(text: string): number {
  let at = 0
  for (;;) {
    const space = /^[ \t\r\n]+/.exec(text.slice(at, at + 4096))
    if (space) at += space[0].length
    else if (text.startsWith('<?', at)) at = endOf(text, '?>', at)
    else if (text.startsWith('<!--', at)) at = endOf(text, '-->', at)
    else return at
    if (at < 0) return text.length
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

/** A reason why the document must not reach the engine, or undefined. */
export function refusal(xml: Uint8Array): string | undefined {
  const bytes = Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength)
  if (bytes.subarray(0, 4).includes(0)) return 'the document is not UTF-8'
  const skip = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0
  // Latin-1 keeps every byte; the prolog is short, unless somebody hides something behind it
  let text = bytes.toString('latin1', skip, skip + 4096)
  if (afterProlog(text) > text.length - 16) text = bytes.toString('latin1', skip)
  const declared = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text.slice(0, 200))?.[1]
  if (declared !== undefined && !/^(?:utf-8|us-ascii)$/i.test(declared)) return `the document declares the encoding ${declared}`
  const at = afterProlog(text)
  if (text.startsWith('<!', at)) return 'a document type is not allowed'
  return undefined
}
