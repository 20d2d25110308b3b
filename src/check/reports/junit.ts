// SPDX-License-Identifier: EUPL-1.2
/**
 * JUnit XML for build servers: a suite per file, a case per layer. `invalid` is a failure, `error` an error, `unchecked` skipped.
 * A file for which an `expected.yaml` speaks is one case: it fails where it differs, whatever its verdict.
 * The form has no standard; this is what Jenkins and GitLab read.
 * @module
 */
import { differenceText, EXPECTED_FILE, type Difference } from '../differences.js'
import { layerName } from '../findings-own.js'
import { LAYERS, type Finding, type Layer } from '../types.js'
import { NOT_ASKED, type FileResult, type ReportFormat, type ReportLanguage } from './report.js'
import { isPlacedIn } from './text.js'

/** Control characters have no place in XML 1.0, whatever a message holds. */
export const xmlText = (value: string): string =>
  value
    // eslint-disable-next-line no-control-regex -- finding them is the point
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** Lines of what was opened are not those of the file. */
function place(finding: Finding): string {
  const { xpath, line, column, document, content } = finding
  const inside = content !== null ? `content ${content}` : document !== 'file' && isPlacedIn(finding) ? document : ''
  return [inside, line === null ? '' : `${line}:${column ?? 1}`, xpath ?? ''].filter((part) => part !== '').join(' ')
}

function said(findings: readonly Finding[], lang: ReportLanguage): string {
  return xmlText(
    findings
      .map((one) => [one.id, one.message[lang], one.detail ?? '', place(one), one.reference].filter((part) => part !== '').join(' · '))
      .join('\n'),
  )
}

function testCase(layer: Layer, result: FileResult, lang: ReportLanguage): string {
  const verdict = result.layers[layer]
  const findings = result.findings.filter((finding) => finding.layer === layer)
  const errors = findings.filter(({ severity }) => severity === 'error')
  const head = `    <testcase classname="${xmlText(result.file)}" name="${layer}"`
  const [first] = errors.length > 0 ? errors : findings
  const message = xmlText(first?.message[lang] ?? (result.notAsked.includes(layer) ? NOT_ASKED[lang] : layerName(layer)[lang]))
  // a case has one reason; whatever else was found stands beside it
  const beside = (rest: readonly Finding[]): string => (rest.length === 0 ? '' : `<system-out>${said(rest, lang)}</system-out>`)
  const others = findings.filter((finding) => !errors.includes(finding))
  if (verdict === 'invalid')
    return `${head}><failure type="${xmlText(first?.id ?? layer)}" message="${message}">${said(errors, lang)}</failure>${beside(others)}</testcase>\n`
  if (verdict === 'error')
    return `${head}><error type="${xmlText(first?.id ?? layer)}" message="${message}">${said(findings, lang)}</error></testcase>\n`
  if (verdict === 'unchecked') return `${head}><skipped message="${message}"/>${beside(findings)}</testcase>\n`
  return findings.length === 0 ? `${head}/>\n` : `${head}>${beside(findings)}</testcase>\n`
}

function suite(result: FileResult, lang: ReportLanguage): string {
  const layers = LAYERS.filter((layer) => result.layers[layer] !== undefined)
  const count = (verdict: string): number => layers.filter((layer) => result.layers[layer] === verdict).length
  const facts = `tests="${layers.length}" failures="${count('invalid')}" errors="${count('error')}" skipped="${count('unchecked')}"`
  return `  <testsuite name="${xmlText(result.file)}" ${facts}>\n${layers.map((layer) => testCase(layer, result, lang)).join('')}  </testsuite>\n`
}

function expectedCase(file: string, differences: readonly Difference[], findings: readonly Finding[], lang: ReportLanguage): string {
  const [first] = differences
  const tests = `tests="1" failures="${first ? 1 : 0}" errors="0" skipped="0"`
  const texts = differences.map((one) => xmlText(differenceText(one, lang)))
  const body = [...texts, said(findings, lang)].filter((text) => text !== '').join('\n')
  const inside = first
    ? `><failure type="${first.kind}" message="${texts.join('; ')}">${body}</failure></testcase>`
    : body === ''
      ? '/>'
      : `><system-out>${body}</system-out></testcase>`
  return `  <testsuite name="${xmlText(file)}" ${tests}>\n    <testcase classname="${xmlText(file)}" name="${EXPECTED_FILE}"${inside}\n  </testsuite>\n`
}

export const JUNIT: ReportFormat = {
  fileName: 'report.xml',
  mediaType: 'application/xml',
  writer: ({ version }, lang) => ({
    begin: () => `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="protektor ${xmlText(version)}">\n`,
    one: (result) => {
      const { file, differences, findings } = result
      return differences === undefined ? suite(result, lang) : expectedCase(file, differences, findings, lang)
    },
    end: (_sum, suites) =>
      [...(suites?.missing ?? []).map((file) => expectedCase(file, [{ kind: 'file-missing' }], [], lang)), '</testsuites>\n'].join(''),
  }),
}
