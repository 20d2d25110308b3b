// SPDX-License-Identifier: EUPL-1.2
/**
 * Hand-overs over HTTP: from the claim, which came before the first byte, to the end that the core is told.
 *
 *   at most once           last byte at the socket ─► delivered      socket broken, too slow ─► unknown
 *   the same, `confirm`    the taker says so: confirm ─► delivered, refuse ─► refused, return ─► unknown; silence ─► unknown
 *   lease and confirm      confirm ─► delivered, refuse ─► refused, return or broken ─► waiting again
 *
 * Specs: product.md, "The core"; threat model C6, H1.
 * @module
 */
import type { ServerResponse } from 'node:http'
import { CoreError } from '../core/errors.js'
import type { Claim, Core } from '../core/ports.js'
import type { Clock } from '../env.js'
import { MEDIA_TYPE } from '../envelope/container.js'
import { cutWhenSlow, type TransferLimits } from './core-body.js'

export interface HandoverOptions {
  readonly core: Core
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** How a taker ends a hand-over that waits for its word. */
export type HandoverEnd = { readonly kind: 'confirm' | 'return' } | { readonly kind: 'refuse'; readonly code: string }

interface Held {
  readonly participant: string
  untilMs: number
  /** Ended: only how is kept, for whoever says so twice. */
  claim: Claim | HandoverEnd['kind']
}

/** A core gives up on a hand-over after a minute; before that the socket is cut, so that nobody reads memory that was overwritten. */
const MAX_TRANSFER_MS = 55_000
/** As long as a core waits for the end of a hand-over without lease. */
const MAX_HELD_MS = 60_000
const SWEEP_MS = 1000

const ENDS: {
  readonly [K in HandoverEnd['kind']]: (claim: Pick<Claim, K extends 'return' ? 'broken' : K>, code: string) => Promise<void>
} = {
  confirm: (claim) => claim.confirm(),
  refuse: (claim, code) => claim.refuse(code),
  return: (claim) => claim.broken(),
}

export class Handovers {
  readonly #options: HandoverOptions
  readonly #limits: TransferLimits
  readonly #held = new Map<string, Held>()
  #transfers = 0
  #sweptAtMs = 0

  constructor(options: HandoverOptions, limits: TransferLimits) {
    this.#options = options
    this.#limits = limits
  }

  /** Under way at the moment: on the socket, or waiting for the taker's word. */
  get underway(): number {
    const nowMs = this.#now()
    let open = 0
    for (const { claim, untilMs } of this.#held.values()) if (typeof claim !== 'string' && untilMs > nowMs) open++
    return this.#transfers + open
  }

  /**
   * Writes the envelope; from here on the claim has its end, whatever the socket does.
   * @param response whose turn has come on its connection (`turnOf`): one without a socket is over.
   * @param confirms the taker will say so himself.
   */
  send(response: ServerResponse, participant: string, claim: Claim, confirms: boolean): void {
    const { envelope, leaseMs } = claim
    const { socket } = response
    if (response.closed || socket === null || socket.destroyed) return this.#tell(claim.broken())
    const held = leaseMs !== undefined || confirms
    this.#transfers++
    cutWhenSlow(response, envelope.body.length, this.#limits, Math.min(leaseMs ?? Infinity, MAX_TRANSFER_MS))
    let delivered = false
    // A response also says `finish` when its socket is torn down with bytes still in it: then nothing is known to have arrived.
    response.once('finish', () => {
      delivered = !socket.destroyed && socket.errored === null
      if (delivered && !held) this.#tell(claim.confirm())
    })
    if (held) this.#hold(envelope.id, { claim, participant, untilMs: this.#now() + (leaseMs ?? MAX_HELD_MS) })
    response.once('close', () => {
      this.#transfers--
      if (delivered) return
      if (this.#held.get(envelope.id)?.claim === claim) this.#held.delete(envelope.id)
      this.#tell(claim.broken())
    })
    response.writeHead(200, {
      'Content-Type': MEDIA_TYPE,
      'Content-Length': envelope.body.length,
      'Protektor-Envelope-Id': envelope.id,
      'Protektor-Sender': envelope.sender,
      ...(envelope.replyTo === undefined ? {} : { 'Protektor-Reply-To': envelope.replyTo }),
      'Protektor-Handover': leaseMs === undefined ? 'at-most-once' : 'lease-and-confirm',
      ...(leaseMs === undefined ? {} : { 'Protektor-Lease-Ms': Math.floor(leaseMs) }),
      'Protektor-Remaining-Ms': Math.max(0, Math.floor(claim.remainingMs)),
    })
    response.end(Buffer.from(envelope.body.buffer, envelope.body.byteOffset, envelope.body.length))
  }

  /** Confirming again is harmless. @throws {CoreError} unknown: nothing of this name for this participant; gone: too late */
  async end(participant: string, id: string, end: HandoverEnd): Promise<void> {
    const held = this.#held.get(id)
    const own = held?.participant === participant ? held : undefined
    const claim = own?.claim ?? (await this.#heldElsewhere(participant, id))
    if (claim === undefined) throw new CoreError('unknown', 'There is no such envelope.')
    if (typeof claim === 'string') {
      if (claim === 'confirm' && end.kind === 'confirm') return
      throw new CoreError('gone', 'This hand-over is over.')
    }
    await ENDS[end.kind](claim, end.kind === 'refuse' ? end.code : '')
    if (own?.claim === claim) Object.assign(own, { claim: end.kind, untilMs: this.#now() + MAX_HELD_MS })
  }

  /** Looked up also when it is clear that it lies here and belongs to somebody else: the answer takes as long as any. */
  async #heldElsewhere(participant: string, id: string) {
    const { core } = this.#options
    const claim = await core.held?.(id)
    return claim !== undefined && (await core.owner(claim.from)) === participant ? claim : undefined
  }

  #hold(id: string, held: Held): void {
    const nowMs = this.#now()
    if (nowMs - this.#sweptAtMs >= SWEEP_MS) {
      this.#sweptAtMs = nowMs
      for (const [other, { untilMs }] of this.#held) if (untilMs <= nowMs) this.#held.delete(other)
    }
    this.#held.set(id, held)
  }

  /** An end that comes too late (the taker was quicker, the core gave up) is none. */
  #tell(end: Promise<void>): void {
    end.catch((error: unknown) => {
      if (!(error instanceof CoreError && error.kind === 'gone')) this.#options.onError?.(error)
    })
  }

  #now(): number {
    return this.#options.clock.monotonicMs()
  }
}
