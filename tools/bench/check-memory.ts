// SPDX-License-Identifier: EUPL-1.2
/**
 * The most memory that `protektor check` ever holds, over 10,000 files against 4,000: a report is written while files are checked, so that
 * more of them must not need more. Below 4,000 not every schema thread has had its successor beside it. Read from /proc while it runs
 * (VmHWM, all threads).
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './main.js'
import { writeMessages, XMELD } from './xmeld.js'

const FEW = 4_000
const MANY = 10_000
const WORKERS = 2
const GOAL = 1.2
const LOOK_EVERY_MS = 20

const LAUNCHER = fileURLToPath(new URL('../../bin/protektor.js', import.meta.url))

/** undefined: not there any more, or no Linux. */
function highWaterMiB(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) / 1024
  } catch {
    return undefined
  }
}

/** @throws {Error} the check failed. */
async function mostMemory(folder: string, out: string): Promise<number> {
  const argv = ['check', '--schemas', XMELD, '--workers', String(WORKERS), '--format', 'json', '--out', out, folder]
  const child = spawn(process.execPath, [LAUNCHER, ...argv], { stdio: 'ignore' })
  let most = 0
  let code: number | null | undefined
  child.on('error', () => (code = null))
  child.on('exit', (ended) => (code = ended))
  while (code === undefined) {
    most = Math.max(most, highWaterMiB(child.pid ?? 0) ?? 0)
    await sleep(LOOK_EVERY_MS)
  }
  if (code === null || ![0, 3].includes(code)) throw new Error(`check ended with ${code}`)
  return most
}

export async function benchCheckMemory(): Promise<BenchResult> {
  const name = `most memory of check over ${MANY} files against ${FEW}, ${WORKERS} workers`
  const goal = `≤ ${GOAL}`
  if (!existsSync(XMELD) || highWaterMiB(process.pid) === undefined)
    return { name, ours: 'not measured', reference: 'official set or /proc absent', ratio: undefined, goal }
  const folder = mkdtempSync(join(tmpdir(), 'protektor-bench-'))
  try {
    const measure = async (count: number): Promise<number> => {
      const messages = join(folder, String(count))
      mkdirSync(messages)
      writeMessages(messages, count)
      return mostMemory(messages, join(folder, `report-${count}`))
    }
    const [few, many] = [await measure(FEW), await measure(MANY)]
    return { name, ours: `${many.toFixed(0)} MiB`, reference: `${few.toFixed(0)} MiB`, ratio: many / few, goal: GOAL }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
