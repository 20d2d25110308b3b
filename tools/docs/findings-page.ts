// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/findings.md: everything a check can find, from `src/check/findings.ts`.
 * @module
 */
import type { Generator } from '../generated.js'
import { GENERATED, code, table } from './markdown.js'

const SOURCE = 'src/check/findings.ts'

interface FindingRow {
  readonly id: string
  readonly severity: string
  readonly reference: string
  readonly feedback?: string
  readonly de: string
  readonly en: string
}

const INTRODUCTION = `# Findings

A finding has a stable id \`<layer>.<rule>\`. \`error\` makes a file invalid; \`warning\` and \`info\` do not. The code is what an OSCI peer
is told where the gateway meets the same thing on the wire.
`

/** The table is the one exported array whose entries look like findings; where it is a map, its values. */
function findingRows(module: Readonly<Record<string, unknown>>): readonly FindingRow[] {
  const all: unknown = module['FINDINGS']
  const rows =
    all instanceof Map
      ? [...(all.values() as Iterable<FindingRow>)]
      : Array.isArray(all)
        ? (all as FindingRow[])
        : Object.values((all ?? {}) as Record<string, FindingRow>)
  if (rows.length === 0) throw new Error(`${SOURCE} exports no FINDINGS`)
  return rows
}

export const findingsPage: Generator = {
  name: 'findings',
  source: SOURCE,
  make: async () => {
    const rows = findingRows((await import(new URL(`../../${SOURCE}`, import.meta.url).href)) as Record<string, unknown>)
    const layers = [...new Set(rows.map((row) => row.id.split('.')[0] ?? ''))]
    const sections = layers.map((layer) => {
      const inLayer = rows.filter((row) => row.id.startsWith(layer + '.'))
      const head = ['finding', 'severity', 'code', 'reference', 'Deutsch', 'English']
      return `\n## ${layer}\n\n${table(
        head,
        inLayer.map((row) => [code(row.id), row.severity, row.feedback ?? '', row.reference, row.de, row.en]),
      )}`
    })
    return new Map([['docs/findings.md', GENERATED(SOURCE) + INTRODUCTION + sections.join('') + `\n${String(rows.length)} findings.\n`]])
  },
}
