// SPDX-License-Identifier: EUPL-1.2
/**
 * The report for people: per file its verdict, what it is, the layers, what it carries, and every finding with its place; a sum at the end.
 * @module
 */
import { findingRow } from '../findings.js'
import { layerName } from '../findings-own.js'
import { LAYERS, type ContentResult, type Finding, type Severity, type SignatureResult, type Verdict } from '../types.js'
import { NOT_ASKED, type FileResult, type ReportFormat, type ReportLanguage, type ReportSum } from './report.js'

type Lang = ReportLanguage
type Words = Readonly<Record<Lang, string>>

export const VERDICTS: Readonly<Record<Verdict, Words>> = {
  valid: { de: 'gültig', en: 'valid' },
  invalid: { de: 'UNGÜLTIG', en: 'INVALID' },
  unchecked: { de: 'ungeprüft', en: 'unchecked' },
  error: { de: 'FEHLER DER PRÜFUNG', en: 'CHECK FAILED' },
}
const SEVERITIES: Readonly<Record<Severity, Words>> = {
  error: { de: 'Fehler', en: 'error' },
  warning: { de: 'Warnung', en: 'warning' },
  info: { de: 'Hinweis', en: 'note' },
}
const TEXT = {
  osci: { de: 'OSCI', en: 'OSCI' },
  xoev: { de: 'XÖV', en: 'XÖV' },
  envelope: { de: 'Umschlag', en: 'envelope' },
  unknown: { de: 'unbekannt', en: 'unknown' },
  http: { de: 'HTTP-Mitschnitt', en: 'HTTP capture' },
  mail: { de: 'E-Mail', en: 'mail' },
  base64: { de: 'Base64', en: 'Base64' },
  encrypted: { de: 'transportverschlüsselt', en: 'transport-encrypted' },
  clear: { de: 'im Klartext', en: 'in clear' },
  unsigned: { de: 'nicht signiert', en: 'not signed' },
  signedBy: { de: 'signiert von', en: 'signed by' },
  layers: { de: 'Schichten', en: 'layers' },
  feedback: { de: 'Rückmeldung', en: 'feedback' },
  content: { de: 'Inhalt', en: 'content' },
  attachment: { de: 'Anhang', en: 'attachment' },
  wasEncrypted: { de: 'war verschlüsselt', en: 'was encrypted' },
  author: { de: 'Autor', en: 'author' },
  unpacked: { de: 'ausgepackte Nachricht', en: 'unpacked message' },
  decrypted: { de: 'entschlüsselte Nachricht', en: 'decrypted message' },
  line: { de: 'Zeile', en: 'line' },
  lines: { de: 'Zeilen', en: 'lines' },
  column: { de: 'Spalte', en: 'column' },
  file: { de: 'Datei', en: 'file' },
  files: { de: 'Dateien', en: 'files' },
} as const satisfies Readonly<Record<string, Words>>

/** Control characters of messages and names must not reach a terminal, nor what turns the direction of writing: a verdict stands behind them. */
// eslint-disable-next-line no-control-regex -- finding them is the point
export const clean = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD')

const signedBy = ({ signer, verdict }: SignatureResult, lang: Lang): string =>
  `${TEXT.signedBy[lang]} ${signer ?? '?'} (${VERDICTS[verdict][lang]})`

function facts(result: FileResult, lang: Lang): string {
  const capture = result.capture === null ? [] : [TEXT[result.capture][lang]]
  const parts: string[] = [...capture, TEXT[result.kind][lang], ...(result.messageType === null ? [] : [result.messageType])]
  if (result.kind === 'osci') {
    parts.push(TEXT[result.transportEncrypted ? 'encrypted' : 'clear'][lang])
    const { messageSignature: signature } = result
    if (signature) parts.push(signedBy(signature, lang))
    else if (result.signed === false && result.messageType !== 'fault') parts.push(TEXT.unsigned[lang])
    if (result.messageId !== null) parts.push(`MessageId ${result.messageId}`)
    if (result.feedback.length > 0) parts.push(`${TEXT.feedback[lang]} ${result.feedback.join(' ')}`)
  }
  if (result.xoev) parts.push([result.xoev.standard, result.xoev.version].filter((v) => v !== null).join(' '))
  if (result.xoev?.signature) parts.push(signedBy(result.xoev.signature, lang))
  return parts.filter((part) => part !== '').join(' · ')
}

function contentLine(content: ContentResult, lang: Lang): string {
  const parts = [`${TEXT[content.kind][lang]} ${content.id}`, `${content.bytes} Bytes`, `SHA-256 ${content.sha256}`]
  if (content.encrypted) parts.push(TEXT.wasEncrypted[lang])
  if (content.signatureVerdict)
    parts.push(`${TEXT.author[lang]} ${content.signedBy.join('; ') || '?'} (${VERDICTS[content.signatureVerdict][lang]})`)
  if (content.xoev) {
    const { standard, version, messageType, verdict, signature } = content.xoev
    parts.push(`${[standard, version, messageType].filter((v) => v !== null).join(' ')} (${VERDICTS[verdict][lang]})`)
    if (signature) parts.push(signedBy(signature, lang))
  }
  return parts.join(' · ')
}

