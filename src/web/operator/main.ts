// SPDX-License-Identifier: EUPL-1.2
/**
 * The operator page: listens to the feed and hands every second's view to its panels.
 * @module
 */
import { badge, element, setText, type Grade } from './dom.js'
import type { Figures, Message } from './feed.js'
import { listen } from './listen.js'
import { attentionPanel } from './panels/attention.js'
import { certificatesPanel } from './panels/certificates.js'
import { dwellPanel } from './panels/dwell.js'
import { glancePanel } from './panels/glance.js'
import { messagesPanel } from './panels/messages.js'
import { outcomesPanel } from './panels/outcomes.js'
import { partsPanel } from './panels/parts.js'
import { refusalsPanel } from './panels/refusals.js'
import { waitingPanel } from './panels/waiting.js'
import { speech as speechOf, type Speech } from './speech.js'
import { viewOf, withWindow, type View } from './view.js'

/** Across the page, and side by side where there is room. */
const LAYOUT = {
  top: [attentionPanel, glancePanel],
  left: [messagesPanel, dwellPanel, waitingPanel, certificatesPanel],
  right: [outcomesPanel, refusalsPanel, partsPanel],
} as const

const STATE_GRADES: Readonly<Record<Figures['state'], Grade>> = { ready: 'success', draining: 'info', 'not-ready': 'danger' }
const DEFAULT_WINDOW = 300

function windowChoice({ texts }: Speech, choose: (seconds: number) => void): HTMLElement {
  const choices = Object.entries(texts.windows).map(([seconds, name]) => {
    const input = element('input', { type: 'radio', name: 'window', id: `window-${seconds}`, value: seconds })
    input.checked = Number(seconds) === DEFAULT_WINDOW
    input.addEventListener('change', () => choose(Number(seconds)))
    return element('span', { class: 'choice' }, input, element('label', { for: input.id }, name))
  })
  return element('fieldset', { class: 'window' }, element('legend', {}, texts.window), ...choices)
}

function pauseButton({ texts }: Speech, changed: (paused: boolean) => void): HTMLElement {
  const label = element('span', { class: 'kern-label' }, texts.pause)
  const button = element('button', { class: 'kern-btn kern-btn--secondary', type: 'button' }, label)
  let paused = false
  button.addEventListener('click', () => {
    paused = !paused
    setText(label, paused ? texts.resume : texts.pause)
    changed(paused)
  })
  return button
}

function start(): void {
  const speech = speechOf(new URLSearchParams(location.search).get('lang'), navigator.language)
  const { texts, say, clock } = speech
  document.documentElement.lang = speech.language
  document.title = texts.title

  const state = badge()
  const version = element('span', { class: 'note' })
  const trouble = element('p', { class: 'trouble', role: 'status' }, texts.waitingForFeed)
  const columns = Object.entries(LAYOUT).map(([place, makers]) => ({ place, panels: makers.map((make) => make(speech)) }))
  let windowSeconds = DEFAULT_WINDOW
  let paused = false
  let view: View | undefined

  const showState = (): void => {
    if (!view) return
    const { state: now } = view.figures
    state.set(STATE_GRADES[now], texts.states[now] ?? now)
    document.title = `${now === 'ready' ? '' : '⚠ '}${texts.title}`
  }
  const show = (): void => {
    if (!view) return
    const { figures } = view
    const since = new Date(figures.startedAt)
    setText(version, say(texts.version, figures.version, `${speech.date(since)}, ${clock(since)}`))
    for (const { panels } of columns) for (const panel of panels) panel.update(view)
  }

  const other = speech.language === 'de' ? 'en' : 'de'
  document.body.replaceChildren(
    element('a', { class: 'skip kern-link', href: '#content' }, texts.skip),
    element(
      'header',
      {},
      element(
        'div',
        { class: 'line' },
        element('h1', { class: 'kern-heading-medium' }, texts.title),
        state.element,
        element('a', { class: 'kern-link', href: `?lang=${other}`, lang: other, hreflang: other }, texts.otherLanguage),
      ),
      element('p', { class: 'kern-body kern-body--small' }, texts.subtitle, ' ', version),
      element(
        'div',
        { class: 'line' },
        windowChoice(speech, (seconds) => {
          windowSeconds = seconds
          if (view) view = withWindow(view, seconds)
          show()
        }),
        pauseButton(speech, (now) => {
          paused = now
          if (!paused) show()
        }),
      ),
      trouble,
    ),
    element(
      'main',
      { id: 'content', tabindex: '-1' },
      ...columns.map(({ place, panels }) => element('div', { class: `column ${place}` }, ...panels.map((panel) => panel.element))),
    ),
    element(
      'footer',
      {},
      element('a', { class: 'kern-link', href: '../metrics' }, texts.metrics),
      ' · ',
      element('a', { class: 'kern-link', href: 'licences.txt' }, texts.licences),
    ),
  )

  listen('feed', {
    message(message: Message) {
      view = viewOf(message, view, windowSeconds)
      setText(trouble, '')
      showState()
      if (!paused) show()
    },
    lost() {
      setText(trouble, view ? say(texts.lost, clock(new Date(view.untilMs))) : texts.waitingForFeed)
      // what it was is no longer known to be
      if (view) state.set('warning', texts.unknownState)
      document.title = `⚠ ${texts.title}`
    },
  })
}

start()
