// SPDX-License-Identifier: EUPL-1.2
/**
 * The citizen page. Words in `texts*.ts`, views in `view-*.ts`, the journey of a request in `ride.ts`.
 *
 *   choice → form → review → progress → result | ended
 * @module
 */
import './no-eval.js'
import { App } from './app.js'
import { firstLanguage, LANGUAGES, rememberLanguage } from './language.js'
import { pin } from './pinning.js'
import { about } from './portal.js'
import { PAGE } from './texts.js'
import { blocked, canSeal } from './view-blocked.js'
import { ended } from './view-ended.js'
import { choice, form } from './view-form.js'
import { progress } from './view-progress.js'
import { result } from './view-result.js'
import { review } from './view-review.js'

const place = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (!found) throw new TypeError(`The page has no ${id}.`)
  return found
}

/** Everything around the views, in the language of the moment. */
function frame(app: App): void {
  const { language } = app.state
  document.documentElement.lang = language
  place('skip').textContent = app.t(PAGE.skip)
  place('demo').textContent = app.t(PAGE.demo)
  place('service').textContent = app.t(PAGE.service)
  place('footer').textContent = app.t(PAGE.footer)
  place('licences').textContent = app.t(PAGE.licences)
  const languages = place('languages')
  languages.setAttribute('aria-label', app.t(PAGE.languages))
  for (const one of languages.querySelectorAll('button')) one.setAttribute('aria-pressed', String(one.lang === language))
}

function languageButtons(app: App): void {
  for (const language of LANGUAGES) {
    place(`language-${language}`).addEventListener('click', () => {
      app.state.language = language
      rememberLanguage(language)
      frame(app)
      app.draw()
    })
  }
}

const FONTS_MS = 1500

/** Nothing is drawn before its font is there, so nothing moves when it comes; a font that takes too long is done without. */
async function fontsReady(): Promise<void> {
  const loading = ['400', '600'].map((weight) => document.fonts.load(`${weight} 1em 'Fira Sans'`))
  await Promise.race([Promise.allSettled(loading), new Promise((resolve) => setTimeout(resolve, FONTS_MS))])
}

async function start(): Promise<void> {
  const views = { blocked, choice, form, review, progress, ended, result }
  const app = new App(firstLanguage(), views, place('view'), place('status'))
  const fonts = fontsReady()
  languageButtons(app)
  frame(app)
  try {
    if (canSeal()) {
      const told = await about()
      app.house = { about: told, pinned: await pin(told.authority) }
    }
  } catch {
    // said by the view
  }
  await fonts
  place('page').hidden = false
  app.begin(app.house ? 'choice' : 'blocked')
}

void start()
