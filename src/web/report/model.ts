// SPDX-License-Identifier: EUPL-1.2
/**
 * What the report page knows: the JSON report as it stands in the page (docs/check.md), and which results a filter leaves.
 * @module
 */
export type Verdict = 'valid' | 'invalid' | 'unchecked' | 'error'
export type Severity = 'error' | 'warning' | 'info'
export type Language = 'de' | 'en'

export const VERDICTS: readonly Verdict[] = ['invalid', 'error', 'unchecked', 'valid']
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']

export interface Finding {
  readonly id: string
  readonly layer: string
  readonly severity: Severity
  readonly xpath: string | null
  readonly line: number | null
  readonly column: number | null
  readonly document: 'file' | 'unpacked' | 'decrypted' | 'content'
  readonly detail: string | null
  readonly content: string | null
}

export interface Content {
  readonly id: string
  readonly kind: 'content' | 'attachment'
  readonly encrypted: boolean
  readonly bytes: number
  readonly sha256: string
  readonly signedBy: readonly string[]
  readonly signatureVerdict: Verdict | null
  readonly xoev: Xoev | null
}

export interface Signature {
  readonly verdict: Verdict
  readonly signer: string | null
  readonly algorithm: string | null
}

export interface Xoev {
  readonly standard: string | null
  readonly version: string | null
  readonly messageType: string | null
  readonly verdict: Verdict
  /** Of the signature inside the document. */
  readonly signature: Signature | null
}

export interface Result {
  readonly file: string
  readonly sha256: string
  readonly verdict: Verdict
  readonly kind: 'osci' | 'xoev' | 'envelope' | 'unknown'
  readonly capture: 'http' | 'mail' | 'base64' | null
  readonly messageType: string | null
  readonly transportEncrypted: boolean
  readonly signed: boolean | null
  readonly messageId: string | null
  readonly feedback: readonly string[]
  readonly messageSignature: Signature | null
  readonly contents: readonly Content[]
  readonly findings: readonly Finding[]
  readonly layers: Readonly<Partial<Record<string, Verdict>>>
  /** Layers that `--layers` left out. */
  readonly notAsked: readonly string[]
  /** Of a bare XÖV document. */
  readonly xoev: Xoev | null
  /** In what it differs from `expected.yaml`, in words; absent where none speaks for it. */
  readonly differences?: readonly Readonly<Record<Language, string>>[]
}

export interface Source {
  readonly name: string
  readonly version: string | null
  readonly sha256: string
}

export interface Report {
  readonly tool: string
  readonly version: string
  readonly node: string
  readonly at: string
  readonly schemaSets: readonly Source[]
  readonly codeLists: readonly Source[]
  readonly results: readonly Result[]
  readonly sum: Readonly<Record<Verdict, number>>
  /** What the run's suites (`expected.yaml`) came to; absent where it had none. */
  readonly suites?: { readonly files: number; readonly differing: number; readonly missing: readonly string[] }
  /** What the id of a finding means. */
  readonly rows: Readonly<Record<string, Readonly<Record<Language | 'reference', string>>>>
  /** Layers in the order in which they are looked at, with their names. */
  readonly layers: readonly { readonly id: string; readonly de: string; readonly en: string }[]
}

export interface Filter {
  readonly verdicts: ReadonlySet<Verdict>
  /** Empty: any. */
  readonly layer: string
  readonly finding: string
  readonly text: string
}

/** A result prepared for filtering: ten thousand of them are looked through with every key pressed. */
export interface Entry {
  readonly result: Result
  readonly ids: ReadonlySet<string>
  readonly layers: ReadonlySet<string>
  readonly words: string
}

/** Before every difference: what somebody who looks for them can search for. */
export const DIFFERS = '≠'

export const entryOf = (result: Result): Entry => ({
  result,
  ids: new Set(result.findings.map(({ id }) => id)),
  layers: new Set(result.findings.map(({ layer }) => layer)),
  words: [
    result.file,
    result.messageType,
    result.messageId,
    result.messageSignature?.signer,
    result.sha256,
    ...result.feedback,
    ...(result.differences ?? []).flatMap(({ de, en }) => [`${DIFFERS} ${de}`, `${DIFFERS} ${en}`]),
  ]
    .filter((part) => part !== null && part !== undefined)
    .join('\n')
    .toLowerCase(),
})

export const passes = ({ result, ids, layers, words }: Entry, { verdicts, layer, finding, text }: Filter): boolean =>
  verdicts.has(result.verdict) &&
  (layer === '' || layers.has(layer)) &&
  (finding === '' || ids.has(finding)) &&
  (text === '' || words.includes(text))

/** How often each severity occurs in each layer. */
export function findingsByLayer(results: readonly Result[]): Map<string, Record<Severity, number>> {
  const counts = new Map<string, Record<Severity, number>>()
  for (const { findings } of results)
    for (const { layer, severity } of findings) {
      const row = counts.get(layer) ?? { error: 0, warning: 0, info: 0 }
      row[severity] += 1
      counts.set(layer, row)
    }
  return counts
}

/** Findings by id, the most frequent first. */
export function findingCounts(results: readonly Result[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const { findings } of results) for (const { id } of findings) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}
