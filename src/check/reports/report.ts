// SPDX-License-Identifier: EUPL-1.2
/**
 * What every form of report has in common. A report is written while files are still being checked: begin, one piece per file, end.
 * So ten thousand results need the memory of one.
 * @module
 */
import type { Difference } from '../differences.js'
import type { CheckResult, Verdict } from '../types.js'

export type ReportLanguage = 'de' | 'en'

export interface FileResult extends CheckResult {
  /** As the caller named it; `-` for standard input. */
  readonly file: string
  /** In what it differs from `expected.yaml`, perhaps in nothing; absent where none speaks for it. */
  readonly differences?: readonly Difference[]
}

/** Something the verdicts depend on: two parties with different sums see why they differ. */
export interface ReportSource {
  readonly name: string
  readonly version: string | null
  readonly sha256: string
}

/** Stands in every report. */
export interface ReportHead {
  readonly tool: 'protektor'
  readonly version: string
  readonly node: string
  /** Moment for which certificates, code lists and algorithms are judged, ISO 8601. */
  readonly at: string
  readonly schemaSets: readonly ReportSource[]
  readonly codeLists: readonly ReportSource[]
}

/** How many files got which verdict. */
export type ReportSum = Readonly<Record<Verdict, number>>

/** What the suites of a run came to. */
export interface SuiteSum {
  /** Files for which an `expected.yaml` speaks. */
  readonly files: number
  /** How many of them came to something else. */
  readonly differing: number
  /** Files that it names and the run did not meet. */
  readonly missing: readonly string[]
}

export interface ReportWriter {
  begin(): string
  one(result: FileResult): string
  /** @param suites undefined: the run had none. */
  end(sum: ReportSum, suites?: SuiteSum): string
}

/** A form of report. */
export interface ReportFormat {
  readonly fileName: string
  readonly mediaType: string
  writer(head: ReportHead, lang: ReportLanguage): ReportWriter
}

/** Beside a layer that `--layers` left out. */
export const NOT_ASKED: Readonly<Record<ReportLanguage, string>> = { de: 'nicht verlangt (--layers)', en: 'not asked for (--layers)' }

export const NOTHING_YET: ReportSum = { valid: 0, invalid: 0, unchecked: 0, error: 0 }

/** The sum with one verdict more. */
export const counted = (sum: ReportSum, verdict: Verdict): ReportSum => ({ ...sum, [verdict]: sum[verdict] + 1 })

/** A report over results that are all there. */
export function wholeReport(
  format: ReportFormat,
  head: ReportHead,
  results: readonly FileResult[],
  lang: ReportLanguage,
  suites?: SuiteSum,
): string {
  const writer = format.writer(head, lang)
  const sum = results.reduce((so, { verdict }) => counted(so, verdict), NOTHING_YET)
  return [writer.begin(), ...results.map((result) => writer.one(result)), writer.end(sum, suites)].join('')
}
