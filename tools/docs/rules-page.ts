// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/rules.md: the rules of our own, from the tables in `src/check/rules` and `src/xoev/rules`.
 * @module
 */
import { FINDINGS_RULES } from '../../src/check/rules/tables.js'
import { XOEV_RULE_ROWS } from '../../src/xoev/findings.js'
import type { Generator } from '../generated.js'
import { GENERATED, code, table } from './markdown.js'

const SOURCE = 'src/check/rules/tables.ts'

const INTRODUCTION = `# Rules

Besides the grammar of each layer (schemas, signatures, encryption: [findings.md](findings.md)) a check runs these rules over what it has
opened. Each is one row of a table that knows how to look; a rule that fails makes its layer \`error\`, never the message wrong.
Example messages lie in \`fixtures/invalid/<rule>/\`. Rules that come with a schema set (Schematron) are run too and appear as
\`rules.schematron\`, with the id and sentence of their publisher.
`

export const rulesPage: Generator = {
  name: 'rules',
  source: SOURCE,
  make: () => {
    const rows = [...FINDINGS_RULES, ...XOEV_RULE_ROWS]
    const layers = [...new Set(rows.map(({ id }) => id.split('.')[0] ?? ''))]
    const head = ['rule', 'severity', 'reference', 'Deutsch', 'English', 'example']
    const sections = layers.map((layer) => {
      const inLayer = rows.filter(({ id }) => id.startsWith(`${layer}.`))
      const lines = inLayer.map(({ id, severity, reference, de, en }) => [
        code(id),
        severity,
        reference,
        de,
        en,
        code(`fixtures/invalid/${id}/`),
      ])
      return `\n## ${layer}\n\n${table(head, lines)}`
    })
    return Promise.resolve(
      new Map([['docs/rules.md', GENERATED(SOURCE) + INTRODUCTION + sections.join('') + `\n${String(rows.length)} rules.\n`]]),
    )
  },
}
