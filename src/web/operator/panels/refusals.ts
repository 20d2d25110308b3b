// SPDX-License-Identifier: EUPL-1.2
/**
 * Refusals by code: four digits are OSCI's, three are HTTP's.
 * @module
 */
import { card } from '../card.js'
import { element, setText } from '../dom.js'
import { addUp } from '../history.js'
import type { Speech } from '../speech.js'
import { table } from '../table.js'
import { inWindow, type Panel } from '../view.js'

export function refusalsPanel({ language, texts, number }: Speech): Panel {
  const codes = table(texts.refusals, [{ title: texts.code }, { title: texts.meaning }, { title: texts.count, numeric: true }])
  const none = element('p', { class: 'kern-body kern-body--small' })
  return {
    element: card(texts.refusals, none, codes.element),
    update(view) {
      const counts = Object.entries(addUp(inWindow(view).map(({ refusals }) => refusals))).sort(([, a], [, b]) => b - a)
      const most = counts[0]?.[1] ?? 1
      codes.set(
        counts.map(([code, count]) => [
          { text: code },
          { text: view.meanings[code]?.[language] ?? texts.http[code] ?? texts.none },
          { text: number(count), bar: count / most },
        ]),
      )
      codes.element.hidden = counts.length === 0
      none.hidden = counts.length > 0
      setText(none, texts.noRefusals)
    },
  }
}
