// SPDX-License-Identifier: EUPL-1.2
/**
 * JUnit XML for build servers: a suite per file, a case per layer. `invalid` is a failure, `error` an error, `unchecked` skipped.
 * The form has no standard; this is what Jenkins and GitLab read.
 * @module
 */
import { layerName } from '../findings-own.js'
import { LAYERS, type Finding, type Layer } from '../types.js'
import { NOT_ASKED, type FileResult, type ReportFormat, type ReportLanguage } from './report.js'

/** Control characters have no place in XML 1.0, whatever a message holds. */
const text = (value: string): string =>
  value
    // eslint-disable-next-line no-control-regex -- finding them is the point
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const place = ({ xpath, line, column }: Finding): string =>
  [line === null ? '' : `${line}:${column ?? 1}`, xpath ?? ''].filter((part) => part !== '').join(' ')

function said(findings: readonly Finding[], lang: ReportLanguage): string {
  return text(
    findings
      .map((one) => [one.id, one.message[lang], one.detail ?? '', place(one), one.reference].filter((part) => part !== '').join(' · '))
      .join('\n'),
  )
}

function testCase(layer: Layer, result: FileResult, lang: ReportLanguage): string {
  const verdict = result.layers[layer]
  const findings = result.findings.filter((finding) => finding.layer === layer)
  const errors = findings.filter(({ severity }) => severity === 'error')
  const head = `    <testcase classname="${text(result.file)}" name="${layer}"`
  const [first] = errors.length > 0 ? errors : findings
  const message = text(first?.message[lang] ?? (result.notAsked.includes(layer) ? NOT_ASKED[lang] : layerName(layer)[lang]))
  if (verdict === 'invalid')
    return `${head}><failure type="${text(first?.id ?? layer)}" message="${message}">${said(errors, lang)}</failure></testcase>\n`
  if (verdict === 'error')
    return `${head}><error type="${text(first?.id ?? layer)}" message="${message}">${said(findings, lang)}</error></testcase>\n`
  if (verdict === 'unchecked') return `${head}><skipped message="${message}"/></testcase>\n`
  return findings.length === 0 ? `${head}/>\n` : `${head}><system-out>${said(findings, lang)}</system-out></testcase>\n`
}

function suite(result: FileResult, lang: ReportLanguage): string {
  const layers = LAYERS.filter((layer) => result.layers[layer] !== undefined)
  const count = (verdict: string): number => layers.filter((layer) => result.layers[layer] === verdict).length
  const facts = `tests="${layers.length}" failures="${count('invalid')}" errors="${count('error')}" skipped="${count('unchecked')}"`
  return `  <testsuite name="${text(result.file)}" ${facts}>\n${layers.map((layer) => testCase(layer, result, lang)).join('')}  </testsuite>\n`
}

export const JUNIT: ReportFormat = {
  fileName: 'report.xml',
  mediaType: 'application/xml',
  writer: ({ version }, lang) => ({
    begin: () => `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="protektor ${text(version)}">\n`,
    one: (result) => suite(result, lang),
    end: () => '</testsuites>\n',
  }),
}
