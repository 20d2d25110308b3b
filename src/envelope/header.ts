// SPDX-License-Identifier: EUPL-1.2
/**
 * The JOSE headers of an envelope and of a voucher, read strictly: a member that is not listed here ends the reading. That one rule refuses `zip`,
 * `crit`, `b64`, `p2c`, `p2s`, `jku`, `x5u`, `jwk`, `apu` and whatever comes next (J1).
 * Specs: docs/envelope.md §3, §5; [RFC 7515 §4], [RFC 7516 §4], [RFC 7518 §4.6].
 * @module
 */
import { base64url } from 'jose'
import type { EnvelopeLimits } from './container.js'
import { ENVELOPE_LIMITS, FORMAT_VERSION, readFrame } from './container.js'
import { EnvelopeError } from './errors.js'
import type { SealingAlgorithm, SigningAlgorithm } from './keys.js'
import { ENVELOPE_ID, MAILBOX } from './metadata.js'
import type { EnvelopeHeader } from './types.js'

export const JWE_TYPE = 'protektor-envelope+jwe'
export const JWS_TYPE = 'protektor-metadata+jws'
export const VOUCHER_TYPE = 'protektor-voucher+jws'

export interface OuterHeader extends EnvelopeHeader {
  readonly alg: SealingAlgorithm
  readonly kid: string
  /** Ephemeral public key; present for ECDH-ES+A256KW, still unchecked. */
  readonly unverifiedEpk?: unknown
}

/** Header of a signature; what was signed is still unproven. */
export interface SignatureHeader {
  readonly alg: SigningAlgorithm
  readonly kid: string
  readonly unverifiedPayload: Uint8Array
}

export interface InnerHeader extends SignatureHeader {
  /** Present when `kid` is no registered key: who vouches for it (voucher.ts). */
  readonly unverifiedVoucher?: string
}

/**
 * What the core may see: id, mailbox, life. Needs no key; proves nothing. Nothing but the header becomes text: texts cannot be
 * overwritten, and the rest is not the core's to keep (threat model C5).
 * @throws {EnvelopeError} envelope.container, .version, .size, .header, .algorithm
 */
export function readHeader(bytes: Uint8Array, limits: EnvelopeLimits = ENVELOPE_LIMITS): EnvelopeHeader {
  const segments = segmentsOf(readFrame(bytes, limits).jwe)
  const [protectedHeader, encryptedKey, iv, ciphertext, tag, more] = segments
  if (!protectedHeader || !encryptedKey || !iv || !ciphertext || !tag || more) throw noJwe()
  if (protectedHeader.length > limits.headerBytes) throw tooLarge()
  const header = decoded(new TextDecoder('latin1').decode(protectedHeader), limits)
  octetsIn(encryptedKey)
  octetsIn(ciphertext)
  const { id, to, ttlSeconds } = outerHeader(header, octetsIn(iv), octetsIn(tag))
  return { id, to, ttlSeconds }
}

/**
 * Checks shape and header of the compact JWE. Segments must be canonical base64url: otherwise the spare bits of a last character
 * could be changed unseen.
 * @throws {EnvelopeError} envelope.header, .algorithm, .size
 */
export function readOuterHeader(jwe: string, limits: EnvelopeLimits): OuterHeader {
  const segments = jwe.split('.', 6)
  if (segments.length !== 5) throw noJwe()
  const [protectedHeader = '', encryptedKey = '', iv = '', ciphertext = '', tag = ''] = segments
  const header = decoded(protectedHeader, limits)
  canonical(encryptedKey)
  canonical(ciphertext)
  return outerHeader(header, canonical(iv).length, canonical(tag).length)
}

function outerHeader(header: Record<string, unknown>, ivBytes: number, tagBytes: number): OuterHeader {
  if (ivBytes !== 12 || tagBytes !== 16) throw wrong('Initialisation vector or tag has a wrong length.')
  if (header.alg !== 'ECDH-ES+A256KW' && header.alg !== 'RSA-OAEP-256') throw forbidden()
  if (header.enc !== 'A256GCM') throw forbidden()
  only(header, ['typ', 'alg', 'enc', 'kid', 'v', 'id', 'to', 'ttlSeconds', ...(header.alg === 'ECDH-ES+A256KW' ? ['epk'] : [])])
  if (header.v !== FORMAT_VERSION) throw new EnvelopeError('envelope.version', 'This envelope version is not supported.')
  const { typ, kid, id, to, ttlSeconds } = header
  if (typ !== JWE_TYPE || typeof kid !== 'string' || typeof id !== 'string' || typeof to !== 'string')
    throw wrong('A header member is missing.')
  if (!ENVELOPE_ID.test(id) || !MAILBOX.test(to)) throw wrong('Id or mailbox is malformed.')
  if (typeof ttlSeconds !== 'number' || !Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 3600)
    throw wrong('ttlSeconds is malformed.')
  return { alg: header.alg, kid, id, to, ttlSeconds, ...(header.alg === 'ECDH-ES+A256KW' ? { unverifiedEpk: header.epk } : {}) }
}

