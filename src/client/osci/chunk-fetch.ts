// SPDX-License-Identifier: EUPL-1.2
/**
 * Downloading in chunks: a complete responseToFetchDelivery comes in parts and is put together.
 *
 *   chunk 1 ─► total, MessageId ─► chunk 2 … n (each with the SelectionRule) ─► package ─► delivery
 *     ├─► responseToFetchDelivery: it fits into one message
 *     └─► 9811: the peer cannot; fetchDelivery instead (osci-1.2 §10.4, seen in the field)
 *
 * Every chunk is kept before the next request; what deviates ends the download and the dialog. Specs: osci-1.2 §10.4;
 * osci-in-the-field §3 rows 23–26.
 * @module
 */
import { OsciError, ProtektorError } from '../../errors.js'
import type { FetchRule } from '../../osci/parts.js'
import { assertType, osci } from '../../osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../osci/types.js'
import { chunkKilobytes, chunkOf, KILOBYTE } from './chunks.js'
import { scanFeedback } from './feedback.js'
import { OsciCallError, type OsciAnswer, type OsciDialog } from './ports.js'
import { assertAccepted } from './refusal.js'

export interface DownloadOptions {
  /** Default 1000, within the peer's limits. The same at every attempt. */
  readonly chunkKilobytes?: number
  /** Of the whole package. Default `env.limits.messageBytes`. */
  readonly maxBytes?: number
  /** Takes the chunks in order, awaited before the next request; default: memory. */
  readonly keep?: (chunk: Uint8Array, number: number) => Promise<void>
  /** With `keep`: chunks 1…n are there from an earlier attempt, `bytes` in all. */
  readonly resumeAfter?: { readonly chunks: number; readonly bytes: number }
}

export interface Downloaded {
  readonly messageId: string
  readonly bytes: number
  /** 0: it came whole. */
  readonly chunks: number
  /** The delivery; absent where chunks went to `keep`: {@link openPackage} reads what was put together. */
  readonly message?: OsciMessage<'responseToFetchDelivery'>
}

const NOT_SPECIFIED = '9811'
const NO_SUCH_CHUNK = '9901'

type Answer = OsciAnswer<'partialFetchDelivery'>
type Partial = OsciMessage<'responseToPartialFetchDelivery'>

const isPartial = (message: Answer['message']): message is Partial => message.type === 'responseToPartialFetchDelivery'

/** @throws {OsciCallError} also `refused` (9803 nothing there); `answered-wrongly` and a dead dialog where chunks do not fit together. */
export async function fetchInChunks(dialog: OsciDialog, rule: FetchRule, env: OsciEnv, options: DownloadOptions = {}): Promise<Downloaded> {
  try {
    return await new Download(dialog, rule, env, options).run()
  } catch (error) {
    // only a refusal leaves nothing behind that the next request could acknowledge
    if (!(error instanceof OsciCallError && (error.stage === 'refused' || error.stage === 'not-sent'))) dialog.abandon()
    throw error
  }
}

/**
 * Reads a package that was put together. Its own signature is checked where it has one; without one the messages that carried the chunks
 * vouch for every byte.
 * @throws {OsciCallError} answered-wrongly
 */
export async function openPackage(bytes: Uint8Array, env: OsciEnv, messageId?: string): Promise<OsciMessage<'responseToFetchDelivery'>> {
  try {
    const message = assertType(await osci.open(bytes, env), 'responseToFetchDelivery')
    assertSameId(message, messageId)
    return message
  } catch (cause) {
    if (cause instanceof OsciCallError || !(cause instanceof ProtektorError)) throw cause
    throw new OsciCallError('answered-wrongly', cause.finding, 'The delivery that was put together cannot be read.', {
      cause,
      ...(cause instanceof OsciError ? { feedback: cause.feedback } : {}),
    })
  }
}

const wrong = (message: string): OsciCallError => new OsciCallError('answered-wrongly', 'client.chunk', message, { feedback: '9905' })

function assertSameId(message: OsciMessage<'responseToFetchDelivery'>, messageId: string | undefined): void {
  const found = message.order.processCardBundle?.messageId ?? ''
  if (found === '' || (messageId !== undefined && found !== messageId))
    throw new OsciCallError('answered-wrongly', 'client.other-delivery', 'Another delivery came than was asked for, or one without an id.')
}

class Download {
  readonly #dialog: OsciDialog
  readonly #env: OsciEnv
  readonly #options: DownloadOptions
  readonly #kilobytes: number
  readonly #maxBytes: number
  readonly #chunks: Uint8Array[] = []
  #rule: FetchRule
  #got: number
  #bytes: number
  #total: number | undefined

  constructor(dialog: OsciDialog, rule: FetchRule, env: OsciEnv, options: DownloadOptions) {
    this.#dialog = dialog
    this.#rule = rule
    this.#env = env
    this.#options = options
    this.#kilobytes = chunkKilobytes(options.chunkKilobytes, dialog.features)
    this.#maxBytes = options.maxBytes ?? env.limits.messageBytes
    this.#got = options.resumeAfter?.chunks ?? 0
    this.#bytes = options.resumeAfter?.bytes ?? 0
  }

