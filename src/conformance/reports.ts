// SPDX-License-Identifier: EUPL-1.2
/**
 * The report of a run, clause by clause, in four forms. The HTML page needs no script: tables, and links to the bytes beside it.
 * @module
 */
import { xmlText } from '../check/reports/junit.js'
import type { ClauseResult, Outcome } from './clause.js'
import type { Words } from './deviation.js'

export type Language = 'de' | 'en'

export interface ReportHead {
  readonly tool: 'protektor'
  readonly version: string
  /** ISO 8601. */
  readonly at: string
  readonly role: string
  readonly url: string
  readonly profile: string
  /** Why the run did not come to its end; null: it did. */
  readonly brokenOff: Words | null
}

export interface ReportForm {
  readonly fileName: string
  /** @param linked whether bytes lie beside the report. */
  write(head: ReportHead, results: readonly ClauseResult[], lang: Language, linked: boolean): string
}

const OUTCOMES: Readonly<Record<Outcome, Readonly<Record<Language, string>>>> = {
  passed: { de: 'bestanden', en: 'passed' },
  failed: { de: 'NICHT BESTANDEN', en: 'FAILED' },
  'not-tested': { de: 'nicht geprüft', en: 'not tested' },
}
const ORDER: readonly Outcome[] = ['failed', 'passed', 'not-tested']

export const countOf = (results: readonly ClauseResult[], outcome: Outcome): number =>
  results.filter((result) => result.outcome === outcome).length

/** Names of the two files of a leg. */
export const fileOf = (leg: number, what: 'request' | 'answer'): string => `bytes/${String(leg).padStart(4, '0')}-${what}.bin`

export function sumLine(results: readonly ClauseResult[], lang: Language): string {
  const counts = ORDER.map((outcome) => `${countOf(results, outcome)} ${OUTCOMES[outcome][lang]}`)
  return `${results.length} ${lang === 'de' ? 'Klauseln' : 'clauses'}: ${counts.join(', ')}`
}

/** Control characters of a peer must not reach a terminal, its line ends must not begin lines of ours, nor its overrides turn them. */
// eslint-disable-next-line no-control-regex -- finding them is the point
const clean = (line: string): string => line.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD')

/** A report that lacks clauses says so: what is not in it was not looked at. */
const brokenOffLines = ({ brokenOff }: ReportHead, lang: Language): string[] =>
  brokenOff === null ? [] : [`${BROKEN_OFF[lang]}: ${brokenOff[lang]}`]
const BROKEN_OFF: Readonly<Record<Language, string>> = { de: 'NICHT ZU ENDE GEFÜHRT', en: 'NOT COMPLETED' }

const legsText = (legs: readonly number[]): string => legs.map((leg) => `#${leg}`).join(' ')

const TEXT: ReportForm = {
  fileName: 'report.txt',
  write(head, results, lang) {
    const lines = results.flatMap((result) => {
      const legs = result.outcome === 'failed' && result.legs.length > 0 ? ` ${legsText(result.legs)}` : ''
      const seen = result.why ? [`      ${result.why[lang]}`] : []
      return [`${OUTCOMES[result.outcome][lang]}  ${result.id}${legs}`, `      ${result.text[lang]} [${result.reference}]`, ...seen]
    })
    return [
      `${head.profile} · ${head.role} · ${head.url} · ${head.at}`,
      ...brokenOffLines(head, lang),
      ...lines,
      sumLine(results, lang),
      '',
    ]
      .map(clean)
      .join('\n')
  },
}

const JSON_FORM: ReportForm = {
  fileName: 'report.json',
  write: (head, results, _lang, linked) => {
    const files = (legs: readonly number[]) =>
      linked ? { files: legs.flatMap((leg) => [fileOf(leg, 'request'), fileOf(leg, 'answer')]) } : {}
    const sum = Object.fromEntries(ORDER.map((outcome) => [outcome, countOf(results, outcome)]))
    return `${JSON.stringify({ ...head, results: results.map((result) => ({ ...result, ...files(result.legs) })), sum }, null, 2)}\n`
  },
}

