// SPDX-License-Identifier: EUPL-1.2
/**
 * The inside of a validating thread. In each of its lives xmllint's own main() runs once, compiles a schema set, and then walks through an
 * argument list `m m m …`. Opening `m` means "the document before is done" and blocks until the next one arrives; reading `m` gives its
 * bytes. Published files of xmllint-wasm, unmodified (docs/adr: schema engine).
 *
 *   main thread ── port ──▶ { life, entry, files, documents }, then { id, lengths, bytes } …      worker: Atomics.wait on `flag`,
 *               ◀── port ── { ready } { done } … { ended }                                        then receiveMessageOnPort
 *
 * `serve` is sent to the thread as text and must therefore stand alone: it uses its parameters and nothing of this module. So a thread
 * starts in the same short time from sources and from dist, without a loader for TypeScript.
 * @module
 */
import type { readFileSync } from 'node:fs'
import type * as Threads from 'node:worker_threads'
import type { PreparedSet } from './schema-set.js'

/** Counters in `flag`: what was sent (the thread sleeps on it), documents judged in this life (their answers may still be held back). */
export const SENT = 0
export const DONE = 1

/** What the thread gets at its start. */
export interface ThreadData {
  readonly port: Threads.MessagePort
  /** Two 32-bit counters, see SENT and DONE. */
  readonly flag: SharedArrayBuffer
  /** A compiled WebAssembly.Module, shared between threads. */
  readonly module?: object
  readonly memoryPages: { readonly initial: number; readonly maximum: number }
}

/** Begins a life. The one before has ended, all its documents were judged. */
export interface LifeStart {
  /** Its number in this thread; what the thread says of it bears it. */
  readonly life: number
  readonly entry: string
  readonly files: PreparedSet['files']
  readonly documents: number
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

export type FromWorker = { readonly life: number } & (
  | { readonly kind: 'ready'; readonly lines: readonly string[]; readonly module?: object }
  | { readonly kind: 'done'; readonly answers: readonly Answer[]; readonly bytes: number }
  | { readonly kind: 'ended'; readonly reason: string; readonly lines: readonly string[] }
)

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
  const { port, flag: shared, module: given, memoryPages } = threads.workerData as ThreadData
  const flag = new Int32Array(shared)
  const module = given ?? new Module(read(require.resolve('xmllint-wasm/xmllint.wasm')))
  // waking the other side costs more than judging a short document: answers go together, unless that would make one late
  const holdMs = 2

  /** Blocks until something was sent; `idle` is called before each sleep. */
  function receive<Message>(idle: () => void): Message {
    for (;;) {
      const seen = Atomics.load(flag, 0)
      const received = threads.receiveMessageOnPort(port) as { message: Message } | undefined
      if (received) return received.message
      idle()
      Atomics.wait(flag, 0, seen)
    }
  }

  /** Fulfilled when main() has ended. */
  function live({ life, entry, files, documents }: LifeStart): Promise<unknown> {
    const memory = new Memory({ initial: memoryPages.initial, maximum: memoryPages.maximum })
    let current: number | undefined
    let group: ToWorker = { id: 0, lengths: [], bytes: new Uint8Array() }
    let taken = 0
    let offset = 0
    let content: Int8Array = new Int8Array()
    let lines: string[] = []
    let started = false
    let answers: Answer[] = []
    let flushedAt = 0
    const post = (message: FromWorker): void => {
      port.postMessage(message)
    }
    Atomics.store(flag, 1, 0)

    function flush(): void {
      flushedAt = performance.now()
      if (answers.length > 0) post({ life, kind: 'done', answers, bytes: memory.buffer.byteLength })
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

    const ended = (reason: string): void => {
      post({ life, kind: 'ended', reason, lines: lines.slice(0, 20) })
    }
    const options: Options = {
      inputFiles: files,
      arguments: ['--noout', '--nonet', '--huge', '--schema', `/${entry}`, ...Array.from({ length: documents }, () => 'm')],
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
        ended(`exit ${code}`)
      },
      onAbort(reason: unknown) {
        ended(`abort ${String(reason)}`)
      },
    }

    /** The engine opens `m`: it is through with the document before. Blocks until another is there. */
    function open(): void {
      report()
      if (!started) {
        started = true
        // that the set does not compile is the last word, behind any number of reasons
        post({ life, kind: 'ready', lines: [...lines.slice(0, 200), ...lines.slice(200).slice(-1)], ...(given ? {} : { module }) })
      }
      lines = []
      if (taken === group.lengths.length) {
        group = receive<ToWorker>(flush)
        taken = offset = 0
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
    return factory(options).catch((cause: unknown) => {
      ended(String(cause))
    })
  }

  const next = (): void => {
    void live(receive<LifeStart>(() => undefined)).then(next)
  }
  next()
}
