// SPDX-License-Identifier: EUPL-1.2
/**
 * The inside of a validating thread: xmllint's own main() runs once, compiles the schema set, and then walks through an argument list
 * `m m m …`. Opening `m` means "the document before is done" and blocks until the next one arrives; reading `m` gives its bytes.
 * Published files of xmllint-wasm, unmodified (docs/adr: schema engine).
 *
 *   main thread ── port ──▶ { id, lengths, bytes }      worker: Atomics.wait on `flag`, then receiveMessageOnPort
 *               ◀── port ── { ready } { done } { ended }
 *
 * `serve` is sent to the thread as text and must therefore stand alone: it uses its parameters and nothing of this module. So a thread
 * starts in the same short time from sources and from dist, without a loader for TypeScript.
 * @module
 */
import type { readFileSync } from 'node:fs'
import type * as Threads from 'node:worker_threads'
import type { PreparedSet } from './schema-set.js'

/** Counters in `flag`: documents handed in (the thread sleeps on it), documents judged (their answers may still be held back). */
export const SENT = 0
export const DONE = 1

/** What the thread gets at its start. */
export interface LifeData {
  readonly port: Threads.MessagePort
  /** Two 32-bit counters, see SENT and DONE. */
  readonly flag: SharedArrayBuffer
  /** A compiled WebAssembly.Module, shared between threads. */
  readonly module?: object
  readonly entry: string
  readonly files: PreparedSet['files']
  readonly documents: number
  readonly memoryPages: { readonly initial: number; readonly maximum: number }
}

/** Documents one behind the other; the ids of those after the first follow on. `bytes` is moved, not copied. */
export interface ToWorker {
  readonly id: number
  readonly lengths: readonly number[]
  readonly bytes: Uint8Array
}

export interface Answer {
  readonly id: number
  readonly lines: readonly string[]
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly lines: readonly string[]; readonly module?: object }
  | { readonly kind: 'done'; readonly answers: readonly Answer[]; readonly bytes: number }
  | { readonly kind: 'ended'; readonly reason: string; readonly lines: readonly string[] }

/** What the engine calls when it opens and reads a file. The names are those of emscripten's file system, which keeps them. */
interface FileOperations {
  open?: () => void
  read(stream: object, buffer: Int8Array, offset: number, length: number, position: number): number
}

interface Runtime {
  /** Gives the new file's node; one of its properties is the file's own FileOperations. */
  FS_createLazyFile(parent: string, name: string, url: string, readable: boolean, writable: boolean): object
}

/** The few parts of the WebAssembly interface that are used here (Node's types leave them to the DOM's). */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
}
type Options = Partial<Runtime> & Record<string, unknown>

/** @param require resolves from this package. */
export function serve(threads: typeof Threads, require: NodeJS.Require, read: typeof readFileSync): void {
  const factory = require('xmllint-wasm/xmllint-node.js') as (options: Options) => Promise<unknown>
  // the published file listens for the package's own protocol
  threads.parentPort?.removeAllListeners('message')

  const { Module, Instance, Memory } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly
  const life = threads.workerData as LifeData
  const flag = new Int32Array(life.flag)
  const post = (message: FromWorker): void => {
    life.port.postMessage(message)
  }
  const module = life.module ?? new Module(read(require.resolve('xmllint-wasm/xmllint.wasm')))
  const memory = new Memory({ initial: life.memoryPages.initial, maximum: life.memoryPages.maximum })

  let current: number | undefined
  let group: ToWorker = { id: 0, lengths: [], bytes: new Uint8Array() }
  let taken = 0
  let offset = 0
  let content: Int8Array = new Int8Array()
  let lines: string[] = []
  let started = false

  // waking the other side costs more than judging a short document: answers go together, unless that would make one late
  const holdMs = 2
  let answers: Answer[] = []
  let flushedAt = 0

  function flush(): void {
    flushedAt = performance.now()
    if (answers.length > 0) post({ kind: 'done', answers, bytes: memory.buffer.byteLength })
    answers = []
  }

  function report(): void {
    if (current === undefined) return
    // the bytes are ours alone: nothing of a document waits here for the next one
    content.fill(0)
    answers.push({ id: current, lines: lines.slice(0, 1000) })
    current = undefined
    Atomics.add(flag, 1, 1)
    if (performance.now() - flushedAt > holdMs) flush()
  }

  const options: Options = {
    inputFiles: life.files,
    arguments: ['--noout', '--nonet', '--huge', '--schema', `/${life.entry}`, ...Array.from({ length: life.documents }, () => 'm')],
    wasmMemory: memory,
    instantiateWasm(imports: object, received: (instance: object, module: object) => void) {
      const instance = new Instance(module, imports)
      received(instance, module)
      return instance.exports
    },
    print() {},
    printErr(line: string) {
      lines.push(line)
    },
    onExit(code: number) {
      report()
      flush()
      post({ kind: 'ended', reason: `exit ${code}`, lines: lines.slice(0, 20) })
    },
    onAbort(reason: unknown) {
      post({ kind: 'ended', reason: `abort ${String(reason)}`, lines: lines.slice(0, 20) })
    },
  }

  /** The engine opens `m`: it is through with the document before. Blocks until another is there. */
  function open(): void {
    report()
    if (!started) {
      started = true
      post({ kind: 'ready', lines: lines.slice(0, 200), ...(life.module ? {} : { module }) })
    }
    lines = []
    while (taken === group.lengths.length) {
      const seen = Atomics.load(flag, 0)
      const received = threads.receiveMessageOnPort(life.port) as { message: ToWorker } | undefined
      if (received) {
        group = received.message
        taken = offset = 0
      } else {
        flush()
        Atomics.wait(flag, 0, seen)
      }
    }
    const length = group.lengths[taken] ?? 0
    current = group.id + taken
    content = new Int8Array(group.bytes.buffer, offset, length)
    taken += 1
    offset += length
  }

  function readContent(_stream: object, buffer: Int8Array, offset: number, length: number, position: number): number {
    const part = content.subarray(position, position + length)
    buffer.set(part, offset)
    return part.length
  }

  options['onRuntimeInitialized'] = () => {
    const node = (options as unknown as Runtime).FS_createLazyFile('/', 'm', '', true, false)
    // by descriptor: the file's size is a getter that has no answer before the first document
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(node)) as { value?: Partial<FileOperations> | null }[])
      if (typeof value?.read === 'function') Object.assign(value, { open, read: readContent } satisfies FileOperations)
  }
  factory(options).catch((cause: unknown) => {
    post({ kind: 'ended', reason: String(cause), lines: lines.slice(0, 20) })
  })
}
