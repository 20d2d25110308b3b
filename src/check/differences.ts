// SPDX-License-Identifier: EUPL-1.2
/**
 * In what a file differs from what `expected.yaml` says of it, and the words for it.
 *
 * The findings named must occur, and no finding of severity `error` besides them; warnings and notes may be named, but need not.
 * @module
 */
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

type Words = Readonly<Record<'de' | 'en', string>>

/** What kinds of difference there are. */
export const DIFFERENCES: Readonly<Record<Difference['kind'], Words>> = {
  verdict: { de: 'Urteil', en: 'verdict' },
  'finding-missing': { de: 'erwarteter Befund fehlt', en: 'expected finding is missing' },
  'finding-unexpected': { de: 'Befund wurde nicht erwartet', en: 'finding was not expected' },
  'file-missing': { de: 'erwartete Datei fehlt', en: 'expected file is missing' },
  'file-unexpected': { de: 'Datei steht nicht in expected.yaml', en: 'file does not stand in expected.yaml' },
}

/** Verdicts stand as `expected.yaml` has them, in either language. */
export function differenceText(one: Difference, lang: 'de' | 'en'): string {
  const more = one.kind === 'verdict' ? ` ${one.found}, ${{ de: 'erwartet', en: 'expected' }[lang]} ${one.expected}` : ''
  return `${DIFFERENCES[one.kind][lang]}${more}${'id' in one ? ` ${one.id}` : ''}`
}
