// SPDX-License-Identifier: EUPL-1.2
/**
 * What was measured, as a verdict and as `docs/oracle.md`.
 * @module
 */
import { table } from '../docs/markdown.js'
import type { Layer, Measurements } from './run.js'
import { compare, isSeparable, KEPT_SHARE, quantile, THRESHOLD, welch, type Comparison, type Groups, type Pair } from './statistics.js'

export interface Circumstances {
  readonly date: string
  readonly commit: string
  readonly cores: number
  readonly processor: string
  readonly node: string
  readonly load: string
  readonly command: string
}

export interface Verdict {
  readonly layer: Layer
  readonly comparison: Comparison
  readonly measured: Measurements
  /** Must be found. */
  readonly controls: readonly Pair[]
}

/** An artificial difference: every other sample of one group comes so much later. */
const ARTIFICIAL_ERRORS = 8

function shiftedHalf(comparison: Comparison, groups: Groups): Pair {
  const [[name, samples]] = [...groups] as [[string, readonly number[]]]
  const kept = samples.filter((one) => one <= comparison.limit)
  const [even, odd] = [0, 1].map((rest) => kept.filter((_, at) => at % 2 === rest)) as [number[], number[]]
  const shift = ARTIFICIAL_ERRORS * welch(even, odd).standardError
  return {
    names: [name, `the same, every other ${(shift * 1000).toFixed(0)} µs later`],
    ...welch(
      even,
      odd.map((one) => one + shift),
    ),
  }
}

export function judge(layer: Layer, measured: Measurements): Verdict {
  const { groups, withoutKey } = measured
  const comparison = compare(groups)
  const [[name, samples]] = [...groups] as [[string, readonly number[]]]
  const early = new Map([
    [name, samples],
    ['refused before the key is touched', withoutKey],
  ])
  const real = withoutKey.length > 0 ? compare(early).pairs : []
  return { layer, comparison, measured, controls: [...real, shiftedHalf(comparison, groups)] }
}

/** A control that fails says that the run cannot tell, in either direction. */
export function wordOf({ comparison, controls }: Verdict): 'not separable' | 'SEPARABLE' | 'NOTHING PROVEN, a control failed' {
  if (comparison.halves.some(isSeparable) || !controls.every(isSeparable)) return 'NOTHING PROVEN, a control failed'
  return comparison.pairs.some(isSeparable) ? 'SEPARABLE' : 'not separable'
}

export const passed = (verdict: Verdict): boolean => wordOf(verdict) === 'not separable'

const microseconds = (milliseconds: number): string => (milliseconds * 1000).toFixed(0)

const row = ({ names, t, difference, standardError }: Pair): string[] => [
  ...names,
  microseconds(difference),
  microseconds(THRESHOLD * standardError),
  t.toFixed(2),
]

const HEAD = ['cause', 'against', 'difference in µs', 'least that would have shown', 't']

const TITLES: Readonly<Record<Layer, string>> = { transport: 'Transport encryption', content: 'Content with AES-CBC' }

const WHAT: Readonly<Record<Layer, string>> = {
  transport: `RSA-OAEP and AES-256-GCM around the whole message, one request in flight. Behind the key there is one outcome, fault 9202
(threat model §6 rule 2). Errors of the message inside are those of an authenticated plaintext and may differ (rule 4): they are not measured.`,
  content: `AES-256-CBC content of a peer with \`legacy.cbcContent\`, in clear on the transport, in a verified message signature. Whatever
fails behind the key is T020, and leaves at the end of a slot counted from the last byte of the request (rule 5).`,
}

function section(verdict: Verdict, facts: Circumstances): string {
  const { layer, comparison, measured, controls } = verdict
  return `## ${TITLES[layer]}: ${wordOf(verdict)}

${facts.date} · commit ${facts.commit} · ${facts.cores} cores (${facts.processor}) · Node ${facts.node} · load ${facts.load}
\`${facts.command}\`

${WHAT[layer]}

${table(
  ['cause', 'samples', 'kept', 'median in ms', '90th percentile'],
  [...measured.groups].map(([name, samples]) => [
    name,
    String(samples.length),
    String(comparison.kept.get(name) ?? 0),
    quantile(samples, 0.5).toFixed(2),
    quantile(samples, KEPT_SHARE).toFixed(2),
  ]),
)}${layer === 'content' ? `\nAnswers whose work lasted longer than their first slot: ${measured.later}.\n` : ''}
${table(HEAD, comparison.pairs.map(row))}
Controls. Every other sample of a cause against the rest of it, which must not be separable:

${table(HEAD, comparison.halves.map(row))}
Differences that are there, which must be found:

${table(HEAD, controls.map(row))}`
}

const INTRODUCTION = `<!-- SPDX-License-Identifier: EUPL-1.2 -->
<!-- Written by "npm run prove:oracle". -->
# No decryption oracle: answers and their times

Deliveries are spoiled, each for one cause behind the private key, and sent in random order over loopback HTTP to a gateway in a process of
its own, built as \`serve\` builds it. Every answer is compared with the first one: status, headers but the date, and body, byte by
byte but for the boundary and the values of the signature, of which the length counts. A run ends at the first that differs: there was none.

The time runs from the sending of the whole request to the head of the answer. The first 300 of each layer do not count. Samples above the
90th percentile of all causes together are left out; then Welch's t of each pair. **|t| ≥ ${THRESHOLD}** is separable. *Least that would have
shown*: the difference at which t would have been ${THRESHOLD}; a smaller one cannot be excluded by this run, and on a busy machine it is larger.

`

/** @param before the page as it is: the section of the other layer stays. */
export function page(verdict: Verdict, facts: Circumstances, before: string): string {
  const sections = new Map((Object.keys(TITLES) as Layer[]).map((layer) => [layer, before.split(/^(?=## )/m).find((one) => one.startsWith(`## ${TITLES[layer]}`))])) // prettier-ignore
  sections.set(verdict.layer, section(verdict, facts))
  const written = [...sections.values()].filter((one) => one !== undefined).map((one) => one.trimEnd())
  return `${INTRODUCTION}${written.join('\n\n')}\n`
}
