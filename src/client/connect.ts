// SPDX-License-Identifier: EUPL-1.2
/**
 * The client for Node, ready to use: keys as JWK, the core by its URL.
 * @module
 */
import type { JWK } from 'jose'
import type { KeyOwner, SenderLookup } from '../envelope/keys.js'
import { importOpeningKey, importSigningKey, trustedSenders } from '../envelope/keys.js'
import type { Client } from './client.js'
import { createClient } from './client.js'
import type { Transport } from './ports.js'
import { httpTransport, systemClock, systemRandom, systemSleep, type TlsOptions } from './transport.js'

export interface ConnectOptions {
  /** Base URL of the core, or of its nodes, the next of which is asked when one is away; not needed with `transport`. */
  readonly url?: string | readonly [string, ...string[]]
  /** The core's `publicUrl` when it is reached under another one. */
  readonly audience?: string
  /** Roots of the core's own, and a certificate for mutual TLS; not needed with `transport`. */
  readonly tls?: TlsOptions
  readonly participant: string
  /** Private JWK that signs: EC P-256, or RSA of at least 3000 bit. */
  readonly key: JWK
  /** Private JWKs that open what comes into own mailboxes; an asker needs none. */
  readonly openingKeys?: readonly JWK[]
  /** Whose signatures count: participants with their public keys, or a lookup. */
  readonly senders: readonly KeyOwner[] | SenderLookup
  /** Another way to the core, e.g. in the same process. */
  readonly transport?: Transport
  readonly onProblem?: (error: unknown, id: string) => void
}

/** @throws {EnvelopeError} envelope.key */
export async function connect(options: ConnectOptions): Promise<Client> {
  const key = await importSigningKey(options.key)
  const { url, audience, tls, participant, senders, onProblem } = options
  const transport =
    options.transport ??
    httpTransport({
      url: url ?? 'http://127.0.0.1:8080',
      participant,
      key,
      ...(audience === undefined ? {} : { audience }),
      ...(tls === undefined ? {} : { tls }),
    })
  return createClient({
    participant,
    key,
    transport,
    openingKeys: await Promise.all((options.openingKeys ?? []).map(importOpeningKey)),
    senders: typeof senders === 'function' ? senders : trustedSenders(senders),
    clock: systemClock,
    random: systemRandom,
    sleep: systemSleep,
    ...(onProblem === undefined ? {} : { onProblem }),
  })
}
