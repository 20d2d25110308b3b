// SPDX-License-Identifier: EUPL-1.2
/**
 * The report as one file that needs nothing else: data as JSON, shown by the script of `web/report`. The page's policy lets that script
 * and that style run and nothing else; what messages hold stands in the page as data only (threat model B1).
 *
 *   head │ script+style │ <script type=application/json> head · end, <script type=text/plain> results </script>
 *
 * Results are written while files are checked, in blocks: a line each, base64 of a deflated JSON array. Nine of ten bytes of results are
 * the same in all of them, and reading a page takes a browser longer than anything that is done with its data (web/report/stored.ts).
 * @module
 */
import { deflateRawSync } from 'node:zlib'
import { differenceText } from '../differences.js'
import { findingRow } from '../findings.js'
import { layerName } from '../findings-own.js'
import { LAYERS } from '../types.js'
import { embedded, pageAround, type ReportPage } from './page.js'
import type { ReportFormat } from './report.js'

/** Characters of JSON; so much waits in memory. */
const BLOCK_CHARS = 256 * 1024

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
      const found = new Set<string>()
      let block: string[] = []
      let blockChars = 0
      const stored = (): string => {
        if (block.length === 0) return ''
        const bytes = deflateRawSync(`[${block.join(',')}]`)
        block = []
        blockChars = 0
        return `\n${bytes.toString('base64')}`
      }
      return {
        begin: () =>
          `${around.begin(lang)}<script type="application/json" id="head">${embedded({ ...head, layers })}</script>\n` +
          '<script type="text/plain" id="results">',
        one: ({ findings, differences, ...result }) => {
          for (const { id } of findings) found.add(id)
          // what a finding's row says stands once, at the end
          const lean = findings.map(({ message: _message, reference: _reference, rule: _rule, ...one }) => one)
          const differing = differences?.map((one) => ({ de: differenceText(one, 'de'), en: differenceText(one, 'en') }))
          const text = JSON.stringify({ ...result, findings: lean, differences: differing })
          block.push(text)
          blockChars += text.length
          return blockChars < BLOCK_CHARS ? '' : stored()
        },
        end: (sum, suites) =>
          `${stored()}\n</script>\n<script type="application/json" id="end">${embedded({ sum, suites, rows: rowsOf(found) })}</script>\n${around.end}`,
      }
    },
  }
}
