// SPDX-License-Identifier: EUPL-1.2
/**
 * What an observer is told, in order: of a put before all that happens to the envelope, though who takes may hear of it first.
 * @module
 */
import type { CoreEvent, CoreObserver } from '../ports.js'

type Put = Extract<CoreEvent, { readonly kind: 'put' }>

export class Told {
  readonly #observe: CoreObserver
  /** On their way to the server. */
  readonly #puts = new Map<string, Put>()

  constructor(observe: CoreObserver = () => undefined) {
    this.#observe = observe
  }

  begin(put: Put): void {
    if (!this.#puts.has(put.id)) this.#puts.set(put.id, put)
  }

  /** It was refused, and is no event. Of two with one id the other one's stays. */
  forget(put: Put): void {
    if (this.#puts.get(put.id) === put) this.#puts.delete(put.id)
  }

  done(id: string): void {
    const put = this.#puts.get(id)
    if (this.#puts.delete(id) && put) this.#observe(put)
  }

  tell(event: CoreEvent): void {
    this.done(event.id)
    this.#observe(event)
  }
}
