// SPDX-License-Identifier: EUPL-1.2
/**
 * The page of a report: everything it shows stands in the page itself, nothing is fetched.
 * @module
 */
import { el } from '../dom.js'
import { layerChart } from './chart.js'
import {
  DIFFERS,
  entryOf,
  findingCounts,
  passes,
  VERDICTS,
  type Entry,
  type Language,
  type Report,
  type Source,
  type Verdict,
} from './model.js'
import { resultItem, verdictMark, type Tongue } from './result.js'
import { storedResults } from './stored.js'
import { WORDS } from './texts.js'

const PER_PAGE = 50
/** Printing shows what the selection leaves, but no more sheets than somebody could want. */
const PRINTED = 500

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? ''

async function readReport(): Promise<Report> {
  return {
    ...(JSON.parse(textOf('head')) as Omit<Report, 'results' | 'sum' | 'suites' | 'rows'>),
    results: await storedResults(textOf('results')),
    ...(JSON.parse(textOf('end')) as Pick<Report, 'sum' | 'suites' | 'rows'>),
  }
}

function sources(title: string, list: readonly Source[], { words }: Tongue): HTMLElement {
  const cells = (tag: 'td' | 'th', texts: readonly string[]) => texts.map((text) => el(tag, tag === 'th' ? { scope: 'col' } : {}, text))
  return el(
    'table',
    {},
    el('caption', {}, title),
    el('thead', {}, el('tr', {}, ...cells('th', [words.name, words.version, 'SHA-256']))),
    el('tbody', {}, ...list.map((one) => el('tr', {}, ...cells('td', [one.name, one.version ?? '–', one.sha256])))),
  )
}

function basis(report: Report, tongue: Tongue): HTMLElement {
  const { words } = tongue
  return el(
    'details',
    { class: 'basis' },
    el('summary', {}, words.basis),
    el('p', {}, `${report.tool} ${report.version} · Node ${report.node} · ${words.at} ${report.at}`),
    sources(words.schemaSets, report.schemaSets, tongue),
    report.codeLists.length > 0 && sources(words.codeLists, report.codeLists, tongue),
  )
}

/** Whether everything came to what `expected.yaml` says; what is missing has no result of its own. */
function suites({ suites: sum }: Report, { words }: Tongue): HTMLElement | undefined {
  if (sum === undefined) return undefined
  const { files, differing, missing } = sum
  return el(
    'div',
    { class: 'suites' },
    el('p', {}, words.suites(files, differing, missing.length)),
    missing.length > 0 && el('ul', {}, ...missing.map((file) => el('li', { class: 'file' }, `${DIFFERS} ${words.missing}: ${file}`))),
  )
}

function summary(report: Report, tongue: Tongue): HTMLElement {
  const tile = (verdict: Verdict) =>
    el('li', { class: `tile ${verdict}` }, el('span', { class: 'count' }, String(report.sum[verdict])), verdictMark(verdict, tongue))
  return el(
    'section',
    { 'aria-labelledby': 'summary' },
    el('h2', { id: 'summary' }, `${tongue.words.summary}: ${tongue.words.files(report.results.length)}`),
    el('ul', { class: 'tiles' }, ...VERDICTS.map(tile)),
    suites(report, tongue),
    layerChart(report, tongue),
    basis(report, tongue),
  )
}

function select(id: string, label: string, any: string, options: readonly (readonly [string, string])[], changed: () => void) {
  const list = el('select', { id }, el('option', { value: '' }, any), ...options.map(([value, name]) => el('option', { value }, name)))
  list.addEventListener('change', changed)
  return { list, field: el('p', {}, el('label', { for: id }, label), list) }
}

class Results {
  readonly #report: Report
  readonly #entries: readonly Entry[]
  readonly #tongue: Tongue
  readonly #count = el('p', { class: 'quiet', role: 'status' })
  readonly #list = el('div', { class: 'results' })
  readonly #pages = el('nav', { class: 'pages' })
  readonly #text: HTMLInputElement
  readonly #boxes: ReadonlyMap<Verdict, HTMLInputElement>
  readonly #layer: ReturnType<typeof select>
  readonly #finding: ReturnType<typeof select>
  #left: readonly Entry[] = []
  #page = 0