const JUNIT: ReportForm = {
  fileName: 'report.xml',
  write(head, results, lang) {
    const body: Readonly<Record<Outcome, (result: ClauseResult) => string>> = {
      passed: () => '/>',
      failed: ({ why, reference, legs }) =>
        `><failure message="${xmlText(why?.[lang] ?? '')}">${xmlText(`${reference} ${legsText(legs)}`)}</failure></testcase>`,
      'not-tested': ({ why }) => `><skipped message="${xmlText(why?.[lang] ?? '')}"/></testcase>`,
    }
    const cases = results.map(
      (result) => `    <testcase classname="${result.exchange}" name="${xmlText(result.id)}"${body[result.outcome](result)}\n`,
    )
    const broken = brokenOffLines(head, lang).map(
      (line) => `    <testcase classname="run" name="run"><error message="${xmlText(line)}"/></testcase>\n`,
    )
    const tests = results.length + broken.length
    const facts = `tests="${tests}" failures="${countOf(results, 'failed')}" errors="${broken.length}" skipped="${countOf(results, 'not-tested')}"`
    return [
      '<?xml version="1.0" encoding="UTF-8"?>\n',
      `<testsuites name="protektor ${xmlText(head.version)}">\n  <testsuite name="${xmlText(`${head.profile} ${head.role}`)}" ${facts}>\n`,
      ...cases,
      ...broken,
      '  </testsuite>\n</testsuites>\n',
    ].join('')
  },
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:75rem}table{border-collapse:collapse;width:100%}' +
  'th,td{border-bottom:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}' +
  '.failed th{border-left:.4rem solid #a4001d}.passed th{border-left:.4rem solid #00664d}.not-tested th{border-left:.4rem solid #767676}' +
  'tbody th{font-weight:400;min-width:15rem}a{color:#003d99}@media print{body{margin:0}}'

const WORDS = {
  title: { de: 'Konformitätsbericht', en: 'Conformance report' },
  clause: { de: 'Klausel', en: 'Clause' },
  says: { de: 'Was verlangt ist', en: 'What is demanded' },
  seen: { de: 'Was kam', en: 'What came' },
  bytes: { de: 'Bytes', en: 'Bytes' },
} as const satisfies Record<string, Readonly<Record<Language, string>>>

const HTML: ReportForm = {
  fileName: 'report.html',
  write(head, results, lang, linked) {
    const link = (leg: number): string =>
      linked ? `<a href="${fileOf(leg, 'request')}">#${leg} →</a> <a href="${fileOf(leg, 'answer')}">#${leg} ←</a>` : `#${leg}`
    const row = ({ id, outcome, text, reference, why, legs }: ClauseResult): string =>
      `<tr class="${outcome}"><th scope="row">${xmlText(id)}</th><td>${xmlText(text[lang])}<br><small>${xmlText(reference)}</small></td>` +
      `<td>${xmlText(why?.[lang] ?? '')}</td><td>${legs.map(link).join('<br>')}</td></tr>`
    const head_ = (['clause', 'says', 'seen', 'bytes'] as const).map((name) => `<th scope="col">${WORDS[name][lang]}</th>`).join('')
    const section = (outcome: Outcome): string => {
      const those = results.filter((result) => result.outcome === outcome)
      if (those.length === 0) return ''
      const title = `${OUTCOMES[outcome][lang]} (${those.length})`
      return `<section><h2>${title}</h2><table><thead><tr>${head_}</tr></thead><tbody>${those.map(row).join('\n')}</tbody></table></section>`
    }
    const facts = [head.profile, head.role, head.url, head.at, `protektor ${head.version}`].map(xmlText).join(' · ')
    return [
      `<!doctype html>\n<html lang="${lang}"><head><meta charset="utf-8">`,
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
      `<meta name="viewport" content="width=device-width"><title>${WORDS.title[lang]}: ${xmlText(head.profile)}</title><style>${STYLE}</style></head>`,
      `<body><main><h1>${WORDS.title[lang]}</h1><p>${facts}</p><p>${sumLine(results, lang)}</p>`,
      ...brokenOffLines(head, lang).map((line) => `<p><strong>${xmlText(line)}</strong></p>`),
      ...ORDER.map(section),
      '</main></body></html>\n',
    ].join('\n')
  },
}

export const FORMS = { text: TEXT, json: JSON_FORM, junit: JUNIT, html: HTML } as const satisfies Readonly<Record<string, ReportForm>>
export type FormName = keyof typeof FORMS
