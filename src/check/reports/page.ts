// SPDX-License-Identifier: EUPL-1.2
/**
 * A page as one file that needs nothing else: its data as JSON, shown by one script. The page's policy lets that script and that style run
 * and nothing else; what messages hold stands in the page as data only (threat model B1).
 * @module
 */
import { createHash } from 'node:crypto'

/** What shows the data: one script (module) and one style sheet, as text. */
export interface ReportPage {
  readonly script: string
  readonly style: string
}

/** JSON inside a script element: no end tag and no comment may be in it. */
export const embedded = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const closed = (text: string, tag: 'script' | 'style'): string => {
  if (text.toLowerCase().includes(`</${tag}`)) throw new TypeError(`The ${tag} of the page cannot be embedded.`)
  return text
}

const WITHOUT_SCRIPT =
  '<noscript><p lang="de">Diese Seite braucht JavaScript; sie lädt nichts nach.</p>' +
  '<p lang="en">This page needs JavaScript; it loads nothing else.</p></noscript>'

/** Everything of a page before and after its data; `lang` is that of the reader. */
export function pageAround({ script, style }: ReportPage): { readonly begin: (lang: string) => string; readonly end: string } {
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width">',
    '<title>Protektor</title>',
    '<link rel="icon" href="data:,">',
    `<style>${closed(style, 'style')}</style>`,
  ].join('\n')
  return {
    begin: (lang) => `<!doctype html>\n<html lang="${lang}">\n<head>\n${head}\n`,
    end: `<script type="module">${closed(script, 'script')}</script>\n</head>\n<body>\n${WITHOUT_SCRIPT}\n</body>\n</html>\n`,
  }
}
