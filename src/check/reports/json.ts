// SPDX-License-Identifier: EUPL-1.2
/**
 * The JSON report: the fixed interface of `protektor check --format json` (product.md). Fields are only ever added.
 * @module
 */
import type { CheckResult } from '../types.js'

export interface FileResult extends CheckResult {
  /** As the caller named it; `-` for standard input. */
  readonly file: string
}

/** One object for the whole run. */
export function jsonReport(version: string, results: readonly FileResult[]): string {
  return JSON.stringify({ tool: 'protektor', version, results }, null, 2) + '\n'
}
