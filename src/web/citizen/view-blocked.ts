// SPDX-License-Identifier: EUPL-1.2
/**
 * Nothing can be sealed: no authority to seal for, or no WebCrypto.
 * @module
 */
import type { View } from './app.js'
import { button } from '../dom.js'
import { actions, heading, paragraph } from './pieces.js'
import { BLOCKED } from './texts.js'

/** WebCrypto exists in secure contexts only: https, or loopback. */
export const canSeal = (): boolean => isSecureContext && 'subtle' in crypto

export const blocked: View = (app, place) => {
  const [title, text] = canSeal() ? [BLOCKED.title, BLOCKED.text] : [BLOCKED.unsafeTitle, BLOCKED.unsafeText]
  place.append(
    heading(app.t(title)),
    paragraph(app.t(text)),
    actions(button({ class: 'kern-btn kern-btn--primary' }, app.t(BLOCKED.again), () => location.reload())),
  )
}
