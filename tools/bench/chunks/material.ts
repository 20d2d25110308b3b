// SPDX-License-Identifier: EUPL-1.2
/**
 * What both measurements of chunks stand on: content that is never whole in memory, and what the kernel says of a process.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { ByteSource } from '../../../src/osci/large/source.js'

/** `bytes` of a block over and over. */
export function repeated(block: Uint8Array, bytes: number): ByteSource {
  return {
    bytes,
    read(from, to) {
      const out = Buffer.alloc(to - from)
      for (let at = 0; at < out.length;) {
        const start = (from + at) % block.length
        const piece = block.subarray(start, start + out.length - at)
        out.set(piece, at)
        at += piece.length
      }
      return Promise.resolve(out)
    },
  }
}

/**
 * Resident memory of a process, now or at most. What `getrusage` tells includes the process that started it, until then: a test runner is
 * larger than all that is measured here.
 */
export function residentBytes(pid: number | 'self', field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error('the kernel does not tell the memory of the process')
  return Number(kilobytes) * 1024
}
