// SPDX-License-Identifier: EUPL-1.2
/**
 * Where files are checked: here, or in a thread. Whatever a file does, it gets a result.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { check, uncheckedResult } from '../../check/engine.js'
import type { CheckContext, CheckResult } from '../../check/types.js'
import { CHECK_LIMITS } from '../../env.js'
import { pathOf } from './check-inputs.js'

/** A file to check; `bytes` where somebody has read it already (standard input). */
export interface Task {
  readonly file: string
  readonly bytes?: Uint8Array
}

export interface Desk {
  /** Never rejects. */
  check(task: Task): Promise<CheckResult>
}

export const tooLarge = (maxBytes: number): CheckResult => uncheckedResult('mime.message-too-large', `> ${maxBytes} bytes`)

/**
 * A whole file, in one go: a way through the thread pool costs more than a short file. Too large: not read at all. A pipe may never
 * speak and a device never end: neither is waited for.
 * @throws {Error} what the file system says, or that it is no file.
 */
export function readWhole(file: string, maxBytes: number): Uint8Array | undefined {
  const handle = openSync(pathOf(file), constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const facts = fstatSync(handle)
    if (!facts.isFile()) throw new Error('not a regular file')
    return facts.size > maxBytes ? undefined : readFileSync(handle)
  } finally {
    closeSync(handle)
  }
}

export const desk = (context: CheckContext): Desk => ({
  async check({ file, bytes: given }) {
    const maxBytes = (context.limits ?? CHECK_LIMITS).messageBytes
    let bytes: Uint8Array | undefined
    try {
      bytes = given ?? readWhole(file, maxBytes)
    } catch (cause) {
      return uncheckedResult('mime.unreadable-file', cause instanceof Error ? cause.message : String(cause))
    }
    return bytes ? check(bytes, context) : tooLarge(maxBytes)
  },
})
