// SPDX-License-Identifier: EUPL-1.2
/**
 * A participant in the same process: the client's way to the core without HTTP, under the same rules of ownership.
 * @module
 */
import type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, Transport } from '../client/ports.js'
import { TransportError } from '../client/ports.js'
import { CoreError } from '../core/errors.js'
import type { Claim, Core } from '../core/ports.js'
import type { Clock } from '../env.js'

export interface LocalParticipant {
  readonly id: string
  readonly mailboxes: readonly string[]
}

/** @returns a transport for `createClient` or `connect({ transport })`. Taken bytes are copies (`slice` of a Buffer is none): the core overwrites its own. */
export function localTransport(core: Core, participant: LocalParticipant, clock: Clock): Transport {
  const leases = new Map<string, { readonly claim: Claim; readonly untilMs: number }>()
  const leased = (id: string): Claim => {
    const lease = leases.get(id)
    if (lease === undefined) throw new CoreError('unknown', 'There is no such envelope.')
    leases.delete(id)
    return lease.claim
  }
  const transport: Transport = {
    async put(envelope: OutgoingEnvelope) {
      await core.put({ ...envelope, sender: participant.id })
    },
    async take(mailbox, waitSeconds, signal): Promise<TakenEnvelope | undefined> {
      const own = participant.mailboxes.includes(mailbox) || (await core.owner(mailbox)) === participant.id
      if (!own) throw new CoreError('unknown', 'There is no such mailbox.')
      const claim = await core.take(mailbox, waitSeconds * 1000, signal)
      if (claim === undefined) return undefined
      const { envelope, remainingMs, leaseMs } = claim
      const taken = { id: envelope.id, body: new Uint8Array(envelope.body), remainingMs }
      if (leaseMs === undefined) {
        await claim.confirm()
        return taken
      }
      const nowMs = clock.monotonicMs()
      for (const [id, { untilMs }] of leases) if (untilMs <= nowMs) leases.delete(id)
      leases.set(envelope.id, { claim, untilMs: nowMs + leaseMs })
      return { ...taken, leaseMs }
    },
    confirm: async (id) => leased(id).confirm(),
    refuse: async (id, code) => leased(id).refuse(code),
    async outcome(id, waitSeconds, until, signal): Promise<EnvelopeOutcome | undefined> {
      if (signal?.aborted === true || (await core.outcome(id))?.sender !== participant.id) return undefined
      const record = await core.settled(id, waitSeconds * 1000, until)
      if (record === undefined) return undefined
      const { sender: _sender, ...outcome } = record
      return outcome
    },
  }
  return {
    put: (envelope) => translated(transport.put(envelope)),
    take: (mailbox, waitSeconds, signal) => translated(transport.take(mailbox, waitSeconds, signal)),
    confirm: (id) => translated(transport.confirm(id)),
    refuse: (id, code) => translated(transport.refuse(id, code)),
    outcome: (id, waitSeconds, until, signal) => translated(transport.outcome(id, waitSeconds, until, signal)),
  }
}

/** The client knows one error for all ways to the core. */
async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
    const { finding, message, status, retryAfterSeconds } = error
    throw new TransportError(finding, message, { status, cause: error, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) })
  }
}
