// SPDX-License-Identifier: EUPL-1.2
/**
 * What all views share: the state of the page, and how one view follows another.
 * @module
 */
import { el } from '../dom.js'
import type { Language, Text } from './language.js'
import { fill } from './language.js'
import type { Extent, Field, Form, Kind, Mistake, Order } from './order.js'
import { EMPTY, mistakesOf, tidied } from './order.js'
import type { Pinned } from './pinning.js'
import type { About } from './portal.js'
import type { End, Session, Step } from './ride.js'
import type { Sheet } from './sheet.js'
import { PAGE } from './texts.js'

/** A request that is under way or over. Times are for people; `untilMs` counts on the monotonic clock. */
export interface Trip {
  readonly order: Order
  readonly steps: Map<Step, Date>
  connected: boolean
  foreign: boolean
  takeUntilMs: number
  answerUntilMs: number
  ending: Ending | undefined
}

/** A document to read, or what is known instead. */
export type Ending =
  | { readonly kind: 'sheet'; readonly sheet: Sheet; readonly bytes: Uint8Array }
  | { readonly kind: 'unreadable' }
  | Exclude<End, { kind: 'answered' }>

export interface State {
  language: Language
  kind: Kind
  extent: Set<Extent>
  form: Form
  mistakes: ReadonlyMap<Field, Mistake>
  trip: Trip | undefined
  /** Opened ahead for the next request; used once. */
  session: Promise<Session | undefined> | undefined
}

export interface House {
  readonly about: About
  readonly pinned: Pinned
}

/** What a view does after it was drawn. */
export interface Shown {
  /** The trip has got on. */
  update?(): void
  /** Another view comes. */
  leave?(): void
}

/** Draws into an empty place. */
export type View = (app: App, place: HTMLElement) => Shown | void

export type ViewName = 'blocked' | 'choice' | 'form' | 'review' | 'progress' | 'ended' | 'result'

/** What the browser's history keeps of a view: which one it was, and nothing that was entered. */
interface Entry {
  readonly view: ViewName
}

/** Nobody sees or hears shorter than this: what happens within is drawn once and said together. */
const TOGETHER_MS = 50

export class App {
  readonly state: State
  readonly #place: HTMLElement
  readonly #status: HTMLElement
  readonly #views: Readonly<Record<ViewName, View>>
  #view: ViewName = 'blocked'
  #shown: Shown | undefined
  #unsaid: string[] = []
  #soon: ReturnType<typeof setTimeout> | undefined
  /** Absent when the authority could not be asked for. */
  house: House | undefined

  constructor(language: Language, views: Readonly<Record<ViewName, View>>, place: HTMLElement, status: HTMLElement) {
    this.#views = views
    const extent = new Set<Extent>()
    this.state = { language, kind: 'certificate', extent, form: EMPTY, mistakes: new Map(), trip: undefined, session: undefined }
    this.#place = place
    this.#status = status
    // each view begins at its top, the one gone back to as well
    history.scrollRestoration = 'manual'
    addEventListener('popstate', ({ state: entry }) => this.#goTo((entry as Entry | null)?.view ?? 'choice'))
  }

  t(text: Text, values: Readonly<Record<string, string | number>> = {}): string {
    return fill(text[this.state.language], values)
  }

  /** The first view, also after the page was loaded again: nothing of what was entered before is left. */
  begin(view: 'choice' | 'blocked'): void {
    history.replaceState({ view } satisfies Entry, '')
    this.#open(view)
  }

  /** The next view. The browser's own Back leads to the one before; to a request that is over, not to one under way. */
  show(view: ViewName): void {
    const entry: Entry = { view }
    if (this.#view === 'progress') history.replaceState(entry, '')
    else history.pushState(entry, '')
    this.#open(view)
  }

  /** Back or Forward of the browser. */
  #goTo(wanted: ViewName): void {
    // the page would lose sight of the request, which nobody can call back
    if (this.#view === 'progress') return history.pushState({ view: 'progress' } satisfies Entry, '')
    const view = this.#viewFor(wanted)
    history.replaceState({ view } satisfies Entry, '')
    this.#open(view)
  }

  /** The page may have been loaded again since: then there is less to show than its history says. */
  #viewFor(wanted: ViewName): ViewName {
    const { state } = this
    if (!this.house) return 'blocked'
    if (wanted === 'form') return wanted
    if (wanted === 'review') {
      state.form = tidied(state.form)
      return mistakesOf(state.form, new Date()).size === 0 ? wanted : 'form'
    }
    const ending = state.trip?.ending
    if (wanted === 'choice' || wanted === 'blocked' || !ending) return 'choice'
    return ending.kind === 'sheet' ? 'result' : 'ended'
  }

  /** Its heading is read out and gets the focus, as after a page load. */
  #open(view: ViewName): void {
    this.#view = view
    this.#speak()
    this.draw()
    scrollTo({ top: 0, behavior: 'instant' })
    document.getElementById('heading')?.focus({ preventScroll: true })
  }

  /** The same view again, e.g. in another language. The focus stays where it is, as far as that place still exists. */
  draw(): void {
    const focused = document.activeElement?.id
    this.#shown?.leave?.()
    this.#place.replaceChildren()
    this.#shown = this.#views[this.#view](this, this.#place) ?? undefined
    document.title = `${document.getElementById('heading')?.textContent ?? ''} – ${this.t(PAGE.service)}`
    if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus({ preventScroll: true })
  }

  /** The trip has got on. */
  update(): void {
    this.#soon ??= setTimeout(() => {
      this.#speak()
      this.#shown?.update?.()
    }, TOGETHER_MS)
  }

  /** Read out politely; where the trip has got to is drawn with it. */
  say(text: string): void {
    this.#unsaid.push(text)
    this.update()
  }

  #speak(): void {
    clearTimeout(this.#soon)
    this.#soon = undefined
    if (this.#unsaid.length === 0) return
    this.#status.replaceChildren(...this.#unsaid.map((text) => el('p', {}, text)))
    this.#unsaid = []
  }
}
