// SPDX-License-Identifier: EUPL-1.2
/**
 * One process per `dataDirectory`. A second one would call the outcomes of what lies in the first `unknown`, and fork their chain, even if it
 * ended at once since its address is taken.
 *
 *   PROCESS  ─ pid, start in clock ticks since the machine's, run of the machine: no other process ever has all three
 *
 * What a killed process left counts for nothing. Processes that do not see each other (containers of one volume) and systems without `/proc`
 * are not found out.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../config/folder.js'
import { storeBroken } from '../../gateway/adapters/store-directory.js'

const MARK = 'PROCESS'
/** Counted from the state, which follows the name; the name may hold blanks and brackets. */
const START_FIELD = 19
/** Ended, but nobody has asked how. */
const ENDED = ['Z', 'X']

/**
 * Makes the directory (0700) where there is none.
 * @returns gives it back.
 * @throws {ConfigError} another process works with it, or it cannot be made or written.
 */
export async function claimDataDirectory(path: string): Promise<() => Promise<void>> {
  await makeFolder(path, 0o700).catch((error: unknown) => notUsable(path, error))
  const own = processMark(process.pid)
  if (own === undefined) return () => Promise.resolve()
  const pid = servedBy(path)
  if (pid !== undefined)
    throw storeBroken(
      path,
      `der Prozess ${pid} arbeitet damit; er muss enden, oder dieser ein eigenes Verzeichnis bekommen`,
      `process ${pid} works with it; end that one, or give this one a directory of its own`,
    )
  const file = join(path, MARK)
  try {
    writeFileSync(file, own, { mode: 0o600 })
  } catch (error) {
    notUsable(path, error)
  }
  return async () => {
    if (textOf(file) === own) await rm(file, { force: true })
  }
}

function notUsable(path: string, error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
  throw storeBroken(path, `Verzeichnis nicht benutzbar (${code})`, `the directory cannot be used (${code})`)
}

/** The other process that works with it. */
export function servedBy(path: string): number | undefined {
  const found = textOf(join(path, MARK))
  if (found === undefined) return undefined
  const pid = Number.parseInt(found, 10)
  return pid !== process.pid && processMark(pid) === found ? pid : undefined
}

/** undefined: no such process any more, or the system does not tell. */
function processMark(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  const run = textOf('/proc/sys/kernel/random/boot_id')
  if (stat === undefined || run === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (ENDED.includes(fields[0] ?? '')) return undefined
  return `${pid} ${fields[START_FIELD] ?? ''} ${run.trim()}`
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
