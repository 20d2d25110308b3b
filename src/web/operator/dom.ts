// SPDX-License-Identifier: EUPL-1.2
/**
 * Elements, made and kept. Text goes in as text, never as markup; what did not change is left alone, so that neither a selection nor a
 * screen reader loses its place once a second.
 * @module
 */

export type Child = Node | string

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Decoration: no screen reader stops at it. */
export function drawing(tag: string, attributes: Readonly<Record<string, string>>, ...children: readonly Node[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** How grave something is: colour, icon and word say the same. */
export type Grade = 'success' | 'info' | 'warning' | 'danger'

export function badge(): { readonly element: HTMLElement; set(grade: Grade, text: string): void } {
  const icon = element('span', { 'aria-hidden': 'true' })
  const label = element('span', { class: 'kern-label' })
  const box = element('span', {}, icon, label)
  return {
    element: box,
    set(grade, text) {
      box.className = `kern-badge kern-badge--small kern-badge--${grade}`
      icon.className = `kern-icon kern-icon--${grade}`
      setText(label, text)
    },
  }
}
