// SPDX-License-Identifier: EUPL-1.2
/**
 * The pipeline: stages in a row, `open` from the outside in, `seal` from the inside out.
 *
 *   mime → soap → transport → signature → message
 * @module
 */
import { OrderError } from '../errors.js'
import { readFault } from './fault.js'
import { message } from './message.js'
import { mime } from './mime-stage.js'
import { signature } from './signature.js'
import { soap } from './soap.js'
import { transport } from './transport.js'
import type { Fault, OsciEnv, OsciMessage, SoapEnvelope, Stage } from './types.js'

/** Two stages as one; the name is the inner one's. */
export function chain<A, B, C>(outer: Stage<A, B>, inner: Stage<B, C>): Stage<A, C> {
  return {
    name: inner.name,
    open: async (a, env) => inner.open(await outer.open(a, env), env),
    seal: async (c, env) => outer.seal(await inner.seal(c, env), env),
  }
}

/** Bytes ⇄ the envelope with transport encryption taken off. */
export const frame: Stage<Uint8Array, SoapEnvelope> = chain(chain(mime, soap), transport)

/** Envelope ⇄ typed, verified message. */
export const order: Stage<SoapEnvelope, OsciMessage> = chain(signature, message)

/** Bytes ⇄ typed, verified message. A fault is refused here: see {@link openAnswer}. */
export const osci: Stage<Uint8Array, OsciMessage> = chain(frame, order)

/** What comes back to a client: a message or a fault. */
export async function openAnswer(bytes: Uint8Array, env: OsciEnv): Promise<OsciMessage | Fault> {
  const envelope = await frame.open(bytes, env)
  return envelope.kind === 'fault' ? readFault(envelope) : order.open(envelope, env)
}

/**
 * Phase 3 before phase 4: of a message that is not served here not even the control block is judged.
 * @throws {OrderError} 9300
 */
export function assertServed({ type }: SoapEnvelope, names: readonly OsciMessage['type'][]): void {
  if (type !== undefined && !names.includes(type)) throw new OrderError('osci-structure.unexpected-message', `${type} is not served here`)
}

/** The message if it is of this name. @throws {OrderError} 9300 otherwise. */
export function assertType<N extends OsciMessage['type']>(m: OsciMessage, ...names: readonly N[]): OsciMessage<N> {
  if (!names.includes(m.type as N)) throw new OrderError('osci-structure.unexpected-message', `${m.type} is not served here`)
  return m as unknown as OsciMessage<N>
}
