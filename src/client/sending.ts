// SPDX-License-Identifier: EUPL-1.2
/**
 * Seals and puts: what asking, answering and one-way sending have in common.
 * @module
 */
import type { JWK } from 'jose'
import type { Clock } from '../env.js'
import type { OpeningKey, SenderLookup, SigningKey } from '../envelope/keys.js'
import { sealEnvelope } from '../envelope/seal.js'
import type { EnvelopeContent, EnvelopePart, OsciEvidence, XoevFacts } from '../envelope/types.js'
import type { Transport } from './ports.js'
import { TransportError } from './ports.js'

export const DEFAULT_TTL_SECONDS = 10
const PUT_ATTEMPTS = 3
const FIRST_PAUSE_MS = 100

/** Everything the client needs of the world; `connect` fills it in for Node. */
export interface ClientOptions {
  readonly participant: string
  readonly key: SigningKey
  readonly transport: Transport
  /** Private keys that open what comes into own mailboxes. */
  readonly openingKeys: readonly OpeningKey[]
  /** Whose signatures count. */
  readonly senders: SenderLookup
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Told what was dropped: envelopes that cannot be opened, answers that do not belong. Holds no content. */
  readonly onProblem?: (error: unknown, id: string) => void
}

/** What is sent: one XÖV document, or parts of any kind, or both (the document then is the part `content0`). */
export interface Outgoing {
  readonly document?: Uint8Array
  readonly parts?: readonly EnvelopePart[]
  readonly subject?: string
  readonly xoev?: XoevFacts
  readonly osci?: OsciEvidence
}

export interface TakeOptions {
  /** Whole seconds, at most 30. Default 30. */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
}

/** 128 bit of chance, 32 hex digits. */
export function newId(random: (bytes: number) => Uint8Array): string {
  return Array.from(random(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Parts and facts of something to be sent. */
export function contentOf(outgoing: Outgoing): Pick<EnvelopeContent, 'parts' | 'subject' | 'xoev' | 'osci'> {
  const { document, parts = [], subject, xoev, osci } = outgoing
  const first: EnvelopePart[] =
    document === undefined ? [] : [{ name: 'content0', mediaType: 'application/xml', role: 'document', bytes: document }]
  return {
    parts: [...first, ...parts],
    ...(subject === undefined ? {} : { subject }),
    ...(xoev === undefined ? {} : { xoev }),
    ...(osci === undefined ? {} : { osci }),
  }
}

/**
 * Seals, signs and puts; the sender and the time are filled in.
 * @param signal aborted before anything was sent: nothing is, and its reason is thrown
 */
export async function sealAndPut(
  options: ClientOptions,
  content: Omit<EnvelopeContent, 'sender' | 'createdAt'>,
  recipientKey: JWK,
  signal?: AbortSignal,
): Promise<void> {
  const whole: EnvelopeContent = { ...content, sender: options.participant, createdAt: options.clock.now().toISOString() }
  const body = await sealEnvelope(whole, { recipient: recipientKey, sender: options.key }, options.random)
  const { replyTo } = content
  const envelope = { ...content.header, ...(replyTo === undefined ? {} : { replyTo }) }
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      // The core may overwrite what it is given; a further attempt needs the bytes again.
      await options.transport.put({ ...envelope, body: new Uint8Array(body) })
      return
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      if (error.status === 409 && attempt > 1) return
      if (error.status !== undefined) throw error
      if (!error.nothingSent) return assertArrived(options, content.header.id, error)
      if (attempt >= PUT_ATTEMPTS) throw error
      await options.sleep(FIRST_PAUSE_MS * 2 ** attempt, signal)
    }
  }
}

/** The connection broke in the middle: asking is safe, putting again is not. */
async function assertArrived(options: ClientOptions, id: string, error: TransportError): Promise<void> {
  const record = await options.transport.outcome(id, 0, 'settled').catch(() => undefined)
  if (record === undefined) throw error
}
