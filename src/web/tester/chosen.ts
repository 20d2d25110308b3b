// SPDX-License-Identifier: EUPL-1.2
/**
 * What a person has chosen, and the fields to choose it with. It lives in the page's memory only; keys are let go when asked, and when
 * the page is left.
 * @module
 */
import { el, type Child } from '../dom.js'
import type { Chosen, Keystore } from './call.js'
import type { Words } from './texts.js'

export class Choice implements Chosen {
  files: File[] = []
  keystores: Keystore[] = []
  trust: File[] = []
  at = ''
  token = ''

  forgetKeys(): void {
    this.keystores = []
  }
}

const UNITS = ['Bytes', 'KiB', 'MiB', 'GiB'] as const

function size(bytes: number, lang: string): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** step).toLocaleString(lang, { maximumFractionDigits: 1 })} ${UNITS[step] ?? ''}`
}

export interface ChoiceEvents {
  /** Files have come: they are checked at once. */
  readonly filesAdded: () => void
  readonly say: (text: string) => void
}

function field(id: string, label: string, input: HTMLElement, ...more: readonly Child[]): HTMLElement {
  input.id = id
  return el('div', { class: 'field' }, el('label', { for: id }, label), input, ...more)
}

/** The names of chosen files, each with a way out. `keep` gets what is left. */
function fileList<T>(list: readonly T[], name: (one: T) => string, facts: (one: T) => string, words: Words, keep: (left: T[]) => void) {
  const items = list.map((one) => {
    const out = el('button', { type: 'button', class: 'out', 'aria-label': words.remove(name(one)) }, '×')
    out.addEventListener('click', () => keep(list.filter((other) => other !== one)))
    return el('li', {}, el('span', { class: 'file' }, name(one)), el('span', { class: 'quiet' }, facts(one)), out)
  })
  return el('ul', { class: 'chosen' }, ...items)
}

/** The form, in a language. Drawn anew for another one; what was chosen stays. */
export class ChoiceForm {
  readonly #choice: Choice
  readonly #words: Words
  readonly #language: string
  readonly #events: ChoiceEvents
  readonly #files = el('div', { class: 'list' })
  readonly #keys = el('div', { class: 'list' })
  readonly #trust = el('div', { class: 'list' })
  readonly #keystore = el('input', { type: 'file', accept: '.p12,.pfx' })
  readonly #pin = el('input', { type: 'password', autocomplete: 'off' })
  readonly #token = el('input', { type: 'password', autocomplete: 'off' })

  constructor(choice: Choice, language: string, words: Words, events: ChoiceEvents) {
    this.#choice = choice
    this.#words = words
    this.#language = language
    this.#events = events
  }

  render(needsToken: boolean): HTMLElement {
    const words = this.#words
    this.#drawFiles()
    this.#drawKeys()
    this.#drawTrust()
    return el(
      'div',
      { class: 'cards' },
      needsToken && this.#tokenCard(),
      el(
        'section',
        { class: 'card', 'aria-labelledby': 'h-files' },
        el('h2', { id: 'h-files' }, words.files),
        field(
          'files',
          words.choose,
          this.#picker(true, (files) => this.add(files)),
          el('p', { class: 'quiet' }, words.drop),
        ),
        this.#files,
      ),
      this.#keysCard(),
      this.#basisCard(),
    )
  }

  add(files: readonly File[]): void {
    if (files.length === 0) return
    this.#choice.files = [...this.#choice.files, ...files]
    this.#drawFiles()
    this.#events.filesAdded()
  }

  /** A keystore that was chosen, but not added yet, is meant. */
  takePending(): void {
    const [file] = this.#keystore.files ?? []
    if (!file) return
    this.#choice.keystores = [...this.#choice.keystores, { file, pin: this.#pin.value }]
    this.#clearKeyFields()
    this.#drawKeys()
  }

  forgetKeys(): void {
    this.#choice.forgetKeys()
    this.#clearKeyFields()
    this.#drawKeys()
  }

  forgetToken(): void {
    this.#choice.token = ''
    this.#token.value = ''
  }

  #clearKeyFields(): void {
    this.#keystore.value = ''
    this.#pin.value = ''
  }

  #picker(multiple: boolean, chosen: (files: readonly File[]) => void): HTMLInputElement {
    const input = el('input', { type: 'file', multiple })
    input.addEventListener('change', () => {
      chosen([...(input.files ?? [])])
      // the list says what was chosen; the same file may be chosen again
      input.value = ''
    })
    return input
  }

  #tokenCard(): HTMLElement {
    const words = this.#words
    const input = this.#token
    input.value = this.#choice.token
    input.addEventListener('input', () => (this.#choice.token = input.value.trim()))
    const note = el('p', { class: 'quiet', id: 'token-note' }, words.tokenNote)
    input.setAttribute('aria-describedby', note.id)
    return el('section', { class: 'card token' }, field('token', words.token, input, note))
  }

  #keysCard(): HTMLElement {
    const words = this.#words
    const add = el('button', { type: 'button' }, words.addKey)
    add.addEventListener('click', () => this.takePending())
    return el(
      'section',
      { class: 'card', 'aria-labelledby': 'h-keys' },
      el('h2', { id: 'h-keys' }, words.keys),
      el('p', { class: 'quiet' }, words.keysNote),
      field('keystore', words.keystore, this.#keystore),
      field('pin', words.pin, this.#pin),
      add,
      this.#keys,
    )
  }

  #basisCard(): HTMLElement {
    const words = this.#words
    const at = el('input', { type: 'datetime-local', step: 1 })
    at.value = this.#choice.at
    at.addEventListener('input', () => (this.#choice.at = at.value))
    const note = el('p', { class: 'quiet', id: 'at-note' }, words.atNote)
    at.setAttribute('aria-describedby', note.id)
    const trust = this.#picker(true, (files) => {
      this.#choice.trust = [...this.#choice.trust, ...files]
      this.#drawTrust()
    })
    return el(
      'section',
      { class: 'card', 'aria-labelledby': 'h-basis' },
      el('h2', { id: 'h-basis' }, words.basis),
      field('trust', words.trust, trust, el('p', { class: 'quiet' }, words.trustNote)),
      this.#trust,
      field('at', words.at, at, note),
    )
  }

  #drawFiles(): void {
    const { files } = this.#choice
    const words = this.#words
    const keep = (left: File[]): void => {
      this.#choice.files = left
      this.#drawFiles()
      document.getElementById('files')?.focus()
    }
    const clear = el('button', { type: 'button' }, words.removeAll)
    clear.addEventListener('click', () => keep([]))
    this.#files.replaceChildren(
      files.length === 0
        ? el('p', { class: 'quiet' }, words.noFiles)
        : fileList(
            files,
            (one) => one.name,
            (one) => size(one.size, this.#language),
            words,
            keep,
          ),
      ...(files.length > 1 ? [clear] : []),
    )
  }

  #drawKeys(): void {
    const { keystores } = this.#choice
    const words = this.#words
    const keep = (left: Keystore[]): void => {
      this.#choice.keystores = left
      this.#drawKeys()
      this.#keystore.focus()
    }
    const forget = el('button', { type: 'button' }, words.forgetKeys)
    forget.addEventListener('click', () => {
      this.forgetKeys()
      this.#keystore.focus()
      this.#events.say(words.forgotten)
    })
    this.#keys.replaceChildren(
      fileList(
        keystores,
        (one) => one.file.name,
        () => '',
        words,
        keep,
      ),
      ...(keystores.length > 0 ? [forget] : []),
    )
  }

  #drawTrust(): void {
    const keep = (left: File[]): void => {
      this.#choice.trust = left
      this.#drawTrust()
      document.getElementById('trust')?.focus()
    }
    this.#trust.replaceChildren(
      fileList(
        this.#choice.trust,
        (one) => one.name,
        () => '',
        this.#words,
        keep,
      ),
    )
  }
}
