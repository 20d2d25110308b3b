// SPDX-License-Identifier: EUPL-1.2
/**
 * Between two parties: bodies, their Content-Type and the status pass as they are, but for the one fault that is set. What passes is opened as far as the keys at hand
 * reach, so that faults find their exchanges, and observers see messages.
 * @module
 */
import { OsciCallError, type OsciHttp } from '../client/osci/ports.js'
import { ProtektorError } from '../errors.js'
import { EXCHANGES, messageType, type RequestName } from '../osci/messages.js'
import { isSigned } from '../osci/signature.js'
import { frame as frameStage } from '../osci/stages.js'
import { Unbendable, type Hand } from './bend.js'
import type { Where, Words } from './deviation.js'
import type { Fault } from './faults.js'
import { whole, type Incoming, type Outgoing } from './listener.js'
import { envFor, type Body, type Legs, type Posted } from './wire.js'

/** Whole answers: enough to find one of the same kind, and one of another. */
const MAX_EARLIER = 8

/** An exchange that has passed. */
export interface Passed {
  /** What the asker sent and got; where a fault was done also what was sent on, and came back. */
  readonly legs: readonly number[]
  readonly where: Where | undefined
  readonly request: Body
  /** As it came from the other side, before a fault of the answer. */
  readonly answer?: Posted
  readonly fault?: Fault
  /** The fault could not be done, and the message passed as it was: why. */
  readonly undone?: Words
}

export interface ProxyNeeds {
  readonly http: OsciHttp
  readonly legs: Legs
  readonly hand: Hand
  /** Where a path goes. */
  readonly target: (path: string) => string
  readonly timeoutMs: number
  readonly maxBytes: number
  /** What is to be done to this exchange. */
  readonly faultFor: (where: Where | undefined) => Fault | undefined
  readonly passed: (exchange: Passed) => void | Promise<void>
}

export class Proxy {
  readonly #needs: ProxyNeeds
  readonly #earlier: { name: RequestName | undefined; answer: Posted }[] = []

  constructor(needs: ProxyNeeds) {
    this.#needs = needs
  }

  async answer({ path, contentType, body, gone }: Incoming): Promise<Outgoing> {
    const { http, hand, timeoutMs, maxBytes } = this.#needs
    const request: Body = { contentType, body }
    const where = await whereOf(request, hand)
    const fault = this.#needs.faultFor(where)
    let came: Posted | undefined
    let sent: Uint8Array | undefined
    let given: Outgoing | undefined
    const forward = async (onward: Body): Promise<Posted> => {
      sent = onward.body
      const typed = onward.contentType === '' ? {} : { contentType: onward.contentType }
      came = await http.post(this.#needs.target(path), onward.body, { timeoutMs, maxBytes: 2 * maxBytes, signal: gone, ...typed })
      return came
    }
    const passing = { request, where, hand, maxBytes, forward, gone, earlier: [...this.#earlier] }
    let undone: Words | undefined
    try {
      if (fault) {
        try {
          return (given = await fault.act(passing))
        } catch (error) {
          if (!(error instanceof ProtektorError)) throw error
          undone = whyUndone(error, fault)
          // what did not arrive cannot pass as it was either
          if (error instanceof OsciCallError) throw error
        }
      }
      const answer = came ?? (await forward(request))
      this.#remember(where?.type.exchange, answer)
      return (given = whole(answer))
    } finally {
      const name = where?.type.name ?? 'request'
      const legs = [await this.#leg(name, body, given && 'body' in given ? given.body : undefined)]
      if (fault && sent) legs.push(await this.#leg(`${name}, sent on`, sent, came?.body))
      await this.#needs.passed({
        ...{ legs, where, request },
        ...(came ? { answer: came } : {}),
        ...(fault ? { fault } : {}),
        ...(undone === undefined ? {} : { undone }),
      })
    }
  }

  #leg(name: string, request: Uint8Array, answer: Uint8Array | undefined): Promise<number> {
    return this.#needs.legs.add({ name, request, ...(answer ? { answer } : { failure: 'client.connection' }) })
  }

  #remember(name: RequestName | undefined, answer: Posted): void {
    this.#earlier.push({ name, answer })
    if (this.#earlier.length > MAX_EARLIER) this.#earlier.shift()
  }
}

/** undefined: it was done, and not answered. An answer that never came was not bent; who was not reached, or had no time, saw no request. */
function whyUndone(error: ProtektorError, { direction }: Fault): Words | undefined {
  if (error instanceof Unbendable) return error.words
  if (!(error instanceof OsciCallError)) return { de: error.message, en: error.message }
  const { stage, finding } = error
  if (direction === 'request' && stage !== 'not-sent' && finding !== 'client.aborted') return undefined
  return { de: `es kam keine Antwort (${finding})`, en: `no answer came (${finding})` }
}

/** undefined: it cannot be opened, so nobody knows what it is. */
async function whereOf(request: Body, hand: Hand): Promise<Where | undefined> {
  try {
    const envelope = await frameStage.open(request.body, envFor(request, hand.env))
    const type = envelope.type === undefined ? undefined : messageType(envelope.type)
    if (!type) return undefined
    const control = envelope.header.find(({ local }) => local === 'ControlBlock')
    const inDialog =
      EXCHANGES[type.exchange].dialog !== 'opens' && (control?.attributes.some(({ local }) => local === 'ConversationId') ?? false)
    return { type, inDialog, signed: isSigned(envelope), encrypted: envelope.evidence.transport !== undefined }
  } catch (error) {
    if (error instanceof ProtektorError) return undefined
    throw error
  }
}
