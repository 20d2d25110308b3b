// SPDX-License-Identifier: EUPL-1.2
/**
 * Elements in words, from the tables: name, meaning, values, place, and what is inside.
 * @module
 */
import { messageType } from '../../osci/messages.js'
import { elementsOf, type XmlElement } from '../../xml/tree.js'
import { attributeFacts, attributeIsVisible, elementName, textIsVisible, valueFacts } from './element-values.js'
import { elementRow } from './elements.js'
import type { Reveals } from './documents.js'
import type { Telling } from './telling.js'
import { thing, words, type Thing } from './types.js'

/** What of an XML document may be seen, by the same tables. */
export const revealsFor = ({ discretion }: Telling): Reveals => ({
  text: (e) => textIsVisible(e, discretion),
  attribute: (e, a) => attributeIsVisible(e, a, discretion),
})

const ECHO = words('Echo der Auswahl aus der Anfrage.', 'Echo of the choice in the request.')

/** An answer repeats the order that it answers [OSCI12 §9.5, §9.6]. */
const isEcho = (e: XmlElement): boolean =>
  messageType(e.local)?.kind === 'request' && e.parent !== undefined && messageType(e.parent.local)?.kind === 'response'

/** One element and all that is in it. */
function elementThing(e: XmlElement, telling: Telling): Thing {
  const name = elementName(e)
  const row = elementRow(e.uri, e.local)
  const place = telling.placeOf(e)
  return thing(words(name, name), {
    name,
    ...(row ? { meaning: isEcho(e) ? ECHO : row.meaning, reference: row.reference } : {}),
    ...(row?.folded === true ? { folded: true as const } : {}),
    facts: [...attributeFacts(e, telling), ...valueFacts(e, telling.discretion)],
    ...(place ? { place } : {}),
    parts: elementThings(elementsOf(e), telling),
  })
}

/** As many as may still be told. */
export function elementThings(elements: readonly XmlElement[], telling: Telling): Thing[] {
  const told: Thing[] = []
  for (const e of elements) {
    if (!telling.mayTell()) {
      const left = elements.length - told.length
      return [
        ...told,
        thing(words('…', '…'), {
          says: [words(`${left} weitere Elemente, nicht mehr erzählt.`, `${left} more elements, no longer told.`)],
        }),
      ]
    }
    told.push(elementThing(e, telling))
  }
  return told
}
