// SPDX-License-Identifier: EUPL-1.2
/**
 * Heads of MIME parts: which of their bytes and values may be seen. Senders put names of files, and so of people, into any line of them.
 * @module
 */
import type { Discretion } from './discretion.js'
import type { DocumentBytes } from './documents.js'

const PLAIN_TYPE = /^[a-z]+\/[\w.+-]+/i
const ENCODING = /^(?:7bit|8bit|binary|base64|quoted-printable)$/i

/** Media type without parameters, for `name` is one of them. */
export const mediaTypeIn = (contentType: string, { shows }: Discretion): string =>
  shows ? contentType : (PLAIN_TYPE.exec(contentType.trim())?.[0] ?? '•')

export const transferEncodingIn = (encoding: string, discretion: Discretion): string =>
  ENCODING.test(encoding.trim()) ? encoding : discretion.value(encoding)

const bare = (id: string): string => id.trim().replace(/^"?<?|>?"?$/g, '')

type Shows = (value: string, discretion: Discretion) => boolean

const isPlain =
  (form: RegExp): Shows =>
  (value) =>
    form.test(value)
const isKnownId: Shows = (value, discretion) => !discretion.hidesContentId(bare(value))

/** Lines of one value. */
const LINES: Readonly<Record<string, Shows>> = {
  'mime-version': isPlain(/^1\.0$/),
  'content-transfer-encoding': isPlain(ENCODING),
  'content-length': isPlain(/^\d{1,15}$/),
  'content-id': isKnownId,
}

/** Parameters of Content-Type. */
const PARAMETERS: Readonly<Record<string, Shows>> = {
  charset: isPlain(/^"?[\w-]{1,20}"?$/),
  boundary: () => true,
  start: isKnownId,
  type: isPlain(/^"?[a-z]+\/[\w.+-]+"?$/i),
}

/** Ranges [from, to) of one header field, folded or not, that may be seen. */
function rangesIn(field: string, discretion: Discretion): (readonly [from: number, to: number])[] {
  const [head, name, value] = /^([A-Za-z-]+):[ \t]*([^]*)$/.exec(field) ?? []
  if (head === undefined || name === undefined || value === undefined) return []
  const shows = LINES[name.toLowerCase()]
  if (shows) return [[0, shows(value.trim(), discretion) ? field.length : field.length - value.length]]
  if (name.toLowerCase() !== 'content-type') return []
  const at = field.length - value.length
  const type = at + (PLAIN_TYPE.exec(value)?.[0].length ?? 0)
  const parameters = [...field.slice(type).matchAll(/;\s*([A-Za-z]+)[ \t]*=[ \t]*("[^"\r\n]*"|[^;\s"]*)/g)]
  return [
    [0, type],
    ...parameters
      .filter(([, parameter, text]) => PARAMETERS[parameter?.toLowerCase() ?? '']?.(text ?? '', discretion) === true)
      .map(({ index, 0: { length } }) => [type + index, type + index + length] as const),
  ]
}

/** Delimiters, and of the fields between them what the tables let be seen. */
export function revealHead(home: DocumentBytes, from: number, to: number, boundary: string, discretion: Discretion): void {
  const head = Buffer.from(home.bytes.buffer, home.bytes.byteOffset, home.bytes.byteLength).toString('latin1', from, to)
  for (const { index, 0: field } of head.matchAll(/[^\r\n]+(?:\r\n[ \t][^\r\n]*)*/g)) {
    const isDelimiter = field === `--${boundary}` || field === `--${boundary}--`
    const ranges = isDelimiter ? [[0, field.length] as const] : rangesIn(field, discretion)
    for (const [first, end] of ranges) home.reveal(from + index + first, from + index + end)
  }
  for (const { index, 0: breaks } of head.matchAll(/[\r\n]+/g)) home.reveal(from + index, from + index + breaks.length)
}
