// SPDX-License-Identifier: EUPL-1.2
/**
 * Pieces of the KERN design system that several views are made of.
 * @module
 */
import type { Child } from '../dom.js'
import { el } from '../dom.js'

export type Mood = 'info' | 'success' | 'warning' | 'danger'

/** The one heading of a view; it gets the focus when the view appears. */
export const heading = (text: string): HTMLHeadingElement => el('h1', { class: 'kern-heading-large', tabindex: -1, id: 'heading' }, text)

export const preline = (text: string): HTMLParagraphElement => el('p', { class: 'kern-preline' }, text)

export const section = (text: string): HTMLHeadingElement => el('h2', { class: 'kern-heading-medium' }, text)

export const paragraph = (...children: readonly Child[]): HTMLParagraphElement => el('p', { class: 'kern-body' }, ...children)

export function alert(mood: Mood, title: string, ...children: readonly Child[]): HTMLDivElement {
  const icon = el('span', { class: `kern-icon kern-icon--${mood}`, 'aria-hidden': 'true' })
  return el(
    'div',
    { class: `kern-alert kern-alert--${mood}` },
    el('div', { class: 'kern-alert__header' }, icon, el('h2', { class: 'kern-title' }, title)),
    el('div', { class: 'kern-alert__body' }, ...children),
  )
}

export function descriptions(rows: readonly (readonly [string, Child])[]): HTMLDListElement {
  const items = rows.map(([key, value]) =>
    el(
      'div',
      { class: 'kern-description-list-item' },
      el('dt', { class: 'kern-description-list-item__key' }, key),
      el('dd', { class: 'kern-description-list-item__value' }, value),
    ),
  )
  return el('dl', { class: 'kern-description-list' }, ...items)
}

/** The first button is the one to take; on a phone they stand below each other. */
export const actions = (...buttons: readonly Child[]): HTMLDivElement => el('div', { class: 'actions' }, ...buttons)

export const demoBadge = (): HTMLSpanElement =>
  el('span', { class: 'kern-badge kern-badge--info kern-badge--small' }, el('span', { class: 'kern-label kern-label--small' }, 'Demo'))

export const fingerprint = (text: string): HTMLElement => el('code', { class: 'fingerprint' }, text)
