// SPDX-License-Identifier: EUPL-1.2
/**
 * Keeps the memory of this process out of files and debuggers, and contents out of memory that others keep alive, as far as a process can
 * do that for itself (threat model C5).
 *
 *   core dumps    the kernel leaves out all private memory (/proc/self/coredump_filter), whatever `ulimit -c` and its handler say
 *   debugger      SIGUSR1 does not open the inspector
 *   reports       Node writes no diagnostic report by itself
 *   small buffers each has memory of its own: the pool that Node shares among them keeps what a content left in it for as long as any
 *                 other one lives, an id that is kept for a day, say
 *   heap dumps    options of Node that write memory or open it are warned of
 *
 * Swap, and who may read /proc/PID/mem, are the operator's (SECURITY.md).
 * @module
 */
import { writeFile } from 'node:fs/promises'
import type { Text } from '../io.js'

const NO_MEMORY = '0x0'
/** Options by their beginning. */
const OPEN_OPTIONS = [
  '--inspect',
  '--heapsnapshot',
  '--heap-prof',
  '--abort-on-uncaught-exception',
  '--report-',
  '--cpu-prof',
  '--trace-event',
]

/** @returns what stays open, to be said loudly. */
export async function shutDumps(env: Readonly<Record<string, string | undefined>>): Promise<readonly Text[]> {
  Buffer.poolSize = 0
  Object.assign(process.report, { reportOnFatalError: false, reportOnSignal: false, reportOnUncaughtException: false })
  if (process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => undefined)
  const given = [...process.execArgv, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  const risky = given.filter((option) => OPEN_OPTIONS.some((beginning) => option.startsWith(beginning)))
  const warnings = risky.map((option): Text => ({
    de: `die Option ${option} kann Speicherinhalte in Dateien schreiben oder für andere öffnen`,
    en: `the option ${option} may write memory into files or open it to others`,
  }))
  return (await leaveOutOfCoreDumps()) ? warnings : [...warnings, DUMPS_STAY]
}

const DUMPS_STAY: Text = {
  de: 'Speicherabzüge (core dumps) können nicht abgestellt werden; ulimit -c 0 und kernel.core_pattern prüfen',
  en: 'core dumps cannot be turned off; look at ulimit -c 0 and kernel.core_pattern',
}

async function leaveOutOfCoreDumps(): Promise<boolean> {
  // other systems have no such switch: there the limit of the shell or the service decides
  if (process.platform !== 'linux') return false
  return writeFile('/proc/self/coredump_filter', NO_MEMORY).then(
    () => true,
    () => false,
  )
}
