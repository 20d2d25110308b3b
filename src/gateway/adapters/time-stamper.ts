// SPDX-License-Identifier: EUPL-1.2
/**
 * A time-stamping authority behind HTTP: one POST, one answer, within the time limit. What an answer must look like is the protocol's
 * business (`pki/timestamp.ts`, which this room may not see and the composition root hands in).
 * Specs: [RFC3161 §3.4]; osci-1.2 §6.5.
 * @module
 */
import { ProtektorError } from '../../errors.js'
import type { TimeStamper } from '../intermediary/ports.js'

/** The value of `Algorithm` for RFC 3161 tokens (osci-1.2 §6.5). */
export const RFC3161_ALGORITHM = 'urn:ietf:rfc:3161'

/** 64 bits: as many as every authority takes [RFC3161 §2.4.1]. */
const NONCE_BYTES = 8

export interface TimestampQuestion {
  readonly sha256: Uint8Array
  readonly nonce: Uint8Array
}

export interface TimestampProtocol {
  readonly maxBytes: number
  request(question: TimestampQuestion): Uint8Array
  /** @returns the token, DER. @throws {ProtektorError} `timestamp.…` */
  verify(answer: Uint8Array, question: TimestampQuestion, at: Date): Promise<Uint8Array>
}

export interface TimeStamperOptions {
  /** Of the configuration, never of a message. */
  readonly url: string
  /** For connection, question and the whole answer. */
  readonly timeoutMs: number
  readonly protocol: TimestampProtocol
  /** The body of an answer. @throws {RangeError} larger than that; the reason of the signal. */
  readonly readWhole: (response: Response, late: AbortSignal, maxBytes: number) => Promise<Uint8Array>
  readonly random: (bytes: number) => Uint8Array
  readonly now: () => Date
}

/** @returns its `stamp` throws {ProtektorError} `timestamp.…` and nothing else. */
export function httpTimeStamper(options: TimeStamperOptions): TimeStamper {
  const { protocol, random, now } = options
  return {
    async stamp(sha256) {
      const question = { sha256, nonce: random(NONCE_BYTES) }
      const answer = await post(options, protocol.request(question))
      return { cryptographic: { algorithm: RFC3161_ALGORITHM, token: await protocol.verify(answer, question, now()) } }
    },
  }
}

async function post({ url, timeoutMs, protocol, readWhole }: TimeStamperOptions, body: Uint8Array): Promise<Uint8Array> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body,
      // an address elsewhere is not the one that the operator chose
      redirect: 'manual',
      signal: late,
    })
    const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (response.status !== 200 || type !== 'application/timestamp-reply') {
      await response.body?.cancel()
      throw new ProtektorError('timestamp.http', 'The time-stamping authority does not answer like one.', {
        detail: `HTTP ${response.status}`,
      })
    }
    return await readWhole(response, late, protocol.maxBytes)
  } catch (cause) {
    if (cause instanceof ProtektorError) throw cause
    if (cause instanceof RangeError)
      throw new ProtektorError('timestamp.too-large', 'The answer of the time-stamping authority is too large.', { cause })
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    throw isLate
      ? new ProtektorError('timestamp.timeout', 'The time-stamping authority did not answer in time.', { cause })
      : new ProtektorError('timestamp.unreachable', 'The time-stamping authority cannot be reached.', { cause })
  }
}
