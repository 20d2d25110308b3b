// SPDX-License-Identifier: EUPL-1.2
/**
 * What else lies where messages are recorded, told by its beginning, so that who reads "not recognised" knows what was handed in.
 * @module
 */
import { isGzip } from './captures.js'
import { HTML, type Recognised } from './recognise.js'

const BEGINNING_BYTES = 64 * 1024

/** In English, as all details. The first that fits. */
const STRANGERS: readonly (readonly [what: string, looks: RegExp])[] = [
  ['a zip archive', /^PK[^\w\s]{2}/],
  ['a PDF', /^%PDF-/],
  ['a picture', /^(?:\x89PNG|GIF8|\xff\xd8\xff)/],
  ['a network recording (pcap)', /^(?:\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\n\r\r\n)/],
  ['a page of HTML, perhaps the error page of a proxy or a server', HTML],
  ['text in UTF-16', /^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/],
  ['certificates or keys (PEM)', /^-----BEGIN /],
  ['JSON, perhaps HAR or a collection of requests', /^(?:\xef\xbb\xbf)?\s*[{[]/],
  ['a hexadecimal dump', /^\s*(?:0x)?[0-9a-f]{4,8}:?[ \t]+[0-9a-f]{2}/i],
  ['a trace of curl', /^(?:\* |== Info:|> [A-Z])/],
  ['a text that begins like a mail', /^(?:from|to|date|subject)[ \t]*:/i],
]
const MESSAGE = /<\?xml\s|<(?:[^\s<>!?/:]+:)?Envelope[\s>]|^mime-version[ \t]*:/im

/** What bytes that nobody recognises seem to be; undefined: no idea. */
export function strangerIn({ bytes, capture, contentType = '' }: Recognised): string | undefined {
  if (bytes.byteLength === 0) return 'empty'
  if (!bytes.some((byte) => byte > 0x20)) return 'nothing but blanks or zeros'
  if (isGzip(bytes)) return 'compressed with gzip'
  if (capture === 'base64') return 'a message in Base64, with something else in it'
  if (capture === 'mail' && /^multipart\//i.test(contentType)) return 'a letter of several parts'
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, BEGINNING_BYTES)).toString('latin1')
  const [known] = STRANGERS.find(([, looks]) => looks.test(beginning)) ?? []
  const at = known === undefined && capture === null ? beginning.search(MESSAGE) : -1
  return at < 0 ? known : `a message seems to begin in line ${beginning.slice(0, at).split('\n').length}`
}
