// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens a message whose attachments stay where they are: on a disk, in chunks.
 *
 *   source ─ outline ─ root part ─► soap ─► signature ─► message        the stages of every message
 *                └──── attachments ── digests, window by window ┘       the only octets that are looked at, never held
 *
 * The same grammar, the same stages and the same rule of coverage as for messages in memory: references = blocks + Body + all parts
 * (threat model §5). Nothing is handed out before every digest holds.
 * Specs: osci-1.2 §7.4, §7.5, §10.3; wire fact 55; threat model M1–M5, G3.
 * @module
 */
import { OrderError, StructureError } from '../../errors.js'
import { outlineSource } from '../../mime/source.js'
import { decodeTransfer } from '../../mime/transfer.js'
import { breatheIfLarge } from '../breathe.js'
import { message } from '../message.js'
import type { MessageName } from '../messages.js'
import { verifyMessageSignature } from '../signature.js'
import { soap } from '../soap.js'
import { assertType } from '../stages.js'
import type { OsciEnv, SoapEnvelope } from '../types.js'
import { digestPart, storedPart, type LargeMessage, type StoredPart } from './part.js'
import type { ByteSource } from './source.js'

/** Made of every part, whatever the signature names: what we sign with is not read once more for it. */
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/**
 * Opens a complete plain package, MIME header included.
 *
 * @param source unchanged for as long as the message is used: its parts are ranges of it.
 * @param env `limits.messageBytes` holds for the whole source and has to be raised by the caller; `limits.xmlBytes` for the root
 *   part, which alone is held in memory. Keys are not needed: an inner message is never encrypted.
 * @param type what the package must be.
 * @returns the message with the digests of its parts: SHA-256, what its signature names, what `env.sealing` signs with. An unsigned
 *   message has no `evidence.signature`; whether that is acceptable is the peer's policy (9600).
 * @throws {StructureError} 9100; {OrderError} 9300 another message; {DialogError} 9400; {SignatureError} 9601, 9602; whatever
 *   `source.read` throws.
 */
export async function openLarge<N extends MessageName>(source: ByteSource, env: OsciEnv, type: N): Promise<LargeMessage<N>> {
  const { envelope, parts } = await readEnvelope(source, env)
  if (envelope.kind !== 'message') throw new OrderError('osci-structure.unexpected-message', 'the package holds no plain OSCI message')
  if (envelope.type !== type) throw new OrderError('osci-structure.unexpected-message', `${envelope.type ?? 'this'} is no ${type}`)
  const verified = await verify(envelope, parts, env)
  const opened = assertType(await message.open(verified, env), type)
  return { ...opened, attachments: parts }
}

async function readEnvelope(source: ByteSource, env: OsciEnv): Promise<{ envelope: SoapEnvelope; parts: readonly StoredPart[] }> {
  const { root, attachments, dialect, boundary } = await outlineSource(source, env.limits, { breathe: env.breathe })
  const { from, to, ...head } = root
  // base64 is a third longer than what it means, and has line ends
  if (to - from > env.limits.xmlBytes * 2)
    throw new StructureError('soap', 'xml.too-large', `XML of ${to - from} bytes, allowed are ${env.limits.xmlBytes}`)
  const body = decodeTransfer(head.transferEncoding, head.contentType, await source.read(from, to))
  const parts = attachments.map((outline) => storedPart(outline, source))
  await breatheIfLarge(env, body.byteLength)
  const envelope = await soap.open(
    { root: { ...head, body }, attachments: new Map(parts.map((part) => [part.contentId, part])), dialect, boundary },
    env,
  )
  return { envelope, parts }
}

async function verify(envelope: SoapEnvelope, parts: readonly StoredPart[], env: OsciEnv): Promise<SoapEnvelope> {
  const ours = env.sealing?.sign?.digestMethod ?? SHA256
  const byId = new Map(parts.map((part) => [part.contentId, part]))
  const signature = await verifyMessageSignature(envelope, env, async ({ contentId }, method) => {
    const part = byId.get(contentId)
    if (!part) throw new TypeError('a part that is not of this message')
    await digestPart(part, [method, SHA256, ours], env)
    return part.digests.get(method) ?? new Uint8Array(0)
  })
  // Also where nothing is signed: what is no base64 is refused here, not by whom it is handed to.
  for (const part of parts) await digestPart(part, [SHA256, ours], env)
  return signature ? { ...envelope, evidence: { ...envelope.evidence, signature } } : envelope
}
