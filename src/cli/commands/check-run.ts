// SPDX-License-Identifier: EUPL-1.2
/**
 * Checks many files at once: enough to keep every core busy, never more bytes or results in hand than the memory bears.
 * @module
 */
import { statSync } from 'node:fs'
import type { FileResult } from '../../check/reports/report.js'
import { uncheckedResult } from '../../check/engine.js'
import type { CheckResult } from '../../check/types.js'
import { CHECK_LIMITS } from '../../env.js'
import type { Io, Language } from '../io.js'
import { tooLarge, type Desk } from './check-desk.js'
import { pathOf, readStandardInput, shownName, STANDARD_INPUT } from './check-inputs.js'
import { bar } from './check-progress.js'

/** A tree takes some thirty times the bytes of its XML; a file larger than this is checked alone. */
const BYTES_IN_WORK = 16 * 1024 * 1024
/** Results that may wait for an earlier one. */
const MOST_AHEAD = 512

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

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Bytes that a file will hold in memory; what is too large is never read. Why one cannot be looked at, its check says. */
function weightOf(file: string): number {
  if (file === STANDARD_INPUT) return 0
  try {
    const { size } = statSync(pathOf(file))
    return size > CHECK_LIMITS.messageBytes ? 0 : size
  } catch {
    return 0
  }
}

async function checkFile(file: string, desk: Desk, io: Io): Promise<CheckResult> {
  if (file !== STANDARD_INPUT) return desk.check({ file })
  try {
    const bytes = await readStandardInput(io.stdin, CHECK_LIMITS.messageBytes)
    return bytes ? await desk.check({ file, bytes }) : tooLarge(CHECK_LIMITS.messageBytes)
  } catch (cause) {
    return uncheckedResult('mime.unreadable-file', cause instanceof Error ? cause.message : String(cause))
  }
}

export interface Run {
  readonly files: readonly string[]
  readonly desk: Desk
  /** Files in hand at once. */
  readonly atOnce: number
  readonly lang: Language
}

/**
 * One result per file, told in the order of the files as soon as all before it are there. Nothing that a file does ends the run.
 * @param told its promise holds back further files, so that a slow writer does not fill the memory.
 */
export async function checkAll({ files, desk, atOnce, lang }: Run, io: Io, told: (result: FileResult) => Promise<void>): Promise<void> {
  const early = new Map<number, FileResult>()
  const budget = new Budget()
  let begun = Promise.resolve()
  const progress = bar(io, files.length, lang)
  let next = 0
  let due = 0
  let telling = Promise.resolve()
  const moved: (() => void)[] = []
  const tell = async (): Promise<void> => {
    for (let result = early.get(due); result; result = early.get(due)) {
      early.delete(due)
      due += 1
      await told(result)
      progress.at(due)
    }
    for (const go of moved.splice(0)) go()
  }
  const work = async (): Promise<void> => {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at] ?? ''
      // one file a turn: each goes as far as it can before the next is read, and what threads have answered is heard in between
      await (begun = begun.then(turnOfTheLoop))
      const bytes = weightOf(file)
      while (at - due > MOST_AHEAD) await new Promise<void>((resolve) => moved.push(resolve))
      await budget.take(bytes)
      early.set(at, { file: shownName(file), ...(await checkFile(file, desk, io)) })
      budget.giveBack(bytes)
      telling = telling.then(tell)
      await telling
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, files.length) }, work))
  } finally {
    progress.end()
  }
}
