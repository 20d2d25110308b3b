// SPDX-License-Identifier: EUPL-1.2
/**
 * The directory file on disk: read whole with every certificate it names, and watched.
 *
 *   look every 2 s, or when the file system hints ──► changed? ──► quiet for a moment? ──► read ──┬─ good: replaces the state in one step
 *                                                                                                └─ wrong, torn, gone: last good state stays
 * What was wrong once is not read again before it changes: nothing else happens while a large file is read.
 * Specs: osci-in-the-field §3, lesson 31; threat model G10 (sizes before parsing).
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { clearTimeout, setTimeout } from 'node:timers'
import { ConfigError, ProtektorError, type ConfigProblem } from '../errors.js'
import { certificateOf, MAX_CERTIFICATE_FILE_BYTES } from './certificates.js'
import type { House } from './claims.js'
import { keyOf, readDocument, type ReadDocument, type Remark } from './document.js'
import type { Words } from './format.js'
import { buildState, type DirectoryState } from './state.js'

/** About 6000 services. Reading takes about a second per MiB, and nothing else happens meanwhile. */
const MAX_FILE_BYTES = 2 * 1024 * 1024
/** Files open at a time. */
const READ_AT_ONCE = 32

/** The file holds, but somebody should look at this. `finding`: `directory.…`. */
export interface DirectoryWarning extends ConfigProblem {
  readonly finding: string
}

export interface LoadedFile {
  readonly state: DirectoryState
  readonly warnings: readonly DirectoryWarning[]
  /** Everything it was read from, absolute; the directory file first. */
  readonly files: readonly string[]
  /** Of `files`, from before the first byte was read. */
  readonly stamp: string
}

/** What the file holds is not taken, however often it is read: until one of the files changes, or `validFrom`, which is to come, is there. */
export class DirectoryFileError extends ConfigError {
  readonly watched: Watched
  readonly validFrom: Date | undefined
  constructor(problems: readonly ConfigProblem[], watched: Watched, validFrom: Date | undefined) {
    super(problems)
    this.watched = watched
    this.validFrom = validFrom
  }
}

/** A file that changes while it is read is read again, this often. */
const ATTEMPTS = 3

/**
 * @param at decides about validity.
 * @throws {DirectoryFileError} everything that is wrong with it, each with key, line, text in German and English.
 */
export async function loadDirectoryFile(file: string, house: House, at: Date): Promise<LoadedFile> {
  const absolute = resolve(file)
  for (let attempt = 1; ; attempt++) {
    const stamps = new Map<string, string>()
    const files = (): string[] => [absolute, ...[...stamps.keys()].filter((one) => one !== absolute)]
    const stamp = (): string =>
      files()
        .map((one) => stamps.get(one))
        .join(' ')
    const settled = async (): Promise<boolean> => attempt >= ATTEMPTS || (await stampOf(files())) === stamp()
    const read = await readOnce(absolute, house, at, stamps)
    if (!(await settled())) continue
    const watched = { files: files(), stamp: stamp() }
    if ('problems' in read) throw new DirectoryFileError(read.problems, watched, read.validFrom)
    return { ...read, ...watched }
  }
}

type Stamps = Map<string, string>

interface NotTaken {
  readonly problems: readonly ConfigProblem[]
  /** Only where it is to come. */
  readonly validFrom: Date | undefined
}

async function readOnce(file: string, house: House, at: Date, stamps: Stamps): Promise<Pick<LoadedFile, 'state' | 'warnings'> | NotTaken> {
  const content = await readContent(file, stamps)
  if (typeof content !== 'string') return { problems: [{ key: '(file)', file, message: content }], validFrom: undefined }
  const document = readDocument(content)
  const { certificates, troubles } = await readAll(document, dirname(file), stamps)
  const built = buildState(house, at, document, certificates)
  const remarks = [...document.remarks, ...troubles, ...built.remarks]
  const said = (remark: Remark): ConfigProblem => {
    const line = document.lineOf(remark.path)
    const { words: message, example } = remark
    return {
      key: keyOf(remark.path),
      file,
      message,
      ...(line === undefined ? {} : { line }),
      ...(example === undefined ? {} : { example }),
    }
  }
  const problems = remarks.filter(({ finding }) => finding === undefined)
  const { validFrom } = document
  if (problems.length > 0) return { problems: problems.map(said), validFrom: validFrom && validFrom > at ? validFrom : undefined }
  const warnings = remarks.flatMap((remark) => (remark.finding === undefined ? [] : [{ ...said(remark), finding: remark.finding }]))
  return { state: built.state, warnings }
}

/** Size and kind are known before a byte is read. Undefined: as it should be. */
async function kindTrouble(file: string, maxBytes: number, stamps: Stamps): Promise<Words | undefined> {
  stamps.set(file, GONE)
  try {
    const found = await stat(file, { bigint: true })
    stamps.set(file, stampFrom(found))
    if (!found.isFile()) return { de: 'ist keine Datei', en: 'is not a file' }
    return found.size > maxBytes ? { de: `größer als ${maxBytes} Byte`, en: `larger than ${maxBytes} bytes` } : undefined
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
    return { de: `nicht lesbar (${code})`, en: `cannot be read (${code})` }
  }
}

