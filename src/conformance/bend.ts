// SPDX-License-Identifier: EUPL-1.2
/**
 * One message, wrong in one place. A bend reaches in at one layer and leaves the others right; the same bend is applied to messages that
 * we make, and to those that pass a proxy.
 *
 *   message ─► sealing ─► signed ─► plain ─► shell ─► wire
 *   typed      keys       XML, parts  bytes   XML, parts  bytes
 *              └ signed and encrypted anew ┘  └ encrypted anew ┘
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { Signer } from '../env.js'
import { ProtektorError } from '../errors.js'
import type { Parts } from '../mime/parts.js'
import { certificateEntry } from '../osci/certificates.js'
import { messageType } from '../osci/messages.js'
import { mime } from '../osci/mime-stage.js'
import { soap } from '../osci/soap.js'
import { order, osci } from '../osci/stages.js'
import { openShell, sealShell } from '../osci/transport.js'
import type { CertificateEntry, OsciEnv, OsciMessage, Sealing } from '../osci/types.js'
import { signingMethods } from '../osci/suite.js'
import { envFor, TEXT_XML, type Body } from './wire.js'

/** What a bend may use besides the message. */
export interface Hand {
  /** Opens with every key at hand; seals with every algorithm that can be executed. */
  readonly env: OsciEnv
  /** The key of a certificate, for signing anew. */
  signer(der: Uint8Array): Signer | undefined
  /** Somebody whom nobody knows. */
  readonly stranger: Signer
  /** A known party whose certificate has run out. */
  readonly expired?: Signer
}

export interface Bend {
  readonly message?: (message: OsciMessage, hand: Hand) => OsciMessage
  readonly sealing?: (sealing: Sealing, hand: Hand) => Sealing
  readonly signed?: (parts: Parts) => Parts
  readonly plain?: (bytes: Uint8Array) => Uint8Array
  readonly shell?: (parts: Parts) => Parts
  readonly wire?: (bytes: Uint8Array) => Uint8Array
}

/** How deep a bend reaches: what a proxy must be able to open, and to sign anew. */
export type Depth = 'wire' | 'inside' | 'signature'

export const depthOf = (bend: Bend): Depth => (bend.message || bend.sealing ? 'signature' : bend.signed || bend.plain ? 'inside' : 'wire')

/** The bend cannot be made on this message: there is nothing of the kind in it, or no key for it. */
export class Unbendable extends ProtektorError {
  readonly words: { readonly de: string; readonly en: string }
  constructor(de: string, en: string) {
    super('conformance.unbendable', en)
    this.words = { de, en }
  }
}

/** A sealing without its signature. */
export const unsigned = ({ encryptFor }: Sealing): Sealing => (encryptFor ? { encryptFor } : {})

/** The signer's certificate in its header is always the one that signs: only then does the signature itself decide. */
function withSigner(message: OsciMessage, { sign }: Sealing): OsciMessage {
  const role = messageType(message.type)?.signer
  if (!sign || role === undefined) return message
  const own = certificateEntry(role, sign.signer.certificate)
  const instead = (entries: readonly CertificateEntry[] | undefined): CertificateEntry[] | undefined =>
    entries?.map((entry) => (entry.role === role && !Buffer.from(entry.der).equals(Buffer.from(own.der)) ? own : entry))
  const [certificates, intermediaryCertificates] = [instead(message.certificates), instead(message.intermediaryCertificates)]
  return { ...message, ...(certificates ? { certificates } : {}), ...(intermediaryCertificates ? { intermediaryCertificates } : {}) }
}

/** Signed parts → bytes on the wire. */
async function wrap(signed: Parts, bend: Bend, encryptFor: Sealing['encryptFor'], env: OsciEnv): Promise<Uint8Array> {
  const inner = await mime.seal(bend.signed?.(signed) ?? signed, env)
  const plain = bend.plain?.(inner) ?? inner
  if (!encryptFor) return bend.wire?.(plain) ?? plain
  const shell = await soap.seal(sealShell(plain, encryptFor, env), env)
  const outer = await mime.seal(bend.shell?.(shell) ?? shell, env)
  return bend.wire?.(outer) ?? outer
}

/** Seals a message of our own, bent. @throws {Unbendable} a bend that changes nothing would prove nothing. */
export async function sealBent(message: OsciMessage, sealing: Sealing, bend: Bend, hand: Hand): Promise<Uint8Array> {
  const how = bend.sealing?.(sealing, hand) ?? sealing
  const bent = bend.message?.(message, hand) ?? message
  if (depthOf(bend) === 'signature' && isDeepStrictEqual([how, bent], [sealing, message]))
    throw new Unbendable('an dieser Nachricht ändert es nichts', 'it changes nothing of this message')
  const env: OsciEnv = { ...hand.env, sealing: how }
  return wrap(await soap.seal(await order.seal(withSigner(bent, how), env), env), bend, how.encryptFor, env)
}

/** How a message that passes by was sealed, as far as we can do the same. @throws {Unbendable} its signer's key is not at hand. */
function sealingOf({ evidence }: OsciMessage, hand: Hand): Sealing {
  const signer = evidence.signature && hand.signer(new Uint8Array(evidence.signature.signer.raw))
  if (evidence.signature && !signer)
    throw new Unbendable('der Schlüssel, der signiert hat, ist nicht da', 'the key that signed the message is not at hand')
  const { transport } = evidence
  return {
    ...(signer ? { sign: { signer, ...signingMethods(signer) } } : {}),
    ...(transport
      ? {
          encryptFor: {
            certificate: transport.encryptedTo,
            cipher: transport.cipher,
            keyTransport: transport.keyTransport,
            ivBytes: transport.ivBytes === 16 ? 16 : 12,
          },
        }
      : {}),
  }
}

/** Bends inside the encryption, without touching the signature. */
async function bendInside(passing: Body, bend: Bend, hand: Hand): Promise<Uint8Array> {
  const { env } = hand
  const parts = await mime.open(passing.body, envFor(passing, env))
  const envelope = await soap.open(parts, env)
  if (envelope.kind !== 'encrypted') return wrap(parts, bend, undefined, env)
  const { bytes: plain, evidence } = await openShell(envelope, env)
  const encryptFor = {
    certificate: evidence.encryptedTo,
    cipher: evidence.cipher,
    keyTransport: evidence.keyTransport,
    ivBytes: evidence.ivBytes === 16 ? (16 as const) : (12 as const),
  }
  return wrap(await mime.open(plain, env), bend, encryptFor, env)
}

/** A package that is written anew has its MIME header in the body. */
const rewritten = ({ contentType }: Body, body: Uint8Array): Body => ({
  contentType: /multipart|boundary/i.test(contentType) ? TEXT_XML : contentType,
  body,
})

/**
 * Bends a message that somebody else made.
 * @throws {Unbendable} it needs a key that is not at hand; {OsciError} the message itself cannot be read.
 */
export async function bendPassing(passing: Body, bend: Bend, hand: Hand): Promise<Body> {
  const depth = depthOf(bend)
  if (depth === 'inside') return rewritten(passing, await bendInside(passing, bend, hand))
  const env = envFor(passing, hand.env)
  if (depth === 'signature') {
    const message = await osci.open(passing.body, env)
    return rewritten(passing, await sealBent(message, sealingOf(message, hand), bend, hand))
  }
  const { shell, wire } = bend
  const outer = shell ? rewritten(passing, await mime.seal(shell(await mime.open(passing.body, env)), env)) : passing
  return wire ? { ...outer, body: wire(outer.body) } : outer
}
