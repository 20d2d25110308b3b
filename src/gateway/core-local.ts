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

/** As long as a core waits for the end of a hand-over without lease. */
const MAX_HELD_MS = 60_000

/** @returns a transport for `createClient` or `connect({ transport })`. Taken bytes are copies (`slice` of a Buffer is none): the core overwrites its own. */
export function localTransport(core: Core, participant: LocalParticipant, clock: Clock): Transport {
  const leases = new Map<string, { readonly claim: Claim; readonly untilMs: number }>()
  /** Forgotten once the core has heard it: one that is away for a moment may be told again. */
  const end = async (id: string, how: (claim: Claim) => Promise<void>): Promise<void> => {
    const lease = leases.get(id)
    if (lease === undefined) throw new CoreError('unknown', 'There is no such envelope.')
    await how(lease.claim)
    if (leases.get(id) === lease) leases.delete(id)
  }
  const transport: Transport = {
    async put(envelope: OutgoingEnvelope) {
      await core.put({ ...envelope, sender: participant.id })
    },
    async take(mailbox, waitSeconds, signal, wish = {}): Promise<TakenEnvelope | undefined> {
      const own = participant.mailboxes.includes(mailbox) || (await core.owner(mailbox)) === participant.id
      if (!own) throw new CoreError('unknown', 'There is no such mailbox.')
      const { id, leaseSeconds, confirm } = wish
      const choice = { ...(id === undefined ? {} : { id }), ...(leaseSeconds === undefined ? {} : { leaseMs: leaseSeconds * 1000 }) }
      const claim = await core.take(mailbox, waitSeconds * 1000, signal, choice)
      if (claim === undefined) return undefined
      const { envelope, remainingMs, leaseMs } = claim
      const { sender, replyTo } = envelope
      const body = new Uint8Array(envelope.body)
      const taken = { id: envelope.id, body, remainingMs, sender, ...(replyTo === undefined ? {} : { replyTo }) }
      if (leaseMs === undefined && confirm !== true) {
        await claim.confirm()
        return taken
      }
      const nowMs = clock.monotonicMs()
      for (const [other, { untilMs }] of leases) if (untilMs <= nowMs) leases.delete(other)
      leases.set(envelope.id, { claim, untilMs: nowMs + (leaseMs ?? MAX_HELD_MS) })
      return leaseMs === undefined ? taken : { ...taken, leaseMs }
    },
    confirm: (id) => end(id, (claim) => claim.confirm()),
    refuse: (id, code) => end(id, (claim) => claim.refuse(code)),
    giveBack: (id) => end(id, (claim) => claim.broken()),
    withdraw: async (id) => (await core.outcome(id))?.sender === participant.id && core.withdraw(id),
    async outcome(id, waitSeconds, until, signal): Promise<EnvelopeOutcome | undefined> {
      if (signal?.aborted === true || (await core.outcome(id))?.sender !== participant.id) return undefined
      const record = await core.settled(id, waitSeconds * 1000, until, signal)
      if (record === undefined) return undefined
      const { sender: _sender, link, ...outcome } = record
      return { ...outcome, ...link }
    },
  }
  return {
    put: (envelope) => translated(transport.put(envelope)),
    take: (mailbox, waitSeconds, signal, wish) => translated(transport.take(mailbox, waitSeconds, signal, wish)),
    confirm: (id) => translated(transport.confirm(id)),
    refuse: (id, code) => translated(transport.refuse(id, code)),
    giveBack: (id) => translated(transport.giveBack(id)),
    withdraw: (id) => translated(transport.withdraw(id)),
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
