// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/rules.md: the rules of our own, from the tables in `src/check/rules` and `src/xoev/rules`, and the dates of algorithms and key sizes.
 * @module
 */
import { ALGORITHM_DATES, RSA_SIZES } from '../../src/check/policy-dates.js'
import { FINDINGS_RULES } from '../../src/check/rules/tables.js'
import { algorithmOf } from '../../src/xml/algorithms.js'
import { XOEV_RULE_ROWS } from '../../src/xoev/findings.js'
import type { Generator } from '../generated.js'
import { GENERATED, code, findingLink, table } from './markdown.js'

const SOURCE = 'src/check/rules/tables.ts'
const SOURCES = `${SOURCE}, src/xoev/findings.ts and src/check/policy-dates.ts`

const INTRODUCTION = `# Rules

Besides the grammar of each layer (schemas, signatures, encryption: [findings.md](findings.md)) a check runs these rules over what it has
opened. Each is one row of a table that knows how to look; a rule that fails makes its layer \`error\`, never the message wrong.
Rules that come with a schema set (Schematron) are run too and appear as \`rules.schematron\`, with the id and sentence of their publisher.
The id of a rule leads to messages that break it ([fixtures.md](fixtures.md)).
`

const DATES = `
## Dates of algorithms and key sizes

A message is judged by the rules of the day for which it is checked (\`--at\`, else today), in German time. Before \`from\` an algorithm is
\`policy.not-yet-in-profile\`; what is forbidden or legacy today was in order up to and including \`until\` (\`policy.once-allowed\`); from
\`discouraged\` on something better is asked for (\`policy.discouraged-algorithm\`).

`

function dates(): string {
  const rows = Object.entries(ALGORITHM_DATES).flatMap(([uri, all]) =>
    all.map(({ where = 'everywhere', from = '', until = '', discouragedFrom = '', source }) => [
      `${algorithmOf(uri)?.name ?? ''} ${code(uri)}`,
      where,
      from,
      until,
      discouragedFrom,
      source,
    ]),
  )
  const { forbiddenBelow, smallBelow, smallUntil, source } = RSA_SIZES
  const sizes = `RSA keys below ${forbiddenBelow} bit are forbidden; below ${smallBelow} bit they were in order until ${smallUntil} (${source}).`
  return `${DATES}${table(['algorithm', 'where', 'from', 'until', 'discouraged', 'source'], rows)}\n${sizes}\n`
}

export const rulesPage: Generator = {
  name: 'rules',
  source: SOURCE,
  make: () => {
    const rows = [...FINDINGS_RULES, ...XOEV_RULE_ROWS]
    const layers = [...new Set(rows.map(({ id }) => id.split('.')[0] ?? ''))]
    const head = ['rule', 'severity', 'reference', 'Deutsch', 'English']
    const sections = layers.map((layer) => {
      const inLayer = rows.filter(({ id }) => id.startsWith(`${layer}.`))
      const lines = inLayer.map(({ id, severity, reference, de, en }) => [findingLink(id), severity, reference, de, en])
      return `\n## ${layer}\n\n${table(head, lines)}`
    })
    return Promise.resolve(
      new Map([['docs/rules.md', GENERATED(SOURCES) + INTRODUCTION + sections.join('') + `\n${String(rows.length)} rules.\n${dates()}`]]),
    )
  },
}
