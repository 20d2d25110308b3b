// SPDX-License-Identifier: EUPL-1.2
/**
 * The report as one file that needs nothing else: data as JSON, shown by the script of `web/report`. The page's policy lets that script
 * and that style run and nothing else; what messages hold stands in the page as data only (threat model B1).
 *
 *   head │ script+style │ <script type=application/json> head · results · end </script>     written while files are checked
 * @module
 */
import { createHash } from 'node:crypto'
import { findingRow } from '../findings.js'
import { layerName } from '../findings-own.js'
import { LAYERS } from '../types.js'
import type { ReportFormat } from './report.js'

/** What shows the report: one script (module) and one style sheet, as text. */
export interface ReportPage {
  readonly script: string
  readonly style: string
}

/** JSON inside a script element: no end tag and no comment may be in it. */
const embedded = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const closed = (text: string, tag: 'script' | 'style'): string => {
  if (text.toLowerCase().includes(`</${tag}`)) throw new TypeError(`The ${tag} of the report page cannot be embedded.`)
  return text
}

const rowsOf = (ids: ReadonlySet<string>): object =>
  Object.fromEntries(
    [...ids].map((id) => {
      const { de, en, reference } = findingRow(id) ?? { de: id, en: id, reference: '' }
      return [id, { de, en, reference }]
    }),
  )

export function htmlReport({ script, style }: ReportPage): ReportFormat {
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`
  const page = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width">',
    '<title>Protektor</title>',
    '<link rel="icon" href="data:,">',
    `<style>${closed(style, 'style')}</style>`,
  ].join('\n')
  const program = `<script type="module">${closed(script, 'script')}</script>`
  return {
    fileName: 'report.html',
    mediaType: 'text/html; charset=utf-8',
    writer: (head, lang) => {
      const layers = LAYERS.map((id) => ({ id, ...layerName(id) }))
      let first = true
      const found = new Set<string>()
      return {
        begin: () =>
          `<!doctype html>\n<html lang="${lang}">\n<head>\n${page}\n<script type="application/json" id="head">${embedded({ ...head, layers })}</script>\n` +
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
          `\n]</script>\n<script type="application/json" id="end">${embedded({ sum, rows: rowsOf(found) })}</script>\n${program}\n</head>\n<body></body>\n</html>\n`,
      }
    },
  }
}