  constructor(report: Report, entries: readonly Entry[], tongue: Tongue) {
    const { language, words } = tongue
    this.#report = report
    this.#entries = entries
    this.#tongue = tongue
    const changed = (): void => this.filter()
    this.#boxes = new Map(
      VERDICTS.map((verdict) => {
        const box = el('input', { type: 'checkbox', id: `verdict-${verdict}`, checked: true })
        box.addEventListener('change', changed)
        return [verdict, box]
      }),
    )
    this.#layer = select(
      'layer',
      words.layer,
      words.anyLayer,
      report.layers.map((one) => [one.id, one[language]]),
      changed,
    )
    this.#finding = select(
      'finding',
      words.finding,
      words.anyFinding,
      findingCounts(report.results).map(([id, count]) => [id, `${id} (${count})`]),
      changed,
    )
    this.#text = el('input', { type: 'search', id: 'text', autocomplete: 'off' })
    this.#text.addEventListener('input', changed)
    this.#pages.setAttribute('aria-label', words.results)
  }

  render(): HTMLElement {
    const { words } = this.#tongue
    const verdicts = [...this.#boxes].map(([verdict, box]) =>
      el('span', { class: 'choice' }, box, el('label', { for: box.id }, words.verdicts[verdict])),
    )
    const reset = el('button', { type: 'button' }, words.reset)
    reset.addEventListener('click', () => this.#reset())
    this.filter()
    const form = el(
      'form',
      { class: 'filter', role: 'search', 'aria-label': words.filter },
      el('fieldset', {}, el('legend', {}, words.verdict), ...verdicts),
      this.#layer.field,
      this.#finding.field,
      el('p', {}, el('label', { for: 'text' }, words.search), this.#text),
      el('p', {}, reset),
    )
    // Enter in its one text field would send it
    form.addEventListener('submit', (event) => event.preventDefault())
    return el(
      'section',
      { 'aria-labelledby': 'results' },
      el('h2', { id: 'results' }, words.results),
      form,
      this.#count,
      this.#list,
      this.#pages,
    )
  }

  filter(): void {
    const filter = {
      verdicts: new Set([...this.#boxes].filter(([, box]) => box.checked).map(([verdict]) => verdict)),
      layer: this.#layer.list.value,
      finding: this.#finding.list.value,
      text: this.#text.value.trim().toLowerCase(),
    }
    this.#left = this.#entries.filter((entry) => passes(entry, filter))
    this.#turn(0)
  }

  /** For printing: everything the selection leaves, opened. @returns what brings the page back. */
  unfold(): () => void {
    this.#list.replaceChildren(
      ...this.#left.slice(0, PRINTED).map(({ result }) => resultItem(result, this.#report, this.#tongue, { open: true })),
    )
    return () => this.#turn(this.#page)
  }

  #reset(): void {
    for (const box of this.#boxes.values()) box.checked = true
    for (const { list } of [this.#layer, this.#finding]) list.value = ''
    this.#text.value = ''
    this.filter()
    this.#text.focus()
  }

  #turn(page: number): void {
    const { words } = this.#tongue
    const pages = Math.max(1, Math.ceil(this.#left.length / PER_PAGE))
    this.#page = Math.min(Math.max(page, 0), pages - 1)
    const shown = this.#left.slice(this.#page * PER_PAGE, (this.#page + 1) * PER_PAGE)
    this.#count.textContent = words.shown(this.#left.length, this.#entries.length)
    this.#list.replaceChildren(...shown.map(({ result }) => resultItem(result, this.#report, this.#tongue)))
    if (shown.length === 0) this.#list.append(el('p', {}, words.none))
    const go = (label: string, to: number): HTMLElement => {
      const button = el('button', { type: 'button', disabled: to < 0 || to >= pages }, label)
      button.addEventListener('click', () => {
        this.#turn(to)
        this.#count.scrollIntoView()
      })
      return button
    }
    const where = el('span', {}, words.page(this.#page + 1, pages))
    this.#pages.replaceChildren(...(pages === 1 ? [] : [go(words.previous, this.#page - 1), where, go(words.next, this.#page + 1)]))
  }
}

function show(report: Report, entries: readonly Entry[], language: Language): void {
  const tongue: Tongue = { language, words: WORDS[language] }
  document.documentElement.lang = language
  document.title = `${tongue.words.title} · Protektor`
  const results = new Results(report, entries, tongue)
  const other = el('button', { type: 'button', lang: language === 'de' ? 'en' : 'de' }, tongue.words.other)
  other.addEventListener('click', () => show(report, entries, language === 'de' ? 'en' : 'de'))
  document.body.replaceChildren(
    el('header', {}, el('h1', {}, tongue.words.title), other),
    el('main', {}, summary(report, tongue), results.render()),
  )
  let fold: (() => void) | undefined
  window.onbeforeprint = () => (fold = results.unfold())
  window.onafterprint = () => fold?.()
}

try {
  const report = await readReport()
  show(report, report.results.map(entryOf), document.documentElement.lang === 'en' ? 'en' : 'de')
} catch {
  // cut off, changed on its way, or a browser without DecompressionStream
  document.body.replaceChildren(...(['de', 'en'] as const).map((lang) => el('p', { lang, role: 'alert' }, WORDS[lang].unreadable)))
}
