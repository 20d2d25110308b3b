// SPDX-License-Identifier: EUPL-1.2
/**
 * Seals an envelope: parts each under a key of their own, metadata signed by the sender, signed metadata sealed for the recipient,
 * all filled up to a size class.
 *
 *   parts ──A256GCM──► blocks          metadata ──JWS──► ──JWE──► frame ‖ JWE ‖ blocks ‖ padding
 *
 * A browser can do the same. Specs: docs/envelope.md.
 * @module
 */
import type { JWK } from 'jose'
import { base64url } from 'jose'
import type { EnvelopeLimits } from './container.js'
import { ENVELOPE_LIMITS, FORMAT_VERSION, FRAME_BYTES, sizeClass, TAG_BYTES, writeContainer } from './container.js'
import { EnvelopeError } from './errors.js'
import { JWE_TYPE, JWS_TYPE } from './header.js'
import type { SigningKey } from './keys.js'
import { importSealingKey, publicJwkOf } from './keys.js'
import { writeMetadata } from './metadata.js'
import { operations } from './operations.js'
import type { EnvelopeContent } from './types.js'

export interface SealingKeys {
  /** Public JWK: EC P-256 → ECDH-ES+A256KW, RSA → RSA-OAEP-256. */
  readonly recipient: JWK
  readonly sender: SigningKey
}

/**
 * @param random cryptographically strong bytes, for keys and vectors.
 * @returns the envelope; its length is a size class (4 KiB … 1 MiB in powers of two, then whole MiB).
 * @throws {EnvelopeError} envelope.metadata (content does not fit the schema), envelope.key, envelope.size
 */
export async function sealEnvelope(
  content: EnvelopeContent,
  keys: SealingKeys,
  random: (bytes: number) => Uint8Array,
  limits: EnvelopeLimits = ENVELOPE_LIMITS,
): Promise<Uint8Array> {
  const plainBytes = content.parts.reduce((sum, part) => sum + part.bytes.length, 0)
  if (plainBytes > limits.envelopeBytes) throw new EnvelopeError('envelope.size', 'The content is too large for one envelope.')
  const recipient = await importSealingKey(keys.recipient)
  if (content.replyKey !== undefined) await importSealingKey(content.replyKey)

  const sealed = await Promise.all(content.parts.map((part) => sealBlock(part.bytes, random)))
  const parts = await Promise.all(
    content.parts.map(async (part, i) => ({
      name: part.name,
      mediaType: part.mediaType,
      role: part.role,
      bytes: part.bytes.length,
      sha256: base64url.encode(await operations.sha256(part.bytes)),
      ...sealed[i]?.secret,
    })),
  )
  const padding = { key: random(32), iv: random(12) }
  const { header, parts: _plain, replyKey, ...rest } = content
  const metadata = writeMetadata({
    v: FORMAT_VERSION,
    ...header,
    ...rest,
    ...(replyKey === undefined ? {} : { replyKey: publicJwkOf(replyKey) }),
    parts,
    padding: { key: base64url.encode(padding.key), iv: base64url.encode(padding.iv) },
  })

  const { kid, voucher } = keys.sender
  const signedHeader = { typ: JWS_TYPE, kid, ...(voucher === undefined ? {} : { voucher }) }
  const jws = await operations.sign(signedHeader, metadata, keys.sender)
  const { id, to, ttlSeconds } = header
  const sealedHeader = { typ: JWE_TYPE, kid: recipient.kid, v: FORMAT_VERSION, id, to, ttlSeconds }
  const jwe = await operations.encrypt(sealedHeader, new TextEncoder().encode(jws), recipient, random)

  const blocks = sealed.map((part) => part.block)
  const used = FRAME_BYTES + jwe.length + blocks.reduce((sum, block) => sum + block.length, 0) + TAG_BYTES
  blocks.push(await operations.sealBlock(padding.key, padding.iv, new Uint8Array(sizeClass(used) - used)))
  return writeContainer(jwe, blocks, limits)
}

async function sealBlock(bytes: Uint8Array, random: (bytes: number) => Uint8Array) {
  const key = random(32)
  const iv = random(12)
  const secret = { key: base64url.encode(key), iv: base64url.encode(iv) }
  return { secret, block: await operations.sealBlock(key, iv, bytes) }
}
