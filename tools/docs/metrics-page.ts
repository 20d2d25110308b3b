// SPDX-License-Identifier: EUPL-1.2
/**
 * docs/metrics.md: every figure of `/metrics`, from `src/gateway/metrics-table.ts`.
 * @module
 */
import { COUNTED, READ, type CountedRow } from '../../src/gateway/metrics-table.js'
import type { Generator } from '../generated.js'
import { GENERATED, code, table } from './markdown.js'

const SOURCE = 'src/gateway/metrics-table.ts'

const INTRODUCTION = `# Metrics

\`GET /metrics\` of the admin address, for Prometheus. The same figures stand on the operator page, \`/operator/\` of the same address: live, with the
last 15 minutes kept in memory. A program may read them as JSON (\`/operator/snapshot\`) or as Server-Sent Events, one a second (\`/operator/feed\`, at
most 16 listeners). \`/healthz\` answers while the process lives, \`/readyz\` says 200 only while it may be given work; else 503,
with \`part\` and \`state\` where the disk of \`dataDirectory\` is in the way: \`full\` (less than 4 MiB left, until there are 16 again), \`read-only\`, or
\`away\`. Nothing is written to find that out.

Label values are bounded: roles and outcomes, OSCI codes, HTTP statuses, and names of the configuration. No content, no id, no reply mailbox, no subject
of a certificate, no client's address. What the runtime says of itself (\`process_…\`, \`nodejs_…\`, the delay of the event loop among it) stands beside these.

Worth an alarm: \`protektor_part_state{state!="ok"} == 1\`, \`protektor_certificate_expiry_seconds < 30 * 86400\`,
\`protektor_core_bytes / protektor_core_bytes_max > 0.8\`,
\`histogram_quantile(0.95, rate(protektor_dwell_seconds_bucket[5m])) > 0.5\`,
\`rate(protektor_deliveries_total{outcome="unknown"}[5m]) > 0\`, \`rate(protektor_refusals_total{code=~"429|503"}[5m]) > 0\`.

`

const bucketsOf = (row: CountedRow): string => (row.buckets ? `${row.kind}: ${row.buckets.join(', ')}` : row.kind)

export const metricsPage: Generator = {
  name: 'metrics',
  source: SOURCE,
  make: () => {
    const counted: readonly CountedRow[] = Object.values(COUNTED)
    const rows = [
      ...counted.map((row) => ({ ...row, kind: bucketsOf(row) })),
      ...READ.map(({ name, labels, en, de }) => ({ name, kind: 'gauge', labels, en, de })),
    ].map(({ name, kind, labels, en, de }) => [code(name), kind, labels.map(code).join(', '), en, de])
    return Promise.resolve(
      new Map([['docs/metrics.md', GENERATED(SOURCE) + INTRODUCTION + table(['name', 'kind', 'labels', 'English', 'Deutsch'], rows)]]),
    )
  },
}
