// SPDX-License-Identifier: EUPL-1.2
/**
 * The spool: files below `dataDirectory` for deliveries that are too large for memory, readable by this process only.
 *
 *   file    block 0 │ block 1 │ …          the last 64 KiB that are not full yet wait in memory: no block is ever written twice
 *   block   AES-256-GCM, 64 KiB + tag      key of the file from `random`, never on disk; nonce = number of the block, which also is
 *                                          the additional data: blocks cannot change places
 *
 * A file is unlinked as soon as it is open: it has no name that anybody could find, and a crash leaves nothing but the space, which the
 * kernel takes back. Where a platform refuses that, it is unlinked with `dispose`, and what a crash left is removed at the next opening;
 * without its key it is noise in any case. Specs: threat model H5, P8, C5, M6.
 * @module
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HttpError, ProtektorError } from '../../errors.js'
import type { Spool, SpoolFile } from '../intermediary/ports.js'

export interface SpoolOptions {
  /** Ours alone; made where it does not exist. */
  readonly directory: string
  /** Bytes of all files together. */
  readonly maxBytes: number
  /** Files at a time; each holds a descriptor and up to 64 KiB of memory. */
  readonly maxFiles: number
  readonly random: (bytes: number) => Uint8Array
}

/** What of a file handle is used: tests put a failing disk in its place. */
export type SpoolHandle = Pick<FileHandle, 'read' | 'write' | 'close'>

export const BLOCK_BYTES = 64 * 1024
const TAG_BYTES = 16
const STORED_BYTES = BLOCK_BYTES + TAG_BYTES
/** Files of ours, and nothing else, are removed at opening. */
const NAME = /^[0-9a-f]{32}\.spool$/
const RETRY_AFTER_SECONDS = 60
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE'])

const busy = (finding: string, message: string, cause?: unknown): HttpError =>
  new HttpError(503, finding, message, { retryAfterSeconds: RETRY_AFTER_SECONDS, ...(cause === undefined ? {} : { cause }) })

const codeOf = (cause: unknown): unknown => (cause instanceof Error && 'code' in cause ? cause.code : undefined)

/** Bytes in use; reserved before they are written. */
class Quota {
  readonly #max: number
  #used = 0

  constructor(max: number) {
    this.#max = max
  }

  /** @throws {HttpError} 503 */
  reserve(bytes: number): void {
    if (this.#used + bytes > this.#max) throw busy('gateway.spool-full', 'The spool is full.')
    this.#used += bytes
  }

  release(bytes: number): void {
    this.#used -= bytes
  }
}

/**
 * Opens the spool and removes what a former run left in its directory.
 * @throws {ProtektorError} `gateway.spool-directory` the directory is a link or no directory; what the file system throws.
 */
export async function openSpool(options: SpoolOptions, openHandle = openUnlinked): Promise<Spool> {
  const { directory, maxFiles, random } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found: Stats = await lstat(directory)
  if (!found.isDirectory()) throw new ProtektorError('gateway.spool-directory', `${directory} is no directory`)
  await chmod(directory, 0o700)
  for (const name of await readdir(directory)) if (NAME.test(name)) await unlink(join(directory, name))
  const quota = new Quota(options.maxBytes)
  const files = new Set<SpooledFile>()
  let opening = 0
  let closed = false
  return {
    async create() {
      if (closed) throw new ProtektorError('gateway.spool-closed', 'The spool is closed.')
      if (files.size + opening >= maxFiles) throw busy('gateway.spool-full', 'The spool holds too many files.')
      opening++
      try {
        const path = join(directory, `${Buffer.from(random(16)).toString('hex')}.spool`)
        const file = new SpooledFile(await openHandle(path), random(32), quota, () => files.delete(file))
        files.add(file)
        if (closed) await file.dispose()
        return file
      } catch (cause) {
        if (NO_ROOM.has(codeOf(cause))) throw busy('gateway.spool-disk-full', 'The disk of the spool is full.', cause)
        throw cause
      } finally {
        opening--
      }
    },
    async close() {
      closed = true
      await Promise.allSettled([...files].map((file) => file.dispose()))
    },
  }
}

async function openUnlinked(path: string): Promise<SpoolHandle> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await unlink(path)
    return handle
  } catch {
    const close = async (): Promise<void> => {
      await handle.close()
      await unlink(path)
    }
    return { read: handle.read.bind(handle), write: handle.write.bind(handle), close }
  }
}

class SpooledFile implements SpoolFile {
  readonly #handle: SpoolHandle
  readonly #key: Uint8Array
  readonly #quota: Quota
  readonly #gone: () => void
  readonly #tail = Buffer.alloc(BLOCK_BYTES)
  #blocks = 0
  #tailBytes = 0
  #reserved = 0
  #broken: ProtektorError | undefined
  #disposed: Promise<void> | undefined
  /** Appends follow one another; reads run beside them. */
  #appends: Promise<void> = Promise.resolve()
  readonly #reads = new Set<Promise<unknown>>()

