// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens an envelope. Order: frame, header, ephemeral key, our key, JWE, signature, inside = outside, parts, digests, padding; nothing
 * leaves before all of it holds.
 * Specs: docs/envelope.md §6; threat model J1 to J4.
 * @module
 */
import type { JWK } from 'jose'
import { base64url } from 'jose'
import type { EnvelopeLimits } from './container.js'
import { ENVELOPE_LIMITS, readContainer, TAG_BYTES } from './container.js'
import { EnvelopeError } from './errors.js'
import type { OuterHeader } from './header.js'
import { readInnerHeader, readOuterHeader } from './header.js'
import type { OpeningKey, SenderLookup, VerifyingKey } from './keys.js'
import { assertNamed, assertPointOnCurve, importSealingKey, verifyingKeyOf } from './keys.js'
import type { Metadata } from './metadata.js'
import { readMetadata } from './metadata.js'
import { operations } from './operations.js'
import type { EnvelopeContent, EnvelopePart, OpenedEnvelope } from './types.js'
import { openVoucher } from './voucher.js'

export interface OpeningKeys {
  /** The one whose thumbprint the header names is used; no other is tried. */
  readonly recipient: readonly OpeningKey[]
  readonly sender: SenderLookup
}

/** What the caller knows already; a difference ends the opening (J3). */
export interface Expected {
  readonly id?: string
  readonly to?: string
  /** The opener's clock: a voucher must hold now, too. */
  readonly now?: Date
}

/**
 * @returns content with copies of the plain parts and the thumbprint of the key that signed.
 * @throws {EnvelopeError} a row of `FINDINGS_ENVELOPE`; all failures behind our private key are `envelope.not-openable`.
 */
export async function openEnvelope(
  bytes: Uint8Array,
  keys: OpeningKeys,
  expected: Expected = {},
  limits: EnvelopeLimits = ENVELOPE_LIMITS,
): Promise<OpenedEnvelope> {
  const { jwe, body } = readContainer(bytes, limits)
  const outer = readOuterHeader(jwe, limits)
  if ((expected.id ?? outer.id) !== outer.id || (expected.to ?? outer.to) !== outer.to) throw mismatch('This is not the envelope expected.')
  const jws = await decrypted(jwe, outer, keys.recipient)
  const { metadata, ...signer } = await verified(jws, keys.sender, expected.now, limits)
  if (metadata.id !== outer.id || metadata.to !== outer.to || metadata.ttlSeconds !== outer.ttlSeconds) {
    throw mismatch('Header and signed metadata differ.')
  }
  if (metadata.parts.length > limits.parts) throw new EnvelopeError('envelope.size', 'The envelope has too many parts.')
  // whoever could not be answered is refused before anybody acts on the request
  if (metadata.replyKey !== undefined) await importSealingKey(metadata.replyKey as JWK)
  const parts = await openParts(metadata, body)
  return { ...contentOf(metadata), parts, ...signer }
}

async function decrypted(jwe: string, outer: OuterHeader, keys: readonly OpeningKey[]): Promise<string> {
  const key = keys.find((candidate) => candidate.kid === outer.kid)
  if (key === undefined) throw new EnvelopeError('envelope.not-for-us', 'The envelope is sealed for none of our keys.')
  if (key.alg !== outer.alg) throw new EnvelopeError('envelope.algorithm', 'The algorithm does not fit the key.')
  if (outer.alg === 'ECDH-ES+A256KW') assertPointOnCurve(outer.unverifiedEpk)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await operations.decrypt(jwe, key))
  } catch {
    throw new EnvelopeError('envelope.not-openable', 'The envelope cannot be opened.')
  }
}

async function verified(
  jws: string,
  sender: SenderLookup,
  now: Date | undefined,
  limits: EnvelopeLimits,
): Promise<{ metadata: Metadata; signerThumbprint: string; vouched?: true }> {
  const inner = readInnerHeader(jws, limits)
  const { unverifiedVoucher } = inner
  const unverified = readMetadata(inner.unverifiedPayload)
  let key: VerifyingKey
  if (unverifiedVoucher === undefined) key = await verifyingKeyOf(inner, unverified.sender, sender)
  else {
    key = await openVoucher(unverifiedVoucher, unverified, sender, now, limits)
    assertNamed(key, inner)
  }
  try {
    await operations.verify(jws, key)
  } catch {
    throw new EnvelopeError('envelope.signature', 'The signature of the sender is wrong.')
  }
  // the metadata are those of the very text that was verified
  return { metadata: unverified, signerThumbprint: key.kid, ...(unverifiedVoucher === undefined ? {} : { vouched: true }) }
}

async function openParts(metadata: Metadata, body: Uint8Array): Promise<EnvelopePart[]> {
  const sealedBytes = metadata.parts.reduce((sum, part) => sum + part.bytes + TAG_BYTES, 0)
  if (sealedBytes + TAG_BYTES > body.length) throw new EnvelopeError('envelope.part', 'The envelope ends before its last part.')
  let offset = 0
  const blocks = metadata.parts.map((part) => body.subarray(offset, (offset += part.bytes + TAG_BYTES)))
  const padding = await openBlock(metadata.padding, body.subarray(offset), 'envelope.leftover')
  if (padding.some((byte) => byte !== 0)) throw new EnvelopeError('envelope.leftover', 'The padding is not empty.')
  return Promise.all(
    metadata.parts.map(async (part, i) => {
      const bytes = await openBlock(part, blocks[i] ?? new Uint8Array(0), 'envelope.part')
      const digest = await operations.sha256(bytes)
      if (base64url.encode(digest) !== part.sha256) throw new EnvelopeError('envelope.part', 'A part has another digest than listed.')
      return { name: part.name, mediaType: part.mediaType, role: part.role, bytes }
    }),
  )
}

async function openBlock(
  secret: { key: string; iv: string },
  block: Uint8Array,
  finding: 'envelope.part' | 'envelope.leftover',
): Promise<Uint8Array> {
  try {
    return await operations.openBlock(base64url.decode(secret.key), base64url.decode(secret.iv), block)
  } catch {
    throw new EnvelopeError(finding, finding === 'envelope.part' ? 'A part cannot be opened.' : 'The padding is wrong.')
  }
}

function contentOf(metadata: Metadata): Omit<EnvelopeContent, 'parts'> {
  const { v: _v, id, to, ttlSeconds, parts: _parts, padding: _padding, ...rest } = metadata
  return { header: { id, to, ttlSeconds }, ...(rest as Omit<EnvelopeContent, 'parts' | 'header'>) }
}

function mismatch(message: string): EnvelopeError {
  return new EnvelopeError('envelope.mismatch', message)
}
