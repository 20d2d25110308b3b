// SPDX-License-Identifier: EUPL-1.2
/**
 * One result: a line that opens to facts, layers side by side, and contents.
 * @module
 */
import { el } from '../dom.js'
import { DIFFERS, type Content, type Finding, type Language, type Report, type Result, type Verdict } from './model.js'
import type { Words } from './texts.js'

export interface Tongue {
  readonly language: Language
  readonly words: Words
}

/** A sign besides the colour: colours alone tell nothing to some. */
const SIGNS: Readonly<Record<Verdict, string>> = { valid: '✓', invalid: '✗', unchecked: '?', error: '!' }

export const verdictMark = (verdict: Verdict, { words }: Tongue): HTMLElement =>
  el('span', { class: `verdict ${verdict}` }, el('span', { 'aria-hidden': 'true' }, SIGNS[verdict] + ' '), words.verdicts[verdict])

function place(finding: Finding, { words }: Tongue): string {
  const inside = {
    file: '',
    unpacked: words.unpacked,
    decrypted: words.decrypted,
    content: `${words.content} ${finding.content ?? ''}`,
  }[finding.document]
  const line = finding.line === null ? '' : `${words.line} ${finding.line}, ${words.column} ${finding.column ?? 1}`
  return [line, inside, finding.xpath ?? ''].filter((part) => part !== '').join(' · ')
}

/** Where the bytes are at hand: shows them beside the result. */
export interface SourceView {
  readonly element: HTMLElement
  /** What leads to the place of a finding; undefined where it is not to be seen. */
  wayTo(finding: Finding): (() => void) | undefined
}

export interface Showing {
  readonly open?: boolean
  readonly source?: (result: Result) => SourceView
}

function placeLine(text: string, way: (() => void) | undefined): HTMLElement {
  const link = way && el('button', { type: 'button', class: 'reveal' }, text)
  if (link && way) link.addEventListener('click', way)
  return el('p', { class: 'place' }, link ?? text)
}

function findingItem(finding: Finding, report: Report, tongue: Tongue, source: SourceView | undefined): HTMLElement {
  const row = report.rows[finding.id]
  const where = place(finding, tongue)
  return el(
    'li',
    { class: `finding ${finding.severity}` },
    el('p', {}, el('strong', {}, tongue.words.severities[finding.severity] + ': '), row?.[tongue.language]),
    finding.detail !== null && el('p', { class: 'detail' }, finding.detail),
    where !== '' && placeLine(where, source?.wayTo(finding)),
    el('p', { class: 'rule' }, el('code', {}, finding.id), row && row.reference !== '' ? ` § ${row.reference}` : ''),
  )
}

function facts(result: Result, { words }: Tongue): HTMLElement {
  const signature = result.messageSignature ?? result.xoev?.signature
  const rows: [string, string | null][] = [
    [words.kind, words.kinds[result.kind]],
    [words.capture, result.capture && words.captures[result.capture]],
    [words.messageType, result.messageType],
    [words.encrypted, result.kind === 'osci' ? (result.transportEncrypted ? words.yes : words.no) : null],
    [
      words.signer,
      signature
        ? `${signature.signer ?? '?'} (${words.verdicts[signature.verdict]})`
        : result.signed === false && result.kind === 'osci'
          ? words.unsigned
          : null,
    ],
    ['MessageId', result.messageId],
    [words.feedback, result.feedback.length === 0 ? null : result.feedback.join(' ')],
    ['SHA-256', result.sha256],
  ]
  return el('dl', {}, ...rows.flatMap(([name, value]) => (value === null ? [] : [el('dt', {}, name), el('dd', {}, value)])))
}

