// SPDX-License-Identifier: EUPL-1.2
/**
 * What tools do to the octets of a part when they record or hand on a message. A digest that one of these ways back meets tells that nobody
 * tampered: the message has to be recorded again. Asked by the check only; to a gateway a changed part is a changed part.
 * Specs: [XMLDSIG §3.2.1], [RFC2046 §4.1.1].
 * @module
 */
import { referencesByUri } from '../osci/author-signature.js'
import type { OsciEnv, SoapEnvelope } from '../osci/types.js'
import { digest, readSignature, sameOctets } from '../xml/dsig.js'
import type { XmlElement } from '../xml/tree.js'

/** Each way back digests the part once more. */
const MOST_BYTES = 8 * 1024 * 1024

const NOT_BASE64 = /[^A-Za-z0-9+/=\s]/
const text = (octets: Buffer): string => octets.toString('latin1')
const octetsOf = (latin1: string): Buffer => Buffer.from(latin1, 'latin1')

/** In English, as all details. */
const WAYS_BACK: readonly (readonly [what: string, back: (octets: Buffer) => Buffer])[] = [
  ['LF has become CR LF', (octets) => octetsOf(text(octets).replaceAll('\r\n', '\n'))],
  ['CR LF has become LF', (octets) => octetsOf(text(octets).replace(/\r?\n/g, '\r\n'))],
  ['a line break was added at the end', (octets) => octetsOf(text(octets).replace(/\r?\n$/, ''))],
  ['the LF at the end was taken away', (octets) => Buffer.concat([octets, octetsOf('\n')])],
  ['the CR LF at the end was taken away', (octets) => Buffer.concat([octets, octetsOf('\r\n')])],
  ['Base64 was not undone', (octets) => (NOT_BASE64.test(text(octets)) ? octets : Buffer.from(text(octets), 'base64'))],
  ['single bytes were written as UTF-8', (octets) => octetsOf(octets.toString('utf8'))],
]

/**
 * How a part came to have another digest than its reference demands, where a recorder explains it.
 * @param uri `cid:` of the part.
 */
export function recorderChange(uri: string, signature: XmlElement, { parts }: SoapEnvelope, { algorithms }: OsciEnv): string | undefined {
  const part = [...parts.attachments.values()].find(({ contentId }) => `cid:${contentId}` === uri)
  const [reference] = referencesByUri(readSignature(signature, 'message-signature')).get(uri) ?? []
  if (!part || !reference || part.body.byteLength > MOST_BYTES) return undefined
  const octets = Buffer.from(part.body.buffer, part.body.byteOffset, part.body.byteLength)
  const { digestMethod, digestValue } = reference
  return WAYS_BACK.find(([, back]) => sameOctets(digest(algorithms.signature, digestMethod, back(octets)), digestValue))?.[0]
}
