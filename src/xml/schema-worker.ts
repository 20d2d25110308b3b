// SPDX-License-Identifier: EUPL-1.2
/**
 * The inside of a validating thread: xmllint's own main() runs once, compiles the schema set, and then walks through an argument list
 * `sync m sync m …`. `sync` is a device: reading it means "the document before is done", blocks until the next one arrives, and puts
 * that one into memory as file `m`. Published files of xmllint-wasm, unmodified (docs/adr: schema engine).
 *
 *   main thread ── port ──▶ { id, xml }                 worker: Atomics.wait on `flag`, then receiveMessageOnPort
 *               ◀── port ── { ready } { id, lines } { ended }
 *
 * `serve` is sent to the thread as text and must therefore stand alone: it uses its parameters and nothing of this module. So a thread
 * starts in the same short time from sources and from dist, without a loader for TypeScript.
 * @module
 */
import type { readFileSync } from 'node:fs'
import type * as Threads from 'node:worker_threads'
import type { PreparedSet } from './schema-set.js'

/** What the thread gets at its start. */
export interface LifeData {
  readonly port: Threads.MessagePort
  readonly flag: SharedArrayBuffer
  /** A compiled WebAssembly.Module, shared between threads. */
  readonly module?: object
  readonly entry: string
  readonly files: PreparedSet['files']
  readonly documents: number
  readonly memoryPages: { readonly initial: number; readonly maximum: number }
}

export interface ToWorker {
  readonly id: number
  readonly xml: Uint8Array
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly lines: readonly string[]; readonly module?: object }
  | { readonly kind: 'done'; readonly id: number; readonly lines: readonly string[]; readonly bytes: number }
  | { readonly kind: 'ended'; readonly reason: string; readonly lines: readonly string[] }

interface Runtime {
  FS_createDevice(parent: string, name: string, input: () => null): void
  FS_createDataFile(parent: string, name: string, data: Uint8Array, readable: boolean, writable: boolean, owned: boolean): void
  FS_unlink(path: string): void
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
  let lines: string[] = []
  let started = false
  let armed = true

  /** Lines about the empty `sync` document come first and end with the caret under its first column. */
  function linesOfMessage(): string[] {
    if (lines[0]?.startsWith('sync:') !== true) return lines
    return lines.slice(lines.indexOf('^') + 1)
  }

  function report(): void {
    if (current !== undefined) post({ kind: 'done', id: current, lines: linesOfMessage().slice(0, 1000), bytes: memory.buffer.byteLength })
    current = undefined
  }

  const options: Options = {
    inputFiles: life.files,
    arguments: [
      '--noout', '--nonet', '--huge', '--schema', `/${life.entry}`,
      ...Array.from({ length: life.documents }, () => ['sync', 'm']).flat(),
    ],
    wasmMemory: memory,
    instantiateWasm(imports: object, received: (instance: object, module: object) => void) {
      const instance = new Instance(module, imports)
      received(instance, module)
      return instance.exports
    },
    print() {},
    printErr(line: string) {
      // the complaint about `sync` being empty: its reading is over, the next reading is a new one
      if (line.startsWith('sync:')) armed = true
      lines.push(line)
    },
    onExit(code: number) {
      report()
      post({ kind: 'ended', reason: `exit ${code}`, lines: lines.slice(0, 20) })
    },
    onAbort(reason: unknown) {
      post({ kind: 'ended', reason: `abort ${String(reason)}`, lines: lines.slice(0, 20) })
    },
  }

  /** Blocks until a document is there. Always answers "end of file". */
  function nextDocument(): null {
    if (!armed) return null
    const runtime = options as unknown as Runtime
    if (current !== undefined) {
      report()
      runtime.FS_unlink('/m')
    }
    if (!started) {
      started = true
      post({ kind: 'ready', lines: lines.slice(0, 200), ...(life.module ? {} : { module }) })
    }
    lines = []
    for (;;) {
      const seen = Atomics.load(flag, 0)
      const received = threads.receiveMessageOnPort(life.port) as { message: ToWorker } | undefined
      if (received) {
        current = received.message.id
        runtime.FS_createDataFile('/', 'm', received.message.xml, true, true, true)
        break
      }
      Atomics.wait(flag, 0, seen)
    }
    armed = false
    return null
  }

  options['onRuntimeInitialized'] = () => {
    options.FS_createDevice?.('/', 'sync', nextDocument)
  }
  factory(options).catch((cause: unknown) => {
    post({ kind: 'ended', reason: String(cause), lines: lines.slice(0, 20) })
  })
}