function contentItem(content: Content, tongue: Tongue): HTMLElement {
  const { words } = tongue
  const { xoev } = content
  return el(
    'li',
    {},
    el('strong', {}, `${words[content.kind]} ${content.id}`),
    ` · ${content.bytes} ${words.bytes}`,
    xoev && ` · ${[xoev.standard, xoev.version, xoev.messageType].filter((part) => part !== null).join(' ')} `,
    xoev && verdictMark(xoev.verdict, tongue),
    xoev?.signature && el('span', {}, ` · ${words.signer} ${xoev.signature.signer ?? '?'} `, verdictMark(xoev.signature.verdict, tongue)),
    content.signatureVerdict &&
      el('span', {}, ` · ${words.author}: ${content.signedBy.join('; ')} `, verdictMark(content.signatureVerdict, tongue)),
    el('br'),
    el('code', {}, content.sha256),
  )
}

/** The layers that had something to say, side by side. */
function layers(result: Result, report: Report, tongue: Tongue, source: SourceView | undefined): HTMLElement {
  const cards = report.layers.flatMap(({ id, ...names }) => {
    const verdict = result.layers[id]
    if (verdict === undefined || result.notAsked.includes(id)) return []
    const findings = result.findings.filter(({ layer }) => layer === id)
    return [
      el(
        'section',
        { class: `layer ${verdict}` },
        el('h4', {}, names[tongue.language]),
        el('p', {}, verdictMark(verdict, tongue)),
        findings.length === 0
          ? el('p', { class: 'quiet' }, tongue.words.noFindings)
          : el('ul', {}, ...findings.map((one) => findingItem(one, report, tongue, source))),
      ),
    ]
  })
  return el('div', { class: 'layers' }, ...cards)
}

function leftOut({ notAsked }: Result, report: Report, { language, words }: Tongue): HTMLElement | false {
  const names = report.layers.filter(({ id }) => notAsked.includes(id)).map((one) => one[language])
  return names.length > 0 && el('p', { class: 'quiet' }, `${words.notAsked}: ${names.join(', ')}`)
}

/** What a suite says of the file; it may be as broken as it is meant to be. */
function expected({ differences }: Result, { language, words }: Tongue): HTMLElement | undefined {
  if (differences === undefined) return undefined
  if (differences.length === 0) return el('p', { class: 'quiet' }, words.asExpected)
  return el('ul', { class: 'differences' }, ...differences.map((one) => el('li', {}, `${DIFFERS} ${one[language]}`)))
}

function inside(result: Result, report: Report, tongue: Tongue, source: SourceView | undefined): HTMLElement {
  const { words } = tongue
  return el(
    'div',
    { class: 'inside' },
    expected(result, tongue),
    el('h3', {}, words.facts),
    facts(result, tongue),
    el('h3', {}, words.layers),
    layers(result, report, tongue, source),
    leftOut(result, report, tongue),
    source?.element,
    result.contents.length > 0 && el('h3', {}, words.contents),
    result.contents.length > 0 && el('ul', {}, ...result.contents.map((one) => contentItem(one, tongue))),
  )
}

/** What is inside is made when it is first opened: ten thousand results need only their lines. */
export function resultItem(result: Result, report: Report, tongue: Tongue, { open = false, source }: Showing = {}): HTMLDetailsElement {
  const error = result.findings.find(({ severity }) => severity === 'error')
  const [difference] = result.differences ?? []
  const reason = difference
    ? `${DIFFERS} ${difference[tongue.language]}`
    : ((error && report.rows[error.id]?.[tongue.language]) ?? result.messageType ?? '')
  const details = el(
    'details',
    { class: 'result' },
    el(
      'summary',
      {},
      verdictMark(result.verdict, tongue),
      el('span', { class: 'file' }, result.file),
      el('span', { class: 'quiet' }, reason),
    ),
  )
  const fill = (): void => {
    if (details.childElementCount === 1) details.append(inside(result, report, tongue, source?.(result)))
  }
  details.addEventListener('toggle', () => details.open && fill())
  if (open) {
    details.open = true
    fill()
  }
  return details
}
