// SPDX-License-Identifier: EUPL-1.2
/**
 * Facts read straight from the order's elements, so that a message with a fault elsewhere still tells its codes and its id.
 * @module
 */
import { decodeBase64 } from '../xml/base64.js'
import { childOf, elementsOf, isElement, textOf, type XmlElement } from '../xml/tree.js'
import { OSCI } from '../osci/names.js'

/** Codes of osci:Feedback, in wire order. */
export function feedbackOf(order: XmlElement | undefined): string[] {
  const feedback = order ? childOf(order, OSCI, 'Feedback') : undefined
  return (feedback ? elementsOf(feedback) : [])
    .filter((entry) => isElement(entry, OSCI, 'Entry'))
    .flatMap((entry) => {
      const code = childOf(entry, OSCI, 'Code')
      return code ? [textOf(code).trim()] : []
    })
}

function idIn(e: XmlElement | undefined, local: string): string | undefined {
  const found = e ? childOf(e, OSCI, local) : undefined
  const bytes = found ? decodeBase64(textOf(found)) : undefined
  try {
    return bytes && bytes.byteLength > 0 ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) : undefined
  } catch {
    return undefined
  }
}

const CARDS = ['ProcessCardBundle', 'RequestProcessCardBundle'] as const

/** The message's own id: MessageId, that of its one process card, else the id meant for the answer. */
export function messageIdOf(order: XmlElement | undefined): string | undefined {
  if (!order) return undefined
  const own = idIn(order, 'MessageId')
  if (own !== undefined) return own
  for (const name of CARDS) {
    const cards = elementsOf(order).filter((e) => isElement(e, OSCI, name))
    const id = cards.length === 1 ? idIn(cards[0], 'MessageId') : undefined
    if (id !== undefined) return id
  }
  return idIn(order, 'MessageIdResponse')
}
