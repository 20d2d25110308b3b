// SPDX-License-Identifier: EUPL-1.2
/**
 * `expected.yaml` beside files turns a folder into a regression suite: what each file must come to, and nothing else.
 *
 *   files:
 *     broken.bin: { verdict: invalid, findings: [ xml.doctype ] }     findings may be left out where there are none
 *     folder/good.bin: { verdict: valid }                             paths count from the folder of expected.yaml
 *
 * The findings named must occur, and no finding of severity `error` besides them; warnings and notes may be named, but need not.
 * @module
 */
import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError, type ConfigProblem } from '../errors.js'
import { findingRow } from './findings.js'
import type { CheckResult, Verdict } from './types.js'

export const EXPECTED_FILE = 'expected.yaml'

export interface Expected {
  readonly verdict: Verdict
  readonly findings: readonly string[]
}

/** In what a result differs. */
export type Difference =
  | { readonly kind: 'verdict'; readonly expected: Verdict; readonly found: Verdict }
  | { readonly kind: 'finding-missing' | 'finding-unexpected'; readonly id: string }
  | { readonly kind: 'file-missing' | 'file-unexpected' }

const SUITE = z.strictObject({
  files: z.record(
    z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+$/),
    z.strictObject({ verdict: z.enum(['valid', 'invalid', 'unchecked', 'error']), findings: z.array(z.string()).default([]) }),
  ),
})

/**
 * @param file its name, for complaints.
 * @returns what is expected, by path relative to the folder of the file.
 * @throws {ConfigError} no YAML, unknown keys, verdicts or finding ids; with the line.
 */
export function readExpected(file: string, text: string): ReadonlyMap<string, Expected> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const syntax = document.errors.map((error): ConfigProblem => ({
    key: '(file)',
    file,
    line: lines.linePos(error.pos[0]).line,
    message: { de: `kein gültiges YAML: ${error.message}`, en: `not valid YAML: ${error.message}` },
  }))
  if (syntax.length > 0) throw new ConfigError(syntax)
  const at = (path: readonly PropertyKey[], de: string, en: string): ConfigProblem => {
    const node = document.getIn(path, true)
    const line = isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
    return { key: path.join('.'), file, line, message: { de, en } }
  }
  const read = SUITE.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (!read.success)
    throw new ConfigError(read.error.issues.map(({ path, message }) => at(path, `falsch: ${message}`, `wrong: ${message}`)))
  const unknown = Object.entries(read.data.files).flatMap(([name, { findings }]) =>
    findings
      .filter((id) => findingRow(id) === undefined)
      .map((id) => at(['files', name, 'findings'], `unbekannte Befund-Kennung ${id}`, `unknown finding id ${id}`)),
  )
  if (unknown.length > 0) throw new ConfigError(unknown)
  return new Map(Object.entries(read.data.files))
}

/** Empty: the file came to what was expected. */
export function differences(expected: Expected | undefined, result: CheckResult): Difference[] {
  if (expected === undefined) return [{ kind: 'file-unexpected' }]
  const found = new Set(result.findings.map(({ id }) => id))
  const errors = new Set(result.findings.filter(({ severity }) => severity === 'error').map(({ id }) => id))
  return [
    ...(expected.verdict === result.verdict ? [] : [{ kind: 'verdict', expected: expected.verdict, found: result.verdict } as const]),
    ...expected.findings.filter((id) => !found.has(id)).map((id) => ({ kind: 'finding-missing', id }) as const),
    ...[...errors].filter((id) => !expected.findings.includes(id)).map((id) => ({ kind: 'finding-unexpected', id }) as const),
  ]
}
