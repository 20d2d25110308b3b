// SPDX-License-Identifier: EUPL-1.2
/**
 * A section of the page: a heading and what stands under it.
 * @module
 */
import { element, type Child } from './dom.js'

let made = 0

export function card(title: string, ...children: readonly Child[]): HTMLElement {
  const id = `card-${++made}`
  return element(
    'section',
    { class: 'card', 'aria-labelledby': id },
    element('h2', { class: 'kern-heading-small', id }, title),
    ...children,
  )
}
