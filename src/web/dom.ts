// SPDX-License-Identifier: EUPL-1.2
/**
 * Elements out of values. Text becomes a text node, never markup (threat model B1); a page policy with Trusted Types holds us to it.
 * @module
 */

export type Child = Node | string | null | undefined | false

export interface Properties {
  readonly class?: string
  /** Attributes; false and undefined are left out, true is the empty value. */
  readonly [attribute: string]: string | number | boolean | undefined
}

/**
 * Marks, embeddings, overrides and isolates of writing direction, line and paragraph separators: a file name or a signer that holds one would
 * turn the words around it, and a verdict is among them.
 */
const TURNING = /[\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

export function el<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children)
    if (child !== undefined && child !== null && child !== false)
      element.append(typeof child === 'string' ? child.replace(TURNING, '\ufffd') : child)
  return element
}

/** `el` with something to do when it is clicked. */
export function button(properties: Properties, label: Child, onClick: () => void): HTMLButtonElement {
  const element = el('button', { type: 'button', ...properties }, el('span', { class: 'kern-label' }, label))
  element.addEventListener('click', onClick)
  return element
}
