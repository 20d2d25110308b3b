// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/config.md: every option, from the table in `src/config/options.ts`.
 * @module
 */
import { describe } from '../../src/config/option.js'
import type { OptionRow } from '../../src/config/option.js'
import { OPTIONS } from '../../src/config/options.js'
import type { Generator } from '../generated.js'
import { GENERATED, code, table } from './markdown.js'

const INTRODUCTION = `# Configuration

\`protektor serve --config gateway.yaml\` reads one YAML file. Unknown keys are errors; all problems are reported at once, each with
key, file, line and an example, and the program ends with exit code 2. Paths are relative to the file. Key and PIN files must be
readable by their owner alone (mode 0600). A key is given either as \`{ pkcs12, pinFile }\` or as \`{ key, certificate }\` (PEM).
PINs come from files only, never from arguments or the environment. Values that hold but are unfit for production are said loudly at
every start. Own RSA keys below 3000 bits are an error unless \`allowSmallOwnKeys\` is set; below 2048 bits always.

In key names \`*\` stands for a name of your own and \`[]\` for each entry of a list.
`

function fallback(row: OptionRow): string {
  if (row.note.derived) return row.note.derived.en
  if (row.required) return '**required**'
  if (row.default === undefined) return '–'
  return code(typeof row.default === 'string' ? row.default : JSON.stringify(row.default))
}

/** The same four keys stand under every key of ours; the page shows them once. */
const KEY_SOURCE = /\.(pkcs12|pinFile|key|certificate)$/
const SHOWN_ONCE = 'keyrings.*.cipher.'

function section(title: string, rows: readonly OptionRow[]): string {
  return (
    `\n## ${title}\n\n` +
    table(
      ['key', 'value', 'default', 'unit', 'English', 'Deutsch', 'example'],
      rows.map((row) => [code(row.key), row.kind, fallback(row), row.note.unit ?? '', row.note.en, row.note.de, code(row.note.example)]),
    )
  )
}

export const configPage: Generator = {
  name: 'configuration',
  source: 'src/config/options.ts',
  make: () => {
    const bySection = new Map<string, OptionRow[]>()
    const all = describe(OPTIONS)
    const ofAnyKey = all.filter((row) => row.key.startsWith(SHOWN_ONCE)).map((row) => ({ ...row, key: row.key.slice(SHOWN_ONCE.length) }))
    for (const row of all.filter((one) => !KEY_SOURCE.test(one.key))) {
      const title = /^[a-zA-Z]+/.exec(row.key)?.[0] ?? ''
      bySection.set(title, [...(bySection.get(title) ?? []), row])
    }
    const single = [...bySection].filter(([title, rows]) => rows.length === 1 && rows[0]?.key === title).flatMap(([, rows]) => rows)
    const grouped = [...bySection].filter(([title, rows]) => rows.length > 1 || rows[0]?.key !== title)
    const text =
      GENERATED('src/config/options.ts') +
      INTRODUCTION +
      section('General', single) +
      grouped.map(([title, rows]) => section(title, rows)).join('') +
      section('Any key of ours', ofAnyKey)
    return Promise.resolve(new Map([['docs/config.md', text]]))
  },
}