/** What kept the system from opening it (no handle left, an access rule elsewhere) passes without a trace in the file: any stamp is another one. */
function noteUnread(error: unknown, file: string, stamps: Stamps): void {
  if (error instanceof Error && 'syscall' in error) stamps.set(file, UNREAD)
}

async function readContent(file: string, stamps: Stamps): Promise<string | Words> {
  const trouble = await kindTrouble(file, MAX_FILE_BYTES, stamps)
  if (trouble) return trouble
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    noteUnread(error, file, stamps)
    const code = (error as NodeJS.ErrnoException).code ?? 'UTF-8'
    return { de: `nicht lesbar (${code})`, en: `cannot be read (${code})` }
  }
}

async function readAll(
  document: ReadDocument,
  folder: string,
  stamps: Stamps,
): Promise<{ certificates: Map<string, X509Certificate>; troubles: Remark[] }> {
  const first = new Map<string, Remark['path']>()
  for (const { file, path } of document.files) if (!first.has(file)) first.set(file, path)
  const certificates = new Map<string, X509Certificate>()
  const troubles: Remark[] = []
  const waiting = [...first]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [file, path] = next
      const found = await readCertificateFile(resolve(folder, file), stamps)
      if ('raw' in found) certificates.set(file, found)
      else troubles.push({ path, words: { de: `${file}: ${found.de}`, en: `${file}: ${found.en}` } })
    }
  }
  await Promise.all(Array.from({ length: READ_AT_ONCE }, worker))
  return { certificates, troubles }
}

async function readCertificateFile(file: string, stamps: Stamps): Promise<X509Certificate | Words> {
  const trouble = await kindTrouble(file, MAX_CERTIFICATE_FILE_BYTES, stamps)
  if (trouble) return trouble
  try {
    return certificateOf(await readFile(file))
  } catch (error) {
    noteUnread(error, file, stamps)
    return error instanceof ProtektorError && error.finding === 'directory.certificate-ambiguous'
      ? { de: 'mehrere Zertifikate in einer Datei', en: 'several certificates in one file' }
      : { de: 'kein Zertifikat in PEM oder DER', en: 'no certificate in PEM or DER' }
  }
}

const GONE = 'gone'
const UNREAD = 'unread'
const stampFrom = (found: BigIntStats): string => `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`

/** What tells one state of the files from another, without reading them. */
export async function stampOf(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(files.map((file) => stat(file, { bigint: true }).then(stampFrom, () => GONE)))
  return parts.join(' ')
}

type Watched = Pick<LoadedFile, 'files' | 'stamp'>

export interface WatchOptions {
  readonly watched: Watched
  /** Milliseconds between two looks; default 2000. */
  readonly pollMs?: number
  /** Nothing is read before it has been left alone for this long, milliseconds; default 300. */
  readonly settleMs?: number
  /** Reads anew; never throws. @returns what to watch from now on; undefined: not good, ask again at the next look. */
  reload(): Promise<Watched | undefined>
  /** The time has come to read anew what has not changed. */
  isDue?(): boolean
}

/** Keeps no process alive. `close` resolves when nothing runs any more. */
export function watchFiles(options: WatchOptions): { close(): Promise<void> } {
  const { pollMs = 2000, settleMs = 300 } = options
  let { files } = options.watched
  /** What the state was made of; undefined: the last attempt failed. */
  let held: string | undefined = options.watched.stamp
  /** Seen once; seen twice it is quiet. */
  let candidate: string | undefined
  let timer: NodeJS.Timeout | undefined
  /** The timer is a short one: hints must not push it further. */
  let soon = false
  let running: Promise<void> = Promise.resolve()
  let closed = false

  const wait = (ms: number): void => {
    if (closed) return
    clearTimeout(timer)
    soon = ms === settleMs
    timer = setTimeout(() => {
      timer = undefined
      running = look()
    }, ms)
    timer.unref()
  }

  const look = async (): Promise<void> => {
    const stamp = await stampOf(files)
    const isDue = stamp === held && options.isDue?.() === true
    if (stamp === held && !isDue) {
      candidate = undefined
      return wait(pollMs)
    }
    if (stamp !== candidate && !isDue) {
      candidate = stamp
      return wait(settleMs)
    }
    if (closed) return
    const read = await options.reload()
    held = read?.stamp
    files = read?.files ?? files
    wait(pollMs)
  }

  const hint = listenTo(options.watched.files[0] ?? '', (name) => {
    if (timer && !soon && (name === null || files.some((file) => basename(file) === name))) wait(settleMs)
  })
  wait(pollMs)
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      hint?.close()
      await running
    },
  }
}

/** The folder, since editors put a new file in the place of the old one. Without it the looks alone must do. */
function listenTo(file: string, onHint: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => onHint(name))
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
