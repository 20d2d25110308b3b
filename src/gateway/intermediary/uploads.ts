// SPDX-License-Identifier: EUPL-1.2
/**
 * Uploads: deliveries that come in chunks, collected in the spool until they are whole.
 *
 *             put                      last one missing: put               process ends
 *   (nothing) ───► collecting ───────────────────────────► working ──────────────────────► finished | failed
 *                  └ idle, error, close ► (nothing)        └ runs once                     └ idle ► (nothing)
 *
 * Chunks lie in the file in the order they came; a table of slots, and nothing that the peer announced, says where. Chunks of one
 * upload wait for each other. What was collected is gone in every case but one: `process` keeps it.
 * Specs: osci-1.2 §10.2, §10.3, §10.5; threat model P8.
 * @module
 */
import type { Clock } from '../../env.js'
import { HttpError } from '../../errors.js'
import { joinSources, sliceSource, type ByteSource } from '../../osci/large/source.js'
import type { ChunkInformation } from '../../osci/parts.js'
import { chunkError, planChunk, type PlannedChunk } from './chunk-rules.js'
import type { ChunkLimits, IdClaim, Spool, SpoolFile } from './ports.js'

export interface UploadKey {
  readonly tenant: string
  /** The plain one, without `_Partial`. */
  readonly messageId: string
  /** Lower-case hex SHA-256 of the cipher certificate of who asks; '' when there is none. Others are told nothing. */
  readonly client: string
}

export interface Chunk extends UploadKey {
  /** Equal where the certificate headers of the outer messages are equal. */
  readonly certificates: string
  readonly information: ChunkInformation
  readonly bytes: Uint8Array
}

export interface Assembled {
  /** The whole package, in the order of the numbers. */
  readonly source: ByteSource
  /** What `begin` returned. `process` ends it; one that is still open then is given back. */
  readonly claim: IdClaim
  /** Takes the file over, unless `process` throws. @returns its end: to be called when the delivery is gone. */
  readonly keep: () => () => Promise<void>
}

/** How an upload begins and what becomes of it; `R` is what is said of it from then on (InsideFeedback, card). */
export interface Undertaking<R> {
  /** Takes the message id. Called with the first chunk, once that is known to be acceptable. @throws {OrderError} 9801 */
  begin(): IdClaim
  /** Called once. What belongs into InsideFeedback is a result; what it throws is an internal failure (9811). */
  process(assembled: Assembled): Promise<R>
}

/** `received`: numbers that are there, ascending. */
export type UploadReport<R> = { readonly received: readonly number[]; readonly total: number } & (
  | { readonly state: 'collecting' | 'working' }
  | { readonly state: 'finished'; readonly result: R }
  | { readonly state: 'failed'; readonly error: unknown }
)

export interface Uploads<R> {
  /**
   * Takes a chunk. The chunk that completes the message waits for the result, `answerWithinSeconds` at most: then `working` (3951).
   *
   * @throws {OrderError} 9900 there already, 9901–9905, 9811 the client has too many uploads; what `begin` throws. Nothing was
   *   stored then, and the upload goes on. {HttpError} 503 the spool is full.
   */
  put(chunk: Chunk, undertaking: Undertaking<R>): Promise<UploadReport<R>>
  /** InfoOnly: never waits, and does not lengthen the upload's life. @throws {OrderError} 9905 there is none, or not this client's. */
  info(key: UploadKey): UploadReport<R>
  /** For answers of errors; empty when there is no upload of this client. */
  received(key: UploadKey): readonly number[]
  /** Ends all; an upload that is being processed ends by itself first. */
  close(): Promise<void>
}

export interface UploadPorts {
  readonly spool: Spool
  readonly limits: ChunkLimits
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** @returns what cancels it. */
  readonly startTimer: (delayMs: number, run: () => void) => () => void
}

interface Upload<R> {
  readonly id: string
  readonly client: string
  readonly certificates: string
  readonly plan: PlannedChunk
  readonly claim: IdClaim & { readonly state: 'open' | 'used' | 'given-back' }
  /** Offset in the file by chunk number. */
  readonly slots: Map<number, number>
  readonly begunMs: number
  progressMs: number
  file?: SpoolFile
  /** Chunks follow one another. */
  queue: Promise<unknown>
  waiting: number
  work?: Promise<void>
  ended?: { readonly state: 'finished'; readonly result: R } | { readonly state: 'failed'; readonly error: unknown }
  dropped: boolean
}

