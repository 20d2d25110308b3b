// SPDX-License-Identifier: EUPL-1.2
/**
 * What the online service tells of an envelope in the answer to its put, line by line: outcomes, and sealed replies.
 *
 *   "\n"   {"record": outcome}"\n"   {"reply": {"id", "body": base64}}"\n"   …
 * @module
 */
import type { EnvelopeOutcome, TakenEnvelope } from '../../client/ports.js'
import { bytesOf } from './base64.js'

interface Line {
  readonly record?: EnvelopeOutcome
  readonly reply?: { readonly id: string; readonly body: string }
}

/** Items in their order, each read once. */
class Row<T> {
  readonly #reader: ReadableStreamDefaultReader<T>
  #controller!: ReadableStreamDefaultController<T>
  #isRead = false

  constructor() {
    this.#reader = new ReadableStream<T>({ start: (controller) => void (this.#controller = controller) }).getReader()
  }

  /** All that came was read, and no more will come. */
  get isRead(): boolean {
    return this.#isRead
  }

  add(item: T): void {
    this.#controller.enqueue(item)
  }

  end(): void {
    this.#controller.close()
  }

  /** The next one, when it is there; undefined at the end. */
  async next(): Promise<T | undefined> {
    const { value, done } = await this.#reader.read()
    this.#isRead = done
    return value
  }
}

export class Told {
  readonly replies = new Row<TakenEnvelope>()
  readonly records = new Row<EnvelopeOutcome>()
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader()
    // a connection that breaks and one that ends mean the same: nothing more is told here
    void this.#read()
      .catch(() => undefined)
      .then(() => {
        this.replies.end()
        this.records.end()
      })
  }

  /** Nobody listens any more. */
  close(): void {
    void this.#reader.cancel().catch(() => undefined)
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    let begun = ''
    for (;;) {
      const { value, done } = await this.#reader.read()
      if (done) return
      const lines = (begun + decoder.decode(value, { stream: true })).split('\n')
      begun = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#tell(JSON.parse(line) as Line)
    }
  }

  #tell({ record, reply }: Line): void {
    if (record) this.records.add(record)
    if (reply) this.replies.add({ id: reply.id, body: bytesOf(reply.body), remainingMs: 0 })
  }
}
