// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms of report: `--format` of the command line, `format` of the HTTP interface, downloads of the page.
 * @module
 */
import { JSON_REPORT } from './json.js'
import { JUNIT } from './junit.js'
import type { ReportFormat } from './report.js'
import { SARIF } from './sarif.js'
import { TEXT_REPORT } from './text.js'

export const FORMATS = { text: TEXT_REPORT, json: JSON_REPORT, junit: JUNIT, sarif: SARIF } as const satisfies Readonly<
  Record<string, ReportFormat>
>

export type FormatId = keyof typeof FORMATS

export const isFormat = (value: string): value is FormatId => Object.hasOwn(FORMATS, value)
