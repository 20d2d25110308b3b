// SPDX-License-Identifier: EUPL-1.2
/**
 * A run in a line while it goes on, and in a table when it is over.
 * @module
 */
import { table } from '../docs/markdown.js'
import type { RunResult } from './run.js'
import { BOXES, HANDOVER_SECONDS } from './boxes.js'

/** Where and with what it was run. */
export interface Circumstances {
  readonly date: string
  readonly commit: string
  readonly cores: number
  readonly processor: string
  readonly node: string
  readonly redis: string
  readonly command: string
}

const number = (value: number): string => value.toLocaleString('en-GB')

const rows: readonly (readonly [string, (run: RunResult) => string | number])[] = [
  ['envelopes put and accepted (201)', ({ verdict }) => number(verdict.accepted)],
  ['puts whose answer was lost with a node', ({ verdict }) => number(verdict.unanswered)],
  ['**handed out twice by an at-most-once mailbox**', ({ verdict }) => `**${count(verdict.faults, 'twice')}**`],
  ['**accepted and without an outcome**', ({ verdict }) => `**${count(verdict.faults, 'no-outcome')}**`],
  [
    'outcomes other than what the sender was told before',
    ({ verdict }) => `${count(verdict.faults, 'changed')} of ${number(verdict.told)}`,
  ],
  ['outcomes that cannot be true', ({ verdict }) => count(verdict.faults, 'untrue')],
  ['received, but put by nobody', ({ verdict }) => count(verdict.faults, 'never-put')],
  ['events of the nodes against the state machine: faults', ({ traceFaults }) => traceFaults.length],
  ['delivered', ({ verdict }) => number(verdict.outcomes.delivered)],
  ['expired', ({ verdict }) => number(verdict.outcomes.expired)],
  ['refused', ({ verdict }) => number(verdict.outcomes.refused)],
  ['unknown', ({ verdict }) => number(verdict.outcomes.unknown)],
  ['leased again under the same id', ({ verdict }) => number(verdict.handedOut.again)],
  ['delivered to the socket of a taker that was killed before it read it', ({ verdict }) => number(verdict.diedWithTaker)],
  ['takers killed · stopped and let go on', ({ done }) => `${done['taker killed']} · ${done['taker stopped']}`],
  ['core nodes', ({ nodes }) => nodes],
  ['core nodes killed · stopped and let go on', ({ done }) => `${done['node killed']} · ${done['node stopped']}`],
  ['puts that were told to come later (429, 503)', ({ refusals }) => number(refusals)],
  ['seconds from the first put to the last', ({ seconds }) => seconds.toFixed(0)],
  ['envelopes per second, disturbances included', ({ verdict, seconds }) => (verdict.accepted / seconds).toFixed(0)],
]

const count = (faults: readonly { readonly rule: string }[], rule: string): number => faults.filter((one) => one.rule === rule).length

export const passed = (run: RunResult): boolean =>
  run.verdict.faults.length === 0 && run.traceFaults.length === 0 && run.verdict.accepted + run.verdict.unanswered === run.envelopes

export function summary(run: RunResult): string {
  const width = Math.max(...rows.map(([title]) => title.length))
  return rows.map(([title, value]) => `${title.replaceAll('**', '').padEnd(width)} ${String(value(run)).replaceAll('**', '')}`).join('\n')
}

export function page(run: RunResult, facts: Circumstances): string {
  const kinds = BOXES.map(({ address, share, policy }) => [
    address,
    policy.handover + (policy.leaseSeconds === undefined ? '' : `, ${policy.leaseSeconds} s`),
    `${policy.ttlSeconds} s`,
    `${Math.round(share * 100)} %`,
  ])
  const head = run.adapter === 'memory' ? 'embedded, over HTTP' : 'Redis, over HTTP'
  return `<!-- SPDX-License-Identifier: EUPL-1.2 -->
<!-- Written by "npm run prove:core". -->
# Contended claims: the core under fire

${facts.date} · commit ${facts.commit} · ${facts.cores} cores (${facts.processor}) · Node ${facts.node} · ${facts.redis}
\`${facts.command}\`

${run.takers} takers, each a process with ${BOXES.reduce((sum, { lanes }) => sum + lanes, 0)} connections, contend for the same mailboxes; ${run.putters} processes put. All go over
loopback HTTPS to the real core API in processes of its own; possession is proven by mutual TLS (a signed token per call would cost several
times the hand-over and prove nothing more about it). Envelopes are 4 KiB with a real frame and header and random bytes for ciphertext.
Takers and nodes are ended (SIGKILL) and stood still (SIGSTOP, up to 4 s, longer than a lease and a hand-over of ${HANDOVER_SECONDS} s) at random.
A taker writes an id down at the first byte it gets, before anything else. At the end the core is asked for every outcome.
What the rows mean, and what they do not prove: \`adr/0014-proofs-of-the-core.md\`.

${table(
  ['', head],
  rows.map(([title, value]) => [title, String(value(run))]),
)}
${table(['mailbox', 'hand-over', 'life', 'share'], kinds)}`
}
