// SPDX-License-Identifier: EUPL-1.2
/**
 * Checks many files, a few at a time: enough to keep private-key threads and schema threads busy, never more bytes than the memory bears.
 * @module
 */
import { check, uncheckedResult } from '../../check/engine.js'
import type { FileResult } from '../../check/reports/report.js'
import type { CheckContext, CheckResult } from '../../check/types.js'
import { CHECK_LIMITS } from '../../env.js'
import type { Io } from '../io.js'
import { readInput, sizeOf } from './check-inputs.js'

const CONCURRENCY = 4
/** A tree takes some thirty times the bytes of its XML; a file larger than this is checked alone. */
const BYTES_IN_WORK = 16 * 1024 * 1024

/** Lets files in while their bytes fit; a large one waits until it is alone. */
class Budget {
  #inWork = 0
  #waiting: (() => void)[] = []

  async take(bytes: number): Promise<void> {
    while (this.#inWork > 0 && this.#inWork + bytes > BYTES_IN_WORK) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#inWork += bytes
  }

  giveBack(bytes: number): void {
    this.#inWork -= bytes
    for (const go of this.#waiting.splice(0)) go()
  }
}

async function checkFile(file: string, context: CheckContext, io: Io): Promise<CheckResult> {
  try {
    const { bytes, sha256 } = await readInput(file, io.stdin, CHECK_LIMITS.messageBytes)
    return bytes ? await check(bytes, context) : uncheckedResult('mime.message-too-large', { sha256: sha256 ?? '' })
  } catch (cause) {
    return uncheckedResult('mime.unreadable-file', { detail: cause instanceof Error ? cause.message : String(cause) })
  }
}

/**
 * One result per file, told in the order of the files as soon as all before it are there. Nothing that a file does ends the run.
 * @param told its promise holds back further files, so that a slow writer does not fill the memory.
 */
export async function checkAll(
  files: readonly string[],
  context: CheckContext,
  io: Io,
  told: (result: FileResult) => Promise<void>,
): Promise<void> {
  const early = new Map<number, FileResult>()
  const budget = new Budget()
  let next = 0
  let due = 0
  let telling = Promise.resolve()
  const tell = async (): Promise<void> => {
    for (let result = early.get(due); result; result = early.get(due)) {
      early.delete(due)
      due += 1
      await told(result)
      if (io.err.isTerminal) io.err.write(`\r${due}/${files.length}`)
    }
  }
  const work = async (): Promise<void> => {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at] ?? ''
      const bytes = await sizeOf(file)
      await budget.take(bytes)
      early.set(at, { file, ...(await checkFile(file, context, io)) })
      budget.giveBack(bytes)
      telling = telling.then(tell)
      await telling
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, files.length) }, work))
  if (io.err.isTerminal) io.err.write('\r\x1b[K')
}
