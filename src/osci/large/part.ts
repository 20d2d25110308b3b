// SPDX-License-Identifier: EUPL-1.2
/**
 * Parts that are not in memory: where their octets lie, and the digests that were made while they passed by.
 * @module
 */
import { createHash, type Hash } from 'node:crypto'
import { SignatureError } from '../../errors.js'
import { base64Decoder } from '../../mime/base64-stream.js'
import type { PartOutline } from '../../mime/grammar.js'
import type { Part } from '../../mime/parts.js'
import { WINDOW_BYTES } from '../../mime/source.js'
import type { MessageName } from '../messages.js'
import type { OsciEnv, OsciMessage } from '../types.js'
import { sliceSource, type ByteSource } from './source.js'

/** An attachment as a range of its package. */
export interface LargePart extends Omit<Part, 'body'> {
  /** The octets as they stand in the package, transfer encoding still on. */
  readonly stored: ByteSource
  /** Bytes once the transfer encoding is undone. */
  readonly bytes: number
  /** Over the octets once the transfer encoding is undone, by digest method URI. */
  readonly digests: ReadonlyMap<string, Uint8Array>
}

/** A message whose attachments are not in memory. `evidence.covered` holds the very parts that stand here. */
export type LargeMessage<N extends MessageName = MessageName> = Omit<OsciMessage<N>, 'attachments'> & {
  readonly attachments: readonly LargePart[]
}

/** The form in which a part goes through the stages: nobody can take it for one that has its octets with it. */
export class StoredPart implements LargePart, Part {
  readonly contentId: string
  readonly contentType: string
  readonly transferEncoding: string
  readonly headers: Part['headers']
  readonly stored: ByteSource
  readonly digests: Map<string, Uint8Array>
  bytes: number

  constructor(head: Omit<Part, 'body'>, stored: ByteSource, known?: Pick<LargePart, 'bytes' | 'digests'>) {
    this.contentId = head.contentId
    this.contentType = head.contentType
    this.transferEncoding = head.transferEncoding
    this.headers = head.headers
    this.stored = stored
    this.digests = new Map(known?.digests)
    this.bytes = known?.bytes ?? 0
  }

  get body(): Uint8Array {
    throw new TypeError('the octets of this part are not in memory')
  }
}

export const storedPart = (outline: PartOutline, source: ByteSource): StoredPart =>
  new StoredPart(outline, sliceSource(source, outline.from, outline.to))

/**
 * The octets of a part, transfer encoding undone, in pieces of at most 256 KiB.
 * @throws {StructureError} 9100 `mime.base64`; whatever the source throws.
 */
export async function* partOctets(part: Omit<LargePart, 'bytes' | 'digests'>): AsyncGenerator<Uint8Array> {
  const decoder = part.transferEncoding === 'base64' || part.contentType === 'text/base64' ? base64Decoder() : undefined
  const { stored } = part
  for (let at = 0; at < stored.bytes; at += WINDOW_BYTES) {
    const piece = await stored.read(at, Math.min(at + WINDOW_BYTES, stored.bytes))
    yield decoder ? decoder.push(piece) : piece
  }
  decoder?.end()
}

/**
 * Makes the digests of a part that are not there yet, in one pass over its octets.
 * @throws {SignatureError} 9601 a method is not allowed; {StructureError} 9100 `mime.base64`.
 */
export async function digestPart(part: StoredPart, methods: Iterable<string>, env: OsciEnv): Promise<void> {
  const hashes = new Map<string, Hash>()
  for (const method of methods) {
    if (part.digests.has(method) || hashes.has(method)) continue
    const row = env.algorithms.signature.digest(method)
    if (!row) throw new SignatureError('9601', 'message-signature.algorithm', 'digest method is not allowed')
    hashes.set(method, createHash(row.hash))
  }
  if (hashes.size === 0) return
  let bytes = 0
  for await (const octets of partOctets(part)) {
    bytes += octets.byteLength
    for (const hash of hashes.values()) hash.update(octets)
    await env.breathe?.()
  }
  part.bytes = bytes
  for (const [method, hash] of hashes) part.digests.set(method, hash.digest())
}
