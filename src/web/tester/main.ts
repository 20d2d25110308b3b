// SPDX-License-Identifier: EUPL-1.2
/**
 * The tester page: files in, verdicts out, by the engine of `protektor check`. It asks nobody but the server that it came from.
 * @module
 */
import { el } from '../dom.js'
import { SEVERITIES, VERDICTS, type Language } from '../report/model.js'
import { resultItem, verdictMark, type SourceView, type Tongue } from '../report/result.js'
import { WORDS as REPORT_WORDS } from '../report/texts.js'
import { save } from '../save.js'
import { check, Refusal, unreadable, type Answer } from './call.js'
import { Choice, ChoiceForm } from './chosen.js'
import { sourceView } from './source.js'
import { FORMAT_NAMES, WORDS, type Words } from './texts.js'

/** The beginning of a file is enough to show it. */
const SHOWN_BYTES = 2 * 1024 * 1024
/** A lone result is opened at once, and a handful; more would be a wall. */
const OPENED_AT_ONCE = 3

const MEDIA_TYPES: Readonly<Record<keyof typeof FORMAT_NAMES, readonly [fileName: string, mediaType: string]>> = {
  html: ['report.html', 'text/html'],
  json: ['report.json', 'application/json'],
  sarif: ['report.sarif', 'application/sarif+json'],
  junit: ['report.xml', 'application/xml'],
  text: ['report.txt', 'text/plain'],
}

/** What was checked, with the texts of its files: the choice may change meanwhile. */
interface Checked {
  readonly answer: Answer
  readonly texts: readonly { readonly text: string; readonly cut: boolean }[]
}

const textOf = async (file: File) => ({
  text: new TextDecoder().decode(await file.slice(0, SHOWN_BYTES).arrayBuffer()),
  cut: file.size > SHOWN_BYTES,
})

class Page {
  readonly #choice = new Choice()
  readonly #status = el('p', { class: 'status', role: 'status' })
  readonly #trouble = el('p', { class: 'trouble', role: 'alert' })
  readonly #results = el('section', { id: 'results', tabindex: -1, 'aria-labelledby': 'h-results' })
  readonly #run = el('button', { type: 'button', class: 'primary' })
  readonly #cancel = el('button', { type: 'button', disabled: true })
  #language: Language
  #form: ChoiceForm
  #needsToken = false
  #checked: Checked | undefined
  #running: AbortController | undefined

  constructor(language: Language) {
    this.#language = language
    this.#form = this.#newForm()
    this.#run.addEventListener('click', () => void this.#check())
    this.#cancel.addEventListener('click', () => this.#running?.abort())
  }

  get #words(): Words {
    return WORDS[this.#language]
  }

