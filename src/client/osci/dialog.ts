// SPDX-License-Identifier: EUPL-1.2
/**
 * Explicit dialogs.
 *
 *   initDialog ─► responseToInitDialog: ConversationId, challenge 0
 *   request 0, Response = challenge 0 ─► answer: challenge 1
 *   request 1, Response = challenge 1 ─► …
 *   exitDialog ─► the end; acknowledges what was fetched before, as every request does
 *
 * States: open ─► closed | dead. After a failure nobody knows what the supplier saw, and one request more could acknowledge a delivery
 * that was never read: a dead dialog is silent, and a new one is opened. Specs: osci-1.2 §1.3, §3.2–3.6; osci-in-the-field §3 rows 8–10.
 * @module
 */
import { EXCHANGES, type OrderOf, type RequestName } from '../../osci/messages.js'
import type { OsciMessage } from '../../osci/types.js'
import { exchange, type Line } from './exchange.js'
import { OsciCallError, type OsciAnswer, type OsciDialog, type OsciRequestParts } from './ports.js'

/** Findings of a request that was never built: nothing has left, so nothing is lost. */
const UNBUILT = /^client\.(request|exchange|content|certificate-missing|certificate-role|no-signer)$/

/** @throws {OsciCallError} also `refused`, with the peer's code: then there is no dialog, and nothing more is sent. */
export async function openDialog(line: Line): Promise<OsciDialog> {
  const { answer, control } = await exchange('initDialog', {}, {}, line)
  const [code] = answer.feedback.errors
  if (code !== undefined)
    throw new OsciCallError('refused', 'client.dialog-refused', `The dialog was refused (${answer.feedback.errors.join(', ')}).`, {
      feedback: code,
    })
  const { conversationId, challenge } = control
  if (conversationId === undefined || challenge === undefined) throw new TypeError('the row of responseToInitDialog demands both')
  return new Dialog(line, conversationId, challenge, answer.message.features)
}

class Dialog implements OsciDialog {
  readonly conversationId: string
  readonly features: OsciMessage['features']
  readonly #line: Line
  #challenge: string
  #sequenceNumber = 0
  #state: 'open' | 'closed' | 'dead' = 'open'
  /** Ends with the last call that was asked for; never rejects. */
  #queue: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(line: Line, conversationId: string, challenge: string, features: OsciMessage['features']) {
    this.#line = line
    this.conversationId = conversationId
    this.#challenge = challenge
    this.features = features
  }

  get dead(): boolean {
    return this.#state === 'dead'
  }

  send<N extends RequestName>(type: N, order: OrderOf<N>, parts: OsciRequestParts = {}): Promise<OsciAnswer<N>> {
    if (this.#closing) return Promise.reject(over('The dialog is closed.'))
    return this.#next(() => this.#exchange(type, order, parts))
  }

  close(): Promise<void> {
    this.#closing ??= this.#next(async () => {
      if (this.#state === 'open') await this.#exchange('exitDialog', {}, {})
    }).catch(() => undefined)
    return this.#closing
  }

  abandon(): void {
    if (this.#state === 'open') this.#state = 'dead'
  }

  /** One request at a time: two at once would break the chain of challenges. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #exchange<N extends RequestName>(type: N, order: OrderOf<N>, parts: OsciRequestParts): Promise<OsciAnswer<N>> {
    if (this.#state !== 'open')
      throw over(this.dead ? 'The dialog is dead: an earlier call in it failed, or it was given up.' : 'The dialog is closed.')
    const position = { conversationId: this.conversationId, sequenceNumber: this.#sequenceNumber, challenge: this.#challenge }
    try {
      const { answer, control } = await exchange(type, order, parts, this.#line, position)
      this.#sequenceNumber += 1
      if (EXCHANGES[type].dialog === 'closes') this.#state = 'closed'
      else this.#challenge = control.challenge ?? ''
      return answer
    } catch (error) {
      if (!(error instanceof OsciCallError && error.stage === 'not-sent' && UNBUILT.test(error.finding))) this.#state = 'dead'
      throw error
    }
  }
}

const over = (message: string): OsciCallError => new OsciCallError('not-sent', 'client.dialog-over', message)