/** However steadily its chunks trickle in. */
const MAX_LIFE_MS = 24 * 3600 * 1000
/** Results that are remembered for InfoOnly; the oldest go first. */
const MAX_ENDED = 10_000

export function uploadTable<R>({ spool, limits, clock, startTimer }: UploadPorts): Uploads<R> {
  const uploads = new Map<string, Upload<R>>()
  const ended = new Set<Upload<R>>()
  const idleMs = limits.idleSeconds * 1000
  let stopTimer: (() => void) | undefined
  let closed = false

  const idOf = ({ tenant, messageId }: UploadKey): string => JSON.stringify([tenant, messageId])

  function drop(upload: Upload<R>): void {
    if (uploads.get(upload.id) === upload) uploads.delete(upload.id)
    ended.delete(upload)
    upload.dropped = true
    upload.claim.giveBack()
    // whoever kept the file has taken it out
    void upload.file?.dispose().catch(() => undefined)
  }

  function isOver(upload: Upload<R>, nowMs: number): boolean {
    if (upload.ended) return upload.progressMs + idleMs <= nowMs
    if (upload.work || upload.waiting > 0) return false
    return upload.progressMs + idleMs <= nowMs || upload.begunMs + MAX_LIFE_MS <= nowMs
  }

  function sweep(): void {
    const nowMs = clock.monotonicMs()
    for (const upload of uploads.values()) if (isOver(upload, nowMs)) drop(upload)
    for (const oldest of ended) {
      if (ended.size <= MAX_ENDED) break
      drop(oldest)
    }
    if (!closed && uploads.size > 0)
      stopTimer ??= startTimer(Math.ceil(idleMs / 4), () => {
        stopTimer = undefined
        sweep()
      })
  }

  /** The upload of a chunk that has passed the rules; made with the first. Nothing is awaited between look-up and entry. */
  function uploadFor(chunk: Chunk, plan: PlannedChunk, undertaking: Undertaking<R>): Upload<R> {
    const id = idOf(chunk)
    const known = uploads.get(id)
    if (known && known.client !== chunk.client) throw foreign()
    if (known && !(known.ended && known.claim.state !== 'used')) {
      const { total, chunkBytes, messageKilobytes } = known.plan
      if (total !== plan.total || chunkBytes !== plan.chunkBytes || messageKilobytes !== plan.messageKilobytes)
        throw chunkError('9905', 'changed', 'the chunk says something else of the message than the first one did')
      if (known.certificates !== chunk.certificates)
        throw chunkError('9905', 'certificates', 'the certificates are others than those of the first chunk')
      return known
    }
    const own = [...uploads.values()].filter((one) => one.client === chunk.client && !one.ended)
    if (own.length >= limits.maxUploadsPerClient)
      throw chunkError('9811', 'too-many-uploads', `this client has begun ${own.length} uploads already`)
    const claim = watched(undertaking.begin())
    // the one that came to nothing: its id was free again
    if (known) drop(known)
    const nowMs = clock.monotonicMs()
    const upload: Upload<R> = {
      id,
      client: chunk.client,
      certificates: chunk.certificates,
      plan,
      claim,
      slots: new Map(),
      begunMs: nowMs,
      progressMs: nowMs,
      queue: Promise.resolve(),
      waiting: 0,
      dropped: false,
    }
    uploads.set(id, upload)
    return upload
  }

  async function take(upload: Upload<R>, number: number, bytes: Uint8Array, undertaking: Undertaking<R>): Promise<void> {
    if (upload.dropped || closed) throw new HttpError(503, 'gateway.upload-ended', 'The upload has ended.', { retryAfterSeconds: 60 })
    if (upload.ended || upload.slots.has(number)) throw chunkError('9900', 'repeated', `chunk ${number} is there already`)
    try {
      upload.file ??= await spool.create()
      const at = upload.file.bytes
      await upload.file.append(bytes)
      upload.slots.set(number, at)
    } catch (cause) {
      // A quota is met before anything is written; after any other failure nobody knows what the file holds.
      const untouched = cause instanceof HttpError && cause.finding === 'gateway.spool-full'
      if (!untouched || upload.slots.size === 0) drop(upload)
      throw cause
    }
    upload.progressMs = clock.monotonicMs()
    if (upload.slots.size === upload.plan.total) upload.work = run(upload, upload.file, undertaking)
  }

  async function run(upload: Upload<R>, file: SpoolFile, undertaking: Undertaking<R>): Promise<void> {
    const keep = () => {
      delete upload.file
      return () => file.dispose()
    }
    let end: NonNullable<Upload<R>['ended']>
    try {
      const result = await undertaking.process({ source: inOrder(upload, file), claim: upload.claim, keep })
      end = { state: 'finished', result }
    } catch (error) {
      end = { state: 'failed', error }
      await file.dispose().catch(() => undefined)
    }
    upload.claim.giveBack()
    await upload.file?.dispose().catch(() => undefined)
    delete upload.file
    upload.slots.clear()
    upload.progressMs = clock.monotonicMs()
    upload.ended = end
    ended.add(upload)
  }

  function receivedBy({ slots, plan, work }: Upload<R>): readonly number[] {
    const numbers = Array.from({ length: plan.total }, (_, at) => at + 1)
    return work ? numbers : numbers.filter((number) => slots.has(number))
  }

  const report = (upload: Upload<R>): UploadReport<R> => ({
    received: receivedBy(upload),
    total: upload.plan.total,
    ...(upload.ended ?? { state: upload.work ? 'working' : 'collecting' }),
  })

  /** At most as long as the feature description promises. */
  function patience(work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const stop = startTimer(limits.answerWithinSeconds * 1000, resolve)
      void work.then(() => {
        stop()
        resolve()
      })
    })
  }

  const find = (key: UploadKey): Upload<R> | undefined => {
    const upload = uploads.get(idOf(key))
    return upload?.client === key.client ? upload : undefined
  }

  return {
    async put(chunk, undertaking) {
      sweep()
      const plan = planChunk(chunk.information, chunk.bytes.byteLength, limits)
      if (closed) throw new HttpError(503, 'gateway.upload-ended', 'No upload begins any more.', { retryAfterSeconds: 60 })
      const upload = uploadFor(chunk, plan, undertaking)
      upload.waiting++
      const taken = upload.queue.then(() => take(upload, plan.number, chunk.bytes, undertaking)).finally(() => upload.waiting--)
      upload.queue = taken.catch(() => undefined)
      await taken
      sweep()
      if (upload.work) await patience(upload.work)
      return report(upload)
    },
    info(key) {
      sweep()
      const upload = find(key)
      if (!upload) throw foreign()
      return report(upload)
    },
    received(key) {
      const upload = find(key)
      return upload ? receivedBy(upload) : []
    },
    async close() {
      closed = true
      stopTimer?.()
      await Promise.all(
        [...uploads.values()].map(async (upload) => {
          await upload.queue
          await upload.work
          drop(upload)
          await upload.file?.dispose().catch(() => undefined)
        }),
      )
    },
  }
}