  #newForm(): ChoiceForm {
    return new ChoiceForm(this.#choice, this.#language, this.#words, {
      filesAdded: () => void this.#check(),
      say: (text) => (this.#status.textContent = text),
    })
  }

  draw(): void {
    const words = this.#words
    document.documentElement.lang = this.#language
    document.title = `${words.title} · Protektor`
    const lang = this.#language === 'de' ? 'en' : 'de'
    const other = el('button', { type: 'button', id: 'language', lang }, words.other)
    other.addEventListener('click', () => this.#speak(lang))
    this.#run.textContent = words.check
    this.#cancel.textContent = words.cancel
    this.#form = this.#newForm()
    document.body.replaceChildren(
      el('a', { class: 'skip', href: '#results' }, words.skip),
      el('header', {}, el('h1', {}, words.title), other),
      el(
        'main',
        {},
        el('p', {}, words.intro),
        this.#form.render(this.#needsToken),
        el('div', { class: 'actions' }, this.#run, this.#cancel, this.#status),
        this.#trouble,
        this.#results,
      ),
    )
    this.#drawResults()
  }

  drop(files: readonly File[]): void {
    this.#form.add(files)
  }

  forget(): void {
    this.#form.forgetKeys()
    this.#form.forgetToken()
  }

  #speak(language: Language): void {
    this.#language = language
    this.#status.textContent = ''
    this.#trouble.textContent = ''
    this.draw()
    document.getElementById('language')?.focus()
  }

  async #check(): Promise<void> {
    this.#form.takePending()
    const { files } = this.#choice
    const words = this.#words
    this.#trouble.textContent = ''
    if (files.length === 0) {
      this.#status.textContent = words.noFiles
      return
    }
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.#cancel.disabled = false
    this.#status.textContent = words.checking(files.length)
    try {
      const answer = await check(this.#choice, this.#language, running.signal)
      this.#checked = { answer, texts: await Promise.all(files.map(textOf)) }
      if (this.#running !== running) return
      this.#status.textContent = `${this.#words.done(files.length)}: ${this.#sum(answer)}`
      this.#drawResults()
    } catch (error) {
      const unread = await unreadable(this.#choice)
      if (this.#running === running) this.#failed(error, running.signal.aborted, unread)
    } finally {
      if (this.#running === running) {
        this.#running = undefined
        this.#cancel.disabled = true
      }
    }
  }

  #failed(error: unknown, aborted: boolean, unread: File | undefined): void {
    const words = this.#words
    this.#status.textContent = aborted ? words.cancelled : ''
    if (aborted) return
    if (error instanceof Refusal) {
      if (error.code === 'check.token' && !this.#needsToken) {
        this.#needsToken = true
        this.draw()
        document.getElementById('token')?.focus()
      }
      this.#trouble.replaceChildren(
        words.problems[error.code] ?? (error.message || words.failed),
        ' ',
        el('span', { lang: 'en', class: 'quiet' }, error.detail),
      )
    } else this.#trouble.textContent = unread ? words.unreadable(unread.name) : words.unreachable
  }

  #sum({ sum }: Answer): string {
    const { verdicts } = REPORT_WORDS[this.#language]
    return VERDICTS.filter((verdict) => sum[verdict] > 0)
      .map((verdict) => `${sum[verdict]} ${verdicts[verdict]}`)
      .join(', ')
  }

  #drawResults(): void {
    const words = this.#words
    const checked = this.#checked
    if (!checked) {
      this.#results.replaceChildren(el('h2', { id: 'h-results', class: 'unheard' }, words.results))
      return
    }
    const { answer, texts } = checked
    const tongue: Tongue = { language: this.#language, words: REPORT_WORDS[this.#language] }
    const items = answer.results.map((result, index) => {
      const { text, cut } = texts[index] ?? { text: '', cut: false }
      const source = (): SourceView => sourceView(result, text, cut, words)
      return resultItem(result, answer, tongue, { open: answer.results.length <= OPENED_AT_ONCE, source })
    })
    const tiles = VERDICTS.map((verdict) =>
      el('li', { class: `tile ${verdict}` }, el('span', { class: 'count' }, String(answer.sum[verdict])), verdictMark(verdict, tongue)),
    )
    const downloads = (Object.keys(FORMAT_NAMES) as (keyof typeof FORMAT_NAMES)[]).map((format) => {
      const button = el('button', { type: 'button' }, FORMAT_NAMES[format])
      button.addEventListener('click', () => save(...MEDIA_TYPES[format], answer.reports[format] ?? ''))
      return button
    })
    const counts = SEVERITIES.map((severity) => {
      const count = answer.results.reduce((sum, { findings }) => sum + findings.filter((one) => one.severity === severity).length, 0)
      return `${tongue.words.severities[severity]}: ${count}`
    })
    this.#results.replaceChildren(
      el('h2', { id: 'h-results' }, words.results),
      el('ul', { class: 'tiles' }, ...tiles),
      el('p', { class: 'quiet' }, counts.join(' · ')),
      el(
        'div',
        { class: 'downloads', role: 'group', 'aria-labelledby': 'h-downloads' },
        el('span', { id: 'h-downloads' }, words.downloads),
        ...downloads,
      ),
      ...items,
    )
  }
}

const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language
const page = new Page(asked.toLowerCase().startsWith('en') ? 'en' : 'de')
page.draw()

addEventListener('dragover', (event) => {
  event.preventDefault()
  document.body.classList.add('dropping')
})
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dropping')
})
addEventListener('drop', (event) => {
  event.preventDefault()
  document.body.classList.remove('dropping')
  page.drop([...(event.dataTransfer?.files ?? [])])
})
// a browser may keep the page that is left, for the way back
addEventListener('pagehide', () => page.forget())
