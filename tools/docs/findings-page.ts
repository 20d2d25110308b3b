// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/findings.md: everything a check can find, from `src/check/findings.ts`.
 * @module
 */
import { ALL_FINDINGS } from '../../src/check/findings.js'
import type { Generator } from '../generated.js'
import { UNSHOWABLE } from '../fixtures/unshowable.js'
import { GENERATED, code, findingLink, table } from './markdown.js'

const SOURCE = 'src/check/findings.ts'

const INTRODUCTION = `# Findings

A finding has a stable id \`<layer>.<rule>\`. \`error\` makes a file invalid; \`warning\` and \`info\` do not. The code is what an OSCI peer
is told where the gateway meets the same thing on the wire. The id leads to files that show the finding ([fixtures.md](fixtures.md)).
`

function withoutFixture(): string {
  const rows = ALL_FINDINGS.flatMap(({ id }) => (UNSHOWABLE[id] === undefined ? [] : [[code(id), UNSHOWABLE[id]]]))
  return `\n## Without a fixture\n\nWhat no single file can show:\n\n${table(['finding', 'it'], rows)}`
}

export const findingsPage: Generator = {
  name: 'findings',
  source: SOURCE,
  make: () => {
    const rows = ALL_FINDINGS
    const layers = [...new Set(rows.map((row) => row.id.split('.')[0] ?? ''))]
    const sections = layers.map((layer) => {
      const inLayer = rows.filter((row) => row.id.startsWith(layer + '.'))
      const head = ['finding', 'severity', 'code', 'reference', 'Deutsch', 'English']
      return `\n## ${layer}\n\n${table(
        head,
        inLayer.map((row) => [findingLink(row.id), row.severity, row.feedback ?? '', row.reference, row.de, row.en]),
      )}`
    })
    return Promise.resolve(
      new Map([
        [
          'docs/findings.md',
          GENERATED(SOURCE) + INTRODUCTION + sections.join('') + withoutFixture() + `\n${String(rows.length)} findings.\n`,
        ],
      ]),
    )
  },
}