/** @throws {EnvelopeError} envelope.header, .algorithm */
export function readInnerHeader(jws: string, limits: EnvelopeLimits): InnerHeader {
  const { voucher, ...header } = readSignatureHeader(jws, JWS_TYPE, ['voucher'], limits)
  if (voucher === undefined) return header
  if (typeof voucher !== 'string') throw wrong('The voucher is no text.')
  return { ...header, unverifiedVoucher: voucher }
}

/** @throws {EnvelopeError} envelope.header, .algorithm */
export function readVoucherHeader(jws: string, limits: EnvelopeLimits): SignatureHeader {
  return readSignatureHeader(jws, VOUCHER_TYPE, [], limits)
}

function readSignatureHeader<M extends string>(
  jws: string,
  type: string,
  more: readonly M[],
  limits: EnvelopeLimits,
): SignatureHeader & { readonly [N in M]?: unknown } {
  const segments = jws.split('.', 4)
  if (segments.length !== 3) throw wrong('What is signed is no compact JWS.')
  const header = decoded(segments[0] ?? '', limits)
  if (header.alg !== 'ES256' && header.alg !== 'PS256') throw forbidden()
  only(header, ['typ', 'alg', 'kid', ...more])
  if (header.typ !== type || typeof header.kid !== 'string') throw wrong('A header member of the signature is missing.')
  canonical(segments[2] ?? '')
  const rest = Object.fromEntries(more.flatMap((name) => (header[name] === undefined ? [] : [[name, header[name]]])))
  return { ...(rest as { [N in M]?: unknown }), alg: header.alg, kid: header.kid, unverifiedPayload: canonical(segments[1] ?? '') }
}

function decoded(segment: string, limits: EnvelopeLimits): Record<string, unknown> {
  if (segment.length > limits.headerBytes) throw tooLarge()
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(canonical(segment)))
  } catch {
    throw wrong('The header is no JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('The header is no object.')
  return value as Record<string, unknown>
}

function only(header: Record<string, unknown>, names: readonly string[]): void {
  if (Object.keys(header).some((name) => !names.includes(name))) throw wrong('The header holds a member that is not allowed.')
}

function canonical(segment: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = base64url.decode(segment)
  } catch {
    throw wrong('A segment is no base64url.')
  }
  if (base64url.encode(bytes) !== segment) throw wrong('A segment is no canonical base64url.')
  return bytes
}

const DOT = 0x2e
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Value of a base64url character by its code; -1: none. */
const VALUES = Int8Array.from({ length: 256 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)))

/** At most six: a compact JWE has five. */
function segmentsOf(jwe: Uint8Array): Uint8Array[] {
  const segments: Uint8Array[] = []
  for (let from = 0; from <= jwe.length && segments.length < 6;) {
    const dot = jwe.indexOf(DOT, from)
    const end = dot < 0 ? jwe.length : dot
    segments.push(jwe.subarray(from, end))
    from = end + 1
  }
  return segments
}

/** How many octets a segment of canonical base64url stands for. */
function octetsIn(segment: Uint8Array): number {
  const rest = segment.length % 4
  const spareBits = rest === 2 ? 0b1111 : rest === 3 ? 0b11 : 0
  const last = VALUES[segment.at(-1) ?? 0] ?? -1
  if (rest === 1 || (spareBits > 0 && (last & spareBits) !== 0)) throw wrong('A segment is no canonical base64url.')
  let at = 0
  while (at < segment.length && (VALUES[segment[at] ?? 0] ?? -1) >= 0) at++
  if (at < segment.length) throw wrong('A segment is no base64url.')
  return Math.floor((segment.length * 3) / 4)
}

function noJwe(): EnvelopeError {
  return wrong('The sealed metadata are no compact JWE.')
}

function tooLarge(): EnvelopeError {
  return new EnvelopeError('envelope.size', 'The header is too large.')
}

function wrong(message: string): EnvelopeError {
  return new EnvelopeError('envelope.header', message)
}

function forbidden(): EnvelopeError {
  return new EnvelopeError('envelope.algorithm', 'The algorithm is not allowed.')
}
