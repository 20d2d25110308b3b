// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms of report: `--format` of the command line, `format` of the HTTP interface, downloads of the page.
 * @module
 */
import { htmlReport } from './html.js'
import { JSON_REPORT } from './json.js'
import { JUNIT } from './junit.js'
import type { ReportFormat } from './report.js'
import type { ReportPage } from './page.js'
import { SARIF } from './sarif.js'
import { TEXT_REPORT } from './text.js'

/** What a form needs besides results. */
export interface FormatNeeds {
  /** Bundled when it is asked for, and only then. */
  readonly page: () => Promise<ReportPage>
}

export const FORMATS = {
  text: async () => TEXT_REPORT,
  json: async () => JSON_REPORT,
  junit: async () => JUNIT,
  sarif: async () => SARIF,
  html: async ({ page }) => htmlReport(await page()),
} as const satisfies Readonly<Record<string, (needs: FormatNeeds) => Promise<ReportFormat>>>

export type FormatId = keyof typeof FORMATS

export const isFormat = (value: string): value is FormatId => Object.hasOwn(FORMATS, value)
