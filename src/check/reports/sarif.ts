// SPDX-License-Identifier: EUPL-1.2
/**
 * SARIF 2.1.0 (OASIS), for code hosts and editors: every finding a result, its row of the findings table a rule. What was not checked is
 * a notification of the run, not a result: silence must not look like health. Where an `expected.yaml` speaks for a file, differences are
 * results, and findings that it has nothing against are suppressed.
 * @module
 */
import { DIFFERENCES, differenceText, EXPECTED_FILE, type Difference } from '../differences.js'
import { findingRow } from '../findings.js'
import type { Finding, Severity, Verdict } from '../types.js'
import type { FileResult, ReportFormat, ReportLanguage } from './report.js'

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }
const NOTIFIED: readonly Verdict[] = ['unchecked', 'error']

/** A path as a relative URI reference; standard input has none. */
const uriOf = (file: string): string => file.split(/[\\/]/).map(encodeURIComponent).join('/')

const EXPECTED_PREFIX = 'expected.'
const ruleOfDifference = ({ kind }: Difference): string => EXPECTED_PREFIX + kind

function resultOfDifference(file: string, one: Difference, lang: ReportLanguage): object {
  return {
    ruleId: ruleOfDifference(one),
    level: 'error',
    message: { text: differenceText(one, lang) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
    properties: { difference: one },
  }
}

/** In a file for which a suite speaks. */
const isExpected = ({ id }: Finding, differences: readonly Difference[]): boolean =>
  !differences.some((one) => one.kind === 'finding-unexpected' && one.id === id)

function resultOf(finding: Finding, { file, sha256, differences }: FileResult, lang: ReportLanguage): object {
  const { id, severity, line, column, xpath, detail, message, document, content } = finding
  // lines inside an encryption are no lines of the file
  const region = line !== null && document === 'file' ? { region: { startLine: line, startColumn: column ?? 1 } } : {}
  return {
    ruleId: id,
    level: LEVELS[severity],
    message: { text: detail === null ? message[lang] : `${message[lang]} (${detail})` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region },
        ...(xpath === null ? {} : { logicalLocations: [{ fullyQualifiedName: xpath, kind: 'element' }] }),
      },
    ],
    ...(differences && isExpected(finding, differences)
      ? { suppressions: [{ kind: 'external', status: 'accepted', justification: EXPECTED_FILE }] }
      : {}),
    properties: { document, line, column, content, sha256 },
  }
}

function ruleOf(id: string, lang: ReportLanguage): object {
  const difference = DIFFERENCES[id.slice(EXPECTED_PREFIX.length) as Difference['kind']] as Record<ReportLanguage, string> | undefined
  const row = findingRow(id)
  return {
    id,
    shortDescription: { text: (row ?? difference)?.[lang] ?? id },
    ...(row && row.reference !== '' ? { help: { text: row.reference } } : {}),
    defaultConfiguration: { level: LEVELS[row?.severity ?? 'error'] },
  }
}

export const SARIF: ReportFormat = {
  fileName: 'report.sarif',
  mediaType: 'application/sarif+json',
  writer: (head, lang) => {
    const rules = new Set<string>()
    const notified: object[] = []
    let first = true
    const written = (ruleId: string, result: object): string => {
      rules.add(ruleId)
      const comma = first ? '' : ',\n'
      first = false
      return comma + JSON.stringify(result)
    }
    const differing = (file: string, found: readonly Difference[]): string =>
      found.map((one) => written(ruleOfDifference(one), resultOfDifference(file, one, lang))).join('')
    const { version, node, at, schemaSets, codeLists } = head
    return {
      begin: () =>
        '{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0","runs":[{"results":[\n',
      one: (result) => {
        if (NOTIFIED.includes(result.verdict))
          notified.push({
            level: result.verdict === 'error' ? 'error' : 'warning',
            message: { text: `${result.file}: ${result.verdict}` },
            locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(result.file) } } }],
          })
        const found = result.findings.map((finding) => written(finding.id, resultOf(finding, result, lang)))
        return differing(result.file, result.differences ?? []) + found.join('')
      },
      end: (sum, suites) => {
        const missing = (suites?.missing ?? []).map((file) => differing(file, [{ kind: 'file-missing' }])).join('')
        const driver = {
          name: head.tool,
          version,
          language: lang,
          rules: [...rules].sort().map((id) => ruleOf(id, lang)),
          properties: { node, at, schemaSets, codeLists, sum, ...(suites ? { suites } : {}) },
        }
        const invocation = { executionSuccessful: sum.error === 0, toolExecutionNotifications: notified }
        return `${missing}\n],"columnKind":"utf16CodeUnits","tool":${JSON.stringify({ driver })},"invocations":[${JSON.stringify(invocation)}]}]}\n`
      },
    }
  },
}
