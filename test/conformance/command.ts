// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor conformance` in this process, and what its report says.
 * @module
 */
import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../src/cli/commands/conformance.js'
import type { Io } from '../../src/cli/io.js'
import { report as complain } from '../../src/cli/main.js'
import { matches, type ClauseResult } from '../../src/conformance/clause.js'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** @returns at once; `listening` resolves with the address of a role that listens. */
export function start(...argv: readonly string[]): { readonly ended: Promise<Ended>; readonly listening: Promise<string> } {
  let [out, err] = ['', '']
  let heard: (url: string) => void = () => undefined
  const listening = new Promise<string>((resolve) => (heard = resolve))
  const write = (text: string): void => {
    err += text
    const [url] = /http:\/\/\S+/.exec(text) ?? []
    if (url !== undefined) heard(url)
  }
  const io: Io = {
    out: { write: (text) => void (out += text), isTerminal: false },
    err: { write, isTerminal: false },
    lang: 'en',
    env: {},
  }
  const ended = run(argv, io)
    .catch((error: unknown) => complain(error, io))
    .then((code) => ({ code, out, err }))
  return { ended, listening }
}

export type ReportedResult = ClauseResult & { readonly files: readonly string[] }

/** The report of a run that came to its end, with `--out FOLDER --format json`. */
export async function resultsOf(folder: string, ended: Promise<Ended>): Promise<readonly ReportedResult[]> {
  const { code, err } = await ended
  expect([0, 1], err).to.include(code)
  const { results } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as { readonly results: readonly ReportedResult[] }
  expect(code).to.equal(results.some(({ outcome }) => outcome === 'failed') ? 1 : 0)
  return results
}

export const withOutcome = (results: readonly ClauseResult[], outcome: ClauseResult['outcome']): readonly ClauseResult[] =>
  results.filter((result) => result.outcome === outcome)

/** Why a clause is broken: a glob of its id, what came instead (codes, or the words of the verdict), the fact that explains it. */
export type Excuse = readonly [glob: string, came: string, why: string]

const cameOf = ({ why }: ClauseResult): string => why?.en.replace(/^expected: .*; came: /, '') ?? ''

export const excuses =
  (result: ClauseResult) =>
  ([glob, came]: Excuse): boolean =>
    result.outcome === 'failed' && matches(glob, result.id) && cameOf(result) === came

/** Clauses that are broken, and that nothing in the list explains. */
export const unexplained = (results: readonly ClauseResult[], known: readonly Excuse[] = []): string[] =>
  withOutcome(results, 'failed')
    .filter((result) => !known.some(excuses(result)))
    .map(({ id, why }) => `${id}: ${why?.en ?? ''}`)
