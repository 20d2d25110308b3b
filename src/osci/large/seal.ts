// SPDX-License-Identifier: EUPL-1.2
/**
 * Seals a message around attachments that are not in memory, as a source that can be read from any place: frozen bytes to cut into
 * chunks.
 *
 *   memory: MIME header, root, head of part 1 │ octets of part 1, as stored │ memory: head of part 2 │ … │ memory: end
 *
 * Octets travel on in the transfer encoding they came in: base64 could not be undone from any place. Every reader undoes it.
 * Specs: osci-1.2 §7.5, §10.4; wire facts 5, 55.
 * @module
 */
import { frameMime, makeBoundary } from '../../mime/write.js'
import { message as messageStage } from '../message.js'
import type { MessageName } from '../messages.js'
import { writtenEncoding } from '../mime-stage.js'
import { signEnvelope } from '../signature.js'
import { soap } from '../soap.js'
import type { OsciEnv, OsciMessage } from '../types.js'
import { digestPart, StoredPart, type LargeMessage } from './part.js'
import { joinSources, memorySource, type ByteSource } from './source.js'

/**
 * Builds the package. Parts are digested once more only where the digest that `env.sealing` signs with is not known from opening.
 *
 * @param message attachments as `openLarge` gave them; their sources must stay readable for as long as the result is read.
 * @param env `sealing.sign`: absent, the message is unsigned. `sealing.encryptFor` does not matter: the package is cut in the clear,
 *   what is encrypted are the messages that carry the pieces.
 * @returns the same bytes however often and in whatever order they are read.
 * @throws {StructureError} `mime.unwritable`; {TypeError} the message lacks the signer's certificate.
 */
export async function sealLarge<N extends MessageName>(message: LargeMessage<N>, env: OsciEnv): Promise<ByteSource> {
  const parts = message.attachments.map((part) => new StoredPart(part, part.stored, part))
  const whole = { ...message, attachments: parts } as unknown as OsciMessage
  const signed = await signEnvelope(await messageStage.seal(whole, env), env, async ({ contentId }, method) => {
    const part = parts.find((one) => one.contentId === contentId)
    if (!part) throw new TypeError('a part that is not of this message')
    await digestPart(part, [method], env)
    return part.digests.get(method) ?? new Uint8Array(0)
  })
  const { root } = await soap.seal(signed, env)
  // 190 bits of chance, drawn after the octets were fixed: that they hold this boundary need not be ruled out by reading them again.
  const boundary = makeBoundary((n) => env.random(n))
  const heads = parts.map((part) => ({
    contentId: part.contentId,
    contentType: part.contentType,
    transferEncoding: writtenEncoding(part),
    bytes: part.stored.bytes,
  }))
  const frames = frameMime({ body: root.body, contentId: root.contentId }, heads, boundary)
  return joinSources(frames.flatMap((frame, at) => [memorySource(frame), parts[at]?.stored ?? memorySource(new Uint8Array(0))]))
}
