// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens the directory of a gateway: mailboxes of the configuration, the directory file, and DVDV behind it.
 * @module
 */
import { ConfigError, type ConfigProblem } from '../errors.js'
import type { Clock } from '../env.js'
import type { House } from './claims.js'
import { DirectoryFileError, loadDirectoryFile, watchFiles, type DirectoryWarning, type LoadedFile, type WatchOptions } from './file.js'
import { fileServices, osciDirectory } from './lookup.js'
import type { OsciDirectory, ServiceDirectory } from './ports.js'
import { buildState, type DirectoryState } from './state.js'

/** What is in force now. */
export interface DirectoryReport {
  readonly organizations: number
  readonly warnings: readonly DirectoryWarning[]
}

export interface DirectoryOptions extends House {
  /** Directory file, JSON or YAML; absent: the configuration's mailboxes are all there is. */
  readonly file?: string
  readonly clock: Clock
  /** Asked what the file does not know; closed with the directory. */
  readonly behind?: ServiceDirectory
  /** A changed file was not taken over, and why; once per set of problems. */
  onProblem(problems: readonly ConfigProblem[]): void
  /** A changed file is in force. */
  onReload(report: DirectoryReport): void
  /** For tests: milliseconds between two looks at the file, and of quiet before it is read. */
  readonly pollMs?: number
  readonly settleMs?: number
}

export interface OpenedDirectory {
  readonly osci: OsciDirectory
  readonly services: ServiceDirectory
  /** Of the file as it is in force. */
  report(): DirectoryReport
  /** The file was changed since, and what it holds now is not good. */
  notTaken(): boolean
  close(): Promise<void>
}

/**
 * @throws {ConfigError} the file is not good: a gateway does not start on half a directory.
 * @throws {ProtektorError} `directory.ambiguous`: a cipher certificate of the configuration stands for two mailboxes.
 */
export async function openDirectory(options: DirectoryOptions): Promise<OpenedDirectory> {
  const { file, clock } = options
  let state: DirectoryState = buildState(options, clock.now()).state
  let warnings: readonly DirectoryWarning[] = []
  let reported = ''
  const report = (): DirectoryReport => ({ organizations: new Set(state.organizations.values()).size, warnings })

  const load = async (name: string): Promise<LoadedFile> => {
    const loaded = await loadDirectoryFile(name, options, clock.now())
    state = loaded.state
    warnings = loaded.warnings
    return loaded
  }

  /** Of a file that does not hold yet. */
  let validFrom: Date | undefined
  const reload = async (name: string): Promise<WatchOptions['watched'] | undefined> => {
    validFrom = undefined
    try {
      const loaded = await load(name)
      reported = ''
      guarded(() => options.onReload(report()))
      return loaded
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [unforeseen(name, error)]
      const said = JSON.stringify(problems)
      if (said !== reported) guarded(() => options.onProblem(problems))
      reported = said
      if (!(error instanceof DirectoryFileError)) return undefined
      validFrom = error.validFrom
      return error.watched
    }
  }

  const watching =
    file === undefined
      ? undefined
      : watchFiles({
          watched: await load(file),
          reload: () => reload(file),
          isDue: () => validFrom !== undefined && validFrom <= clock.now(),
          ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
          ...(options.settleMs === undefined ? {} : { settleMs: options.settleMs }),
        })
  const osci = osciDirectory(() => state, clock)
  const services = fileServices(() => state, options.network, clock, options.behind)
  return {
    osci,
    services,
    report,
    notTaken: () => reported !== '',
    async close() {
      await watching?.close()
      await services.close()
    },
  }
}

/** A fault of ours must not end the watching either. */
function unforeseen(file: string, error: unknown): ConfigProblem {
  const why = error instanceof Error ? error.message : String(error)
  return { key: '(file)', file, message: { de: `nicht lesbar: ${why}`, en: `cannot be read: ${why}` } }
}

/** Whoever listens must not be able to stop the watching. */
function guarded(call: () => void): void {
  try {
    call()
  } catch {
    // its own affair
  }
}
