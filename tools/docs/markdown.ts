// SPDX-License-Identifier: EUPL-1.2
/**
 * Plain pieces of Markdown for generated pages.
 * @module
 */
import { UNSHOWABLE } from '../fixtures/unshowable.js'

export const GENERATED = (source: string): string =>
  `<!-- SPDX-License-Identifier: EUPL-1.2 -->\n<!-- Generated from ${source} by "npm run docs". Change it there. -->\n`

/** Keeps text inside one cell of a table. */
export function cell(text: string): string {
  return text
    .replace(/\\/g, '\\\\')
    .replace(/\|/g, '\\|')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

export function code(text: string): string {
  return text === '' ? '' : '`' + text.replace(/`/g, "'") + '`'
}

/** The id of a finding, linked to the fixtures that show it. */
export const findingLink = (id: string): string => (Object.hasOwn(UNSHOWABLE, id) ? code(id) : `[${code(id)}](../fixtures/invalid/${id})`)

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n') + '\n'
}
