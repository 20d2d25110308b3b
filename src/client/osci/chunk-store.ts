// SPDX-License-Identifier: EUPL-1.2
/**
 * Uploading in chunks: a complete inner storeDelivery goes over in parts, and can be taken up again where it stopped.
 *
 *   (resume: InfoOnly ─► what is there) ─► chunk 1 … n ─► InsideFeedback = the verdict
 *                                                     └─► 3951, or nothing yet ─► InfoOnly, wait, InfoOnly … (3952) ─► InsideFeedback
 *
 * Nothing is sent twice by itself. When a call fails its dialog is dead: open another one, call again with `resume`.
 * Specs: osci-1.2 §10.2, §10.3; osci-in-the-field §3 rows 3, 23, 24.
 * @module
 */
import type { OrderOf } from '../../osci/messages.js'
import type { OsciEnv, OsciMessage } from '../../osci/types.js'
import { systemSleep } from '../transport.js'
import { chunkContent, chunkCount, chunkKilobytes, kilobytesOf, readChunk, type ChunkSource } from './chunks.js'
import { OsciCallError, type Feedback, type OsciAnswer, type OsciDialog, type OsciIdentity, type OsciPeer } from './ports.js'
import { assertAccepted } from './refusal.js'
import { requestType, sealRequest } from './request.js'
import { sealingFor } from './suite.js'

export interface ChunkedUpload {
  /** The issued id; the inner storeDelivery carries it as well. */
  readonly messageId: string
  readonly subject?: string
  /** The inner storeDelivery as {@link packDelivery} makes it. */
  readonly source: ChunkSource
  /** As in the inner message: at least the CipherCertificateAddressee. */
  readonly certificates: NonNullable<OsciMessage['certificates']>
}

export interface UploadOptions {
  /** Default 1000, within the peer's limits. The same at every attempt. */
  readonly chunkKilobytes?: number
  /** Ask first what is there already. */
  readonly resume?: boolean
  /** Called after each answer. */
  readonly onProgress?: (progress: { readonly received: number; readonly total: number }) => void
  /** Between two questions whether the intermediary is done. Default 2000. */
  readonly pollMs?: number
  /** How often is asked. Default 30. */
  readonly maxPolls?: number
  readonly sleep?: (ms: number) => Promise<void>
}

export interface Uploaded {
  /** InsideFeedback: of the delivery as a whole. */
  readonly feedback: Feedback
  readonly processCardBundle?: OrderOf<'responseToPartialStoreDelivery'>['processCardBundle']
  readonly total: number
  /** Chunks that this call sent. */
  readonly sent: number
}

/** The inner message of an upload: a whole storeDelivery of an implicit dialog, signed as `peer` says, in clear. */
export async function packDelivery(
  order: OrderOf<'storeDelivery'>,
  parts: Parameters<typeof sealRequest>[2],
  identity: OsciIdentity,
  peer: OsciPeer,
): Promise<Uint8Array> {
  const { encryptFor: _outside, ...sealing } = sealingFor(identity, peer)
  const type = requestType('storeDelivery', identity, false)
  return (await sealRequest<'storeDelivery'>(type, order, parts, undefined, identity, peer, sealing)).bytes
}

/** Already there: said by number, and when a chunk came twice. */
const REPEATED = '9900'
/** To InfoOnly: nothing of this upload is there yet (osci-1.2 §10.5). */
const NOTHING_YET = '9905'
const WORKING = ['3951', '3952']
/** Chunks that a peer says it lost are sent again, but not for ever. */
const MAX_ROUNDS = 3

type Answer = OsciAnswer<'partialStoreDelivery'>

/**
 * @throws {OsciCallError} `refused` with the code, of a chunk or of the whole; else as of any call. A code of a single chunk leaves the
 *   upload resumable (osci-1.2 §10.5).
 */
export async function storeInChunks(
  dialog: OsciDialog,
  upload: ChunkedUpload,
  env: OsciEnv,
  options: UploadOptions = {},
): Promise<Uploaded> {
  return new Upload(dialog, upload, env, options).run()
}

class Upload {
  readonly #dialog: OsciDialog
  readonly #upload: ChunkedUpload
  readonly #env: OsciEnv
  readonly #options: UploadOptions
  readonly #kilobytes: number
  readonly #total: number
  readonly #there = new Set<number>()
  #sent = 0

