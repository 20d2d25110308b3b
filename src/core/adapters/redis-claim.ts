// SPDX-License-Identifier: EUPL-1.2
/**
 * A hand-over under way at this node. Its token makes it the only one that can end it; the server forgets the token when the lease is over.
 * @module
 */
import { CoreError } from '../errors.js'
import type { Claim, MailboxAddress, StoredEnvelope } from '../ports.js'
import type { Deadlines } from '../ttl.js'
import { text, type Calls } from './redis-calls.js'

export type Ending = 'confirm' | 'refuse' | 'broken'

export interface ClaimsOptions {
  readonly calls: Calls
  readonly deadlines: Deadlines
  readonly nowMs: () => number
  readonly handoverMs: number
  /** Called when one is over. */
  readonly onEnd: () => void
}

interface Open {
  readonly claim: Claim
  readonly end: (ending: Ending, reason: string) => Promise<void>
  readonly over: () => void
}

/** An ending whose answer was lost, or that could not be sent. */
interface Unsaid {
  readonly tag: string
  readonly args: readonly string[]
}

export class Claims {
  readonly #options: ClaimsOptions
  readonly #open = new Set<Open>()
  #unsaid: Unsaid[] = []

  constructor(options: ClaimsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#open.size
  }

  /** @param values of the step `take`: id, sender, reply mailbox, ttl, remaining ms, dwell ms, lease ms or -1 */
  begin(to: MailboxAddress, tag: string, token: string, values: readonly unknown[], body: Uint8Array): Claim {
    const [id, sender, reply, ttl, remaining, , lease] = values
    const leaseMs = Number(lease)
    const replyTo = text(reply)
    const envelope: StoredEnvelope = {
      id: text(id),
      to,
      sender: text(sender),
      ttlSeconds: Number(text(ttl)),
      body,
      ...(replyTo === '' ? {} : { replyTo }),
    }
    let ended = false
    const over = (): void => {
      this.#options.deadlines.cancel(deadline)
      this.#open.delete(open)
      envelope.body.fill(0)
      this.#options.onEnd()
    }
    const end = async (ending: Ending, reason: string): Promise<void> => {
      if (ended) throw new CoreError('gone', 'This hand-over is over.')
      ended = true
      const args = [envelope.id, token, ending, reason]
      try {
        await this.#options.calls.run('finish', tag, args)
      } catch (error) {
        // nobody knows whether it was said: whoever leases may say it again, at most once it is said again here
        if (error instanceof CoreError && error.kind === 'full') {
          if (leaseMs >= 0) {
            ended = false
            throw error
          }
          this.#unsaid.push({ tag, args })
        }
        over()
        throw error
      }
      over()
    }
    const claim: Claim = {
      envelope,
      remainingMs: Number(remaining),
      ...(leaseMs < 0 ? {} : { leaseMs }),
      confirm: () => end('confirm', ''),
      refuse: (code) => end('refuse', code),
      broken: () => end('broken', ''),
    }
    const open: Open = { claim, end, over }
    const deadline = this.#options.deadlines.set(this.#options.nowMs() + (leaseMs < 0 ? this.#options.handoverMs : leaseMs), over)
    this.#open.add(open)
    return claim
  }

  /** After a reconnect. */
  async sayAgain(): Promise<void> {
    const unsaid = this.#unsaid
    this.#unsaid = []
    for (const { tag, args } of unsaid)
      await this.#options.calls.run('finish', tag, args).catch((error: unknown) => {
        if (error instanceof CoreError && error.kind === 'full') this.#unsaid.push({ tag, args })
      })
  }

  /** The node ends: at most once → `unknown`; a lease waits again, for another node. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#open].map(async ({ end, over }) => end('broken', '').catch(over)))
  }
}