  async run(): Promise<Downloaded> {
    let last: Partial | undefined
    do {
      const { message, feedback } = await this.#next()
      const [error, second] = last === undefined ? feedback.errors : []
      if (error === NOT_SPECIFIED && second === undefined) return await this.#instead()
      if (error === NO_SUCH_CHUNK && second === undefined && this.#got > 0) return await this.#assemble(await this.#lastAgain())
      if (!isPartial(message)) return this.#whole(message)
      assertAccepted('client.fetch-refused', 'The delivery was not given', feedback)
      await this.#take(message)
      last = message
    } while (this.#got < (this.#total ?? 0))
    return this.#assemble(last)
  }

  /** The rule goes with every request, whoever leaves it out (osci-in-the-field §3 row 26). */
  #next(number = this.#got + 1): Promise<Answer> {
    const received = Array.from({ length: number - 1 }, (_, at) => at + 1)
    return this.#dialog.send('partialFetchDelivery', {
      ...(Object.keys(this.#rule).length === 0 ? {} : { selectionRule: this.#rule }),
      chunkInformation: { chunkNumber: number, chunkSizeKilobytes: this.#kilobytes, receivedChunks: received },
    })
  }

  /** Nothing may be missing: the attempt that kept the last chunk broke off behind it. That one tells again how many there are. */
  async #lastAgain(): Promise<Partial> {
    const { message, feedback } = await this.#next(this.#got)
    if (!isPartial(message)) throw wrong('A whole delivery came instead of its last chunk.')
    assertAccepted('client.fetch-refused', 'The delivery was not given', feedback)
    const { chunkNumber, totalChunkNumbers } = message.order.chunkInformation
    if (chunkNumber !== this.#got || totalChunkNumbers !== this.#got) throw wrong('The number of chunks cannot be.')
    this.#bind(message.order.messageId)
    return message
  }

  async #take(message: Partial): Promise<void> {
    const { chunkInformation, messageId } = message.order
    const { chunkNumber, totalChunkNumbers } = chunkInformation
    const chunk = await chunkOf(message, this.#env)
    this.#total ??= totalChunkNumbers
    if (chunkNumber !== this.#got + 1) throw wrong('Another chunk came than was asked for.')
    if (this.#total === undefined || (totalChunkNumbers ?? this.#total) !== this.#total)
      throw wrong('The number of chunks is missing, or changed.')
    const mostChunks = Math.ceil(this.#maxBytes / (this.#kilobytes * KILOBYTE)) + 1
    if (this.#total < chunkNumber || this.#total > mostChunks) throw wrong('The number of chunks cannot be.')
    if (chunk.byteLength === 0 || chunk.byteLength > (this.#kilobytes + 1) * KILOBYTE)
      throw wrong('The chunk has another size than was asked for.')
    this.#bytes += chunk.byteLength
    if (this.#bytes > this.#maxBytes) throw wrong(`The delivery is larger than ${this.#maxBytes} bytes.`)
    this.#bind(messageId)
    if (this.#options.keep) await this.#options.keep(chunk, chunkNumber)
    else this.#chunks.push(chunk)
    this.#got = chunkNumber
  }

  /** The first answer says which delivery it is; from then on it is asked for by its id, and no other is taken. */
  #bind(messageId: string | undefined): void {
    const id = messageId?.replace(/_Partial$/, '')
    if (id !== undefined && this.#rule.messageId !== undefined && id !== this.#rule.messageId)
      throw new OsciCallError('answered-wrongly', 'client.other-delivery', 'Chunks of another delivery came than was asked for.')
    if (this.#rule.messageId === undefined && id !== undefined) this.#rule = { messageId: id }
  }

  async #assemble(last: Partial): Promise<Downloaded> {
    const announced = last.order.chunkInformation.totalMessageSizeKilobytes
    if (announced !== undefined && Math.abs(announced - this.#bytes / KILOBYTE) > 1)
      throw wrong('The delivery has another size than was announced.')
    const messageId = this.#rule.messageId
    const facts = { bytes: this.#bytes, chunks: this.#got }
    if (this.#options.keep) return { ...facts, messageId: messageId ?? '' }
    const env: OsciEnv = { ...this.#env, limits: { ...this.#env.limits, messageBytes: this.#maxBytes } }
    const message = await openPackage(Buffer.concat(this.#chunks, this.#bytes), env, messageId)
    return { ...facts, messageId: message.order.processCardBundle?.messageId ?? '', message }
  }

  async #instead(): Promise<Downloaded> {
    const { message, feedback } = await this.#dialog.send(
      'fetchDelivery',
      Object.keys(this.#rule).length === 0 ? {} : { selectionRule: this.#rule },
    )
    assertAccepted('client.fetch-refused', 'The delivery was not given', feedback)
    return this.#whole(message)
  }

  #whole(message: OsciMessage<'responseToFetchDelivery'>): Downloaded {
    assertAccepted('client.fetch-refused', 'The delivery was not given', scanFeedback(message.order.feedback.entries))
    assertSameId(message, this.#rule.messageId)
    return { messageId: message.order.processCardBundle?.messageId ?? '', bytes: 0, chunks: 0, message }
  }
}