/** Whether it must be said what a finding stands in: where its line counts, or of which of two packages a remark without a line is. */
export const isPlacedIn = ({ line, layer }: Finding): boolean => line !== null || layer === 'mime'

/** A finding, its place and its reference. */
export function findingLines(finding: Finding, lang: Lang): string[] {
  const place = [
    ...(finding.content === null ? [] : [`${TEXT.content[lang]} ${finding.content}`]),
    ...((finding.document === 'unpacked' || finding.document === 'decrypted') && isPlacedIn(finding) ? [TEXT[finding.document][lang]] : []),
    ...(finding.line === null ? [] : [`${TEXT.line[lang]} ${finding.line}`]),
    ...(finding.column === null ? [] : [`${TEXT.column[lang]} ${finding.column}`]),
    ...(finding.xpath === null ? [] : [finding.xpath]),
  ]
  const code = findingRow(finding.id)?.feedback
  return [
    `  ${SEVERITIES[finding.severity][lang]}: ${finding.message[lang]} [${finding.id}${code === undefined ? '' : ', ' + code}]`,
    ...(finding.detail === null ? [] : [`      ${finding.detail}`]),
    ...(place.length === 0 ? [] : [`      → ${place.join(', ')}`]),
    ...(finding.reference === '' ? [] : [`      § ${finding.reference}`]),
  ]
}

const AGAIN: Readonly<Record<Lang, (times: number) => string>> = {
  de: (times) => `dasselbe noch ${times}-mal`,
  en: (times) => (times === 1 ? 'the same once more' : `the same ${times} more times`),
}

/** Lines named of a finding that stands in many places. */
const MOST_LINES = 10

/** Findings with one and the same detail are told once, and where else they stand: many of one cause must not hide what else is wrong. */
function foldedLines(findings: readonly Finding[], lang: Lang): string[] {
  const groups = new Map<string, [Finding, ...Finding[]]>()
  for (const [index, one] of findings.entries()) {
    const key = one.detail === null ? `${index}` : JSON.stringify([one.id, one.detail, one.content, one.document])
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()].flatMap(([first, ...more]) => {
    const lines = [...new Set(more.flatMap(({ line }) => line ?? []))]
    const places =
      lines.length === 0 ? '' : `, ${TEXT[lines.length === 1 ? 'line' : 'lines'][lang]} ${lines.slice(0, MOST_LINES).join(', ')}`
    const rest = lines.length > MOST_LINES ? ', …' : ''
    const again = `      → ${AGAIN[lang](more.length)}${places}${rest}`
    return [...findingLines(first, lang), ...(more.length === 0 ? [] : [again])]
  })
}

const ORDER: readonly Severity[] = ['warning', 'info']

function layerLines({ layers, notAsked }: FileResult, lang: Lang): string[] {
  const heard = LAYERS.flatMap((layer) => {
    const verdict = notAsked.includes(layer) ? undefined : layers[layer]
    return verdict ? [`${layerName(layer)[lang]} ${VERDICTS[verdict][lang]}`] : []
  })
  const left = notAsked.map((layer) => layerName(layer)[lang]).join(', ')
  return [
    ...(heard.length === 0 ? [] : [`  ${TEXT.layers[lang]}: ${heard.join(', ')}`]),
    ...(left === '' ? [] : [`  ${VERDICTS.unchecked[lang]}, ${NOT_ASKED[lang]}: ${left}`]),
  ]
}

/** What is wrong comes first: who reads ten lines knows it, and where. */
function fileLines(result: FileResult, lang: Lang): string[] {
  const lines = (severity: Severity): string[] =>
    foldedLines(
      result.findings.filter((one) => one.severity === severity),
      lang,
    )
  return [
    `${result.file}: ${VERDICTS[result.verdict][lang]}`,
    `  ${facts(result, lang)}`,
    ...lines('error'),
    ...layerLines(result, lang),
    ...result.contents.map((content) => `  ${contentLine(content, lang)}`),
    ...ORDER.flatMap(lines),
    '',
  ]
}

/** How many files got which verdict. */
export function sumLine(sum: ReportSum, lang: Lang): string {
  const verdicts = Object.keys(VERDICTS) as Verdict[]
  const total = verdicts.reduce((all, verdict) => all + sum[verdict], 0)
  const counts = verdicts.filter((verdict) => sum[verdict] > 0).map((verdict) => `${sum[verdict]} ${VERDICTS[verdict][lang]}`)
  return [`${total} ${TEXT[total === 1 ? 'file' : 'files'][lang]}`, counts.join(', ')].filter((part) => part !== '').join(': ')
}

export const TEXT_REPORT: ReportFormat = {
  fileName: 'report.txt',
  mediaType: 'text/plain; charset=utf-8',
  writer: (_head, lang) => ({
    begin: () => '',
    one: (result) => fileLines(result, lang).map(clean).join('\n') + '\n',
    end: (sum) => sumLine(sum, lang) + '\n',
  }),
}
