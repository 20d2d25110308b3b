// SPDX-License-Identifier: EUPL-1.2
/**
 * The JSON report: the fixed interface of `protektor check --format json` (product.md). Fields are only ever added.
 * @module
 */
import type { ReportFormat } from './report.js'

/** One object for the whole run. */
export const JSON_REPORT: ReportFormat = {
  fileName: 'report.json',
  mediaType: 'application/json',
  writer: (head) => {
    let first = true
    return {
      begin: () => JSON.stringify(head, null, 2).slice(0, -2) + ',\n  "results": [',
      one: (result) => {
        const comma = first ? '\n' : ',\n'
        first = false
        return comma + JSON.stringify(result, null, 2).replace(/^/gm, '    ')
      },
      end: (sum, suites) => {
        const more = suites ? `,\n  "suites": ${JSON.stringify(suites)}` : ''
        return `${first ? '' : '\n  '}],\n  "sum": ${JSON.stringify(sum)}${more}\n}\n`
      },
    }
  },
}
