// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms as browsers and curl send them: multipart/form-data, by the same strict grammar as messages. Nothing is copied.
 *
 *   --b CRLF Content-Disposition: form-data; name="file"; filename="a.bin" CRLF … CRLF CRLF octets CRLF --b … --b--
 *
 * Specs: [RFC7578].
 * @module
 */
import { StructureError } from '../errors.js'
import type { Limits } from '../env.js'
import { delimiterOf, readParts } from './grammar.js'
import { headerValue, readContentType, readParameters } from './header.js'
import type { MimeHeader } from './parts.js'
import { readMemory } from './window.js'

/** One field; `bytes` is a view into the body. */
export interface FormField {
  readonly name: string
  /** Of a file; undefined for a plain value. */
  readonly fileName: string | undefined
  readonly bytes: Uint8Array
}

/** Octets travel as they are; whoever says otherwise would be misread. */
const PLAIN = new Set(['7bit', '8bit', 'binary'])

/**
 * Takes a form apart.
 * @param contentType the HTTP header's value.
 * @param limits of parts, headers and their lines; the body's size is the caller's.
 * @returns its fields, in order; a name may occur several times.
 * @throws StructureError `mime.*`.
 */
export function readForm(body: Uint8Array, limits: Limits, contentType: string): readonly FormField[] {
  const { type, parameters } = readContentType(contentType)
  const boundary = parameters.get('boundary')
  if (type !== 'multipart/form-data' || boundary === undefined) throw new StructureError('mime', 'mime.no-boundary', 'This is no form.')
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return readMemory(
    readParts(0, bytes.length, delimiterOf(boundary), limits, (headers, { from, to }) => ({
      ...readNames(headers),
      bytes: bytes.subarray(from, to),
    })),
    bytes,
  )
}

function readNames(headers: readonly MimeHeader[]): Pick<FormField, 'name' | 'fileName'> {
  const { first, parameters } = readParameters(headerValue(headers, 'Content-Disposition') ?? '')
  const name = parameters.get('name')
  if (first.toLowerCase() !== 'form-data' || name === undefined)
    throw new StructureError('mime', 'mime.part-header', 'A part of a form has no name.')
  if (!PLAIN.has(headerValue(headers, 'Content-Transfer-Encoding')?.toLowerCase() ?? 'binary'))
    throw new StructureError('mime', 'mime.transfer-encoding', 'A part of a form has a transfer encoding.')
  return { name, fileName: parameters.get('filename') }
}
