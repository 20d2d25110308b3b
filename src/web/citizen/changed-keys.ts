// SPDX-License-Identifier: EUPL-1.2
/**
 * The warning that the authority's keys are not those of the last time.
 * @module
 */
import type { App } from './app.js'
import { button } from '../dom.js'
import { actions, alert, descriptions, fingerprint, paragraph } from './pieces.js'
import { hold } from './pinning.js'
import { CHANGED } from './texts.js'

/** With the decision that lifts it; undefined when the keys are the same. */
export function changedKeys(app: App): HTMLElement | undefined {
  const { house } = app
  if (house?.pinned.earlier === undefined) return undefined
  const { about, pinned } = house
  const accept = (): void => {
    hold(about.authority, pinned)
    app.house = { about, pinned: { ...pinned, earlier: undefined } }
    app.draw()
    document.getElementById('heading')?.focus()
  }
  return alert(
    'danger',
    app.t(CHANGED.title),
    paragraph(app.t(CHANGED.text)),
    descriptions([
      [app.t(CHANGED.before), fingerprint(pinned.earlier ?? '')],
      [app.t(CHANGED.now), fingerprint(pinned.fingerprint)],
    ]),
    actions(button({ class: 'kern-btn kern-btn--secondary', id: 'accept-key' }, app.t(CHANGED.accept), accept)),
  )
}
