// SPDX-License-Identifier: EUPL-1.2
/**
 * The binary frame of an envelope, and the size classes that hide how large the content is.
 *
 *   0        4    5        8            12          12+n                      size class
 *   ├─ PRTK ─┼ 01 ┼ 000000 ┼ n (uint32) ┼ JWE (n) ──┼ part … part ┼ padding ──┤
 *
 * Everything behind the JWE is ciphertext: where parts begin and end, and how much is padding, only the metadata tell.
 * Specs: docs/envelope.md §2, §7; threat model J4.
 * @module
 */
import { EnvelopeError } from './errors.js'

export const FORMAT_VERSION = 1
export const MEDIA_TYPE = 'application/vnd.protektor.envelope'
export const FRAME_BYTES = 12
export const TAG_BYTES = 16
const MAGIC = [0x50, 0x52, 0x54, 0x4b] as const
const KIB = 1024
const MIB = 1024 * KIB

/** Octets as WebCrypto takes them in every runtime: nobody hands us memory that threads share. */
export const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>

/** Sizes in bytes. A part is bounded by the envelope that holds it. */
export interface EnvelopeLimits {
  readonly envelopeBytes: number
  readonly metadataBytes: number
  readonly headerBytes: number
  readonly parts: number
}

export const ENVELOPE_LIMITS: EnvelopeLimits = { envelopeBytes: 33 * MIB, metadataBytes: MIB, headerBytes: 4 * KIB, parts: 256 }

/** The smallest size class that holds `bytes`: powers of two from 4 KiB to 1 MiB, then multiples of 1 MiB. */
export function sizeClass(bytes: number): number {
  if (bytes > MIB) return Math.ceil(bytes / MIB) * MIB
  let size = 4 * KIB
  while (size < bytes) size *= 2
  return size
}

/** Frame of an envelope taken apart; both are views into the bytes given. */
export interface Frame {
  readonly jwe: Uint8Array
  readonly body: Uint8Array
}

/** The same, with the JWE as text. */
export interface Container {
  readonly jwe: string
  readonly body: Uint8Array
}

/**
 * Joins JWE and sealed blocks.
 * @throws {EnvelopeError} envelope.size
 */
export function writeContainer(jwe: string, blocks: readonly Uint8Array[], limits: EnvelopeLimits): Uint8Array {
  const total = FRAME_BYTES + jwe.length + blocks.reduce((sum, block) => sum + block.length, 0)
  if (jwe.length > limits.metadataBytes || total > limits.envelopeBytes)
    throw new EnvelopeError('envelope.size', 'The envelope is too large.')
  const bytes = new Uint8Array(total)
  bytes.set(MAGIC, 0)
  bytes[4] = FORMAT_VERSION
  new DataView(bytes.buffer).setUint32(8, jwe.length)
  bytes.set(new TextEncoder().encode(jwe), FRAME_BYTES)
  let offset = FRAME_BYTES + jwe.length
  for (const block of blocks) {
    bytes.set(block, offset)
    offset += block.length
  }
  return bytes
}

/**
 * Takes the frame apart without any key.
 * @throws {EnvelopeError} envelope.container, envelope.version, envelope.size
 */
export function readFrame(bytes: Uint8Array, limits: EnvelopeLimits): Frame {
  if (bytes.length > limits.envelopeBytes) throw new EnvelopeError('envelope.size', 'The envelope is too large.')
  if (bytes.length < FRAME_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new EnvelopeError('envelope.container', 'This is no envelope.')
  if (bytes[4] !== FORMAT_VERSION) throw new EnvelopeError('envelope.version', 'This envelope version is not supported.')
  if (bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) throw new EnvelopeError('envelope.container', 'Reserved bytes are not zero.')
  if (bytes.length !== sizeClass(bytes.length)) throw new EnvelopeError('envelope.size', 'The length of the envelope is no size class.')
  const jweBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(8)
  if (jweBytes > limits.metadataBytes) throw new EnvelopeError('envelope.size', 'The metadata are too large.')
  if (FRAME_BYTES + jweBytes + TAG_BYTES > bytes.length) throw new EnvelopeError('envelope.container', 'The envelope ends too early.')
  const end = FRAME_BYTES + jweBytes
  return { jwe: bytes.subarray(FRAME_BYTES, end), body: bytes.subarray(end) }
}

/** As {@link readFrame}, for whoever is going to open it. */
export function readContainer(bytes: Uint8Array, limits: EnvelopeLimits): Container {
  const { jwe, body } = readFrame(bytes, limits)
  try {
    return { jwe: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(jwe), body }
  } catch {
    throw new EnvelopeError('envelope.container', 'The metadata are no text.')
  }
}
