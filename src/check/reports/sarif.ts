// SPDX-License-Identifier: EUPL-1.2
/**
 * SARIF 2.1.0 (OASIS), for code hosts and editors: every finding a result, its row of the findings table a rule. What was not checked is
 * a notification of the run, not a result: silence must not look like health.
 * @module
 */
import { findingRow } from '../findings.js'
import type { Finding, Severity, Verdict } from '../types.js'
import type { FileResult, ReportFormat, ReportLanguage } from './report.js'

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }
const NOTIFIED: readonly Verdict[] = ['unchecked', 'error']

/** A path as a relative URI reference; standard input has none. */
const uriOf = (file: string): string => file.split(/[\\/]/).map(encodeURIComponent).join('/')

function resultOf(finding: Finding, { file, sha256 }: FileResult, lang: ReportLanguage): object {
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
    properties: { document, line, column, content, sha256 },
  }
}

function ruleOf(id: string, lang: ReportLanguage): object {
  const row = findingRow(id)
  return {
    id,
    shortDescription: { text: row?.[lang] ?? id },
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
        return result.findings
          .map((finding) => {
            rules.add(finding.id)
            const comma = first ? '' : ',\n'
            first = false
            return comma + JSON.stringify(resultOf(finding, result, lang))
          })
          .join('')
      },
      end: (sum) => {
        const driver = {
          name: head.tool,
          version,
          language: lang,
          rules: [...rules].sort().map((id) => ruleOf(id, lang)),
          properties: { node, at, schemaSets, codeLists, sum },
        }
        const invocation = { executionSuccessful: sum.error === 0, toolExecutionNotifications: notified }
        return `\n],"columnKind":"utf16CodeUnits","tool":${JSON.stringify({ driver })},"invocations":[${JSON.stringify(invocation)}]}]}\n`
      },
    }
  },
}
