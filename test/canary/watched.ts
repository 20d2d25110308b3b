// SPDX-License-Identifier: EUPL-1.2
/**
 * A process that is watched from outside, and the search for canaries in all of its memory.
 *
 *   snapshot   what V8 holds: every string that is alive (the limit on their length is lifted)
 *   buffers    the bytes of every ArrayBuffer that is alive in the main thread
 *   memory     /proc/PID/mem, every readable private mapping: also what was freed and not yet used again, and the other threads
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AskCall } from './client-child.js'
import type { ProbeAnswer, ProbeCall } from './probe.js'

const CHUNK = 8 * 1024 * 1024
/** Longer than any needle, so that none is cut by the end of a chunk. */
const OVERLAP = 4096

export interface Found {
  readonly snapshot: readonly string[]
  readonly buffers: readonly string[]
  readonly memory: readonly string[]
}

/** A canary by name. Text is looked for in one and in two bytes per character. */
export type Canaries = Readonly<Record<string, string | Uint8Array>>

const bytesOf = (canary: string | Uint8Array): Buffer => (typeof canary === 'string' ? Buffer.from(canary, 'latin1') : Buffer.from(canary))
const formsOf = (canary: string | Uint8Array): Buffer[] =>
  typeof canary === 'string' ? [Buffer.from(canary, 'latin1'), Buffer.from(canary, 'utf16le')] : [Buffer.from(canary)]
export const masked = (canary: string | Uint8Array): string => Buffer.from(bytesOf(canary).map((byte) => byte ^ 0xff)).toString('base64')

/** Names of those that occur in the file between two offsets. */
export function scanFile(file: string, canaries: Canaries, ranges: readonly (readonly [number, number])[]): string[] {
  const forms = Object.entries(canaries).flatMap(([name, canary]) => formsOf(canary).map((form) => [name, form] as const))
  const found = new Set<string>()
  const handle = openSync(file, 'r')
  const chunk = Buffer.allocUnsafeSlow(CHUNK + OVERLAP)
  try {
    for (const [from, to] of ranges)
      for (let at = from; at < to; at += CHUNK) {
        let read = 0
        try {
          read = readSync(handle, chunk, 0, Math.min(chunk.length, to - at), at)
        } catch {
          // a mapping may go, or refuse to be read, between the list and the look
          continue
        }
        const part = chunk.subarray(0, read)
        for (const [name, form] of forms) if (!found.has(name) && part.includes(form)) found.add(name)
      }
  } finally {
    closeSync(handle)
  }
  return [...found].sort()
}

/** Mappings without a file, the heap and the stacks. */
function ownMappings(pid: number): [number, number][] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').trimEnd().split('\n')
  return lines.flatMap((line): [number, number][] => {
    const [range = '', mode = '', , , inode = '', name = ''] = line.split(/\s+/)
    const isOwn = mode.startsWith('r') && inode === '0' && !name.startsWith('[v')
    const [from = '', to = ''] = range.split('-')
    return isOwn ? [[Number.parseInt(from, 16), Number.parseInt(to, 16)]] : []
  })
}

export class Watched {
  readonly child: ChildProcess
  readonly #directory: string
  #output = ''

  /** @param script beside this file. @param directory for the snapshot, and the process's own temporary files. */
  constructor(script: string, argv: readonly string[], directory: string, nodeOptions: readonly string[] = []) {
    this.#directory = directory
    const file = fileURLToPath(new URL(script, import.meta.url))
    const flags = ['--expose-gc', '--heap-snapshot-string-limit=100000000', ...nodeOptions, '--import', 'tsx', file]
    this.child = spawn(process.execPath, [...flags, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: directory, NODE_OPTIONS: '' },
    })
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (bytes: Buffer) => (this.#output += bytes.toString()))
  }

  /** All that it wrote to stdout and stderr. */
  get output(): string {
    return this.#output
  }

  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#output)
      if (found) return found
      if (this.child.exitCode !== null) throw new Error(`the watched process ended: ${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async ask(call: ProbeCall | AskCall): Promise<readonly number[]> {
    const message = once(this.child, 'message')
    this.child.send(call)
    const [answered] = (await message) as [ProbeAnswer]
    if ('failed' in answered) throw new Error(answered.failed)
    return answered.found
  }

  /** Collects garbage, then looks everywhere. */
  async search(canaries: Canaries): Promise<Found> {
    const names = Object.keys(canaries)
    await this.ask({ call: 'collect' })
    const { pid } = this.child
    const memory = process.platform === 'linux' && pid !== undefined ? scanFile(`/proc/${pid}/mem`, canaries, ownMappings(pid)) : []
    const file = join(this.#directory, 'watched.heapsnapshot')
    await this.ask({ call: 'snapshot', file })
    const snapshot = scanFile(file, canaries, [[0, statSync(file).size]])
    rmSync(file)
    const live = await this.ask({ call: 'buffers', masked: names.map((name) => masked(canaries[name] ?? '')) })
    return { snapshot, memory, buffers: live.map((at) => names[at] ?? '') }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGTERM')
    await closed
  }
}