  constructor(handle: SpoolHandle, key: Uint8Array, quota: Quota, gone: () => void) {
    this.#handle = handle
    this.#key = key
    this.#quota = quota
    this.#gone = gone
  }

  get bytes(): number {
    return this.#blocks * BLOCK_BYTES + this.#tailBytes
  }

  /**
   * @throws {HttpError} 503 `gateway.spool-full`: nothing was written, the file is as it was; `gateway.spool-disk-full`: the file is
   *   of no use any more.
   */
  append(bytes: Uint8Array): Promise<void> {
    const appended = this.#appends.then(() => this.#append(bytes))
    this.#appends = appended.catch(() => undefined)
    return appended
  }

  read(from: number, to: number): Promise<Uint8Array> {
    const reading = this.#read(from, to)
    const settled = reading.catch(() => undefined).finally(() => this.#reads.delete(settled))
    this.#reads.add(settled)
    return reading
  }

  dispose(): Promise<void> {
    return (this.#disposed ??= this.#dispose())
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#assertUsable()
    this.#quota.reserve(bytes.byteLength)
    this.#reserved += bytes.byteLength
    for (let at = 0; at < bytes.byteLength;) {
      const taken = Math.min(BLOCK_BYTES - this.#tailBytes, bytes.byteLength - at)
      this.#tail.set(bytes.subarray(at, at + taken), this.#tailBytes)
      this.#tailBytes += taken
      at += taken
      if (this.#tailBytes === BLOCK_BYTES) await this.#writeTail()
    }
  }

  async #writeTail(): Promise<void> {
    const number = this.#blocks
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(number)).setAAD(nonceOf(number))
    const stored = Buffer.concat([cipher.update(this.#tail), cipher.final(), cipher.getAuthTag()])
    try {
      for (let written = 0; written < stored.length;) {
        const { bytesWritten } = await this.#handle.write(stored, written, stored.length - written, number * STORED_BYTES + written)
        if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
        written += bytesWritten
      }
    } catch (cause) {
      // Never again under this nonce: what would be written another time need not be the same.
      this.#broken = NO_ROOM.has(codeOf(cause))
        ? busy('gateway.spool-disk-full', 'The disk of the spool is full.', cause)
        : new ProtektorError('gateway.spool-broken', 'The spool cannot be written.', { cause })
      throw this.#broken
    }
    this.#blocks++
    this.#tailBytes = 0
  }

  async #read(from: number, to: number): Promise<Uint8Array> {
    this.#assertUsable()
    if (!(from >= 0 && from <= to && to <= this.bytes)) throw new RangeError(`bytes ${from} to ${to} of ${this.bytes}`)
    const out = Buffer.allocUnsafeSlow(to - from)
    const blocks = this.#blocks
    // Copied before anything is awaited: an append that runs beside would turn the tail over.
    const tailFrom = blocks * BLOCK_BYTES
    if (to > tailFrom) this.#tail.copy(out, Math.max(tailFrom - from, 0), Math.max(from - tailFrom, 0), to - tailFrom)
    const stored = Buffer.allocUnsafeSlow(from < Math.min(to, tailFrom) ? STORED_BYTES : 0)
    for (let number = Math.floor(from / BLOCK_BYTES); number < blocks && number * BLOCK_BYTES < to; number++) {
      const block = await this.#readBlock(number, stored)
      const start = number * BLOCK_BYTES
      block.copy(out, Math.max(start - from, 0), Math.max(from - start, 0), Math.min(to - start, BLOCK_BYTES))
    }
    return out
  }

  async #readBlock(number: number, stored: Buffer): Promise<Buffer> {
    try {
      for (let got = 0; got < STORED_BYTES;) {
        const { bytesRead } = await this.#handle.read(stored, got, STORED_BYTES - got, number * STORED_BYTES + got)
        if (bytesRead === 0) throw new Error('the file is shorter than it was')
        got += bytesRead
      }
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(number), { authTagLength: TAG_BYTES })
      decipher.setAAD(nonceOf(number)).setAuthTag(stored.subarray(BLOCK_BYTES))
      const block = decipher.update(stored.subarray(0, BLOCK_BYTES))
      decipher.final()
      return block
    } catch (cause) {
      throw new ProtektorError('gateway.spool-broken', 'What lies in the spool is not what was written.', { cause })
    }
  }

  #assertUsable(): void {
    if (this.#disposed) throw new ProtektorError('gateway.spool-closed', 'This spool file is gone.')
    if (this.#broken) throw this.#broken
  }

  async #dispose(): Promise<void> {
    // Reads and the append under way end first: none of them may meet a wiped key or another file's descriptor.
    await Promise.all([this.#appends, ...this.#reads])
    this.#key.fill(0)
    this.#tail.fill(0)
    this.#quota.release(this.#reserved)
    this.#gone()
    await this.#handle.close()
  }
}

function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(block, 6, 6)
  return nonce
}
