// SPDX-License-Identifier: EUPL-1.2
/**
 * The report as one file that needs nothing else: data as JSON, shown by the script of `web/report`. The page's policy lets that script
 * and that style run and nothing else; what messages hold stands in the page as data only (threat model B1).
 *
 *   head │ script+style │ <script type=application/json> head · results · end </script>     written while files are checked
 * @module
 */
import { findingRow } from '../findings.js'
import { layerName } from '../findings-own.js'
import { LAYERS } from '../types.js'
import { embedded, pageAround, type ReportPage } from './page.js'
import type { ReportFormat } from './report.js'

const rowsOf = (ids: ReadonlySet<string>): object =>
  Object.fromEntries(
    [...ids].map((id) => {
      const { de, en, reference } = findingRow(id) ?? { de: id, en: id, reference: '' }
      return [id, { de, en, reference }]
    }),
  )

export function htmlReport(page: ReportPage): ReportFormat {
  const around = pageAround(page)
  return {
    fileName: 'report.html',
    mediaType: 'text/html; charset=utf-8',
    writer: (head, lang) => {
      const layers = LAYERS.map((id) => ({ id, ...layerName(id) }))
      let first = true
      const found = new Set<string>()
      return {
        begin: () =>
          `${around.begin(lang)}<script type="application/json" id="head">${embedded({ ...head, layers })}</script>\n` +
          '<script type="application/json" id="results">[',
        one: ({ findings, ...result }) => {
          const comma = first ? '\n' : ',\n'
          first = false
          for (const { id } of findings) found.add(id)
          // what a finding's row says stands once, at the end: it is half of what many results weigh
          const lean = findings.map(({ message: _message, reference: _reference, rule: _rule, ...one }) => one)
          return comma + embedded({ ...result, findings: lean })
        },
        end: (sum) =>
          `\n]</script>\n<script type="application/json" id="end">${embedded({ sum, rows: rowsOf(found) })}</script>\n${around.end}`,
      }
    },
  }
}