  constructor(dialog: OsciDialog, upload: ChunkedUpload, env: OsciEnv, options: UploadOptions) {
    this.#dialog = dialog
    this.#upload = upload
    this.#env = env
    this.#options = options
    this.#kilobytes = chunkKilobytes(options.chunkKilobytes, dialog.features, upload.source.size)
    this.#total = chunkCount(upload.source.size, this.#kilobytes)
  }

  async run(): Promise<Uploaded> {
    let answer = this.#options.resume === true ? await this.#ask([NOTHING_YET]) : undefined
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (answer?.inside === undefined && !isWorking(answer)) answer = (await this.#sendMissing()) ?? answer
      answer = await this.#awaitVerdict(answer)
      if (answer?.inside) return this.#finished(answer, answer.inside)
    }
    throw new OsciCallError('no-answer', 'client.upload-unfinished', 'The peer gave no verdict on the delivery. Ask again with resume.')
  }

  async #sendMissing(): Promise<Answer | undefined> {
    let last: Answer | undefined
    for (let number = 1; number <= this.#total && last?.inside === undefined; number++)
      if (!this.#there.has(number)) last = await this.#sendChunk(number)
    return last
  }

  /** Asks until there is a verdict, or the peer says that chunks are missing. */
  async #awaitVerdict(last: Answer | undefined): Promise<Answer | undefined> {
    const { pollMs = 2000, maxPolls = 30, sleep = systemSleep } = this.#options
    let answer = last
    for (let poll = 0; answer?.inside === undefined && poll < maxPolls; poll++) {
      if (poll > 0 || isWorking(answer)) await sleep(pollMs)
      answer = await this.#ask()
      if (!isWorking(answer) && this.#there.size < this.#total) break
    }
    return answer
  }

  #finished(answer: Answer, inside: Feedback): Uploaded {
    assertAccepted('client.upload-refused', 'The delivery was not taken', inside)
    assertAccepted('client.upload-refused', 'The delivery was not taken', answer.feedback, [REPEATED])
    const { processCardBundle } = answer.message.order
    return { feedback: inside, ...(processCardBundle ? { processCardBundle } : {}), total: this.#total, sent: this.#sent }
  }

  async #sendChunk(number: number): Promise<Answer> {
    const { source } = this.#upload
    const chunkInformation = {
      chunkNumber: number,
      chunkSizeKilobytes: this.#kilobytes,
      totalChunkNumbers: this.#total,
      totalMessageSizeKilobytes: kilobytesOf(source.size),
    }
    const bytes = await readChunk(source, number, this.#kilobytes)
    const answer = await this.#send({ chunkInformation }, bytes, [REPEATED])
    this.#sent += 1
    this.#there.add(number)
    this.#note(answer)
    return answer
  }

  async #ask(bearable: readonly string[] = []): Promise<Answer> {
    const answer = await this.#send({ infoOnly: {} }, undefined, bearable)
    this.#there.clear()
    this.#note(answer)
    return answer
  }

  async #send(what: object, chunk: Uint8Array | undefined, bearable: readonly string[]): Promise<Answer> {
    const { messageId, subject, certificates } = this.#upload
    const order = { messageId: `${messageId}_Partial`, ...(subject === undefined ? {} : { subject }), ...what }
    const content = await chunkContent(chunk, this.#env)
    const answer = await this.#dialog.send('partialStoreDelivery', order, { ...content, certificates })
    // a refusal of the whole is judged at the end, together with its card
    if (answer.inside === undefined) assertAccepted('client.chunk-refused', 'A chunk was not taken', answer.feedback, bearable)
    return answer
  }

  /** Numbers outside 1…total say nothing about this upload. */
  #note(answer: Answer): void {
    for (const number of answer.message.order.chunkInformation.receivedChunks ?? [])
      if (number >= 1 && number <= this.#total) this.#there.add(number)
    this.#options.onProgress?.({ received: this.#there.size, total: this.#total })
  }
}

const isWorking = (answer: Answer | undefined): boolean => answer?.feedback.warnings.some((code) => WORKING.includes(code)) ?? false