const foreign = () => chunkError('9905', 'unknown-upload', 'this client has begun no upload under this id')

/** Ends once, whoever ends it. */
function watched(claim: IdClaim): IdClaim & { readonly state: 'open' | 'used' | 'given-back' } {
  let state: 'open' | 'used' | 'given-back' = 'open'
  return {
    get state() {
      return state
    },
    async used(enter) {
      if (state !== 'open') throw new TypeError('the id was ended before')
      state = 'used'
      try {
        return await claim.used(enter)
      } catch (error) {
        state = 'given-back'
        throw error
      }
    },
    giveBack() {
      if (state !== 'open') return
      state = 'given-back'
      claim.giveBack()
    },
  }
}

/** The chunks by their numbers. Those that came one after the other are one piece. */
function inOrder<R>({ slots, plan }: Upload<R>, file: SpoolFile): ByteSource {
  const ends = [...slots.values()].sort((a, b) => a - b)
  const nextOf = new Map(ends.map((from, at) => [from, ends[at + 1] ?? file.bytes]))
  const pieces: { from: number; to: number }[] = []
  for (let number = 1; number <= plan.total; number++) {
    const from = slots.get(number) ?? 0
    const to = nextOf.get(from) ?? from
    const last = pieces.at(-1)
    if (last?.to === from) last.to = to
    else pieces.push({ from, to })
  }
  return joinSources(pieces.map(({ from, to }) => sliceSource(file, from, to)))
}
