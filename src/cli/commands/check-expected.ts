// SPDX-License-Identifier: EUPL-1.2
/**
 * Suites among the inputs: every `expected.yaml` that lies in a folder named on the command line, or below it, speaks for the files of its
 * own folder and of those below that have none of their own.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { differences, differenceText, EXPECTED_FILE, type Difference, type Expected } from '../../check/differences.js'
import { findingRow } from '../../check/findings.js'
import type { FileResult, SuiteSum } from '../../check/reports/report.js'
import { readExpected } from '../../config/expected-file.js'
import type { Language } from '../io.js'
import { pathOf } from './check-inputs.js'

const isFinding = (id: string): boolean => findingRow(id) !== undefined

export interface Suites {
  /** What is left to check: everything but the expectations themselves. */
  readonly files: readonly string[]
  /** undefined: no suite speaks for this file. */
  compare(result: FileResult): readonly Difference[] | undefined
  /** What they came to, once every file has been compared; undefined: there are none. */
  sum(): SuiteSum | undefined
}

/** @throws {ConfigError} an expectation that cannot be read. */
export async function readSuites(inputs: readonly string[]): Promise<Suites> {
  const suites = new Map<string, ReadonlyMap<string, Expected>>()
  for (const file of inputs)
    if (basename(file) === EXPECTED_FILE) suites.set(dirname(file), readExpected(file, await readFile(pathOf(file)), isFinding))
  const met = new Set<string>()
  let differing = 0
  const folderOf = (file: string): string | undefined => {
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      if (suites.has(folder)) return folder
      if (folder === dirname(folder)) return undefined
    }
  }
  return {
    files: inputs.filter((file) => basename(file) !== EXPECTED_FILE),
    compare(result) {
      const folder = folderOf(result.file)
      if (folder === undefined) return undefined
      met.add(join(result.file))
      const found = differences(suites.get(folder)?.get(relative(folder, result.file).split(sep).join('/')), result)
      if (found.length > 0) differing += 1
      return found
    },
    sum() {
      if (suites.size === 0) return undefined
      const named = [...suites].flatMap(([folder, files]) => [...files.keys()].map((name) => join(folder, name)))
      return { files: met.size, differing, missing: named.filter((file) => !met.has(file)) }
    },
  }
}

/** One line per difference. */
export function renderDifferences(file: string, found: readonly Difference[], lang: Language): string {
  return found.map((one) => `≠ ${file}: ${differenceText(one, lang)}\n`).join('')
}
