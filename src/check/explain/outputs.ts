// SPDX-License-Identifier: EUPL-1.2
/**
 * Forms of explanation: text for a terminal, JSON for programs, one HTML page for whoever wants to see the bytes.
 * @module
 */
import { layerName } from '../findings-own.js'
import { embedded, pageAround, type ReportPage } from '../reports/page.js'
import type { ReportLanguage } from '../reports/report.js'
import { clean, findingLines, VERDICTS } from '../reports/text.js'
import type { Finding, Layer, Verdict } from '../types.js'
import type { Explanation, Fact, Place, Thing, Words } from './types.js'

/** What an output says of itself. */
export interface ExplainHead {
  readonly tool: 'protektor'
  readonly version: string
  /** As the caller named it. */
  readonly file: string
  /** Moment that was judged for, ISO 8601. */
  readonly at: string
}

interface Judged {
  readonly layer: Layer
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
}

/** The check's word on a thing, of layers that had one. */
const judgedOf = ({ layers }: Thing, { result }: Explanation): Judged[] =>
  layers.flatMap((layer) => {
    const verdict = result.layers[layer]
    return verdict === undefined ? [] : [{ layer, verdict, findings: result.findings.filter((one) => one.layer === layer) }]
  })

const WORDS = {
  bytes: { de: 'Bytes', en: 'bytes' },
  line: { de: 'Zeile', en: 'line' },
  column: { de: 'Spalte', en: 'column' },
  reference: { de: 'siehe', en: 'see' },
  stops: { de: 'Wo die Erklärung endet', en: 'Where the explanation ends' },
  masked: {
    de: 'Werte von Personen sind verdeckt (•); --show-values zeigt sie.',
    en: 'Values of persons are masked (•); --show-values shows them.',
  },
  folded: {
    de: 'Element für Element: --format html',
    en: 'element by element: --format html',
  },
} as const satisfies Readonly<Record<string, Words>>

/** `Bytes 0–99` of the file; other documents are named. Both ends are meant inclusively, from 0. */
function placeText(place: Place, { documents }: Explanation, lang: ReportLanguage): string {
  if ('inside' in place) return `${WORDS.line[lang]} ${place.line}, ${WORDS.column[lang]} ${place.column}, ${place.inside[lang]}`
  const home = place.document === 'file' ? '' : (documents.find(({ id }) => id === place.document)?.title[lang] ?? place.document)
  return `${WORDS.bytes[lang]} ${place.from}–${Math.max(place.from, place.to - 1)}${home === '' ? '' : `, ${home}`}`
}

const valueText = ({ value }: Fact, lang: ReportLanguage): string => (typeof value === 'string' ? value : value[lang])

function thingLines(one: Thing, depth: number, explanation: Explanation, lang: ReportLanguage): string[] {
  const indent = '  '.repeat(depth)
  const inner = indent + '  '
  const place = one.place ? `  [${placeText(one.place, explanation, lang)}]` : ''
  const named = one.name !== undefined && one.name !== one.title[lang] ? ` · ${one.name}` : ''
  const reference = one.reference === undefined ? '' : ` (${WORDS.reference[lang]} ${one.reference})`
  const facts = one.facts.filter(({ quiet, value }) => quiet !== true && value !== '')
  const judged = judgedOf(one, explanation)
  return [
    ...(depth === 0 ? ['', `== ${one.title[lang]}${named} ==${place}`] : [`${indent}${one.title[lang]}${named}${place}`]),
    ...(one.meaning ? [`${inner}${one.meaning[lang]}${depth === 0 ? reference : ''}`] : []),
    ...one.says.map((said) => inner + said[lang]),
    ...facts.map((said) => `${inner}${said.label[lang]}: ${valueText(said, lang)}`),
    ...judged.flatMap(({ layer, verdict, findings }) => [
      `${inner}→ ${layerName(layer)[lang]}: ${VERDICTS[verdict][lang]}`,
      ...findings.flatMap((finding) => findingLines(finding, lang).map((line) => inner + line)),
    ]),
    ...(one.folded === true
      ? [`${inner}(${WORDS.folded[lang]})`]
      : one.parts.flatMap((part) => thingLines(part, depth + 1, explanation, lang))),
  ]
}

/** For a terminal: control characters of the message never get through. */
export function explainText({ file }: ExplainHead, explanation: Explanation, lang: ReportLanguage): string {
  const { result, things, stops, showsValues } = explanation
  const lines = [
    `${file}: ${VERDICTS[result.verdict][lang]}`,
    ...(showsValues ? [] : [WORDS.masked[lang]]),
    ...things.flatMap((one) => thingLines(one, 0, explanation, lang)),
    ...(stops.length === 0 ? [] : ['', `== ${WORDS.stops[lang]} ==`, ...stops.map((stop) => `  ${stop[lang]}`)]),
  ]
  return lines.map(clean).join('\n') + '\n'
}

type Told = Omit<Thing, 'layers' | 'parts'> & { readonly judged: readonly Judged[]; readonly parts: readonly Told[] }

const told = ({ layers, parts, ...one }: Thing, explanation: Explanation): Told => ({
  ...one,
  judged: judgedOf({ ...one, layers, parts }, explanation),
  parts: parts.map((part) => told(part, explanation)),
})

function shared(head: ExplainHead, explanation: Explanation) {
  const { result, things, stops, showsValues } = explanation
  return {
    ...head,
    sha256: result.sha256,
    verdict: result.verdict,
    kind: result.kind,
    messageType: result.messageType,
    layers: result.layers,
    showsValues,
    things: things.map((one) => told(one, explanation)),
    stops,
  }
}

/** One object; both languages, no bytes. */
export function explainJson(head: ExplainHead, explanation: Explanation): string {
  const documents = explanation.documents.map(({ id, title, bytes }) => ({ id, title, bytes: bytes.byteLength }))
  return JSON.stringify({ ...shared(head, explanation), documents }, null, 2) + '\n'
}

/** What a page can show of one document, and of all. */
const MAX_DOCUMENT_BYTES = 256 * 1024
const MAX_PAGE_BYTES = 1024 * 1024

/** Bytes as the page shows them: what is not visible is not in the page. */
function pageDocuments({ documents }: Explanation): object[] {
  let room = MAX_PAGE_BYTES
  return documents.map(({ id, title, bytes, visible }) => {
    const size = Math.min(bytes.byteLength, MAX_DOCUMENT_BYTES, room)
    room -= size
    const shown = new Uint8Array(size)
    const ranges = visible.filter(([from]) => from < size).map(([from, to]) => [from, Math.min(to, size)] as const)
    for (const [from, to] of ranges) shown.set(bytes.subarray(from, to), from)
    return { id, title, size: bytes.byteLength, bytes: Buffer.from(shown).toString('base64'), visible: ranges }
  })
}

/** One file that needs nothing else. */
export function explainHtml(head: ExplainHead, explanation: Explanation, lang: ReportLanguage, page: ReportPage): string {
  const around = pageAround(page)
  const names = {
    layers: Object.fromEntries(Object.keys(explanation.result.layers).map((layer) => [layer, layerName(layer)])),
    verdicts: VERDICTS,
  }
  const data = { ...shared(head, explanation), documents: pageDocuments(explanation), names }
  return `${around.begin(lang)}<script type="application/json" id="explanation">${embedded(data)}</script>\n${around.end}`
}
